/* Names, notes and run folders that come from strangers: nothing in them reaches a terminal as more than
 * text. */
#include "regress/program.h"
#include "unit/image_maker.h"

#include <sys/stat.h>

#define RED  "\033[31m"
#define CSI  "\xc2\x9b" /* the same in one letter */
#define FLIP "\u202e"   /* writes from right to left */

static void save_png(const char *path)
{
    static const uint8_t pixels[3 * 8 * 8];
    struct file png = make_png(8, 8, PNG_FORMAT_RGB, pixels, NULL, 0);
    scratch_write(scratch_path(path), png.bytes, png.size);
    free(png.bytes);
}

static void assert_printable(const char *command, const char *text)
{
    if (strpbrk(text, "\033\r\t") || strstr(text, "\nforged") || strstr(text, CSI) || strstr(text, FLIP))
        fail_msg("'%s' printed \"%s\"", command, text);
}

/* Runs it; whatever it ends with, its words are text. */
static const struct result *stays_printable(const char *command, const char *words)
{
    const struct result *r = run(command);
    assert_printable(command, r->out);
    assert_printable(command, r->err);
    if (!strstr(r->out, words) && !strstr(r->err, words))
        fail_msg("'%s' said \"%s\" and \"%s\", not \"%s\"", command, r->out, r->err, words);
    return r;
}

static void words_of_the_command(void **state)
{
    (void)state;
    stays_printable("tra" RED "in", "unknown command 'tra?[31min'");
    stays_printable("train --da" CSI "ta mnist", "--da?ta");
    stays_printable("data check no" FLIP "thing\nforged", "no?thing?forged");
    stays_printable("eval no" RED "thing\nforged", "?forged");
}

static void names_of_files(void **state)
{
    (void)state;
    mkdir(scratch_path("photos"), 0777);
    mkdir(scratch_path("photos/cat" RED), 0777);
    mkdir(scratch_path("photos/dog\nforged"), 0777);
    save_png("photos/cat" RED "/1" CSI ".png");
    save_png("photos/dog\nforged/2" FLIP ".png"); /* a copy with another label */
    stays_printable("data check photos", "photos");
    scratch_write(scratch_path("photos/dog\nforged/3\nforged.png"), "no image", 8);
    stays_printable("data check photos", "broken");
    stays_printable(
        "train --data photos --model infogan --width 0.125 --batch 2 --min-epoch 2 --epochs 1 --threads 1",
        "left out");
    stays_printable("data show photos --out sheet.png --size 8", "left out");
}

static void words_of_recipes(void **state)
{
    (void)state;
    static const char recipe[] = "{\"command\": \"train\", \"about\": \"fine\\u001b[2J\\nforged\", "
                                 "\"options\": {\"data\": \"x\\u009b\\nforged\"}}";
    scratch_write(scratch_path("mine.json"), recipe, sizeof recipe - 1);
    stays_printable("recipes mine.json", "fine?[2J?forged");
    stays_printable("train --recipe mine.json", "x??forged");
}

static void words_of_runs(void **state)
{
    (void)state;
    static const char options[] = "{\"data\": \"x\\u001b[31m\\nforged\", \"model\": \"ml\\u009bp\\nforged\"}";
    mkdir(scratch_path("run"), 0777);
    scratch_write(scratch_path("run/options.json"), options, sizeof options - 1);
    stays_printable("train --resume run", "forged");
    static const char other[] = "{\"mo\\u001bdel\\nforged\": 1}";
    scratch_write(scratch_path("run/options.json"), other, sizeof other - 1);
    stays_printable("train --resume run", "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_the_command),
        cmocka_unit_test(names_of_files),
        cmocka_unit_test(words_of_recipes),
        cmocka_unit_test(words_of_runs),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
