/* What repeated trials show, as `paydirt compare` does: curves of a measure over labels, epochs or steps, one
 * a strategy or a kind of run, each with a trial for each seed; and the statistics alone. */
#ifndef PAYDIRT_STUDY_H
#define PAYDIRT_STUDY_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- statistics of a few trials --- */

struct pd_summary {
    int64_t n;
    double mean;      /* NAN where n = 0 */
    double deviation; /* of the sample, n - 1 in the denominator; NAN where n < 2 */
    double error;     /* standard error of the mean: deviation / sqrt(n) */
};

struct pd_summary pd_summarise(int64_t n, const double *values);

/* Paired differences d, of trials that share a seed, against zero. */
struct pd_paired {
    struct pd_summary difference;
    double p_t;    /* two-sided paired t-test: differences are taken as normal. NAN where n < 2, all are
                      equal or one is not finite */
    double p_flip; /* two-sided sign-flip permutation of the mean: signs are exchangeable, nothing more. NAN
                      where n < 1 or one is not finite; never below 2 / 2^n */
    bool exact;    /* all sign patterns were looked at, not a sample of them */
};

/* Up to 20 differences all 2^n sign patterns are counted; beyond, 100,000 drawn by the seed, and the observed
 * one. */
struct pd_paired pd_compare_paired(int64_t n, const double *difference, uint64_t seed);

/* Half of the interval around the mean that holds the true one in that part of all cases (0.95), by Student's
 * t: values are taken as normal. NAN where n < 2 or the part is not between 0 and 1. */
double pd_half_interval(const struct pd_summary *s, double part);

/* Of a paired t-test at 0.05, two-sided, that sees a true difference in four cases of five, where differences
 * have that deviation: how many pairs, at least 2, one of that size takes (INT64_MAX: it is 0, or one is not
 * finite); and the smallest one that n >= 2 pairs see. By Student's t twice in the place of the noncentral
 * one: a pair more or less. */
int64_t pd_pairs_needed(double deviation, double difference);
double pd_visible_difference(double deviation, int64_t n);

/* The area under y(x) through n >= 2 points of rising x, by trapezoids, over x's range: the mean height. */
double pd_mean_height(int64_t n, const double *x, const double *y);

/* What a curve needs less than another to come as high: labels saved. Both are means over the pairs of
 * trials, at each x the highest so far, with straight lines between; the difference is that of the x at which
 * they come to a level, on average over the levels that both come to. */
struct pd_saved {
    int64_t pairs;
    double from, to; /* the levels: the higher one of their starts, the lower one of their ends; NAN, like the
                        others, where that is below, there is no pair, or n < 2 */
    double saved;    /* x that the other curve needs less ours; < 0: ours needs more */
    double low, high; /* 95 %: percentiles of the same over 2,000 bootstrap draws of pairs (Efron 1979),
                         widened as Student's t is for so many pairs; NAN where pairs < 2 */
};

/* x: (n), rising; ours, theirs: (pairs, n), more is better; where one is not finite, all of *out but pairs is
 * NAN. false: out of memory. */
bool pd_compare_saved(int64_t pairs, int64_t n, const double *x, const double *ours, const double *theirs,
                      uint64_t seed, struct pd_saved *out);

/* "needs 12 labels fewer for 62.0 to 77.9 %, on average (95 %: -3 to 25; 9 pairs): none is shown"; or that it
 * cannot be told. unit: 100
 * for fractions, else 1; x: "labels". Returns words. */
char *pd_saved_words(const struct pd_saved *saved, double unit, const char *x, char *words, size_t size);

/* The p that words go by: of the t-test, of sign flips where all differences are equal. */
double pd_study_chance(const struct pd_paired *p);
/* More than chance explains: below 0.05, of two pairs or more. */
bool pd_study_shows(const struct pd_paired *p);

/* --- runs as studies --- */

struct pd_study_trial {
    struct pd_study_trial *next;
    int64_t seed;             /* trials of two curves with the same seed make a pair */
    int64_t n, capacity;      /* capacity: the library's */
    double *x, *y;            /* (n), x rising */
    double best;              /* x of the epoch that the run's validation chose, where that was measured (by
                                 the last line that is no point of a curve): it counts as the trial's last;
                                 else NAN */
    const char *folder;       /* it was found in; NULL: of a training */
    struct pd_study_how *how; /* the library's */
};

struct pd_study_curve {
    struct pd_study_curve *next;
    const char *run;   /* folder it was found in; NULL: in several */
    const char *name;  /* of the strategy, or what sets the runs apart */
    const char *label; /* the name, with the run's where several were given */
    struct pd_study_trial *trials;
    int count; /* of trials */
};

/* One measure. All of it is the studies'. */
struct pd_study {
    struct pd_study *next;
    const char *measure; /* "fitting-capacity" */
    const char *x;       /* "labels" */
    bool fraction;       /* in [0, 1]: shown in percent */
    bool area;           /* the area under the curve has a meaning */
    const char *data;    /* set that it was measured on; "": not the same for all; NULL: unknown */
    int64_t classes;     /* of accuracies, whose chance is 1 / classes; < 0: not the same; 0: unknown */
    const char *unlike;  /* in what its results were not all measured alike: "epochs 5 and 40"; or NULL */
    struct pd_study_curve *curves;
};

struct pd_studies;

/* Reads the runs, all of one kind: folders of active learning (files rounds.jsonl in them or in folders in
 * them), or of training (options.json, with eval.jsonl and log.jsonl). pool: active runs are taken as further
 * trials of one another. PD_ERR_USAGE: not a run; PD_ERR_FORMAT, with file and line; PD_ERR_MISMATCH: kinds
 * mixed, or nothing measured yet; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_studies_read(char *const *runs, int count, bool pool, struct pd_studies **out,
                               struct pd_error *err);
void pd_studies_destroy(struct pd_studies *studies); /* also NULL */

const struct pd_study *pd_studies_first(const struct pd_studies *studies); /* NULL: there is none */

/* PD_ERR_USAGE, with the nearest right name: no curve has that name or label. */
enum pd_status pd_studies_check_baseline(const struct pd_studies *studies, const char *name,
                                         struct pd_error *err);

/* --- results --- */

enum pd_study_figure { PD_STUDY_POINT, PD_STUDY_LAST, PD_STUDY_AREA, PD_STUDY_FIGURES };

/* A mean over trials: at x, or of the area from x0 to x; against the baseline where that is another curve. */
struct pd_study_row {
    const struct pd_study_curve *curve, *baseline; /* baseline or NULL */
    enum pd_study_figure figure;
    double x0, x;
    bool best; /* last: of some trials at the epoch that validation chose, which may lie before x */
    struct pd_summary summary;
    struct pd_paired paired; /* over pairs that have the figure; difference.n may be 0 */
    struct pd_saved saved;   /* of an area against a baseline, where the study's y are fractions (of right
                                answers: more is better); else pairs = 0 and NAN */
};

/* The curve that this one is set against, or NULL; see pd_study_rows. */
const struct pd_study_curve *pd_study_baseline(const struct pd_study *study,
                                               const struct pd_study_curve *curve, const char *name);

/* Calls take for every row of a study, curve by curve. baseline, here and below: a curve's name or label; the
 * same run's where there are several; one that is not there, such as "", leaves the rows without.
 * PD_ERR_MEMORY. */
enum pd_status pd_study_rows(const struct pd_study *study, const char *baseline,
                             enum pd_status (*take)(void *context, const struct pd_study_row *row,
                                                    struct pd_error *err),
                             void *context, struct pd_error *err);

/* All rows of all studies, as a CSV file, which appears whole or not at all, or as a JSON array: *text is the
 * caller's to free(). PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_studies_write_csv(const char *path, const struct pd_studies *studies, const char *baseline,
                                    struct pd_error *err);
enum pd_status pd_studies_json(const struct pd_studies *studies, const char *baseline, char **text,
                               struct pd_error *err);

/* Means with standard errors as a PNG file: of the first study that has a curve of several points, else of
 * the first. With its data set, trials, chance, and what the last points show against the baseline (see
 * pd_study_rows). PD_ERR_IO, PD_ERR_MEMORY, PD_ERR_UNSUPPORTED (built without cairo). */
enum pd_status pd_studies_draw(const char *path, const struct pd_studies *studies, const char *baseline,
                               struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
