/* Any bytes as an LMDB file: values within it, or a refusal with a message; and each value as an image, as
 * LSUN has them. */
#include "data/images/image.h"
#include "data/readers/lmdb.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_lmdb lmdb;
    struct pd_error err = {.status = PD_OK};
    enum pd_status status = pd_lmdb_parse(data, size, "fuzz", &lmdb, &err);
    if (status && (status != err.status || !err.message[0] || lmdb.values))
        abort();
    for (size_t i = 0; i < lmdb.count; i++) {
        const struct pd_lmdb_value *v = &lmdb.values[i];
        unsigned sum = 0;
        for (size_t k = 0; k < v->size; k++)
            sum += v->bytes[k] & 1;
        if (sum > v->size || v->bytes < data || v->bytes + v->size > data + size)
            abort();
        struct pd_image image;
        if (i < 4 && !pd_image_decode(v->bytes, v->size, "fuzz", &image, NULL))
            pd_image_release(&image);
    }
    pd_lmdb_release(&lmdb);
    return 0;
}
