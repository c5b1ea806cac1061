#include "scratch.h"

#include "io/png.h"

#include <math.h>
#include <png.h>

/* Decodes with libpng to the given format; to be freed. */
static uint8_t *decode(const void *bytes, size_t size, png_uint_32 format, png_image *image)
{
    *image = (png_image){.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(image, bytes, size));
    assert_int_equal(image->format, format);
    uint8_t *pixels = malloc(PNG_IMAGE_SIZE(*image));
    assert_true(png_image_finish_read(image, NULL, pixels, 0, NULL));
    return pixels;
}

static void lays_grey_images_out(void **state)
{
    (void)state;
    static const float images[3 * 2] = {-1, 1, 0, -2, 2, NAN}; /* (3, 1, 1, 2) */
    static const uint8_t expected[5][7] = {{255, 255, 255, 255, 255, 255, 255},
                                           {255, 0, 255, 255, 128, 0, 255},
                                           {255, 255, 255, 255, 255, 255, 255},
                                           {255, 255, 0, 255, 255, 255, 255},
                                           {255, 255, 255, 255, 255, 255, 255}};
    const struct pd_png_grid grid = {.n = 3, .c = 1, .h = 1, .w = 2, .columns = 2, .pad = 1};
    struct pd_buffer png = PD_BUFFER_INIT;
    png_image image;
    assert_int_equal(pd_png_encode_grid(&png, images, &grid, NULL), PD_OK);
    uint8_t *pixels = decode(png.data, png.size, PNG_FORMAT_GRAY, &image);
    assert_int_equal(image.width, 7);
    assert_int_equal(image.height, 5);
    assert_memory_equal(pixels, expected, sizeof expected);
    free(pixels);
    pd_buffer_release(&png);
}

static void interleaves_colours(void **state)
{
    (void)state;
    static const float image[3 * 2] = {-1, 1, 0, -1, 1, 0}; /* (1, 3, 1, 2) */
    static const uint8_t expected[6] = {0, 128, 255, 255, 0, 128};
    const struct pd_png_grid grid = {.n = 1, .c = 3, .h = 1, .w = 2};
    png_image decoded;
    size_t size;
    const char *path = scratch_path("colour.png");
    assert_int_equal(pd_png_write_grid(path, image, &grid, NULL), PD_OK);
    char *bytes = scratch_read(path, &size);
    uint8_t *pixels = decode(bytes, size, PNG_FORMAT_RGB, &decoded);
    assert_int_equal(decoded.width, 2);
    assert_int_equal(decoded.height, 1);
    assert_memory_equal(pixels, expected, sizeof expected);
    free(pixels);
    free(bytes);
}

static void writes_rgb(void **state)
{
    (void)state;
    static const uint8_t rgb[2 * 1 * 3] = {1, 2, 3, 250, 251, 252};
    png_image decoded;
    size_t size;
    const char *path = scratch_path("rgb.png");
    assert_int_equal(pd_png_write_rgb(path, rgb, 1, 2, NULL), PD_OK);
    char *bytes = scratch_read(path, &size);
    uint8_t *pixels = decode(bytes, size, PNG_FORMAT_RGB, &decoded);
    assert_memory_equal(pixels, rgb, sizeof rgb);
    free(pixels);
    free(bytes);
}

static void measures_grids(void **state)
{
    (void)state;
    static const struct {
        struct pd_png_grid grid;
        int64_t width, height;
    } cases[] = {{{.n = 10, .c = 1, .h = 28, .w = 30, .columns = 0, .pad = 2}, 4 * 32 + 2, 3 * 30 + 2},
                 {{.n = 3, .c = 1, .h = 8, .w = 8, .columns = 9, .pad = 0}, 24, 8},
                 {{.n = 4, .c = 1, .h = 8, .w = 8, .columns = 2, .pad = 0}, 16, 16}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t width, height;
        pd_png_grid_size(&cases[i].grid, &width, &height);
        assert_int_equal(width, cases[i].width);
        assert_int_equal(height, cases[i].height);
    }
}

static void refuses_impossible_grids(void **state)
{
    (void)state;
    static const struct {
        struct pd_png_grid grid;
        const char *message;
    } cases[] = {
        {{.n = 1, .c = 2, .h = 1, .w = 1}, "picture of 2 channels, expected 1 or 3"},
        {{.n = 0, .c = 1, .h = 1, .w = 1}, "grid of 0 images of 1 x 1 pixels is out of range"},
        {{.n = 1, .c = 1, .h = 0, .w = 1}, "grid of 1 images of 1 x 0 pixels is out of range"},
        {{.n = 1, .c = 1, .h = 1, .w = 1, .columns = -1}, "out of range"},
        {{.n = 1, .c = 1, .h = 1, .w = 1, .pad = -1}, "out of range"},
        {{.n = 2, .c = 1, .h = 1, .w = 600000, .columns = 2},
         "picture of 1200000 x 1 pixels, expected 1 to 1000000 a side"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pd_error err;
        struct pd_buffer png = PD_BUFFER_INIT;
        assert_int_equal(pd_png_encode_grid(&png, NULL, &cases[i].grid, &err), PD_ERR_USAGE);
        assert_contains(err.message, cases[i].message);
    }
    struct pd_error err;
    assert_int_equal(pd_png_write_rgb(scratch_path("no.png"), NULL, 0, 1, &err), PD_ERR_USAGE);
    assert_contains(err.message, "picture of 0 x 1 pixels");
}

static void a_failed_write_names_the_file(void **state)
{
    (void)state;
    struct pd_error err;
    const float x = 0;
    const struct pd_png_grid grid = {.n = 1, .c = 1, .h = 1, .w = 1};
    assert_int_equal(pd_png_write_grid("/dev/full", &x, &grid, &err), PD_ERR_IO);
    assert_string_equal(err.message, "/dev/full: cannot write: No space left on device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lays_grey_images_out),
        cmocka_unit_test(interleaves_colours),
        cmocka_unit_test(writes_rgb),
        cmocka_unit_test(measures_grids),
        cmocka_unit_test(refuses_impossible_grids),
        cmocka_unit_test(a_failed_write_names_the_file),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
