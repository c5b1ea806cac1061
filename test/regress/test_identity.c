/* A run and its data: what changes in the folder meanwhile changes nothing in the run, or is refused by name.
 */
#include "program.h"

#include "unit/image_maker.h"

#include <sys/stat.h>

#define OPTIONS " --size 16 --width 0.125 --batch 8 --min-epoch 16 --threads 1 --grid-every 0 --seed 3"

static void put(const char *name, int colour)
{
    uint8_t rgb[16 * 16 * 3];
    for (int i = 0; i < 16 * 16 * 3; i++)
        rgb[i] = (uint8_t)(37 * colour + i * (i % 16 ^ colour));
    struct file f = make_png(16, 16, PNG_FORMAT_RGB, rgb, NULL, 0);
    scratch_write(scratch_path(name), f.bytes, f.size);
    free(f.bytes);
}

static void folder(const char *name)
{
    assert_int_equal(mkdir(scratch_path(name), 0777), 0);
}

/* Twelve images in a/, b/ and c/; 100 new ones are for the tests. */
static void make_photos(const char *name)
{
    char path[64];
    folder(name);
    for (int i = 0; i < 12; i++) {
        snprintf(path, sizeof path, "%s/%c", name, 'a' + i / 4);
        if (i % 4 == 0)
            folder(path);
        snprintf(path, sizeof path, "%s/%c/%d.png", name, 'a' + i / 4, i % 4);
        put(path, i);
    }
}

static void move(const char *from, const char *to)
{
    assert_int_equal(rename(scratch_path(from), scratch_path(to)), 0);
}

/* whole: two epochs; run: one of them. */
static int train_both(void **state)
{
    if (scratch_setup(state))
        return -1;
    make_photos("photos");
    succeeds("train --data photos --out whole --labels 6 --epochs 2" OPTIONS);
    succeeds("train --data photos --out runs --labels 6 --epochs 1" OPTIONS);
    return 0;
}

#define RUN  "runs/00000-photos-dcgan"
#define GOES "train --epochs 2 --resume " RUN

/* It goes on as if nothing had happened; note: a part of what it says, or NULL. */
static void goes_on(const char *more, const char *note)
{
    char command[256];
    size_t n, k;
    snprintf(command, sizeof command, GOES "%s", more);
    const struct result *r = succeeds(command);
    if (note)
        assert_contains(r->err, note);
    char *a = scratch_read(scratch_path("whole/00000-photos-dcgan/checkpoint.safetensors"), &n);
    char *b = scratch_read(scratch_path(RUN "/checkpoint.safetensors"), &k);
    assert_int_equal(n, k);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
}

static void new_images_and_a_new_class_change_nothing(void **state)
{
    (void)state;
    put("photos/a/00.png", 100);
    folder("photos/aa");
    put("photos/aa/0.png", 101);
    goes_on("", "photos: its classes have another order than when the run began: matched by name\n"
                "photos: 2 images left out that were not there when the run began\n");
}

static void renamed_images_change_nothing(void **state)
{
    (void)state;
    move("photos/a/0.png", "photos/a/9.png");
    move("photos/b/0.png", "photos/b/swap.png");
    goes_on("", "2 images were moved or renamed since the run began (a/9.png was a/0.png)");
}

static void the_folder_may_move(void **state)
{
    (void)state;
    move("photos", "elsewhere");
    fails(GOES, 2, "where it lies now: --data");
    goes_on(" --data elsewhere", NULL);
    char *options = scratch_read(scratch_path(RUN "/options.json"), NULL);
    assert_contains(options, "/elsewhere\"");
    free(options);
}

static void what_was_lost_or_changed_is_refused(void **state)
{
    (void)state;
    folder("aside");
    move("photos/a/0.png", "aside/0.png");
    fails(GOES, 5, "data set 'photos' has changed since the run began: 1 image gone (a/0.png); put it back");
    scratch_write(scratch_path("photos/a/0.png"), "\x89PNG", 4);
    fails(GOES, 5,
          "1 image gone (a/0.png); put it back, or begin a new run (photos: 1 of 12 images left out, as "
          "they cannot be read; the first: ");
    put("photos/a/0.png", 100);
    fails(GOES, 5, "1 replaced (a/0.png)");
    move("aside/0.png", "photos/b/9.png");
    fails(GOES, 5, "1 with another label (b/9.png: 'b', was 'a')");
    move("photos/b/9.png", "photos/a/0.png");
    move("photos/a", "photos/z");
    fails(GOES, 5, "1 class gone ('a'), 4 with another label (z/0.png: 'z', was 'a'");
    fails(GOES " --data aside", 3, "no image in it");
    move("photos/z", "photos/a");
    goes_on("", NULL);
}

/* Of a version that kept no list; the checkpoint knows the classes even so. */
static void a_run_without_a_list_gets_one(void **state)
{
    (void)state;
    assert_int_equal(remove(scratch_path(RUN "/data.json")), 0);
    move("photos/a", "photos/z");
    fails(GOES, 5, "checkpoint.safetensors: its classes are a, b, c, and the data's b, c, z");
    move("photos/z", "photos/a");
    goes_on("", "the run has no list of its images");
    assert_int_equal(access(scratch_path(RUN "/data.json"), F_OK), 0);
}

static void other_options_stay(void **state)
{
    (void)state;
    fails(GOES " --seed 4", 2,
          "--seed cannot be given with --resume: a run keeps its options, except --epochs, --device, "
          "--precision, --data, --data-dir, --cache-dir and --metadata");
}

/* --- scores --- */

#define DRAWN "drawn/00000-photos-dcgan"

static int lines_of(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* Nine of twelve were drawn: they stay the run's images, and other data are taken whole. */
static void scores_are_of_the_images_that_were_drawn(void **state)
{
    (void)state;
    succeeds("train --data photos --data-count 9 --out drawn --epochs 1" OPTIONS);
    succeeds("score " DRAWN " --split train --out one.csv");
    char *one = scratch_read(scratch_path("one.csv"), NULL);
    assert_int_equal(lines_of(one), 1 + 9);
    put("photos/a/00.png", 100);
    put("photos/b/7.png", 101);
    succeeds("score " DRAWN " --split train --out two.csv");
    char *two = scratch_read(scratch_path("two.csv"), NULL);
    assert_string_equal(two, one);
    succeeds("score " DRAWN " --data photos --split train --out all.csv");
    char *all = scratch_read(scratch_path("all.csv"), NULL);
    assert_int_equal(lines_of(all), 1 + 14);
    move("photos/b/0.png", "photos/t.png");
    move("photos/b/1.png", "photos/b/0.png");
    move("photos/t.png", "photos/b/1.png");
    succeeds("score " DRAWN " --split train --out moved.csv");
    char *moved = scratch_read(scratch_path("moved.csv"), NULL);
    assert_contains(moved, ",image,class,p,paydirt_image\n");
    assert_true(strstr(moved, ",b/1.png\n") ||
                strstr(moved, ",b/0.png\n")); /* of the nine one of them at least */
    for (char *line = moved; (line = strchr(line, '\n')) && line[1]; line++) {
        char now[64], was[64];
        assert_int_equal(
            sscanf(line + 1,
                   "%*[^,],%*[^,],%*[^,],%*[^,],%*[^,],%*[^,],%*[^,],%*[^,],%63[^,],%*[^,],%*[^,],%63[^\n]",
                   now, was),
            2);
        assert_string_equal(now, !strcmp(was, "b/0.png")   ? "b/1.png"
                                 : !strcmp(was, "b/1.png") ? "b/0.png"
                                                           : was);
    }
    free(moved);
    free(one);
    free(two);
    free(all);
}

static void expect_labels(const char *options, const char *rows, const char *line)
{
    char command[400], text[200] = "";
    size_t size;
    snprintf(command, sizeof command, "score table/00000-photos-dcgan --split train --out labels.csv %s",
             options);
    const struct result *r = succeeds(command);
    assert_contains(r->err, line);
    char *table = scratch_read(scratch_path("labels.csv"), &size);
    for (char *row = strchr(table, '\n') + 1; *row; row = strchr(row, '\n') + 1)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s ",
                 (int)strcspn(strchr(row, ',') + 1, ","), strchr(row, ',') + 1);
    assert_string_equal(text, rows);
    free(table);
}

/* Also where their files are called as the run's; its own may have been moved. */
static void a_table_of_labels_is_of_the_runs_own_images(void **state)
{
    (void)state;
    static const char table[] = "image,label\n0.png,cat\n1.png,dog\n2.png,dog\n",
                      other[] = "name,sort\n0.png,dog\n1.png,dog\n";
    folder("flat");
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "flat/%d.png", i);
        put(name, i);
    }
    scratch_write(scratch_path("table.csv"), table, sizeof table - 1);
    succeeds("train --data flat --metadata table.csv --out table --epochs 1" OPTIONS);
    move("table/00000-flat-dcgan", "table/00000-photos-dcgan");
    folder("rest");
    folder("rest/dog");
    folder("rest/cat");
    put("rest/dog/0.png", 100);
    put("rest/cat/1.png", 101);
    expect_labels(
        "--data rest", "0 1 ",
        "table.csv is not used: these are not all of its images under their names (--metadata FILE)\n");
    expect_labels("--data rest --no-labels", "  ", "rest: 2 classes (cat, dog), 2 images; no test split");
    scratch_write(scratch_path("other.csv"), other, sizeof other - 1);
    expect_labels("--data rest --metadata other.csv --metadata-columns name,sort", "1 1 ", "from other.csv");
    expect_labels("--data ./rest/../flat", "0 1 1 ", "labels of 3 images from ");
    move("flat", "elsewhere");
    expect_labels("--data elsewhere", "0 1 1 ", "labels of 3 images from ");
    const struct result *r =
        run("eval table/00000-photos-dcgan --data rest --split train --metrics class-accuracy");
    assert_contains(r->out, "2 train images of rest");
    fails("score table/00000-photos-dcgan --metadata other.csv --out labels.csv", 2,
          "expected --data beside");
    folder("bare");
    put("bare/0.png", 100);
    fails("eval table/00000-photos-dcgan --data bare --split train --metrics class-accuracy", 5,
          "no image has a label to measure accuracy on; a file of them: --metadata FILE");
}

static void test_images_that_it_was_trained_on_are_counted(void **state)
{
    (void)state;
    folder("held");
    folder("held/test");
    folder("held/test/a");
    put("held/test/a/x.png", 2);
    put("held/test/a/y.png", 200);
    const struct result *r = succeeds("eval " RUN " --data held --metrics class-accuracy");
    assert_contains(r->err, "held: 1 class (a), 2 images; test/ is the test split; no training split\n");
    fails("score " RUN " --data held --split train --out s.csv", 2,
          "'held': test: no training split beside; all of it: --data ");
    folder("held/train");
    folder("held/train/a");
    put("held/train/a/z.png", 201);
    r = succeeds("eval " RUN " --data held --metrics class-accuracy");
    assert_contains(r->err, "held: 1 of its 2 images is in the run's training data, too");
}

static void a_set_without_splits_is_measured(void **state)
{
    (void)state;
    folder("new");
    folder("new/a");
    folder("new/b");
    put("new/a/x.png", 200);
    put("new/b/y.png", 201);
    fails("eval " RUN " --data new --metrics class-accuracy", 3, "with --split train, one that is not split");
    fails("eval " RUN " --split train --metrics class-accuracy", 2, "--data is missing");
    assert_contains(succeeds("eval " RUN " --data new --split train --metrics class-accuracy")->out,
                    "; 2 train images of new;");
    put("new/z.png", 202); /* it has no label */
    const struct result *r = succeeds("eval " RUN " --data new --split train --metrics class-accuracy");
    assert_contains(r->err, "new: 1 of 3 images have no label and are left out\n");
    assert_contains(r->out, "; 2 train images of new;");
}

/* What a file of labels was understood to say. */
static void a_label_file_is_told(void **state)
{
    (void)state;
    static const char file[] = "image,label,split\na/0.png,a,train\nb/0.png,b,train\nb/1.png,b,test\n";
    scratch_write(scratch_path("l.csv"), file, strlen(file));
    const char *err = succeeds("train --data photos --out told --label-file l.csv --epochs 1" OPTIONS)->err;
    assert_contains(err, "photos: l.csv: 3 labels for 12 images\n");
    assert_contains(err, "photos: l.csv: column 'split' is not read\n");
    static const char line[] =
        "photos: labels are the data set's own; those that the run learnt from are in ";
    assert_contains(succeeds("score told/00000-photos-dcgan --split train --out told.csv")->err, line);
    assert_null(strstr(
        succeeds("score told/00000-photos-dcgan --split train --no-labels --out told.csv")->err, line));
}

static void a_full_disk_is_named(void **state)
{
    (void)state;
    char command[2048];
    snprintf(command, sizeof command,
             "cd '%s' && \"$PAYDIRT\" eval " RUN
             " --metrics class-accuracy --data photos --split train --json "
             ">/dev/full 2>said",
             scratch_dir);
    assert_int_not_equal(system(command), 0); /* NOLINT(concurrency-mt-unsafe) */
    char *said = scratch_read(scratch_path("said"), NULL);
    assert_contains(said, "standard output: cannot write: No space left on device");
    free(said);
}

static void scores_are_by_class_name(void **state)
{
    (void)state;
    succeeds("score " RUN " --split train --out one.csv");
    char *whole = scratch_read(scratch_path("one.csv"), NULL);
    move("photos", "aa"); /* and classes c, b only: as numbers they would be 1 and 0 */
    assert_int_equal(nftw(scratch_path("aa/a"), scratch_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
    const struct result *r = succeeds("score " RUN " --data aa --split train --out two.csv");
    assert_contains(r->err, "aa: its 2 classes are those of the run by name, not by number");
    char *two = scratch_read(scratch_path("two.csv"), NULL);
    assert_contains(two, "\n0,1,");
    assert_contains(two, "\n7,2,");
    free(whole);
    free(two);
    move("aa/b", "aa/x");
    fails("score " RUN " --data aa --split train --out two.csv", 5,
          "has images of classes that the run does not know: x; its classes are a, b, c");
    fails("score " RUN " --data aa --split train --by-number --out two.csv", 5, "2 classes, and the run 3");
    folder("aa/y");
    put("aa/y/0.png", 100);
    succeeds("score " RUN " --data aa --split train --by-number --out two.csv");
    move("aa/y", "aa/b"); /* four classes */
    folder("aa/y");
    succeeds("score " RUN " --data aa --split train --no-labels --out two.csv");
    folder("rest"); /* of a flat folder, without classes of its own: the run's names all the same */
    put("rest/0.png", 100);
    succeeds("score " RUN " --data rest --split train --probabilities --out rest.csv");
    char *rest = scratch_read(scratch_path("rest.csv"), NULL);
    assert_contains(rest, ",image,class,p,p_a,p_b,p_c\n");
    assert_true(strstr(rest, ",0.png,a,") || strstr(rest, ",0.png,b,") || strstr(rest, ",0.png,c,"));
    free(rest);
}

/* --- with people --- */

static void ask(const char *more)
{
    char command[512];
    snprintf(command, sizeof command, "active %s", more);
    succeeds(command);
}

static void answer(const char *label)
{
    char *text = scratch_read(scratch_path("live/00000-album-active-gold/queries.csv"), NULL);
    FILE *f = fopen(scratch_path("answers.csv"), "w");
    fputs("image,label\n", f);
    for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1)
        fprintf(f, "%.*s,%s\n", (int)strcspn(line, ","), line, label);
    fclose(f);
    free(text);
}

#define LIVE "live/00000-album-active-gold"

/* A flat folder: images come, are renamed, the folder moves; one that is gone is asked back. */
static void people_change_their_folder(void **state)
{
    (void)state;
    folder("album");
    char name[64];
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "album/%d.png", i);
        put(name, i);
    }
    ask("--data album --classes cat,dog --oracle csv --strategy gold --init 4 --query 2 --final 8 --epochs 1 "
        "--no-measure --no-pictures --out live" OPTIONS);
    answer("cat");
    put("album/00.png", 50);
    const struct result *r = succeeds("active --resume " LIVE " --labels answers.csv");
    assert_contains(r->err, "album: 1 new image joins the run");
    answer("dog");
    move("album/0.png", "album/zero.png");
    move("album", "moved");
    fails("active --resume " LIVE " --labels answers.csv", 2, "where it lies now: --data");
    r = succeeds("active --resume " LIVE " --data moved --labels answers.csv");
    assert_contains(r->err, "1 image was moved or renamed since the run began (zero.png was 0.png)");
    folder("gone");
    move("moved/1.png", "gone/1.png");
    fails("active --resume " LIVE, 5,
          "data set 'moved' has changed since the run began: 1 image gone (1.png)");
    char *list = scratch_read(scratch_path(LIVE "/start-1/images.csv"), NULL);
    assert_contains(list, "\n00.png,,"); /* the last */
    free(list);
}

#define TRAINED(test) cmocka_unit_test_setup_teardown(test, train_both, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRAINED(new_images_and_a_new_class_change_nothing),
        TRAINED(renamed_images_change_nothing),
        TRAINED(the_folder_may_move),
        TRAINED(what_was_lost_or_changed_is_refused),
        TRAINED(a_run_without_a_list_gets_one),
        TRAINED(other_options_stay),
        TRAINED(test_images_that_it_was_trained_on_are_counted),
        TRAINED(a_set_without_splits_is_measured),
        TRAINED(a_label_file_is_told),
        TRAINED(a_full_disk_is_named),
        TRAINED(scores_are_by_class_name),
        TRAINED(scores_are_of_the_images_that_were_drawn),
        TRAINED(a_table_of_labels_is_of_the_runs_own_images),
        cmocka_unit_test_setup_teardown(people_change_their_folder, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
