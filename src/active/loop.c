#include "active/steps.h"

#include "base/words.h"

static enum pd_status check_stop(const struct pd_branch *b, int64_t round, struct pd_error *err)
{
    const struct pd_training_watch *w = b->watch->train;
    return w->stop && w->stop(w->context)
               ? pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped before round %lld", (long long)round)
               : PD_OK;
}

/* A round, step by step. What the journal has of it is not done again, so that a killed run goes on here. */
static enum pd_status run_round(const struct pd_branch *b, int64_t round, struct pd_known *known,
                                struct pd_questions *q, enum pd_reply *reply, struct pd_error *err)
{
    struct pd_run_model last = {.gan = NULL}, model = {.gan = NULL};
    struct pd_scored_pool pool = {.n = 0};
    struct pd_ranking ranking = {.n = 0};
    struct pd_active_round r;
    bool found;
    enum pd_status status = pd_questions_recall(b, round, q, &found, err);
    if (!status && !found && !round)
        status = pd_unlabelled_train(b, err);
    if (!status && !found)
        status = pd_best_open(b, round - 1, &last, err);
    if (!status && !found)
        status = pd_pool_score(b, round, known, q, last.gan, &pool, err);
    if (!status && !found)
        status = pd_pool_rank(b, round, known, q, &pool, &ranking, err);
    if (!status && !found)
        status = pd_pool_spread(b, round, last.gan, &pool, &ranking, q, err);
    if (!status && !found)
        status = pd_pool_draw(b, round, last.gan, &pool, known, q, err);
    pd_ranking_release(&ranking);
    pd_scored_pool_release(&pool);
    pd_run_release(&last);
    if (!status)
        status = pd_questions_ask(b, round, q, err);
    if (!status)
        status = pd_answers_take(b, round, q, known, reply, err);
    if (status || *reply != PD_REPLY_ALL)
        return status;
    status = pd_round_train(b, round, known, &r, err);
    if (!status)
        status = pd_best_keep(b, round, &model, err);
    if (!status)
        status = pd_round_measure(b, known, q, &model, &r, err);
    if (!status)
        status = pd_round_record(b, known, &model, &r, err);
    pd_run_release(&model);
    return status;
}

/* The start has one round, a strategy as many as bring it to its labels. */
static bool goes_on(const struct pd_branch *b, int64_t round, const struct pd_known *known)
{
    return b->strategy ? pd_known_labelled(known) < b->a->final : round == 0;
}

enum pd_status pd_loop(const struct pd_branch *b, struct pd_questions *q, bool *waiting, struct pd_error *err)
{
    struct pd_known known;
    enum pd_reply reply = PD_REPLY_ALL;
    int64_t round;
    enum pd_status status = pd_known_recall(b, &known, &round, err);
    for (; !status && reply == PD_REPLY_ALL && goes_on(b, round, &known); round++) {
        status = check_stop(b, round, err);
        if (!status)
            status = run_round(b, round, &known, q, &reply, err);
    }
    *waiting = reply == PD_REPLY_MISSED;
    if (!status && reply == PD_REPLY_NOTHING)
        pd_active_note(b->watch, "%s: no image is left to ask for at %lld label%s", b->strategy,
                       (long long)pd_known_labelled(&known), pd_plural((size_t)pd_known_labelled(&known)));
    pd_known_release(&known);
    return status;
}
