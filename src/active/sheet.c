#include "active/sheet.h"

#include "io/file.h"

#include <stdio.h>

enum pd_status pd_sheet_keep(const char *folder, const char *sheet, char copy[PD_PATH_SIZE],
                             struct pd_error *err)
{
    char name[64] = "queries.refused.csv";
    struct pd_buffer text = PD_BUFFER_INIT;
    enum pd_status status = pd_file_read(sheet, &text, err);
    if (!status)
        status = pd_path_inside(copy, PD_PATH_SIZE, folder, name, err);
    for (int i = 2; !status && !pd_is_absent(copy); i++) {
        snprintf(name, sizeof name, "queries.refused-%d.csv", i);
        status = pd_path_inside(copy, PD_PATH_SIZE, folder, name, err);
    }
    if (!status)
        status = pd_file_write_atomic(copy, text.data, text.size, err);
    pd_buffer_release(&text);
    return status;
}
