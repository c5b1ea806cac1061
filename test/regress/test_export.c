/* paydirt export: what other programs read. */
#include "needs.h"
#include "regress/program.h"

#include "arrays.h"
#include "io/level.h"
#include "io/png.h"

#include <png.h>
#include <sys/stat.h>

#define IMAGES "images/00000-strokes-infogan"
#define POINTS "points/00000-synthetic-mlp"
#define ASKED  "asked/00000-photos-active-random"
#define LITTLE " --threads 1 --burn-in 100 --block 50 "

enum { SIDE = 16 };

static int trains(void **state)
{
    if (scratch_setup(state))
        return -1;
    succeeds("train --data strokes --data-count 200 --model infogan --width 0.125 --batch 16 --min-epoch 64 "
             "--epochs 1 --threads 1 --out images");
    succeeds(
        "train --data synthetic --model mlp --width 0.1 --batch 32 --min-epoch 64 --epochs 1 --threads 1 "
        "--out points");
    return 0;
}

/* --- networks --- */

static void assert_has(const char *file, const char *text)
{
    size_t size;
    char *bytes = scratch_read(scratch_path(file), &size);
    if (!memmem(bytes, size, text, strlen(text)))
        fail_msg("no '%s' in %s", text, file);
    free(bytes);
}

static void writes_models(void **state)
{
    (void)state;
    NEEDS(protobuf);
    const struct result *r =
        succeeds("export " IMAGES " --onnx g.onnx --onnx-discriminator d.onnx --threads 1");
    assert_string_equal(r->out, "g.onnx\nd.onnx\n");
    assert_contains(r->err,
                    "g.onnx: z (N, 100), labels (N) to images (N, 1, 32, 32) and pixels (N, 32, 32, 1)\n");
    assert_contains(r->err, "d.onnx: images to logit (N), class_logits (N, 10); for real images, by the "
                            "statistics of 200 of them\n");
    assert_has("g.onnx", "ConvTranspose");
    assert_has("d.onnx", "BatchNormalization");
    r = succeeds("export " IMAGES " --onnx-discriminator d.onnx --origin fake --no-recalibrate --threads 1");
    assert_contains(r->err, "for generated images, by running statistics over reals and fakes\n");
    r = succeeds("export " POINTS " --onnx p.onnx --threads 1");
    assert_contains(r->err, "p.onnx: z (N, 2), labels (N) to images (N, 2), which are points\n");
    assert_has("p.onnx", "seed");
}

/* --- samples --- */

static void assert_picture(const char *file, const float *image, int64_t side)
{
    size_t size;
    char *bytes = scratch_read(scratch_path(file), &size);
    png_image png = {.version = PNG_IMAGE_VERSION};
    uint8_t pixels[32 * 32];
    assert_true(png_image_begin_read_from_memory(&png, bytes, size));
    assert_int_equal(png.format, PNG_FORMAT_GRAY);
    assert_true(png.width == side && png.height == side);
    assert_true(png_image_finish_read(&png, NULL, pixels, 0, NULL));
    for (int64_t i = 0; i < side * side; i++)
        assert_int_equal(pixels[i], pd_pixel_level(image[i]));
    free(bytes);
}

/* The same samples as arrays and as pictures. how: options of both. */
static void compare(const char *how, const char *folder, int per_class, int seed)
{
    char command[256], file[128];
    struct pd_npy *npz;
    snprintf(command, sizeof command, "sample " IMAGES " %s --npz same.npz", how);
    succeeds(command);
    snprintf(command, sizeof command, "export " IMAGES " %s --samples %s", how, folder);
    const struct result *r = succeeds(command);
    snprintf(command, sizeof command, "%s\n", folder);
    assert_string_equal(r->out, command);
    assert_int_equal(pd_npy_open(scratch_path("same.npz"), &npz, NULL), PD_OK);
    const float *images = find_array(npz, "images")->data;
    for (int c = 0; c < 10; c++)
        for (int i = 0; i < per_class; i++) {
            snprintf(file, sizeof file, "%s/%d/paydirt-%d-%05d.png", folder, c, seed, i);
            assert_picture(file, images + (size_t)(c * per_class + i) * 32 * 32, 32);
        }
    pd_npy_destroy(npz);
}

static void writes_pictures_of_the_samples(void **state)
{
    (void)state;
    compare("--per-class 3 --seed 4 --threads 1", "plain", 3, 4);
    compare("--per-class 5" LITTLE "--reject gold --p 0.5", "kept", 5, 0);
    assert_has("plain/manifest.csv", "file,class,label,number,seed,logit,log_p_class,d,z_0,z_1,");
    assert_has("plain/manifest.csv", "\n9/paydirt-4-00002.png,9,9,2,4,");
    fails("export " IMAGES " --samples plain --per-class 3", 3, "there is something in it already");
    fails("export " IMAGES " --samples few --per-class 9 --reject gold --keep 0.001 --least-rate 1" LITTLE, 5,
          "below the least rate");
    assert_int_equal(access(scratch_path("few"), F_OK), -1);
    assert_int_equal(access(scratch_path("few.paydirt.tmp"), F_OK), -1);
}

/* --- labels --- */

static void draw(const char *name, int i)
{
    uint8_t rgb[SIDE * SIDE * 3];
    char path[128];
    for (int k = 0; k < SIDE * SIDE * 3; k++)
        rgb[k] = (uint8_t)(k * (i + 1) + 31 * i);
    snprintf(path, sizeof path, "photos/%s", name);
    assert_int_equal(pd_png_write_rgb(scratch_path(path), rgb, SIDE, SIDE, NULL), PD_OK);
}

static void write_text(const char *name, const char *text)
{
    scratch_write(scratch_path(name), text, strlen(text));
}

static void writes_what_people_answered(void **state)
{
    (void)state;
    static const char *const names[] = {"a.png", "b.png", "c.png", "d.png", "-e,f.png", "=g.png"};
    mkdir(scratch_path("photos"), 0777);
    for (int i = 0; i < 6; i++)
        draw(names[i], i);
    succeeds("active --data ./photos --classes cat,=1+1 --strategy random --oracle csv --init 6 --query 1 "
             "--final 6 --model infogan --width 0.1 --batch 4 --min-epoch 8 --epochs 1 --threads 1 "
             "--no-pictures --no-measure --out asked");
    fails("export " ASKED " --labels l.csv", 5, ASKED ": nobody has answered yet");
    write_text("one.csv", "image,label\na.png,cat\nb.png,=1+1\nc.png,skip\n=g.png,cat\n\"-e,f.png\",cat\n");
    write_text("two.csv", "image,label\na.png,=1+1\n");
    succeeds("active --resume " ASKED " --labels one.csv");
    succeeds("active --resume " ASKED " --correct two.csv");
    const struct result *r = succeeds("export " ASKED " --labels l.csv");
    assert_string_equal(r->out, "l.csv\n");
    assert_string_equal(r->err,
                        "l.csv: 4 labels; 1 skipped, left out; 1 replaced by later answers\n"
                        "l.csv: 2 labels, which a spreadsheet would run as formulas, have a ' in front "
                        "that is no part of the class's name\n");
    assert_has("l.csv", "image,label,time,file,row,path\n");
    assert_has("l.csv", "\na.png,\"'=1+1\",20");
    assert_has("l.csv", "Z,two.csv,2,");
    assert_has("l.csv", "\n./=g.png,cat,20");
    assert_has("l.csv", "\n\"./-e,f.png\",cat,20");
    assert_has("l.csv", "/photos/-e,f.png\"\n");
    /* and back, by paydirt itself: where no class's name is a formula */
    write_text("again.csv", "image,label,time,file,row,path\n./=g.png,cat,,,,\n\"./-e,f.png\",cat,,,,\n");
    succeeds(
        "train --data ./photos --classes cat,dog --label-file again.csv --model infogan --width 0.1 --batch "
        "4 --min-epoch 8 --epochs 1 --threads 1 --out again");
    write_text(ASKED "/journal.jsonl", "{\"event\":\"answer\",\"image\":\"a.png\"}\n");
    fails("export " ASKED " --labels l.csv", 4, "journal.jsonl: line 1: expected an image and its label");
    write_text(ASKED "/journal.jsonl", "{\"event\":\n");
    fails("export " ASKED " --labels l.csv", 4, "journal.jsonl: line 1 is not a JSON object");
}

/* --- beside another program --- */

static void torchvision_reads_the_folder(void **state)
{
    (void)state;
    const char *python = getenv("PYTHON_NEW");
    char command[2048];
    if (!python || !*python) {
        print_message("PYTHON_NEW names no python3 with torchvision to read the folder\n");
        skip();
    }
    succeeds("sample " IMAGES " --per-class 2 --threads 1 --npz read.npz");
    succeeds("export " IMAGES " --per-class 2 --threads 1 --samples read");
    snprintf(command, sizeof command, "cd '%s' && '%s' '%s/regress/image_folder.py' read read.npz 2>&1",
             scratch_dir, python, PD_TEST_DIR);
    const int code = system(command); /* NOLINT(concurrency-mt-unsafe) */
    if (WIFEXITED(code) && WEXITSTATUS(code) == 77)
        skip();
    assert_int_equal(code, 0);
}

/* --- mistakes --- */

static void says_what_is_wrong(void **state)
{
    (void)state;
    NEEDS(protobuf);
    fails("export", 2, "RUN");
    fails("export " IMAGES, 2, "nothing to write: give --onnx FILE.onnx");
    fails("export " IMAGES " --onnx g.onnx --labels l.csv", 2, "a command for each");
    fails("export " IMAGES " --onnx g.onnx --onnx-discriminator g.onnx", 2, "the same file for two outputs");
    fails("export " IMAGES " --onnx-discriminator d.onnx --origin faek", 2, "did you mean 'fake'?");
    fails("export " IMAGES " --onnx g.onnx --reject gold", 2,
          "--reject chooses samples: give --samples FOLDER");
    fails("export " IMAGES " --onxn g.onnx", 2, "did you mean --onnx?");
    fails("export " IMAGES " --onnx none/g.onnx", 3, "none/g.onnx: cannot create");
    fails("export " IMAGES " --samples . --per-class 1", 3, ".: expected the name of a new folder");
    fails("export " IMAGES " --labels l.csv", 2, "is a run of training, not of active learning");
    fails("export " POINTS " --samples p --per-class 1", 5, "the run makes points, which are no pictures");
    fails("export nowhere --onnx g.onnx", 3, "nowhere");
    assert_contains(
        succeeds("export " IMAGES " --onnx g.onnx --per-class 3 --origin real --no-recalibrate")->err,
        "--origin has no effect without --onnx-discriminator\n"
        "--per-class has no effect without --samples\n"
        "--recalibrate has no effect without --onnx-discriminator or --samples\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_models),
        cmocka_unit_test(writes_pictures_of_the_samples),
        cmocka_unit_test(writes_what_people_answered),
        cmocka_unit_test(torchvision_reads_the_folder),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, trains, scratch_teardown);
}
