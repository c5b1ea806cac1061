/* One strategy in one trial of an active run: its labels, its questions, its rounds. What is done is read
 * from the run's journal, and every step is a pure function of what was done before: a killed branch goes on
 * where it stood. */
#ifndef PD_ACTIVE_BRANCH_H
#define PD_ACTIVE_BRANCH_H

#include "active/active.h"
#include "active/ledger.h"

struct pd_branch {
    const struct pd_active_options *a;
    const struct pd_train_options *o;
    const struct pd_active_observer *watch;
    const char *run;      /* the active run's folder */
    const char *strategy; /* NULL: the start, common to all strategies of a trial */
    int64_t trial;
    char name[64]; /* "gold-1" */
    char folder[PD_PATH_SIZE];
    struct pd_dataset *data; /* borrowed, like ledger and test */
    struct pd_ledger *ledger;
    const struct pd_real_images *test; /* NULL: nothing is measured */
    uint8_t *held;                     /* (data->count): validation images and their copies */
    struct pd_answer *labels;          /* what it knows, in order of asking, of copies the first alone; room
                                          for data->count */
    size_t count;
    struct pd_query *queries; /* of the round */
    size_t n_queries;
};

/* The rest of *b is filled in beforehand. */
enum pd_status pd_branch_open(struct pd_branch *b, struct pd_error *err);
void pd_branch_close(struct pd_branch *b);

/* Rounds until there are enough labels, or until an answer is missing: waiting. */
enum pd_status pd_branch_run(struct pd_branch *b, bool *waiting, struct pd_error *err);

/* Where a trial's start lies in the active run's folder, and the roster of its data. path[PD_PATH_SIZE]. */
enum pd_status pd_branch_start_folder(const char *run, int64_t trial, char *path, struct pd_error *err);

/* Seed of a trial (from 1 on): of its data where they are procedural, and of its draws. */
uint64_t pd_branch_seed(const struct pd_train_options *o, int64_t trial);

#endif
