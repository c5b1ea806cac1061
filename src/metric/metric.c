#include "metric/metric.h"

#include "base/words.h"

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
    return index < COUNT ? &table[index] : NULL;
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

int64_t pd_metric_image_size(const struct pd_metric_input *in)
{
    return (int64_t)in->channels * (in->size ? (int64_t)in->size * in->size : 1);
}

void pd_confusion_add(int64_t n, int classes, const float *logits, const int32_t *labels, int64_t *confusion)
{
    for (int64_t i = 0; i < n; i++, logits += classes) {
        int best = 0;
        for (int k = 1; k < classes; k++)
            best = logits[k] > logits[best] ? k : best;
        confusion[(int64_t)labels[i] * classes + best]++;
    }
}

double pd_confusion_accuracy(int classes, const int64_t *confusion)
{
    int64_t right = 0, all = 0;
    for (int64_t i = 0; i < (int64_t)classes * classes; i++) {
        all += confusion[i];
        right += i % (classes + 1) ? 0 : confusion[i];
    }
    return (double)right / (double)all;
}
