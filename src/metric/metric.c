#include "metric/metric.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PD_METRIC(id, ...)                                                                                   \
    enum pd_status pd_metric_##id(const struct pd_metric_input *, struct pd_metric_result *,                 \
                                  struct pd_error *);
#include "metric/metrics.def"
#undef PD_METRIC

static const struct pd_metric table[] = {
#define PD_METRIC(id, ...) {__VA_ARGS__, pd_metric_##id},
#include "metric/metrics.def"
#undef PD_METRIC
};
enum { COUNT = sizeof table / sizeof table[0] };

const struct pd_metric *pd_metric_at(int index)
{
    return index >= 0 && index < COUNT ? &table[index] : NULL;
}

const struct pd_metric *pd_metric_find(const char *name, struct pd_error *err)
{
    const int at = pd_find_word("metric", name, &table[0].name, COUNT, sizeof table[0], err);
    return at < 0 ? NULL : &table[at];
}

char *pd_metric_text(const struct pd_metric *metric, double value, char *text, size_t size)
{
    snprintf(text, size, "%s %.2f%s", metric->name, metric->scale * value, metric->unit);
    for (char *dash = text; (dash = strchr(dash, '-')) && dash < text + strlen(metric->name);)
        *dash = ' ';
    return text;
}

static void put(struct pd_metric_result *out, const char *key, double value, bool whole)
{
    if (out->count == PD_METRIC_NUMBERS)
        BUG("no room for the number %s", key);
    out->numbers[out->count++] = (struct pd_metric_number){key, value, whole};
}

void pd_metric_add(struct pd_metric_result *out, const char *key, double value)
{
    put(out, key, value, false);
}

void pd_metric_add_count(struct pd_metric_result *out, const char *key, int64_t count)
{
    put(out, key, (double)count, true);
}

double pd_metric_number(const struct pd_metric_result *result, const char *key)
{
    for (int i = 0; i < result->count; i++)
        if (!strcmp(result->numbers[i].key, key))
            return result->numbers[i].value;
    return NAN;
}

void pd_metric_features_release(struct pd_metric_features *f)
{
    pd_feature_file_release(&f->real);
    pd_feature_file_release(&f->fake);
    pd_free(f->logits);
    *f = (struct pd_metric_features){.k = 0};
}

int64_t pd_metric_image_size(const struct pd_metric_input *in)
{
    return (int64_t)in->channels * (in->size ? (int64_t)in->size * in->size : 1);
}
