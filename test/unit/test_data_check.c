/* What is said of a data set to other programs, by the public headers alone. */
#include "needs.h"
#include "image_maker.h"

#include <paydirt/data_check.h>
#include <paydirt/download.h>

#include <sys/stat.h>

static struct pd_error err;

static void put_image(const char *name, uint8_t first)
{
    uint8_t pixels[6 * 5 * 3] = {first, 20, 30};
    struct file f = make_png(6, 5, PNG_FORMAT_RGB, pixels, NULL, 0);
    scratch_write(scratch_path(name), f.bytes, f.size);
    free(f.bytes);
}

static const char *make_folder(void)
{
    static const char *const folders[] = {"photos", "photos/cat", "photos/dog"};
    for (int i = 0; i < 3; i++)
        mkdir(scratch_path(folders[i]), 0700);
    put_image("photos/cat/a.png", 1);
    put_image("photos/cat/b.png", 2);
    put_image("photos/dog/c.png", 2);
    scratch_write(scratch_path("photos/dog/d.png"), "\x89PNG\r\n\x1a\n", 8);
    scratch_write(scratch_path("photos/dog/notes.txt"), "x", 1);
    return scratch_path("photos");
}

struct seen {
    int calls;
    uint64_t done, count;
    bool stop;
};

static bool see(void *context, const char *unit, uint64_t done, uint64_t count)
{
    struct seen *s = context;
    assert_string_equal(unit, "images");
    s->calls++;
    s->done = done;
    s->count = count;
    return s->stop;
}

static void a_folder_is_told(void **state)
{
    (void)state;
    struct seen seen = {0};
    const struct pd_data_watch watch = {&seen, see, NULL};
    const struct pd_data_request request = {.name = make_folder(), .watch = &watch};
    struct pd_data_report r;
    if (pd_data_check(&request, &r, &err))
        fail_msg("%s", err.message);
    const struct pd_split_report *s = &r.splits[PD_SPLIT_TRAIN];
    assert_string_equal(r.set, "folder");
    assert_int_equal(r.classes, 2);
    assert_string_equal(r.class_names[1], "dog");
    assert_true(s->there && !r.splits[PD_SPLIT_TEST].there && *r.splits[PD_SPLIT_TEST].why_not);
    assert_int_equal(s->count, 3);
    assert_int_equal(s->of_class[0], 2);
    assert_string_equal(s->names[2], "dog/c.png");
    assert_true(s->least[0] == 6 && s->most[1] == 5);
    assert_int_equal(s->passed_count, 1);
    assert_string_equal(s->passed[0].kind, ".txt");
    assert_int_equal(r.broken_count, 1);
    assert_string_equal(r.broken[0].file, "dog/d.png");
    assert_true(r.copy_count == 1 && s->copies == 1 && r.mislabelled == 1 && r.copies[0].other_label);
    assert_true(seen.calls >= 2 && seen.done == 4 && seen.count == 4);
    pd_data_report_release(&r);
    pd_data_report_release(&r);
}

static void a_watch_stops_it(void **state)
{
    (void)state;
    struct seen seen = {.stop = true};
    const struct pd_data_watch watch = {&seen, see, NULL};
    const struct pd_data_request request = {.name = make_folder(), .watch = &watch};
    struct pd_data_report r;
    assert_int_equal(pd_data_check(&request, &r, &err), PD_ERR_INTERRUPTED);
    assert_null(r.set);
}

static void sets_without_names_have_numbers(void **state)
{
    (void)state;
    struct pd_data_report r;
    assert_int_equal(pd_data_check(&(struct pd_data_request){.name = "synthetic"}, &r, &err), PD_OK);
    assert_true(r.points && r.channels == 2 && r.classes == 2 && r.splits[PD_SPLIT_TEST].there);
    assert_string_equal(r.class_names[1], "1");
    assert_null(r.splits[0].names[0]);
    pd_data_report_release(&r);
    assert_int_equal(pd_data_check(&(struct pd_data_request){.name = "syntetic"}, &r, NULL), PD_ERR_USAGE);
}

static void a_set_is_opened_and_drawn(void **state)
{
    (void)state;
    NEEDS(cairo);
    const struct pd_data_request request = {
        .name = "strokes", .dir = "", .split = PD_SPLIT_TEST, .count = 30, .size = 16};
    struct pd_dataset *data;
    char text[PD_CLASS_NAME_SIZE];
    int c, h, w;
    struct stat info;
    if (pd_dataset_open_any(&request, &data, &err))
        fail_msg("%s", err.message);
    pd_dataset_shape(data, &c, &h, &w);
    assert_true(pd_dataset_count(data) == 30 && pd_dataset_classes(data) == 10 && c == 1 && h == 16 &&
                w == 16);
    assert_string_equal(pd_dataset_name(data), "strokes");
    assert_string_equal(pd_dataset_image_name(data, 7, text, sizeof text), "7");
    assert_in_range(pd_dataset_labels(data)[3], 0, 9);
    if (pd_dataset_draw(data, 3, NULL, scratch_path("sheet.png"), &err))
        fail_msg("%s", err.message);
    assert_true(!stat(scratch_path("sheet.png"), &info) && info.st_size > 100);
    assert_int_equal(pd_dataset_draw(data, 0, NULL, scratch_path("no.png"), &err), PD_ERR_USAGE);
    assert_int_equal(pd_dataset_draw(data, 3, NULL, scratch_path("no/no.png"), &err), PD_ERR_IO);
    pd_dataset_destroy(data);
    const struct pd_data_request third = {.name = "strokes", .split = PD_SPLITS};
    assert_int_equal(pd_dataset_open(&third, &data, &err), PD_ERR_USAGE);
    assert_int_equal(pd_dataset_open_any(&third, &data, &err), PD_ERR_USAGE);
    assert_null(data);
    assert_int_equal(pd_dataset_open(&(struct pd_data_request){.name = "synthetic"}, &data, &err), PD_OK);
    assert_int_equal(pd_dataset_draw(data, 3, NULL, scratch_path("points.png"), &err), PD_ERR_USAGE);
    pd_dataset_destroy(data);
}

static void published_sets_are_known(void **state)
{
    (void)state;
    const struct pd_published *mnist = pd_published_find("mnist", &err);
    assert_non_null(mnist);
    assert_false(pd_published_is_there(mnist, scratch_path("")));
    assert_null(pd_published_at(-1));
    assert_null(pd_data_source_at(1000));
}

/* Tables of labels in train/ and test/ may name other classes: each is counted by its name. */
static void splits_with_other_classes_are_counted_by_name(void **state)
{
    (void)state;
    static const char *const folders[] = {"two", "two/train", "two/test"};
    for (int i = 0; i < 3; i++)
        mkdir(scratch_path(folders[i]), 0700);
    put_image("two/train/a.png", 1);
    put_image("two/train/b.png", 2);
    put_image("two/test/c.png", 1);
    put_image("two/test/d.png", 4);
    put_image("two/test/e.png", 5);
    static const char train[] = "file_name,label\na.png,cat\nb.png,dog\n",
                      test[] = "file_name,label\nc.png,dog\nd.png,ant\ne.png,dog\n";
    scratch_write(scratch_path("two/train/metadata.csv"), train, sizeof train - 1);
    scratch_write(scratch_path("two/test/metadata.csv"), test, sizeof test - 1);
    const struct pd_data_request request = {.name = scratch_path("two")};
    struct pd_data_report r;
    if (pd_data_check(&request, &r, &err))
        fail_msg("%s", err.message);
    assert_int_equal(r.classes, 3);
    assert_string_equal(r.class_names[0], "cat");
    assert_string_equal(r.class_names[1], "dog");
    assert_string_equal(r.class_names[2], "ant");
    const size_t *of_train = r.splits[PD_SPLIT_TRAIN].of_class, *of_test = r.splits[PD_SPLIT_TEST].of_class;
    assert_true(of_train[0] == 1 && of_train[1] == 1 && of_train[2] == 0);
    assert_true(of_test[0] == 0 && of_test[1] == 2 && of_test[2] == 1);
    assert_true(r.copy_count == 1 && r.copies[0].other_label); /* a cat that is a dog */
    pd_data_report_release(&r);
}

/* A folder of 16 grey images whose pixels are 0 to `most`. */
static const char *make_dark_folder(const char *name, int most)
{
    uint8_t pixels[8 * 8];
    char path[64];
    mkdir(scratch_path(name), 0700);
    snprintf(path, sizeof path, "%s/cat", name);
    mkdir(scratch_path(path), 0700);
    for (int i = 0; i < 16; i++) {
        for (int k = 0; k < 64; k++)
            pixels[k] = (uint8_t)((7 * k + 5 * i) % (most + 1));
        struct file f = make_png(8, 8, PNG_FORMAT_GRAY, pixels, NULL, 0);
        snprintf(path, sizeof path, "%s/cat/%d.png", name, i);
        scratch_write(scratch_path(path), f.bytes, f.size);
        free(f.bytes);
    }
    return scratch_path(name);
}

static void images_that_hardly_differ_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int most;
        bool told;
    } cases[] = {{"dark", 15, true}, {"plain", 40, false}};
    for (size_t i = 0; i < 2; i++) {
        struct pd_data_request request = {.name = make_dark_folder(cases[i].name, cases[i].most), .size = 8};
        struct pd_data_report r;
        struct pd_dataset *data;
        assert_int_equal(pd_data_check(&request, &r, &err), PD_OK);
        assert_int_equal(strstr(r.splits[PD_SPLIT_TRAIN].note, "hardly anything to see") != NULL,
                         cases[i].told);
        pd_data_report_release(&r);
        assert_int_equal(pd_dataset_open(&request, &data, &err), PD_OK);
        assert_int_equal(strstr(pd_dataset_note(data), "dark: the pixels are all about 0.0") != NULL,
                         cases[i].told);
        pd_dataset_destroy(data);
    }
}

/* a/: 8 bits; b/: 16, of which so many are used above a least value. */
static void images_of_another_depth_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int bits, least;
        const char *words;
    } cases[] = {{"twelve", 12, 0,
                  "6 of 12 images (all of class b) hardly show anything: their values lie within 6 %"},
                 {"fourteen", 14, 0, "(all of class b) hardly show anything: their values lie within 25 %"},
                 {"grey", 12, 28672,
                  "(all of class b) hardly show anything: their values lie within 6 % of black to white (12 "
                  "bits in 16, numbers"},
                 {"bright", 13, 30000, NULL},
                 {"sixteen", 16, 0, NULL}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char name[64];
        mkdir(scratch_path(cases[k].name), 0700);
        for (int i = 0; i < 12; i++) {
            uint16_t deep[64];
            uint8_t flat[64];
            for (int j = 0; j < 64; j++)
                deep[j] = (uint16_t)(cases[k].least +
                                     ((flat[j] = (uint8_t)((37 * j + i) % 256)) << (cases[k].bits - 8)));
            snprintf(name, sizeof name, "%s/%c", cases[k].name, i % 2 ? 'b' : 'a');
            mkdir(scratch_path(name), 0700);
            snprintf(name, sizeof name, "%s/%c/%d.png", cases[k].name, i % 2 ? 'b' : 'a', i);
            struct file f = make_png(8, 8, i % 2 ? PNG_FORMAT_LINEAR_Y : PNG_FORMAT_GRAY,
                                     i % 2 ? (void *)deep : flat, NULL, 0);
            scratch_write(scratch_path(name), f.bytes, f.size);
            free(f.bytes);
        }
        struct pd_data_request request = {.name = scratch_path(cases[k].name), .size = 8};
        struct pd_data_report r;
        struct pd_dataset *data;
        assert_int_equal(pd_data_check(&request, &r, &err), PD_OK);
        assert_int_equal(pd_dataset_open(&request, &data, &err), PD_OK);
        const char *notes[] = {r.splits[PD_SPLIT_TRAIN].note, pd_dataset_note(data)};
        for (int i = 0; i < 2; i++)
            if (cases[k].words ? !strstr(notes[i], cases[k].words) : strstr(notes[i], "hardly") != NULL)
                fail_msg("%s: %s", cases[k].name, notes[i]);
        pd_data_report_release(&r);
        pd_dataset_destroy(data);
    }
}

/* "strokes" is built in, whatever lies in the current folder; files called as MNIST's may be another's. */
static void a_folder_called_as_a_set_is_told(void **state)
{
    (void)state;
    static const uint8_t images[16 + 64] = {0, 0, 8, 3, 0, 0, 0, 1,
                                            0, 0, 0, 8, 0, 0, 0, 8}, /* one of 8 x 8 */
        labels[9] = {0, 0, 8, 1, 0, 0, 0, 1, 5};
    struct pd_data_request request = {.name = "strokes", .count = 10, .size = 8};
    struct pd_data_report r;
    struct pd_dataset *data;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch_path("")), 0);
    mkdir("strokes", 0700);
    mkdir("mnist", 0700);
    mkdir("clothes", 0700);
    scratch_write("clothes/train-images-idx3-ubyte", images, sizeof images);
    scratch_write("clothes/train-labels-idx1-ubyte", labels, sizeof labels);
    assert_int_equal(pd_dataset_open_any(&request, &data, &err), PD_OK);
    assert_contains(pd_dataset_note(data), "not the folder of that name, './strokes'");
    pd_dataset_destroy(data);
    request.name = "mnist";
    assert_int_equal(pd_dataset_open_any(&request, &data, &err), PD_ERR_USAGE);
    assert_contains(err.message, "; the folder of that name is './mnist'"); /* whatever takes it */
    assert_string_equal(err.hint, "data-dir");
    request.name = "clothes";
    assert_int_equal(pd_data_check(&request, &r, &err), PD_OK);
    assert_contains(r.summary, "or another set of IDX files that are called as MNIST's");
    pd_data_report_release(&r);
    assert_int_equal(chdir(before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_told),
        cmocka_unit_test(a_watch_stops_it),
        cmocka_unit_test(sets_without_names_have_numbers),
        cmocka_unit_test(a_set_is_opened_and_drawn),
        cmocka_unit_test(published_sets_are_known),
        cmocka_unit_test(images_that_hardly_differ_are_named),
        cmocka_unit_test(images_of_another_depth_are_named),
        cmocka_unit_test(a_folder_called_as_a_set_is_told),
        cmocka_unit_test(splits_with_other_classes_are_counted_by_name),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
