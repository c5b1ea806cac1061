/* Every kind of image file against what Pillow reads in it: test/unit/make_images.py made both. */
#include "scratch.h"

#include "data/images/image.h"
#include "io/file.h"

enum { LINE_SIZE = 1 << 17, PATH_SIZE = 4096 };

static int hex(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* pixels: (height, width, 3) in hexadecimal digits */
static int largest_difference(const struct pd_image *image, const char *pixels)
{
    const int area = image->height * image->width;
    int largest = 0;
    for (int i = 0; i < area; i++)
        for (int c = 0; c < 3; c++, pixels += 2) {
            const int d = abs(image->planes[c * area + i] - 16 * hex(pixels[0]) - hex(pixels[1]));
            largest = d > largest ? d : largest;
        }
    return largest;
}

/* A line: name, height, width, largest difference, pixels; or name, 0, 0, 0, the words of a refusal. */
struct known {
    char name[128];
    int height, width, slack;
    const char *rest;
};

/* Whether the bytes give anything but what is known. */
static bool differs(const struct known *k, const void *bytes, size_t size, struct pd_error *err)
{
    struct pd_image image;
    err->message[0] = '\0';
    if (pd_image_decode(bytes, size, k->name, &image, err) && strstr(err->message, "built without"))
        return false;
    if (err->message[0])
        return k->height || !strstr(err->message, k->rest);
    const bool same_size = image.height == k->height && image.width == k->width;
    const bool same = same_size && largest_difference(&image, k->rest) <= k->slack;
    pd_image_release(&image);
    return !same;
}

/* A part of a file is refused, or nothing of the image is missing in it; but what turns it may come late. */
static bool is_silently_cut(const struct known *k, const uint8_t *bytes, size_t size)
{
    struct pd_error err;
    for (size_t cut = 1; cut < size && k->height && !strstr(k->name, "late"); cut += 1 + size / 50) {
        uint8_t *exact = memcpy(malloc(cut), bytes, cut);
        const bool wrong = differs(k, exact, cut, &err) && !err.message[0];
        free(exact);
        if (wrong) {
            print_error("%s: %zu of its %zu bytes read as another image\n", k->name, cut, size);
            return true;
        }
    }
    return false;
}

/* Whether the zeros of a file that was set aside whole, and more of them, are read as what never came. Pixels
 * of other kinds may be zeros. */
static bool is_silently_blank(const struct known *k, const uint8_t *bytes, size_t size)
{
    struct pd_error err;
    enum { MORE = 300 };
    if (!k->height || (!strstr(k->name, ".jpg") && !strstr(k->name, ".gif")))
        return false;
    for (size_t cut = 20; cut < size; cut++)
        for (size_t end = size; end <= size + MORE; end += MORE) {
            uint8_t *blank = calloc(end, 1);
            memcpy(blank, bytes, cut);
            const bool wrong = differs(k, blank, end, &err) && !err.message[0];
            free(blank);
            if (wrong) {
                print_error("%s: %zu of its %zu bytes and zeros up to %zu read as another image\n", k->name,
                            cut, size, end);
                return true;
            }
        }
    return false;
}

static bool goes_wrong(char *line)
{
    char path[PATH_SIZE];
    struct known k;
    struct pd_error err;
    struct pd_buffer file = PD_BUFFER_INIT;
    int begin;
    line[strcspn(line, "\n")] = '\0';
    assert_int_equal(sscanf(line, "%127s %d %d %d %n", k.name, &k.height, &k.width, &k.slack, &begin), 4);
    k.rest = line + begin;
    snprintf(path, sizeof path, "%s/fuzz/corpus/image/kinds/%s", PD_TEST_DIR, k.name);
    assert_int_equal(pd_file_read_most(path, PD_IMAGE_FILE_MAX, &file, &err), PD_OK);
    const bool wrong = differs(&k, file.data, file.size, &err);
    if (wrong)
        print_error("%s: not as expected. %s\n", k.name, err.message);
    const bool cut = is_silently_cut(&k, (const uint8_t *)file.data, file.size);
    const bool blank = is_silently_blank(&k, (const uint8_t *)file.data, file.size);
    pd_buffer_release(&file);
    return wrong || cut || blank;
}

static void reads_what_pillow_reads(void **state)
{
    (void)state;
    FILE *list = fopen(PD_TEST_DIR "/unit/images.txt", "r");
    assert_non_null(list);
    static char line[LINE_SIZE];
    int files = 0, wrong = 0;
    while (fgets(line, sizeof line, list)) {
        files++;
        wrong += goes_wrong(line);
    }
    fclose(list);
    assert_in_range(files, 100, 1000);
    assert_int_equal(wrong, 0);
}

/* What the pixels do not tell of the file. */
static void tells_what_is_beyond(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int beyond;
    } known[] = {{"rgb8.png", 0},
                 {"rgb16.png", PD_IMAGE_BITS},
                 {"rgba8.png", PD_IMAGE_MIXED | PD_IMAGE_VEILED},
                 {"grey8-trns.png", PD_IMAGE_MIXED},
                 {"animated.png", PD_IMAGE_FRAMES},
                 {"turned-xmp.png", PD_IMAGE_TURNED},
                 {"444.jpg", 0},
                 {"turned-6.jpg", 0},
                 {"turned-xmp.jpg", PD_IMAGE_TURNED},
                 {"cmyk-adobe.jpg", PD_IMAGE_MIXED},
                 {"turned-exif.webp", PD_IMAGE_TURNED},
                 {"animated.gif", PD_IMAGE_FRAMES},
                 {"transparent.gif", PD_IMAGE_MIXED},
                 {"no-mark.gif", 0},
                 {"fields-101010-40.bmp", PD_IMAGE_BITS},
                 {"rgb24-40.bmp", 0},
                 {"two-pages.tif", PD_IMAGE_FRAMES},
                 {"overviews.tif", 0},
                 {"bands2.tif", PD_IMAGE_BANDS | PD_IMAGE_BITS},
                 {"rgb-unspecified.tif", PD_IMAGE_BANDS},
                 {"rgb-five.tif", PD_IMAGE_BANDS | PD_IMAGE_MIXED | PD_IMAGE_VEILED},
                 {"rgb-premultiplied.tif", PD_IMAGE_MIXED | PD_IMAGE_VEILED},
                 {"grey8.dcm", 0},
                 {"two-frames.dcm", PD_IMAGE_FRAMES},
                 {"grey12.dcm", PD_IMAGE_BITS},
                 {"LA-plain.tif", PD_IMAGE_MIXED | PD_IMAGE_VEILED}};
    int wrong = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char path[PATH_SIZE];
        struct pd_image image;
        struct pd_error err;
        snprintf(path, sizeof path, "%s/fuzz/corpus/image/kinds/%s", PD_TEST_DIR, known[i].name);
        const enum pd_status status = pd_image_read(path, &image, &err);
        if (status && strstr(err.message, "built without"))
            continue;
        if (status || image.beyond != known[i].beyond) {
            print_error("%s: beyond %d, expected %d\n", known[i].name, image.beyond, known[i].beyond);
            wrong++;
        }
        pd_image_release(&image);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_what_pillow_reads),
                                       cmocka_unit_test(tells_what_is_beyond)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
