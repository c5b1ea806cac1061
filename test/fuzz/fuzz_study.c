/* Any text as a study: refused with words, or read, and every run's recipe made or refused. */
#include "reproduce/protocol.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct pd_protocol *p, const char *scale)
{
    struct pd_error err = {.message = ""};
    json_t *recipe;
    double mean, deviation;
    const char *name;
    char text[64];
    for (int c = 0; c < p->column_count; c++)
        for (int row = 0; row < p->row_count; row++) {
            if (pd_protocol_recipe(p, scale, c, row, &recipe, &err) && !err.message[0])
                abort();
            json_decref(recipe);
            pd_protocol_published(p, row, c, &mean, &deviation);
        }
    for (int row = 0; row < p->row_count; row++)
        for (int i = 0; pd_protocol_measure(&p->rows[row], i, &name, text, sizeof text); i++)
            continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_protocol p;
    struct pd_error err = {.message = ""};
    const char *scale;
    json_t *value;
    if (!pd_protocol_parse("input", (const char *)data, size, &p, &err)) {
        json_object_foreach((json_t *)(uintptr_t)p.scales, scale, value)
        {
            use(&p, scale);
            break; /* one will do */
        }
    } else if (!err.message[0])
        abort();
    pd_protocol_release(&p);
    return 0;
}
