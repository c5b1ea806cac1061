/* What a paydirt says that was built without a library; with it, nothing is tried here. */
#include "needs.h"
#include "regress/program.h"

#include <sys/stat.h>

#define POINTS                                                                                               \
    "--data synthetic --data-count 200 --model mlp --width 0.05 --batch 32 --min-epoch 128 --epochs 1"

static void lacks(pd_library_version *version)
{
    if (pd_library_is_in(version))
        skip();
}

static void draws_nothing(void **state)
{
    (void)state;
    lacks(pd_library_cairo);
    const char *words = "paydirt: charts and contact sheets: this paydirt was built without cairo\n";
    succeeds("train " POINTS);
    fails("score runs/00000-synthetic-mlp --out x.csv --plane plane.png", 7, words);
    assert_int_equal(access(scratch_path("x.csv"), F_OK), -1); /* before the work */
    fails("data show strokes --out s.png", 7, words);
    fails("compare runs/00000-synthetic-mlp --chart c.png", 7, words);
    succeeds("sample runs/00000-synthetic-mlp --per-class 2 --grid grid.png");
}

static void unpacks_nothing(void **state)
{
    (void)state;
    lacks(pd_library_archive);
    scratch_write(scratch_path("photos.zip"), "PK\3\4", 4);
    fails("data check photos.zip", 7, "photos.zip': archives: this paydirt was built without libarchive\n");
}

static void fetches_nothing(void **state)
{
    (void)state;
    lacks(pd_library_curl);
    fails("data get mnist --data-dir got", 7, "downloads: this paydirt was built without libcurl\n");
}

static void reads_no_xml(void **state)
{
    static const char xml[] = "<annotations><image name=\"a.png\"><tag label=\"x\"/></image></annotations>";
    (void)state;
    lacks(pd_library_expat);
    assert_int_equal(mkdir(scratch_path("photos"), 0777), 0);
    scratch_write(scratch_path("photos/a.png"), "\x89PNG\r\n\x1a\n", 8);
    scratch_write(scratch_path("labels.xml"), xml, sizeof xml - 1);
    fails("train --data photos --metadata labels.xml", 7,
          "CVAT's XML: this paydirt was built without expat\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_nothing),
        cmocka_unit_test(unpacks_nothing),
        cmocka_unit_test(fetches_nothing),
        cmocka_unit_test(reads_no_xml),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
