/* What the files of a branch share: its folder's names, what is known, the questions, the rounds. */
#ifndef PD_ACTIVE_BRANCH_PARTS_H
#define PD_ACTIVE_BRANCH_PARTS_H

#include "active/branch.h"

/* --- branch_files.c --- */

/* format: of a name in the branch's folder, with the round as its number. path[PD_PATH_SIZE]. */
enum pd_status pd_branch_path(const struct pd_branch *b, const char *format, int64_t round, char *path,
                              struct pd_error *err);
/* Round 0 is the start's, whatever the strategy. */
enum pd_status pd_branch_round_folder(const struct pd_branch *b, int64_t round, char *path,
                                      struct pd_error *err);

/* Labels without the skipped images. */
int64_t pd_branch_labelled(const struct pd_branch *b);

/* What the journal has of a round; round 0 is the start's. NULL: nothing. */
struct pd_ledger_round *pd_branch_record(const struct pd_branch *b, int64_t round);
/* Adds a round's labels to what the branch knows. */
void pd_branch_learn(struct pd_branch *b, const struct pd_ledger_round *record);

/* Files that are made from the journal. labels.csv has copies, too. */
enum pd_status pd_branch_write_labels(const struct pd_branch *b, struct pd_error *err);
enum pd_status pd_branch_write_rounds(const struct pd_branch *b, struct pd_error *err);
enum pd_status pd_branch_write_queries(const struct pd_branch *b, int64_t round, struct pd_error *err);

void pd_branch_note(const struct pd_branch *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* pd_run_recalibrate of reals, its note said. */
enum pd_status pd_branch_recalibrate(const struct pd_branch *b, struct pd_run_model *run,
                                     struct pd_error *err);

/* --- branch_ask.c --- */

/* Fills in the round's queries, and the labels once all of them have an answer; until then: waiting. asked:
 * there is something to learn in this round. */
enum pd_status pd_branch_ask(struct pd_branch *b, int64_t round, bool *waiting, bool *asked,
                             struct pd_error *err);

/* --- branch_round.c --- */

/* Trains, measures and records a round, and drops what no later one needs. */
enum pd_status pd_branch_round(struct pd_branch *b, int64_t round, struct pd_error *err);

/* Optimiser states, and the networks of rounds that nothing needs any more. */
void pd_branch_clean_up(const struct pd_branch *b, int64_t round);

/* --- branch_report.c --- */

/* Fills in what r says of a trained round, but for its accuracy. */
enum pd_status pd_branch_report(const struct pd_branch *b, struct pd_gan *gan, struct pd_active_round *r,
                                struct pd_error *err);

#endif
