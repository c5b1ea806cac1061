/* Any bytes as a run's data.json and, behind a zero byte, its images.csv: refused, or every name ends, every
 * label is one of its classes'. The fingerprint, which a fuzzer does not guess, is for the reader's end
 * alone.
 */
#include "data/roster.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct pd_roster *r)
{
    size_t sum = 0;
    for (int k = 0; r->classes.at && k < r->classes.count; k++)
        sum += strlen(r->classes.at[k]);
    for (uint32_t i = 0; r->labels && i < r->count; i++) {
        sum += r->names ? strlen(r->names[i]) : 0;
        if (r->labels[i] < -1 || r->labels[i] >= r->classes.count)
            abort();
    }
    if (sum > 1u << 30)
        abort();
}

static void check(enum pd_status status, const struct pd_error *err)
{
    if (status && (status != err->status || !err->message[0]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct pd_roster r = {.count = 0};
    struct pd_error err = {.status = PD_OK};
    memcpy(text, data, size);
    text[size] = '\0';
    const size_t first = strlen(text);
    enum pd_status status = pd_roster_parse(text, first, "fuzz", &r, &err);
    check(status, &err);
    if (!status) {
        look(&r);
        status = first < size ? pd_roster_parse_images(text + first + 1, size - first - 1, "fuzz", &r, &err)
                              : PD_OK;
        check(status, &err);
        if (!status)
            look(&r);
    }
    pd_roster_release(&r);
    free(text);
    return 0;
}
