/* paydirt eval of a run: what its parts share. */
#ifndef PD_CLI_EVAL_H
#define PD_CLI_EVAL_H

#include "cli/finding.h"
#include "cli/progress.h"
#include "cli/real_images.h"
#include "cli/sample_set.h"
#include "cli/where.h"

#include <paydirt/inception.h>

struct eval_options {
    char like[32];
    char metrics[256], samples[1024];
    struct other_options other;
    int64_t seed, epochs, decay_every, epoch_images, fixed, count, repeats;
    char classifier[32], tradeoff[256];
    struct where_options where;
    bool json, augment, batch_statistics, partial_batch, by_number, recalibrate, recalibrate_given,
        epoch_given;
};

/* What was found by a metric. */
struct finding {
    const struct pd_metric *metric;
    struct pd_metric_result result; /* its means over the repeats */
    int64_t *confusion;             /* (2, classes, classes): of all repeats, then of one; or NULL */
    int64_t epoch_images;
    double seconds;
    double *values; /* (repeats) */
    double rate;    /* kept of those tried, the mean over the repeats */
    int repeats;
};

struct eval {
    const struct eval_options *o;
    const char *folder;
    struct pd_metric_list metrics;
    struct finding found[32]; /* of each */
    uint64_t seed;            /* of this repeat */
    int64_t bootstrap;        /* redrawn sets; 0: none */
    struct pd_run_model *run;
    struct pd_gan *gan;  /* the run's */
    enum pd_split split; /* of the data */
    struct pd_dataset *data;
    struct pd_real_images real;     /* the data's */
    struct pd_real_images training; /* all with a label that the run's training split has */
    struct sample_set set;          /* without samples: fresh ones */
    struct pd_trained *judge;
    struct pd_metric_features features;
    struct pd_inception *net; /* NULL: no metric of features */
    struct progress progress;
    struct progress_work steps;
};

static inline bool trains_on_reals(const struct pd_metric *metric)
{
    return metric->needs & PD_NEEDS_TRAINING;
}

/* The one that people name: it counts what that says. */
static inline bool takes_classifier(const struct pd_metric *metric)
{
    return metric->needs & PD_NEEDS_CLASSIFIER && metric->needs & PD_NEEDS_CONFUSION;
}

static inline bool is_of_features(const struct pd_metric *metric)
{
    return metric->needs & PD_NEEDS_ANY_FEATURES;
}

/* A number of its own for each seed. Of samples that do not change, distances and balls are the same. */
static inline bool depends_on_seed(const struct eval_options *o, const struct pd_metric *metric)
{
    if (o->samples[0] && metric->needs & (PD_NEEDS_MOMENTS | PD_NEEDS_DISTINCT))
        return false;
    return metric->needs & ~(unsigned)(PD_NEEDS_REAL | PD_NEEDS_SCORES | PD_NEEDS_CONFUSION);
}

/* Every metric of a set that `reject` leaves, or whatever is asked for, as often as asked. What was found
 * stays in e->found, without values and confusion. */
enum pd_status eval_measure_set(struct eval *e, const struct reject_options *reject, struct pd_error *err);

/* Measures the metric once more, with what it needs at hand; tells after the last repeat. */
enum pd_status eval_measure(struct eval *e, struct finding *f, struct pd_error *err);

/* Prints it, draws RUN/confusion-METRIC.png where there is one, and adds the line to RUN/eval.jsonl. */
enum pd_status eval_tell(struct eval *e, const struct finding *f, struct pd_error *err);

#endif
