#include "data/answers_reader.h"

#include <string.h>

bool pd_label_studio_own_key(const char *key)
{
    static const char *const own[] = {
        "id",         "image",      "paydirt_image", "annotator", "annotation_id",
        "created_at", "updated_at", "lead_time",     "agreement", "history"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strcmp(key, own[i]))
            return true;
    return false;
}

enum pd_status pd_answers_parse_label_studio(struct pd_answers_reader *r, const char *text, size_t size,
                                             struct pd_error *err)
{
    (void)text, (void)size;
    return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: Label Studio's JSON", r->file);
}
