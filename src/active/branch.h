/* One strategy in one trial of an active run: where it stands, what it works on, and its names. It does not
 * change while its rounds run (loop.h). */
#ifndef PD_ACTIVE_BRANCH_H
#define PD_ACTIVE_BRANCH_H

#include "active/trial.h"

struct pd_branch {
    const struct pd_active_options *a;
    const struct pd_train_options *o;
    const struct pd_active_watch *watch;
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

/* Before round 0: a run without any label, by which the first ones are chosen (--first). */
enum { PD_ROUND_UNLABELLED = -1 };

/* Makes its folder. trial and strategy are borrowed. b: to close, also on failure. */
enum pd_status pd_branch_open(struct pd_trial *trial, const char *strategy, struct pd_branch *b,
                              struct pd_error *err);
void pd_branch_close(struct pd_branch *b);

/* Of the trial's draws; of a round's weights, its noise and its query. */
uint64_t pd_branch_seed(const struct pd_branch *b);
uint64_t pd_branch_round_seed(const struct pd_branch *b, int64_t round);

/* The strategy of a round's query; of round 0, which is the start's, --first. */
const char *pd_branch_strategy(const struct pd_branch *b, int64_t round);
bool pd_branch_looks_first(const struct pd_branch *b); /* --first is not random */

/* format: of a name in the branch's folder, with the round as its number. path[PD_PATH_SIZE]. */
enum pd_status pd_branch_path(const struct pd_branch *b, const char *format, int64_t round, char *path,
                              struct pd_error *err);
/* Round 0 and what is before it are the start's, whatever the strategy. */
enum pd_status pd_branch_round_folder(const struct pd_branch *b, int64_t round, char *path,
                                      struct pd_error *err);

/* What the journal has of a round; round 0 is the start's. NULL: nothing. */
struct pd_ledger_round *pd_branch_record(const struct pd_branch *b, int64_t round);

/* A file that is made from the journal, where it differs. Takes over text, from malloc; NULL: out of memory.
 */
enum pd_status pd_branch_write(const char *path, char *text, struct pd_error *err);

#endif
