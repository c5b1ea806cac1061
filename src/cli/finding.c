#include "cli/finding.h"

#include <math.h>
#include <stdio.h>

void finding_add(json_t **to, json_t *more)
{
    if (*to && (!more || json_object_update(*to, more))) {
        json_decref(*to);
        *to = NULL;
    }
    json_decref(more);
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
