/* What a command writes never replaces what it reads. */
#include "regress/program.h"

#define LITTLE   "--width 0.125 --batch 16 --min-epoch 40 --epochs 1 --threads 1 --model infogan "
#define MADE     "made/00000-strokes-infogan"
#define OF_FILES "files/00000-photos-infogan"
#define OF_NPZ   "arrays/00000-d-infogan"

static int trains(void **state)
{
    static const char table[] =
        "image,label\n0/paydirt-0-00000.png,a\n0/paydirt-0-00001.png,b\n1/paydirt-1-00000.png,b\n";
    if (scratch_setup(state))
        return -1;
    succeeds("train --data strokes --data-count 100 --out made " LITTLE);
    succeeds("export " MADE " --samples photos --per-class 2 --threads 1");
    succeeds("sample " MADE " --npz d.npz --per-class 5 --threads 1");
    scratch_write(scratch_path("m.csv"), table, strlen(table));
    succeeds("train --data photos --metadata m.csv --out files " LITTLE);
    succeeds("train --data d.npz --out arrays " LITTLE);
    return 0;
}

static void inputs_stay(void **state)
{
    (void)state;
    assert_int_equal(symlink("m.csv", scratch_path("link.csv")), 0);
    fails("score " OF_FILES " --split train --out m.csv", 2, "--out m.csv would replace what is read");
    fails("score " OF_FILES " --split train --out link.csv", 2, "--out link.csv would replace what is read");
    fails("sample " OF_NPZ " --npz ./d.npz", 2, "--npz ./d.npz would replace what is read");
    fails("eval --features --fake d.npz:images --real d.npz:images --metrics frechet --stats-out d.npz", 2,
          "--stats-out d.npz would replace what is read");
    fails("data show photos --out photos/0/paydirt-0-00000.png", 2, "is a file of the data 'photos'");
    fails("sample " OF_FILES " --grid photos/0/paydirt-0-00000.png", 2, "is a file of the data");
    fails("label " OF_FILES " --export csv --out photos/0/paydirt-0-00000.png", 2, "is a file of the data");
    succeeds("score " OF_FILES " --split train --threads 1 --out photos/scores.csv"); /* twice, too */
    succeeds("score " OF_FILES " --split train --threads 1 --out photos/scores.csv");
    succeeds("data show photos --out photos/sheet.png"); /* which are no images of it */
    succeeds("data show photos --out photos/sheet.png");
    succeeds("sample " MADE " --grid /dev/null --sheet /dev/null --per-class 1 --threads 1");
    assert_int_equal(rename(scratch_path("m.csv"), scratch_path("photos/metadata.csv")), 0);
    fails("score " MADE " --data photos --split train --out photos/metadata.csv", 2, "is a file of the data");
}

static void each_has_a_file(void **state)
{
    (void)state;
    static const char *const names[] = {"./a.png", "photos/../a.png"};
    char command[256];
    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof command, "sample " MADE " --grid a.png --sheet %s", names[i]);
        fails(command, 2, "the same file for two outputs");
    }
    fails("export " MADE " --onnx a.onnx --onnx-discriminator ./a.onnx", 2, "the same file for two outputs");
    fails("export " MADE " --onnx gen --samples ./gen", 2, "the same file for two outputs");
}

/* The file alone: what is said to people goes to stderr. */
static void stdout_holds_the_file(void **state)
{
    (void)state;
    size_t size, again;
    succeeds("sample " MADE " --npz kept.npz --per-class 5 --threads 1");
    char *kept = scratch_read(scratch_path("kept.npz"), &size);
    const struct result *r = succeeds("sample " MADE " --npz /dev/stdout --per-class 5 --threads 1");
    char *out = scratch_read(scratch_path("stdout"), &again);
    assert_int_equal(again, size);
    assert_memory_equal(out, kept, size);
    assert_contains(r->err, "/dev/fd/");
    free(out);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_stay),
        cmocka_unit_test(each_has_a_file),
        cmocka_unit_test(stdout_holds_the_file),
    };
    return cmocka_run_group_tests(tests, trains, scratch_teardown);
}
