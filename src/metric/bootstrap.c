/* The bootstrap (Efron 1979) of metrics of features: the same number over sets redrawn with replacement. */
#include "metric/metric.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"

#include <paydirt/inception.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* count rows of width, redrawn. */
static float *redraw(const float *values, int64_t count, int64_t width, const struct pd_rng *rng)
{
    const size_t row = (size_t)width * sizeof *values;
    float *drawn = pd_malloc((size_t)count * row);
    for (int64_t i = 0; drawn && i < count; i++)
        memcpy(drawn + i * width, values + pd_rng_below(rng, (uint64_t)i, (uint32_t)count) * width, row);
    return drawn;
}

static bool redraw_file(const struct pd_feature_file *from, const struct pd_rng *rng,
                        struct pd_feature_file *to)
{
    *to = (struct pd_feature_file){.width = from->width, .count = from->count};
    snprintf(to->name, sizeof to->name, "%s", from->name);
    to->set = from->set;
    to->set.values = redraw(from->set.values, from->count, from->width, rng);
    return to->set.values;
}

/* What the metric looks at. */
static bool redraw_all(const struct pd_metric *metric, const struct pd_metric_features *f,
                       const struct pd_rng *real, const struct pd_rng *fake, struct pd_metric_features *to)
{
    if (metric->needs & PD_NEEDS_LOGITS) {
        to->fake.count = f->fake.count;
        return (to->logits = redraw(f->logits, f->fake.count, PD_INCEPTION_CLASSES, fake));
    }
    return redraw_file(&f->real, real, &to->real) && redraw_file(&f->fake, fake, &to->fake);
}

static enum pd_status measure(const struct pd_metric *metric, const struct pd_metric_input *in, uint64_t draw,
                              double *value, struct pd_error *err)
{
    const struct pd_metric_features *f = in->features;
    const struct pd_rng real = {in->seed, PD_STREAM_BOOTSTRAP, draw},
                        fake = {in->seed, PD_STREAM_BOOTSTRAP + 1, draw};
    struct pd_metric_features drawn = {
        .work = f->work, .k = f->k, .subsets = f->subsets, .subset_size = f->subset_size};
    struct pd_metric_input again = *in;
    struct pd_metric_result result;
    again.features = &drawn;
    enum pd_status status =
        redraw_all(metric, f, &real, &fake, &drawn)
            ? pd_metric_measure(metric, &again, &result, err)
            : pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for redrawn samples", metric->name);
    *value = status ? NAN : result.value;
    pd_metric_features_release(&drawn);
    return status;
}

enum pd_status pd_metric_bootstrap_check(const struct pd_metric *metric, const struct pd_metric_input *in,
                                         int64_t draws, struct pd_error *err)
{
    const struct pd_metric_features *f = in->features;
    if (!(metric->needs & PD_NEEDS_ANY_FEATURES) || metric->needs & PD_NEEDS_DISTINCT)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: no bootstrap: %s", metric->name,
                       metric->needs & PD_NEEDS_DISTINCT
                           ? "a sample that is drawn twice would be its own neighbour"
                           : "its standard error follows from the count of images");
    if (draws < 2 || draws > 1000000)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: %lld redraws, expected 2 to 1000000", metric->name,
                       (long long)draws);
    enum pd_status status = pd_metric_check(metric, in, err);
    const bool values = metric->needs & PD_NEEDS_LOGITS || (f->real.set.values && f->fake.set.values);
    return status || values
               ? status
               : pd_fail(err, PD_ERR_USAGE, -1, "%s: no bootstrap of mean and covariance: expected samples",
                         metric->name);
}

enum pd_status pd_metric_bootstrap(const struct pd_metric *metric, const struct pd_metric_input *in,
                                   int64_t draws, double *error, struct pd_error *err)
{
    double mean = 0, squares = 0;
    enum pd_status status = pd_metric_bootstrap_check(metric, in, draws, err);
    *error = NAN;
    for (int64_t i = 0; i < draws && !status; i++) {
        double value;
        status = measure(metric, in, (uint64_t)i, &value, err);
        const double step = value - mean;
        mean += step / (double)(i + 1);
        squares += step * (value - mean);
    }
    if (!status)
        *error = sqrt(squares / (double)(draws - 1));
    return status;
}
