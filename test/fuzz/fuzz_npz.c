/* Arrays of any names, types, shapes and values, put into an .npz: a data set that holds what it says, or a
 * refusal with a message. (What bytes may be an .npz is fuzz_npy's matter.) */
#include "data/npz.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "io/npy_header.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { ARRAYS = 4, SPEC = 7, ELEMENTS_MAX = 1 << 13 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"train_images.npy", "train_labels.npy", "test_images.npy",
                                    "test_labels.npy",  "x_train.npy",      "y_train.npy",
                                    "x_test.npy",       "y_test.npy",       "images.npy",
                                    "labels.npy",       "val_images.npy"};

/* spec: name, type, rank, dims; the values are the rest, over and over, or as floats -1.28 .. 1.27. */
static int make_array(const uint8_t *spec, const uint8_t *rest, size_t size, struct pd_buffer *out)
{
    struct pd_io_array a = {.dtype = (enum pd_io_dtype)(spec[1] % PD_IO_DTYPES), .rank = spec[2] % 5};
    int64_t count = 1;
    for (int i = 0; i < a.rank; i++)
        count *= a.dims[i] = spec[3 + i];
    if (count > ELEMENTS_MAX)
        return 0;
    pd_npy_encode_header(out, &a);
    for (int64_t i = 0; i < count; i++) {
        const uint8_t byte = size ? rest[(size_t)i % size] : 0;
        const float single = (float)(int8_t)byte / 100;
        const double wide = (double)(int8_t)byte / 100;
        const int64_t whole = spec[1] & 128 ? (int64_t)byte << 56 : (int8_t)byte;
        const int32_t part = (int32_t)(spec[1] & 128 ? (int64_t)byte << 23 : (int8_t)byte);
        const void *const values[PD_IO_DTYPES] = {&single, &wide, &part, &whole, &byte};
        pd_buffer_append(out, values[a.dtype], pd_io_dtype_size(a.dtype));
    }
    return !out->oom;
}

static void check(const struct pd_npy *npy, enum pd_split split)
{
    struct pd_dataset *d = pd_calloc(1, sizeof *d);
    if (!d)
        abort();
    struct pd_error err = {.status = PD_OK};
    enum pd_status status = pd_npz_take(npy, "fuzz", split, d, &err);
    if (status && (status != err.status || !err.message[0]))
        abort();
    unsigned sum = 0;
    for (size_t i = 0; !status && i < d->count * pd_dataset_image_size(d); i++)
        sum += d->pixels[i] & 1;
    for (uint32_t i = 0; !status && i < d->count; i++)
        if (d->labels[i] < -1 || d->labels[i] >= d->classes || sum > d->count * pd_dataset_image_size(d))
            abort();
    pd_dataset_destroy(d);
}

/* The bytes of a zip, taken back from libzip. */
static int read_back(zip_source_t *source, struct pd_buffer *out)
{
    char chunk[4096];
    zip_int64_t n;
    if (zip_source_open(source))
        return 0;
    while ((n = zip_source_read(source, chunk, sizeof chunk)) > 0)
        pd_buffer_append(out, chunk, (size_t)n);
    zip_source_close(source);
    return n == 0 && !out->oom;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_buffer parts[ARRAYS] = {PD_BUFFER_INIT}, file = PD_BUFFER_INIT;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
    struct pd_npy *npy;
    if (!zip)
        abort();
    zip_source_keep(source);
    const size_t count = size / SPEC < ARRAYS ? size / SPEC : ARRAYS;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *spec = data + i * SPEC;
        if (!make_array(spec, data + count * SPEC, size - count * SPEC, &parts[i]))
            continue;
        zip_source_t *part = zip_source_buffer(zip, parts[i].data, parts[i].size, 0);
        const zip_int64_t at = zip_file_add(zip, names[spec[0] % 11], part, 0);
        if (at < 0)
            zip_source_free(part); /* the name is there already */
        else
            zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0);
    }
    if (!zip_close(zip) && read_back(source, &file) &&
        !pd_npy_parse(file.data, file.size, "fuzz", &npy, NULL)) {
        check(npy, PD_SPLIT_TRAIN);
        check(npy, PD_SPLIT_TEST);
        pd_npy_destroy(npy);
    }
    zip_source_free(source);
    pd_buffer_release(&file);
    for (int i = 0; i < ARRAYS; i++)
        pd_buffer_release(&parts[i]);
    return 0;
}
