/* Arrays of any names, types, shapes and values: a data set that holds what it says, or a refusal with a
 * message. (What bytes may be an .npz is fuzz_npy's matter.) */
#include "data/npz.h"

#include "base/mem.h"

#include <stdlib.h>

enum { ARRAYS = 4, SPEC = 7, NAMES = 11, ELEMENTS_MAX = 1 << 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[NAMES] = {"train_images", "train_labels", "test_images", "test_labels",
                                         "x_train",      "y_train",      "x_test",      "y_test",
                                         "images",       "labels",       "val_images"};

/* The values are the rest of the input, over and over; floats of them lie in -1.28 .. 1.27. */
static void set_value(struct pd_io_array *a, void *values, int64_t i, uint8_t byte)
{
    switch (a->dtype) {
    case PD_IO_F32:
        ((float *)values)[i] = byte == 255 ? __builtin_nanf("") : (float)(int8_t)byte / 100;
        break;
    case PD_IO_F64:
        ((double *)values)[i] = (double)(int8_t)byte / 100;
        break;
    case PD_IO_I32:
        ((int32_t *)values)[i] = byte > 200 && byte < 250 ? byte << 23 : (int8_t)byte;
        break;
    case PD_IO_I64:
        ((int64_t *)values)[i] = byte > 200 && byte < 250 ? (int64_t)byte << 55 : (int8_t)byte;
        break;
    default:
        ((uint8_t *)values)[i] = byte;
    }
}

/* spec: name, type, rank, dims. */
static struct pd_io_array make_array(const uint8_t *spec, const uint8_t *rest, size_t size)
{
    struct pd_io_array a = {.name = names[spec[0] % NAMES],
                            .dtype = (enum pd_io_dtype)(spec[1] % PD_IO_DTYPES),
                            .rank = spec[2] % 5};
    int64_t count = 1;
    for (int i = 0; i < a.rank; i++)
        count *= a.dims[i] = spec[3 + i];
    if (count > ELEMENTS_MAX) {
        a.rank = 0;
        count = 1;
    }
    void *values = malloc((size_t)count * pd_io_dtype_size(a.dtype) + !count);
    if (!values)
        abort();
    for (int64_t i = 0; i < count; i++)
        set_value(&a, values, i, size ? rest[(size_t)i % size] : 0);
    a.data = values;
    return a;
}

static void check(const struct pd_io_array *arrays, size_t n, enum pd_split split)
{
    struct pd_dataset *d = pd_calloc(1, sizeof *d);
    struct pd_error err = {.status = PD_OK};
    if (!d)
        abort();
    enum pd_status status = pd_npz_take(arrays, n, "fuzz", split, d, &err);
    if (status && (status != err.status || !err.message[0]))
        abort();
    const size_t pixels = status ? 0 : d->count * pd_dataset_image_size(d);
    unsigned sum = 0;
    for (size_t i = 0; i < pixels; i++)
        sum += d->pixels[i] & 1;
    if (sum > pixels)
        abort();
    for (uint32_t i = 0; !status && i < d->count; i++)
        if (d->labels[i] < -1 || d->labels[i] >= d->classes)
            abort();
    pd_dataset_destroy(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_io_array arrays[ARRAYS] = {{.name = NULL}};
    const size_t n = size / SPEC < ARRAYS ? size / SPEC : ARRAYS;
    for (size_t i = 0; i < n; i++)
        arrays[i] = make_array(data + i * SPEC, data + n * SPEC, size - n * SPEC);
    check(arrays, n, PD_SPLIT_TRAIN);
    check(arrays, n, PD_SPLIT_TEST);
    for (size_t i = 0; i < n; i++)
        free((void *)arrays[i].data);
    return 0;
}
