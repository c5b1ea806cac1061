/* A disc that fails, and memory that is short, are called by their names: never a damaged image, never one
 * that is left out in silence. The calls fail by test/torture/faults.c. */
#include "regress/program.h"

#include "io/npy.h"
#include "io/png.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IMAGES = 12, SIDE = 16, LARGE = 1 << 25 };

#define TRAIN                                                                                                \
    "train --data photos --model infogan --width 0.125 --size 16 --batch 4 --min-epoch 8 --epochs 1 "        \
    "--threads 1 --cache-dir cache "

static int setup(void **state)
{
    if (scratch_setup(state))
        return -1;
    mkdir(scratch_path("photos"), 0777);
    mkdir(scratch_path("photos/a"), 0777);
    mkdir(scratch_path("photos/b"), 0777);
    for (int i = 0; i < IMAGES; i++) {
        uint8_t rgb[SIDE * SIDE * 3];
        char name[32];
        for (int k = 0; k < SIDE * SIDE * 3; k++)
            rgb[k] = (uint8_t)(k / 3 + k % 3 * 50 + 9 * i);
        snprintf(name, sizeof name, "photos/%c/%02d.png", "ab"[i % 2], i);
        assert_int_equal(pd_png_write_rgb(scratch_path(name), rgb, SIDE, SIDE, NULL), PD_OK);
    }
    return 0;
}

/* What stands behind a PNG's end is not read, but makes the folder one that is cached. */
static void make_large(bool large)
{
    assert_int_equal(truncate(scratch_path("photos/a/00.png"), large ? LARGE : 4096), 0);
}

/* calls: "io", or "alloc", where path and op do not count. */
static const struct result *with_fault(const char *command, const char *calls, const char *path,
                                       const char *op, int at, const char *how)
{
    char number[16];
    snprintf(number, sizeof number, "%d", at);
    setenv("FAULT_ROOT", scratch_dir, 1);
    setenv("FAULT_CALLS", calls, 1);
    setenv("FAULT_PATH", path, 1);
    setenv("FAULT_OP", op, 1);
    setenv("FAULT_AT", number, 1);
    setenv("FAULT_HOW", how, 1);
    setenv("OMP_WAIT_POLICY", "passive", 1); /* no second exec */
    setenv("OPENBLAS_CORETYPE", "Prescott", 1);
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0:allocator_may_return_null=1", 1);
    setenv("LD_PRELOAD", getenv("LIBTORTURE"), 1);
    pid_t child = program_start(command, RLIM_INFINITY);
    unsetenv("LD_PRELOAD");
    return program_end(child);
}

static void expect(const char *command, const char *path, const char *op, const char *how, int code,
                   const char *words)
{
    const struct result *r = with_fault(command, "io", path, op, 1, how);
    if (r->code != code || !strstr(r->err, words) || strstr(r->err, "damaged"))
        fail_msg("'%s' with %s on %s of %s ended with %d and \"%s\", expected %d and \"%s\"", command, how,
                 op, path, r->code, r->err, code, words);
}

static void one_failed_read_is_tried_again(void **state)
{
    (void)state;
    make_large(false);
    const struct result *r = with_fault(TRAIN "--out once", "io", "07.png", "read", 1, "5");
    assert_int_equal(r->code, 0);
    assert_null(strstr(r->err, "left out"));
    r = with_fault(TRAIN "--out open", "io", "07.png", "open", 1, "5");
    assert_int_equal(r->code, 0);
    assert_null(strstr(r->err, "left out"));
    r = with_fault("data check photos", "io", "07.png", "read", 1, "4"); /* EINTR */
    assert_int_equal(r->code, 0);
    assert_contains(r->out, "12");
}

static void a_disc_that_fails_ends_it(void **state)
{
    (void)state;
    static const char *const commands[] = {TRAIN "--out never", "data check photos"};
    for (int large = 0; large < 2; large++)
        for (int i = 0; i < 2; i++) {
            make_large(large);
            expect(commands[i], "07.png", "read", "+5", 3, "07.png: cannot read: Input/output error");
            expect(commands[i], "07.png", "open", "+5", 3, "07.png: cannot open: Input/output error");
            expect(commands[i], "07.png", "open", "24", 3, "07.png: cannot open: Too many open files");
            expect(commands[i], "07.png", "open", "12", 6, "07.png: cannot open: Cannot allocate memory");
        }
}

/* Left out for this time alone, with its name and why. */
static void a_forbidden_file_is_named_and_not_forgotten(void **state)
{
    (void)state;
    make_large(true);
    expect(TRAIN "--out first", "07.png", "open", "13", 0, "07.png: cannot open: Permission denied");
    const struct result *r = succeeds(TRAIN "--out second");
    assert_null(strstr(r->err, "left out"));
    assert_int_equal(scratch_count(scratch_path("cache")), 1);
    make_large(false);
    expect(TRAIN "--out third", "07.png", "open", "13", 0, "07.png: cannot open: Permission denied");
}

static void lack_of_memory_breaks_no_image(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    print_message("skipped: AddressSanitizer itself ends without memory\n");
    skip();
#endif
    make_large(false);
    for (int n = 1; n < 300; n++) {
        const struct result *r = with_fault("data check photos --json", "alloc", "", "", n, "12");
        if (r->code == -SIGSEGV ||
            strstr(r->err, "libgomp")) /* glibc's fts_open() does not look; OpenMP ends */
            continue;
        if (r->code && (r->code != 6 || !strstr(r->err, "memory")))
            fail_msg("allocation %d: ended with %d and \"%s\"", n, r->code, r->err);
        if (!r->code)
            assert_contains(r->out, "\"usable\":true");
    }
}

static void other_calls_on_files_are_named(void **state)
{
    (void)state;
    make_large(false);
    succeeds(TRAIN "--out there");
    expect(TRAIN "--out never", "photos", "stat", "+5", 3, "photos: cannot look at: Input/output error");
    expect("data check photos", "photos", "stat", "+5", 3, "photos: cannot look at: Input/output error");
    expect(TRAIN "--out there", "there", "stat", "5", 3, "Input/output error"); /* not "File exists" */
    expect(TRAIN "--out there", "there", "opendir", "5", 3, "Input/output error");
    expect(TRAIN "--out there", "paydirt.tmp", "fstat", "5", 3, "Input/output error"); /* no other process */
    expect("data check photos", "photos", "opendir", "+5", 3, "Input/output error");
}

/* Files of a data set that are looked for under several names: one that cannot be looked at is not missing.
 */
static void a_failed_look_finds_nothing_missing(void **state)
{
    (void)state;
    static const struct {
        const char *command, *path;
    } looks[] = {
        {"data check mnist --data-dir known", "train-images-idx3-ubyte"},
        {"data check mnist --data-dir known", "train-labels-idx1-ubyte"},
        {"data check cifar10 --data-dir known", "data_batch_2.bin"}, /* fewer images */
        {"data check flat", "metadata.csv"},                         /* else nothing would have a label */
        {TRAIN "--out looked", "07.png"},
    };
    uint8_t images[16 + 4 * 28 * 28] = {[2] = 8, [3] = 3, [7] = 4, [11] = 28, [15] = 28};
    static const uint8_t labels[8 + 4] = {[2] = 8, [3] = 1, [7] = 4, 0, 1, 2, 3};
    static const char table[] = "file_name,label\n00.png,bird\n02.png,cat\n";
    mkdir(scratch_path("known"), 0777);
    mkdir(scratch_path("flat"), 0777);
    memset(images + 16 + 28 * 28, 100, 28 * 28);
    scratch_write(scratch_path("known/train-images-idx3-ubyte"), images, sizeof images);
    scratch_write(scratch_path("known/train-labels-idx1-ubyte"), labels, sizeof labels);
    for (int i = 1; i <= 2; i++) {
        char batch[32];
        snprintf(batch, sizeof batch, "known/data_batch_%d.bin", i);
        scratch_write(scratch_path(batch), "", 0);
        assert_int_equal(truncate(scratch_path(batch), 10000 * 3073), 0);
    }
    scratch_write(scratch_path("flat/metadata.csv"), table, strlen(table));
    make_large(false);
    for (int i = 0; i < 4; i += 2) {
        char from[32], to[32];
        snprintf(from, sizeof from, "photos/a/%02d.png", i);
        snprintf(to, sizeof to, "flat/%02d.png", i);
        assert_int_equal(link(scratch_path(from), scratch_path(to)), 0);
    }
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        char *said = strdup(succeeds(looks[i].command)->out);
        const struct result *r = with_fault(looks[i].command, "io", looks[i].path, "stat", 1, "5");
        if (r->code || (i < 4 && strcmp(r->out, said) != 0))
            fail_msg("'%s' with a failed look: %d and \"%s\"", looks[i].command, r->code, r->err);
        if (i >= 3)
            expect(looks[i].command, looks[i].path, "stat", "+5", 3, "Input/output error");
        expect(looks[i].command, looks[i].path, "open", "+5", 3, "Input/output error");
        free(said);
    }
}

/* The images are decoded anew, and that is said. */
static void a_cache_that_cannot_be_read_is_no_damage(void **state)
{
    (void)state;
    make_large(true);
    succeeds(TRAIN "--out made");
    expect(TRAIN "--out fstat", "cache/", "fstat", "+5", 0, "the cache was of no use: ");
    expect(TRAIN "--out mapped", "cache/", "mmap", "12", 6, "cannot map: Cannot allocate memory");
    assert_null(strstr(succeeds(TRAIN "--out again")->err, "no use"));
}

static void a_zip_on_a_failing_disc_is_none_that_is_damaged(void **state)
{
    (void)state;
    static const char command[] = "select --class-logits scores.npz --strategy small-margin -k 2";
    static float scores[200 * 3];
    for (int i = 0; i < 200 * 3; i++)
        scores[i] = (float)(i * 7 % 11);
    const struct pd_io_array array = {"class_logits", PD_IO_F32, 2, {200, 3}, scores};
    assert_int_equal(pd_npz_write(scratch_path("scores.npz"), &array, 1, false, NULL), PD_OK);
    expect(command, "scores.npz", "open", "4", 0, ""); /* EINTR */
    for (int n = 1; n < 12; n++) {
        const struct result *r = with_fault(command, "io", "scores.npz", "fread", n, "5");
        if (r->code && (r->code != 3 || !strstr(r->err, "Input/output error")))
            fail_msg("fread %d: ended with %d and \"%s\"", n, r->code, r->err);
    }
#ifndef __SANITIZE_ADDRESS__ /* ends without memory */
    for (int n = 1; n < 150; n++) {
        const struct result *r = with_fault(command, "alloc", "", "", n, "12");
        if (r->code && (r->code != 6 || !strstr(r->err, "memory")) && !strstr(r->err, "libgomp"))
            fail_msg("allocation %d: ended with %d and \"%s\"", n, r->code, r->err);
    }
#endif
}

static void what_cannot_be_kept_is_said(void **state)
{
    (void)state;
    static const char score[] = "score kept/00000-photos-infogan --split train --out scores.csv";
    make_large(false);
    succeeds(TRAIN "--out kept");
    expect(score, "statistics", "create", "28", 0, "next time they are measured anew");
    assert_int_not_equal(access(scratch_path("kept/00000-photos-infogan/statistics.safetensors"), F_OK), 0);
    const struct result *r = succeeds(score);
    assert_null(strstr(r->err, "anew"));
    expect(score, "statistics", "open", "+5", 0, "Input/output error: measured anew");
    r = succeeds(score);
    assert_null(strstr(r->err, "anew"));
    for (int n = 1; n < 4; n++) {
        r = with_fault(score, "io", "checkpoint", "fstat", n, "5");
        if (r->code && !strstr(r->err, "Input/output error"))
            fail_msg("fstat %d: ended with %d and \"%s\"", n, r->code, r->err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_failed_read_is_tried_again),
        cmocka_unit_test(a_disc_that_fails_ends_it),
        cmocka_unit_test(a_forbidden_file_is_named_and_not_forgotten),
        cmocka_unit_test(lack_of_memory_breaks_no_image),
        cmocka_unit_test(other_calls_on_files_are_named),
        cmocka_unit_test(a_failed_look_finds_nothing_missing),
        cmocka_unit_test(a_cache_that_cannot_be_read_is_no_damage),
        cmocka_unit_test(a_zip_on_a_failing_disc_is_none_that_is_damaged),
        cmocka_unit_test(what_cannot_be_kept_is_said),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
