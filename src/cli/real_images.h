/* Real images beside a run's networks: with a bar where they have to be decoded, and what is to be said of
 * them. */
#ifndef PD_CLI_REAL_IMAGES_H
#define PD_CLI_REAL_IMAGES_H

#include <paydirt/run.h>

/* As pd_run_data. */
enum pd_status real_open(const struct pd_run_model *run, const char *name, const char *dir,
                         enum pd_split split, enum pd_run_labels labels, struct pd_dataset **out,
                         struct pd_error *err);

/* As pd_run_training_data. */
enum pd_status real_training(const struct pd_run_model *run, struct pd_dataset **out, struct pd_error *err);

/* As pd_run_recalibrate. */
enum pd_status real_recalibrate(struct pd_run_model *run, enum pd_origin origin,
                                const struct pd_dataset *training, struct pd_error *err);

/* Without --[no-]recalibrate: as the run. */
enum pd_status real_set_recalibrate(struct pd_run_model *run, bool given, bool on, struct pd_error *err);

/* By which statistics D scores reals: "by the statistics of 100 training images"; "" where it has none. Into
 * text[size]; returns text. */
const char *real_statistics(const struct pd_gan *gan, char *text, size_t size);

/* Adds to a failure that is a missing test split what else there is to do; returns status. */
enum pd_status real_advise(enum pd_status status, const char *words, struct pd_error *err);

#endif
