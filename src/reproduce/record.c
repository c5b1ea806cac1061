#include "reproduce/record.h"

#include "io/file.h"
#include "io/json.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 24 };

enum pd_status pd_record_load(const char *path, json_t **out, struct pd_error *err)
{
    *out = NULL;
    return pd_is_absent(path) ? PD_OK : pd_json_read(path, MOST_BYTES, out, err);
}

enum pd_status pd_record_store(const char *path, json_t *value, struct pd_error *err)
{
    char *text;
    enum pd_status status = pd_json_text(
        value, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_REAL_PRECISION(PD_RECORD_DIGITS), path, &text, err);
    if (!status)
        status = pd_file_write_atomic(path, text, strlen(text), err);
    free(text);
    json_decref(value);
    return status;
}
