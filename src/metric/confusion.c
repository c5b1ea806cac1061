/* Which classes were taken for which. */
#include "metric/metric.h"

#include "io/chart.h"
#include "io/png.h"

#include <math.h>

enum pd_status pd_confusion_add(int64_t n, int classes, const float *logits, const int32_t *labels,
                                int64_t *confusion, struct pd_error *err)
{
    for (int64_t i = 0; i < n * classes; i++)
        if (!isfinite(logits[i]))
            return pd_fail(err, PD_ERR_MISMATCH, -1, "a network that diverged: its logit of class %d is %g",
                           (int)(i % classes), (double)logits[i]);
    for (int64_t i = 0; i < n; i++, logits += classes) {
        int best = 0;
        for (int k = 1; k < classes; k++)
            best = logits[k] > logits[best] ? k : best;
        confusion[(int64_t)labels[i] * classes + best]++;
    }
    return PD_OK;
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

enum pd_status pd_confusion_draw(const char *path, int classes, const int64_t *confusion,
                                 const char *const *names, const char *title, struct pd_error *err)
{
    struct pd_buffer png = PD_BUFFER_INIT;
    const struct pd_axes axes = {.title = title, .x = "taken for", .y = "is"};
    const struct pd_counts counts = {classes, confusion, names};
    return pd_png_write(path, pd_chart_matrix(&axes, &counts, &png, err), &png, err);
}
