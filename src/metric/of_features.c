/* The metrics of features by name: what features.h and inception.h compute, as numbers of a result. */
#include "metric/metric.h"

#include <paydirt/inception.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { K_PRECISION_RECALL = 3, K_DENSITY_COVERAGE = 5, SPLITS = 10 }; /* their papers' */

void pd_metric_note_few(struct pd_metric_result *out, int64_t count, int64_t width, const char *what)
{
    const size_t at = strlen(out->note);
    if (count && count <= width)
        snprintf(
            out->note + at, sizeof out->note - at,
            "%s%lld %s samples for %lld features: their covariance is singular and the distance comes out "
            "too large; compare it with distances of equal counts alone",
            at ? "; " : "", (long long)count, what, (long long)width);
}

enum pd_status pd_metric_frechet(const struct pd_metric_input *in, struct pd_metric_result *out,
                                 struct pd_error *err)
{
    struct pd_feature_file *real = &in->features->real, *fake = &in->features->fake;
    const struct pd_feature_work *work = &in->features->work;
    enum pd_status status = pd_feature_file_moments(real, work, err);
    if (!status)
        status = pd_feature_file_moments(fake, work, err);
    if (!status)
        status = pd_frechet(real->width, real->mean, real->covariance, fake->mean, fake->covariance, work,
                            &out->value, err);
    pd_metric_note_few(out, real->count, real->width, "real");
    pd_metric_note_few(out, fake->count, fake->width, "generated");
    return status;
}

enum pd_status pd_metric_fid(const struct pd_metric_input *in, struct pd_metric_result *out,
                             struct pd_error *err)
{
    return pd_metric_frechet(in, out, err);
}

enum pd_status pd_metric_inception_score(const struct pd_metric_input *in, struct pd_metric_result *out,
                                         struct pd_error *err)
{
    struct pd_inception_score score = {.value = NAN};
    const enum pd_status status = pd_inception_score(in->features->fake.count, PD_INCEPTION_CLASSES,
                                                     in->features->logits, SPLITS, in->seed, &score, err);
    out->value = score.value;
    pd_metric_add(out, "deviation", score.deviation);
    pd_metric_add_count(out, "splits", score.splits);
    return status;
}

enum pd_status pd_metric_kid(const struct pd_metric_input *in, struct pd_metric_result *out,
                             struct pd_error *err)
{
    const struct pd_metric_features *f = in->features;
    const struct pd_kid_options options = {f->subsets, f->subset_size, in->seed};
    struct pd_kid_result kid = {.value = NAN};
    const enum pd_status status = pd_kid(&f->real.set, &f->fake.set, &options, &f->work, &kid, err);
    out->value = kid.value;
    const bool whole = kid.size == f->real.count && kid.size == f->fake.count;
    if (!whole) { /* else every subset is the same */
        pd_metric_add(out, "deviation", kid.deviation);
        out->error = kid.error;
    }
    pd_metric_add_count(out, "subsets", kid.subsets);
    pd_metric_add_count(out, "subset_size", kid.size);
    if (!f->subset_size && kid.size < 1000)
        snprintf(out->note, sizeof out->note, "subsets of %lld samples, the smaller set, not of 1000%s",
                 (long long)kid.size, whole ? "; they are the whole sets, and say nothing of its error" : "");
    return status;
}

enum pd_status pd_metric_prd(const struct pd_metric_input *in, struct pd_metric_result *out,
                             struct pd_error *err)
{
    const struct pd_metric_features *f = in->features;
    const struct pd_prd_options options = {.seed = in->seed};
    struct pd_prd_result own = {.f8 = NAN}, *prd = f->prd ? f->prd : &own;
    const enum pd_status status = pd_prd(&f->real.set, &f->fake.set, &options, &f->work, prd, err);
    out->value = prd->f8;
    pd_metric_add(out, "f8_deviation", prd->f8_deviation);
    pd_metric_add(out, "f1_8", prd->f1_8);
    pd_metric_add(out, "f1_8_deviation", prd->f1_8_deviation);
    pd_metric_add_count(out, "clusterings", 10);
    pd_metric_add_count(out, "clusters", 20);
    if (f->real.count != f->fake.count)
        snprintf(out->note, sizeof out->note,
                 "%lld real and %lld generated samples; both sets weigh the same", (long long)f->real.count,
                 (long long)f->fake.count);
    return status;
}

/* In a ball of no size lies nothing but the copies. */
static void note_points(struct pd_metric_result *out, int64_t points, int64_t count, const char *what, int k)
{
    const size_t at = strlen(out->note);
    if (points * 20 >= count)
        snprintf(out->note + at, sizeof out->note - at,
                 "%sthe %d nearest others of %lld of the %lld %s samples are copies of them: no other sample "
                 "counts as near",
                 at ? "; " : "", k, (long long)points, (long long)count, what);
}

enum pd_status pd_metric_pr(const struct pd_metric_input *in, struct pd_metric_result *out,
                            struct pd_error *err)
{
    const struct pd_metric_features *f = in->features;
    const int k = f->k ? f->k : K_PRECISION_RECALL;
    struct pd_precision_recall pr = {NAN, NAN, 0, 0};
    const enum pd_status status = pd_precision_recall(&f->real.set, &f->fake.set, k, &f->work, &pr, err);
    out->value = pr.precision;
    note_points(out, pr.real_points, f->real.count, "real", k);
    note_points(out, pr.fake_points, f->fake.count, "generated", k);
    pd_metric_add(out, "recall", pr.recall);
    pd_metric_add_count(out, "k", k);
    return status;
}

enum pd_status pd_metric_dc(const struct pd_metric_input *in, struct pd_metric_result *out,
                            struct pd_error *err)
{
    const struct pd_metric_features *f = in->features;
    const int k = f->k ? f->k : K_DENSITY_COVERAGE;
    struct pd_density_coverage dc = {NAN, NAN, 0};
    const enum pd_status status = pd_density_coverage(&f->real.set, &f->fake.set, k, &f->work, &dc, err);
    out->value = dc.density;
    note_points(out, dc.real_points, f->real.count, "real", k);
    pd_metric_add(out, "coverage", dc.coverage);
    pd_metric_add_count(out, "k", k);
    return status;
}
