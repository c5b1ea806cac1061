/* paydirt active with people as the oracle: nothing that was answered is lost, nothing is asked twice. */
#include "needs.h"
#include "regress/program.h"

#include "io/png.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { IMAGES = 24, SIDE = 16, MOST_ROUNDS = 30 };

#define PHOTOS                                                                                               \
    "active --classes cat,dog,bird --model infogan --width 0.1 --batch 8 --min-epoch 16 --epochs 1 "         \
    "--threads 1 --no-pictures "

static const char *const classes[] = {"cat", "dog", "bird"};

static const char *truth(int image)
{
    return classes[image % 3];
}

static const char *name_of(int image)
{
    static char name[32];
    snprintf(name, sizeof name, "%02d.png", image);
    return name;
}

static void draw(const char *folder, int image)
{
    uint8_t rgb[SIDE * SIDE * 3];
    char path[128];
    struct pd_error err;
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        rgb[i] = (uint8_t)(i / 3 * (image % 3 + 1) + 9 * image);
    snprintf(path, sizeof path, "%s/%s", folder, name_of(image));
    assert_int_equal(pd_png_write_rgb(scratch_path(path), rgb, SIDE, SIDE, &err), PD_OK);
}

static int setup(void **state)
{
    if (scratch_setup(state))
        return -1;
    mkdir(scratch_path("photos"), 0777);
    mkdir(scratch_path("sorted"), 0777);
    mkdir(scratch_path("sorted/cat"), 0777);
    mkdir(scratch_path("sorted/dog"), 0777);
    for (int i = 0; i < IMAGES; i++) {
        draw("photos", i);
        draw(i < 3 ? "sorted/cat" : i < 6 ? "sorted/dog" : "sorted", i);
    }
    return 0;
}

/* --- a person --- */

static struct {
    char run[96];
    bool answered[IMAGES]; /* the program has taken an answer */
    int asked[IMAGES], count;
} person;

static void meet(const char *run)
{
    memset(&person, 0, sizeof person);
    snprintf(person.run, sizeof person.run, "%s", run);
}

static const char *in_run(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", person.run, name);
    return scratch_path(path);
}

/* What queries.csv asks for: each image once, and none that has been answered. */
static void look_at_questions(void)
{
    bool now[IMAGES] = {false};
    char *text = scratch_read(in_run("queries.csv"), NULL);
    person.count = 0;
    assert_int_equal(strncmp(text, "image,label,", 12), 0);
    for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        const int image = atoi(line);
        assert_in_range(image, 0, IMAGES - 1);
        if (person.answered[image] || now[image])
            fail_msg("image %d is asked for again", image);
        now[image] = true;
        person.asked[person.count++] = image;
    }
    free(text);
}

/* Rows "image,label"; NULL: the truth. */
static void answer(const char *path, int count, const char *label)
{
    FILE *f = fopen(path, "w");
    fputs("image,label\n", f);
    for (int i = 0; i < count; i++) {
        const int image = person.asked[i];
        fprintf(f, "%s,%s\n", name_of(image), label ? label : truth(image));
        person.answered[image] = true;
    }
    fclose(f);
}

static const struct result *resume(const char *labels)
{
    char command[512];
    snprintf(command, sizeof command, "active --resume %s%s%s", person.run, labels ? " --labels " : "",
             labels ? labels : "");
    return succeeds(command);
}

/* Some rows are refused: the others are taken, and the exit code says so. */
static const struct result *resume_with_refusals(const char *labels, int refused)
{
    char command[512], words[64];
    snprintf(command, sizeof command, "active --resume %s --labels %s", person.run, labels);
    snprintf(words, sizeof words, "paydirt: %d answer%s refused, for the reasons above", refused,
             refused == 1 ? " was" : "s were");
    const struct result *r = run(command);
    assert_int_equal(r->code, 4);
    assert_contains(r->err, words);
    return r;
}

/* Fills in queries.csv itself until nothing is asked. Returns how often. */
static int answer_to_the_end(void)
{
    for (int i = 1; i < MOST_ROUNDS; i++) {
        look_at_questions();
        assert_true(person.count > 0);
        answer(in_run("queries.csv"), person.count, NULL);
        const struct result *r = resume(NULL);
        assert_contains(r->out, " taken, 0 refused\n");
        if (strstr(r->out, "finished"))
            return i;
    }
    fail_msg("%d rounds and no end", (int)MOST_ROUNDS);
    return 0;
}

/* Labels of a file of the run, all of them true, and skips. */
static int count_labels(const char *name, int *skipped)
{
    char *text = scratch_read(in_run(name), NULL);
    int labels = 0;
    *skipped = 0;
    for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        char *label = strchr(line, ',') + 1;
        const char *right = truth(atoi(line));
        const size_t n = strcspn(label, "\r\n");
        if (n == 4 && !memcmp(label, "skip", n))
            ++*skipped;
        else if (n == strlen(right) && !memcmp(label, right, n))
            labels++;
        else
            fail_msg("%s: '%.40s', expected '%s'", name, line, right);
    }
    free(text);
    return labels;
}

/* --- a spreadsheet --- */

static void answers_badly(void)
{
    FILE *f = fopen(scratch_path("first.csv"), "w");
    const int *asked = person.asked;
    fputs("image,label\n", f);
    fprintf(f, "%s,\n", name_of(asked[0]));
    fprintf(f, "%s,skip\n", name_of(asked[1]));
    fprintf(f, "%s,%.2sx\n", name_of(asked[2]), truth(asked[2]));
    fprintf(f, "nowhere.png,cat\n");
    for (int i = 3; i < 6; i++)
        fprintf(f, "%s,%s\n", name_of(asked[i]), truth(asked[i]));
    fclose(f);
    for (int i = 1; i < 6; i++)
        person.answered[asked[i]] = i != 2;
}

static void contradicts_itself(int image)
{
    FILE *f = fopen(scratch_path("second.csv"), "w");
    fprintf(f, "image,label\n%s,%s\n", name_of(image), classes[(image + 1) % 3]);
    fclose(f);
}

static void people_fill_in_a_sheet(void **state)
{
    (void)state;
    NEEDS(cairo);
    int skipped;
    const struct result *r = succeeds(PHOTOS "--data ./photos --oracle csv --strategy gold --baseline random "
                                             "--init 6 --query 3 --final 12 --out sheets");
    meet("sheets/00000-photos-active-gold");
    assert_contains(r->out, "6 images wait for a label: sheets/00000-photos-active-gold/queries.csv\n");
    assert_contains(r->out, "paydirt active --resume sheets/00000-photos-active-gold --labels ");
    assert_int_equal(access(in_run("queries.png"), R_OK), 0);
    look_at_questions();
    assert_int_equal(person.count, 6);
    const int sure = person.asked[3];
    answers_badly();
    r = resume_with_refusals("first.csv", 2);
    assert_contains(r->err, ": row 4: unknown class");
    assert_contains(r->err, ": row 5: unknown image 'nowhere.png'");
    assert_contains(r->out, "4 answers taken, 2 refused\n3 images wait"); /* one more for the skipped */
    contradicts_itself(sure);
    r = resume_with_refusals("second.csv", 1);
    assert_contains(r->err, "but it was answered before as");
    assert_contains(r->out, "0 answers taken, 1 refused\n3 images wait");
    assert_true(answer_to_the_end() >= 3);
    assert_int_not_equal(access(in_run("queries.csv"), F_OK), 0);
    assert_int_equal(count_labels("gold-1/labels.csv", &skipped), 12);
    assert_int_equal(skipped, 1);
    assert_int_equal(count_labels("random-1/labels.csv", &skipped), 12);
    int answered = 0;
    for (int i = 0; i < IMAGES; i++)
        answered += person.answered[i];
    assert_int_equal(count_labels("answers.csv", &skipped) + skipped, answered);
    assert_contains(resume(NULL)->out, "finished");
}

/* The baseline's questions are answered while the strategy trains on its own. */
static void answers_may_come_while_it_trains(void **state)
{
    (void)state;
    char expected[64];
    int skipped;
    succeeds(PHOTOS
             "--data ./photos --oracle csv --strategy gold --baseline random --min-epoch 4000 --init 4 "
             "--query 2 --final 6 --out busy");
    meet("busy/00000-photos-active-gold");
    look_at_questions();
    answer(in_run("queries.csv"), person.count, NULL);
    resume(NULL);
    look_at_questions();
    assert_in_range(person.count, 3, 4);
    answer(scratch_path("golds.csv"), 2, NULL);
    pid_t child =
        program_start("active --resume busy/00000-photos-active-gold --labels golds.csv", RLIM_INFINITY);
    snprintf(expected, sizeof expected, "%s,%s", name_of(person.asked[1]), truth(person.asked[1]));
    wait_for_text("busy/00000-photos-active-gold/answers.csv", expected);
    answer(scratch_path("all.csv"), person.count, NULL);
    assert_int_equal(rename(scratch_path("all.csv"), in_run("queries.csv")), 0);
    const struct result *r = program_end(child);
    snprintf(expected, sizeof expected, "%d answers taken, 0 refused\nfinished", person.count);
    assert_contains(r->out, expected);
    assert_int_equal(count_labels("answers.csv", &skipped), 4 + person.count);
    assert_int_equal(count_labels("random-1/labels.csv", &skipped), 6);
}

/* What is filled in, but cannot be read, is not written over. */
static void an_unreadable_sheet_stays(void **state)
{
    (void)state;
    succeeds(PHOTOS "--data ./photos --oracle csv --init 6 --final 8 --out odd");
    meet("odd/00000-photos-active-gold");
    scratch_write(in_run("queries.csv"), "P\0K", 3);
    fails("active --resume odd/00000-photos-active-gold", 4, "queries.csv: a zero byte");
    assert_file(in_run("queries.csv"), "P");
}

/* queries.csv with these words for its first images; the others stay empty. */
static void type_into_sheet(const char *const *words, int count)
{
    look_at_questions();
    FILE *f = fopen(in_run("queries.csv"), "w");
    fputs("image,label\n", f);
    for (int i = 0; i < person.count; i++)
        fprintf(f, "%s,%s\n", name_of(person.asked[i]), i < count ? words[i] : "");
    fclose(f);
}

/* What was refused of a sheet is there to be mended, although the sheet is written anew. */
static void nothing_that_was_typed_is_lost(void **state)
{
    (void)state;
    static const char *const first[] = {"dgo", "cat"}, *const second[] = {"a bird, I think"};
    char expected[256];
    succeeds(PHOTOS "--data ./photos --oracle csv --init 6 --final 8 --out typed");
    meet("typed/00000-photos-active-gold");
    type_into_sheet(first, 2);
    char *typed = scratch_read(in_run("queries.csv"), NULL);
    const struct result *r = run("active --resume typed/00000-photos-active-gold");
    assert_int_equal(r->code, 4);
    snprintf(expected, sizeof expected, ": row 2: unknown class 'dgo', did you mean 'dog'? (image '%s')",
             name_of(person.asked[0]));
    assert_contains(r->err, expected);
    assert_contains(r->err, "what was refused stays in typed/00000-photos-active-gold/queries.refused.csv");
    assert_contains(r->err, "1 answer was refused, for the reasons above; the others are taken");
    assert_contains(r->out, "1 answer taken, 1 refused\n5 images wait");
    assert_file(in_run("queries.refused.csv"), typed);
    person.answered[person.asked[1]] = true;
    type_into_sheet(second, 1); /* 2 columns, expected 3; given by name */
    char *again = scratch_read(in_run("queries.csv"), NULL);
    r = resume_with_refusals("typed/00000-photos-active-gold/queries.csv", 1);
    snprintf(expected, sizeof expected, ": row 2: 3 columns, expected 2 (image '%s')",
             name_of(person.asked[0]));
    assert_contains(r->err, expected);
    assert_contains(r->err, "for the reasons above; none is taken");
    assert_file(in_run("queries.refused.csv"), typed);
    assert_file(in_run("queries.refused-2.csv"), again);
    free(again);
    memcpy(strstr(typed, "dgo"), "dog", 3); /* mended: it is a file of answers */
    scratch_write(in_run("queries.refused.csv"), typed, strlen(typed));
    free(typed);
    r = resume("typed/00000-photos-active-gold/queries.refused.csv");
    assert_contains(r->out, "1 answer taken, 0 refused\n4 images wait");
    look_at_questions();
    answer(scratch_path("other.csv"), 1, "mouse"); /* somebody else's file stays where it is */
    person.answered[person.asked[0]] = false;
    resume_with_refusals("other.csv", 1);
    assert_int_not_equal(access(in_run("queries.refused-3.csv"), F_OK), 0);
    snprintf(expected, sizeof expected, "image,label,score,notes\n%s,,0,blurred\n", name_of(person.asked[0]));
    scratch_write(in_run("queries.csv"), expected, strlen(expected)); /* a column of one's own */
    assert_contains(resume(NULL)->err, "what was written in other columns stays in typed/");
    assert_file(in_run("queries.refused-3.csv"), expected);
}

/* The tasks as a model has answered them. */
static void predictions_are_no_answers(void **state)
{
    (void)state;
    succeeds(PHOTOS "--data ./photos --oracle csv --init 6 --final 8 --out models");
    meet("models/00000-photos-active-gold");
    look_at_questions();
    FILE *f = fopen(scratch_path("predicted.json"), "w");
    for (int i = 0; i < 2; i++)
        fprintf(f,
                "%c{\"data\":{\"image\":\"%s\"},%s\"predictions\":[{\"result\":[{\"type\":\"choices\","
                "\"from_name\":\"choice\",\"value\":{\"choices\":[\"cat\"]}}]}]}",
                i ? ',' : '[', name_of(person.asked[i]), i ? "" : "\"annotations\":[],");
    fputs("]", f);
    fclose(f);
    const struct result *r = run("active --resume models/00000-photos-active-gold --labels predicted.json");
    assert_int_equal(r->code, 4);
    assert_contains(r->err, "predicted.json: no answer in it: 2 tasks with predictions alone, which are a "
                            "model's: submit annotations, and export those");
    r = run("active --resume models/00000-photos-active-gold --correct predicted.json");
    assert_contains(r->err, "predicted.json: no answer in it: 2 tasks with predictions alone");
    fails("train --data photos --classes cat,dog,bird --model infogan --label-file predicted.json --out no",
          4,
          "predicted.json: no row names a class, so there is nothing to learn from (a model's predictions");
}

static void a_file_without_answers_is_no_answer(void **state)
{
    (void)state;
    char boxes[4096] = "[";
    succeeds(PHOTOS "--data ./photos --oracle csv --init 6 --final 8 --out none");
    meet("none/00000-photos-active-gold");
    const struct result *r = run("active --resume none/00000-photos-active-gold --labels "
                                 "none/00000-photos-active-gold/queries.csv");
    assert_int_equal(r->code, 4);
    assert_contains(r->out, "0 answers taken, 0 refused\n6 images wait");
    assert_contains(r->err, "queries.csv: no answer in it: 6 rows without one");
    FILE *f = fopen(scratch_path("one.csv"), "w");
    assert_non_null(f);
    fprintf(f, "image,label\n%s,\n", name_of(0));
    fclose(f);
    r = run("active --resume none/00000-photos-active-gold --labels one.csv");
    assert_contains(r->err, "one.csv: no answer in it: 1 row without one");
    for (int i = 0; i < IMAGES; i++)
        snprintf(boxes + strlen(boxes), sizeof boxes - strlen(boxes),
                 "%s{\"data\":{\"image\":\"%s\"},\"annotations\":[{\"result\":[{\"type\":"
                 "\"rectanglelabels\"}]}]}",
                 i ? "," : "", name_of(i));
    strcat(boxes, "]");
    scratch_write(scratch_path("boxes.json"), boxes, strlen(boxes));
    r = resume_with_refusals("boxes.json", IMAGES);
    assert_contains(r->err,
                    ": row 1: no choice: the result is of the kind 'rectanglelabels', expected 'choices' "
                    "(image '00.png')");
    assert_contains(r->err, "refused: 19 more rows: no choice");
    look_at_questions();
    answer(scratch_path("loud.csv"), person.count, "CAT");
    r = resume("loud.csv");
    assert_contains(r->err, "loud.csv: 'CAT' is 'cat'\n");
    assert_contains(r->out, "6 answers taken, 0 refused\n2 images wait");
    assert_contains(resume("loud.csv")->out, "0 answers taken, 0 refused\n2 images wait"); /* no news */
}

/* --- skips --- */

static void a_pool_runs_empty(void **state)
{
    (void)state;
    int skipped;
    succeeds(PHOTOS "--data ./photos --oracle csv --init 20 --query 2 --final 24 --out empty");
    meet("empty/00000-photos-active-gold");
    look_at_questions();
    answer(in_run("queries.csv"), person.count, NULL);
    resume(NULL);
    look_at_questions();
    assert_int_equal(person.count, 2);
    answer(in_run("queries.csv"), 1, NULL);
    assert_contains(resume(NULL)->out, "1 image waits");
    look_at_questions();
    answer(in_run("queries.csv"), 1, "skip");
    assert_contains(resume(NULL)->out, "2 images wait");
    look_at_questions();
    answer(in_run("queries.csv"), 2, NULL);
    const struct result *r = resume(NULL);
    assert_contains(r->err, "gold: no image is left to ask for at 23 labels\n");
    assert_contains(r->out, "finished");
    assert_int_equal(count_labels("gold-1/labels.csv", &skipped), 23);
    assert_int_equal(skipped, 1);
}

static void nothing_can_be_told(void **state)
{
    (void)state;
    succeeds(PHOTOS "--data ./photos --oracle csv --init 2 --final 4 --out dark");
    meet("dark/00000-photos-active-gold");
    for (int i = 0; i < IMAGES / 2 - 1; i++) { /* others take their place */
        look_at_questions();
        assert_int_equal(person.count, 2);
        answer(in_run("queries.csv"), person.count, "skip");
        resume(NULL);
    }
    look_at_questions();
    answer(in_run("queries.csv"), person.count, "skip");
    fails("active --resume dark/00000-photos-active-gold", 5, "all 24 images were skipped");
}

/* Names that images had keep meaning them; what is shown, listed and copied is the files that they are now.
 */
/* With such a class the other folder's images would be none. */
static void a_folder_is_called_as_a_new_class(void **state)
{
    (void)state;
    static const char *const folders[] = {"kinds", "kinds/old", "kinds/fish"};
    for (int i = 0; i < 3; i++)
        mkdir(scratch_path(folders[i]), 0777);
    for (int i = 0; i < 6; i++)
        draw(folders[1 + i % 2], i);
    succeeds("active --data kinds --classes cat,dog --model infogan --width 0.1 --batch 4 --min-epoch 8 "
             "--epochs 1 "
             "--threads 1 --no-pictures --oracle csv --init 4 --query 1 --final 5 --out kinds-runs");
    fails("active --resume kinds-runs/00000-kinds-active-gold --add-class fish", 2,
          "(is a folder called so? It would be a class's)");
    succeeds("active --resume kinds-runs/00000-kinds-active-gold --add-class bird");
    fails("compare kinds-runs/00000-kinds-active-gold", 5, "no rounds with an accuracy yet");
}

static void images_swap_their_names(void **state)
{
    (void)state;
    char path[256], copy[256], words[320];
    mkdir(scratch_path("swapped"), 0777);
    for (int i = 0; i < 4; i++)
        draw("swapped", i);
    succeeds("active --data ./swapped --classes cat,dog --model infogan --width 0.1 --batch 4 --min-epoch 8 "
             "--epochs 1 --threads 1 --no-pictures --oracle csv --init 4 --query 1 --final 4 --out swaps");
    size_t size, copied;
    snprintf(path, sizeof path, "swapped/%s", name_of(0));
    char *first = scratch_read(scratch_path(path), &size);
    rename(scratch_path(path), scratch_path("swapped/t"));
    snprintf(copy, sizeof copy, "swapped/%s", name_of(1));
    rename(scratch_path(copy), scratch_path(path));
    rename(scratch_path("swapped/t"), scratch_path(copy));
    meet("swaps/00000-swapped-active-gold");
    snprintf(words, sizeof words, "image,label\n%s,cat\n", name_of(2));
    scratch_write(scratch_path("a.csv"), words, strlen(words));
    succeeds("active --resume swaps/00000-swapped-active-gold --labels a.csv");
    char *sheet = scratch_read(in_run("queries.csv"), NULL), *row = strstr(sheet, name_of(0));
    assert_non_null(row);
    snprintf(words, sizeof words, "/swapped/%s\n", name_of(1));
    assert_memory_equal(strchr(row, '\n') + 1 - strlen(words), words, strlen(words));
    snprintf(words, sizeof words, "%.*s\n%s,cat,0,,,1,%s\n", (int)strcspn(sheet, "\n"), sheet, name_of(0),
             scratch_path(copy));
    free(sheet);
    scratch_write(scratch_path("a.csv"), words, strlen(words));
    succeeds("active --resume swaps/00000-swapped-active-gold --labels a.csv");
    succeeds("label swaps/00000-swapped-active-gold --export folders --out swapped-out");
    snprintf(path, sizeof path, "swapped-out/cat/%s", name_of(1));
    char *now = scratch_read(scratch_path(path), &copied);
    assert_true(size == copied && !memcmp(first, now, size));
    free(first);
    free(now);
    succeeds("active --resume swaps/00000-swapped-active-gold"); /* its own answers.csv has its own names */
    succeeds("label swaps/00000-swapped-active-gold --export csv --out e.csv");
    succeeds("export swaps/00000-swapped-active-gold --labels l.csv");
    for (int i = 0; i < 2; i++) {
        sheet = scratch_read(scratch_path(i ? "l.csv" : "e.csv"), NULL);
        snprintf(words, sizeof words, "\n%s,cat,", name_of(1));
        row = strstr(sheet, words);
        assert_non_null(row);
        snprintf(words, sizeof words, "%s,%s\n", scratch_path(copy), name_of(0));
        assert_memory_equal(strchr(row + 1, '\n') + 1 - strlen(words), words, strlen(words));
        free(sheet);
        snprintf(words, sizeof words, "active --resume swaps/00000-swapped-active-gold --labels %s",
                 i ? "l.csv" : "e.csv");
        succeeds(words);
    }
    static const char *const others[] = {"l.csv", "swaps/00000-swapped-active-gold/answers.csv"};
    for (int i = 0; i < 2; i++) { /* to other runs, files are what they are called by now */
        snprintf(words, sizeof words,
                 "train --data ./swapped --classes cat,dog --model infogan --width 0.1 --batch 4 "
                 "--min-epoch 8 --epochs 1 --threads 1 --label-file %s --out trained",
                 others[i]);
        succeeds(words);
    }
    succeeds("active --data ./swapped --classes cat,dog --model infogan --width 0.1 --batch 4 --min-epoch 8 "
             "--epochs 1 --threads 1 --no-pictures --oracle csv --init 4 --query 1 --final 4 --out again "
             "--labels swaps/00000-swapped-active-gold/answers.csv");
    sheet = scratch_read(scratch_path("again/00000-swapped-active-gold/answers.csv"), NULL);
    snprintf(words, sizeof words, "\n%s,cat\n", name_of(1));
    assert_non_null(strstr(sheet, words));
    free(sheet);
    snprintf(words, sizeof words, "image,label\n%s,dog\n", name_of(0));
    scratch_write(in_run("answers.csv"), words, strlen(words)); /* by somebody who looks at files */
    const struct result *r = run("active --resume swaps/00000-swapped-active-gold");
    assert_int_equal(r->code, 4);
    assert_non_null(strstr(r->err, "is 'dog' there, but another image's file has that name by now"));
}

/* A new picture is called as one was that lies elsewhere by now. */
static void a_new_image_has_an_old_name(void **state)
{
    (void)state;
    char path[256], words[256];
    mkdir(scratch_path("reused"), 0777);
    for (int i = 0; i < 4; i++)
        draw("reused", i);
    succeeds("active --data ./reused --classes cat,dog --model infogan --width 0.1 --batch 4 --min-epoch 8 "
             "--epochs 1 --threads 1 --no-pictures --oracle csv --init 4 --query 1 --final 4 --out reuses");
    mkdir(scratch_path("reused/old"), 0777);
    snprintf(path, sizeof path, "reused/%s", name_of(0));
    snprintf(words, sizeof words, "reused/old/%s", name_of(0));
    rename(scratch_path(path), scratch_path(words));
    draw("reused", 9);
    snprintf(words, sizeof words, "reused/%s", name_of(9));
    rename(scratch_path(words), scratch_path(path));
    meet("reuses/00000-reused-active-gold");
    for (int i = 0; i < 2; i++)
        succeeds("active --resume reuses/00000-reused-active-gold");
    char *sheet = scratch_read(in_run("queries.csv"), NULL);
    snprintf(words, sizeof words, "/reused/old/%s\n", name_of(0));
    const char *row = strstr(sheet, name_of(0));
    assert_non_null(row);
    assert_memory_equal(strchr(row, '\n') + 1 - strlen(words), words, strlen(words));
    free(sheet);
}

/* --- a data set with some labels --- */

static void labels_that_are_there_are_used(void **state)
{
    (void)state;
    int skipped;
    succeeds(
        "active --data ./sorted --model infogan --width 0.1 --batch 8 --min-epoch 16 --epochs 1 --threads 1 "
        "--no-pictures --oracle csv --init 8 --query 2 --final 10 --out sorted-runs --classes cat,dog,bird");
    meet("sorted-runs/00000-sorted-active-gold");
    look_at_questions();
    assert_int_equal(person.count, 2); /* six have a label */
    for (int i = 0; i < person.count; i++)
        assert_in_range(person.asked[i], 6, IMAGES - 1);
    assert_true(answer_to_the_end() >= 2);
    assert_int_equal(count_labels("answers.csv", &skipped), 4);
    fails(PHOTOS "--data ./sorted --oracle csv --init 2 --final 6", 2,
          "--final 6: data set 'sorted' has 6 labels already");
}

/* What trains on labels alone begins where the folder has none: they come. */
/* Nobody asks about an image that joined with a label: it is learnt in the next round. */
static void labels_that_come_later_are_used(void **state)
{
    (void)state;
    const char *const folders[] = {"later", "later/cat", "later/dog"};
    for (int i = 0; i < 3; i++)
        mkdir(scratch_path(folders[i]), 0777);
    for (int i = 0; i < 8; i++)
        draw(folders[i < 2 ? i + 1 : 0], i);
    succeeds(
        "active --data ./later --model infogan --width 0.1 --batch 4 --min-epoch 8 --epochs 1 --threads 1 "
        "--no-pictures --oracle csv --init 4 --query 1 --final 8 --out later-runs");
    meet("later-runs/00000-later-active-gold");
    for (int round = 0; round < 2; round++) {
        look_at_questions();
        answer(in_run("queries.csv"), person.count, "cat");
        if (round)
            draw("later/dog", 8);
        const struct result *r = resume(NULL);
        if (round)
            assert_contains(r->err, "1 of the new ones has a label, which counts from the next round on");
    }
    char *labels = scratch_read(in_run("gold-1/labels.csv"), NULL);
    assert_contains(labels, "dog/08.png,dog\n");
    free(labels);
}

/* What was corrected in the run may be corrected in its data, too, and paydirt's own files are nobody's. */
static void labels_are_corrected_in_both(void **state)
{
    (void)state;
    static const char *const folders[] = {"both", "both/cat", "both/dog"};
    for (int i = 0; i < 3; i++)
        mkdir(scratch_path(folders[i]), 0777);
    for (int i = 0; i < 10; i++)
        draw(folders[i < 4 ? i % 2 + 1 : 0], i);
    succeeds(
        "active --data ./both --model infogan --width 0.1 --batch 4 --min-epoch 8 --epochs 1 --threads 1 "
        "--no-pictures --oracle csv --init 6 --query 1 --final 9 --out both-runs");
    meet("both-runs/00000-both-active-gold");
    look_at_questions();
    answer(in_run("queries.csv"), person.count, "cat");
    const int answered = person.asked[0];
    resume(NULL);
    rename(scratch_path("both/cat/00.png"), scratch_path("both/dog/00.png"));
    fails("active --resume both-runs/00000-both-active-gold", 5,
          "1 with another label ('dog/00.png' was 'cat', and 'dog' in the data set); put it back, or correct "
          "the "
          "run, too (--correct FILE)");
    scratch_write(scratch_path("c.csv"), "image,label\n00.png,dog\n", 23);
    const struct result *r = succeeds("active --resume both-runs/00000-both-active-gold --correct c.csv");
    assert_null(strstr(r->err, "in the journal"));
    char was[64], now[64], words[320];
    snprintf(was, sizeof was, "both/%s", name_of(answered));
    snprintf(now, sizeof now, "both/dog/%s", name_of(answered));
    rename(scratch_path(was), scratch_path(now));
    look_at_questions();
    answer(in_run("queries.csv"), person.count, "cat");
    r = resume(NULL); /* trains */
    snprintf(
        words, sizeof words,
        "1 of the images that have got a label was answered otherwise, which stands: 'dog/%s' is 'cat', and "
        "'dog' in the data set; to change it: --correct FILE",
        name_of(answered));
    assert_contains(r->err, words);
    assert_null(strstr(r->err, "in the journal"));
    char *labels = scratch_read(in_run("gold-1/labels.csv"), NULL);
    assert_contains(labels, "cat/00.png,dog\n");
    free(labels);
}

/* A folder of a class that the run did not have: its images join as that does, and what is said is of then.
 */
static void images_join_with_their_class(void **state)
{
    (void)state;
    static const char *const folders[] = {"sea", "sea/cat", "sea/dog"};
    for (int i = 0; i < 3; i++)
        mkdir(scratch_path(folders[i]), 0777);
    for (int i = 0; i < 8; i++)
        draw(folders[i < 2 ? i + 1 : 0], i);
    succeeds("active --data ./sea --model infogan --width 0.1 --batch 4 --min-epoch 8 --epochs 1 --threads 1 "
             "--no-pictures --oracle csv --init 4 --query 1 --final 7 --out sea-runs");
    meet("sea-runs/00000-sea-active-gold");
    look_at_questions();
    answer(in_run("queries.csv"), person.count, "cat");
    resume(NULL);
    mkdir(scratch_path("sea/fish"), 0777);
    draw("sea/fish", 9);
    const struct result *r = resume(NULL);
    assert_contains(r->err,
                    "1 new image is left out, of a class that the run does not have ('fish'); to take "
                    "them in: --add-class NAME");
    draw("sea", 10);
    r = succeeds("active --resume sea-runs/00000-sea-active-gold --add-class fish");
    assert_contains(r->err, "classes is now cat,dog,fish");
    assert_contains(r->err, "2 new images join the run");
    assert_contains(r->err, "1 of the new ones has a label, which counts from the next round on");
    assert_null(strstr(r->err, "left out"));
    r = resume(NULL);
    assert_null(strstr(r->err, "join"));
}

static void labels_may_be_yet_to_come(void **state)
{
    (void)state;
    static const char *const needs[] = {"--strategy large-margin", "--labelled-only", "--labels-per-batch 4"};
    char command[512], text[256] = "image,label\n";
    for (int i = 0; i < 6; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s,%s\n", name_of(i), truth(i));
    scratch_write(scratch_path("first.csv"), text, strlen(text));
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        snprintf(command, sizeof command,
                 PHOTOS "--data ./photos --oracle csv --labels first.csv --init 6 --query 2 --final 8 %s "
                        "--out alone-%zu",
                 needs[i], i);
        assert_contains(succeeds(command)->out, "6 answers taken, 0 refused\n2 images wait for a label");
    }
    fails(PHOTOS "--data ./photos --oracle csv --init 6 --final 8 --labels-per-batch 9 --out never", 2,
          "9 labelled images in each batch of 8: expected at most 8");
}

/* --- Label Studio --- */

static json_t *annotate(const json_t *task)
{
    const char *name = json_string_value(json_object_get(json_object_get(task, "data"), "paydirt_image"));
    assert_non_null(name);
    json_t *answered = json_deep_copy(task);
    json_object_del(answered, "predictions");
    json_object_set_new(answered, "annotations",
                        json_pack("[{s:[{s:s, s:s, s:s, s:{s:[s]}}]}]", "result", "type", "choices",
                                  "from_name", "choice", "to_name", "image", "value", "choices",
                                  truth(atoi(name))));
    return answered;
}

/* The tasks as Label Studio would export them; skip: the first is. */
static void export_tasks(bool skip)
{
    json_t *tasks = json_load_file(in_run("queries.json"), 0, NULL), *all = json_array();
    assert_int_equal(json_array_size(tasks), person.count);
    for (size_t i = 0; i < json_array_size(tasks); i++) {
        json_t *task = annotate(json_array_get(tasks, i));
        if (skip && i == 0)
            json_object_set_new(json_array_get(json_object_get(task, "annotations"), 0), "was_cancelled",
                                json_true());
        json_array_append_new(all, task);
    }
    assert_int_equal(json_dump_file(all, scratch_path("export.json"), 0), 0);
    json_decref(tasks);
    json_decref(all);
    for (int i = 0; i < person.count; i++)
        person.answered[person.asked[i]] = true;
}

static void people_use_label_studio(void **state)
{
    (void)state;
    int skipped, turns = 0;
    const struct result *r = succeeds(PHOTOS "--data ./photos --oracle label-studio --init 5 --query 2 "
                                             "--final 7 --url /data/?d= --out studio");
    meet("studio/00000-photos-active-gold");
    assert_contains(r->out, "import studio/00000-photos-active-gold/queries.json");
    assert_contains(r->out, "studio/00000-photos-active-gold/label-studio.xml");
    char *xml = scratch_read(in_run("label-studio.xml"), NULL);
    assert_contains(xml, "bird");
    free(xml);
    do {
        look_at_questions();
        export_tasks(turns == 0);
        r = resume("export.json");
        assert_contains(r->out, " taken, 0 refused\n");
    } while (++turns < MOST_ROUNDS && !strstr(r->out, "finished"));
    assert_int_equal(turns, 3); /* five, one for the skipped, two */
    assert_int_equal(count_labels("gold-1/labels.csv", &skipped), 7);
    assert_int_equal(skipped, 1);
    assert_int_not_equal(access(in_run("queries.json"), F_OK), 0);
}

/* Photos without labels of their own; those of a file teach GAN-test's classifier. */
static void gan_test_learns_what_people_said(void **state)
{
    (void)state;
    char folder[64], text[256] = "image,label\n";
    static const char *const splits[] = {"train", "test"};
    mkdir(scratch_path("judged"), 0777);
    for (int s = 0; s < 2; s++) {
        snprintf(folder, sizeof folder, "judged/%s", splits[s]);
        mkdir(scratch_path(folder), 0777);
        for (int k = 0; k < 3; k++) {
            snprintf(folder, sizeof folder, "judged/%s/%s", splits[s], classes[k]);
            mkdir(scratch_path(folder), 0777);
            draw(folder, 3 * s + k);
        }
    }
    for (int i = 0; i < 6; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s,%s\n", name_of(i), truth(i));
    scratch_write(scratch_path("said.csv"), text, strlen(text));
    succeeds(
        "train --data photos --classes cat,dog,bird --model infogan --width 0.1 --batch 8 --min-epoch 16 "
        "--epochs 1 --threads 1 --label-file said.csv --out said");
    const struct result *r = succeeds("eval said/00000-photos-infogan --metrics gan-test --data judged "
                                      "--epochs 1 --fixed 3 --threads 1 --json");
    assert_contains(r->out, "\"training_images\":6,");
}

/* What is measured is then of other images than before. */
static void changed_test_images_are_told(void **state)
{
    (void)state;
    static const char *const folders[] = {"judged",      "judged/train",    "judged/train/unlabelled",
                                          "judged/test", "judged/test/cat", "judged/test/dog"};
    static const char answers[] =
        "image,label\n00.png,cat\n01.png,dog\n02.png,cat\n03.png,dog\n04.png,cat\n05.png,dog\n";
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_int_equal(mkdir(scratch_path(folders[i]), 0777), 0);
    for (int i = 0; i < 12; i++)
        draw(i < 6 ? "judged/train/unlabelled" : i < 9 ? "judged/test/cat" : "judged/test/dog", i);
    succeeds("active --data judged --classes cat,dog --model infogan --width 0.1 --batch 8 --min-epoch 16 "
             "--epochs 1 "
             "--measure-epochs 1 --threads 1 --no-pictures --oracle csv --init 2 --query 2 --final 4 --out "
             "judging");
    meet("judging/00000-judged-active-gold");
    scratch_write(scratch_path("judged.csv"), answers, sizeof answers - 1);
    assert_int_equal(remove(scratch_path("judged/test/dog/11.png")), 0);
    const struct result *r = resume("judged.csv");
    assert_contains(r->err, "the test images have changed since the run began (6 then, 5 now)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_fill_in_a_sheet),
        cmocka_unit_test(answers_may_come_while_it_trains),
        cmocka_unit_test(an_unreadable_sheet_stays),
        cmocka_unit_test(a_pool_runs_empty),
        cmocka_unit_test(nothing_can_be_told),
        cmocka_unit_test(changed_test_images_are_told),
        cmocka_unit_test(a_folder_is_called_as_a_new_class),
        cmocka_unit_test(images_swap_their_names),
        cmocka_unit_test(a_new_image_has_an_old_name),
        cmocka_unit_test(labels_that_are_there_are_used),
        cmocka_unit_test(labels_that_come_later_are_used),
        cmocka_unit_test(labels_are_corrected_in_both),
        cmocka_unit_test(images_join_with_their_class),
        cmocka_unit_test(labels_may_be_yet_to_come),
        cmocka_unit_test(nothing_that_was_typed_is_lost),
        cmocka_unit_test(predictions_are_no_answers),
        cmocka_unit_test(people_use_label_studio),
        cmocka_unit_test(a_file_without_answers_is_no_answer),
        cmocka_unit_test(gan_test_learns_what_people_said),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
