/* The data that a run's options name, as they are or as a roster has them, and who may see which label. */
#ifndef PD_RUN_DATA_H
#define PD_RUN_DATA_H

#include "data/dataset.h"
#include "data/roster.h"
#include "model/model.h"
#include "run/options.h"

#include <paydirt/run.h>

/* Takes it over, as absolute paths. */
void pd_run_move(const struct pd_data_place *place, struct pd_train_options *o);

/* The data set that the options name. like: the scale of images that these belong to (data.h). watch: of the
 * decoding, or NULL. */
enum pd_status pd_run_dataset(const struct pd_train_options *o, enum pd_split split, enum pd_pixel_scale like,
                              const struct pd_data_watch *watch, struct pd_dataset **out,
                              struct pd_error *err);

/* The training split as the roster in the folder has it; without one, as it is. people: they may add images
 * meanwhile, which follow at the end (not where some are drawn to validate, which would then be others), and
 * may call images by their numbers, which then must be the same. PD_ERR_MISMATCH: the data have changed
 * (pd_roster_restore). */
enum pd_status pd_run_dataset_again(const struct pd_train_options *o, const char *folder, bool people,
                                    const struct pd_data_watch *watch, struct pd_dataset **out,
                                    struct pd_error *err);

/* Whether it is what a model sees: images or points, channels. PD_ERR_MISMATCH says what is not. */
enum pd_status pd_run_check_fit(const struct pd_dataset *d, const struct pd_model_config *c,
                                struct pd_error *err);

/* What to say of a run whose folder has none. */
#define PD_RUN_WITHOUT_ROSTER                                                                                \
    "the run has no list of its images, as it is of an earlier version: the data are taken as they are now"

/* The roster of what the options name. */
enum pd_status pd_run_roster(const struct pd_train_options *o, const struct pd_dataset *data,
                             struct pd_roster *out, struct pd_error *err);

/* status, and where it is a failure with a folder or file that is no longer there, how to say where it is.
 * other: that is said to another command, the one that resumes the run. */
enum pd_status pd_run_say_moved(const struct pd_train_options *o, bool other, enum pd_status status,
                                struct pd_error *err);

/* Side of the training images in pixels; 0: points. */
enum pd_status pd_run_image_size(const struct pd_train_options *o, int *size, struct pd_error *err);

/* Who may see which label: validation images first, then the label file's or as many as the options say.
 * use (data->count) comes zeroed; a label file may also change the data set's labels. */
enum pd_status pd_run_labels(const struct pd_train_options *o, const char *label_file,
                             struct pd_dataset *data, uint8_t *use, struct pd_error *err);

/* The run's own copy of its label file, if any, whatever format that has. */
enum pd_status pd_run_keep_labels(const struct pd_train_options *o, const struct pd_dataset *data,
                                  const char *folder, struct pd_error *err);

/* What the data were, for those who resume, and releases it. from: a folder whose roster it is; the run
 * inside it says only how many of that are its own. NULL: roster is. */
enum pd_status pd_run_keep_roster(struct pd_roster *roster, const char *from, const char *folder,
                                  struct pd_error *err);

#endif
