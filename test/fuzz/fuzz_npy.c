/* Any bytes as an .npy or .npz: refused with words, or every array of it can be read. */
#include "touch.h"

#include "io/npy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 37 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read in pieces, it is the same. */
static void check(struct pd_npy *npy, size_t index, const struct pd_io_array *a)
{
    struct pd_npy_stream *stream;
    char piece[8 * STEP];
    const size_t element = pd_io_dtype_size(a->dtype);
    touch(a);
    if (pd_npy_stream_open(npy, index, &stream, NULL))
        abort();
    for (int64_t at = 0, n, count = pd_io_array_count(a); at < count; at += n) {
        n = count - at < STEP ? count - at : STEP;
        if (pd_npy_stream_read(stream, piece, n, NULL) ||
            memcmp(piece, (const char *)a->data + (size_t)at * element, (size_t)n * element) != 0)
            abort();
    }
    pd_npy_stream_close(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_npy *npy;
    struct pd_error err = {.message = ""};
    if (pd_npy_parse(data, size, "input", &npy, &err) != PD_OK) {
        if (npy || !err.message[0])
            abort();
        return 0;
    }
    for (size_t i = 0; i < pd_npy_count(npy); i++) {
        const struct pd_io_array *a;
        if (pd_npy_locate(npy, pd_npy_name(npy, i)) != (int64_t)i)
            abort();
        if (pd_npy_load(npy, i, &a, &err) == PD_OK)
            check(npy, i, a);
        else if (a || !err.message[0])
            abort();
    }
    pd_npy_destroy(npy);
    return 0;
}
