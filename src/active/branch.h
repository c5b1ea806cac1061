/* One strategy in one trial of an active run: where it stands, what it works on, and its names. It does not
 * change while its rounds run (loop.h). */
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
};

/* The rest of *b is filled in beforehand. Makes its folder. */
enum pd_status pd_branch_open(struct pd_branch *b, struct pd_error *err);
void pd_branch_close(struct pd_branch *b);

/* Seed of a trial (from 1 on): of its data where they are procedural, and of its draws. Of a round: of its
 * weights, its noise and its query. */
uint64_t pd_branch_seed(const struct pd_train_options *o, int64_t trial);
uint64_t pd_branch_round_seed(const struct pd_branch *b, int64_t round);

/* Where a trial's start lies in the active run's folder, and the roster of its data. path[PD_PATH_SIZE]. */
enum pd_status pd_branch_start_folder(const char *run, int64_t trial, char *path, struct pd_error *err);

/* format: of a name in the branch's folder, with the round as its number. path[PD_PATH_SIZE]. */
enum pd_status pd_branch_path(const struct pd_branch *b, const char *format, int64_t round, char *path,
                              struct pd_error *err);
/* Round 0 is the start's, whatever the strategy. */
enum pd_status pd_branch_round_folder(const struct pd_branch *b, int64_t round, char *path,
                                      struct pd_error *err);

/* What the journal has of a round; round 0 is the start's. NULL: nothing. */
struct pd_ledger_round *pd_branch_record(const struct pd_branch *b, int64_t round);

/* A file that is made from the journal, where it differs. Takes over text, from malloc; NULL: out of memory.
 */
enum pd_status pd_branch_write(const char *path, char *text, struct pd_error *err);

void pd_branch_note(const struct pd_branch *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
