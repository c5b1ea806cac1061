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

/* --- what lies in a run's folder under the names that are its own --- */

#define SMALL                                                                                                \
    "--data strokes --data-count 40 --model infogan --width 0.125 --batch 8 --min-epoch 16 --threads 1"
#define RUN "own/00000-strokes-infogan"

static void make_run(void)
{
    if (access(scratch_path(RUN), F_OK))
        succeeds("train " SMALL " --epochs 1 --out own");
    scratch_write(scratch_path("victim"), "precious", 8);
}

/* Puts something else in place of a file of the run, or gives it back. */
static void take_away(const char *name)
{
    char from[256], to[256];
    snprintf(from, sizeof from, "%s/" RUN "/%s", scratch_dir, name);
    snprintf(to, sizeof to, "%s/kept", scratch_dir);
    rename(from, to);
}

static void give_back(const char *name)
{
    char from[256], to[256];
    snprintf(from, sizeof from, "%s/kept", scratch_dir);
    snprintf(to, sizeof to, "%s/" RUN "/%s", scratch_dir, name);
    unlink(to);
    rename(from, to);
}

static const char *own(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/" RUN "/%s", scratch_dir, name);
    return path;
}

static const char go_on[] = "train --resume " RUN " --epochs 9";
static const char eval[] = "eval " RUN " --epochs 1 --epoch-images 128";

static void nothing_is_written_through_a_link(void **state)
{
    (void)state;
    static const struct {
        const char *name, *command, *words;
    } cases[] = {
        {"eval.jsonl", eval, "eval.jsonl: a symbolic link, expected a regular file"},
        {"log.jsonl", go_on, "log.jsonl: a symbolic link"},
        {"events.tfevents", go_on, "events.tfevents: a symbolic link"},
        {"samples-0002.png", "train --resume " RUN " --epochs 2", "samples-0002.png: a symbolic link"},
    };
    make_run();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        take_away(cases[i].name);
        assert_int_equal(symlink("../../victim", own(cases[i].name)), 0);
        const struct result *r = run(cases[i].command);
        if (r->code != 4 || !strstr(r->err, cases[i].words))
            fail_msg("%s: ended with %d: %s", cases[i].name, r->code, r->err);
        assert_file(scratch_path("victim"), "precious");
        give_back(cases[i].name);
    }
}

/* Nor does a pipe keep it waiting, or a device fill the memory. */
static void only_regular_files_are_read(void **state)
{
    (void)state;
    static const char *const names[] = {"options.json", "log.jsonl", "checkpoint.safetensors"};
    make_run();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (int device = 0; device < 2; device++) {
            take_away(names[i]);
            assert_int_equal(device ? symlink("/dev/zero", own(names[i])) : mkfifo(own(names[i]), 0666), 0);
            const struct result *r = run_limited(go_on, RLIM_INFINITY);
            if (r->code != 4 || !strstr(r->err, ", expected a regular file"))
                fail_msg("%s: ended with %d: %s", names[i], r->code, r->err);
            give_back(names[i]);
        }
    take_away("checkpoint.safetensors");
    scratch_write(own("checkpoint.safetensors"), "", 0);
    assert_int_equal(truncate(own("checkpoint.safetensors"), (off_t)1 << 42), 0); /* nothing but holes */
    fails("sample " RUN " --npz s.npz", 4, "not safetensors: header length 0");
    give_back("checkpoint.safetensors");
    take_away("options.json");
    scratch_write(own("options.json"), "", 0);
    assert_int_equal(truncate(own("options.json"), (off_t)1 << 42), 0);
    fails("sample " RUN " --npz s.npz", 4, "options.json: larger than 1048576 bytes");
    give_back("options.json");
}

static void a_pipe_is_no_image(void **state)
{
    (void)state;
    mkdir(scratch_path("pipes"), 0777);
    mkdir(scratch_path("pipes/a"), 0777);
    save_png("pipes/a/1.png");
    assert_int_equal(mkfifo(scratch_path("pipes/a/2.png"), 0666), 0);
    assert_int_equal(symlink("/dev/zero", scratch_path("pipes/a/3.png")), 0);
    assert_contains(succeeds("data check pipes")->out, "passed over: 1 device, 1 pipe");
}

/* --- what says nothing --- */

static void nothing_is_learnt_from_nothing(void **state)
{
    (void)state;
    static const char *const files[] = {"image,label\n", "image,label\n1,\n2,\n", "image,label\n1,skip\n",
                                        "[]"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        scratch_write(scratch_path("none.csv"), files[i], strlen(files[i]));
        fails("train " SMALL " --epochs 1 --out none --label-file none.csv", 4,
              "none.csv: no row names a class");
    }
    assert_int_not_equal(access(scratch_path("none"), F_OK), 0); /* no run was made */
    fails("train " SMALL " --epochs 1 --out none --label-file=", 2,
          "--label-file: the value is empty, expected FILE");
    fails("train --data=", 2, "--data: the value is empty");
}

/* --- two processes at one run --- */

/* Starts it and waits until its run is being trained. */
static pid_t at_work(const char *command, const char *words)
{
    const pid_t child = program_start(command, RLIM_INFINITY);
    wait_for_text("stderr", words);
    return child;
}

static int lines_of(const char *path)
{
    char *text = scratch_read(scratch_path(path), NULL);
    int n = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        n++;
    free(text);
    return n;
}

static void a_run_has_one_trainer(void **state)
{
    (void)state;
    static const char folder[] = "two/00000-strokes-infogan", busy[] = " is at work on it";
    const pid_t first = at_work("train " SMALL " --epochs 5000 --grid-every 0 --out two", "epoch 2/5000");
    fails("train --resume two/00000-strokes-infogan", 3, busy);
    fails("train --resume two/00000-strokes-infogan --epochs 2", 3, busy);
    assert_int_equal(run("sample two/00000-strokes-infogan --npz s.npz --per-class 1")->code, 0);
    assert_int_equal(run("eval two/00000-strokes-infogan --epochs 1 --epoch-images 128")->code, 0);
    kill(first, SIGKILL);
    int status;
    assert_int_equal(waitpid(first, &status, 0), first);
    const pid_t again = at_work("train --resume two/00000-strokes-infogan", "images/s");
    char path[128];
    snprintf(path, sizeof path, "%s/log.jsonl", folder);
    const int before = lines_of(path);
    fails("train --resume two/00000-strokes-infogan", 3, busy);
    kill(again, SIGTERM);
    assert_int_equal(waitpid(again, &status, 0), again);
    assert_int_equal(WEXITSTATUS(status), 130);
    assert_true(lines_of(path) >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_the_command),
        cmocka_unit_test(names_of_files),
        cmocka_unit_test(words_of_recipes),
        cmocka_unit_test(words_of_runs),
        cmocka_unit_test(nothing_is_written_through_a_link),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(a_pipe_is_no_image),
        cmocka_unit_test(nothing_is_learnt_from_nothing),
        cmocka_unit_test(a_run_has_one_trainer),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
