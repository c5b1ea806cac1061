/* Folders of images: what their layout says, sizes, and files that cannot be read. */
#include "needs.h"
#include "unit/image_maker.h"

#include "base/mem.h"
#include "data/dataset.h"
#include "data/images/resize.h"
#include "io/png.h"

#include <sys/stat.h>

/* An image of one colour. */
static struct file plain(int width, int height, int red, int green, int blue)
{
    static uint8_t rgb[400 * 400 * 3];
    for (int i = 0; i < width * height; i++) {
        rgb[3 * i] = (uint8_t)red;
        rgb[3 * i + 1] = (uint8_t)green;
        rgb[3 * i + 2] = (uint8_t)blue;
    }
    return make_png(width, height, PNG_FORMAT_RGB, rgb, NULL, 0);
}

/* Writes a file of the photos' folder, making the folders above it. */
static void keep(const char *name, struct file f)
{
    char path[400];
    snprintf(path, sizeof path, "photos/%s", name);
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(scratch_path(path), 0777);
        *slash = '/';
    }
    scratch_write(scratch_path(path), f.bytes, f.size);
    free(f.bytes);
}

static void keep_plain(const char *name, int red)
{
    keep(name, plain(10, 10, red, 0, 9));
}

static enum pd_status open_photos(struct pd_data_request request, struct pd_dataset **d, struct pd_error *err)
{
    request.name = scratch_path("photos");
    return pd_dataset_open(&request, d, err);
}

static struct pd_dataset *photos(struct pd_data_request request)
{
    struct pd_dataset *d;
    struct pd_error err;
    if (open_photos(request, &d, &err))
        fail_msg("%s", err.message);
    return d;
}

static void fails(struct pd_data_request request, enum pd_status status, const char *words)
{
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    assert_int_equal(open_photos(request, &d, &err), status);
    assert_null(d);
    assert_contains(scratch_said(&err), words);
}

/* Names, labels and first bytes of all images: "cat/a.png 0 17, ..." */
static void expect(const struct pd_dataset *d, const char *what)
{
    char text[1024] = "";
    for (uint32_t i = 0; i < d->count; i++) {
        char one[300];
        snprintf(one, sizeof one, "%s%s %d %d", i ? ", " : "", d->image_names[i], d->labels[i],
                 d->pixels[i * pd_dataset_image_size(d)]);
        strcat(text, one);
    }
    assert_string_equal(text, what);
}

static void expect_classes(const struct pd_dataset *d, const char *names)
{
    char text[512] = "";
    for (int k = 0; k < d->classes; k++) {
        strcat(text, k ? "," : "");
        strcat(text, d->class_names[k]);
    }
    assert_string_equal(text, names);
}

static void empty_photos(void)
{
    nftw(scratch_path("photos"), scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

#define ALL                                                                                                  \
    (struct pd_data_request)                                                                                 \
    {                                                                                                        \
        0                                                                                                    \
    }

static void reads_class_folders(void **state)
{
    (void)state;
    keep_plain("dog/10.png", 10);
    keep_plain("dog/9.PNG", 20);
    keep_plain("cat/deep/er/a.png", 30);
    keep_plain("cat-big/x.png", 40);
    keep_plain("loose.png", 50);
    keep_plain("unlabelled/u.png", 60);
    keep_plain(".hidden/h.png", 70);
    keep_plain("dog/.h.png", 80);
    keep("dog/notes.txt", file_of("no image", 8));
    struct pd_dataset *d = photos(ALL);
    assert_string_equal(d->name, "photos");
    assert_string_equal(d->note,
                        "photos: 3 classes (cat, cat-big, dog), 6 images, 2 of them without a label; no "
                        "test split: all for training\n"
                        "photos: passed over: 1 .txt, 1 system file, 1 system folder\n");
    assert_int_equal(d->channels, 3);
    assert_int_equal(d->height, 32);
    assert_int_equal(d->width, 32);
    expect_classes(d, "cat,cat-big,dog");
    expect(d, "cat-big/x.png 1 40, cat/deep/er/a.png 0 30, dog/10.png 2 10, dog/9.PNG 2 20, loose.png -1 50, "
              "unlabelled/u.png -1 60");
    pd_dataset_destroy(d);
}

static void takes_given_classes(void **state)
{
    (void)state;
    keep_plain("dog/1.png", 10);
    keep_plain("cat/1.png", 20);
    keep_plain("bird/1.png", 30);
    keep_plain("p.png", 40);
    struct pd_dataset *d = photos((struct pd_data_request){.classes = "dog,wolf,bird"});
    expect_classes(d, "dog,wolf,bird");
    expect(d, "bird/1.png 2 30, dog/1.png 0 10, p.png -1 40");
    assert_contains(d->note, "photos: 3 classes (dog, wolf, bird), 3 images, 1 of them without a label; no ");
    assert_contains(d->note, "photos: 1 images of other classes left out (cat)\n");
    assert_contains(d->note, "photos: no image of class wolf\n");
    pd_dataset_destroy(d);
    d = photos((struct pd_data_request){.classes = "fish,whale"}); /* the folders mean something else */
    expect(d, "bird/1.png -1 30, cat/1.png -1 20, dog/1.png -1 10, p.png -1 40");
    assert_contains(
        d->note,
        "no folder is called as one of the classes, so no image has a label (folders: bird, cat, dog)");
    pd_dataset_destroy(d);
    d = photos((struct pd_data_request){.classes = "dog, cat ,a wolf "}); /* no folder is called so */
    assert_string_equal(d->class_names[1], "cat");
    assert_string_equal(d->class_names[2], "a wolf ");
    pd_dataset_destroy(d);
    fails((struct pd_data_request){.classes = "dog,cat, dog"}, PD_ERR_USAGE, "a name stands there twice");
    fails((struct pd_data_request){.classes = "dog,,cat"}, PD_ERR_USAGE,
          "expected names with one comma between");
    fails((struct pd_data_request){.classes = "dog,cat,"}, PD_ERR_USAGE,
          "expected names with one comma between");
    fails((struct pd_data_request){.classes = "dog,cat,dog"}, PD_ERR_USAGE, "a name stands there twice");
    char endless[300] = "";
    memset(endless, 'x', 256);
    fails((struct pd_data_request){.classes = endless}, PD_ERR_FORMAT, "is longer than 255 bytes");
}

/* As long as a file system allows. */
static void reads_long_class_names(void **state)
{
    (void)state;
    char file[300] = "", name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    snprintf(file, sizeof file, "%s/1.png", name);
    keep_plain(file, 10);
    keep_plain("n02093428-American_Staffordshire_terrier/1.png", 20);
    struct pd_dataset *d = photos(ALL);
    assert_int_equal(d->classes, 2);
    assert_string_equal(d->class_names[0], "n02093428-American_Staffordshire_terrier");
    assert_string_equal(d->class_names[1], name);
    pd_dataset_destroy(d);
}

static void reads_a_flat_folder(void **state)
{
    (void)state;
    keep_plain("b.png", 10);
    keep_plain("a.png", 20);
    struct pd_dataset *d = photos(ALL);
    assert_int_equal(d->classes, 0);
    expect(d, "a.png -1 20, b.png -1 10");
    pd_dataset_destroy(d);
    d = photos((struct pd_data_request){.classes = "x,y"});
    expect_classes(d, "x,y");
    assert_string_equal(
        d->note, "photos: 2 classes (x, y), 2 images, none with a label; no test split: all for training\n");
    pd_dataset_destroy(d);
    const struct pd_data_request named = {.name = "folder", .dir = scratch_path("photos")},
                                 bare = {.name = "folder"};
    struct pd_error err;
    assert_int_equal(pd_dataset_open(&named, &d, NULL), PD_OK);
    assert_string_equal(d->name, "photos");
    pd_dataset_destroy(d);
    assert_int_equal(pd_dataset_open(&bare, &d, &err), PD_ERR_USAGE);
    assert_string_equal(scratch_said(&err), "data set 'folder': give the folder\tas: data");
    fails((struct pd_data_request){.split = PD_SPLIT_TEST}, PD_ERR_IO, "has no test split");
    fails((struct pd_data_request){.size = 7}, PD_ERR_USAGE, "image size 7, expected 8 to 1024");
}

static void reads_train_and_test(void **state)
{
    (void)state;
    keep_plain("train/cat/1.png", 10);
    keep_plain("train/dog/1.png", 20);
    keep_plain("outside.png", 30);
    fails((struct pd_data_request){.split = PD_SPLIT_TEST}, PD_ERR_IO, "has no test split");
    keep_plain("test/dog/2.png", 40);
    struct pd_dataset *d = photos(ALL);
    expect(d, "train/cat/1.png 0 10, train/dog/1.png 1 20");
    pd_dataset_destroy(d);
    d = photos((struct pd_data_request){.split = PD_SPLIT_TEST});
    expect(d, "test/dog/2.png 1 40"); /* the class that it has in train/ */
    pd_dataset_destroy(d);
    keep_plain("test/eel/2.png", 50);
    fails((struct pd_data_request){.split = PD_SPLIT_TEST}, PD_ERR_MISMATCH,
          "'test/eel/2.png': class 'eel' is not in the training split\tthe classes of both: classes=");
    keep_plain("test/Cat/2.png", 50);
    fails((struct pd_data_request){.split = PD_SPLIT_TEST}, PD_ERR_MISMATCH,
          "class 'Cat' is not in the training split, which has 'cat': rename either");
}

/* As flow_from_directory wants them. */
static void a_folder_of_all_test_images_is_no_class(void **state)
{
    (void)state;
    keep_plain("train/cat/1.png", 10);
    keep_plain("train/dog/1.png", 20);
    keep_plain("test/test/2.png", 40);
    struct pd_dataset *d = photos((struct pd_data_request){.split = PD_SPLIT_TEST});
    expect(d, "test/test/2.png -1 40");
    expect_classes(d, "cat,dog");
    assert_contains(d->note, "'test' is the only folder of the test split and no class: no label");
    pd_dataset_destroy(d);
    empty_photos();
    keep_plain("train/cat/1.png", 10);
    keep_plain("test/Cat/2.png", 40);
    fails((struct pd_data_request){.split = PD_SPLIT_TEST}, PD_ERR_MISMATCH,
          "which has 'cat': rename either");
}

/* --- splits, classes, levels --- */

/* Files with blanks between; words: what must stand in the note, or in the message where classes is NULL. */
struct layout {
    const char *files, *given, *classes;
    const char *train, *test; /* names of the images; NULL: there is no such split */
    const char *words;
};

static void expect_names(enum pd_split split, const struct layout *l, const char *names)
{
    char text[512] = "";
    struct pd_dataset *d = photos((struct pd_data_request){.split = split, .classes = l->given});
    for (uint32_t i = 0; i < d->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", d->image_names[i]);
    assert_string_equal(text, names);
    if (split == PD_SPLIT_TRAIN)
        assert_contains(d->note, l->words);
    expect_classes(d, l->classes);
    pd_dataset_destroy(d);
}

static void try_layout(const struct layout *l)
{
    char files[512];
    snprintf(files, sizeof files, "%s", l->files);
    for (char *file = strtok(files, " "); file; file = strtok(NULL, " "))
        keep_plain(file, 9);
    if (!l->classes)
        fails((struct pd_data_request){.classes = l->given}, PD_ERR_USAGE, l->words);
    else
        expect_names(PD_SPLIT_TRAIN, l, l->train);
    if (l->classes && l->test)
        expect_names(PD_SPLIT_TEST, l, l->test);
    else if (l->classes)
        fails((struct pd_data_request){.split = PD_SPLIT_TEST, .classes = l->given}, PD_ERR_IO,
              "has no test split");
    empty_photos();
}

static void tells_splits_from_classes(void **state)
{
    (void)state;
    static const struct layout cases[] = {
        {"bus/1.png car/1.png train/1.png", NULL, "bus,car,train", "bus/1.png car/1.png train/1.png", NULL,
         "'train' counts as a class, as it lies beside bus, car"},
        {"bus/1.png car/1.png Test/1.png", NULL, "Test,bus,car", "Test/1.png bus/1.png car/1.png", NULL,
         "3 classes (Test, bus, car), 3 images; no test split: all for training"},
        {"valid/1.png invalid/1.png", NULL, "invalid,valid", "invalid/1.png valid/1.png", NULL, "2 classes"},
        {"bus/1.png train/1.png test/1.png", NULL, "bus,test,train", "bus/1.png test/1.png train/1.png", NULL,
         "'train' counts as a class"},
        {"bus/a/1.png car/a/1.png train/a/1.png", NULL, NULL, NULL, NULL,
         "is 'train' a class beside bus, car, or the training split?\ta class: classes=bus,car,train\tthe "
         "split: data="},
        {"bus/a/1.png car/a/1.png train/a/1.png", "bus,car,train", "bus,car,train",
         "bus/a/1.png car/a/1.png train/a/1.png", NULL, "3 classes"},
        {"train/1.png test/1.png", "test,train", "test,train", "test/1.png train/1.png", NULL, "2 classes"},
        {"train/1.png test/1.png", NULL, "", "train/1.png", "test/1.png", "train/ is the training split"},
        {"Training/a/1.png Training/b/1.png Testing/b/2.png", NULL, "a,b",
         "Training/a/1.png Training/b/1.png", "Testing/b/2.png",
         "2 classes (a, b), 2 images; Training/ is the training split, Testing/ the test split"},
        {"TRAIN/a/1.png TEST/a/2.png", NULL, "a", "TRAIN/a/1.png", "TEST/a/2.png", "TEST/ the test split"},
        {"train/a/1.png val/a/2.png", NULL, "a", "train/a/1.png", "val/a/2.png",
         "val/ serves as the test split"},
        {"train/a/1.png dev/a/2.png test/a/3.png 4.png", NULL, "a", "train/a/1.png", "test/a/3.png",
         "not used: dev/ (1 images), 1 images beside the splits"},
        {"training_set/a/1.png test_set/a/2.png single_prediction/3.png", NULL, "a", "training_set/a/1.png",
         "test_set/a/2.png", "not used: single_prediction/ (1 images)"},
        {"seg_train/seg_train/a/1.png seg_train/seg_train/b/1.png seg_test/seg_test/a/2.png", NULL, "a,b",
         "seg_train/seg_train/a/1.png seg_train/seg_train/b/1.png", "seg_test/seg_test/a/2.png",
         "seg_test/ the test split"},
        {"train2017/a/1.png val2017/a/2.png", NULL, "a", "train2017/a/1.png", "val2017/a/2.png",
         "train2017/ is the training split, val2017/ serves as the test split"},
        {"train/1.png test1/2.png", NULL, "", "train/1.png", "test1/2.png", "test1/ the test split"},
        {"train/a/1.png test/a/1.png unlabeled2017/2.png", NULL, "a", "train/a/1.png", "test/a/1.png",
         "not used: unlabeled2017/ (1 images)"},
        {"train1/1.png train2/1.png", NULL, NULL, NULL, NULL,
         "which is the training split: train1, train2?\twhere these are classes: classes=train1,train2"},
        {"bus1/1.png train1/1.png", NULL, "bus1,train1", "bus1/1.png train1/1.png", NULL, "2 classes"},
        {"train_station/1.png bus_station/1.png", NULL, "bus_station,train_station",
         "bus_station/1.png train_station/1.png", NULL, "2 classes"},
        {"train/a/1.png unlabelled/2.png", NULL, "a", "train/a/1.png", NULL,
         "not used: unlabelled/ (1 images)"},
        {"test/a/1.png val/a/1.png", NULL, NULL, NULL, NULL,
         "no training split beside\twhere these are classes: classes=test,val"},
        {"train/a/1.png Training/a/1.png", NULL, NULL, NULL, NULL,
         "which is the training split: Training, train?"},
        {"train/a/1.png test/a/1.png Testing/a/1.png", NULL, NULL, NULL, NULL,
         "which is the test split: Testing, test? Expected one of them alone\twithout one: data="},
        {"training/a/1.png validation/a/1.png evaluation/a/2.png", NULL, "a", "training/a/1.png",
         "evaluation/a/2.png", "evaluation/ the test split"},
        {"train/a/1.png test/a/2.png eval/a/1.png", NULL, "a", "train/a/1.png", "test/a/2.png",
         "not used: eval/ (1 images)"},
        {"train_labeled/a/1.png train_unlabeled/1.png test/a/1.png", NULL, NULL, NULL, NULL,
         "is 'test' a class beside train_labeled, train_unlabeled, or the test split (expected train/CLASS"},
        {"labeled/a/1.png labeled/b/1.png unlabeled/1.png", NULL, "labeled",
         "labeled/a/1.png labeled/b/1.png unlabeled/1.png", NULL,
         "'labeled' is a class, not what lies in it (a, b)\twhere those are: classes=a,b"},
        {"train/images/a/1.png train/images/b/1.png", NULL, "images",
         "train/images/a/1.png train/images/b/1.png", NULL, "where those are: classes=a,b"},
        {"set/a/1.png set/b/1.png", NULL, "a,b", "set/a/1.png set/b/1.png", NULL,
         "there is only the folder 'set' in it, so that is what is read"},
        {"x/set/Train/a/1.png x/set/val/a/2.png", NULL, "a", "x/set/Train/a/1.png", "x/set/val/a/2.png",
         "only the folder 'x/set' in it"},
        {"set/a/1.png set/b/1.png", "set,other", "set,other", "set/a/1.png set/b/1.png", NULL,
         "no image of class other"},
        {"cat/p1/1.png cat/p2/1.png dog/p1/1.png", NULL, "cat,dog", "cat/p1/1.png cat/p2/1.png dog/p1/1.png",
         NULL, "2 classes (cat, dog)"},
        {"cat/p1/1.png", NULL, "cat", "cat/p1/1.png", NULL, "1 class (cat)"},
        {"trainA/1.png trainB/1.png testA/1.png testB/1.png", NULL, NULL, NULL, NULL,
         "testA, testB, trainA, trainB: a split and a class in one name"},
        {"train_cat/1.png train_dog/1.png test_cat/1.png test_dog/1.png", NULL, NULL, NULL, NULL,
         "expected train/CLASS and test/CLASS\twhere these are classes: classes="
         "test_cat,test_dog,train_cat"},
        {"cat-train/1.png dog-train/1.png cat-val/1.png", NULL, NULL, NULL, NULL,
         "a split and a class in one"},
        {"trainA/1.png trainB/1.png testA/1.png", "trainA,trainB", "trainA,trainB",
         "trainA/1.png trainB/1.png", NULL, "2 classes"},
        {"trainA/1.png testA/1.png", NULL, "", "trainA/1.png", "testA/1.png",
         "trainA/ is the training split"},
        {"train_v2/1.png test/1.png", NULL, NULL, NULL, NULL,
         "test, train_v2: splits or classes? Expected splits called alike: train, test, val\tthe training "
         "split "
         "alone: data="},
        {"train_v2/1.png test/1.png", "test,train_v2", "test,train_v2", "test/1.png train_v2/1.png", NULL,
         "2 classes"},
        {"1_train/a/1.png 2_test/a/1.png", NULL, NULL, NULL, NULL, "/1_train\twhere these are classes"},
        {"train/1.png test_v2/1.png", NULL, NULL, NULL, NULL, "splits or classes?"},
        {"train/1.png test/1.png val_v2/1.png", NULL, "", "train/1.png", "test/1.png",
         "not used: val_v2/ (1 images)"},
        {"train-jpg/1.png test-jpg/1.png test-jpg-more/1.png", NULL, NULL, NULL, NULL, "/train-jpg\t"},
        {"train_mini/a/1.png val/a/1.png", NULL, NULL, NULL, NULL, "/train_mini\t"},
        {"train_a/1.png train_b/1.png test/1.png", NULL, NULL, NULL, NULL, "splits or classes?"},
        {"1_train/1.png 2_test/1.png cat/1.png", NULL, "1_train,2_test,cat",
         "1_train/1.png 2_test/1.png cat/1.png", NULL,
         "1_train, 2_test count as classes, as they lie beside cat"},
        {"trainStation/1.png busStation/1.png", NULL, "busStation,trainStation",
         "busStation/1.png trainStation/1.png", NULL, "2 classes"},
        {"2020/cat/1.png 2020/dog/1.png 2021/cat/1.png 2021/dog/1.png", NULL, NULL, NULL, NULL,
         "folders of the same names (cat,dog) lie in 2020,2021: which are the classes?\tthose: "
         "classes=cat,dog\tthese: classes=2020,2021\tone alone: data="},
        {"A/A/cat/1.png A/A/dog/1.png B/B/cat/1.png B/B/dog/1.png", NULL, NULL, NULL, NULL,
         "(cat,dog) lie in A,B"},
        {"A/A/cat/1.png B/B/train/cat/1.png B/B/test/cat/1.png", NULL, NULL, NULL, NULL,
         "there is a training split in 'B'"},
        {"2020/cat/1.png 2020/dog/1.png 2021/cat/2.png 3.png", "cat,dog", "cat,dog",
         "2020/cat/1.png 2020/dog/1.png 2021/cat/2.png 3.png", NULL,
         "the classes are folders within other folders"},
        {"2020/cat/1.png 2020/dog/1.png 2021/cat/2.png", "2020,2021", "2020,2021",
         "2020/cat/1.png 2020/dog/1.png 2021/cat/2.png", NULL, "2 classes"},
        {"images/cat/1.png images/dog/1.png masks/cat/1.png masks/dog/1.png", NULL, NULL, NULL, NULL,
         "(cat,dog) lie in images,masks"},
        {"train/fold1/cat/1.png train/fold1/dog/1.png train/fold2/cat/1.png test/cat/1.png", NULL, NULL, NULL,
         NULL, "(cat,dog) lie in fold1,fold2"},
        {"p1/cat/1.png p2/dog/1.png p3/cat/1.png", NULL, NULL, NULL, NULL, "(cat,dog) lie in p1,p2,p3"},
        {"images/cat/1.png masks/cat/1.png", NULL, "images,masks", "images/cat/1.png masks/cat/1.png", NULL,
         "images, masks are the classes, not what lies in them (cat)\tone of them alone: data="},
        {"cat/2020/1.png cat/2021/1.png dog/2020/1.png dog/2021/1.png", NULL, "cat,dog",
         "cat/2020/1.png cat/2021/1.png dog/2020/1.png dog/2021/1.png", NULL,
         "cat, dog are the classes, not what lies in them (2020, 2021)"},
        {"a/train/cat/1.png a/train/dog/1.png sample/1.png", NULL, NULL, NULL, NULL,
         "/a\twhere the folders are classes: classes=a,sample"},
        {"a/train/cat/1.png a/test/dog/1.png b/x/1.png", NULL, NULL, NULL, NULL,
         "there is a training split in 'a'"},
        {"a/images/TEST/cat/1.png a/images/TRAIN/cat/1.png a/images/TRAIN/dog/1.png b/x.png", NULL, NULL,
         NULL, NULL, "there is a training split in 'a/images'\tto read it: data="},
        {"a/a/Testing_Images/1.png a/a/Training_Images/1.png b/x.png", NULL, NULL, NULL, NULL,
         "there is a training split in 'a/a'"},
        {"cat/old/train/1.png cat/new/1.png dog/1.png", NULL, "cat,dog",
         "cat/new/1.png cat/old/train/1.png dog/1.png", NULL, "2 classes (cat, dog)"},
        {"a/train/cat/1.png b/1.png", "a,b", "a,b", "a/train/cat/1.png b/1.png", NULL, "2 classes"},
        {"images/1.png images/2.png", NULL, "images", "images/1.png images/2.png", NULL,
         "'images' is the only class: no two classes to tell apart"},
        {"images/1.png labels.csv", NULL, "images", "images/1.png", NULL,
         "are there labels in labels.csv?\ta file of them: metadata"},
        {"train_images/1.png test_images/1.png train.csv", NULL, "", "train_images/1.png",
         "test_images/1.png", "are there labels in train.csv?"},
        {"images/1.png Testing.csv sample_submission.csv trainLabels.csv", NULL, "images", "images/1.png",
         NULL, "are there labels in trainLabels.csv?"},
        {"images/1.png sampleSubmission.csv labels.json", NULL, "images", "images/1.png", NULL,
         "are there labels in labels.json?"},
        {"1.png labels.jsonl", NULL, "", "1.png", NULL, "are there labels in labels.jsonl?"},
        {"cat/1.png dog/1.png data/train.parquet", NULL, "cat,dog", "cat/1.png dog/1.png", NULL,
         "1 .parquet (no reader for tables with images in them"},
        {"stray/1.png 2.png 3.png", NULL, "stray", "2.png 3.png stray/1.png", NULL,
         "only class 'stray' has images (1), and 2 have no label"},
        {"train/stray/1.png train/2.png test/3.png", NULL, "stray", "train/2.png train/stray/1.png",
         "test/3.png", "only class 'stray' has images (1), and 1 have no label"},
        {"cat/1.png dog/1.png 2.png", NULL, "cat,dog", "2.png cat/1.png dog/1.png", NULL,
         "3 images, 1 of them without a label"},
        {"cat/1.png dog/none.txt", NULL, "cat", "cat/1.png", NULL,
         "no image in dog, so no class is made of it"},
        {"cat.0.png cat.1.png dog.0.png dog.1.png", NULL, "", "cat.0.png cat.1.png dog.0.png dog.1.png", NULL,
         "all names begin with cat, dog, but a class is a folder's name"},
        {"images/1.png masks/1.png", NULL, "images,masks", "images/1.png masks/1.png", NULL,
         "'masks' is taken for a class: if its pictures are masks"},
        {"a/1.png a/1_mask.png a/2.png a/2_mask.png b/3.png", NULL, "a,b",
         "a/1.png a/1_mask.png a/2.png a/2_mask.png b/3.png", NULL,
         "'a/1_mask.png' beside 'a/1.png' and others of the kind count as images of their own"},
        {"a/t1_B02.png a/t1_B03.png a/t2_B02.png a/t2_B03.png b/u_B02.png b/u_B03.png", NULL, "a,b",
         "a/t1_B02.png a/t1_B03.png a/t2_B02.png a/t2_B03.png b/u_B02.png b/u_B03.png", NULL,
         "'a/t1_B02.png', 'a/t1_B03.png' and others of the kind count as images of their own"},
        {"a/1.png a/1.bmp b/2.png b/2.bmp", NULL, "a,b", "a/1.bmp a/1.png b/2.bmp b/2.png", NULL,
         "'a/1.png' beside 'a/1.bmp' and others of the kind"},
        {"a/images/1.png a/Masks/1.png b/images/2.png", "a,b", "a,b",
         "a/Masks/1.png a/images/1.png b/images/2.png", NULL,
         "what lies in 'a/Masks/' counts as images: if they are masks or thumbnails"},
        {"Images/1.png Images/2.png labels/1.png labels/2.png", NULL, "Images,labels",
         "Images/1.png Images/2.png labels/1.png labels/2.png", NULL,
         "'labels/1.png' beside 'Images/1.png' and others of the kind count as images of their own"},
        {"ann/1.png ann/2.png img/1.png img/2.png", NULL, "ann,img",
         "ann/1.png ann/2.png img/1.png img/2.png", NULL, "'ann/1.png' beside 'img/1.png'"},
        {"imagesTr/a_0000.png imagesTr/b_0000.png labelsTr/a.png labelsTr/b.png", NULL, "imagesTr,labelsTr",
         "imagesTr/a_0000.png imagesTr/b_0000.png labelsTr/a.png labelsTr/b.png", NULL,
         "'labelsTr/a.png' beside 'imagesTr/a_0000.png'"},
        {"a/1.png a/2.png a/thumbs/1.png a/thumbs/2.png b/1.png", NULL, "a,b",
         "a/1.png a/2.png a/thumbs/1.png a/thumbs/2.png b/1.png", NULL, "'a/thumbs/1.png' beside 'a/1.png'"},
        {"a/img_1.png a/img_2.png a/mask_1.png a/mask_2.png b/img_1.png", NULL, "a,b",
         "a/img_1.png a/img_2.png a/mask_1.png a/mask_2.png b/img_1.png", NULL,
         "'a/mask_1.png' beside 'a/img_1.png'"},
        {"a/1.png a/2.png a/thumb_1.png a/thumb_2.png b/3.png", NULL, "a,b",
         "a/1.png a/2.png a/thumb_1.png a/thumb_2.png b/3.png", NULL, "'a/thumb_1.png' beside 'a/1.png'"},
        {"input/1.png input/2.png target/1.png target/2.png", NULL, "input,target",
         "input/1.png input/2.png target/1.png target/2.png", NULL, "'target/1.png' beside 'input/1.png'"},
        {"animals/cat/1.png animals/dog/1.png vehicles/car/1.png", NULL, "animals,vehicles",
         "animals/cat/1.png animals/dog/1.png vehicles/car/1.png", NULL,
         "animals, vehicles are the classes, not what lies in them (car, cat, dog)\twhere those are: "
         "classes=car,cat,dog"},
        {"backup/cat/1.png backup/dog/1.png cat/1.png dog/1.png", NULL, "backup,cat,dog",
         "backup/cat/1.png backup/dog/1.png cat/1.png dog/1.png", NULL,
         "'backup' is a class, though folders in it are called as others (cat, dog)"},
        {"data/cat/1.png data/dog/1.png docs/1.png", NULL, "data,docs",
         "data/cat/1.png data/dog/1.png docs/1.png", NULL,
         "'data' is a class, not what lies in it (cat, dog)\twhere those are: data="},
        {"a/a/2020/1.png a/a/2021/1.png b/b/x/1.png", NULL, "a,b",
         "a/a/2020/1.png a/a/2021/1.png b/b/x/1.png", NULL,
         "a, b are the classes, not what lies in them (2020, 2021, x)"},
        {"qa/1.png qb/1.png qc/1.png qd/1.png qe/1.png qf/1.png qg/1.png qh/1.png qi/1.png qj/1.png", NULL,
         "qa,qb,qc,qd,qe,qf,qg,qh,qi,qj",
         "qa/1.png qb/1.png qc/1.png qd/1.png qe/1.png qf/1.png qg/1.png qh/1.png qi/1.png qj/1.png", NULL,
         "10 images in 10 classes: are these the classes?"},
        {"0/1.png 1/1.png 10/1.png 2/1.png", NULL, "0,1,10,2", "0/1.png 1/1.png 10/1.png 2/1.png", NULL,
         "classes are numbered from 0 in their order: in arrays the number 2 stands for class '10', in "
         "answers "
         "for '2'"},
        {"To-Label/1.png cat/1.png", NULL, "To-Label,cat", "To-Label/1.png cat/1.png", NULL,
         "'To-Label' is taken for a class: images without a label lie in unlabelled/"},
        {"JPEGImages/1.png SegmentationClass/1.png", NULL, "JPEGImages,SegmentationClass",
         "JPEGImages/1.png SegmentationClass/1.png", NULL, "'SegmentationClass' is taken for a class"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        try_layout(&cases[i]);
}

/* Words of masks that are classes. */
static void takes_classes_for_classes(void **state)
{
    (void)state;
    static const char *const files[] = {"seg/1.png",   "seg/2.png",     "target/1.png",  "target/2.png",
                                        "thumb/1.png", "thumb/2.png",   "cat/1.png",     "cat/2.png",
                                        "cat/gt.png",  "cat/label.png", "cat/seg_1x.png"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        keep_plain(files[i], 9);
    struct pd_dataset *d = photos(ALL);
    expect_classes(d, "cat,seg,target,thumb");
    assert_null(strstr(d->note, "masks"));
    pd_dataset_destroy(d);
}

/* What there is, is scored and measured on, but not learnt from without a word. */
static void reads_a_test_split_alone(void **state)
{
    (void)state;
    const struct pd_data_request test = {.split = PD_SPLIT_TEST};
    keep_plain("test/cat/1.png", 9);
    keep_plain("test/dog/1.png", 9);
    struct pd_dataset *d = photos(test);
    expect(d, "test/cat/1.png 0 9, test/dog/1.png 1 9");
    expect_classes(d, "cat,dog");
    assert_contains(d->note, "2 classes (cat, dog), 2 images; test/ is the test split; no training split\n");
    pd_dataset_destroy(d);
    fails(ALL, PD_ERR_USAGE, "test: no training split beside\tall of it: data=");
    d = photos((struct pd_data_request){.classes = "dog,cat"});
    expect(d, "test/cat/1.png 1 9, test/dog/1.png 0 9");
    pd_dataset_destroy(d);
    keep("l.csv", file_of("image,label\ntest/cat/1.png,x\ntest/dog/1.png,y\n", 46));
    d = photos((struct pd_data_request){.split = PD_SPLIT_TEST, .metadata = scratch_path("photos/l.csv")});
    expect_classes(d, "x,y");
    pd_dataset_destroy(d);
}

/* Photos of two sides of one are no bands; test images without a label are of no classes. */
static void does_not_cry_wolf(void **state)
{
    (void)state;
    static const char *const files[] = {"a/1_left.png",  "a/1_right.png", "a/2_left.png",
                                        "a/2_right.png", "b/3_left.png",  "b/3_right.png"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        keep_plain(files[i], 9);
    struct pd_dataset *d = photos(ALL);
    assert_null(strstr(d->note, "bands"));
    pd_dataset_destroy(d);
    empty_photos();
    for (char k = 'a'; k <= 'j'; k++) {
        char name[32];
        snprintf(name, sizeof name, "train/%c/1.png", k);
        keep_plain(name, 9);
    }
    keep_plain("test/1.png", 9);
    d = photos((struct pd_data_request){.split = PD_SPLIT_TEST});
    assert_null(strstr(d->note, "are these the classes"));
    pd_dataset_destroy(d);
}

/* --- what is no image --- */

static void passes_over_what_no_person_put_there(void **state)
{
    (void)state;
    static const char *const others[] = {"cat/@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg",
                                         "@eaDir/q.png",
                                         "$RECYCLE.BIN/x.png",
                                         "lost+found/y.png",
                                         "#recycle/cat/z.png",
                                         "__MACOSX/cat/._1.png",
                                         "cat/._1.png",
                                         ".ipynb_checkpoints/1.png",
                                         "System Volume Information/1.png",
                                         "cat/.AppleDouble/1.png",
                                         ".Trash-1000/files/1.png"};
    keep_plain("cat/1.png", 1);
    keep_plain("dog/1.png", 2);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        keep_plain(others[i], 3);
    keep("cat/Thumbs.db", file_of("x", 1));
    assert_int_equal(chmod(scratch_path("photos/lost+found"), 0), 0);
    struct pd_dataset *d = photos(ALL);
    expect(d, "cat/1.png 0 1, dog/1.png 1 2");
    assert_string_equal(d->note, "photos: 2 classes (cat, dog), 2 images; no test split: all for training\n"
                                 "photos: passed over: 10 system folders, 2 system files\n");
    pd_dataset_destroy(d);
    assert_int_equal(chmod(scratch_path("photos/lost+found"), 0777), 0);
}

static void counts_what_is_no_image(void **state)
{
    (void)state;
    keep_plain("cat/1.png", 1);
    keep_plain("cat/2.PNG", 1);
    keep("cat/1.JXL", file_of("x", 1));
    keep("cat/deep/2.jxl", file_of("x", 1));
    keep("a.mov", file_of("x", 1));
    keep("ct/a.nii.gz", file_of("x", 1));
    keep("ct/b.csv.gz", file_of("x", 1));
    keep("README", file_of("x", 1));
    keep("cat/.3.png.icloud", file_of("x", 1));
    keep("odd.a b", file_of("x", 1));
    assert_int_equal(mkfifo(scratch_path("photos/cat/pipe.png"), 0666), 0);
    assert_int_equal(symlink("nowhere", scratch_path("photos/cat/link")), 0);
    assert_int_equal(symlink("..", scratch_path("photos/cat/back")), 0);
    struct pd_dataset *d = photos(ALL);
    expect(d, "cat/1.png 0 1, cat/2.PNG 0 1");
    assert_contains(
        d->note,
        "photos: passed over: 2 .jxl (no reader for JPEG XL), 2 files of no ending, 1 .gz, 1 .icloud (in "
        "iCloud, not on this machine: download them), 1 .mov, 1 .nii.gz (no reader for volumes), 1 broken "
        "link, 1 pipe\n");
    pd_dataset_destroy(d);
}

/* What paydirt itself has written there, wherever it lies, and through links. */
static void passes_over_runs(void **state)
{
    (void)state;
    keep_plain("a/1.png", 1);
    keep_plain("b/1.png", 2);
    keep("runs/00000-photos-dcgan/options.json", file_of("{}", 2));
    keep("runs/00000-photos-dcgan/log.jsonl", file_of("", 0));
    keep_plain("runs/00000-photos-dcgan/samples-0001.png", 3);
    keep("a/deep/00001-photos-active/options.json", file_of("{}", 2));
    keep("a/deep/00001-photos-active/active.json", file_of("{}", 2));
    keep_plain("a/deep/00001-photos-active/queries.png", 3);
    assert_int_equal(symlink("../runs/00000-photos-dcgan", scratch_path("photos/b/link")), 0);
    keep("b/options.json", file_of("{}", 2)); /* which alone says nothing */
    struct pd_dataset *d = photos(ALL);
    expect(d, "a/1.png 0 1, b/1.png 1 2");
    assert_string_equal(d->note, "photos: 2 classes (a, b), 2 images; no test split: all for training\n"
                                 "photos: passed over: 3 runs of paydirt, 1 .json\n");
    pd_dataset_destroy(d);
    const struct pd_data_request run = {.name = scratch_path("photos/runs/00000-photos-dcgan")};
    struct pd_error err;
    assert_int_equal(pd_dataset_open(&run, &d, &err), PD_ERR_IO);
    assert_contains(err.message, "is a run of paydirt, no folder of images");
}

/* Generated images are data where they are asked for, and else no class beside real ones. */
static void passes_over_samples(void **state)
{
    (void)state;
    static const char table[] = "file,class,label,number,seed,logit,log_p_class,d,z_0\n",
                      other[] = "file,class\n";
    keep_plain("a/1.png", 1);
    keep_plain("b/1.png", 2);
    keep_plain("made/a/paydirt-0-00000.png", 3);
    keep_plain("made/b/paydirt-0-00000.png", 3);
    keep("made/manifest.csv", file_of(table, sizeof table - 1));
    keep("b/manifest.csv", file_of(other, sizeof other - 1));
    struct pd_dataset *d = photos(ALL);
    expect(d, "a/1.png 0 1, b/1.png 1 2");
    assert_contains(d->note, "photos: passed over: 1 .csv, 1 folder of samples\n");
    pd_dataset_destroy(d);
    const struct pd_data_request made = {.name = scratch_path("photos/made")};
    assert_int_equal(pd_dataset_open(&made, &d, NULL), PD_OK);
    assert_int_equal(d->classes, 2);
    pd_dataset_destroy(d);
}

static void draw_for_people(const char *name)
{
    const float pixels[4] = {0};
    const struct pd_png_grid grid = {.n = 1, .c = 1, .h = 2, .w = 2};
    keep_plain(name, 0);
    char path[400];
    snprintf(path, sizeof path, "photos/%s", name);
    assert_int_equal(pd_png_write_grid(scratch_path(path), pixels, &grid, NULL), PD_OK);
}

/* Grids, sheets and charts, wherever people had them written. */
static void passes_over_its_own_pictures(void **state)
{
    (void)state;
    keep_plain("b/1.png", 1);
    keep_plain("c/1.png", 2);
    draw_for_people("grid.png");
    draw_for_people("b/sheet.PNG");
    draw_for_people("a/only.png");
    struct pd_dataset *d = photos(ALL);
    expect_classes(d, "b,c");
    expect(d, "b/1.png 0 1, c/1.png 1 2");
    assert_string_equal(d->note, "photos: 2 classes (b, c), 2 images; no test split: all for training\n"
                                 "photos: passed over: 3 pictures of paydirt\n");
    pd_dataset_destroy(d);
    remove(scratch_path("photos/b/1.png"));
    remove(scratch_path("photos/c/1.png"));
    fails(ALL, PD_ERR_FORMAT, "all 3 images are pictures that paydirt has drawn");
    keep("c/1.png", file_of("text", 4));
    fails(ALL, PD_ERR_FORMAT, "none of 1 images can be read; the first: ");
}

/* --- names --- */

static void reads_names_of_any_bytes(void **state)
{
    (void)state;
    keep_plain("caf\xe9/\xff 1.png", 10); /* Latin-1 */
    keep_plain("caf\xc3\xa9/1.png", 20);  /* UTF-8 */
    keep_plain("caf\\xE9/1.png", 30);     /* what the first looks like */
    keep_plain("x\n\x1b[31m/1.png", 40);
    struct pd_dataset *d = photos(ALL);
    expect_classes(d, "caf\\x5CxE9,caf\\xE9,caf\xc3\xa9,x\\x0A\\x1B[31m");
    expect(d, "caf\\x5CxE9/1.png 0 30, caf\xc3\xa9/1.png 2 20, caf\\xE9/\\xFF 1.png 1 10, "
              "x\\x0A\\x1B[31m/1.png 3 40");
    pd_dataset_destroy(d);
    d = photos((struct pd_data_request){.classes = "caf\\xE9,caf\xc3\xa9"}); /* as shown */
    assert_contains(d->note, "photos: 2 classes (caf\\xE9, caf\xc3\xa9), 2 images");
    expect(d, "caf\xc3\xa9/1.png 1 20, caf\\xE9/\\xFF 1.png 0 10");
    pd_dataset_destroy(d);
    d = photos((struct pd_data_request){.classes = "caf\xe9,caf\xc3\xa9"}); /* as it is */
    expect(d, "caf\xc3\xa9/1.png 1 20, caf\\xE9/\\xFF 1.png 0 10");
    pd_dataset_destroy(d);
}

static void says_that_nothing_is_there(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    NEEDS(gif);
    NEEDS(tiff);
    keep("a.txt", file_of("text", 4));
    fails(ALL, PD_ERR_IO, "no image in it (PNG, JPEG, WebP, GIF, TIFF, BMP");
}

static void leaves_broken_files_out(void **state)
{
    (void)state;
    NEEDS(jpeg);
    keep_plain("a/1.png", 10);
    keep("a/2.png", file_of("text", 4));
    keep("a/3.jpg", file_of("", 0));
    keep_plain("a/4.png", 20);
    keep("a/5.png", plain(400, 2, 1, 2, 3));
    assert_int_equal(symlink("nowhere", scratch_path("photos/a/6.webp")), 0);
    keep_plain("b/7.jpg", 30); /* a PNG by another name */
    struct pd_dataset *d = photos(ALL);
    expect(d, "a/1.png 0 10, a/4.png 0 20, b/7.jpg 1 30");
    assert_contains(d->note, "photos: 4 of 7 images left out, as they cannot be read; the first: ");
    assert_contains(d->note, "photos/a/2.png' is no image (expected PNG, JPEG, WebP, GIF, TIFF, BMP");
    pd_dataset_destroy(d);
    remove(scratch_path("photos/a/1.png"));
    remove(scratch_path("photos/a/4.png"));
    remove(scratch_path("photos/b/7.jpg"));
    fails(ALL, PD_ERR_FORMAT, "none of 4 images can be read; the first: ");
}

static void drops_colour_where_there_is_none(void **state)
{
    (void)state;
    const uint8_t grey[4] = {77, 77, 77, 77};
    keep("a.png", make_png(2, 2, PNG_FORMAT_GRAY, grey, NULL, 0));
    keep("b.png", plain(5, 5, 9, 9, 9));
    struct pd_dataset *d = photos(ALL);
    assert_int_equal(d->channels, 1);
    expect(d, "a.png -1 77, b.png -1 9");
    for (int k = 0; k < 32 * 32; k++)
        assert_int_equal(d->pixels[32 * 32 + k], 9);
    pd_dataset_destroy(d);
    keep_plain("c.png", 1);
    d = photos(ALL);
    assert_int_equal(d->channels, 3);
    expect(d, "a.png -1 77, b.png -1 9, c.png -1 1");
    pd_dataset_destroy(d);
}

/* A run would learn for long before it is told that nothing can be measured on them. */
static void says_that_test_images_have_colours(void **state)
{
    (void)state;
    keep("train/a/1.png", plain(5, 5, 9, 9, 9));
    keep("train/b/1.png", plain(5, 5, 7, 7, 7));
    keep("test/a/1.png", plain(5, 5, 9, 9, 9));
    struct pd_dataset *d = photos(ALL);
    assert_null(strstr(d->note, "have colours"));
    pd_dataset_destroy(d);
    keep("test/b/1.png", plain(5, 5, 9, 0, 9));
    d = photos(ALL);
    assert_contains(d->note, "the test images have colours, and the training images are grey");
    pd_dataset_destroy(d);
}

/* A ramp to the right, 90 x 60: resized on the short side, then cut; the same as plane by plane. */
static void resizes_and_cuts(void **state)
{
    (void)state;
    static uint8_t rgb[60 * 90 * 3], plane[60 * 90], wide[20 * 30], scratch[60 * 30];
    struct pd_resize *resize;
    for (int i = 0; i < 60 * 90; i++) {
        plane[i] = (uint8_t)(i % 90 * 2 + i / 90);
        for (int c = 0; c < 3; c++)
            rgb[3 * i + c] = c ? 0 : plane[i];
    }
    keep("ramp.png", make_png(90, 60, PNG_FORMAT_RGB, rgb, NULL, 0));
    assert_int_equal(pd_resize_create(60, 90, 20, 30, &resize, NULL), PD_OK);
    pd_resize_plane(resize, plane, wide, scratch);
    pd_resize_destroy(resize);
    struct pd_dataset *d = photos((struct pd_data_request){.size = 20});
    assert_int_equal(d->width, 20);
    for (int y = 0; y < 20; y++)
        assert_memory_equal(d->pixels + y * 20, wide + y * 30 + 5, 20);
    pd_dataset_destroy(d);
    d = photos((struct pd_data_request){.size = 20, .random_crop = true});
    assert_int_equal(d->width, 22);
    assert_int_equal(d->height, 22);
    pd_dataset_destroy(d);
}

/* What of an image is not looked at; one in many, or one a little long, is not worth a line. */
static void says_what_it_leaves_out(void **state)
{
    (void)state;
    keep("0.png", plain(20, 10, 1, 0, 0));
    keep("1.png", plain(10, 10, 2, 0, 0));
    struct pd_dataset *d = photos(ALL);
    assert_null(strstr(d->note, "twice as long"));
    pd_dataset_destroy(d);
    keep("2.png", plain(10, 21, 5, 0, 0));
    d = photos(ALL);
    assert_contains(d->note, "1 image is more than twice as long as wide or high: the square in the middle");
    pd_dataset_destroy(d);
    NEEDS(tiff);
    struct file f;
    f.bytes = (uint8_t *)scratch_read(PD_TEST_DIR "/fuzz/corpus/image/kinds/two-pages.tif", &f.size);
    keep("3.tif", f);
    d = photos(ALL);
    assert_contains(d->note, "1 file has more frames or pages; the first is taken\n");
    pd_dataset_destroy(d);
    f.bytes = (uint8_t *)scratch_read(PD_TEST_DIR "/fuzz/corpus/image/kinds/rgb-five.tif", &f.size);
    keep("4.tif", f);
    d = photos(ALL);
    assert_contains(d->note, "1 file has more bands than grey or red, green and blue; the first are taken\n");
    assert_contains(d->note, "1 file has an alpha that varies like an image");
    pd_dataset_destroy(d);
}

/* A photograph held upright: 90 x 60 as stored, 60 x 90 as seen. */
static void reads_jpeg_and_webp_upright(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    static uint8_t rgb[60 * 90 * 3];
    for (int i = 0; i < 60 * 90; i++)
        rgb[3 * i] = i % 90 < 45 ? 200 : 20; /* red on the left */
    struct file jpeg = make_jpeg(90, 60, JCS_RGB, rgb);
    add_jpeg_exif(&jpeg, 6, 0);
    keep("a.jpg", jpeg);
    keep("b.webp", make_webp(90, 60, 3, rgb));
    struct pd_dataset *d = photos((struct pd_data_request){.size = 16});
    const uint8_t *a = d->pixels, *b = d->pixels + pd_dataset_image_size(d);
    assert_true(a[0] > 190 && a[15] > 190 && a[15 * 16] < 30); /* red above */
    assert_true(b[0] > 190 && b[15] < 30 && b[15 * 16] > 190);
    pd_dataset_destroy(d);
}

/* That memory runs out is an error, not a broken file. */
static void reports_failed_allocations(void **state)
{
    (void)state;
    keep_plain("cat/1.png", 10);
    keep_plain("dog/2.png", 20);
    enum pd_status status = PD_ERR_MEMORY;
    for (uint64_t n = 1; status; n++) {
        struct pd_dataset *d;
        pd_mem_fail_after(n);
        status = open_photos(ALL, &d, NULL);
        if (status)
            assert_int_equal(status, PD_ERR_MEMORY);
        else
            assert_int_equal(d->count, 2);
        pd_dataset_destroy(d);
    }
    pd_mem_fail_after(0);
}

/* 500 JPEGs of each of ten classes, some of them grey. */
static void reads_the_real_files(void **state)
{
    (void)state;
    NEEDS(jpeg);
    const char *folder = getenv("PAYDIRT_DATA");
    if (!folder) {
        print_message("skipped: PAYDIRT_DATA names no folder with real data\n");
        skip();
    }
    char path[512];
    snprintf(path, sizeof path, "%s/tiny-imagenet-10", folder);
    const struct pd_data_request request = {.name = path};
    struct pd_dataset *d;
    uint32_t counts[10] = {0};
    uint64_t sum = 0;
    assert_int_equal(pd_dataset_open(&request, &d, NULL), PD_OK);
    assert_int_equal(d->count, 5000);
    assert_int_equal(d->classes, 10);
    assert_int_equal(d->channels, 3);
    assert_contains(d->note, "5000 images; train/ is the training split; no test split\n");
    assert_contains(d->note, "passed over: 1 .txt\n");
    for (uint32_t i = 0; i < d->count; i++)
        counts[d->labels[i]]++;
    for (int k = 0; k < 10; k++)
        assert_int_equal(counts[k], 500);
    for (size_t i = 0; i < d->count * pd_dataset_image_size(d); i++)
        sum += d->pixels[i];
    assert_int_equal(sum, 1725908967); /* as Pillow and NumPy find it */
    pd_dataset_destroy(d);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(reads_class_folders),
        IN_SCRATCH(takes_given_classes),
        IN_SCRATCH(reads_long_class_names),
        IN_SCRATCH(reads_a_flat_folder),
        IN_SCRATCH(reads_train_and_test),
        IN_SCRATCH(a_folder_of_all_test_images_is_no_class),
        IN_SCRATCH(tells_splits_from_classes),
        IN_SCRATCH(takes_classes_for_classes),
        IN_SCRATCH(does_not_cry_wolf),
        IN_SCRATCH(reads_a_test_split_alone),
        IN_SCRATCH(passes_over_what_no_person_put_there),
        IN_SCRATCH(counts_what_is_no_image),
        IN_SCRATCH(passes_over_runs),
        IN_SCRATCH(passes_over_samples),
        IN_SCRATCH(passes_over_its_own_pictures),
        IN_SCRATCH(reads_names_of_any_bytes),
        IN_SCRATCH(says_that_nothing_is_there),
        IN_SCRATCH(leaves_broken_files_out),
        IN_SCRATCH(drops_colour_where_there_is_none),
        IN_SCRATCH(says_that_test_images_have_colours),
        IN_SCRATCH(resizes_and_cuts),
        IN_SCRATCH(says_what_it_leaves_out),
        IN_SCRATCH(reads_jpeg_and_webp_upright),
        IN_SCRATCH(reports_failed_allocations),
        cmocka_unit_test(reads_the_real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
