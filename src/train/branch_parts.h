/* What the files of a branch share: its folder's names, what is known, the questions, the rounds. */
#ifndef PD_TRAIN_BRANCH_PARTS_H
#define PD_TRAIN_BRANCH_PARTS_H

#include "train/branch.h"

#include <jansson.h>

/* --- branch_files.c --- */

/* format: of a name in the branch's folder, with the round as its number. path[PD_PATH_SIZE]. */
enum pd_status pd_branch_path(const struct pd_branch *b, const char *format, int64_t round, char *path,
                              struct pd_error *err);
/* Round 0 is the start's, whatever the strategy. */
enum pd_status pd_branch_round_folder(const struct pd_branch *b, int64_t round, char *path,
                                      struct pd_error *err);

/* Labels without the skipped images. */
int64_t pd_branch_labelled(const struct pd_branch *b);
enum pd_status pd_branch_read_labels(struct pd_branch *b, const char *path, struct pd_error *err);
enum pd_status pd_branch_write_labels(const struct pd_branch *b, struct pd_error *err);

/* A strategy takes over the start's labels and its line. */
enum pd_status pd_branch_inherit(struct pd_branch *b, struct pd_error *err);

/* How many rounds are finished, and the labels that the last of them had. */
enum pd_status pd_branch_read_rounds(const struct pd_branch *b, int64_t *rounds, int64_t *labels,
                                     struct pd_error *err);
/* Takes over line, which may be NULL: out of memory. From then on the round is finished. */
enum pd_status pd_branch_write_round(const struct pd_branch *b, json_t *line, struct pd_error *err);

/* --- branch_ask.c --- */

/* Fills in the round's queries, and the labels once all of them have an answer; until then: waiting. */
enum pd_status pd_branch_ask(struct pd_branch *b, int64_t round, bool *waiting, struct pd_error *err);

/* --- branch_round.c --- */

/* Trains, measures and records a round, and drops what no later one needs. */
enum pd_status pd_branch_round(struct pd_branch *b, int64_t round, struct pd_error *err);

/* Optimiser states, and the networks of rounds that nothing needs any more. */
void pd_branch_clean_up(const struct pd_branch *b, int64_t round);

#endif
