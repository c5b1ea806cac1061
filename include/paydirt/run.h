/* Training runs in folders: what `paydirt train` makes, and others go on with, measure and sample. */
#ifndef PAYDIRT_RUN_H
#define PAYDIRT_RUN_H

#include <paydirt/score.h>
#include <paydirt/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- training ---------------------------------------------------------------------------------------------
 */

/* Makes OUT/00003-mnist-infogan-gold (the next free number; option "out") and trains on the data that the
 * options name. The run keeps absolute paths and the number of threads, so that it can go on anywhere. folder
 * [size]: the run's, also on failure once made; else "". watch: or NULL. PD_ERR_INTERRUPTED: stopped, with a
 * checkpoint; and as pd_training_run and pd_dataset_open, PD_ERR_IO. */
enum pd_status pd_run_start(const struct pd_training *training, const struct pd_training_watch *watch,
                            char *folder, size_t size, struct pd_error *err);

/* Where the same images lie now; NULL: where they were. */
struct pd_data_place {
    const char *data, *data_dir, *cache_dir, *metadata; /* as the options of these names */
};

/* What may change when a run goes on; zeroed: nothing. */
struct pd_run_change {
    int64_t epochs; /* 0: as many as before */
    struct pd_data_place place;
    const char *device, *precision; /* as pd_backend_open takes them; NULL: as before */
};

/* Goes on where the last checkpoint stands; the result is, bit for bit, that of a run that was never stopped,
 * whatever has joined the data, moved within them or with them. change, watch: or NULL. PD_ERR_IO: another
 * process is at work on it; PD_ERR_MISMATCH: images are gone or changed; and as pd_run_start. */
enum pd_status pd_run_resume(const char *folder, const struct pd_run_change *change,
                             const struct pd_training_watch *watch, struct pd_error *err);

/* --- a finished (or half-finished) run, opened ------------------------------------------------------------
 */

struct pd_run_model;

/* folder: the run's. where: NULL or threads 0: as many as the run's options say; the device is its own
 * choice, not the run's. PD_ERR_IO, PD_ERR_FORMAT, PD_ERR_MISMATCH, PD_ERR_MEMORY, and as pd_backend_open. */
enum pd_status pd_run_open(const char *folder, const struct pd_where *where, struct pd_run_model **out,
                           struct pd_error *err);
void pd_run_close(struct pd_run_model *run); /* also NULL */

/* Its networks, borrowed: as of its best epoch where it validates, else of the checkpoint. */
struct pd_gan *pd_run_gan(struct pd_run_model *run);
uint64_t pd_run_step(const struct pd_run_model *run); /* steps that they have seen */

/* Its options, as pd_training_options lists them. Setting one counts for this handle alone. */
struct pd_option_table pd_run_options(struct pd_run_model *run);

const char *pd_run_note(const struct pd_run_model *run); /* a line that people should know, or "" */

/* Adds a line to eval.jsonl in the run's folder, where pd_studies_read looks for results: a JSON object, with
 * "metric", "step" (whole, >= 0) and a finite number: under the metric's own key (pd_metric_find) or, the
 * first of them counts, "accuracy" (in [0, 1]), "value" or "distance". The folder must be there; whether a
 * run is in it is not looked at. Several processes may do so at once. PD_ERR_USAGE: not such an object;
 * PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_run_add_result(const char *folder, const char *json, struct pd_error *err);
/* The same once `picture`, which draws what belongs to it, has succeeded; meanwhile no other process adds
 * one. */
enum pd_status pd_run_add_drawn_result(const char *folder, const char *json,
                                       enum pd_status (*picture)(void *context, struct pd_error *err),
                                       void *context, struct pd_error *err);

/* --- real images beside it --- */

/* Whose classes the labels of data are: the run's of that name, or of that number; or they are forgotten. */
enum pd_run_labels { PD_RUN_LABELS_BY_NAME, PD_RUN_LABELS_BY_NUMBER, PD_RUN_LABELS_UNKNOWN };

/* Other images than the run's, as the options of these names; NULL or "": as the run has it. Where they are
 * the run's own, at the same path or moved (all that it was trained on is among them), its metadata and their
 * columns are theirs; else they have the labels that are given here, or those that are found with them. */
struct pd_run_other {
    const char *data, *data_dir, *metadata, *metadata_columns; /* the latter two beside one of the others */
};

/* A split of the run's data set, or of others (NULL: none), its classes made the run's; pd_dataset_note says
 * what to know. The training split of the run's are those images that it has learnt from. What lies elsewhere
 * is taken whole, whatever part of its own the run drew; where its labels are forgotten, the run's table of
 * them is not asked. watch: of the decoding, or NULL. *out: to be destroyed, NULL after a failure.
 * PD_ERR_MISMATCH: data that do not fit the model, or have classes that the run does not know; those of
 * pd_dataset_open. */
enum pd_status pd_run_data(const struct pd_run_model *run, const struct pd_run_other *other,
                           enum pd_split split, enum pd_run_labels labels, const struct pd_data_watch *watch,
                           struct pd_dataset **out, struct pd_error *err);

/* The images that the run was trained on, in its order, labels by name. The same; PD_ERR_MISMATCH also where
 * images are gone or changed. */
enum pd_status pd_run_training_data(const struct pd_run_model *run, const struct pd_data_watch *watch,
                                    struct pd_dataset **out, struct pd_error *err);

/* Which of a data set's images: of pd_run_training_data's those whose labels the training was given, those
 * that it held out to validate, or all with a label, whatever of it the networks saw (of data without any,
 * those of the run's label file). */
enum pd_run_images { PD_RUN_IMAGES_ALL, PD_RUN_IMAGES_LABELLED, PD_RUN_IMAGES_HELD_OUT, PD_RUN_IMAGES_KNOWN };

/* As the run's networks see them. PD_ERR_USAGE: data that do not fit; PD_ERR_MEMORY; for the latter two what
 * reading the run's labels fails with. */
enum pd_status pd_run_images(const struct pd_run_model *run, struct pd_dataset *data,
                             enum pd_run_images which, struct pd_real_images *out, struct pd_error *err);

/* All of them, or where that is asked for those with a label, without so many that have none.
 * PD_ERR_MISMATCH: none has; the same. */
enum pd_status pd_run_images_to_measure(const struct pd_run_model *run, struct pd_dataset *data,
                                        bool labelled, struct pd_real_images *out, uint32_t *without,
                                        struct pd_error *err);

/* The run's D, ready to score images of that origin: by statistics that its folder keeps, where those are of
 * these weights, else over 10,000 training images at most, drawn at random, or over 5,000 generated ones, and
 * kept there. training: pd_run_training_data's or the run's own training split, or NULL: opened where it is
 * needed, as `watch` (or NULL) sees. A file that cannot be read is made anew, one that cannot be written
 * costs time alone: pd_run_note says so. Nothing is done without the option "recalibrate". PD_ERR_MISMATCH:
 * data that do not fit the model; those of opening the data; PD_ERR_MEMORY. */
enum pd_status pd_run_recalibrate(struct pd_run_model *run, enum pd_origin origin,
                                  const struct pd_dataset *training, const struct pd_data_watch *watch,
                                  struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
