/* Any bytes as features that were kept: refused with words, or finite numbers of what was asked for. */
#include "metric/feature_cache.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIDTH = 4, CLASSES = 2 };

static void try(const uint8_t *data, size_t size, bool logits)
{
    static const struct pd_st_meta meta[] = {{"weights", "w"}, {"split", "train"}};
    const struct pd_feature_cache_key key = {WIDTH, CLASSES, logits, meta, 2};
    struct pd_feature_cache c;
    struct pd_error err = {.message = ""};
    const enum pd_status status = pd_feature_cache_parse(data, size, "input", &key, &c, &err);
    if (status) {
        if (c.st || !err.message[0] || status != err.status)
            abort();
        return;
    }
    if (c.n < 1 || (logits && !c.logits) || strlen(c.samples) > size)
        abort();
    for (int64_t i = 0; i < c.n * WIDTH; i++)
        if (!isfinite(c.features[i]))
            abort();
    for (int64_t i = 0; c.logits && i < c.n * CLASSES; i++)
        if (!isfinite(c.logits[i]))
            abort();
    pd_feature_cache_close(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try(data, size, false);
    try(data, size, true);
    return 0;
}
