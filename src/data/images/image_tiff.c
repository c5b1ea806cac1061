/* TIFF: the first page. libtiff unpacks rows and tiles of samples; what they mean is decided here, so that
 * values are those that are stored. */
#include "base/mem.h"
#include "data/images/image_format.h"
#include "data/images/orientation.h"

#include <stdio.h>
#include <string.h>
#include <tiffio.h>

enum {
    OVERVIEWS_MOST = 64,    /* of a page */
    BLOCK_MOST = 256 << 20, /* bytes that libtiff may allocate at once */
};

enum alpha { NO_ALPHA, PREMULTIPLIED, SEPARATE };

struct tiff {
    TIFF *lib;
    struct pd_image_work *w;
    uint64_t at; /* where libtiff reads next */
    char words[200];
    bool failed, no_memory;
    uint16_t bits, samples, layout, meaning, compression;
    int colours; /* samples that are no alpha: 1, 3 or 4 */
    enum alpha alpha;
    uint16_t *palette[3];
    int palette_shift;
    uint8_t *block; /* a row or a tile, of one plane or of all */
};

/* --- what libtiff asks and reports --- */

static tmsize_t on_read(thandle_t handle, void *to, tmsize_t n)
{
    struct tiff *t = handle;
    const uint64_t left = t->at < t->w->size ? t->w->size - t->at : 0;
    const size_t take = (uint64_t)n < left ? (size_t)n : (size_t)left;
    memcpy(to, t->w->bytes + (take ? t->at : 0), take);
    t->at += take;
    return (tmsize_t)take;
}

static tmsize_t on_write(thandle_t handle, void *from, tmsize_t n)
{
    (void)handle, (void)from, (void)n;
    return -1;
}

static toff_t on_seek(thandle_t handle, toff_t to, int whence)
{
    struct tiff *t = handle;
    const uint64_t from = whence == SEEK_CUR ? t->at : whence == SEEK_END ? t->w->size : 0;
    return t->at = from + to;
}

static int on_close(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle)
{
    return ((const struct tiff *)handle)->w->size;
}

/* The first failure's words stay. */
static void note_failure(struct tiff *t, const char *words)
{
    if (!t->failed)
        snprintf(t->words, sizeof t->words, "%s", words);
    t->failed = true;
}

static int on_error(TIFF *lib, void *context, const char *module, const char *format, va_list values)
{
    static const char *const memory[] = {"No space", "Out of memory", "Failed to allocate"};
    struct tiff *t = context;
    char words[sizeof t->words];
    (void)lib, (void)module;
    vsnprintf(words, sizeof words, format, values);
    note_failure(t, words);
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++)
        t->no_memory = t->no_memory || strstr(words, memory[i]);
    return 1;
}

/* Warnings that tell of missing pixels in a JPEG within, and of tags that lie beyond the end: without its
 * palette an image would be read as grey. */
static int on_warning(TIFF *lib, void *context, const char *module, const char *format, va_list values)
{
    char words[200];
    (void)lib;
    vsnprintf(words, sizeof words, format, values);
    const bool jpeg = module && !strcmp(module, "JPEGLib");
    if (strstr(words, "IO error") || (jpeg && (strstr(words, "remature") || strstr(words, "Corrupt"))))
        note_failure(context, words);
    return 1;
}

static enum pd_status fail(const struct tiff *t, const char *words)
{
    return t->no_memory ? pd_image_no_memory(t->w) : pd_image_broken(t->w, *t->words ? t->words : words);
}

/* --- the kind of image --- */

static uint16_t tag(const struct tiff *t, uint32_t number)
{
    uint16_t value = 0;
    return TIFFGetFieldDefaulted(t->lib, number, &value) ? value : 0;
}

static enum pd_status check_compression(const struct tiff *t)
{
    static const uint16_t known[] = {COMPRESSION_NONE,      COMPRESSION_CCITTRLE,      COMPRESSION_CCITTFAX3,
                                     COMPRESSION_CCITTFAX4, COMPRESSION_LZW,           COMPRESSION_JPEG,
                                     COMPRESSION_DEFLATE,   COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS,
                                     COMPRESSION_CCITTRLEW, COMPRESSION_LZMA,          COMPRESSION_ZSTD,
                                     COMPRESSION_WEBP};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (t->compression == known[i] && TIFFIsCODECConfigured(t->compression))
            return PD_OK;
    const TIFFCodec *codec = TIFFFindCODEC(t->compression);
    char words[100];
    snprintf(words, sizeof words, "compression %u%s%s", t->compression, codec ? ": " : "",
             codec ? codec->name : "");
    return pd_image_unsupported(t->w, words);
}

static enum pd_status check_samples(const struct tiff *t)
{
    static const char *const types[] = {"",         "",         "signed ", "floating-point ",
                                        "untyped ", "complex ", "complex "};
    const uint16_t type = tag(t, TIFFTAG_SAMPLEFORMAT), bits = t->bits;
    const bool whole = type <= SAMPLEFORMAT_UINT || type == SAMPLEFORMAT_VOID;
    const bool known = whole && (bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16);
    if (known)
        return PD_OK;
    char words[120];
    snprintf(words, sizeof words,
             "%u %ssamples of %u bits a pixel, expected whole numbers of at most 16 bits", t->samples,
             type <= SAMPLEFORMAT_COMPLEXIEEEFP ? types[type] : "unknown ", bits);
    return pd_image_unsupported(t->w, words);
}

/* libtiff's own decoder makes RGB of a JPEG's YCbCr. */
static void ask_for_rgb(struct tiff *t)
{
    if (t->compression == COMPRESSION_JPEG && t->meaning == PHOTOMETRIC_YCBCR &&
        t->layout == PLANARCONFIG_CONTIG && TIFFSetField(t->lib, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB))
        t->meaning = PHOTOMETRIC_RGB;
}

static enum pd_status check_meaning(struct tiff *t)
{
    static const struct {
        uint16_t meaning;
        int colours;
        const char *name;
    } known[] = {{PHOTOMETRIC_MINISWHITE, 1, ""},   {PHOTOMETRIC_MINISBLACK, 1, ""},
                 {PHOTOMETRIC_RGB, 3, ""},          {PHOTOMETRIC_PALETTE, 1, ""},
                 {PHOTOMETRIC_SEPARATED, 4, ""},    {PHOTOMETRIC_MASK, 0, ": a mask"},
                 {PHOTOMETRIC_YCBCR, 0, ": YCbCr"}, {PHOTOMETRIC_CIELAB, 0, ": CIE Lab"},
                 {PHOTOMETRIC_CFA, 0, ": raw"}};
    const char *name = "";
    ask_for_rgb(t);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].meaning == t->meaning) {
            t->colours = known[i].colours;
            name = known[i].name;
        }
    const bool inks = t->meaning == PHOTOMETRIC_SEPARATED && tag(t, TIFFTAG_INKSET) != INKSET_CMYK;
    const bool large = t->meaning == PHOTOMETRIC_PALETTE && t->bits > 8;
    if (t->colours && t->samples >= t->colours && !inks && !large)
        return PD_OK;
    char words[100];
    snprintf(words, sizeof words, "photometric interpretation %u%s, %u samples of %u bits a pixel",
             t->meaning, inks ? ": other inks than CMYK" : name, t->samples, t->bits);
    return pd_image_unsupported(t->w, words);
}

/* The first sample behind the colours is an alpha where the file says so, and in RGB where it says nothing
 * about a fourth one. */
static enum pd_status find_alpha(struct tiff *t)
{
    uint16_t count = 0, *types = NULL;
    if (t->samples > t->colours && TIFFGetField(t->lib, TIFFTAG_EXTRASAMPLES, &count, &types) && count)
        t->alpha = types[0] == EXTRASAMPLE_ASSOCALPHA   ? PREMULTIPLIED
                   : types[0] == EXTRASAMPLE_UNASSALPHA ? SEPARATE
                                                        : NO_ALPHA;
    else if (t->samples == 4 && t->meaning == PHOTOMETRIC_RGB)
        t->alpha = SEPARATE;
    if (t->alpha && t->colours == 4)
        return pd_image_unsupported(t->w, "CMYK with alpha");
    return PD_OK;
}

/* Colours are of 16 bits, or, against the standard, of 8. */
static enum pd_status find_palette(struct tiff *t)
{
    if (t->meaning != PHOTOMETRIC_PALETTE)
        return PD_OK;
    if (!TIFFGetField(t->lib, TIFFTAG_COLORMAP, &t->palette[0], &t->palette[1], &t->palette[2]))
        return pd_image_broken(t->w, "no palette");
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 1 << t->bits; i++)
            if (t->palette[c][i] > 255)
                t->palette_shift = 8;
    return PD_OK;
}

static void orient(const struct tiff *t)
{
    uint16_t value = 0;
    uint32_t size = 0;
    void *xmp = NULL;
    if (TIFFGetField(t->lib, TIFFTAG_ORIENTATION, &value))
        t->w->orientation = value >= 1 && value <= 8 ? value : 1;
    else if (TIFFGetField(t->lib, TIFFTAG_XMLPACKET, &size, &xmp))
        t->w->orientation = pd_orientation(NULL, 0, xmp, size);
}

/* --- samples to pixels --- */

/* Sample i of a row, made 8 bits: the upper ones, or all the way to white where there are fewer (but for a
 * palette's, which count colours). */
static unsigned sample(const struct tiff *t, const uint8_t *row, size_t i)
{
    if (t->bits == 8)
        return row[i];
    if (t->bits == 16) {
        uint16_t value;
        memcpy(&value, row + 2 * i, 2);
        return value >> 8;
    }
    const size_t bit = i * t->bits, most = (1u << t->bits) - 1;
    const size_t value = (size_t)row[bit / 8] >> (8 - t->bits - bit % 8) & most;
    return (unsigned)(t->meaning == PHOTOMETRIC_PALETTE ? value : value * 255 / most);
}

/* A sample's value in the pixel, at its place. */
static void put_sample(const struct tiff *t, uint8_t *pixel, int place, unsigned value)
{
    if (place >= t->colours) {
        pixel[3] = (uint8_t)value;
    } else if (t->meaning == PHOTOMETRIC_PALETTE) {
        for (int c = 0; c < 3; c++)
            pixel[c] = (uint8_t)(t->palette[c][value] >> t->palette_shift);
    } else if (t->colours == 1) {
        memset(pixel, (int)(t->meaning == PHOTOMETRIC_MINISWHITE ? 255 - value : value), 3);
    } else {
        pixel[place] = (uint8_t)(t->colours == 4 ? 255 - value : value);
    }
}

/* A block's row of n pixels to (x, y); plane: the one it has, or 0 where it has all. */
static void put_row(const struct tiff *t, const uint8_t *row, int64_t y, int64_t x, int64_t n, int plane)
{
    const size_t size = t->w->mix == PD_MIX_RGB ? 3 : 4;
    const int wanted = t->colours + (t->alpha ? 1 : 0);
    const bool contig = t->layout == PLANARCONFIG_CONTIG;
    const int first = contig ? 0 : plane, last = contig ? wanted : plane + 1;
    const size_t step = contig ? t->samples : 1;
    uint8_t *pixel = t->w->pixels + (size_t)(y * t->w->width + x) * size;
    for (int64_t i = 0; i < n; i++, pixel += size)
        for (int place = first; place < last; place++)
            put_sample(t, pixel, place, sample(t, row, (size_t)i * step + (size_t)(place - first)));
}

static bool read_strips(struct tiff *t, int planes)
{
    for (int plane = 0; plane < planes; plane++)
        for (int y = 0; y < t->w->height; y++) {
            if (TIFFReadScanline(t->lib, t->block, (uint32_t)y, (uint16_t)plane) != 1 || t->failed)
                return false;
            put_row(t, t->block, y, 0, t->w->width, plane);
        }
    return true;
}

static void put_tile(const struct tiff *t, int64_t y, int64_t x, int64_t tile_height, int64_t tile_width,
                     int plane)
{
    const size_t stride = (size_t)TIFFTileRowSize(t->lib);
    const int64_t right = t->w->width - x, below = t->w->height - y;
    for (int64_t row = 0; row < tile_height && row < below; row++)
        put_row(t, t->block + (size_t)row * stride, y + row, x, tile_width < right ? tile_width : right,
                plane);
}

static bool read_tiles(struct tiff *t, int planes, uint32_t tile_height, uint32_t tile_width)
{
    for (int plane = 0; plane < planes; plane++)
        for (int64_t y = 0; y < t->w->height; y += tile_height)
            for (int64_t x = 0; x < t->w->width; x += tile_width) {
                const tmsize_t n =
                    TIFFReadTile(t->lib, t->block, (uint32_t)x, (uint32_t)y, 0, (uint16_t)plane);
                if (n < TIFFTileSize(t->lib) || t->failed)
                    return false;
                put_tile(t, y, x, tile_height, tile_width, plane);
            }
    return true;
}

/* Whether a page follows; no such are smaller copies of one and masks, as a map for screens has them. */
static bool is_followed(const struct tiff *t)
{
    for (int i = 0; i < OVERVIEWS_MOST && TIFFReadDirectory(t->lib); i++) {
        uint32_t type = 0;
        uint16_t old = 0;
        TIFFGetField(t->lib, TIFFTAG_SUBFILETYPE, &type);
        TIFFGetField(t->lib, TIFFTAG_OSUBFILETYPE, &old);
        if (!(type & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) && old != OFILETYPE_REDUCEDIMAGE)
            return true;
    }
    return false;
}

static enum pd_status read_pixels(struct tiff *t)
{
    uint32_t tile_height = 1, tile_width = (uint32_t)t->w->width;
    const bool tiled = TIFFIsTiled(t->lib);
    if (tiled && (!TIFFGetField(t->lib, TIFFTAG_TILELENGTH, &tile_height) ||
                  !TIFFGetField(t->lib, TIFFTAG_TILEWIDTH, &tile_width)))
        return pd_image_broken(t->w, "tiles of no size");
    enum pd_status status = tiled ? pd_image_check_area(t->w, tile_height, tile_width) : PD_OK;
    if (status)
        return status;
    const tmsize_t size = tiled ? TIFFTileSize(t->lib) : TIFFScanlineSize(t->lib);
    t->block = size > 0 && size <= BLOCK_MOST ? pd_calloc((size_t)size, 1) : NULL;
    if (!t->block)
        return size > 0 && size <= BLOCK_MOST ? pd_image_no_memory(t->w) : fail(t, "rows of no size");
    const int planes = t->layout == PLANARCONFIG_CONTIG ? 1 : t->colours + (t->alpha ? 1 : 0);
    if (!(tiled ? read_tiles(t, planes, tile_height, tile_width) : read_strips(t, planes)))
        return fail(t, "bad or missing data");
    t->w->beyond |= t->bits > 8 ? PD_IMAGE_BITS : 0;
    t->w->beyond |= t->samples > t->colours + (t->alpha ? 1 : 0) ? PD_IMAGE_BANDS : 0;
    t->w->beyond |= is_followed(t) ? PD_IMAGE_FRAMES : 0;
    return PD_OK;
}

static enum pd_status read_image(struct tiff *t)
{
    uint32_t height = 0, width = 0;
    TIFFGetField(t->lib, TIFFTAG_IMAGELENGTH, &height);
    TIFFGetField(t->lib, TIFFTAG_IMAGEWIDTH, &width);
    t->bits = tag(t, TIFFTAG_BITSPERSAMPLE);
    t->samples = tag(t, TIFFTAG_SAMPLESPERPIXEL);
    t->layout = tag(t, TIFFTAG_PLANARCONFIG);
    t->compression = tag(t, TIFFTAG_COMPRESSION);
    if (!TIFFGetField(t->lib, TIFFTAG_PHOTOMETRIC, &t->meaning))
        return pd_image_broken(t->w, "no photometric interpretation");
    enum pd_status status = check_compression(t);
    if (!status)
        status = check_samples(t);
    if (!status)
        status = check_meaning(t);
    if (!status)
        status = find_alpha(t);
    if (!status)
        status = find_palette(t);
    if (!status)
        status = pd_image_reserve(t->w, height, width,
                                  t->colours == 4             ? PD_MIX_CMYK
                                  : t->alpha == PREMULTIPLIED ? PD_MIX_PREMULTIPLIED
                                  : t->alpha                  ? PD_MIX_RGBA
                                                              : PD_MIX_RGB);
    orient(t);
    return status ? status : read_pixels(t);
}

static enum pd_status decode(struct pd_image_work *w)
{
    struct tiff t = {.w = w};
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return pd_image_no_memory(w);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, BLOCK_MOST);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, &t);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, &t);
    t.lib =
        TIFFClientOpenExt("", "rm", &t, on_read, on_write, on_seek, on_close, on_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    if (!t.lib)
        return fail(&t, "bad header");
    enum pd_status status = read_image(&t);
    TIFFClose(t.lib);
    pd_free(t.block);
    return status;
}

pd_image_decoder *const pd_image_decode_tiff = decode;

const char *pd_library_tiff(char *text)
{
    const char *words = strstr(TIFFGetVersion(), "Version "); /* "LIBTIFF, Version 4.5.0\nCopyright ..." */
    if (words)
        snprintf(text, PD_LIBRARY_TEXT, "%.*s", (int)strcspn(words + 8, "\n"), words + 8);
    return words ? text : "";
}
