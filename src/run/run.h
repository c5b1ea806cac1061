/* A training run in its folder: options.json, log.jsonl, TensorBoard events, sample grids,
 * checkpoint.safetensors. */
#ifndef PD_RUN_RUN_H
#define PD_RUN_RUN_H

#include "gan/gan.h"
#include "run/folder.h"
#include "run/journal.h"
#include "run/options.h"
#include "gan/sample.h"
#include "run/setup.h"
#include "gan/measure.h"

#include <paydirt/run.h>

/* Makes OUT/00003-mnist-infogan-gold (the next free number) and trains. folder: the run's, also on failure
 * once made. An empty model becomes pd_default_model's, in options.json, too. */
enum pd_status pd_run_train(const struct pd_train_options *options, const struct pd_training_watch *watch,
                            char *folder, size_t folder_size, struct pd_error *err);

/* The same in a folder of that name; where a run stands in it, that goes on, with the options' places of the
 * data. roster: a folder whose roster says which images are the data. Notes about them are the caller's to
 * hand on. */
enum pd_status pd_run_train_in(const struct pd_train_options *options, const char *folder, const char *roster,
                               const struct pd_training_watch *watch, struct pd_error *err);

/* Trains on the data, which are borrowed, and writes nothing; what the options say of files does nothing,
 * but for the generator's.
 * *out owns its backend; also when the watch stopped it (PD_ERR_INTERRUPTED). */
enum pd_status pd_run_in_memory(const struct pd_train_options *options, struct pd_dataset *data,
                                const struct pd_training_watch *watch, struct pd_gan **out,
                                struct pd_error *err);

/* --- using a finished (or half-finished) run: paydirt/run.h --- */

struct pd_run_model {
    char folder[PD_PATH_SIZE];
    struct pd_train_options options;
    struct pd_gan
        *gan; /* owns its backend; as of its best epoch where the run validates, else of the checkpoint */
    struct pd_progress progress;
    char note[PD_PATH_SIZE]; /* what the caller should say, or "" */
};
/* pd_run_open's, embedded. */
enum pd_status pd_run_read(const char *folder, const struct pd_where *where, struct pd_run_model *out,
                           struct pd_error *err);
void pd_run_release(struct pd_run_model *m);

#endif
