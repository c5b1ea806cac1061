/* Any bytes as an .npy or .npz: refused with words, or every array of it can be read. */
#include "touch.h"

#include "io/npy.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
        const struct pd_io_array *a = pd_npy_at(npy, i);
        touch(a);
        if (pd_npy_find(npy, a->name) != a)
            abort();
    }
    pd_npy_destroy(npy);
    return 0;
}
