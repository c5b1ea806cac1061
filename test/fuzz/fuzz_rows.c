/* Any text as a CSV: refused with words, or read to its end, twice with the same numbers. */
#include "io/rows.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLOATS = 4096 };

/* A sum over the bits of everything that can be read; *words: of the error that ended it, or "". */
static uint64_t sum_of(struct pd_rows *rows, char *words, size_t size)
{
    float block[FLOATS];
    uint64_t sum = 0;
    struct pd_error err = {.message = ""};
    const int64_t width = pd_rows_width(rows), most = FLOATS / width;
    if (width < 1)
        abort();
    for (int64_t got = 1; most && got;) {
        enum pd_status status = pd_rows_read(rows, block, most, &got, &err);
        if (got < 0 || got > most || (status && !err.message[0]))
            abort();
        if (status)
            break;
        for (int64_t i = 0; i < got * width; i++) {
            uint32_t bits;
            memcpy(&bits, &block[i], sizeof bits);
            sum = sum * 31 + bits;
        }
    }
    snprintf(words, size, "%s", err.message);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"logit", "class_logit", NULL};
    char first[512] = "", second[512] = "";
    struct pd_rows *rows;
    struct pd_error err = {.message = ""};
    FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "rb") : NULL;
    if (!file)
        return 0;
    /* Its first byte also says what the options do. */
    const struct pd_rows_request request = {.names = names,
                                            .header = (enum pd_rows_choice)(data[0] % 3),
                                            .index = (enum pd_rows_choice)(data[0] / 3 % 3)};
    if (pd_rows_open_csv(file, "input", &request, &rows, &err) != PD_OK) {
        if (rows || !err.message[0])
            abort();
        return 0;
    }
    const uint64_t sum = sum_of(rows, first, sizeof first);
    if (pd_rows_rewind(rows, &err) != PD_OK || sum_of(rows, second, sizeof second) != sum ||
        strcmp(first, second) != 0)
        abort();
    pd_rows_close(rows);
    return 0;
}
