/* Names inside a run's folder. */
#ifndef PD_RUN_FOLDER_H
#define PD_RUN_FOLDER_H

#include "io/lock.h"
#include "run/options.h"

#include <stddef.h>

enum { PD_PATH_SIZE = 1200 };

/* Makes the paths in the options absolute where they exist, so that a run can be resumed from elsewhere. */
void pd_run_absolute_paths(struct pd_train_options *o);

/* The same for a new run, which also says how many threads it used, for those who repeat it. */
void pd_run_pin(struct pd_train_options *o);

/* Makes OUT/00003-mnist-KIND, the next free number, with options.json in it. */
enum pd_status pd_run_folder_make(const struct pd_train_options *o, const char *kind, char *folder,
                                  size_t size, struct pd_error *err);
enum pd_status pd_run_folder_options(const char *folder, struct pd_train_options *o, struct pd_error *err);
enum pd_status pd_run_folder_save_options(const char *folder, const struct pd_train_options *o,
                                          struct pd_error *err);

/* The options of a training that is to be opened. Also PD_ERR_USAGE: the folder is one of active learning. */
enum pd_status pd_run_folder_training(const char *folder, struct pd_train_options *o, struct pd_error *err);

/* Where its last checkpoint lies, and the model that it stands for: best.safetensors where the run has kept
 * its best epoch, else the checkpoint. path[PD_PATH_SIZE]. */
enum pd_status pd_run_folder_checkpoint(const char *folder, char *path, struct pd_error *err);
enum pd_status pd_run_folder_best(const char *folder, char *path, struct pd_error *err);
enum pd_status pd_run_folder_model(const char *folder, char *path, struct pd_error *err);

/* The lock of whoever works on the run. Also PD_ERR_FORMAT: a file that it writes is none, but a link or a
 * pipe. */
enum pd_status pd_run_folder_lock(const char *folder, struct pd_lock *lock, struct pd_error *err);

/* Where statistics of D for these networks are kept (gan/recalibrate.h). */
enum pd_status pd_run_folder_statistics(const char *folder, char *path, struct pd_error *err);

/* The run's own copy of its label file. */
enum pd_status pd_run_folder_labels(const char *folder, char *path, struct pd_error *err);

#endif
