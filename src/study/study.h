/* Repeated trials as paydirt compare sees them: curves of a measure over labels, epochs or steps, one a
 * strategy or a kind of run, each with a trial for each seed. */
#ifndef PD_STUDY_STUDY_H
#define PD_STUDY_STUDY_H

#include "base/arena.h"
#include "metric/statistics.h"
#include "run/options.h"

struct study_trial {
    struct study_trial *next;
    int64_t seed; /* trials of two curves with the same seed make a pair */
    int64_t n, capacity;
    double *x, *y; /* (n), x rising */
};

struct study_curve {
    struct study_curve *next;
    const char *run;   /* folder it was found in; NULL: in several */
    const char *name;  /* of the strategy, or what sets the runs apart */
    const char *label; /* the name, with the run's where several were given */
    struct study_trial *trials;
    int count; /* of trials */
};

/* One measure. All blocks lie in the arena of the studies. */
struct study {
    struct study *next;
    const char *measure; /* "fitting-capacity" */
    const char *x;       /* "labels" */
    bool fraction;       /* in [0, 1]: shown in percent */
    bool area;           /* the area under the curve has a meaning */
    const char *data;    /* set that it was measured on; "": not the same for all; NULL: unknown */
    int64_t classes;     /* of accuracies, whose chance is 1 / classes; < 0: not the same; 0: unknown */
    struct study_curve *curves;
};

struct studies {
    struct pd_arena arena;
    bool pool; /* active runs are taken as further trials of one another */
    struct study *first;
};

/* Reads the runs, all of one kind: folders of active learning (files rounds.jsonl in them or in folders in
 * them), or of training (options.json, with eval.jsonl and log.jsonl). PD_ERR_USAGE: not a run;
 * PD_ERR_FORMAT, with file and line; PD_ERR_MISMATCH: kinds mixed, or nothing measured yet; PD_ERR_IO,
 * PD_ERR_MEMORY. studies begins zeroed; release it in any case. */
enum pd_status studies_read(struct studies *s, char *const *runs, int count, struct pd_error *err);
void studies_release(struct studies *s);

/* --- what the readers build with; NULL: out of memory ------------------------------------------------------
 */

bool study_reads_active(const char *run);
enum pd_status study_read_active(struct studies *s, const char *run, struct pd_error *err);
enum pd_status study_read_training(struct studies *s, char *const *runs, int count, struct pd_error *err);

/* Finds or adds. Names are copied. */
struct study *study_find(struct studies *s, const char *measure, const char *x);
struct study_curve *study_find_curve(struct studies *s, struct study *study, const char *run,
                                     const char *name);
struct study_trial *study_find_trial(struct studies *s, struct study_curve *curve, int64_t seed);
/* Adds a point, or puts y in the place of an older one at x. */
bool study_put(struct studies *s, struct study_trial *trial, double x, double y);

/* What a result's line says of its data set in "data" and "classes". */
bool study_describe(struct studies *s, struct study *study, const char *data, int64_t classes);

/* --- results --- */

enum study_figure { STUDY_POINT, STUDY_LAST, STUDY_AREA, STUDY_FIGURES };

/* A mean over trials: at x, or of the area from x0 to x; against the baseline where that is another curve. */
struct study_row {
    const struct study_curve *curve, *baseline; /* baseline or NULL */
    enum study_figure figure;
    double x0, x;
    struct pd_summary summary;
    struct pd_paired paired; /* over pairs that have the figure; difference.n may be 0 */
};

/* The curve that this one is set against, or NULL; see study_rows. */
const struct study_curve *study_baseline(const struct study *study, const struct study_curve *curve,
                                         const char *name);

/* Calls take for every row of a study, curve by curve. baseline: a curve's name or label; the same run's
 * where there are several; one that is not there leaves the rows without. PD_ERR_MEMORY. */
typedef enum pd_status study_take(void *context, const struct study_row *row, struct pd_error *err);
enum pd_status study_rows(const struct study *study, const char *baseline, study_take *take, void *context,
                          struct pd_error *err);

/* The p that words go by: of the t-test, of sign flips where all differences are equal. */
double study_chance(const struct pd_paired *p);
/* More than chance explains: below 0.05, of two pairs or more. */
bool study_shows(const struct pd_paired *p);

/* Means with standard errors as a PNG file: of the first study that has a curve of several points, else of
 * the first. With its data set, trials, chance, and what the last points show against the baseline (see
 * study_rows). PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status studies_draw(const char *path, const struct studies *studies, const char *baseline,
                            struct pd_error *err);

#endif
