/* The loop of active learning, for one strategy in one trial (GOLD section 4.3; ALCG algorithm 1), and the
 * steps of a round, about in the order in which it takes them. A step reads the branch and what it is given,
 * and fills what it is given to fill; what the journal has already is not done again. */
#ifndef PD_ACTIVE_STEPS_H
#define PD_ACTIVE_STEPS_H

#include "active/branch.h"

#include <paydirt/select.h>

/* --- loop.c --- */

struct pd_questions {
    struct pd_query *at; /* best first; owned: pd_questions_release */
    size_t count;
};

/* Rounds until there are enough labels, or none is left to ask for, or until people's answers are missing
 * (*waiting): those to q, which is to be released. PD_ERR_INTERRUPTED: the watcher stopped it. */
enum pd_status pd_loop(const struct pd_branch *b, struct pd_questions *q, bool *waiting,
                       struct pd_error *err);

/* --- learn.c: what the branch knows --- */

/* In order of asking, of copies the first alone. */
struct pd_known {
    struct pd_answer *labels; /* owned: pd_known_release; room for all images */
    size_t count;
};

/* The labels of all rounds that are finished; round: the first that is not. Their files are made anew where
 * they differ, and what a killed process should have removed is. */
enum pd_status pd_known_recall(const struct pd_branch *b, struct pd_known *known, int64_t *round,
                               struct pd_error *err);
void pd_known_release(struct pd_known *known); /* also a zeroed one */

/* Without the skipped images. */
int64_t pd_known_labelled(const struct pd_known *known);

/* (data->count), owned: PD_LABELLED what is known, else as held. NULL: out of memory. */
uint8_t *pd_known_marks(const struct pd_branch *b, const struct pd_known *known);

/* Adds a round's labels. */
void pd_known_learn(const struct pd_branch *b, const struct pd_ledger_round *record, struct pd_known *known);

/* labels.csv, with copies. */
enum pd_status pd_known_write(const struct pd_branch *b, const struct pd_known *known, struct pd_error *err);

/* --- pool.c: score the pool --- */

/* All images that may be asked for, as D sees them and, where the branch's strategy looks at features, behind
 * them those that have an answer; both in the data set's order. */
struct pd_scored_pool {
    int64_t n, known;
    uint32_t *images;            /* (n + known) into the data; owned, like the rest: pd_scored_pool_release */
    float *logit, *class_logits; /* (n + known), (n + known, classes) */
    float *features;             /* (n + known, width), or NULL */
    float *pass_logits;          /* (passes, n, classes), or NULL: the strategy needs none, like features */
    int64_t width;
    int classes, passes;
};

/* q: what is asked already. */
enum pd_status pd_pool_score(const struct pd_branch *b, int64_t round, const struct pd_known *known,
                             const struct pd_questions *q, struct pd_gan *gan, struct pd_scored_pool *pool,
                             struct pd_error *err);
void pd_scored_pool_release(struct pd_scored_pool *p); /* also a zeroed one */

/* --- rank.c --- */

struct pd_ranking {
    int64_t k;     /* images to ask for; 0: none is wanted or left, and the rest is NULL */
    int64_t n;     /* k or, where they are spread, more */
    double *score; /* (the pool's n); owned, like rows: pd_ranking_release. NULL: rows were chosen together */
    int64_t *rows; /* (n) of the pool, best first */
};

/* The best of the pool by the round's strategy, and how many of them are wanted beside q: fewer than a query
 * where the last label is near. */
enum pd_status pd_pool_rank(const struct pd_branch *b, int64_t round, const struct pd_known *known,
                            const struct pd_questions *q, const struct pd_scored_pool *pool,
                            struct pd_ranking *ranking, struct pd_error *err);
void pd_ranking_release(struct pd_ranking *ranking); /* also a zeroed one */

/* --- spread.c --- */

/* The questions, behind those that q has: the best of the ranking or, with --diverse, k that lie apart by D's
 * features. Also what the model guesses, but for round 0, whose model knows no classes. */
enum pd_status pd_pool_spread(const struct pd_branch *b, int64_t round, struct pd_gan *gan,
                              const struct pd_scored_pool *pool, const struct pd_ranking *ranking,
                              struct pd_questions *q, struct pd_error *err);

/* --- draw.c --- */

/* What the query saw, as pictures in the branch's folder: queries-01.png (the contact sheet),
 * certainty-01.png (ALCG figure 3), gold-01.png and terms-01.png (GOLD figures 2 and 1a); of 2-D points
 * plane-01.png (figure 3) and terms-01.png. */
enum pd_status pd_pool_draw(const struct pd_branch *b, int64_t round, struct pd_gan *gan,
                            const struct pd_scored_pool *pool, const struct pd_known *known,
                            const struct pd_questions *q, struct pd_error *err);

/* --- ask.c --- */

/* The round's questions, where no model is needed for them: the journal's and the first round's. *found:
 * these are them; else those that are missing come behind them. */
enum pd_status pd_questions_recall(const struct pd_branch *b, int64_t round, struct pd_questions *q,
                                   bool *found, struct pd_error *err);
/* Room for n; those that are there stay. */
enum pd_status pd_questions_reserve(struct pd_questions *q, size_t n, struct pd_error *err);
void pd_questions_release(struct pd_questions *q); /* also a zeroed one */

/* Into the journal, where they are new, and queries-01.json. */
enum pd_status pd_questions_ask(const struct pd_branch *b, int64_t round, const struct pd_questions *q,
                                struct pd_error *err);

/* --- take.c: take the answers --- */

enum pd_reply {
    PD_REPLY_ALL,    /* the round's labels are settled and known */
    PD_REPLY_MISSED, /* an answer is missing, and nothing has been learnt */
    PD_REPLY_NOTHING /* nothing was asked, and nothing given unasked: no image is left */
};

enum pd_status pd_answers_take(const struct pd_branch *b, int64_t round, const struct pd_questions *q,
                               struct pd_known *known, enum pd_reply *reply, struct pd_error *err);

/* Images that people labelled without being asked, and that are neither known nor in q. images: room for all.
 */
enum pd_status pd_answers_given(const struct pd_branch *b, const struct pd_known *known,
                                const struct pd_questions *q, uint32_t *images, size_t *n,
                                struct pd_error *err);

/* --- train.c --- */

/* With --first: a run on all images without any label, for the first query; done once. */
enum pd_status pd_unlabelled_train(const struct pd_branch *b, struct pd_error *err);

/* The round's run on what is known; r is begun. */
enum pd_status pd_round_train(const struct pd_branch *b, int64_t round, const struct pd_known *known,
                              struct pd_active_round *r, struct pd_error *err);

/* --- best.c: keep the best --- */

/* The run of a trained round as of its best epoch, or the last, whose weights are kept. model: to close, also
 * on failure. */
enum pd_status pd_best_keep(const struct pd_branch *b, int64_t round, struct pd_run_model *model,
                            struct pd_error *err);

/* What was kept, ready to score real images. */
enum pd_status pd_best_open(const struct pd_branch *b, int64_t round, struct pd_run_model *model,
                            struct pd_error *err);

/* pd_run_recalibrate for real images, its note said. */
enum pd_status pd_best_recalibrate(const struct pd_branch *b, struct pd_run_model *model,
                                   struct pd_error *err);

/* Removes the round's optimiser states, and the networks before it that nothing needs any more. */
void pd_best_clean_up(const struct pd_branch *b, int64_t round);

/* --- measure.c --- */

/* Fitting capacity, and what people want to know of the round. */
enum pd_status pd_round_measure(const struct pd_branch *b, const struct pd_known *known,
                                const struct pd_questions *q, struct pd_run_model *model,
                                struct pd_active_round *r, struct pd_error *err);

/* --- record.c --- */

/* The round is finished: its line into the journal, from there into rounds.jsonl, and to who watches. */
enum pd_status pd_round_record(const struct pd_branch *b, const struct pd_known *known,
                               const struct pd_run_model *model, const struct pd_active_round *r,
                               struct pd_error *err);

/* rounds.jsonl, or start.jsonl, as the journal has it. */
enum pd_status pd_record_write(const struct pd_branch *b, struct pd_error *err);

#endif
