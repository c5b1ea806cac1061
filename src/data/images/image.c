#include "data/images/image.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/images/image_format.h"
#include "io/file.h"
#include "io/png.h"

#include <string.h>
#include <strings.h>

enum {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* small images, so that many are tried */
    FREE_AREA = 1 << 12,
    AREA_PER_BYTE = 1,
#else
    FREE_AREA = 1 << 20,      /* pixels that any file may have */
    AREA_PER_BYTE = 8 * 1032, /* beyond them: deflate's best ratio, on one bit a pixel */
#endif
};

/* --- the formats --- */

static bool is_missing(const struct pd_image_format *format)
{
    return !*format->decode;
}

/* Pictures that there is no reader for. */
static const struct {
    const char *endings, *why;
} unread[] = {
    {"cr2 cr3 nef arw dng orf rw2 raf", "no reader for a camera's raw data"},
    {"exr hdr pfm", "no reader for high dynamic range"},
    {"icloud", "in iCloud, not on this machine: download them"},
    {"ico cur", "no reader for icons"},
    {"jp2 j2k jpf jpx jpm", "no reader for JPEG 2000"},
    {"jxl", "no reader for JPEG XL"},
    {"nii nii.gz mha mhd nrrd", "no reader for volumes"},
    {"parquet arrow feather", "no reader for tables with images in them: save the images as files"},
    {"ppm pgm pbm pnm pam", "no reader for PNM"},
    {"psd xcf", "no reader for an editor's layers"},
    {"svg svgz eps", "no reader for vector graphics"},
    {"tga", "no reader for TGA"},
};

/* Whether name is more than a dot and one of the words, and ends in these. */
static bool ends_in(const char *name, const char *words)
{
    const size_t size = strlen(name);
    for (const char *word = words; *word; word += strspn(word, " ")) {
        const size_t n = strcspn(word, " ");
        if (n + 1 < size && name[size - n - 1] == '.' && !strncasecmp(word, name + size - n, n))
            return true;
        word += n;
    }
    return false;
}

bool pd_image_is_ending(const char *name)
{
    for (size_t i = 0; i < PD_IMAGE_FORMATS; i++)
        if (!is_missing(&pd_image_formats[i]) && ends_in(name, pd_image_formats[i].endings))
            return true;
    return false;
}

const char *pd_image_unread(const char *name)
{
    for (size_t i = 0; i < PD_IMAGE_FORMATS; i++)
        if (ends_in(name, pd_image_formats[i].endings))
            return is_missing(&pd_image_formats[i]) ? pd_library_refusal(pd_image_formats[i].library) : NULL;
    for (size_t i = 0; i < sizeof unread / sizeof unread[0]; i++)
        if (ends_in(name, unread[i].endings))
            return unread[i].why;
    return NULL;
}

char *pd_image_kinds(char *text, size_t size)
{
    const char *names[PD_IMAGE_FORMATS];
    size_t count = 0;
    for (size_t i = 0; i < PD_IMAGE_FORMATS; i++)
        if (!is_missing(&pd_image_formats[i]))
            names[count++] = pd_image_formats[i].name;
    return pd_join_words(text, size, names, count, sizeof names[0]);
}

/* A number in the table; PD_IMAGE_FORMATS: none of them. */
static size_t recognise(const uint8_t *bytes, size_t size)
{
    size_t i = size < 12 ? PD_IMAGE_FORMATS : 0;
    while (i < PD_IMAGE_FORMATS && !pd_image_formats[i].recognise(bytes, size))
        i++;
    return i;
}

/* What is often there in an image's place: ": a web page", or "". */
static const char *say_what(const uint8_t *bytes, size_t size)
{
    static const struct {
        const char *start, *what;
    } others[] = {{"version https://git-lfs", ": a pointer of Git LFS, whose file 'git lfs pull' brings"},
                  {"<!doctype html", ": a web page"},
                  {"<html", ": a web page"},
                  {"%PDF", ": a PDF"},
                  {"PK\3\4", ": a zip"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (size >= strlen(others[i].start) &&
            !strncasecmp((const char *)bytes, others[i].start, strlen(others[i].start)))
            return others[i].what;
    return size ? "" : ": it is empty";
}

/* --- for their readers --- */

enum pd_status pd_image_broken(const struct pd_image_work *w, const char *words)
{
    if (pd_mem_ran_short())
        return pd_image_no_memory(w);
    return pd_fail(w->err, PD_ERR_FORMAT, -1, "'%s': damaged or cut-off %s file (%s)", w->name, w->format,
                   words);
}

enum pd_status pd_image_unsupported(const struct pd_image_work *w, const char *words)
{
    return pd_fail(w->err, PD_ERR_FORMAT, -1, "'%s': a %s file of a kind that is not read (%s)", w->name,
                   w->format, words);
}

enum pd_status pd_image_no_memory(const struct pd_image_work *w)
{
    return pd_fail(w->err, PD_ERR_MEMORY, -1, "out of memory decoding '%s'", w->name);
}

enum pd_status pd_image_check_area(const struct pd_image_work *w, int64_t height, int64_t width)
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
    return PD_OK;
}

enum pd_status pd_image_reserve(struct pd_image_work *w, int64_t height, int64_t width, enum pd_mix mix)
{
    enum pd_status status = pd_image_check_area(w, height, width);
    if (status)
        return status;
    w->height = (int)height;
    w->width = (int)width;
    w->mix = mix;
    w->pixels = pd_calloc((size_t)(height * width), mix == PD_MIX_RGB ? 3 : 4);
    return w->pixels ? PD_OK : pd_image_no_memory(w);
}

/* --- from pixels to planes --- */

enum {
    CLEAR = 16, /* an alpha below it is nearly clear, one as near to 255 nearly solid */
    STEP = 2,   /* levels that the dither of a fade doesn't reach */
};

/* a * b / 255, rounded */
static uint8_t share(unsigned a, unsigned b)
{
    return (uint8_t)((a * b + 127) / 255);
}

static uint8_t channel(const uint8_t *pixel, enum pd_mix mix, int c)
{
    switch (mix) {
    case PD_MIX_RGBA: /* on white */
        return (uint8_t)(share(pixel[c], pixel[3]) + (255 - pixel[3]));
    case PD_MIX_PREMULTIPLIED:
        return (uint8_t)(pixel[c] < pixel[3] ? pixel[c] + 255 - pixel[3] : 255);
    case PD_MIX_CMYK: /* stored inverted, as Adobe's programs do */
        return share(pixel[c], pixel[3]);
    case PD_MIX_RGB:
        break;
    }
    return pixel[c];
}

static bool is_between(uint8_t alpha)
{
    return alpha >= CLEAR && alpha <= UINT8_MAX - CLEAR;
}

/* Whether most of alpha is neither clear nor solid and goes up and down along the rows, as a picture does: a
 * fade, a vignette and a shadow turn once a row, a veil never does. */
static bool varies_like_image(const uint8_t *rgba, int height, int width)
{
    const int64_t area = (int64_t)height * width;
    int64_t between = 0, turns = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const uint8_t *alpha = rgba + 4 * ((int64_t)y * width + x) + 3;
            if (!is_between(*alpha))
                continue;
            between++;
            if (x == 0 || x == width - 1)
                continue;
            const int before = *alpha - alpha[-4], behind = *alpha - alpha[4];
            turns += (before >= STEP && behind >= STEP) || (before <= -STEP && behind <= -STEP);
        }
    return 2 * between > area && turns > height + area / 16;
}

/* What the decoder's pixels have that three planes the right way up do not tell. */
static uint8_t find_beyond(const struct pd_image_work *w)
{
    const int64_t area = (int64_t)w->height * w->width;
    const bool alpha = w->mix == PD_MIX_RGBA || w->mix == PD_MIX_PREMULTIPLIED;
    bool through = false;
    for (int64_t i = 0; alpha && !through && i < area; i++)
        through = w->pixels[4 * i + 3] < UINT8_MAX;
    unsigned beyond = w->beyond;
    beyond |= through || w->mix == PD_MIX_CMYK ? PD_IMAGE_MIXED : 0;
    beyond |= through && varies_like_image(w->pixels, w->height, w->width) ? PD_IMAGE_VEILED : 0;
    beyond |= w->orientation != 1 && !w->plain_turn ? PD_IMAGE_TURNED : 0;
    return (uint8_t)beyond;
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
static enum pd_status spread(const struct pd_image_work *w, const struct turn *t, struct pd_image *out)
{
    const int64_t height = w->height, width = w->width, area = height * width;
    const int64_t down = t->flip_rows ? -width : width, right = t->flip_columns ? -1 : 1;
    const int64_t first = (t->flip_rows ? area - width : 0) + (t->flip_columns ? width - 1 : 0);
    const size_t pixel_size = w->mix == PD_MIX_RGB ? 3 : 4;
    out->height = t->swap ? w->width : w->height;
    out->width = t->swap ? w->height : w->width;
    out->planes = pd_malloc(3 * (size_t)area);
    if (!out->planes)
        return pd_image_no_memory(w);
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
    if (pd_png_is_signed(bytes, size))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "'%s' is a picture that paydirt has drawn, no data", name);
    const size_t number = recognise(bytes, size);
    if (number == PD_IMAGE_FORMATS) {
        char kinds[80];
        return pd_fail(err, PD_ERR_FORMAT, 0, "'%s' is no image (expected %s)%s", name,
                       pd_image_kinds(kinds, sizeof kinds), say_what(bytes, size));
    }
    const struct pd_image_format *format = &pd_image_formats[number];
    if (is_missing(format))
        return pd_without(format->library, name, err);
    struct pd_image_work w = {
        .bytes = bytes, .size = size, .name = name, .format = format->name, .err = err, .orientation = 1};
    pd_mem_watch();
    enum pd_status status = (*format->decode)(&w);
    if (!status)
        status = spread(&w, &turns[w.orientation], out);
    out->beyond = status ? 0 : find_beyond(&w);
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
