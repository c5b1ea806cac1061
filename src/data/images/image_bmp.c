/* BMP, of OS/2 and Windows, with headers of 12 to 124 bytes. Debian has no library that is for this alone and
 * still cared for. */
#include "data/images/image_format.h"

#include <string.h>

enum { FILE_HEADER = 14, PALETTE_MOST = 256, OS2_HEADER = 64 };
enum compression { PLAIN, RLE8, RLE4, BIT_FIELDS, JPEG, PNG, ALPHA_BIT_FIELDS };

struct bmp {
    struct pd_image_work *w;
    uint32_t header, bits, compression, colours;
    int64_t width, height;
    bool top_down;
    size_t palette_at, pixels_at;
    struct {
        uint32_t most; /* 0: there is none */
        unsigned shift;
    } parts[4];                       /* red, green, blue, alpha within a pixel of 16 bits and more */
    uint8_t palette[PALETTE_MOST][3]; /* those that the file lacks are black */
};

static uint32_t number(const uint8_t *b, int n)
{
    uint32_t value = 0;
    while (n--)
        value = value << 8 | b[n];
    return value;
}

/* Numbers of the header, by their place in the file; 0 beyond it. */
static uint32_t field(const struct bmp *b, size_t at, int n)
{
    const bool there = at + (size_t)n <= FILE_HEADER + b->header && at + (size_t)n <= b->w->size;
    return there ? number(b->w->bytes + at, n) : 0;
}

/* --- header --- */

bool pd_image_is_bmp(const uint8_t *bytes, size_t size)
{
    if (size < FILE_HEADER + 12 || memcmp(bytes, "BM", 2) != 0)
        return false;
    const uint32_t header = number(bytes + FILE_HEADER, 4);
    return header == 12 || (header >= 16 && header <= OS2_HEADER) || header == 108 || header == 124;
}

static void read_sizes(struct bmp *b)
{
    if (b->header == 12) {
        b->width = field(b, 18, 2);
        b->height = field(b, 20, 2);
        b->bits = field(b, 24, 2);
        return;
    }
    b->width = (int32_t)field(b, 18, 4);
    b->height = (int32_t)field(b, 22, 4);
    b->top_down = b->height < 0;
    b->height = b->top_down ? -b->height : b->height;
    b->bits = field(b, 28, 2);
    b->compression = field(b, 30, 4);
    b->colours = field(b, 46, 4);
}

static void take_masks(struct bmp *b, const uint32_t masks[4])
{
    for (int c = 0; c < 4; c++) {
        uint32_t most = masks[c];
        unsigned shift = 0;
        for (; most && !(most & 1); most >>= 1)
            shift++;
        b->parts[c].most = most;
        b->parts[c].shift = shift;
    }
}

/* The masks lie in the header, or between a header of 40 bytes and the palette. */
static void read_masks(struct bmp *b)
{
    static const uint32_t usual[] = {0xff0000, 0xff00, 0xff, 0}, small[] = {0x7c00, 0x3e0, 0x1f, 0};
    uint32_t masks[4] = {0};
    if (b->compression == BIT_FIELDS || b->compression == ALPHA_BIT_FIELDS) {
        const size_t count = b->header >= 56 || b->compression == ALPHA_BIT_FIELDS ? 4 : 3;
        if (b->header == 40) {
            b->header += 4 * (uint32_t)count;
            b->palette_at += 4 * count;
        }
        for (size_t i = 0; i < count; i++)
            masks[i] = field(b, 54 + 4 * i, 4);
    }
    const bool given = masks[0] || masks[1] || masks[2];
    take_masks(b, given ? masks : b->bits == 16 ? small : usual);
}

static void read_palette(struct bmp *b)
{
    const size_t entry = b->header == 12 ? 3 : 4, end = b->pixels_at < b->w->size ? b->pixels_at : b->w->size;
    size_t at = b->palette_at;
    for (uint32_t i = 0; i < b->colours && at + entry <= end; i++, at += entry)
        for (int c = 0; c < 3; c++)
            b->palette[i][c] = b->w->bytes[at + 2 - (size_t)c];
}

static enum pd_status check(const struct bmp *b)
{
    static const struct {
        uint32_t compression, bits[7];
    } known[] = {{PLAIN, {1, 2, 4, 8, 16, 24, 32}},
                 {RLE8, {8}},
                 {RLE4, {4}},
                 {BIT_FIELDS, {16, 24, 32}},
                 {ALPHA_BIT_FIELDS, {16, 24, 32}}};
    const bool os2 = b->header == OS2_HEADER && b->compression > RLE4; /* numbers of its own */
    for (size_t i = 0; !os2 && i < sizeof known / sizeof known[0]; i++)
        for (int k = 0; k < 7; k++)
            if (b->compression == known[i].compression && b->bits && b->bits == known[i].bits[k])
                return PD_OK;
    return pd_fail(b->w->err, PD_ERR_FORMAT, -1,
                   "'%s': a BMP file of a kind that is not read (%u bits a pixel, compression %u%s)",
                   b->w->name, b->bits, b->compression,
                   os2                      ? " of OS/2"
                   : b->compression == JPEG ? ": JPEG"
                   : b->compression == PNG  ? ": PNG"
                                            : "");
}

static enum pd_status read_header(struct bmp *b)
{
    b->header = number(b->w->bytes + FILE_HEADER, 4);
    b->palette_at = FILE_HEADER + b->header;
    read_sizes(b);
    enum pd_status status = check(b);
    if (status)
        return status;
    read_masks(b);
    const uint32_t most = b->bits <= 8 ? 1u << b->bits : 0;
    b->colours = b->colours && b->colours < most ? b->colours : most;
    b->pixels_at = number(b->w->bytes + 10, 4);
    if (!b->pixels_at)
        b->pixels_at = b->palette_at + (b->header == 12 ? 3 : 4) * (size_t)b->colours;
    read_palette(b);
    return b->pixels_at < b->w->size ? PD_OK : pd_image_broken(b->w, "no pixels in it");
}

/* --- plain pixels --- */

/* The row of pixels that the file has at place y. */
static uint8_t *row_of(const struct bmp *b, int64_t y)
{
    const size_t pixel = b->w->mix == PD_MIX_RGBA ? 4 : 3;
    return b->w->pixels + (size_t)(b->top_down ? y : b->height - 1 - y) * (size_t)b->width * pixel;
}

/* A part of a pixel, made 8 bits. */
static uint8_t part(const struct bmp *b, int c, uint32_t value)
{
    const uint32_t most = b->parts[c].most;
    value = value >> b->parts[c].shift & most;
    return (uint8_t)(most == 255 || !most ? value : (uint64_t)value * 255 / most);
}

static void put_index(const struct bmp *b, uint8_t *row, int64_t x, unsigned index)
{
    memcpy(row + 3 * x, b->palette[index], 3);
}

static void read_row(const struct bmp *b, const uint8_t *from, uint8_t *row)
{
    const int size = (int)b->bits / 8, parts = b->w->mix == PD_MIX_RGBA ? 4 : 3;
    const int64_t each = b->bits < 8 ? 8 / b->bits : 1; /* pixels in a byte */
    for (int64_t x = 0; x < b->width; x++) {
        if (b->bits <= 8) {
            const unsigned shift = (unsigned)(each - 1 - x % each) * b->bits;
            put_index(b, row, x, from[x / each] >> shift & ((1u << b->bits) - 1));
            continue;
        }
        const uint32_t value = number(from + size * x, size);
        for (int c = 0; c < parts; c++)
            row[parts * x + c] = part(b, c, value);
    }
}

static enum pd_status read_rows(const struct bmp *b)
{
    const size_t bits = (size_t)b->width * b->bits, stride = (bits + 31) / 32 * 4;
    const size_t need = stride * (size_t)(b->height - 1) + (bits + 7) / 8;
    if (need > b->w->size - b->pixels_at)
        return pd_image_broken(b->w, "pixels are missing");
    for (int64_t y = 0; y < b->height; y++)
        read_row(b, b->w->bytes + b->pixels_at + (size_t)y * stride, row_of(b, y));
    return PD_OK;
}

/* An alpha of 0 everywhere means that the program which wrote it knew of none. */
static void make_opaque_if_all_clear(const struct bmp *b)
{
    const size_t area = (size_t)b->width * (size_t)b->height;
    for (size_t i = 0; i < area; i++)
        if (b->w->pixels[4 * i + 3])
            return;
    for (size_t i = 0; i < area; i++)
        b->w->pixels[4 * i + 3] = 255;
}

/* --- run lengths --- */

struct runs {
    const uint8_t *at, *end;
    int64_t x, y;
};

/* n pixels from where the runs are, within the row: a byte again and again, or one for each. */
static void put_run(const struct bmp *b, struct runs *r, unsigned n, const uint8_t *from, bool repeat)
{
    const bool halves = b->compression == RLE4;
    for (unsigned i = 0; i < n && r->x < b->width; i++, r->x++) {
        const unsigned byte = from[repeat ? 0 : halves ? i / 2 : i];
        put_index(b, row_of(b, r->y), r->x, halves ? (i % 2 ? byte & 15 : byte >> 4) : byte);
    }
}

/* After a zero: the end of a row or of all, a move, or so many bytes as they are, filled up to an even
 * number. Returns whether it goes on. */
static bool escape(const struct bmp *b, struct runs *r, unsigned code)
{
    const size_t bytes = code == 2 ? 2 : code < 2 ? 0 : b->compression == RLE4 ? (code + 1) / 2 : code;
    const size_t left = (size_t)(r->end - r->at);
    if (code == 1)
        return false;
    if (code == 0) {
        r->x = 0;
        r->y++;
    } else if (bytes > left) {
        r->at = NULL; /* missing */
    } else if (code == 2) {
        r->x += r->at[0];
        r->y += r->at[1];
    } else {
        put_run(b, r, code, r->at, false);
    }
    if (r->at)
        r->at += bytes + bytes % 2 < left ? bytes + bytes % 2 : left;
    return r->at;
}

static enum pd_status read_runs(const struct bmp *b)
{
    struct runs r = {b->w->bytes + b->pixels_at, b->w->bytes + b->w->size, 0, 0};
    for (int64_t y = 0; y < b->height; y++) /* what is passed over has the first colour */
        for (int64_t x = 0; x < b->width; x++)
            put_index(b, row_of(b, y), x, 0);
    bool more = true;
    while (more && r.y < b->height && r.end - r.at >= 2) {
        const uint8_t *pair = r.at;
        r.at += 2;
        if (pair[0])
            put_run(b, &r, pair[0], pair + 1, true);
        else
            more = escape(b, &r, pair[1]);
    }
    const bool last = r.y == b->height - 1 && r.x >= b->width;
    return r.at && (!more || last || r.y >= b->height) ? PD_OK : pd_image_broken(b->w, "pixels are missing");
}

static enum pd_status decode(struct pd_image_work *w)
{
    struct bmp b = {.w = w};
    enum pd_status status = read_header(&b);
    const bool alpha = b.bits > 8 && b.parts[3].most;
    for (int c = 0; c < 4; c++)
        w->beyond |= b.parts[c].most > UINT8_MAX ? PD_IMAGE_BITS : 0;
    if (!status)
        status = pd_image_reserve(w, b.height, b.width, alpha ? PD_MIX_RGBA : PD_MIX_RGB);
    if (!status)
        status = b.compression == RLE8 || b.compression == RLE4 ? read_runs(&b) : read_rows(&b);
    if (!status && alpha)
        make_opaque_if_all_clear(&b);
    return status;
}

pd_image_decoder *const pd_image_decode_bmp = decode;
