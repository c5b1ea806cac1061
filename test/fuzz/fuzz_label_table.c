/* Any bytes as a table of labels: CSV, JSON lines, COCO or CVAT. Its texts are printable, and each row names
 * an image. */
#include "base/words.h"
#include "data/labels/label_table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    char *copy = strdup(text);
    if (!copy || strcmp(pd_make_printable(copy), text) != 0)
        abort();
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_label_table table;
    struct pd_error err = {.status = PD_OK};
    const enum pd_status status =
        pd_label_table_parse(data, size, "fuzz", size % 2 ? "" : "image,label", &table, &err);
    if (status && (status != err.status || !err.message[0] || table.count))
        abort();
    if (!status && (!table.count || !table.format))
        abort();
    for (size_t i = 0; i < table.count; i++) {
        check_text(table.at[i].image);
        check_text(table.at[i].label);
        check_text(table.at[i].split);
        if (!*table.at[i].image || table.at[i].row < 1)
            abort();
    }
    pd_label_table_release(&table);
    return 0;
}
