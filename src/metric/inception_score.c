/* The Inception Score (Salimans et al. 2016, section 4), of logits. */
#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"
#include "metric/features.h"

#include <paydirt/inception.h>

#include <math.h>

/* log p(y|x) of one sample. */
static void log_softmax(const float *logits, int64_t classes, double *out)
{
    double top = (double)logits[0], sum = 0;
    for (int64_t c = 1; c < classes; c++)
        top = (double)logits[c] > top ? (double)logits[c] : top;
    for (int64_t c = 0; c < classes; c++)
        sum += exp((double)logits[c] - top);
    for (int64_t c = 0; c < classes; c++)
        out[c] = (double)logits[c] - top - log(sum);
}

/* Mean KL(p(y|x), p(y)) is mean sum p log p(y|x) less sum p(y) log p(y). room: (2, classes). */
static double score_of(int64_t n, int64_t classes, const float *logits, const uint32_t *order, double *room)
{
    double *mean = room, *log_p = room + classes, divergence = 0;
    for (int64_t c = 0; c < classes; c++)
        mean[c] = 0;
    for (int64_t i = 0; i < n; i++) {
        log_softmax(logits + (int64_t)order[i] * classes, classes, log_p);
        for (int64_t c = 0; c < classes; c++) {
            mean[c] += exp(log_p[c]) / (double)n;
            divergence += exp(log_p[c]) * log_p[c] / (double)n;
        }
    }
    for (int64_t c = 0; c < classes; c++)
        divergence -= mean[c] > 0 ? mean[c] * log(mean[c]) : 0;
    return exp(divergence);
}

static enum pd_status check(int64_t n, int64_t classes, const float *logits, int splits, struct pd_error *err)
{
    if (splits < 1 || classes < 1 || n < splits || n > UINT32_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "an Inception Score of %lld samples in %d parts", (long long)n,
                       splits);
    for (int64_t i = 0; i < n * classes; i++)
        if (!isfinite(logits[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: logit %lld is %g, expected finite ones",
                           (long long)(i / classes), (long long)(i % classes), (double)logits[i]);
    return PD_OK;
}

enum pd_status pd_inception_score(int64_t n, int64_t classes, const float *logits, int splits, uint64_t seed,
                                  struct pd_inception_score *out, struct pd_error *err)
{
    const struct pd_rng r = {seed, PD_STREAM_INCEPTION_SCORE, 0};
    enum pd_status status = check(n, classes, logits, splits, err);
    uint32_t *order = status ? NULL : pd_calloc((size_t)n, sizeof *order);
    double *room = status ? NULL : pd_calloc((size_t)(2 * classes + splits), sizeof *room);
    if (!status && (!order || !room))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for an Inception Score");
    if (!status) {
        double *scores = room + 2 * classes, sum = 0, squares = 0;
        pd_rng_permutation(&r, (uint32_t)n, order);
        for (int i = 0; i < splits; i++) {
            const int64_t begin = i * n / splits, end = (i + 1) * n / splits;
            scores[i] = score_of(end - begin, classes, logits, order + begin, room);
            sum += scores[i];
        }
        for (int i = 0; i < splits; i++)
            squares += (scores[i] - sum / splits) * (scores[i] - sum / splits);
        *out = (struct pd_inception_score){sum / splits, sqrt(squares / splits), splits};
    }
    pd_free(order);
    pd_free(room);
    return status;
}
