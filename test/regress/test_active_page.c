/* Answers of the page into the run, as any file of answers: new ones, changed ones, classes. */
#include "needs.h"
#include "regress/program.h"

#include "base/clock.h"
#include "io/png.h"
#include "serve/page.h"

#include <sys/stat.h>

enum { IMAGES = 16, SIDE = 16 };

#define RUN "runs/00000-photos-active-gold"
#define SMALL                                                                                                \
    "--model infogan --width 0.1 --batch 8 --min-epoch 16 --epochs 1 --threads 1 --no-pictures --no-browser"

static void draw(int image)
{
    uint8_t rgb[SIDE * SIDE * 3];
    char path[128];
    struct pd_error err;
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        rgb[i] = (uint8_t)(i / 3 * (image % 3 + 1) + 9 * image);
    snprintf(path, sizeof path, "photos/%02d.png", image);
    assert_int_equal(pd_png_write_rgb(scratch_path(path), rgb, SIDE, SIDE, &err), PD_OK);
}

static int setup(void **state)
{
    if (scratch_setup(state))
        return -1;
    mkdir(scratch_path("photos"), 0777);
    for (int i = 0; i < IMAGES; i++)
        draw(i);
    return 0;
}

/* --- a person at the page --- */

static struct pd_asked_images asked;
static struct pd_book book;

static void sit_down(void)
{
    struct pd_error err;
    assert_int_equal(pd_asked_open(scratch_path(RUN), NULL, &asked, &err), PD_OK);
    assert_int_equal(pd_book_open(&asked, true, &book, &err), PD_OK);
}

static void get_up(void)
{
    pd_book_close(&book);
    pd_asked_close(&asked);
}

static void press(enum pd_press_kind kind, uint32_t image, int32_t label, const char *text)
{
    static int n;
    char key[32];
    int64_t id;
    struct pd_error err;
    snprintf(key, sizeof key, "key-%06d", n++);
    struct pd_pressed p = {.kind = kind,
                           .key = key,
                           .person = "ann",
                           .image = image,
                           .label = label,
                           .over = -1,
                           .was = -1,
                           .text = text};
    if (pd_book_press(&book, &p, 1, &id, &err))
        fail_msg("%s", err.message);
}

static void assert_has(const char *name, const char *words)
{
    char *text = scratch_read(scratch_path(name), NULL);
    assert_contains(text, words);
    free(text);
}

static void program_sleep_past_a_second(void)
{
    program_sleep(1.1); /* the journal counts in seconds */
}

static void takes_what_the_page_has(void **state)
{
    (void)state;
    succeeds("active --data photos --classes cat,dog --strategy gold --oracle csv --init 4 --query 2 --final "
             "8 " SMALL);
    fails("label " RUN " --export csv --out x.csv", 5, "nothing is answered yet");
    sit_down();
    assert_int_equal(asked.count, 4);
    const uint32_t first = asked.at[0].image, second = asked.at[1].image, third = asked.at[2].image;
    press(PD_PRESS_ANSWER, first, 0, NULL);
    press(PD_PRESS_ANSWER, second, 1, NULL);
    press(PD_PRESS_CLASS, 0, -1, "fish");
    press(PD_PRESS_ANSWER, third, 2, NULL);
    get_up();
    const struct result *r = succeeds("active --resume " RUN);
    assert_contains(r->err, "classes is now cat,dog,fish");
    assert_contains(r->out, "3 answers taken, 0 refused");
    assert_contains(r->out, "1 image waits for a label");
    assert_int_equal(access(scratch_path(RUN "/page.csv"), F_OK), -1); /* it is in the journal */
    r = succeeds("active --resume " RUN);
    assert_null(strstr(r->out, "taken")); /* nothing is taken twice */
    assert_null(strstr(r->err, "taken back"));
    sit_down();
    press(PD_PRESS_UNDO, 0, -1, NULL); /* the third: the run has it */
    get_up();
    r = succeeds("active --resume " RUN);
    assert_contains(r->err, "of the page's answers 1 were taken back");
    sit_down();
    press(PD_PRESS_ANSWER, third, 2, NULL);
    get_up();

    program_sleep_past_a_second();
    sit_down();
    assert_int_equal(asked.count, 1);
    assert_int_equal(book.run_classes, 3);
    press(PD_PRESS_ANSWER, first, 1, NULL); /* thought better of */
    get_up();
    r = succeeds("active --resume " RUN);
    assert_contains(r->out, "1 answer corrected");
    assert_has(RUN "/journal.jsonl", "\"was\":\"cat\"");

    /* a later word of others stands, without a line at each resume */
    program_sleep_past_a_second();
    char row[64];
    snprintf(row, sizeof row, "image,label\n%02u.png,cat\n", second);
    scratch_write(scratch_path("wrong.csv"), row, strlen(row));
    r = succeeds("active --resume " RUN " --correct wrong.csv");
    assert_contains(r->out, "1 answer corrected");
    r = succeeds("active --resume " RUN);
    assert_null(strstr(r->out, "corrected"));
    assert_null(strstr(r->err, "refused"));
    snprintf(row, sizeof row, "%02u.png,cat\n", second);
    assert_has(RUN "/answers.csv", row);
    succeeds("label " RUN " --export csv --out all.csv");
    assert_null(strstr(succeeds("export " RUN " --labels taken.csv")->err, "run's page")); /* none waits */
    assert_has("all.csv", row);

    /* names that paths cannot have are still two folders */
    sit_down();
    press(PD_PRESS_ANSWER, third, 0, NULL);
    press(PD_PRESS_RENAME, 0, 0, "a/b");
    press(PD_PRESS_RENAME, 0, 1, "a_b");
    get_up();
    assert_contains(succeeds("export " RUN " --labels taken.csv")->err,
                    "answers that wait on the run's page are not in it");
    fails("active --resume " RUN " --add-class A_B", 2, "on the run's page 'dog' is called so");
    succeeds("label " RUN " --export folders --out sorted");
    snprintf(row, sizeof row, "sorted/a%%2Fb/%02u.png", third);
    assert_int_equal(access(scratch_path(row), F_OK), 0);
    snprintf(row, sizeof row, "sorted/a_b/%02u.png", first);
    assert_int_equal(access(scratch_path(row), F_OK), 0);
}

static void names_what_cannot_be_served(void **state)
{
    (void)state;
    succeeds("train --data synthetic --data-count 200 --model mlp --width 0.05 --batch 32 --min-epoch 128 "
             "--epochs 1");
    fails("label runs/00001-synthetic-mlp --no-browser --port 0", 2,
          "a run of training, not of active learning");
    fails("label nowhere --no-browser", 3, "nowhere");
    fails("label", 2, "RUN");
    assert_int_equal(rename(scratch_path("photos"), scratch_path("moved")), 0);
    fails("label " RUN " --no-browser", 2, "where it lies now, as the run is resumed: --data");
    assert_int_equal(rename(scratch_path("moved"), scratch_path("photos")), 0);
    fails("label " RUN " --export cvs --out x", 2, "did you mean 'csv'?");
    fails("label " RUN " --export csv", 2, "--out is missing");
    fails("label " RUN " --listen 0.0.0.0 --no-browser", 2,
          "a certificate and its key (--certificate FILE); all the same: --insecure\n");
    fails("label " RUN " --listen localhost --no-browser", 2, "expected an address of this machine");
    fails("label " RUN " --certificate a.pem --no-browser", 2, "go together");
    fails("label " RUN " --people 65 --no-browser", 2, "people");
    fails("active --data photos --classes cat,dog --oracle pages " SMALL, 2, "did you mean 'page'?");
}

/* --- a spreadsheet beside the page --- */

/* Spoils queries.csv, then the data, then has both back; stops when the page says so no more. */
struct beside {
    struct pd_page *page;
    char *sheet;
    int part, heard;
    double since;
};

static void hear(void *context, const char *words)
{
    struct beside *b = context;
    assert_contains(words, b->heard ? "photos" : "expected CSV");
    assert_contains(words, "what was asked before is still shown");
    b->heard++;
}

static bool is_over(void *context)
{
    struct beside *b = context;
    if (pd_seconds() - b->since > 20)
        return true;
    if (b->part == 0 || (b->part == 1 && b->heard == 1)) {
        scratch_write(scratch_path(RUN "/queries.csv"), b->part ? b->sheet : "",
                      b->part ? strlen(b->sheet) : 0);
        if (b->part)
            assert_int_equal(rename(scratch_path("photos"), scratch_path("moved")), 0);
        b->part++;
    } else if (b->part == 2 && b->heard == 2) {
        assert_int_equal(rename(scratch_path("moved"), scratch_path("photos")), 0);
        b->part++;
    }
    return b->part == 3 && !b->page->label.words[0];
}

static void keeps_what_it_has(void **state)
{
    struct beside b = {.sheet = scratch_read(scratch_path(RUN "/queries.csv"), NULL), .since = pd_seconds()};
    const struct pd_training_watch train = {.context = &b, .note = hear};
    const struct pd_active_watch watch = {.train = &train};
    const struct pd_page_place place = {.port = 0};
    struct pd_page_count count;
    struct pd_error err;
    (void)state;
    assert_int_equal(pd_page_open(&place, &b.page, &err), PD_OK);
    assert_int_equal(pd_page_ask(b.page, scratch_path(RUN), 0, &watch, &err), PD_OK);
    assert_int_equal(pd_page_wait(b.page, is_over, &b, &count, &err), PD_ERR_INTERRUPTED);
    assert_int_equal(b.part, 3);
    assert_int_equal(b.heard, 2);
    assert_true(count.asked > 0);
    pd_page_close(b.page);
    free(b.sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_the_page_has),
        cmocka_unit_test(keeps_what_it_has),
        cmocka_unit_test(names_what_cannot_be_served),
    };
    ALL_NEED(sqlite, tests);
    ALL_NEED(microhttpd, tests);
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
