/* Every reader on real files: counts, classes, sums, means and standard deviations as NumPy, Pillow, SciPy
 * and LMDB's own library give them for the same files. */
#include "scratch.h"

#include "data/dataset.h"

#include <math.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { CLASSES_MAX = 26 };

/* A file under the name that its reader looks for, in a folder of links. */
static const struct alias {
    const char *real, *name;
} aliases[] = {
    {"svhn/test_32x32_first10000.mat", "test_32x32.mat"},
    {"svhn/train_32x32.TRUNCATED-first139264bytes.mat", "train_32x32.mat"},
    {"emnist/emnist-letters-train-10000-images-idx3-ubyte.gz", "emnist-letters-train-images-idx3-ubyte.gz"},
    {"emnist/emnist-letters-train-10000-labels-idx1-ubyte.gz", "emnist-letters-train-labels-idx1-ubyte.gz"},
    {"stl10/stl10_examples246_X.bin", "train_X.bin"},
    {"stl10/stl10_examples246_X.bin", "unlabeled_X.bin"},
};

static const struct fact {
    const char *name, *dir; /* dir: below PAYDIRT_DATA; NULL: the folder of links */
    enum pd_split split;
    int size;
    uint32_t count;
    int side, channels, classes;
    uint64_t sum, in_place; /* in_place: of value k times k mod 251 + 1, which knows where a value stands */
    uint32_t histogram[CLASSES_MAX];
    double mean[3], deviation[3];
} facts[] = {
    {"mnist",
     "",
     PD_SPLIT_TRAIN,
     0,
     60000,
     28,
     1,
     10,
     1567298545,
     197463617836,
     {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949},
     {33.318421450},
     {78.567489983}},
    {"mnist",
     "",
     PD_SPLIT_TEST,
     0,
     10000,
     28,
     1,
     10,
     264923200,
     33359696709,
     {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009},
     {33.791224490},
     {79.172463222}},
    {"kmnist",
     "",
     PD_SPLIT_TEST,
     0,
     10000,
     28,
     1,
     10,
     368966405,
     46512311394,
     {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000},
     {47.062041454},
     {87.111002191}},
    {"emnist",
     NULL,
     PD_SPLIT_TRAIN,
     0,
     10000,
     28,
     1,
     26,
     345120901,
     43512285710,
     {390, 349, 402, 374, 369, 362, 385, 391, 395, 408, 383, 388, 399,
      371, 376, 401, 373, 357, 407, 372, 407, 406, 395, 374, 390, 376},
     {44.020523087},
     {84.583604490}},
    {"cifar10",
     "",
     PD_SPLIT_TRAIN,
     0,
     50000,
     32,
     3,
     10,
     18540682003,
     2335889171664,
     {5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000},
     {125.306918047, 122.950394141, 113.865383184},
     {62.993219278, 62.088707640, 66.704899641}},
    {"cifar10",
     "",
     PD_SPLIT_TEST,
     0,
     10000,
     32,
     3,
     10,
     3733375634,
     470360448531,
     {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000},
     {126.024641406, 123.708504199, 114.854318652},
     {62.896391349, 61.937527182, 66.706056396}},
    {"svhn",
     NULL,
     PD_SPLIT_TEST,
     0,
     10000,
     32,
     3,
     10,
     3597601425,
     453280340748,
     {684, 1968, 1590, 1104, 964, 909, 773, 767, 621, 620},
     {115.703223633, 115.717037402, 119.908003125},
     {56.099757739, 57.805580454, 58.297689505}},
    {"stl10",
     NULL,
     PD_SPLIT_TRAIN,
     96,
     492,
     96,
     3,
     10,
     1452618326,
     183034854637,
     {25, 25, 25, 25, 25, 25, 24, 24, 24, 24},
     {111.118763056, 110.097462614, 99.147953189},
     {65.939682284, 64.655835499, 66.492946841}},
    {"stl10",
     NULL,
     PD_SPLIT_TRAIN,
     0,
     492,
     32,
     3,
     10,
     161445208,
     20347056840,
     {25, 25, 25, 25, 25, 25, 24, 24, 24, 24},
     {111.148477198, 110.125361249, 99.176031345},
     {61.506141879, 60.262846910, 62.362310899}},
    {"tiny-imagenet",
     "tiny-imagenet-10",
     PD_SPLIT_TRAIN,
     64,
     4000,
     64,
     3,
     10,
     5508218253,
     694067786208,
     {400, 400, 400, 400, 400, 400, 400, 400, 400, 400},
     {124.594393372, 114.776888794, 96.823679565},
     {69.947693559, 68.341332236, 71.310985775}},
    {"tiny-imagenet",
     "tiny-imagenet-10",
     PD_SPLIT_TEST,
     64,
     1000,
     64,
     3,
     10,
     1388097072,
     174923090450,
     {100, 100, 100, 100, 100, 100, 100, 100, 100, 100},
     {126.045495361, 115.583554443, 97.261836914},
     {70.330085650, 68.883793443, 71.933359388}},
    {"tiny-imagenet",
     "tiny-imagenet-10",
     PD_SPLIT_TRAIN,
     0,
     4000,
     32,
     3,
     10,
     1378520370,
     173664956689,
     {400, 400, 400, 400, 400, 400, 400, 400, 400, 400},
     {124.715664307, 114.896781006, 96.940379395},
     {64.278290986, 62.515428271, 65.959370744}},
    {"tiny-imagenet",
     "tiny-imagenet-10",
     PD_SPLIT_TEST,
     0,
     1000,
     32,
     3,
     10,
     347388597,
     43796056667,
     {100, 100, 100, 100, 100, 100, 100, 100, 100, 100},
     {126.165321289, 115.703405273, 97.377950195},
     {64.712613739, 63.129370945, 66.656907421}},
    {"lsun",
     "",
     PD_SPLIT_TRAIN,
     0,
     300,
     32,
     3,
     1,
     123052094,
     15502549595,
     {300},
     {148.380152995, 132.343766276, 119.836282552},
     {59.801778460, 62.504973749, 65.480426813}},
    {"lsun",
     "",
     PD_SPLIT_TEST,
     64,
     300,
     64,
     3,
     1,
     492301746,
     62020464729,
     {300},
     {148.410836589, 132.366122233, 119.859227702},
     {62.037108068, 64.776546789, 67.689858618}},
    {"npz",
     "medmnist/breastmnist.npz",
     PD_SPLIT_TRAIN,
     0,
     546,
     28,
     1,
     2,
     35757482,
     4506487607,
     {147, 399},
     {83.533027772},
     {52.461187607}},
    {"npz",
     "medmnist/breastmnist.npz",
     PD_SPLIT_TEST,
     0,
     156,
     28,
     1,
     2,
     10478773,
     1318633163,
     {42, 114},
     {85.678089024},
     {51.927489320}},
    {"npz",
     "medmnist/pneumoniamnist_rebuilt.npz",
     PD_SPLIT_TRAIN,
     0,
     4708,
     28,
     1,
     2,
     538305934,
     67822959387,
     {1214, 3494},
     {145.839998244},
     {42.929571977}},
    {"npz",
     "medmnist/pneumoniamnist_rebuilt.npz",
     PD_SPLIT_TEST,
     0,
     624,
     28,
     1,
     2,
     70355184,
     8858063998,
     {234, 390},
     {143.812107535},
     {43.194338812}},
};

/* Links, and STL-10's labels, which are not among the real files: 1 .. 10 in turn. */
static void make_links(const char *data)
{
    uint8_t labels[246];
    for (int i = 0; i < 246; i++)
        labels[i] = (uint8_t)(i % 10 + 1);
    scratch_write(scratch_path("train_y.bin"), labels, sizeof labels);
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        char real[512];
        snprintf(real, sizeof real, "%s/%s", data, aliases[i].real);
        assert_int_equal(symlink(real, scratch_path(aliases[i].name)), 0);
    }
}

static enum pd_status open_set(const struct fact *f, const char *data, struct pd_dataset **d,
                               struct pd_error *err)
{
    char dir[512];
    snprintf(dir, sizeof dir, "%s%s%s", f->dir ? data : scratch_dir, f->dir && *f->dir ? "/" : "",
             f->dir ? f->dir : "");
    const struct pd_data_request request = {.name = f->name, .dir = dir, .split = f->split, .size = f->size};
    return pd_dataset_open(&request, d, err);
}

static void check_channel(const struct fact *f, const struct pd_dataset *d, int c, uint64_t *total)
{
    const size_t area = (size_t)d->height * (size_t)d->width;
    const double n = (double)d->count * (double)area;
    uint64_t sum = 0, squares = 0;
    for (size_t i = 0; i < d->count; i++) {
        const uint8_t *plane = d->pixels + (i * (size_t)d->channels + (size_t)c) * area;
        for (size_t k = 0; k < area; k++) {
            sum += plane[k];
            squares += (uint64_t)plane[k] * plane[k];
        }
    }
    const double mean = (double)sum / n, deviation = sqrt((double)squares / n - mean * mean);
    *total += sum;
    if (fabs(mean - f->mean[c]) > 1e-8 || fabs(deviation - f->deviation[c]) > 1e-6)
        fail_msg("%s, channel %d: mean %.9f, standard deviation %.9f", f->name, c, mean, deviation);
}

static void check(const struct fact *f, const struct pd_dataset *d)
{
    uint32_t histogram[CLASSES_MAX] = {0};
    uint64_t total = 0;
    assert_int_equal(d->count, f->count);
    assert_int_equal(d->height, f->side);
    assert_int_equal(d->width, f->side);
    assert_int_equal(d->channels, f->channels);
    assert_int_equal(d->classes, f->classes);
    for (uint32_t i = 0; i < d->count; i++)
        if (d->labels[i] >= 0)
            histogram[d->labels[i]]++;
    assert_memory_equal(histogram, f->histogram, sizeof histogram);
    for (int c = 0; c < d->channels; c++)
        check_channel(f, d, c, &total);
    assert_int_equal(total, f->sum);
    uint64_t in_place = 0;
    for (size_t k = 0; k < d->count * pd_dataset_image_size(d); k++)
        in_place += d->pixels[k] * (uint64_t)(k % 251 + 1);
    assert_int_equal(in_place, f->in_place);
}

static const char *data_folder(void)
{
    const char *data = getenv("PAYDIRT_DATA");
    if (!data) {
        print_message("skipped: PAYDIRT_DATA names no folder with real data\n");
        skip();
    }
    return data;
}

static void equal_to_numpy(void **state)
{
    (void)state;
    const char *data = data_folder();
    make_links(data);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        struct pd_dataset *d;
        struct pd_error err = {.message = ""};
        if (open_set(&facts[i], data, &d, &err))
            fail_msg("%s: %s", facts[i].name, err.message);
        check(&facts[i], d);
        pd_dataset_destroy(d);
    }
}

/* The first 139,264 bytes of the true training file, which promise 182,004,347 and 225 MB of pixels. */
static void refuses_a_broken_download(void **state)
{
    (void)state;
    const char *data = data_folder();
    const struct fact svhn = {.name = "svhn", .split = PD_SPLIT_TRAIN};
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    make_links(data);
    assert_int_equal(open_set(&svhn, data, &d, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "train_32x32.mat' is cut off");
    assert_contains(err.message, "expected at least 182004483 bytes at offset 139264");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {IN_SCRATCH(equal_to_numpy), IN_SCRATCH(refuses_a_broken_download)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
