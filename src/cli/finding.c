#include "cli/finding.h"

#include "cli/args.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool metric_list_has(const struct metric_list *list, const char *name)
{
    for (int i = 0; i < list->count; i++)
        if (!strcmp(list->at[i]->name, name))
            return true;
    return false;
}

enum pd_status metric_list_read(const char *names, struct metric_list *out, struct pd_error *err)
{
    char name[64];
    *out = (struct metric_list){.count = 0};
    while (names) {
        const struct pd_metric *metric = pd_metric_find(args_next_name(&names, name, sizeof name), err);
        if (!metric)
            return PD_ERR_USAGE;
        if (!metric_list_has(out, metric->name) && out->count < (int)(sizeof out->at / sizeof *out->at))
            out->at[out->count++] = metric;
        out->needs |= metric->needs;
    }
    return PD_OK;
}

void finding_add(json_t **to, json_t *more)
{
    if (*to && (!more || json_object_update(*to, more))) {
        json_decref(*to);
        *to = NULL;
    }
    json_decref(more);
}

json_t *finding_json(const struct pd_metric *metric, const struct pd_metric_result *result)
{
    json_t *line = json_pack("{s:s}", "metric", metric->name);
    for (int i = 0; i < result->count; i++) {
        const struct pd_metric_number *n = &result->numbers[i];
        if (isfinite(n->value))
            finding_add(&line, n->whole ? json_pack("{s:I}", n->key, (json_int_t)n->value)
                                        : json_pack("{s:f}", n->key, n->value));
    }
    if (result->note[0])
        finding_add(&line, json_pack("{s:s}", "note", result->note));
    return line;
}

char *finding_text(const struct pd_metric *metric, const struct pd_metric_result *result, char *text,
                   size_t size)
{
    size_t n = (size_t)snprintf(text, size, "%s ", metric->name);
    for (int i = 0; i < result->count && n < size; i++)
        if (isfinite(result->numbers[i].value))
            n += (size_t)snprintf(text + n, size - n, " %s %.6g", result->numbers[i].key,
                                  result->numbers[i].value);
    return text;
}
