/* Studies (paydirt/study.h), and what their readers build with. */
#ifndef PD_STUDY_STUDY_H
#define PD_STUDY_STUDY_H

#include "base/arena.h"
#include "io/chart.h"
#include "metric/statistics.h"
#include "run/options.h"

#include <paydirt/study.h>

#include <jansson.h>

struct pd_studies {
    struct pd_arena arena; /* of all that is in them */
    bool pool;
    const char *unlike; /* in what the runs are not alike though they count as trials of one kind; or NULL */
    struct pd_study *first;
};

/* --- what the readers build with; NULL or false: out of memory --- */

/* Finds or adds. Names are copied. */
struct pd_study *pd_study_find(struct pd_studies *s, const char *measure, const char *x);
struct pd_study_curve *pd_study_find_curve(struct pd_studies *s, struct pd_study *study, const char *run,
                                           const char *name);
struct pd_study_trial *pd_study_find_trial(struct pd_studies *s, struct pd_study_curve *curve, int64_t seed);
/* The trial of that seed, or NULL; curve may be NULL. */
const struct pd_study_trial *pd_study_partner(const struct pd_study_curve *curve, int64_t seed);
#define PD_SAVED_NONE ((struct pd_saved){0, NAN, NAN, NAN, NAN, NAN})
/* What a curve saves over its whole trials that have such a partner in the baseline; x: (n) of all of them.
 * false: out of memory. */
bool pd_study_saved(const struct pd_study_curve *curve, const struct pd_study_curve *baseline, int64_t n,
                    const double *x, struct pd_saved *out);

/* Adds a point, or puts y in the place of an older one at x. */
bool pd_study_put(struct pd_studies *s, struct pd_study_trial *trial, double x, double y);

/* What a result's line says of its data set in "data" and "classes". */
bool pd_study_describe(struct pd_studies *s, struct pd_study *study, const char *data, int64_t classes);

/* How the trial's point at x was measured, by its line, in the place of what an older line said; and once all
 * are read, study->unlike. */
bool pd_study_note_how(struct pd_studies *s, struct pd_study_trial *trial, double x, const json_t *record);
bool pd_study_tell_how(struct pd_studies *s, struct pd_study *study);

/* One study's curves as a picture. PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_study_draw(const char *path, const struct pd_study *study, const char *baseline,
                             struct pd_error *err);

/* Its means with standard errors, as PNG or SVG. frame: as in struct pd_axes. */
enum pd_status pd_study_chart(const struct pd_study *study, const char *baseline, bool svg,
                              struct pd_chart_frame *frame, struct pd_buffer *out, struct pd_error *err);

#endif
