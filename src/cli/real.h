/* Real images beside a trained model: what it is measured on. */
#ifndef PD_CLI_REAL_H
#define PD_CLI_REAL_H

#include "data/dataset.h"
#include "run/run.h"

struct real {
    struct pd_dataset *data;
    float *images; /* (count, C, size, size) in [-1, 1] as the model sees them, or points (count, 2) */
    const int32_t *labels;
    int64_t count;
};

/* Whose classes their labels are: the run's of that name, or of that number; REAL_UNLABELLED: forget them. */
enum real_labels { REAL_BY_NAME, REAL_BY_NUMBER, REAL_UNLABELLED };

/* The split of the run's data set; name and dir, where not empty, take the place of the run's.
 * PD_ERR_MISMATCH when the data don't fit the model, or have classes that the run does not know. */
enum pd_status real_open(struct real *real, const struct pd_run_model *run, const char *name, const char *dir,
                         enum pd_split split, enum real_labels labels, struct pd_error *err);

/* The images that the run was trained on, labels by name, untransformed. The caller destroys out, also after
 * a failure; those of real_open. */
enum pd_status real_training(const struct pd_run_model *run, struct pd_dataset **out, struct pd_error *err);

/* D ready to score images of that origin, its note said; with a bar where the run's training images have to
 * be decoded for it. training: that split, or NULL. */
enum pd_status real_recalibrate(struct pd_run_model *run, enum pd_origin origin,
                                const struct pd_dataset *training, struct pd_error *err);

/* By which statistics D scores reals: "by the statistics of 100 training images"; "" where it has none. Into
 * text[size]; returns text. */
const char *real_statistics(const struct pd_gan *gan, char *text, size_t size);

/* Adds to a failure that is a missing test split what else there is to do; returns status. */
enum pd_status real_advise(enum pd_status status, const char *words, struct pd_error *err);

void real_close(struct real *real); /* also a zeroed one */

#endif
