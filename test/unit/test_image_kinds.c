/* Every kind of image file against what Pillow reads in it: test/unit/make_images.py made both. */
#include "scratch.h"

#include "data/image.h"

enum { LINE_SIZE = 1 << 14, PATH_SIZE = 4096 };

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

/* A line: name, height, width, largest difference, pixels. */
static int check(const char *line)
{
    char name[128], path[PATH_SIZE];
    int height, width, slack, begin;
    assert_int_equal(sscanf(line, "%127s %d %d %d %n", name, &height, &width, &slack, &begin), 4);
    snprintf(path, sizeof path, "%s/fuzz/corpus/image/kinds/%s", PD_TEST_DIR, name);
    struct pd_image image;
    struct pd_error err;
    if (pd_image_read(path, &image, &err)) {
        print_error("%s\n", err.message);
        return 1;
    }
    const bool same_size = image.height == height && image.width == width;
    const int difference = same_size ? largest_difference(&image, line + begin) : 999;
    if (difference > slack)
        print_error("%s: %d x %d for %d x %d, differs by %d\n", name, image.width, image.height, width,
                    height, difference);
    pd_image_release(&image);
    return difference > slack;
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
        wrong += check(line);
    }
    fclose(list);
    assert_in_range(files, 100, 1000);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_what_pillow_reads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
