#include "data/image.h"

#include "base/mem.h"
#include "data/exif.h"
#include "io/file.h"

#include <png.h>
#include <stdbool.h>
#include <string.h>
#include <turbojpeg.h>
#include <webp/decode.h>

enum {
    FREE_AREA = 1 << 20,      /* pixels that any file may have */
    AREA_PER_BYTE = 8 * 1032, /* beyond them: deflate's best ratio, on one bit a pixel */
};

enum mix { RGB, RGBA, CMYK };

/* What a decoder reads and makes. */
struct work {
    const uint8_t *bytes;
    size_t size;
    const char *name, *format;
    struct pd_error *err;
    int height, width;
    enum mix mix;
    uint8_t *pixels; /* (height, width, 3 or 4) */
};

static enum pd_status broken(const struct work *w, const char *words)
{
    return pd_fail(w->err, PD_ERR_FORMAT, -1, "'%s': damaged or cut-off %s file (%s)", w->name, w->format,
                   words);
}

/* Room for the pixels that the header claims. */
static enum pd_status reserve(struct work *w, int64_t height, int64_t width, enum mix mix)
{
    if (height < 1 || width < 1 || height > PD_IMAGE_SIDE_MAX || width > PD_IMAGE_SIDE_MAX ||
        height * width > PD_IMAGE_AREA_MAX)
        return pd_fail(w->err, PD_ERR_FORMAT, -1,
                       "'%s': %lld x %lld pixels, expected at most %d a side and %d in all", w->name,
                       (long long)width, (long long)height, PD_IMAGE_SIDE_MAX, PD_IMAGE_AREA_MAX);
    if ((uint64_t)(height * width) > FREE_AREA + (uint64_t)AREA_PER_BYTE * w->size)
        return pd_fail(w->err, PD_ERR_FORMAT, -1,
                       "'%s': claims %lld x %lld pixels, too many for its %zu bytes", w->name,
                       (long long)width, (long long)height, w->size);
    w->height = (int)height;
    w->width = (int)width;
    w->mix = mix;
    w->pixels = pd_calloc((size_t)(height * width), mix == RGB ? 3 : 4);
    return w->pixels ? PD_OK : pd_fail(w->err, PD_ERR_MEMORY, -1, "out of memory decoding '%s'", w->name);
}

static enum pd_status decode_png(struct work *w)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&png, w->bytes, w->size))
        return broken(w, png.message);
    const bool alpha = png.format & PNG_FORMAT_FLAG_ALPHA;
    png.format = alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB; /* as with 8 bits, and as others read them */
    enum pd_status status = reserve(w, png.height, png.width, alpha ? RGBA : RGB);
    if (!status && !png_image_finish_read(&png, NULL, w->pixels, 0, NULL))
        status = broken(w, png.message);
    png_image_free(&png);
    return status;
}

/* Some cameras leave stray bytes between the parts of a file; nothing of the image is missing then. */
static bool harmless(tjhandle tj)
{
    return tjGetErrorCode(tj) == TJERR_WARNING && strstr(tjGetErrorStr2(tj), "extraneous bytes");
}

static enum pd_status decode_jpeg(struct work *w)
{
    int width, height, subsampling, space;
    tjhandle tj = tjInitDecompress();
    if (!tj)
        return pd_fail(w->err, PD_ERR_MEMORY, -1, "out of memory decoding '%s'", w->name);
    enum pd_status status = PD_OK;
    if (tjDecompressHeader3(tj, w->bytes, w->size, &width, &height, &subsampling, &space) && !harmless(tj))
        status = broken(w, tjGetErrorStr2(tj));
    const bool cmyk = !status && (space == TJCS_CMYK || space == TJCS_YCCK);
    if (!status)
        status = reserve(w, height, width, cmyk ? CMYK : RGB);
    if (!status &&
        tjDecompress2(tj, w->bytes, w->size, w->pixels, width, 0, height, cmyk ? TJPF_CMYK : TJPF_RGB,
                      TJFLAG_LIMITSCANS) &&
        !harmless(tj))
        status = broken(w, tjGetErrorStr2(tj));
    tjDestroy(tj);
    return status;
}

static enum pd_status decode_webp(struct work *w)
{
    WebPBitstreamFeatures f;
    if (WebPGetFeatures(w->bytes, w->size, &f) != VP8_STATUS_OK)
        return broken(w, "bad header");
    if (f.has_animation)
        return pd_fail(w->err, PD_ERR_FORMAT, -1, "'%s': animated WebP, expected a still image", w->name);
    enum pd_status status = reserve(w, f.height, f.width, f.has_alpha ? RGBA : RGB);
    if (status)
        return status;
    const int stride = w->width * (f.has_alpha ? 4 : 3);
    const size_t room = (size_t)stride * (size_t)w->height;
    const uint8_t *done = f.has_alpha ? WebPDecodeRGBAInto(w->bytes, w->size, w->pixels, room, stride)
                                      : WebPDecodeRGBInto(w->bytes, w->size, w->pixels, room, stride);
    return done ? PD_OK : broken(w, "bad or missing data");
}

static const struct format {
    const char *name;
    size_t at; /* where its first bytes lie */
    const char *first;
    enum pd_status (*decode)(struct work *w);
} formats[] = {
    {"PNG", 0, "\x89PNG\r\n\x1a\n", decode_png},
    {"JPEG", 0, "\xff\xd8\xff", decode_jpeg},
    {"WebP", 8, "WEBPVP8", decode_webp},
};

static const struct format *recognise(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const struct format *f = &formats[i];
        const size_t n = strlen(f->first);
        if (size >= f->at + n && size >= 12 && !memcmp(bytes + f->at, f->first, n))
            return f;
    }
    return NULL;
}

/* a * b / 255, rounded */
static uint8_t share(unsigned a, unsigned b)
{
    return (uint8_t)((a * b + 127) / 255);
}

static uint8_t channel(const uint8_t *pixel, enum mix mix, int c)
{
    switch (mix) {
    case RGBA: /* on white */
        return (uint8_t)(share(pixel[c], pixel[3]) + (255 - pixel[3]));
    case CMYK: /* stored inverted, as Adobe's programs do */
        return share(pixel[c], pixel[3]);
    case RGB:
        break;
    }
    return pixel[c];
}

/* How the stored image S (H, W) becomes the upright one U, by Exif's number: U(y, x) is S(y, x), or S(x, y)
 * where swapped, with rows or columns counted from the other end where flipped. */
static const struct turn {
    bool swap, flip_rows, flip_columns;
} turns[9] = {
    [2] = {false, false, true}, [3] = {false, true, true}, [4] = {false, true, false},
    [5] = {true, false, false}, [6] = {true, true, false}, [7] = {true, true, true},
    [8] = {true, false, true},
};

/* Pixels to planes, the right way up. */
static enum pd_status spread(const struct work *w, const struct turn *t, struct pd_image *out)
{
    const int64_t height = w->height, width = w->width, area = height * width;
    const int64_t down = t->flip_rows ? -width : width, right = t->flip_columns ? -1 : 1;
    const int64_t first = (t->flip_rows ? area - width : 0) + (t->flip_columns ? width - 1 : 0);
    const size_t pixel_size = w->mix == RGB ? 3 : 4;
    out->height = t->swap ? w->width : w->height;
    out->width = t->swap ? w->height : w->width;
    out->planes = pd_malloc(3 * (size_t)area);
    if (!out->planes)
        return pd_fail(w->err, PD_ERR_MEMORY, -1, "out of memory decoding '%s'", w->name);
    uint8_t *to = out->planes;
    for (int64_t y = 0; y < out->height; y++)
        for (int64_t x = 0; x < out->width; x++, to++) {
            const int64_t at = first + (t->swap ? x : y) * down + (t->swap ? y : x) * right;
            for (int c = 0; c < 3; c++)
                to[c * area] = channel(w->pixels + (size_t)at * pixel_size, w->mix, c);
        }
    return PD_OK;
}

enum pd_status pd_image_decode(const void *bytes, size_t size, const char *name, struct pd_image *out,
                               struct pd_error *err)
{
    *out = (struct pd_image){0};
    const struct format *format = recognise(bytes, size);
    if (!format)
        return pd_fail(err, PD_ERR_FORMAT, 0, "'%s' is no PNG, JPEG or WebP file", name);
    struct work w = {.bytes = bytes, .size = size, .name = name, .format = format->name, .err = err};
    enum pd_status status = format->decode(&w);
    if (!status)
        status = spread(&w, &turns[pd_exif_orientation(bytes, size)], out);
    pd_free(w.pixels);
    return status;
}

enum pd_status pd_image_read(const char *path, struct pd_image *out, struct pd_error *err)
{
    struct pd_buffer file = PD_BUFFER_INIT;
    enum pd_status status = pd_file_read_most(path, PD_IMAGE_FILE_MAX, &file, err);
    if (!status)
        status = pd_image_decode(file.data, file.size, path, out, err);
    pd_buffer_release(&file);
    return status;
}

void pd_image_release(struct pd_image *image)
{
    pd_free(image->planes);
    *image = (struct pd_image){0};
}
