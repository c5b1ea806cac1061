/* A training while it runs: its steps, and what the end of an epoch takes. */
#ifndef PD_RUN_LOOP_H
#define PD_RUN_LOOP_H

#include "io/ranks.h"
#include "run/journal.h"
#include "run/run.h"
#include "run/step.h"

struct pd_run_curves;

struct pd_loop {
    struct pd_train_options *o;
    const struct pd_training_watch *watch;
    const char *folder;      /* NULL: nothing is written */
    struct pd_dataset *data; /* to learn from; NULL: what the options name */
    bool quiet;              /* all about the data has been said */
    struct pd_lock lock;
    const char *roster; /* the folder whose roster says which images are the data; NULL: all there are */
    struct pd_setup s;
    struct pd_real_images validation;
    const struct pd_metric *metric; /* which epoch is best */
    struct pd_run_curves *curves;   /* or NULL */
    struct pd_run_step step;
    struct pd_journal journal;
    struct pd_progress at;
    uint64_t last_step, saved_step, counted_step; /* the losses of steps before it are in at.loss_sums */
    double begun, saved;                          /* seconds: epoch begun, checkpoint saved */
    uint64_t begun_step;
    void *best; /* without a folder: the best epoch's networks */
};

static inline struct pd_ranks *pd_loop_ranks(const struct pd_loop *r)
{
    return r->watch->ranks;
}

/* Whether this is the rank that writes and speaks. */
static inline bool pd_loop_leads(const struct pd_loop *r)
{
    return pd_ranks_rank(pd_loop_ranks(r)) == 0;
}

/* A checkpoint of what has been counted. */
enum pd_status pd_loop_save(struct pd_loop *r, struct pd_error *err);

/* From r->at up to r->last_step, all open. PD_ERR_INTERRUPTED: the watch said so; there is a checkpoint. */
enum pd_status pd_loop_train(struct pd_loop *r, struct pd_error *err);

#endif
