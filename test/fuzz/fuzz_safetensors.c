/* Any bytes as a checkpoint: refused with words, or every tensor and every word of it can be read. */
#include "touch.h"

#include "io/safetensors.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_safetensors *st;
    struct pd_error err = {.message = ""};
    if (pd_safetensors_parse(data, size, "input", &st, &err) != PD_OK) {
        if (st || !err.message[0] || err.offset > (int64_t)size)
            abort();
        return 0;
    }
    for (size_t i = 0; i < pd_safetensors_count(st); i++) {
        const struct pd_io_array *a = pd_safetensors_at(st, i);
        touch(a);
        if (pd_safetensors_find(st, a->name) != a)
            abort();
    }
    for (size_t i = 0; i < pd_safetensors_meta_count(st); i++) {
        struct pd_st_meta m = pd_safetensors_meta_at(st, i);
        if (pd_safetensors_meta(st, m.key) != m.value)
            abort();
    }
    pd_safetensors_destroy(st);
    return 0;
}
