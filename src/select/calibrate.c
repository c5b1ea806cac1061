/* Platt scaling by Newton's method with halved steps (Lin, Lin & Weng, "A note on Platt's probabilistic
 * outputs for support vector machines", 2007). */
#include "select/varies.h"

#include <paydirt/reject.h>

#include <math.h>

enum { ITERATIONS = 100, HALVINGS = 40 };

/* Two samples on a common scale, x = (logit - mean) / sd. */
struct problem {
    int64_t n[2]; /* generated, real */
    const float *logit[2];
    double target[2];
    double mean, sd; /* sd 0: they do not vary */
};

static void standardise(struct problem *p)
{
    const double n = (double)(p->n[0] + p->n[1]);
    double squares = 0;
    for (int s = 0; s < 2; s++)
        for (int64_t i = 0; i < p->n[s]; i++)
            p->mean += (double)p->logit[s][i] / n;
    for (int s = 0; s < 2; s++)
        for (int64_t i = 0; i < p->n[s]; i++)
            squares += pow((double)p->logit[s][i] - p->mean, 2) / n;
    p->sd = pd_varies(1, p->mean, squares) ? sqrt(squares) : 0;
}

/* Cross entropy of a x + b, its gradient and its Hessian (aa, ab, bb). */
struct local {
    double loss, gradient[2], hessian[3];
};

static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static struct local evaluate(const struct problem *p, double a, double b)
{
    struct local l = {.loss = 0};
    for (int s = 0; s < 2; s++)
        for (int64_t i = 0; i < p->n[s]; i++) {
            const double x = ((double)p->logit[s][i] - p->mean) / p->sd, y = a * x + b;
            const double q = 1 / (1 + exp(-y)), off = q - p->target[s], w = q * (1 - q);
            l.loss += softplus(y) - p->target[s] * y;
            l.gradient[0] += off * x;
            l.gradient[1] += off;
            l.hessian[0] += w * x * x;
            l.hessian[1] += w * x;
            l.hessian[2] += w;
        }
    return l;
}

/* One step down from (a, b), where l was taken; false: none leads further down. */
static bool descend(const struct problem *p, double *a, double *b, struct local *l)
{
    const double ridge = 1e-12 * (1 + l->hessian[0] + l->hessian[2]);
    const double haa = l->hessian[0] + ridge, hab = l->hessian[1], hbb = l->hessian[2] + ridge;
    const double det = haa * hbb - hab * hab;
    const double da = -(hbb * l->gradient[0] - hab * l->gradient[1]) / det;
    const double db = -(haa * l->gradient[1] - hab * l->gradient[0]) / det;
    double part = 1;
    for (int i = 0; i < HALVINGS; i++, part /= 2) {
        const struct local next = evaluate(p, *a + part * da, *b + part * db);
        if (!(next.loss < l->loss))
            continue;
        *a += part * da;
        *b += part * db;
        const bool further = l->loss - next.loss > 1e-14 * fabs(l->loss);
        *l = next;
        return further;
    }
    return false;
}

struct pd_calibration pd_calibrate(int64_t n_real, const float *real, int64_t n_generated,
                                   const float *generated)
{
    struct problem p = {.n = {n_generated, n_real}, .logit = {generated, real}};
    const double prior = log((double)n_real / (double)n_generated);
    p.target[0] = 1 / ((double)n_generated + 2);
    p.target[1] = ((double)n_real + 1) / ((double)n_real + 2);
    standardise(&p);
    if (!(p.sd > 0))
        return (struct pd_calibration){0, 0};
    double a = 0, b = prior;
    struct local l = evaluate(&p, a, b);
    for (int i = 0; i < ITERATIONS && descend(&p, &a, &b, &l); i++)
        ;
    return (struct pd_calibration){a / p.sd, b - a * p.mean / p.sd - prior};
}
