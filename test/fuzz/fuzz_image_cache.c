/* Any bytes as a cache of images: refused, or every label, name and stamp lies within them. They are tried as
 * they come, and with size and checksum set right, which a fuzzer does not guess. */
#include "data/images/image_cache.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Looks at all there is; whatever lies outside, the sanitizers tell. */
static void look(const struct pd_image_cache *c, const uint8_t *bytes, size_t size)
{
    const struct pd_image_cache_end *e = &c->end;
    const char *name = c->image_names;
    uint64_t sum = 0, pixels = (uint64_t)e->count * (uint64_t)(e->channels * e->side * e->side);
    for (uint32_t i = 0; i < e->count + e->others; i++, name += strlen(name) + 1)
        sum += c->stamps[i] % 2 + strlen(name);
    for (uint32_t i = 0; i < e->count; i++) {
        sum += c->digests[i].bytes[PD_DIGEST_SIZE - 1] % 2;
        if (c->labels[i] < -1 || c->labels[i] >= e->classes)
            abort();
    }
    for (int k = 0; k < e->classes; k++)
        sum += strlen(c->class_names[k]);
    for (uint64_t i = 0; i < pixels; i++)
        sum += c->pixels[i];
    if (name > (const char *)bytes + size || sum > 1000 * size || strlen(e->note) >= sizeof e->note)
        abort();
}

static void try(const uint8_t *bytes, size_t size)
{
    struct pd_image_cache c;
    struct pd_error err = {.status = PD_OK};
    enum pd_status status = pd_image_cache_parse(bytes, size, "key", "fuzz", &c, &err);
    if (!status)
        look(&c, bytes, size);
    else if (status != err.status || !err.message[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_image_cache_end end;
    uint8_t *bytes = malloc(size + 1); /* aligned, as a map is */
    memcpy(bytes, data, size);
    try(bytes, size);
    if (size >= sizeof end) {
        memcpy(&end, bytes + size - sizeof end, sizeof end);
        const uint64_t area = (uint64_t)end.side * (uint64_t)end.side;
        const uint64_t begin = (end.count * (uint64_t)end.channels * area + 7) / 8 * 8;
        end.size = size;
        if (begin <= size - sizeof end) {
            end.texts = size - sizeof end - begin - 8 * ((uint64_t)end.count + end.others) -
                        (PD_DIGEST_SIZE + 4) * (uint64_t)end.count -
                        (uint64_t)end.classes * PD_CLASS_NAME_SIZE;
            end.checksum = pd_image_cache_checksum(bytes + begin, (size_t)(size - sizeof end - begin), &end);
        }
        memcpy(bytes + size - sizeof end, &end, sizeof end);
        try(bytes, size);
    }
    free(bytes);
    return 0;
}
