/* A data set is put back as a run began with it, whatever was renamed, moved or added meanwhile; what was
 * lost, relabelled or replaced is named. */
#include "scratch.h"

#include "base/mem.h"
#include "data/roster.h"

enum { SIDE = 2, BYTES = SIDE * SIDE };

/* An image: what it is called, what it shows, its class. */
struct item {
    const char *name;
    int content, label;
};

static struct pd_dataset *make(const struct item *items, uint32_t n, const char *const *classes, int k)
{
    struct pd_dataset *d = pd_calloc(1, sizeof *d);
    size_t size = 1;
    strcpy(d->name, "photos");
    assert_int_equal(pd_dataset_reserve(d, n, 1, SIDE, SIDE, NULL), PD_OK);
    d->classes = k;
    if (classes)
        assert_int_equal(pd_dataset_name_classes(d, classes, k, NULL), PD_OK);
    for (uint32_t i = 0; i < n; i++)
        size += strlen(items[i].name) + 1;
    d->name_text = pd_calloc(size, 1);
    char *at = d->name_text;
    for (uint32_t i = 0; i < n; i++) {
        at += sprintf(at, "%s", items[i].name) + 1;
        d->labels[i] = items[i].label;
        memset(d->pixels + i * BYTES, items[i].content, BYTES);
    }
    if (*items[0].name)
        assert_int_equal(pd_dataset_name_images(d, d->name_text, NULL), PD_OK);
    return d;
}

static const char *const abc[] = {"a", "b", "c"};
static const struct item five[] = {
    {"a/0", 10, 0}, {"a/1", 11, 0}, {"b/0", 20, 1}, {"c/0", 30, 2}, {"x", 40, -1}};

static void keep(const struct item *items, uint32_t n, bool listed)
{
    struct pd_dataset *d = make(items, n, abc, 3);
    struct pd_roster r;
    assert_int_equal(pd_roster_make(d, &r, NULL), PD_OK);
    r.listed = listed;
    assert_int_equal(pd_roster_write(scratch_dir, &r, NULL), PD_OK);
    pd_roster_release(&r);
    pd_dataset_destroy(d);
}

static enum pd_status restore(struct pd_dataset *d, bool join, struct pd_error *err)
{
    struct pd_roster r;
    assert_true(pd_roster_is_in(scratch_dir));
    assert_int_equal(pd_roster_read(scratch_dir, &r, err), PD_OK);
    enum pd_status status = pd_roster_restore(&r, scratch_dir, join, d, err);
    pd_roster_release(&r);
    return status;
}

/* What comes back is the five, whatever there is now; note: a part of the note, or "" for none. */
static void comes_back(const struct item *items, uint32_t n, const char *const *classes, int k,
                       const char *note)
{
    struct pd_dataset *d = make(items, n, classes, k);
    struct pd_error err;
    if (restore(d, false, &err))
        fail_msg("%s", err.message);
    assert_int_equal(d->count, 5);
    assert_int_equal(d->classes, 3);
    for (int c = 0; c < 3; c++)
        assert_string_equal(d->class_names[c], abc[c]);
    for (uint32_t i = 0; i < 5; i++) {
        assert_string_equal(d->image_names[i], five[i].name);
        assert_int_equal(d->labels[i], five[i].label);
        assert_int_equal(pd_dataset_image(d, i)[BYTES - 1], five[i].content);
    }
    if (*note)
        assert_contains(d->note, note);
    else
        assert_string_equal(d->note, "");
    pd_dataset_destroy(d);
}

static void is_refused(const struct item *items, uint32_t n, const char *const *classes, int k,
                       const char *words)
{
    struct pd_dataset *d = make(items, n, classes, k);
    struct pd_error err;
    assert_int_equal(restore(d, false, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, words);
    pd_dataset_destroy(d);
}

static void the_same_needs_no_word(void **state)
{
    (void)state;
    keep(five, 5, true);
    comes_back(five, 5, abc, 3, "");
    assert_int_equal(remove(scratch_path("images.csv")), 0); /* the fingerprint has said it */
    comes_back(five, 5, abc, 3, "");
}

static void new_images_are_left_out(void **state)
{
    (void)state;
    const struct item more[] = {{"a/0", 10, 0}, {"a/00", 12, 0}, {"a/1", 11, 0}, {"b/0", 20, 1},
                                {"b/9", 20, 1}, {"c/0", 30, 2},  {"x", 40, -1},  {"y", 41, -1}};
    keep(five, 5, true);
    comes_back(more, 8, abc, 3, "photos: 3 images left out that were not there when the run began");
}

static void a_new_class_changes_no_label(void **state)
{
    (void)state;
    const char *const more[] = {"a", "aa", "b", "c"};
    const struct item items[] = {{"a/0", 10, 0}, {"a/1", 11, 0}, {"aa/0", 50, 1},
                                 {"b/0", 20, 2}, {"c/0", 30, 3}, {"x", 40, -1}};
    const char *const turned[] = {"c", "b", "a"};
    const struct item other[] = {
        {"a/0", 10, 2}, {"a/1", 11, 2}, {"b/0", 20, 1}, {"c/0", 30, 0}, {"x", 40, -1}};
    keep(five, 5, true);
    comes_back(items, 6, more, 4, "its classes have another order than when the run began");
    comes_back(items, 6, more, 4, "1 image left out that was not there when the run began");
    comes_back(other, 5, turned, 3, "matched by name");
}

static void a_renamed_class_is_refused(void **state)
{
    (void)state;
    const char *const bcz[] = {"b", "c", "z"};
    const struct item items[] = {
        {"b/0", 20, 0}, {"c/0", 30, 1}, {"x", 40, -1}, {"z/0", 10, 2}, {"z/1", 11, 2}};
    keep(five, 5, true);
    is_refused(items, 5, bcz, 3,
               "1 class gone ('a'), 2 with another label (z/0: 'z', was 'a', z/1: 'z', was 'a')");
}

/* Two names for one another, and two contents for one another, are no change but of names. */
static void moved_images_are_found_by_content(void **state)
{
    (void)state;
    const struct item moved[] = {
        {"a/0", 11, 0}, {"a/1", 10, 0}, {"b/sub/0", 20, 1}, {"c/0", 30, 2}, {"x", 40, -1}};
    keep(five, 5, true);
    comes_back(moved, 5, abc, 3, "photos: 3 images were moved or renamed since the run began (a/1 was a/0)");
}

static void copies_keep_their_labels(void **state)
{
    (void)state;
    const struct item copies[] = {{"a/0", 10, 0}, {"a/1", 10, 0}, {"b/0", 10, 1}, {"c/0", 10, 2}};
    const struct item moved[] = {
        {"a/7", 10, 0}, {"b/7", 10, 1}, {"c/7", 10, 2}, {"a/8", 10, 0}, {"b/8", 10, 1}};
    keep(copies, 4, true);
    struct pd_dataset *d = make(moved, 5, abc, 3);
    assert_int_equal(restore(d, false, NULL), PD_OK);
    assert_int_equal(d->count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_string_equal(d->image_names[i], copies[i].name);
        assert_int_equal(d->labels[i], copies[i].label);
    }
    pd_dataset_destroy(d);
    is_refused(moved, 3, abc, 3, "1 image gone (a/1)");
}

static void what_was_lost_is_named(void **state)
{
    (void)state;
    const struct item gone[] = {{"a/1", 11, 0}, {"c/0", 30, 2}, {"x", 40, -1}};
    const struct item relabelled[] = {
        {"a/0", 10, 1}, {"a/1", 11, 0}, {"b/0", 20, -1}, {"c/0", 30, 2}, {"x", 40, -1}};
    const struct item replaced[] = {
        {"a/0", 10, 0}, {"a/1", 77, 0}, {"b/0", 20, 1}, {"c/0", 30, 2}, {"x", 40, -1}};
    const struct item all[] = {{"a/0", 10, 0}, {"b/0", 77, 1}, {"c/0", 30, 1}, {"x", 40, -1}};
    keep(five, 5, true);
    is_refused(gone, 3, abc, 3, "data set 'photos'");
    is_refused(gone, 3, abc, 3, "2 images gone (a/0, b/0)");
    is_refused(relabelled, 5, abc, 3, "2 with another label (a/0: 'b', was 'a', b/0: no label, was 'b')");
    is_refused(replaced, 5, abc, 3, "1 replaced (a/1)");
    is_refused(all, 4, abc, 3,
               "1 image gone (a/1), 1 with another label (c/0: 'b', was 'c'), 1 replaced (b/0)");
}

static void a_label_that_came_is_left_aside(void **state)
{
    (void)state;
    const struct item items[] = {
        {"a/0", 10, 0}, {"a/1", 11, 0}, {"b/0", 20, 1}, {"c/0", 30, 2}, {"c/x", 40, 2}};
    keep(five, 5, true);
    comes_back(items, 5, abc, 3, "1 image has got a label since the run began");
}

static void images_may_join(void **state)
{
    (void)state;
    const struct item more[] = {{"a/0", 10, 0}, {"a/00", 12, 0}, {"a/1", 11, 0},
                                {"b/0", 20, 1}, {"c/0", 30, 2},  {"x", 40, -1}};
    keep(five, 5, true);
    struct pd_dataset *d = make(more, 6, abc, 3);
    assert_int_equal(restore(d, true, NULL), PD_OK);
    assert_int_equal(d->count, 6);
    assert_string_equal(d->image_names[4], "x");
    assert_string_equal(d->image_names[5], "a/00");
    assert_int_equal(pd_dataset_image(d, 5)[0], 12);
    assert_string_equal(d->note, "photos: 1 new image joins the run\nphotos: 1 of the new ones has a label, "
                                 "which counts from the next "
                                 "round on\n");
    pd_dataset_destroy(d);
}

static void images_of_no_class_do_not_join(void **state)
{
    (void)state;
    const char *const more[] = {"a", "b", "c", "fish"};
    const struct item items[] = {{"a/0", 10, 0},    {"a/1", 11, 0},    {"b/0", 20, 1}, {"c/0", 30, 2},
                                 {"fish/0", 50, 3}, {"fish/1", 51, 3}, {"x", 40, -1}};
    keep(five, 5, true);
    struct pd_dataset *d = make(items, 7, more, 4);
    assert_int_equal(restore(d, true, NULL), PD_OK);
    assert_int_equal(d->count, 5);
    assert_string_equal(d->note, "photos: 2 new images are left out, of a class that the run does not have "
                                 "('fish')\tto take them in: add-class=NAME\n");
    pd_dataset_destroy(d);
}

/* Rows behind those that data.json counts: a list that was about to grow as the process was killed. */
static void half_grown_lists_are_read(void **state)
{
    (void)state;
    keep(five, 5, true);
    FILE *f = fopen(scratch_path("images.csv"), "a");
    fputs("a/00,a,00112233445566778899aabbccddeeff\nhalf", f);
    fclose(f);
    const struct item more[] = {{"a/0", 10, 0}, {"a/00", 12, 0}, {"a/1", 11, 0},
                                {"b/0", 20, 1}, {"c/0", 30, 2},  {"x", 40, -1}};
    comes_back(more, 6, abc, 3, "1 image left out");
}

/* Arrays, of which the rows are the names. */
static void rows_without_names(void **state)
{
    (void)state;
    const struct item rows[] = {{"", 1, 0}, {"", 2, 1}, {"", 3, 2}};
    const struct item more[] = {{"", 9, 0}, {"", 1, 0}, {"", 2, 1}, {"", 3, 2}};
    keep(rows, 3, true);
    struct pd_dataset *d = make(more, 4, abc, 3);
    struct pd_error err;
    assert_int_equal(restore(d, false, &err), PD_OK);
    assert_null(d->image_names);
    assert_int_equal(d->count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(pd_dataset_image(d, i)[0], i + 1);
    assert_contains(d->note, "3 images were moved or renamed since the run began (1 was 0)");
    pd_dataset_destroy(d);
    is_refused(rows, 2, abc, 3, "1 image gone (2)");
    struct pd_roster r; /* people answered by numbers that are others' now */
    d = make(more, 4, abc, 3);
    assert_int_equal(pd_roster_read(scratch_dir, &r, &err), PD_OK);
    r.numbered = true;
    assert_int_equal(pd_roster_restore(&r, scratch_dir, true, d, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "3 images have other numbers than when the run began");
    pd_roster_release(&r);
    pd_dataset_destroy(d);
}

static void without_a_list_all_must_be_the_same(void **state)
{
    (void)state;
    const struct item rows[] = {{"", 1, 0}, {"", 2, 1}, {"", 3, 2}},
                      other[] = {{"", 1, 0}, {"", 2, 2}, {"", 3, 2}};
    keep(rows, 3, false);
    assert_int_equal(access(scratch_path("images.csv"), F_OK), -1);
    struct pd_dataset *d = make(rows, 3, abc, 3);
    assert_int_equal(restore(d, false, NULL), PD_OK);
    pd_dataset_destroy(d);
    is_refused(other, 3, abc, 3, "data set 'photos': not what the run began with");
    is_refused(rows, 2, abc, 3, "2 images now, 3 then");
}

static void another_shape_is_said(void **state)
{
    (void)state;
    keep(five, 5, true);
    struct pd_dataset *d = make(five, 5, abc, 3);
    struct pd_error err;
    d->channels = 3;
    assert_int_equal(restore(d, false, &err), PD_ERR_MISMATCH);
    assert_contains(err.message,
                    "images of 3x2x2 now, and of 1x2x2 when the run began: was one with colours");
    d->channels = 1;
    pd_dataset_destroy(d);
}

static void a_list_that_was_edited_is_noticed(void **state)
{
    (void)state;
    keep(five, 5, true);
    size_t size;
    char *text = scratch_read(scratch_path("images.csv"), &size);
    char *at = strstr(text, "b/0,b");
    at[4] = 'a';
    scratch_write(scratch_path("images.csv"), text, size);
    free(text);
    struct pd_dataset *d = make(five, 4, abc, 3);
    struct pd_error err;
    assert_int_equal(restore(d, false, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "images.csv: was changed");
    pd_dataset_destroy(d);
}

static void reports_failed_allocations(void **state)
{
    (void)state;
    const struct item items[] = {
        {"a/0", 10, 0}, {"a/1", 11, 0}, {"b/7", 20, 1}, {"c/0", 30, 2}, {"x", 40, -1}};
    keep(five, 5, true);
    enum pd_status status = PD_ERR_MEMORY;
    uint64_t n = 1;
    for (; status; n++) {
        struct pd_dataset *d = make(items, 5, abc, 3);
        struct pd_roster r = {.count = 0};
        struct pd_error err = {.message = ""};
        pd_mem_fail_after(n);
        status = pd_roster_read(scratch_dir, &r, &err);
        if (!status)
            status = pd_roster_restore(&r, scratch_dir, false, d, &err);
        pd_mem_fail_after(0);
        if (status && status != PD_ERR_MEMORY)
            fail_msg("allocation %d: %s", (int)n, err.message);
        pd_roster_release(&r);
        pd_dataset_destroy(d);
    }
    assert_true(n > 10);
}

/* --- classes alone --- */

static void classes_are_adopted_by_name(void **state)
{
    (void)state;
    const char *const two[] = {"c", "b"}, *const strange[] = {"b", "z"};
    const struct item items[] = {{"1", 1, 0}, {"2", 2, 1}, {"3", 3, -1}};
    struct pd_dataset *run = make(five, 5, abc, 3), *d = make(items, 3, two, 2),
                      *z = make(items, 3, strange, 2);
    struct pd_class_names names;
    struct pd_error err;
    assert_int_equal(pd_class_names_copy(run, &names, NULL), PD_OK);
    assert_int_equal(pd_class_names_adopt(&names, false, run, NULL), PD_OK);
    assert_string_equal(run->note, "");
    assert_int_equal(pd_class_names_adopt(&names, false, d, NULL), PD_OK);
    assert_int_equal(d->classes, 3);
    assert_int_equal(d->labels[0], 2);
    assert_int_equal(d->labels[1], 1);
    assert_int_equal(d->labels[2], -1);
    assert_contains(d->note, "by name");
    assert_int_equal(pd_class_names_adopt(&names, false, z, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "does not know: z; its classes are a, b, c");
    assert_int_equal(pd_class_names_adopt(&names, true, z, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "2 classes, and the run 3");
    z->labels[1] = -1; /* a class that no image has is no hindrance */
    assert_int_equal(pd_class_names_adopt(&names, false, z, &err), PD_OK);
    assert_int_equal(z->labels[0], 1);
    pd_class_names_release(&names);
    pd_dataset_destroy(run);
    pd_dataset_destroy(d);
    pd_dataset_destroy(z);
}

/* Folders 0 to 10 in the order of their text. */
static void classes_that_are_numbers_are_adopted_by_them(void **state)
{
    (void)state;
    const char *const run[] = {"0", "1", "10", "2"}, *const padded[] = {"00", "01", "02", "10"},
                      *const from_1[] = {"1", "2", "3", "4"};
    const struct item items[] = {{"a", 1, 2}, {"b", 2, 1}, {"c", 3, -1}}, zero[] = {{"a", 1, 0}, {"b", 2, 1}};
    struct pd_class_names names;
    struct pd_error err;
    for (int named = 0; named < 2; named++)
        for (int by_number = 0; by_number < 2; by_number++) {
            struct pd_dataset *r = make(five, 5, run, 4), *d = make(items, 3, named ? padded : NULL, 4);
            assert_int_equal(pd_class_names_copy(r, &names, NULL), PD_OK);
            assert_int_equal(pd_class_names_adopt(&names, by_number, d, NULL), PD_OK);
            assert_true(d->labels[0] == 3 && d->labels[1] == 1 && d->labels[2] == -1);
            assert_string_equal(d->class_names[3], "2");
            assert_contains(d->note, named ? "00 is the run's class '0'" : "2 is the run's class '2'");
            pd_class_names_release(&names);
            pd_dataset_destroy(r);
            pd_dataset_destroy(d);
        }
    struct pd_dataset *r = make(five, 5, from_1, 4), *d = make(zero, 2, NULL, 4);
    assert_int_equal(pd_class_names_copy(r, &names, NULL), PD_OK);
    assert_int_equal(pd_class_names_adopt(&names, false, d, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "does not know: 0; its classes are 1, 2, 3, 4");
    assert_int_equal(pd_class_names_adopt(&names, true, d, NULL), PD_OK);
    assert_true(d->labels[0] == 0 && d->labels[1] == 1);
    pd_class_names_release(&names);
    pd_dataset_destroy(r);
    pd_dataset_destroy(d);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(the_same_needs_no_word),
        IN_FOLDER(new_images_are_left_out),
        IN_FOLDER(a_new_class_changes_no_label),
        IN_FOLDER(a_renamed_class_is_refused),
        IN_FOLDER(moved_images_are_found_by_content),
        IN_FOLDER(copies_keep_their_labels),
        IN_FOLDER(what_was_lost_is_named),
        IN_FOLDER(a_label_that_came_is_left_aside),
        IN_FOLDER(images_may_join),
        IN_FOLDER(images_of_no_class_do_not_join),
        IN_FOLDER(half_grown_lists_are_read),
        IN_FOLDER(rows_without_names),
        IN_FOLDER(without_a_list_all_must_be_the_same),
        IN_FOLDER(another_shape_is_said),
        IN_FOLDER(a_list_that_was_edited_is_noticed),
        IN_FOLDER(reports_failed_allocations),
        cmocka_unit_test(classes_are_adopted_by_name),
        cmocka_unit_test(classes_that_are_numbers_are_adopted_by_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
