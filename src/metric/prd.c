/* Precision and recall for distributions (Sajjadi et al., "Assessing generative models via precision and
 * recall", NeurIPS 2018): the curve, and its maximal F8 and F1/8, as its authors' code computes them. */
#include "metric/features.h"

#include "base/mem.h"
#include "metric/clusters.h"
#include "metric/statistics.h"

#include <math.h>

enum { CLUSTERS = 20, REPEATS = 10 };

/* --- the curve --- */

static double clip(double value)
{
    return fmin(fmax(value, 0), 1);
}

void pd_prd_curve(int bins, const double *real, const double *fake, int angles, double *precision,
                  double *recall)
{
    const double margin = 1e-10, quarter = acos(0); /* slopes 0 and infinity are left out */
    for (int a = 0; a < angles; a++) {
        const double slope = tan(margin + (quarter - 2 * margin) * a / (angles - 1));
        double alpha = 0;
        for (int k = 0; k < bins; k++)
            alpha += fmin(slope * real[k], fake[k]);
        precision[a] = clip(alpha);
        recall[a] = clip(alpha / slope);
    }
}

double pd_prd_best_f(int angles, const double *precision, const double *recall, double beta)
{
    double best = 0;
    for (int a = 0; a < angles; a++) {
        const double p = precision[a], r = recall[a], b = beta * beta;
        best = fmax(best, (1 + b) * p * r / (b * p + r + 1e-10));
    }
    return best;
}

/* --- over clusterings --- */

/* The mean curve of out and the F values of each repeat. */
static void add_curve(int clusters, const double *real, const double *fake, int repeats,
                      struct pd_prd_result *out, double *curve, double *f8, double *f1_8)
{
    double *precision = curve, *recall = curve + PD_PRD_ANGLES;
    pd_prd_curve(clusters, real, fake, PD_PRD_ANGLES, precision, recall);
    for (int a = 0; a < PD_PRD_ANGLES; a++) {
        out->precision[a] += precision[a] / repeats;
        out->recall[a] += recall[a] / repeats;
    }
    *f8 = pd_prd_best_f(PD_PRD_ANGLES, precision, recall, 8);
    *f1_8 = pd_prd_best_f(PD_PRD_ANGLES, precision, recall, 1. / 8);
}

/* room: a curve, two histograms, and an F of each kind for every repeat */
static enum pd_status repeat(struct pd_clusters *c, int clusters, int repeats,
                             const struct pd_feature_work *work, double *room, struct pd_prd_result *out,
                             struct pd_error *err)
{
    double *curve = room, *real = curve + (size_t)2 * PD_PRD_ANGLES, *fake = real + clusters,
           *f8 = fake + clusters, *f1_8 = f8 + repeats;
    enum pd_status status = PD_OK;
    for (int r = 0; r < repeats && !status; r++) {
        status = pd_clusters_find(c, (uint64_t)r, work, real, fake, err);
        if (!status)
            add_curve(clusters, real, fake, repeats, out, curve, f8 + r, f1_8 + r);
        if (!status)
            status = pd_work_step(work, (uint64_t)r + 1, (uint64_t)repeats, err);
    }
    out->f8 = pd_prd_best_f(PD_PRD_ANGLES, out->precision, out->recall, 8);
    out->f1_8 = pd_prd_best_f(PD_PRD_ANGLES, out->precision, out->recall, 1. / 8);
    out->f8_deviation = pd_summarise(repeats, f8).deviation;
    out->f1_8_deviation = pd_summarise(repeats, f1_8).deviation;
    return status;
}

static enum pd_status check(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                            int clusters, int repeats, struct pd_error *err)
{
    if (clusters < 1 || clusters > 10000 || repeats < 1 || repeats > 10000)
        return pd_fail(err, PD_ERR_USAGE, -1, "%d clusters in %d repeats, expected 1 to 10000 of each",
                       clusters, repeats);
    if (real->n + fake->n < clusters)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld real and %lld generated samples for %d clusters of them",
                       (long long)real->n, (long long)fake->n, clusters);
    return PD_OK;
}

enum pd_status pd_prd(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                      const struct pd_prd_options *options, const struct pd_feature_work *work,
                      struct pd_prd_result *out, struct pd_error *err)
{
    const int clusters = options && options->clusters ? options->clusters : CLUSTERS;
    const int repeats = options && options->repeats ? options->repeats : REPEATS;
    struct pd_clusters *c = NULL;
    *out = (struct pd_prd_result){0};
    enum pd_status status = pd_feature_sets_check(real, fake, err);
    if (!status)
        status = check(real, fake, clusters, repeats, err);
    if (status)
        return status;
    double *room = pd_calloc((size_t)(2 * PD_PRD_ANGLES + 2 * clusters + 2 * repeats), sizeof *room);
    status = room ? pd_clusters_create(real, fake, clusters, options ? options->seed : 0, &c, err)
                  : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a curve");
    if (!status)
        status = repeat(c, clusters, repeats, work, room, out, err);
    pd_clusters_destroy(c);
    pd_free(room);
    return status;
}
