/* Decoding one image file: every kind of pixel, every way up, and bytes that are no image. */
#include "needs.h"
#include "unit/image_maker.h"

#include "data/images/image.h"
#include "data/images/orientation.h"

#include <zlib.h>

enum { W = 5, H = 3 };

/* Far apart, so that JPEG's losses matter little. */
static uint8_t level(int c, int y, int x)
{
    return (uint8_t)(40 * x + 13 * y + 30 * c);
}

static void fill(uint8_t *pixels, int channels)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int c = 0; c < channels; c++)
                *pixels++ = level(c, y, x);
}

static struct pd_image decode(struct file f)
{
    struct pd_image image;
    struct pd_error err;
    if (pd_image_decode(f.bytes, f.size, "given", &image, &err))
        fail_msg("%s", err.message);
    free(f.bytes);
    return image;
}

static int pixel(const struct pd_image *image, int c, int y, int x)
{
    return image->planes[(c * image->height + y) * image->width + x];
}

static void check_rgb(struct file f, int slack)
{
    struct pd_image image = decode(f);
    assert_int_equal(image.width, W);
    assert_int_equal(image.height, H);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                assert_in_range(pixel(&image, c, y, x) + 100, level(c, y, x) - slack + 100,
                                level(c, y, x) + slack + 100);
    pd_image_release(&image);
}

static void reads_colour(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    uint8_t rgb[H * W * 3];
    fill(rgb, 3);
    check_rgb(make_png(W, H, PNG_FORMAT_RGB, rgb, NULL, 0), 0);
    check_rgb(make_webp(W, H, 3, rgb), 0);
    check_rgb(make_jpeg(W, H, JCS_RGB, rgb), 4);
}

static void check_pixel(struct file f, int red, int green, int blue, int slack)
{
    struct pd_image image = decode(f);
    const int want[3] = {red, green, blue};
    for (int c = 0; c < 3; c++)
        assert_in_range(pixel(&image, c, 0, 0) + 100, want[c] - slack + 100, want[c] + slack + 100);
    pd_image_release(&image);
}

static void reads_other_pixels(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    const uint8_t grey = 90, grey_alpha[2] = {100, 51}, rgba[4] = {200, 100, 0, 51}, clear[4] = {1, 2, 3, 0};
    const uint8_t map[2][4] = {{9, 8, 7, 255}, {60, 70, 80, 102}}, index = 1;
    check_pixel(make_png(1, 1, PNG_FORMAT_GRAY, &grey, NULL, 0), 90, 90, 90, 0);
    check_pixel(make_jpeg(1, 1, JCS_GRAYSCALE, &grey), 90, 90, 90, 1);
    /* over white: 255 - 0.2 (255 - x) */
    check_pixel(make_png(1, 1, PNG_FORMAT_GA, grey_alpha, NULL, 0), 224, 224, 224, 0);
    check_pixel(make_png(1, 1, PNG_FORMAT_RGBA, rgba, NULL, 0), 244, 224, 204, 0);
    check_pixel(make_webp(1, 1, 4, rgba), 244, 224, 204, 0);
    check_pixel(make_png(1, 1, PNG_FORMAT_RGBA, clear, NULL, 0), 255, 255, 255, 0);
    check_pixel(make_png(1, 1, PNG_FORMAT_RGB_COLORMAP, &index, (const uint8_t[]){1, 2, 3, 60, 70, 80}, 2),
                60, 70, 80, 0);
    check_pixel(make_png(1, 1, PNG_FORMAT_RGBA_COLORMAP, &index, map, 2), 177, 181, 185, 0);
}

static void put_chunk(struct file *f, const char *type, const void *data, uint32_t n)
{
    uint8_t chunk[256] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(chunk + 4, type, 4);
    if (n)
        memcpy(chunk + 8, data, n);
    const uint32_t sum = (uint32_t)crc32(0, chunk + 4, n + 4);
    for (int i = 0; i < 4; i++)
        chunk[8 + n + (uint32_t)i] = (uint8_t)(sum >> (24 - 8 * i));
    insert(f, f->size, chunk, n + 12);
}

/* A PNG chunk by chunk, for what the simple interface does not write. rows: with their filter bytes. */
static struct file make_raw_png(uint32_t width, uint32_t height, uint8_t depth, uint8_t colour,
                                const uint8_t *rows, size_t size)
{
    struct file f = file_of("\x89PNG\r\n\x1a\n", 8);
    const uint8_t header[13] = {(uint8_t)(width >> 24),
                                (uint8_t)(width >> 16),
                                (uint8_t)(width >> 8),
                                (uint8_t)width,
                                (uint8_t)(height >> 24),
                                (uint8_t)(height >> 16),
                                (uint8_t)(height >> 8),
                                (uint8_t)height,
                                depth,
                                colour,
                                0,
                                0,
                                0};
    uint8_t packed[200];
    uLongf n = sizeof packed;
    assert_int_equal(compress(packed, &n, rows, size), Z_OK);
    put_chunk(&f, "IHDR", header, 13);
    put_chunk(&f, "IDAT", packed, (uint32_t)n);
    put_chunk(&f, "IEND", NULL, 0);
    return f;
}

/* 16 bits keep their upper part, whatever the file says about gamma; 1 bit is black or white. */
static void reads_other_depths(void **state)
{
    (void)state;
    check_pixel(make_raw_png(1, 1, 16, 0, (const uint8_t[]){0, 0x80, 0x80}, 3), 128, 128, 128, 0);
    check_pixel(make_raw_png(1, 1, 16, 2, (const uint8_t[]){0, 0x10, 0x10, 0x80, 0x80, 0xff, 0xff}, 7), 16,
                128, 255, 0);
    check_pixel(make_raw_png(1, 1, 1, 0, (const uint8_t[]){0, 0x80}, 2), 255, 255, 255, 0);
    check_pixel(make_raw_png(1, 1, 4, 0, (const uint8_t[]){0, 0x50}, 2), 85, 85, 85, 0);
}

/* CMYK as Adobe's programs write it: 255 is no ink. */
static void reads_cmyk(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    const uint8_t cmyk[4] = {255, 128, 0, 200};
    check_pixel(make_jpeg(1, 1, JCS_CMYK, cmyk), 200, 100, 0, 2);
}

/* Where pixel (0, 0) of the stored 5 x 3 image comes to lie, and its neighbour to the right. */
static const struct {
    int width, y, x, right_y, right_x;
} turned[9] = {
    [1] = {W, 0, 0, 0, 1},
    [2] = {W, 0, W - 1, 0, W - 2},
    [3] = {W, H - 1, W - 1, H - 1, W - 2},
    [4] = {W, H - 1, 0, H - 1, 1},
    [5] = {H, 0, 0, 1, 0},
    [6] = {H, 0, H - 1, 1, H - 1},
    [7] = {H, W - 1, H - 1, W - 2, H - 1},
    [8] = {H, W - 1, 0, W - 2, 0},
};

static void check_turned(struct file f, int orientation)
{
    struct pd_image image = decode(f);
    assert_int_equal(image.width, turned[orientation].width);
    assert_int_equal(image.height, W + H - image.width);
    assert_in_range(pixel(&image, 0, turned[orientation].y, turned[orientation].x), 0, 4);
    assert_in_range(pixel(&image, 0, turned[orientation].right_y, turned[orientation].right_x), 36, 44);
    pd_image_release(&image);
}

static void turns_as_exif_says(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    uint8_t rgb[H * W * 3], exif[80];
    fill(rgb, 3);
    for (int orientation = 1; orientation <= 8; orientation++) {
        for (int big = 0; big < 2; big++) {
            struct file jpeg = make_jpeg(W, H, JCS_RGB, rgb);
            add_jpeg_exif(&jpeg, orientation, big);
            check_turned(jpeg, orientation);
        }
        struct file png = make_png(W, H, PNG_FORMAT_RGB, rgb, NULL, 0);
        png.size -= 12; /* IEND */
        put_chunk(&png, "eXIf", exif, (uint32_t)make_exif(exif, orientation, 1));
        put_chunk(&png, "IEND", NULL, 0);
        check_turned(png, orientation);
    }
}

/* The extended form: VP8X, the image, EXIF. */
static void turns_webp(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    uint8_t rgb[H * W * 3], chunk[80] = {'E', 'X', 'I', 'F'};
    fill(rgb, 3);
    struct file f = make_webp(W, H, 3, rgb);
    insert(&f, 12, (const uint8_t[]){'V', 'P', '8', 'X', 10, 0, 0, 0, 8, 0, 0, 0, W - 1, 0, 0, H - 1, 0, 0},
           18);
    chunk[4] = (uint8_t)make_exif(chunk + 8, 6, 0);
    insert(&f, f.size, chunk, 8 + chunk[4]);
    f.bytes[4] = (uint8_t)(f.size - 8);
    check_turned(f, 6);
}

/* Alphas of 32 x 32 pixels: another band goes up and down, what is drawn to show through doesn't. */
static int veil(int y, int x)
{
    (void)y;
    (void)x;
    return 128;
}

static int fade(int y, int x)
{
    return 7 * x + y;
}

static int vignette(int y, int x)
{
    const int far = (2 * y - 31) * (2 * y - 31) + (2 * x - 31) * (2 * x - 31);
    return far > 1800 ? 0 : 255 - far * 255 / 1800;
}

static int infrared(int y, int x)
{
    return 40 + (int)((unsigned)(x * 37 + y * 101 + x * y * 7) % 160);
}

static void asks_of_an_alpha_that_varies(void **state)
{
    (void)state;
    static const struct {
        int (*alpha)(int y, int x);
        int beyond;
    } cases[] = {{veil, PD_IMAGE_MIXED},
                 {fade, PD_IMAGE_MIXED},
                 {vignette, PD_IMAGE_MIXED},
                 {infrared, PD_IMAGE_MIXED | PD_IMAGE_VEILED}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        static uint8_t rgba[32][32][4];
        for (int y = 0; y < 32; y++)
            for (int x = 0; x < 32; x++)
                rgba[y][x][3] = (uint8_t)cases[k].alpha(y, x);
        struct pd_image image = decode(make_png(32, 32, PNG_FORMAT_RGBA, rgba, NULL, 0));
        assert_int_equal(image.beyond, cases[k].beyond);
        pd_image_release(&image);
    }
}

static int exif_says(const uint8_t *exif, size_t size)
{
    struct file exact = file_of(exif, size ? size : 1);
    const int orientation = pd_orientation(exact.bytes, size, NULL, 0);
    free(exact.bytes);
    return orientation;
}

static void passes_over_bad_exif(void **state)
{
    (void)state;
    uint8_t exif[64];
    const size_t size = make_exif(exif, 6, 1);
    assert_int_equal(exif_says(exif, size), 6);
    for (size_t cut = 0; cut < size - 4; cut++) /* all but the next directory */
        assert_int_equal(exif_says(exif, cut), 1);
    exif[7] = 0xff; /* the directory lies beyond the end */
    assert_int_equal(exif_says(exif, size), 1);
    exif[7] = 8;
    exif[31] = 9; /* no orientation has that number */
    assert_int_equal(exif_says(exif, size), 1);
}

/* SHORT is the standard's; integers of other sizes are written, too. */
static void takes_exif_of_any_integer(void **state)
{
    (void)state;
    static const struct {
        uint8_t type, count;
        const char *big, *little;
        int orientation;
    } cases[] = {
        {1, 1, "\x06\0\0\0", "\x06\0\0\0", 6},     {3, 1, "\0\x06\0\0", "\x06\0\0\0", 6},
        {4, 1, "\0\0\0\x06", "\x06\0\0\0", 6},     {6, 1, "\x06\0\0\0", "\x06\0\0\0", 6},
        {8, 1, "\0\x06\0\0", "\x06\0\0\0", 6},     {9, 1, "\0\0\0\x06", "\x06\0\0\0", 6},
        {4, 1, "\0\x06\0\0", "\0\0\x06\0", 1},     {2, 1, "\x06\0\0\0", "\x06\0\0\0", 1},
        {7, 1, "\x06\0\0\0", "\x06\0\0\0", 1},     {3, 2, "\0\x06\0\x03", "\x06\0\x03\0", 6},
        {3, 3, "\0\x06\0\x06", "\x06\0\x06\0", 1}, {3, 0, "\0\x06\0\x06", "\x06\0\x06\0", 1},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const int big = i % 2;
        uint8_t exif[64], *entry = exif + 22;
        const size_t size = make_exif(exif, 6, big);
        entry[big ? 3 : 2] = cases[i / 2].type;
        entry[big ? 7 : 4] = cases[i / 2].count;
        memcpy(entry + 8, big ? cases[i / 2].big : cases[i / 2].little, 4);
        assert_int_equal(exif_says(exif, size), cases[i / 2].orientation);
    }
}

static int xmp_says(const char *xmp)
{
    return pd_orientation(NULL, 0, xmp, strlen(xmp));
}

static void takes_xmp_where_exif_is_silent(void **state)
{
    (void)state;
    assert_int_equal(xmp_says("<rdf:Description tiff:Make=\"x\" tiff:Orientation=\"6\"/>"), 6);
    assert_int_equal(xmp_says("<tiff:Orientation>8</tiff:Orientation>"), 8);
    assert_int_equal(xmp_says("tiff:Orientation = '3'"), 3);
    assert_int_equal(xmp_says("<tiff:Orientation>\n 5 </tiff:Orientation>"), 5);
    assert_int_equal(xmp_says("<!-- tiff:Orientation --> <x tiff:Orientation=\"7\"/>"), 7);
    static const char *const silent[] = {"",
                                         "tiff:Orientation",
                                         "tiff:Orientation=",
                                         "tiff:Orientation=\"",
                                         "tiff:Orientation=6",
                                         "tiff:Orientation=\"9\"",
                                         "tiff:Orientation>x"};
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        assert_int_equal(xmp_says(silent[i]), 1);
    uint8_t exif[64];
    const char *six = "tiff:Orientation=\"6\"";
    size_t size = make_exif(exif, 3, 1);
    assert_int_equal(pd_orientation(exif, size, six, strlen(six)), 3);
    exif[31] = 0; /* a bad tag counts, too */
    assert_int_equal(pd_orientation(exif, size, six, strlen(six)), 1);
    exif[22] = 0x33; /* another tag */
    assert_int_equal(pd_orientation(exif, size, six, strlen(six)), 6);
}

static void refused(const struct file *f, const char *words)
{
    struct pd_image image;
    struct pd_error err = {.message = ""};
    uint8_t *exact = file_of(f->bytes, f->size).bytes;
    assert_int_equal(pd_image_decode(exact, f->size, "given", &image, &err), PD_ERR_FORMAT);
    assert_null(image.planes);
    assert_contains(err.message, "'given'");
    assert_contains(err.message, words);
    free(exact);
}

static void refuses_every_cut(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    static uint8_t rgb[40 * 40 * 3];
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)(i * i >> 3);
    struct file files[] = {make_png(40, 40, PNG_FORMAT_RGB, rgb, NULL, 0), make_jpeg(40, 40, JCS_RGB, rgb),
                           make_webp(40, 40, 3, rgb)};
    for (int k = 0; k < 3; k++) {
        const size_t whole = files[k].size;
        /* a PNG's pixels are complete before its end chunk and check sums */
        for (size_t size = 1; size < whole - (k == 0 ? 40 : 0); size += 1 + size / 20) {
            files[k].size = size;
            refused(&files[k], "");
        }
        free(files[k].bytes);
    }
}

static size_t find_marker(const struct file *f, uint8_t marker)
{
    const uint8_t bytes[2] = {0xff, marker}, *at = memmem(f->bytes, f->size, bytes, 2);
    assert_non_null(at);
    return (size_t)(at - f->bytes);
}

/* A warning that means nothing comes first, one that means missing pixels later. */
static void refuses_jpegs_that_lost_pixels(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    static uint8_t rgb[40 * 40 * 3];
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)(i * i >> 3);
    for (int k = 0; k < 3; k++) {
        struct file f = make_jpeg(40, 40, JCS_RGB, rgb);
        const size_t scan = find_marker(&f, 0xda);
        memset(f.bytes + scan + 2 + f.bytes[scan + 3] - 3, 0, 3); /* "Invalid SOS parameters" */
        insert(&f, scan, "\1\2\3", 3);                            /* "3 extraneous bytes" */
        struct pd_image image = decode(file_of(f.bytes, f.size));
        pd_image_release(&image);
        const size_t middle = (scan + f.size) / 2;
        if (k == 0)
            f.size = middle;
        else if (k == 1)
            memcpy(f.bytes + middle, "\xff\xd9", 2);
        else
            memcpy(f.bytes + middle, "\xff\xd0", 2); /* a restart where none belongs */
        refused(&f, "damaged or cut-off JPEG file");
        free(f.bytes);
    }
}

static void names_what_it_does_not_read(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    const uint8_t grey = 90;
    struct file f = make_jpeg(1, 1, JCS_GRAYSCALE, &grey);
    const size_t frame = find_marker(&f, 0xc0);
    f.bytes[frame + 4] = 12;
    refused(&f, "a JPEG file of a kind that is not read (Unsupported JPEG data precision 12)");
    f.bytes[frame + 4] = 8;
    f.bytes[frame + 1] = 0xc3;
    refused(&f, "a JPEG file of a kind that is not read (Unsupported JPEG process: SOF type 0xc3)");
    free(f.bytes);
}

static void refuses_what_is_no_image(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    NEEDS(gif);
    NEEDS(tiff);
    struct file text = {(uint8_t *)"<!DOCTYPE html><html>", 20};
    refused(&text, "is no image (expected PNG, JPEG, WebP, GIF, TIFF, BMP");
    refused(&text, "): a web page");
    struct file pointer = {(uint8_t *)"version https://git-lfs.github.com/spec/v1", 42};
    refused(&pointer, "'git lfs pull' brings");
    text.size = 0;
    struct pd_image image;
    assert_int_equal(pd_image_decode("", 0, "given", &image, NULL), PD_ERR_FORMAT);
    const uint8_t grey = 90;
    struct file f = make_png(1, 1, PNG_FORMAT_GRAY, &grey, NULL, 0);
    f.bytes[f.size - 20] ^= 1;
    refused(&f, "damaged or cut-off PNG file");
    free(f.bytes);
}

static void refuses_bombs(void **state)
{
    (void)state;
    const uint8_t row[4] = {0};
    struct file f = make_raw_png(20000, 10, 8, 0, row, 4);
    refused(&f, "20000 x 10 pixels, expected at most 16384 a side");
    free(f.bytes);
    f = make_raw_png(16000, 16000, 8, 0, row, 4);
    refused(&f, "67108864 in all");
    free(f.bytes);
    f = make_raw_png(8000, 8000, 8, 0, row, 4);
    refused(&f, "claims 8000 x 8000 pixels, too many for its 69 bytes");
    free(f.bytes);
}

/* A format whose library is missing is named, not taken for damage; nor is a file of it one of a folder's. */
static void names_missing_libraries(void **state)
{
    static const struct {
        enum pd_library_id id;
        pd_library_version *version;
        const char *begin, *name;
        size_t at; /* where the signature begins */
    } kinds[] = {
        {PD_LIBRARY_dcmj2pnm, pd_library_dcmj2pnm, "DICM", "x.dcm", 128},
        {PD_LIBRARY_gif, pd_library_gif, "GIF89a", "x.gif", 0},
        {PD_LIBRARY_heif, pd_library_heif, "ftypheic", "x.heic", 4},
        {PD_LIBRARY_jpeg, pd_library_jpeg, "\xff\xd8\xff", "x.jpg", 0},
        {PD_LIBRARY_tiff, pd_library_tiff, "MM\0*", "x.tif", 0},
        {PD_LIBRARY_webp, pd_library_webp, "WEBPVP8 ", "x.webp", 8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct pd_image image;
        struct pd_error err;
        uint8_t bytes[160] = {0};
        const size_t length = i == 4 ? 4 : strlen(kinds[i].begin);
        memcpy(bytes + kinds[i].at, kinds[i].begin, length);
        const bool is_in = pd_library_is_in(kinds[i].version);
        if (i == 0 && is_in) /* a process of its own */
            continue;
        assert_int_equal(pd_image_decode(bytes, sizeof bytes, "x.png", &image, &err),
                         is_in ? PD_ERR_FORMAT : PD_ERR_UNSUPPORTED);
        assert_int_equal(pd_image_is_ending(kinds[i].name), is_in);
        if (is_in)
            continue;
        assert_contains(err.message, pd_library_refusal(kinds[i].id));
        assert_string_equal(pd_image_unread(kinds[i].name), pd_library_refusal(kinds[i].id));
    }
}

static void knows_endings(void **state)
{
    (void)state;
    NEEDS(jpeg);
    assert_true(pd_image_is_ending("a.png") && pd_image_is_ending("b/A.b.JFIF") &&
                pd_image_is_ending("x.Jpe"));
    assert_false(pd_image_is_ending(".png") || pd_image_is_ending("png") || pd_image_is_ending("a.pn"));
    assert_false(pd_image_is_ending("a.png.txt") || pd_image_is_ending("a.") || pd_image_is_ending("a.jpg "));
    assert_string_equal(pd_image_unread("photo.JXL"), "no reader for JPEG XL");
    assert_null(pd_image_unread("photo.png"));
    assert_null(pd_image_unread("notes.txt"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_colour),
        cmocka_unit_test(reads_other_pixels),
        cmocka_unit_test(reads_other_depths),
        cmocka_unit_test(reads_cmyk),
        cmocka_unit_test(turns_as_exif_says),
        cmocka_unit_test(turns_webp),
        cmocka_unit_test(asks_of_an_alpha_that_varies),
        cmocka_unit_test(passes_over_bad_exif),
        cmocka_unit_test(takes_exif_of_any_integer),
        cmocka_unit_test(takes_xmp_where_exif_is_silent),
        cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(refuses_jpegs_that_lost_pixels),
        cmocka_unit_test(names_what_it_does_not_read),
        cmocka_unit_test(refuses_what_is_no_image),
        cmocka_unit_test(refuses_bombs),
        cmocka_unit_test(names_missing_libraries),
        cmocka_unit_test(knows_endings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
