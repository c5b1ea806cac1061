/* paydirt data: what its verbs print, write and return. */
#include "needs.h"
#include "io/npy.h"
#include "mirror.h"
#include "regress/program.h"
#include "unit/image_maker.h"
#include "unit/picture.h"

#include <jansson.h>
#include <sys/stat.h>

static const char *say(const char *format, ...)
{
    static char texts[4][1024];
    static int turn;
    char *text = texts[turn++ % 4];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof texts[0], format, args);
    va_end(args);
    return text;
}

static void save(const char *path, struct file f)
{
    scratch_write(scratch_path(path), f.bytes, f.size);
    free(f.bytes);
}

static struct file square(int side, uint32_t rgb)
{
    static uint8_t pixels[3 * 64 * 64];
    for (int i = 0; i < 3 * side * side; i++)
        pixels[i] = (uint8_t)(rgb >> (16 - 8 * (i % 3)));
    return make_png(side, side, PNG_FORMAT_RGB, pixels, NULL, 0);
}

static const uint32_t red = 0xc00000, green = 0x00b000, blue = 0x0000a0;

/* photos/: two classes and an image without; no two are the same. bad/: one that is damaged, one that is no
 * image, one that is a copy with another label. */
static void write_photos(void)
{
    static const char *const folders[] = {"photos",  "photos/red", "photos/green", "bad",
                                          "bad/one", "bad/two",    "mnist",        "empty"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        mkdir(scratch_path(folders[i]), 0777);
    save("photos/red/1.png", square(32, red));
    save("photos/red/2.png", square(16, red));
    save("photos/green/3.png", square(32, green));
    save("photos/4.png", square(32, blue));
    save("bad/one/1.png", square(32, red));
    save("bad/two/2.png", square(32, red));
    scratch_write(scratch_path("bad/two/3.png"), "no image", 8);
    struct file half = square(32, green);
    half.size /= 2;
    save("bad/4.png", half);
}

static void write_mnist(void)
{
    static uint8_t images[16 + 4 * 28 * 28], labels[8 + 4] = {0, 0, 8, 1, 0, 0, 0, 4, 3, 3, 3, 9};
    static const uint8_t header[16] = {0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 28, 0, 0, 0, 28};
    memcpy(images, header, 16);
    for (int i = 0; i < 4 * 28 * 28; i++)
        images[16 + i] = (uint8_t)(i / 784 == 1 ? 0 : i / 784 * 10); /* the second is the first */
    scratch_write(scratch_path("mnist/train-images-idx3-ubyte"), images, sizeof images);
    scratch_write(scratch_path("mnist/train-labels-idx1-ubyte"), labels, sizeof labels);
}

static int start(void **state)
{
    if (scratch_setup(state))
        return -1;
    write_photos();
    write_mnist();
    scratch_write(scratch_path("train-images-idx3-ubyte.gz"), "", 1);
    mirror_start();
    return 0;
}

static int stop(void **state)
{
    mirror_stop();
    return scratch_teardown(state);
}

/* --- words --- */

static void shows_help(void **state)
{
    (void)state;
    static const char *const verbs[] = {"list", "get", "check", "show"};
    for (int i = 0; i < 4; i++) {
        const struct result *r = succeeds(say("data %s --help", verbs[i]));
        assert_contains(r->out, say("usage: paydirt data %s ", verbs[i]));
        assert_contains(r->out, say("examples:\n  paydirt data %s", verbs[i]));
    }
    assert_contains(succeeds("data get --help")->out, "tiny-imagenet");
}

static void says_what_is_wrong_with_the_command(void **state)
{
    (void)state;
    fails("data", 2, "VERB is missing");
    fails("data chekc photos", 2, "did you mean 'check'?");
    fails("data get", 2, "NAME... is missing");
    fails("data get mnist nmist", 2, "did you mean 'mnist'?");
    fails("data check", 2, "NAME|DIR is missing");
    fails("data check minst", 2, "did you mean 'mnist'?");
    fails("data check ./none", 2, "no such folder");
    fails("data check empty", 3, "empty");
    fails("data check mnist", 2, "'paydirt data get mnist' fetches them");
    fails("data show photos --split tets", 2, "--split 'tets', expected train or test");
    fails("data show synthetic", 2, "no images");
    fails("data list --data-dri .", 2, "did you mean --data-dir?");
}

static void lists_what_is_there(void **state)
{
    (void)state;
    mkdir(scratch_path("cifar-10-batches-bin"), 0777);
    const char *list = succeeds("data list --data-dir .")->out;
    assert_contains(strstr(list, "cifar10 "), "(in '.')");
    assert_contains(strstr(list, "kmnist "), "(not in '.')");
    assert_null(strstr(succeeds("data list")->out, "(in '"));
}

/* --- check --- */

static void checks_a_good_folder(void **state)
{
    (void)state;
    const char *text = succeeds("data check photos")->out;
    assert_contains(text, "photos: folder");
    assert_contains(text, "4 colour images of 16 x 16 to 32 x 32, 3 of them 32 x 32\n");
    assert_contains(text, "test      none: ");
    assert_contains(text, say("\n%-31s %8d  ###############\n", "green", 1));
    assert_contains(text, say("\n%-31s %8d  ##############################\n", "red", 2));
    assert_contains(text, say("\n%-31s %8d  ###############\n", "(no label)", 1));
    assert_contains(text, "\nbroken    0\n");
    /* 0xc0 / 255 over 1280 of 3328 pixels */
    assert_contains(text, "\nmean      0.2896  0.2124  0.1931\n");
}

static void finds_what_is_broken(void **state)
{
    (void)state;
    const struct result *r = run("data check bad");
    assert_int_equal(r->code, 1);
    assert_contains(r->out, "\ncopies    1 within train");
    assert_contains(r->out, "two/2.png is one/1.png, with another label\n");
    assert_contains(r->out, "\nbroken    2\n");
    assert_contains(r->out, "two/3.png: 'bad/two/3.png' is no image (expected PNG");
    assert_contains(r->out, "  4.png: 'bad/4.png'");
    assert_contains(r->err, "paydirt: 'bad': 2 broken");
}

/* What a folder has of every kind is read, by its content whatever its name says; the rest is named. */
static void reads_every_kind(void **state)
{
    (void)state;
    NEEDS(gif);
    NEEDS(jpeg);
    NEEDS(tiff);
    NEEDS(webp);
    static const char *const files[][2] = {
        {"rgb8.png", "1.PNG"},         {"420.jpg", "2.jfif"},      {"lossless.webp", "3.webp"},
        {"animated.gif", "4.gif"},     {"two-pages.tif", "5.tif"}, {"rgb24-40.bmp", "6.bmp"},
        {"transparent.gif", "7.jpeg"}, {"page.jpg", "8.jpg"},
    };
    assert_int_equal(mkdir(scratch_path("kinds"), 0777), 0);
    assert_int_equal(mkdir(scratch_path("kinds/a"), 0777), 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct file f;
        f.bytes =
            (uint8_t *)scratch_read(say("%s/fuzz/corpus/image/kinds/%s", PD_TEST_DIR, files[i][0]), &f.size);
        save(say("kinds/a/%s", files[i][1]), f);
    }
    const char *text = run("data check kinds")->out;
    assert_contains(text, "\ntrain     7 colour images");
    assert_contains(text, "2 files have more frames or pages; the first is taken\n");
    assert_contains(text, "\nbroken    1\n");
    assert_contains(text, "a/8.jpg: 'kinds/a/8.jpg' is no image (expected PNG");
}

static const char *text_at(const json_t *all, const char *list, size_t i, const char *key)
{
    return json_string_value(json_object_get(json_array_get(json_object_get(all, list), i), key));
}

/* Letters of two columns, of two bytes, and with an accent of its own. */
static void columns_stand_below_each_other(void **state)
{
    (void)state;
    static const char *const names[] = {"abc", "Gr\303\266\303\237e", "\xe7\x8c\xab", "nai\xcc\x88ve"};
    const int columns[] = {3, 5, 2, 5};
    mkdir(scratch_path("wide"), 0777);
    for (int i = 0; i < 4; i++) {
        mkdir(scratch_path(say("wide/%s", names[i])), 0777);
        save(say("wide/%s/1.png", names[i]), square(16, red + (uint32_t)i));
    }
    const struct result *r = succeeds("data check wide");
    for (int i = 0; i < 4; i++)
        assert_contains(r->out, say("\n%s%*s        1  ##", names[i], 31 - columns[i], ""));
}

/* One line, which ends it. */
static void names_the_columns(void **state)
{
    (void)state;
    static const char table[] = "picture,kind\n1.png,a\n",
                      lines[] = "{\"picture\": \"1.png\", \"kind\": \"a\"}\n";
    static const char words[] = "labels.csv: no column for the image's name among 'picture, kind': name them "
                                "(--metadata-columns IMAGE,LABEL)";
    scratch_write(scratch_path("labels.csv"), table, sizeof table - 1);
    scratch_write(scratch_path("labels.jsonl"), lines, sizeof lines - 1);
    const struct result *r = run("data check photos --metadata labels.csv");
    assert_fails("data check", r, 2, words);
    assert_string_equal(r->out, "");
    assert_null(strstr(strstr(r->err, "no column") + 1, "no column"));
    fails("data check photos --metadata labels.csv --json", 2, words);
    fails("data check photos --metadata labels.jsonl", 2, "labels.jsonl: no column for the image's name");
    fails("data check photos --metadata labels.csv --metadata-columns picture,class", 2,
          "for the 'class' among");
    fails("train --data photos --metadata labels.csv", 2, words);
}

static void prints_json(void **state)
{
    (void)state;
    json_t *all = json_loads(run("data check bad --json")->out, 0, NULL);
    const json_t *train = json_object_get(all, "train");
    assert_string_equal(json_string_value(json_object_get(all, "data")), "folder");
    assert_int_equal(json_integer_value(json_object_get(train, "images")), 2);
    assert_int_equal(json_integer_value(json_object_get(train, "copies")), 1);
    assert_true(json_is_false(json_object_get(json_object_get(all, "test"), "there")));
    assert_string_equal(text_at(all, "broken", 0, "file"), "4.png");
    assert_string_equal(text_at(all, "broken", 1, "file"), "two/3.png");
    assert_string_equal(text_at(all, "copies", 0, "image"), "two/2.png");
    assert_string_equal(text_at(all, "copies", 0, "first"), "one/1.png");
    assert_true(json_is_false(json_object_get(all, "usable")));
    json_decref(all);
}

/* Latin-1 in a file's and a class's name, and in the folder's own: nothing is lost. */
static void lists_names_of_any_bytes(void **state)
{
    (void)state;
    mkdir(scratch_path("\xe9"), 0777);
    mkdir(scratch_path("\xe9/a\xe9"), 0777);
    mkdir(scratch_path("\xe9/b"), 0777);
    save("\xe9/a\xe9/1.png", square(8, red));
    save("\xe9/b/\xff.png", square(8, green));
    save("\xe9/b/\xfe.png", file_of("junk", 4));
    save("\xe9/b/3.jxl", file_of("junk", 4));
    json_t *all = json_loads(run("data check \xe9 --json")->out, 0, NULL);
    const json_t *train = json_object_get(all, "train");
    assert_string_equal(json_string_value(json_object_get(all, "path")), "?");
    assert_string_equal(text_at(train, "classes", 0, "class"), "a\\xE9");
    assert_string_equal(text_at(train, "classes", 1, "class"), "b");
    assert_string_equal(text_at(all, "broken", 0, "file"), "b/\\xFE.png");
    assert_string_equal(text_at(train, "passed_over", 0, "kind"), ".jxl");
    assert_string_equal(text_at(train, "passed_over", 0, "first"), "b/3.jxl");
    json_decref(all);
}

/* In the folder of images itself: a run goes on, and neither it nor its pictures are ever data. */
static void trains_where_the_images_are(void **state)
{
    (void)state;
    NEEDS(cairo);
#define THERE "--size 16 --model dcgan --width 0.125 --batch 4 --min-epoch 8 --threads 1 --no-cache"
    const char *files[] = {"own/a/1.png", "own/a/2.png", "own/b/1.png", "own/b/2.png"};
    mkdir(scratch_path("own"), 0777);
    mkdir(scratch_path("own/a"), 0777);
    mkdir(scratch_path("own/b"), 0777);
    for (int i = 0; i < 4; i++)
        save(files[i], square(16, red + (uint32_t)i));
    succeeds("train --data own --out own/deep/runs --epochs 1 " THERE);
    succeeds("sample own/deep/runs/00000-own-dcgan --per-class 2 --grid own/a/grid.png --threads 1");
    succeeds("data show own --out own/sheet.png");
    const struct result *r = succeeds("train --resume own/deep/runs/00000-own-dcgan --epochs 2");
    assert_contains(r->err, "own: 2 classes (a, b), 4 images; no test split: all for training\n");
    assert_contains(r->err, "own: passed over: 1 run of paydirt, 2 pictures of paydirt\n");
    r = succeeds("data check own");
    assert_contains(r->out, "train     4 colour images");
    assert_contains(r->out, "1 run of paydirt, 2 pictures of paydirt");
}

/* Of 12 grey images, all different. */
static void write_greys(void)
{
    mkdir(scratch_path("greys"), 0777);
    for (int k = 0; k < 3; k++) {
        mkdir(scratch_path(say("greys/%d", k)), 0777);
        for (int i = 0; i < 4; i++)
            save(say("greys/%d/%d.png", k, i), square(16, 0x010101 * (uint32_t)(1 + 4 * k + i)));
    }
}

#define GREYS                                                                                                \
    "train --data greys --width 0.125 --batch 4 --min-epoch 8 --epochs 1 --threads 1 --no-cache --out g "

/* Whether images have colours, and so the model, is known once they are decoded. */
static void chooses_the_model_by_the_images(void **state)
{
    (void)state;
    NEEDS(cairo);
    write_greys();
    succeeds(GREYS "--size 12");
    fails("train --data greys --size 30 --no-cache", 5,
          "model 'dcgan' makes images whose size is a multiple of 8, not 30; where all are grey: model "
          "'infogan' makes images whose size is a multiple of 4, not 30 (--size 32, or --model)");
    fails(GREYS "--size 12 --model dcgan", 5, "a multiple of 8, not 12 (--size 16, or --model)");
    fails("train --data own --size 28 --no-cache", 5, "a multiple of 8, not 28 (--size 32, or --model)");
}

static void says_how_many_it_trains_on(void **state)
{
    (void)state;
    NEEDS(cairo);
    const struct result *r =
        succeeds(GREYS "--size 16 --data-count 9 --validation 3 --validation-epochs 1 --best class-accuracy");
    assert_contains(r->err, "greys: 9 of the 12 training images, drawn at random\n");
    assert_contains(r->err, "greys: 3 images are held out for validation: 6 for training\n");
    r = succeeds(GREYS "--size 16");
    assert_null(strstr(r->err, "drawn at random"));
    assert_null(strstr(r->err, "held out"));
    const char *said = "image,label\n0/0.png,0\n0/1.png,0\n0/2.png,0\n0/3.png,0\n1/0.png,1\n1/1.png,1\n"
                       "1/2.png,1\n1/3.png,1\n";
    scratch_write(scratch_path("said.csv"), said, strlen(said));
    r = succeeds(GREYS "--size 16 --label-file said.csv --validation 9 --best class-accuracy");
    assert_contains(r->err, "said.csv: 8 labels for 12 images, ");
    assert_contains(r->err, " of them for images held out: not learnt from\n");
    mkdir(scratch_path("flat"), 0777);
    for (int i = 0; i < 8; i++)
        save(say("flat/%d.png", i), square(16, 0x010101 * (uint32_t)(1 + i)));
    scratch_write(scratch_path("flat.csv"), "image,label\n1.png,a\n2.png,b\n", 28);
    fails("train --data flat --classes a,b --label-file flat.csv --size 16 --validation 2 --no-cache", 2,
          "cannot draw 2 images with labels for validation from data set 'flat': expected 0 (none) to 0 "
          "(labels of the set itself; a label file's are for training)");
}

static void takes_tables_of_folders_alone(void **state)
{
    (void)state;
    NEEDS(cairo);
    fails("train --data strokes --metadata none.csv", 2,
          "data set 'strokes' has its own labels; those of folders and archives of images can be in a table "
          "(--metadata)");
    fails("train --data strokes --metadata-columns a,b", 2, "(--metadata-columns)");
    const struct result *r = succeeds(GREYS "--size 16 --metadata-columns a,b");
    assert_contains(r->err,
                    "greys: no table of labels lies there, so no columns are read (--metadata FILE)\n");
}

static void knows_a_set_by_its_files(void **state)
{
    (void)state;
    const char *commands[] = {"data check mnist/", "data check mnist --data-dir ."};
    for (int i = 0; i < 2; i++) {
        const char *text = succeeds(commands[i])->out;
        assert_contains(text, ": mnist, handwritten digits");
        assert_contains(text, "train     4 grey images of 28 x 28\n");
        assert_contains(text, "copies    1 within train, 0 within test, 0 of test are in train\n");
        assert_contains(text, "train 1 is train 0\n");
        assert_contains(text, say("\n%-31s %8d  ##########\n", "9", 1));
    }
    /* the same files again as the test split, one byte short */
    size_t size;
    char *bytes = scratch_read(scratch_path("mnist/train-images-idx3-ubyte"), &size);
    scratch_write(scratch_path("mnist/t10k-images-idx3-ubyte"), bytes, size - 1);
    free(bytes);
    const struct result *r = run("data check mnist/");
    assert_int_equal(r->code, 1);
    assert_contains(r->out, "test      none: broken\n");
    assert_contains(r->out, "is cut off");
    assert_contains(r->out, "train     4 grey images");
    unlink(scratch_path("mnist/t10k-images-idx3-ubyte"));
}

/* MNIST's and Kuzushiji-MNIST's files have the same names, but not the same sizes. */
static void knows_a_set_by_its_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        off_t size;
    } files[] = {{"train-images-idx3-ubyte.gz", 18165135},
                 {"train-labels-idx1-ubyte.gz", 29497},
                 {"t10k-images-idx3-ubyte.gz", 3041136},
                 {"t10k-labels-idx1-ubyte.gz", 5120}};
    mkdir(scratch_path("sized"), 0777);
    for (int i = 0; i < 4; i++) {
        const char *path = scratch_path(say("sized/%s", files[i].name));
        scratch_write(path, "", 0);
        assert_int_equal(truncate(path, files[i].size), 0);
    }
    const struct result *r = run("data check sized");
    assert_int_equal(r->code, 1);
    assert_contains(r->out, "sized: kmnist, ");
    assert_contains(r->out, "\nbroken    2\n");
}

static void finds_training_images_in_test(void **state)
{
    (void)state;
    static const char *const names[] = {"images-idx3-ubyte", "labels-idx1-ubyte"};
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            link(scratch_path(say("mnist/train-%s", names[i])), scratch_path(say("mnist/t10k-%s", names[i]))),
            0);
    assert_contains(succeeds("data check mnist/")->out,
                    "copies    1 within train, 0 within test, 4 of test are in train\n");
    for (int i = 0; i < 2; i++)
        unlink(scratch_path(say("mnist/t10k-%s", names[i])));
}

static void checks_what_paydirt_makes(void **state)
{
    (void)state;
    assert_contains(succeeds("data check synthetic")->out, "train     1000 points\n");
    assert_contains(succeeds("data check fmnist --data-dir mnist")->out, "train     4 grey images");
}

/* --- show --- */

static void draws_a_row_for_each_class(void **state)
{
    (void)state;
    NEEDS(cairo);
    size_t size;
    assert_string_equal(succeeds("data show photos --per-class 4 --size 32 --out s.png")->out, "s.png\n");
    char *png = scratch_read(scratch_path("s.png"), &size);
    struct picture p = picture_decode(png, size);
    const struct patch r = picture_find(&p, red), g = picture_find(&p, green), b = picture_find(&p, blue);
    assert_int_equal(r.count, 2 * g.count); /* the smaller image was resized */
    assert_int_equal(g.count, b.count);
    assert_true(g.count > 0 && g.bottom < r.top && r.bottom < b.top);
    assert_int_equal(g.left, b.left);
    assert_int_equal(g.left, r.left);
    free(p.rgb);
    free(png);
    fails("data show photos --split test", 3, "no test split");
    fails("data show photos --out none/s.png", 3, "none/s.png: cannot create");
}

/* --- get --- */

static void needs_a_mirror(void)
{
    if (!mirror_port)
        skip();
}

static void gets_no_wrong_file(void **state)
{
    (void)state;
    NEEDS(curl);
    needs_a_mirror();
    fails(say("data get mnist --data-dir got --mirror %s", mirror_url("ok/")), 4,
          "train-images-idx3-ubyte.gz: offers 1 bytes, expected 9912422");
    fails(say("data get mnist --data-dir got --mirror %s", mirror_url("missing")), 3, "404");
    fails("data get mnist kmnist --data-dir got --mirror http://127.0.0.1:1/", 3, "offline");
    fails(say("data get mnist --data-dir got --mirror http://me:secret@127.0.0.1:%d/missing", mirror_port), 3,
          "http://***@127.0.0.1");
    fails("data get mnist --data-dir got --mirror http://me:secret@127.0.0.1:1/", 3,
          "http://***@127.0.0.1:1/");
    fails("data get mnist --data-dir got --mirror http://me:sec/ret@127.0.0.1:1/", 3,
          "http://***@127.0.0.1:1/");
    fails("data get mnist --data-dir got --mirror=", 2, "--mirror: the value is empty, expected URL");
    fails("data get mnist --data-dir got --mirror http://127.0.0.1:1/ --mirror=", 2,
          "--mirror: the value is empty");
    fails("data get mnist --data-dir photos/4.png", 3, "photos/4.png");
    assert_int_equal(scratch_count(scratch_path("got/mnist")), 0);
}

/* PAYDIRT_DATA/mnist/NAME of the right size stands for a mirror's. */
static void needs_real_files(void)
{
    const char *data = getenv("PAYDIRT_DATA");
    static const char *const names[] = {"train-images", "train-labels", "t10k-images", "t10k-labels"};
    needs_a_mirror();
    if (!data) {
        print_message("PAYDIRT_DATA names no folder with real files\n");
        skip();
    }
    for (int i = 0; i < 4; i++) {
        const char *name = say("%s-idx%d-ubyte.gz", names[i], i % 2 ? 1 : 3);
        unlink(scratch_path(name));
        assert_int_equal(symlink(say("%s/mnist/%s", data, name), scratch_path(name)), 0);
    }
}

static void gets_real_files(void **state)
{
    (void)state;
    needs_real_files();
    const char *command = say("data get mnist --data-dir real --mirror %s", mirror_url("ok"));
    const struct result *r = succeeds(command);
    assert_string_equal(r->out, "real\n");
    assert_contains(r->err, "mnist: train-images-idx3-ubyte.gz, 9.9 MB, fetched, checked\n");
    assert_contains(r->err, "mnist: t10k-labels-idx1-ubyte.gz, 5 kB, fetched, checked\n");
    assert_int_equal(scratch_count(scratch_path("real/mnist")), 4);
    mirror_forget_requests();
    assert_contains(succeeds(command)->err, "mnist: t10k-labels-idx1-ubyte.gz, 5 kB, is there\n");
    assert_requests("");
    assert_contains(succeeds("data check mnist --data-dir real")->out, "train     60000 grey images");
}

static void shows_how_far_it_is(void **state)
{
    (void)state;
    needs_real_files();
    const struct result *r =
        run_on_terminal(say("data get mnist --data-dir bar --mirror %s", mirror_url("ok")));
    assert_int_equal(r->code, 0);
    assert_contains(r->err, "\rtrain-images-idx3-ubyte.gz [");
    assert_contains(r->err, "MB/s");
}

static void stops_on_a_signal(void **state)
{
    (void)state;
    needs_real_files();
    const char *part = scratch_path("stopped/mnist/train-images-idx3-ubyte.gz.part");
    const pid_t child = program_start(
        say("data get mnist --data-dir stopped --mirror %s", mirror_url("stall/50000")), RLIM_INFINITY);
    struct stat info = {.st_size = 0};
    for (int i = 0; i < 3000 && info.st_size < 50000; i++) {
        program_sleep(0.01);
        stat(part, &info);
    }
    kill(child, SIGINT);
    assert_fails("data get", program_end(child), 130, "50000 of 9912422 bytes");
    assert_int_equal(stat(part, &info), 0);
    assert_int_equal(info.st_size, 50000);
    mirror_forget_requests();
    succeeds(say("data get mnist --data-dir stopped --mirror %s", mirror_url("ok")));
    char *requests = scratch_read(scratch_path("requests"), NULL);
    assert_contains(requests, "/ok/train-images-idx3-ubyte.gz bytes=50000-\n");
    free(requests);
}

/* Two splits of floats, of which only one goes below 0; labels where asked for. */
static void write_arrays(const char *path, bool labelled)
{
    static float train[4 * 64], test[2 * 64];
    static const uint8_t labels[4] = {0, 1, 0, 1};
    for (int i = 0; i < 4 * 64; i++)
        train[i] = i % 2 ? 1.0F : -1.0F;
    for (int i = 0; i < 2 * 64; i++)
        test[i] = 0.5F;
    const struct pd_io_array arrays[] = {{"x_train", PD_IO_F32, 3, {4, 8, 8}, train},
                                         {"x_test", PD_IO_F32, 3, {2, 8, 8}, test},
                                         {"y_train", PD_IO_U8, 1, {4}, labels},
                                         {"y_test", PD_IO_U8, 1, {2}, labels}};
    assert_int_equal(pd_npz_write(scratch_path(path), arrays, labelled ? 4 : 2, true, NULL), PD_OK);
}

static void says_what_arrays_mean(void **state)
{
    (void)state;
    write_arrays("a.npz", true);
    const struct result *r = succeeds("data check a.npz");
    assert_contains(r->out, "float32 images of -1 to 1: -1 is black, 1 white");
    assert_contains(succeeds("data check a.npz --json")->out, "0.749");
    write_arrays("b.npz", false);
    assert_contains(succeeds("data check b.npz")->out,
                    "no array 'y_train', so no image has a label (it has: x_train, x_test)");
    fails("train --data b.npz --size 16 --width 0.1 --min-epoch 16 --epochs 1", 2,
          "put an array of labels in (an .npz)");
}

static void write_sixteen(const char *path, int most)
{
    static uint16_t images[8 * 64];
    static const uint8_t labels[8] = {0, 1, 0, 1, 0, 1, 0, 1};
    for (int i = 0; i < 8 * 64; i++)
        images[i] = (uint16_t)(i * most / (8 * 64 - 1));
    const struct pd_io_array arrays[] = {{"images", PD_IO_U16, 3, {8, 8, 8}, images},
                                         {"labels", PD_IO_U8, 1, {8}, labels}};
    assert_int_equal(pd_npz_write(scratch_path(path), arrays, 2, true, NULL), PD_OK);
}

/* A darker file would be of another scale, or of none, by its own values. */
static void scores_by_the_scale_of_the_run(void **state)
{
    (void)state;
    write_sixteen("sixteen.npz", 60000);
    succeeds("train --data sixteen.npz --out scaled --model infogan --size 8 --width 0.1 --min-epoch 16 "
             "--epochs 1");
    for (int most = 200; most <= 30000; most += 29800) {
        write_sixteen("pool.npz", most);
        assert_contains(
            succeeds("score scaled/00000-sixteen-infogan --data pool.npz --split train --out pool")->err,
            "0 is black, 65535 white, the run's scale");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_help),
        cmocka_unit_test(says_what_is_wrong_with_the_command),
        cmocka_unit_test(lists_what_is_there),
        cmocka_unit_test(checks_a_good_folder),
        cmocka_unit_test(finds_what_is_broken),
        cmocka_unit_test(reads_every_kind),
        cmocka_unit_test(names_the_columns),
        cmocka_unit_test(columns_stand_below_each_other),
        cmocka_unit_test(prints_json),
        cmocka_unit_test(lists_names_of_any_bytes),
        cmocka_unit_test(trains_where_the_images_are),
        cmocka_unit_test(chooses_the_model_by_the_images),
        cmocka_unit_test(says_how_many_it_trains_on),
        cmocka_unit_test(takes_tables_of_folders_alone),
        cmocka_unit_test(knows_a_set_by_its_files),
        cmocka_unit_test(knows_a_set_by_its_sizes),
        cmocka_unit_test(finds_training_images_in_test),
        cmocka_unit_test(checks_what_paydirt_makes),
        cmocka_unit_test(says_what_arrays_mean),
        cmocka_unit_test(scores_by_the_scale_of_the_run),
        cmocka_unit_test(draws_a_row_for_each_class),
        cmocka_unit_test(gets_no_wrong_file),
        cmocka_unit_test(gets_real_files),
        cmocka_unit_test(shows_how_far_it_is),
        cmocka_unit_test(stops_on_a_signal),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
