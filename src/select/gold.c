#include <paydirt/select.h>

#include <math.h>
#include <stddef.h>

/* log of the sum of exp(x), without overflow */
static double log_sum_exp(const float *x, int n)
{
    double most = (double)x[0], sum = 0;
    for (int i = 1; i < n; i++)
        most = fmax(most, (double)x[i]);
    for (int i = 0; i < n; i++)
        sum += exp((double)x[i] - most);
    return most + log(sum);
}

static double entropy_of(const float *x, int n)
{
    const double normaliser = log_sum_exp(x, n);
    double h = 0;
    for (int i = 0; i < n; i++) {
        const double log_p = (double)x[i] - normaliser;
        h -= exp(log_p) * log_p; /* 0 where p underflows: log_p stays finite */
    }
    return fmax(h, 0);
}

void pd_class_log_p(int64_t n, int classes, const float *class_logits, double *log_p)
{
    for (int64_t i = 0; i < n; i++) {
        const float *x = class_logits + i * classes;
        const double normaliser = log_sum_exp(x, classes);
        for (int k = 0; k < classes; k++)
            log_p[i * classes + k] = fmin((double)x[k] - normaliser, 0);
    }
}

void pd_class_entropy(int64_t n, int classes, const float *class_logits, double *entropy)
{
    for (int64_t i = 0; i < n; i++)
        entropy[i] = entropy_of(class_logits + i * classes, classes);
}

static enum pd_status check_row(const struct pd_gold_input *in, int64_t i, int32_t label,
                                struct pd_error *err)
{
    const float *x = in->class_logits + i * in->classes;
    if (label < -1 || label >= in->classes)
        return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: label %d, expected -1 to %d", (long long)i,
                       (int)label, in->classes - 1);
    if (label < 0 && in->kind == PD_GOLD_GENERATED)
        return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: a generated sample needs its class", (long long)i);
    for (int k = 0; k < in->classes; k++)
        if (!isfinite(x[k]))
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: class logit %d is %g", (long long)i, k,
                           (double)x[k]);
    if (!isfinite(in->logit[i]))
        return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: the logit is %g", (long long)i,
                       (double)in->logit[i]);
    return PD_OK;
}

enum pd_status pd_gold_conditional(const struct pd_gold_input *in, double *k, struct pd_error *err)
{
    if (in->classes < 2)
        return pd_fail(err, PD_ERR_USAGE, -1, "%d classes, expected 2 or more", in->classes);
    for (int64_t i = 0; i < in->n; i++) {
        const int32_t label = in->labels ? in->labels[i] : -1;
        const float *x = in->class_logits + i * in->classes;
        enum pd_status status = check_row(in, i, label, err);
        if (status)
            return status;
        if (label < 0) {
            k[i] = entropy_of(x, in->classes);
            continue;
        }
        const double log_p = fmin((double)x[label] - log_sum_exp(x, in->classes), 0);
        k[i] = in->kind == PD_GOLD_GENERATED ? log_p : -log_p;
    }
    return PD_OK;
}

struct moments {
    double count, mean, squares; /* Welford's */
};

static void add(struct moments *m, double x)
{
    const double off = x - m->mean;
    m->count++;
    m->mean += off / m->count;
    m->squares += off * (x - m->mean);
}

double pd_gold_balance(int64_t n, const float *logit, const double *k)
{
    struct moments marginal = {0, 0, 0}, conditional = {0, 0, 0};
    for (int64_t i = 0; i < n; i++) {
        add(&marginal, (double)logit[i]);
        add(&conditional, k[i]);
    }
    return conditional.squares > 0 ? sqrt(marginal.squares / conditional.squares) : 1;
}

void pd_gold_estimate(int64_t n, const float *logit, const double *k, double scale, double *d)
{
    for (int64_t i = 0; i < n; i++)
        d[i] = (double)logit[i] + scale * k[i];
}

double pd_gold_weight(double d, double beta)
{
    return d == 0 ? 0 : copysign(pow(fabs(d), beta), d);
}
