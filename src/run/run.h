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

struct pd_run_begin {
    const char *folder;
    uint64_t steps_per_epoch, first_step, last_step;
    uint64_t images;         /* that take part; fewer than an epoch has are repeated in it */
    double batch, step_cost; /* operations of a step, as a multiple of one without adversarial sampling */
    struct pd_estimate estimate;
};

/* What the caller may watch and stop. Any function may be NULL. */
struct pd_observer {
    void *context;
    void (*begin)(void *context, const struct pd_run_begin *begin);
    void (*step)(void *context, uint64_t step); /* after each */
    void (*epoch)(void *context, const struct pd_epoch_record *epoch);
    bool (*stop)(void *context); /* true: save a checkpoint and return PD_ERR_INTERRUPTED */
    void (*note)(void *context, const char *words); /* what the data set's reader wants people to know */
    bool (*decoding)(void *context, const char *unit, uint64_t done,
                     uint64_t count); /* before begin; true: stop */
};

/* Makes OUT/00003-mnist-infogan-gold (the next free number) and trains. folder: the run's, also on failure
 * once made. An empty model becomes pd_default_model's, in options.json, too. */
enum pd_status pd_run_train(const struct pd_train_options *options, const struct pd_observer *observer,
                            char *folder, size_t folder_size, struct pd_error *err);

/* The same in a folder of that name; where a run stands in it, that goes on, with the options' places of the
 * data. roster: a folder whose roster says which images are the data. Notes about them are the caller's to
 * hand on. */
enum pd_status pd_run_train_in(const struct pd_train_options *options, const char *folder, const char *roster,
                               const struct pd_observer *observer, struct pd_error *err);

/* Trains on the data, which are borrowed, and writes nothing; what the options say of files does nothing,
 * but for the generator's.
 * *out owns its backend; also when the observer stopped it (PD_ERR_INTERRUPTED). */
enum pd_status pd_run_in_memory(const struct pd_train_options *options, struct pd_dataset *data,
                                const struct pd_observer *observer, struct pd_gan **out,
                                struct pd_error *err);

/* What may change when a run goes on; zeroed: nothing. */
struct pd_run_change {
    int64_t epochs; /* 0: as many as before */
    struct pd_data_place place;
};

/* Goes on where the last checkpoint stands; the result is, bit for bit, that of a run that was never stopped,
 * whatever has joined the data, moved within them or with them. PD_ERR_MISMATCH: images are gone or changed.
 * change: or NULL. */
enum pd_status pd_run_resume(const char *folder, const struct pd_run_change *change,
                             const struct pd_observer *observer, struct pd_error *err);

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
enum pd_status pd_run_read(const char *folder, int threads, struct pd_run_model *out, struct pd_error *err);
void pd_run_release(struct pd_run_model *m);

#endif
