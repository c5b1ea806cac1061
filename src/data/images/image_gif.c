/* GIF: the first image of the file, on the screen that the header claims. */
#include "base/mem.h"
#include "data/images/image_format.h"

#include <gif_lib.h>
#include <stdio.h>
#include <string.h>

struct gif {
    GifFileType *lib;
    struct pd_image_work *w;
    size_t at;       /* bytes that were read */
    int transparent; /* its index, or -1 */
    bool in_rows;    /* blocks are being read, each behind its size; `block` is that of the one that comes */
    bool unmarked;   /* the mark behind the last block lacks */
    uint8_t block;
};

static int read_bytes(GifFileType *lib, GifByteType *to, int n)
{
    struct gif *g = lib->UserData;
    const size_t left = g->w->size - g->at, take = (size_t)n < left ? (size_t)n : left;
    memcpy(to, g->w->bytes + g->at, take);
    g->at += take;
    if (g->in_rows && !g->block &&
        !left) { /* the mark behind the last block may lack: pixels are asked of it */
        *to = 0;
        g->unmarked = true;
        return 1;
    }
    g->block = g->in_rows && !g->block ? *to : 0;
    return (int)take;
}

static enum pd_status fail(const struct gif *g, int code)
{
    const char *words = GifErrorString(code);
    return code == D_GIF_ERR_NOT_ENOUGH_MEM ? pd_image_no_memory(g->w)
                                            : pd_image_broken(g->w, words ? words : "bad or missing data");
}

/* An extension's blocks; that of the graphics control has the transparent colour of the next image. */
static int pass_extension(struct gif *g)
{
    int code;
    GifByteType *block; /* its size, then its bytes */
    GraphicsControlBlock control;
    int ok = DGifGetExtension(g->lib, &code, &block);
    while (ok && block) {
        if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control))
            g->transparent = control.TransparentColor;
        ok = DGifGetExtensionNext(g->lib, &block);
    }
    return ok;
}

/* Reads up to the next image's description. */
static enum pd_status find_image(struct gif *g)
{
    GifRecordType type;
    while (DGifGetRecordType(g->lib, &type)) {
        if (type == IMAGE_DESC_RECORD_TYPE)
            return DGifGetImageDesc(g->lib) ? PD_OK : fail(g, g->lib->Error);
        if (type == TERMINATE_RECORD_TYPE)
            return pd_image_broken(g->w, "no image in it");
        if (type == EXTENSION_RECORD_TYPE && !pass_extension(g))
            break;
    }
    return fail(g, g->lib->Error);
}

static void put_pixel(const struct gif *g, const ColorMapObject *map, int index, uint8_t *to)
{
    if (map && index < map->ColorCount)
        memcpy(to, (uint8_t[]){map->Colors[index].Red, map->Colors[index].Green, map->Colors[index].Blue}, 3);
    else /* no colour of that number: as a level of grey */
        memset(to, index, 3);
    if (g->w->mix == PD_MIX_RGBA)
        to[3] = index == g->transparent ? 0 : 255;
}

/* What the image doesn't cover: clear, or else the first colour. */
static void fill(const struct gif *g, const ColorMapObject *map)
{
    const size_t pixel = g->w->mix == PD_MIX_RGBA ? 4 : 3;
    const size_t area = (size_t)g->w->height * (size_t)g->w->width;
    for (size_t i = 0; i < area; i++)
        put_pixel(g, map, g->transparent < 0 ? 0 : g->transparent, g->w->pixels + i * pixel);
}

static enum pd_status read_rows(struct gif *g, const ColorMapObject *map, GifPixelType *row)
{
    static const struct {
        int first, step;
    } passes[] = {{0, 1}, {0, 8}, {4, 8}, {2, 4}, {1, 2}}; /* whole; interlaced */
    const GifImageDesc *image = &g->lib->Image;
    const size_t pixel = g->w->mix == PD_MIX_RGBA ? 4 : 3;
    for (int pass = image->Interlace ? 1 : 0; pass < (image->Interlace ? 5 : 1); pass++)
        for (int y = passes[pass].first; y < image->Height; y += passes[pass].step) {
            if (!DGifGetLine(g->lib, row, image->Width))
                return fail(g, g->lib->Error);
            const size_t first = (size_t)(image->Top + y) * (size_t)g->w->width + (size_t)image->Left;
            for (int x = 0; x < image->Width; x++)
                put_pixel(g, map, row[x], g->w->pixels + (first + (size_t)x) * pixel);
        }
    return PD_OK;
}

/* Whether another image comes; damage behind the first one doesn't matter. */
static bool is_followed(const struct gif *first)
{
    struct pd_image_work quiet = {.name = "", .format = ""};
    return !find_image(&(struct gif){.lib = first->lib, .w = &quiet});
}

/* Whether the file ends in zeros from within the image's codes: room that was set aside for what never came.
 * One such byte may be the end of the last code. */
static bool is_blank_behind(const struct gif *g)
{
    const size_t end_of_codes = g->at - (g->unmarked ? 0 : 1);
    size_t end = g->w->size;
    while (end && !g->w->bytes[end - 1])
        end--;
    return end + 1 < end_of_codes;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static enum pd_status read_image(struct gif *g)
{
    enum pd_status status = find_image(g);
    if (status)
        return status;
    const GifImageDesc *image = &g->lib->Image;
    if (image->Width < 1 || image->Height < 1)
        return pd_image_broken(g->w, "an image of no size");
    const int height = larger(g->lib->SHeight, image->Top + image->Height);
    const int width = larger(g->lib->SWidth, image->Left + image->Width);
    status = pd_image_reserve(g->w, height, width, g->transparent < 0 ? PD_MIX_RGB : PD_MIX_RGBA);
    if (status)
        return status;
    const ColorMapObject *map = image->ColorMap ? image->ColorMap : g->lib->SColorMap;
    GifPixelType *row = pd_malloc((size_t)image->Width);
    if (!row)
        return pd_image_no_memory(g->w);
    fill(g, map);
    g->in_rows = true;
    status = read_rows(g, map, row);
    g->in_rows = false;
    pd_free(row);
    if (!status && is_blank_behind(g))
        return pd_image_broken(g->w, "zeros instead of its end");
    if (!status && is_followed(g))
        g->w->beyond |= PD_IMAGE_FRAMES;
    return status;
}

static enum pd_status decode(struct pd_image_work *w)
{
    struct gif g = {.w = w, .transparent = NO_TRANSPARENT_COLOR};
    int code;
    g.lib = DGifOpen(&g, read_bytes, &code);
    if (!g.lib)
        return fail(&g, code);
    enum pd_status status = read_image(&g);
    DGifCloseFile(g.lib, &code);
    return status;
}

pd_image_decoder *const pd_image_decode_gif = decode;

const char *pd_library_gif(char *text)
{
    snprintf(text, PD_LIBRARY_TEXT, "%d.%d.%d, its header's", GIFLIB_MAJOR, GIFLIB_MINOR, GIFLIB_RELEASE);
    return text;
}
