#include "reproduce/record.h"

#include "base/buffer.h"
#include "io/file.h"
#include "io/json.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 24 };

enum pd_status pd_record_load(const char *path, json_t **out, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    json_error_t at;
    *out = NULL;
    if (pd_is_absent(path))
        return PD_OK;
    enum pd_status status = pd_file_read_most(path, MOST_BYTES, &text, err);
    pd_mem_watch();
    json_t *value =
        status ? NULL : json_loadb(text.size ? text.data : "", text.size, JSON_REJECT_DUPLICATES, &at);
    if (!status && !value && pd_mem_ran_short())
        status = pd_fail_memory(err, path);
    else if (!status && !json_is_object(value))
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: expected a JSON object%s%s", path, value ? "" : ": ",
                         value ? "" : at.text);
    pd_buffer_release(&text);
    if (status)
        json_decref(value);
    else
        *out = value;
    return status;
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
