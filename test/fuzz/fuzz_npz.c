/* Arrays of any names, types, shapes and values: a data set that holds what it says, or a refusal with a
 * message. (What bytes may be an .npz is fuzz_npy's matter.) */
#include "data/readers/npz.h"

#include "base/buffer.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { ARRAYS = 4, SPEC = 7, NAMES = 11, ELEMENTS_MAX = 1 << 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[NAMES] = {"train_images", "train_labels", "test_images", "test_labels",
                                         "x_train",      "y_train",      "x_test",      "y_test",
                                         "images",       "labels",       "val_images"};

/* The values are the rest of the input, over and over; floats of them lie in -1.28 .. 1.27, or are whole. */
static void set_value(enum pd_io_dtype dtype, char *to, uint8_t byte, bool whole)
{
    const double real = byte == 255 && !whole ? (double)NAN : whole ? byte : (double)(int8_t)byte / 100;
    const int64_t integer = byte > 200 && byte < 250 ? (int64_t)byte << 55 : (int8_t)byte;
    const float single = (float)real;
    if (dtype == PD_IO_F64)
        memcpy(to, &real, sizeof real);
    else if (dtype == PD_IO_F32)
        memcpy(to, &single, sizeof single);
    else if (pd_io_dtype_size(dtype) == 8)
        memcpy(to, &integer, sizeof integer);
    else
        memset(to, byte, pd_io_dtype_size(dtype));
}

struct file {
    struct pd_buffer zip, directory;
    uint16_t entries;
};

static void put(struct pd_buffer *b, uint32_t value, size_t bytes)
{
    pd_buffer_append(b, &value, bytes);
}

/* What local header and directory share. */
static void put_head(struct pd_buffer *b, uint32_t crc, size_t size, size_t name)
{
    put(b, 20, 2);
    put(b, 0, 4);
    put(b, 0, 4);
    put(b, crc, 4);
    put(b, (uint32_t)size, 4);
    put(b, (uint32_t)size, 4);
    put(b, (uint32_t)name, 4); /* and no extra field */
}

static void add_entry(struct file *f, const char *name, const struct pd_buffer *npy)
{
    const uint32_t crc = (uint32_t)crc32(0, (const Bytef *)npy->data, (uInt)npy->size),
                   at = (uint32_t)f->zip.size;
    put(&f->zip, 0x04034B50, 4);
    put_head(&f->zip, crc, npy->size, strlen(name) + 4);
    pd_buffer_printf(&f->zip, "%s.npy", name);
    pd_buffer_append(&f->zip, npy->data, npy->size);
    put(&f->directory, 0x02014B50, 4);
    put(&f->directory, 20, 2);
    put_head(&f->directory, crc, npy->size, strlen(name) + 4);
    put(&f->directory, 0, 4);
    put(&f->directory, 0, 4);
    put(&f->directory, 0, 2);
    put(&f->directory, at, 4);
    pd_buffer_printf(&f->directory, "%s.npy", name);
    f->entries++;
}

static void finish(struct file *f)
{
    const size_t at = f->zip.size;
    pd_buffer_append(&f->zip, f->directory.data ? f->directory.data : "", f->directory.size);
    put(&f->zip, 0x06054B50, 4);
    put(&f->zip, 0, 4);
    put(&f->zip, f->entries, 2);
    put(&f->zip, f->entries, 2);
    put(&f->zip, (uint32_t)f->directory.size, 4);
    put(&f->zip, (uint32_t)at, 4);
    put(&f->zip, 0, 2);
}

/* spec: name, type with byte order and order of dimensions, rank, dims. */
static void add_array(struct file *f, const uint8_t *spec, const uint8_t *rest, size_t size)
{
    const enum pd_io_dtype dtype = (enum pd_io_dtype)(spec[1] % PD_IO_DTYPES);
    const size_t element = pd_io_dtype_size(dtype);
    struct pd_buffer npy = PD_BUFFER_INIT, head = PD_BUFFER_INIT;
    int64_t count = 1, rank = spec[2] % 5;
    for (int64_t i = 0; i < rank; i++)
        count *= spec[3 + i];
    if (count > ELEMENTS_MAX)
        count = 1, rank = 0;
    pd_buffer_printf(&head, "{'descr': '%c%s', 'fortran_order': %s, 'shape': (", spec[1] & 64 ? '>' : '<',
                     pd_io_dtype_numpy(dtype) + 1, spec[1] & 128 ? "True" : "False");
    for (int64_t i = 0; i < rank; i++)
        pd_buffer_printf(&head, "%d,", spec[3 + i]);
    pd_buffer_printf(&head, ")}");
    pd_buffer_append(&npy, "\x93NUMPY\1\0", 8);
    put(&npy, (uint32_t)head.size, 2);
    pd_buffer_append(&npy, head.data, head.size);
    for (int64_t i = 0; i < count; i++) {
        char value[8];
        set_value(dtype, value, size ? rest[(size_t)i % size] : 0, spec[2] & 64);
        pd_buffer_append(&npy, value, element);
    }
    add_entry(f, names[spec[0] % NAMES], &npy);
    pd_buffer_release(&head);
    pd_buffer_release(&npy);
}

static void check(struct pd_npy *npy, enum pd_split split)
{
    struct pd_dataset *d = pd_calloc(1, sizeof *d);
    struct pd_error err = {.status = PD_OK};
    if (!d)
        abort();
    enum pd_status status = pd_npz_take(npy, "fuzz", split, PD_PIXELS_UNKNOWN, d, &err);
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
    struct file f = {.entries = 0};
    struct pd_npy *npy;
    const size_t n = size / SPEC < ARRAYS ? size / SPEC : ARRAYS;
    for (size_t i = 0; i < n; i++)
        add_array(&f, data + i * SPEC, data + n * SPEC, size - n * SPEC);
    finish(&f);
    if (pd_npy_parse(f.zip.data, f.zip.size, "fuzz", &npy, NULL) == PD_OK) {
        check(npy, PD_SPLIT_TRAIN);
        check(npy, PD_SPLIT_TEST);
        pd_npy_destroy(npy);
    }
    pd_buffer_release(&f.zip);
    pd_buffer_release(&f.directory);
    return 0;
}
