#include "base/mem.h"
#include "data/images/image_format.h"
#include "data/images/orientation.h"

#include <png.h>
#include <string.h>

struct png {
    png_structp lib;
    png_infop info, rest; /* from before the pixels, and from behind them */
    struct pd_image_work *w;
    size_t at; /* bytes that were read */
    bool alpha, no_memory;
    char message[128];
};

/* --- what libpng asks and reports --- */

static void read_bytes(png_structp lib, png_bytep to, size_t n)
{
    struct png *p = png_get_io_ptr(lib);
    if (n > p->w->size - p->at)
        png_error(lib, "it ends too early");
    memcpy(to, p->w->bytes + p->at, n);
    p->at += n;
}

static void *on_malloc(png_structp lib, png_alloc_size_t size)
{
    struct png *p = png_get_mem_ptr(lib);
    void *block = pd_malloc(size);
    p->no_memory = p->no_memory || !block;
    return block;
}

static void on_free(png_structp lib, void *block)
{
    (void)lib;
    pd_free(block);
}

static void on_error(png_structp lib, const char *words)
{
    struct png *p = png_get_error_ptr(lib);
    strncpy(p->message, words, sizeof p->message - 1);
    png_longjmp(lib, 1);
}

static void on_warning(png_structp lib, const char *words)
{
    (void)lib;
    (void)words;
}

/* --- decoding, in steps that end early at an error --- */

/* An animation's head has the number of its frames. */
static void note_beyond(const struct png *p)
{
    png_unknown_chunkp at = NULL;
    const int count = png_get_unknown_chunks(p->lib, p->info, &at);
    for (int i = 0; i < count; i++)
        if (!memcmp(at[i].name, "acTL", 4) && at[i].size >= 4 && png_get_uint_32(at[i].data) > 1)
            p->w->beyond |= PD_IMAGE_FRAMES;
    if (png_get_bit_depth(p->lib, p->info) > 8)
        p->w->beyond |= PD_IMAGE_BITS;
}

/* The stored values are what others read, too: of the chunks that say what they mean to a screen (gAMA, iCCP,
 * sRGB, sBIT, ...) none is looked at. */
static void read_header(struct png *p)
{
    static const png_byte wanted[] = "eXIf\0iTXt\0tEXt\0zTXt", animation[] = "acTL";
    png_set_read_fn(p->lib, p, read_bytes);
    png_set_keep_unknown_chunks(p->lib, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_keep_unknown_chunks(p->lib, PNG_HANDLE_CHUNK_AS_DEFAULT, wanted, sizeof wanted / 5);
    png_set_keep_unknown_chunks(p->lib, PNG_HANDLE_CHUNK_ALWAYS, animation, 1);
    png_read_info(p->lib, p->info);
    note_beyond(p);
    png_set_expand(p->lib);
    png_set_strip_16(p->lib);
    png_set_gray_to_rgb(p->lib);
    png_set_interlace_handling(p->lib);
    png_read_update_info(p->lib, p->info);
    p->alpha = png_get_color_type(p->lib, p->info) & PNG_COLOR_MASK_ALPHA;
}

static void read_pixels(struct png *p)
{
    const size_t stride = (size_t)p->w->width * (p->alpha ? 4 : 3);
    const int passes = png_get_interlace_type(p->lib, p->info) == PNG_INTERLACE_ADAM7 ? 7 : 1;
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < p->w->height; y++)
            png_read_row(p->lib, p->w->pixels + (size_t)y * stride, NULL);
}

static void read_rest(struct png *p)
{
    png_read_end(p->lib, p->rest);
}

static bool done(struct png *p, void (*step)(struct png *))
{
    if (setjmp(png_jmpbuf(p->lib)))
        return false;
    step(p);
    return true;
}

/* --- which way up --- */

static png_text *find_text(const struct png *p, const char *key)
{
    png_infop infos[] = {p->info, p->rest};
    for (int k = 0; k < 2; k++) {
        png_textp text = NULL;
        const int count = png_get_text(p->lib, infos[k], &text, NULL);
        for (int i = 0; i < count; i++)
            if (!strcmp(text[i].key, key))
                return &text[i];
    }
    return NULL;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* How ImageMagick kept Exif before there was a chunk for it: an empty line, "exif", the size, lines of
 * hexadecimal digits. They are decoded into the text itself; returns the bytes. */
static size_t decode_profile(char *text)
{
    size_t n = 0;
    const char *at = text;
    for (int lines = 0; lines < 3 && at; lines++)
        at = (at = strchr(at, '\n')) ? at + 1 : NULL;
    for (; at && *at; at++) {
        const int high = hex_digit(at[0]), low = high < 0 ? -1 : hex_digit(at[1]);
        if (low < 0)
            continue;
        text[n++] = (char)(high << 4 | low);
        at++;
    }
    return n;
}

static void orient(struct png *p)
{
    png_bytep exif = NULL;
    png_uint_32 size = 0;
    if (!png_get_eXIf_1(p->lib, p->info, &size, &exif))
        png_get_eXIf_1(p->lib, p->rest, &size, &exif);
    png_text *profile = exif ? NULL : find_text(p, "Raw profile type exif");
    const png_text *xmp = find_text(p, "XML:com.adobe.xmp");
    if (profile) {
        size = (png_uint_32)decode_profile(profile->text);
        exif = (png_bytep)profile->text;
    }
    p->w->orientation = pd_orientation(exif, size, xmp ? xmp->text : NULL, xmp ? strlen(xmp->text) : 0);
}

static enum pd_status fail(const struct png *p)
{
    return p->no_memory ? pd_image_no_memory(p->w) : pd_image_broken(p->w, p->message);
}

static enum pd_status read(struct png *p)
{
    if (!done(p, read_header))
        return fail(p);
    enum pd_status status =
        pd_image_reserve(p->w, png_get_image_height(p->lib, p->info), png_get_image_width(p->lib, p->info),
                         p->alpha ? PD_MIX_RGBA : PD_MIX_RGB);
    if (!status && !done(p, read_pixels))
        status = fail(p);
    if (!status) {
        done(p, read_rest); /* nothing of the image is missing when it fails */
        orient(p);
    }
    return status;
}

static enum pd_status decode(struct pd_image_work *w)
{
    struct png p = {.w = w};
    p.lib = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &p, on_error, on_warning, &p, on_malloc, on_free);
    p.info = p.lib ? png_create_info_struct(p.lib) : NULL;
    p.rest = p.info ? png_create_info_struct(p.lib) : NULL;
    enum pd_status status = p.rest ? read(&p) : pd_image_no_memory(w);
    png_destroy_read_struct(&p.lib, &p.info, &p.rest);
    return status;
}

pd_image_decoder *const pd_image_decode_png = decode;
