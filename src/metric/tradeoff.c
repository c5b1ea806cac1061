/* What keeping fewer samples buys. */
#include <paydirt/metric.h>

#include "base/mem.h"
#include "io/chart.h"
#include "io/png.h"

#include <stdio.h>

/* In the units that people read: rates, values and errors behind one another, one block for all curves. */
static double *scale(const struct pd_metric *metric, const struct pd_tradeoff *t, double *to,
                     struct pd_curve *curve)
{
    double *x = to, *y = x + t->n, *error = y + t->n;
    for (int64_t i = 0; i < t->n; i++) {
        x[i] = 100 * t->rate[i];
        y[i] = metric->scale * t->value[i];
        error[i] = t->error ? metric->scale * t->error[i] : 0;
    }
    *curve = (struct pd_curve){t->name, t->n, x, y, error};
    return error + t->n;
}

static enum pd_status draw(const char *path, const struct pd_metric *metric, const struct pd_curve *curves,
                           int count, const char *title, const char *note, struct pd_error *err)
{
    char y[128];
    struct pd_buffer png = PD_BUFFER_INIT;
    snprintf(y, sizeof y, "%s%s%s", metric->name, metric->unit[0] ? "," : "", metric->unit);
    const struct pd_axes axes = {
        .title = title, .x = "kept of all candidates, %", .y = y, .note = note, .falling = true};
    return pd_png_write(path, pd_chart_curves(&axes, NULL, curves, count, &png, err), &png, err);
}

enum pd_status pd_tradeoff_draw(const char *path, const struct pd_metric *metric,
                                const struct pd_tradeoff *curves, int count, const char *title,
                                const char *note, struct pd_error *err)
{
    int64_t points = 0;
    for (int k = 0; k < count; k++)
        for (int64_t i = 0; i < curves[k].n; i++, points++)
            if (!(curves[k].rate[i] > 0 && curves[k].rate[i] <= 1))
                return pd_fail(err, PD_ERR_USAGE, -1,
                               "%s, point %lld: a part kept of %g, expected above 0 up to 1", curves[k].name,
                               (long long)i, curves[k].rate[i]);
    double *block = pd_calloc((size_t)points + 1, 3 * sizeof *block), *at = block;
    struct pd_curve *drawn = pd_calloc((size_t)count + 1, sizeof *drawn);
    for (int k = 0; block && drawn && k < count; k++)
        at = scale(metric, &curves[k], at, &drawn[k]);
    enum pd_status status = block && drawn ? draw(path, metric, drawn, count, title, note, err)
                                           : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    pd_free(block);
    pd_free(drawn);
    return status;
}
