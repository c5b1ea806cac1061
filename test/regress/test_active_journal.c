/* A person's loop: the journal of an active run tells all of it, everything else is made from it, and kill -9
 * changes nothing. */
#include "regress/same_run.h"

#include "io/png.h"

#include <sys/stat.h>

enum { IMAGES = 20, SIDE = 16 };

#define PHOTOS                                                                                               \
    "active --data photos --classes cat,dog --oracle csv --model infogan --width 0.1 --batch 8 --min-epoch " \
    "16 --epochs 1 --threads 1 --no-pictures "

/* Images 00.png to 19.png; 03.png thrice, 07.png twice. */
static void draw(int image, int as, const char *name)
{
    uint8_t rgb[SIDE * SIDE * 3];
    char path[128];
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        rgb[i] = (uint8_t)((i / 3 * (as % 3 + 1) + 11 * as) ^ (i * as));
    snprintf(path, sizeof path, "photos/%02d%s.png", image, name);
    assert_int_equal(pd_png_write_rgb(scratch_path(path), rgb, SIDE, SIDE, NULL), PD_OK);
}

static int setup(void **state)
{
    if (scratch_setup(state))
        return -1;
    mkdir(scratch_path("photos"), 0777);
    for (int i = 0; i < IMAGES; i++)
        draw(i, i, "");
    draw(3, 3, "b");
    draw(3, 3, "c");
    draw(7, 7, "b");
    return 0;
}

static char run_folder[128];

static const char *in_run(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", run_folder, name);
    return scratch_path(path);
}

static void write_text(const char *name, const char *text)
{
    scratch_write(scratch_path(name), text, strlen(text));
}

/* "active --resume RUN" and what follows. */
static const struct result *resume(int code, const char *options)
{
    char command[1024];
    snprintf(command, sizeof command, "active --resume %s%s", run_folder, options);
    const struct result *r = run(command);
    if (r->code != code)
        fail_msg("'%s' ended with %d: %s", command, r->code, r->err);
    return r;
}

static const struct result *start(const char *out, const char *options)
{
    char command[1024];
    snprintf(command, sizeof command, PHOTOS "--out %s %s", out, options);
    snprintf(run_folder, sizeof run_folder, "%s/00000-photos-active-gold", out);
    return succeeds(command);
}

/* Fills in whatever queries.csv asks: cat for even images, dog for odd ones. Into a file of that name. */
static int fill_in(const char *file)
{
    char *text = scratch_read(in_run("queries.csv"), NULL);
    FILE *f = fopen(scratch_path(file), "w");
    int n = 0;
    fputs("image,label\n", f);
    for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1, n++)
        fprintf(f, "%.*s,%s\n", (int)strcspn(line, ","), line, atoi(line) % 2 ? "dog" : "cat");
    fclose(f);
    free(text);
    return n;
}

static void assert_in_run(const char *name, const char *text)
{
    char *content = scratch_read(in_run(name), NULL);
    assert_contains(content, text);
    free(content);
}

static void assert_not_in_run(const char *name, const char *text)
{
    char *content = scratch_read(in_run(name), NULL);
    if (strstr(content, text))
        fail_msg("did not expect \"%s\" in %s", text, name);
    free(content);
}

/* Replaces the first `from` in a file of the run. */
static void edit(const char *name, const char *from, const char *to)
{
    char *text = scratch_read(in_run(name), NULL), *at = strstr(text, from);
    assert_non_null(at);
    FILE *f = fopen(in_run(name), "w");
    fprintf(f, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    fclose(f);
    free(text);
}

static void labels_to_begin_with_all_count(void **state)
{
    (void)state;
    write_text("before.csv", "image,label\n00.png,cat\n01.png,dog\n02.png,cat\n05.png,dog\n");
    const struct result *r = start("begin", "--init 4 --query 2 --final 6 --labels before.csv");
    assert_contains(r->out, "4 answers taken, 0 refused\n2 images wait");
    assert_null(strstr(r->err, "not asked for"));
    assert_in_run("start-1/round-00/labels.csv", "05.png,dog\n");
    assert_in_run("journal.jsonl", "\"labels\":4,");
    start("wait", "--init 4 --query 2 --final 9"); /* and those handed to a run that waits for others */
    write_text("six.csv",
               "image,label\n00.png,cat\n01.png,dog\n02.png,cat\n05.png,dog\n06.png,cat\n08.png,cat\n");
    r = resume(0, " --labels six.csv");
    assert_contains(r->out, "6 answers taken, 0 refused\n");
    assert_in_run("start-1/round-00/labels.csv", "08.png,cat\n");
    assert_in_run("journal.jsonl", "\"labels\":6,");
    fill_in("a.csv"); /* later ones count in the next round */
    write_text("more.csv", "image,label\n09.png,dog\n10.png,cat\n11.png,dog\n12.png,cat\n");
    r = resume(0, " --labels more.csv"); /* it may be another run's file */
    assert_contains(r->err, "are about images that were not asked for, which count in the next round");
    r = resume(0, " --labels a.csv");
    assert_contains(r->out, "finished");
    assert_in_run("gold-1/round-01/labels.csv", "12.png,cat\n");
    fails(PHOTOS "--init 2 --final 4 --out none --labels nowhere.csv", 3, "nowhere.csv");
    assert_int_not_equal(access(scratch_path("none"), F_OK), 0);
}

static void a_change_in_answers_is_taken_aloud(void **state)
{
    (void)state;
    start("edit", "--init 4 --query 2 --final 8");
    fill_in("a.csv");
    resume(0, " --labels a.csv");
    char *answers = scratch_read(in_run("answers.csv"), NULL);
    char image[16], from[32], to[32], words[128];
    snprintf(image, sizeof image, "%.6s", strchr(answers, '\n') + 1);
    const bool cat = !strncmp(strchr(answers, '\n') + 8, "cat", 3);
    free(answers);
    snprintf(from, sizeof from, "%s,%s\n", image, cat ? "cat" : "dog");
    snprintf(to, sizeof to, "%s,%s\n", image, cat ? "dog" : "cat");
    edit("answers.csv", from, to);
    snprintf(words, sizeof words, "answers.csv: image '%s' is corrected from '%s' to '%s'\n", image,
             cat ? "cat" : "dog", cat ? "dog" : "cat");
    const struct result *r = resume(0, "");
    assert_contains(r->err, words);
    assert_contains(r->out, "1 answer corrected");
    assert_in_run("start-1/round-00/labels.csv", from); /* what is done stays */
    assert_in_run("gold-1/labels.csv", to);
    assert_in_run("journal.jsonl", "\"event\":\"correct\"");
    fill_in("a.csv");
    resume(0, " --labels a.csv");
    assert_in_run("gold-1/round-01/labels.csv", to);
    edit("answers.csv", to, from); /* back again: it may also be an old file */
    assert_contains(resume(0, "")->err, "which stands; to change it: --correct FILE");
    assert_in_run("answers.csv", to);
    edit("gold-1/labels.csv", to, from);
    resume(0, "");
    assert_in_run("gold-1/labels.csv", to);
    write_text("c.csv", "image,label\n");
    snprintf(words, sizeof words, "image,label\n%s", from);
    write_text("c.csv", words);
    assert_contains(resume(4, " --labels c.csv")->err, "; to replace it: --correct FILE");
    assert_contains(resume(0, " --correct c.csv")->out, "1 answer corrected");
    assert_in_run("answers.csv", from);
    edit("answers.csv", from, "");
    assert_contains(resume(0, "")->err, "answers.csv: 1 answer of the journal was missing there");
    assert_in_run("answers.csv", from);
    edit("answers.csv", from, "nowhere.png,cat\n");
    assert_contains(resume(4, "")->err, "unknown image 'nowhere.png'; mend it, or remove the file");
}

static void copies_are_asked_once(void **state)
{
    (void)state;
    const struct result *r = start("copies", "--init 19 --query 1 --final 20");
    assert_contains(r->err, "3 images are exact copies of others");
    assert_contains(r->out, "19 images wait");
    assert_not_in_run("queries.csv", "03b");
    assert_not_in_run("queries.csv", "07b");
    fill_in("a.csv");
    resume(0, " --labels a.csv");
    fill_in("b.csv");
    r = resume(0, " --labels b.csv");
    assert_contains(r->out, "finished");
    assert_in_run("gold-1/labels.csv", "03.png,dog\n03b.png,dog\n03c.png,dog\n");
    assert_in_run("journal.jsonl", "\"copies\":[\"03b.png\",\"03c.png\"]");
    write_text("c.csv", "image,label\n03b.png,cat\n");
    assert_contains(resume(0, " --labels c.csv")->err, "image '03b.png' is 'cat', and a copy of it 'dog'");
    assert_in_run("gold-1/labels.csv", "03.png,dog\n03b.png,cat\n03c.png,dog\n");
    resume(0, " --correct c.csv"); /* now for all of them */
    assert_in_run("answers.csv", "03.png,cat\n03b.png,cat\n");
}

/* Nor are images that validate among those that are learnt from, under another name. */
static void copies_of_validation_images_are_held_out(void **state)
{
    (void)state;
    char path[64];
    mkdir(scratch_path("twice"), 0777);
    mkdir(scratch_path("twice/cat"), 0777);
    mkdir(scratch_path("twice/dog"), 0777);
    for (int i = 0; i < 12; i++) {
        uint8_t rgb[SIDE * SIDE * 3];
        memset(rgb, 15 * (i / 2) + 7, sizeof rgb);
        snprintf(path, sizeof path, "twice/%s/%02d.png", i % 4 < 2 ? "cat" : "dog", i);
        assert_int_equal(pd_png_write_rgb(scratch_path(path), rgb, SIDE, SIDE, NULL), PD_OK);
    }
    const struct result *r = succeeds(
        "train --data twice --model infogan --width 0.1 --batch 4 --min-epoch 8 --epochs 1 --threads 1 "
        "--validation 2 --validation-epochs 1 --grid-every 0 --out held");
    assert_contains(r->err, "2 copies of validation images are held out, too");
}

static void classes_and_budget_grow(void **state)
{
    (void)state;
    start("grow", "--init 4 --query 2 --final 6");
    fill_in("a.csv");
    resume(0, " --labels a.csv");
    const struct result *r = resume(0, " --add-class bird --final 9 --query 3");
    assert_contains(r->err, "classes is now cat,dog,bird, until here cat,dog\n");
    assert_contains(r->err, "final is now 9, until here 6\n");
    fill_in("a.csv");
    char *text = scratch_read(scratch_path("a.csv"), NULL);
    text[strcspn(text, "\n") + 1 + 7] = '\0'; /* the first image, without its label */
    strcat(text, "bird\n");
    write_text("bird.csv", text);
    free(text);
    resume(0, " --labels bird.csv");
    r = resume(4, " --labels a.csv"); /* which says cat or dog of the first */
    assert_contains(r->err, "gold-1 round 1 begins with a fresh generator: a class was added\n");
    assert_contains(r->out, "3 images wait"); /* 9 - 6 */
    assert_in_run("gold-1/round-01/labels.csv", ",bird\n");
    assert_in_run("journal.jsonl", "\"option\":\"classes\",\"was\":\"cat,dog\",\"value\":\"cat,dog,bird\"");
    fill_in("a.csv");
    assert_contains(resume(0, " --labels a.csv")->out, "finished");
    assert_contains(resume(0, " --final 10")->out, "1 image waits");
    assert_contains(resume(2, " --final 3")->err,
                    "--final 3: expected more than the 10 labels that the run goes on to");
    assert_contains(resume(2, " --final 99")->err, "has 23 images for it");
    assert_contains(resume(2, " --add-class Bird")->err, "the class 'bird' is there already");
    assert_contains(resume(2, " --add-class cat")->err, "the class 'cat' is there already");
    assert_contains(resume(2, " --add-class CAT")->err, "the class 'cat' is there already");
    assert_contains(resume(2, " --add-class dog\t")->err, "without blanks around it");
    assert_contains(resume(2, " --add-class \t")->err, "expected a name of up to 255 bytes without blanks");
    assert_contains(resume(0, " --add-class bird")->err,
                    "the class was added before, and is not added again");
    assert_contains(resume(2, " --add-class fish,cat")->err, "the class 'cat' is there already");
    assert_contains(resume(2, " --add-class fish,Fish")->err, "'fish' twice");
    assert_contains(resume(2, " --add-class fish,")->err, "expected a name");
    assert_contains(resume(0, " --add-class fish,ant")->err, "classes is now cat,dog,bird,fish,ant");
    assert_contains(resume(0, " --add-class fish,ant")->err, "and is not added again");
    assert_contains(resume(2, " --init 3")->err, "--init cannot be given with --resume");
    assert_contains(resume(2, " --epochs 3")->err, "--epochs cannot be given with --resume");
    assert_contains(resume(2, " --no-measure")->err, "--no-measure cannot be given with --resume");
    assert_contains(resume(0, " --people 2")->err, "--people has no effect without --oracle page\n");
    assert_contains(resume(0, " --final 10 --query 3")->err, "final is 10 already\nquery is 3 already\n");
    fails("active --data photos --classes cat --oracle csv --final 12", 2, "has one class, 'cat'");
    fails("active --data photos --classes cat,skip --oracle csv --final 12", 2, "has a class 'skip'");
    fails(PHOTOS "--correct a.csv", 2, "--correct is for a run that is there");
}

static void options_without_effect_are_named(void **state)
{
    (void)state;
    const struct result *r = start("idle", "--init 4 --query 2 --final 8 --url x --candidates 9 "
                                           "--no-measure --measure-epochs 3 --beta-d 2 --balanced");
    assert_contains(r->err, "--url has no effect without --oracle label-studio\n");
    assert_contains(r->err, "--candidates has no effect without --diverse\n");
    assert_contains(r->err, "--measure-epochs has no effect without measuring");
    assert_contains(r->err, "--beta-d has no effect without --gold\n");
    assert_null(strstr(r->err, "--balanced has no effect"));
    r = succeeds(PHOTOS "--init 4 --query 2 --final 8 --strategy random --balanced --out idle2");
    assert_contains(r->err, "--balanced has no effect without the strategy gold\n");
}

/* What can be read once alone would be empty the second time. */
static void pipes_are_refused_where_they_are_read_twice(void **state)
{
    (void)state;
    const char *const train =
        "train --data photos --classes cat,dog --model infogan --label-file %s --out pipe";
    static const char *const files[] = {"/dev/stdin", "/dev/fd/9"};
    char command[512];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(dup2(ends[0], 9), 9);
    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof command, train, files[i]);
        const struct result *r = run(command);
        assert_int_equal(r->code, 4);
        assert_contains(r->err, "can be read only once, as a pipe: write it into a file first\n");
        snprintf(command, sizeof command, PHOTOS "--init 4 --final 6 --out pipe --labels %s", files[i]);
        r = run(command);
        assert_int_equal(r->code, 4);
        assert_contains(r->err, "can be read only once");
    }
    assert_int_not_equal(access(scratch_path("pipe"), F_OK), 0);
    start("once", "--init 4 --query 2 --final 8"); /* a file that is read once may be one */
    static const char rows[] = "image,label\n00.png,cat\n";
    assert_int_equal(write(ends[1], rows, sizeof rows - 1), sizeof rows - 1);
    close(ends[1]);
    assert_contains(resume(0, " --labels /dev/stdin")->out, "1 answer taken, 0 refused\n");
    close(ends[0]);
    close(9);
}

/* A correction is of something: of an answer, of the data set's label, or it answers what was asked. */
static void corrections_have_something_to_correct(void **state)
{
    (void)state;
    char text[256], image[16];
    start("right", "--init 4 --query 2 --final 8");
    char *questions = scratch_read(in_run("queries.csv"), NULL);
    snprintf(image, sizeof image, "%.6s", strchr(questions, '\n') + 1);
    bool asked[IMAGES] = {false};
    for (char *line = strchr(questions, '\n') + 1; *line; line = strchr(line, '\n') + 1)
        asked[atoi(line)] = true;
    free(questions);
    int other = 19;
    while (asked[other])
        other--;
    snprintf(text, sizeof text, "image,label\n%02d.png,cat\nnowhere.png,dog\n", other);
    write_text("c.csv", text);
    const struct result *r = resume(4, " --correct c.csv");
    snprintf(text, sizeof text, ": row 2: image '%02d.png': 'cat' corrects nothing", other);
    assert_contains(r->err, text);
    assert_contains(r->err, "for such answers: --labels FILE");
    assert_contains(r->err, ": row 3: unknown image 'nowhere.png'");
    assert_contains(r->err, "2 answers were refused, for the reasons above; none is taken");
    assert_not_in_run("journal.jsonl", "\"event\":\"answer\"");
    snprintf(text, sizeof text, "image,label\n%s,cat\n%02d.png,dog\n", image, other);
    write_text("c.csv", text);
    r = resume(4, " --correct c.csv"); /* one was asked about */
    snprintf(text, sizeof text, "image '%s' had no answer to correct: 'cat' is taken as the answer", image);
    assert_contains(r->err, text);
    assert_contains(r->out, "1 answer taken, 1 refused\n3 images wait");
    snprintf(text, sizeof text, "%s,cat\n", image);
    assert_in_run("answers.csv", text);
    snprintf(text, sizeof text, "image,label\n%s,skip\n", image);
    write_text("c.csv", text);
    assert_contains(resume(0, " --correct c.csv")->out, "1 answer corrected");
    assert_contains(resume(0, " --correct c.csv")->out, "images wait"); /* once more: no news */
    write_text("c.csv", "image,label\n03b.png,cat\n"); /* a copy of what was not asked, or of what was */
    r = resume(asked[3] ? 0 : 4, " --correct c.csv");
    assert_contains(r->err,
                    asked[3] ? "'03b.png' had no answer to correct" : "image '03b.png': 'cat' corrects");
}

/* A label that the data set has is one to be corrected, too. */
static void labels_of_the_data_are_corrected(void **state)
{
    (void)state;
    mkdir(scratch_path("sorted"), 0777);
    mkdir(scratch_path("sorted/cat"), 0777);
    mkdir(scratch_path("sorted/dog"), 0777);
    for (int i = 0; i < 8; i++) {
        uint8_t rgb[SIDE * SIDE * 3];
        char path[64];
        for (int k = 0; k < SIDE * SIDE * 3; k++)
            rgb[k] = (uint8_t)(k * (i + 3) ^ 29 * i);
        snprintf(path, sizeof path, "sorted/%s%d.png", i < 2 ? "cat/" : i < 4 ? "dog/" : "", i);
        assert_int_equal(pd_png_write_rgb(scratch_path(path), rgb, SIDE, SIDE, NULL), PD_OK);
    }
    succeeds(
        "active --data sorted --classes cat,dog --oracle csv --model infogan --width 0.1 --batch 4 "
        "--min-epoch 8 --epochs 1 --threads 1 --no-pictures --init 5 --query 1 --final 6 --out labelled");
    snprintf(run_folder, sizeof run_folder, "labelled/00000-sorted-active-gold");
    write_text("c.csv", "image,label\ncat/0.png,dog\n");
    const struct result *r = resume(4, " --labels c.csv");
    assert_contains(r->err,
                    "image 'cat/0.png': 'dog', but in the data set it is 'cat'; to replace it: --correct");
    write_text("c.csv", "image,label\ncat/0.png,dog\ndog/2.png,dog\n");
    r = resume(0, " --correct c.csv");
    assert_contains(r->err, "image 'cat/0.png' is 'dog' from here on, and 'cat' in the data set");
    assert_contains(r->out, "1 answer corrected");
    assert_not_in_run("answers.csv", "dog/2.png");
}

/* A round that had begun learns what was corrected since. */
static void a_begun_round_starts_again(void **state)
{
    (void)state;
    start("again", "--init 4 --query 2 --final 6 --min-epoch 4000 --save-steps 1");
    fill_in("a.csv");
    char command[256];
    snprintf(command, sizeof command, "active --resume %s --labels a.csv", run_folder);
    pid_t child = program_start(command, RLIM_INFINITY);
    for (int i = 0; i < 3000 && access(in_run("start-1/round-00/checkpoint.safetensors"), F_OK); i++)
        program_sleep(0.01);
    kill(child, SIGKILL);
    program_end(child);
    char *answers = scratch_read(in_run("answers.csv"), NULL), row[32];
    snprintf(row, sizeof row, "%.6s,%s\n", strchr(answers, '\n') + 1,
             strncmp(strchr(answers, '\n') + 8, "cat", 3) ? "cat" : "dog");
    free(answers);
    char text[64];
    snprintf(text, sizeof text, "image,label\n%s", row);
    write_text("c.csv", text);
    const struct result *r = resume(0, " --correct c.csv");
    assert_contains(r->err, "start-1 round 0 starts again: what it learns from was changed\n");
    assert_in_run("start-1/round-00/labels.csv", row);
}

/* Runs of before had no journal. */
static void an_older_run_is_taken_over(void **state)
{
    (void)state;
    char labels[4096], answers[4096];
    start("old", "--init 4 --query 2 --final 8 --baseline random");
    for (int i = 0; i < 2; i++) {
        fill_in("a.csv");
        resume(0, " --labels a.csv");
    }
    char *text = scratch_read(in_run("gold-1/labels.csv"), NULL);
    snprintf(labels, sizeof labels, "%s", text);
    free(text);
    text = scratch_read(in_run("answers.csv"), NULL);
    snprintf(answers, sizeof answers, "%s", text);
    free(text);
    char *questions = scratch_read(in_run("queries.csv"), NULL);
    assert_int_equal(unlink(in_run("journal.jsonl")), 0);
    resume(0, "");
    assert_file(in_run("queries.csv"), questions);
    assert_file(in_run("gold-1/labels.csv"), labels);
    assert_file(in_run("answers.csv"), answers);
    assert_in_run("journal.jsonl", "{\"event\":\"train\",\"branch\":\"gold-1\",\"round\":1,");
    free(questions);
    fill_in("a.csv");
    assert_contains(resume(0, " --labels a.csv")->out, "finished");
}

static void a_damaged_journal_is_named(void **state)
{
    (void)state;
    start("torn", "--init 4 --query 2 --final 6");
    char *text = scratch_read(in_run("journal.jsonl"), NULL);
    FILE *f = fopen(in_run("journal.jsonl"), "a");
    fputs("{\"event\":\"answ", f); /* a kill */
    fclose(f);
    resume(0, "");
    assert_file(in_run("journal.jsonl"), text);
    free(text);
    f = fopen(in_run("journal.jsonl"), "a");
    fputs("{\"event\":\"answer\",\"image\":\"gone.png\",\"label\":\"cat\"}\n", f);
    fclose(f);
    assert_contains(resume(5, "")->err, "has no image 'gone.png' any more: put it back");
}

/* --- kill -9 --- */

static int kills_left, kills_done;

/* A step of the script: the same command until it has come to its end. */
static void step(int code, const char *options)
{
    char command[1024];
    snprintf(command, sizeof command, "active --resume %s%s", run_folder, options);
    for (;;) {
        pid_t child = program_start(command, RLIM_INFINITY);
        if (kills_left > 0) {
            program_sleep(0.4 * rand() / RAND_MAX);
            kill(child, SIGKILL);
        }
        const struct result *r = program_end(child);
        if (r->code == code)
            return;
        if (r->code != -SIGKILL)
            fail_msg("'%s' ended with %d after %d kills: %s", command, r->code, kills_done, r->err);
        kills_left--;
        kills_done++;
    }
}

/* Answers taken as an export of Label Studio. */
static void export_answers(const char *csv, const char *file)
{
    char *text = scratch_read(scratch_path(csv), NULL);
    json_t *all = json_array();
    for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        char image[64], label[16];
        assert_int_equal(sscanf(line, "%63[^,],%15s", image, label), 2);
        json_array_append_new(all, json_pack("{s:{s:s}, s:[{s:[{s:s, s:s, s:{s:[s]}}]}]}", "data",
                                             "paydirt_image", image, "annotations", "result", "type",
                                             "choices", "from_name", "choice", "value", "choices", label));
    }
    assert_int_equal(json_dump_file(all, scratch_path(file), 0), 0);
    json_decref(all);
    free(text);
}

/* Wrong answers and their correction, a class and labels more, one round by Label Studio, copies among the
 * images, and the folder moves. */
static void live(const char *out)
{
    start(out, "--init 5 --query 2 --final 7 --baseline random --save-steps 1 --min-epoch 64");
    fill_in("live.csv");
    write_text("odd.csv", "image,label\n03.png,cat\n07b.png,cat\n04.png,skip\nnowhere.png,cat\n");
    step(4, " --labels odd.csv");
    step(4, " --labels live.csv"); /* which contradicts */
    write_text("right.csv", "image,label\n03b.png,dog\n07.png,Dog\n");
    fill_in("live.csv");
    step(0, " --correct right.csv");
    for (int i = 0; i < 4 && !access(in_run("queries.csv"), F_OK); i++) {
        fill_in("live.csv");
        if (i == 1)
            export_answers("live.csv", "live.json");
        step(0, i == 1 ? " --labels live.json" : " --labels live.csv");
        if (i == 0)
            step(0, " --add-class bird --final 9");
    }
    write_text("bird.csv", "image,label\n12.png,BIRD\n");
    assert_int_equal(rename(scratch_path("photos"), scratch_path("elsewhere")), 0);
    step(0, " --correct bird.csv --final 11 --data elsewhere");
    for (int i = 0; i < 4 && !access(in_run("queries.csv"), F_OK); i++) {
        fill_in("live.csv");
        step(0, " --labels live.csv");
    }
    assert_int_not_equal(access(in_run("queries.csv"), F_OK), 0);
    assert_int_equal(rename(scratch_path("elsewhere"), scratch_path("photos")), 0);
}

static void kills_change_nothing(void **state)
{
    (void)state;
    const char *wish = getenv("PAYDIRT_KILLS");
    const int wanted = wish ? atoi(wish) : 4;
    char out[32], killed[128];
    srand(5);
    live("lived");
    for (int i = 0; kills_done < wanted; i++) {
        kills_left = wanted - kills_done;
        snprintf(out, sizeof out, "killed%d", i);
        live(out);
        snprintf(killed, sizeof killed, "%s", run_folder);
        assert_same_run("lived/00000-photos-active-gold", killed);
    }
    print_message("%d kills; the same journal, answers, labels, queries and weights\n", kills_done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_to_begin_with_all_count),
        cmocka_unit_test(a_change_in_answers_is_taken_aloud),
        cmocka_unit_test(copies_are_asked_once),
        cmocka_unit_test(copies_of_validation_images_are_held_out),
        cmocka_unit_test(classes_and_budget_grow),
        cmocka_unit_test(options_without_effect_are_named),
        cmocka_unit_test(pipes_are_refused_where_they_are_read_twice),
        cmocka_unit_test(corrections_have_something_to_correct),
        cmocka_unit_test(labels_of_the_data_are_corrected),
        cmocka_unit_test(a_begun_round_starts_again),
        cmocka_unit_test(an_older_run_is_taken_over),
        cmocka_unit_test(a_damaged_journal_is_named),
        cmocka_unit_test(kills_change_nothing),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
