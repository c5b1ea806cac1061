#include "active/active.h"

#include "active/changes.h"
#include "active/check.h"
#include "active/people.h"
#include "base/library.h"

#include <stdio.h>
#include <string.h>

struct active {
    const char *folder;
    const struct pd_active_options *a;
    struct pd_train_options o;
    const struct pd_active_observer *watch;
    struct pd_active_news news; /* NULL and 0 once they are taken */
    struct pd_people people;
    bool again; /* answers came in while it trained */
    bool told;  /* what there is to say about the data */
    struct pd_active_outcome *out;
};

/* --- the branches of a trial --- */

static enum pd_status run_branch(struct active *r, struct pd_trial *t, const char *strategy, bool *waiting,
                                 struct pd_error *err)
{
    struct pd_branch b;
    struct pd_questions q = {.count = 0};
    enum pd_status status = pd_branch_open(t, strategy, &b, err);
    if (!status)
        status = pd_loop(&b, &q, waiting, err);
    if (!status && *waiting)
        status = pd_people_list(&r->people, b.ledger, &q, err);
    pd_questions_release(&q);
    pd_branch_close(&b);
    return status;
}

/* All of the list, then the baseline where it is not one of them. */
static enum pd_status run_strategies(struct active *r, struct pd_trial *t, struct pd_error *err)
{
    char word[32];
    bool waiting = false, again = !r->a->baseline[0];
    enum pd_status status = PD_OK;
    for (const char *list = r->a->strategy; !status && pd_active_next_strategy(&list, word);) {
        again = again || !strcmp(word, r->a->baseline);
        status = run_branch(r, t, word, &waiting, err);
        waiting = false;
    }
    return status || again ? status : run_branch(r, t, r->a->baseline, &waiting, err);
}

/* Branches that wait for people do not keep the others from going on. */
static enum pd_status run_branches(struct active *r, struct pd_trial *t, struct pd_error *err)
{
    bool waiting = false;
    enum pd_status status = run_branch(r, t, NULL, &waiting, err);
    if (!status && !waiting)
        status = run_strategies(r, t, err);
    return status;
}

/* --- its trials --- */

/* After the last trial. People may have gone on filling in while it trained. */
static enum pd_status ask(struct active *r, struct pd_trial *t, struct pd_error *err)
{
    const size_t before = r->out->intake.taken;
    enum pd_status status = pd_people_take_sheet(&r->people, &t->ledger, err);
    r->again = r->out->intake.taken > before;
    return status || r->again ? status : pd_people_ask(&r->people, t, err);
}

static enum pd_status run_trial(struct active *r, int64_t number, struct pd_error *err)
{
    struct pd_trial t;
    const bool simulated = pd_active_is_simulated(r->a);
    enum pd_status status = pd_trial_open(r->folder, r->a, &r->o, r->watch, number, &r->told, &t, err);
    if (status)
        return status;
    r->out->measured = t.test.count > 0;
    if (number == 1 && !r->again && t.ledger.note[0])
        pd_active_note(r->watch, "%s", t.ledger.note);
    if (number == 1 && !simulated)
        status = pd_people_take(&r->people, &t.ledger, &r->news.answers, &r->news.correct, err);
    if (!status)
        status = run_branches(r, &t, err);
    if (!status && number == r->a->trials && !simulated)
        status = ask(r, &t, err);
    pd_trial_close(&t);
    return status;
}

static enum pd_status run_trials(struct active *r, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    do {
        r->out->questions = 0;
        for (int64_t t = 1; t <= r->a->trials && !status; t++)
            status = run_trial(r, t, err);
    } while (!status && r->again);
    return status;
}

/* --- life --- */

/* Two processes would do every round twice. */
static enum pd_status lock(const struct active *r, struct pd_lock *lock, struct pd_error *err)
{
    enum pd_status status = pd_run_folder_lock(r->folder, lock, err);
    if (lock->powerless)
        pd_active_note(r->watch, "%s", PD_LOCK_POWERLESS);
    if (!pd_library_is_in(pd_library_cairo))
        pd_active_note(r->watch, "no pictures are drawn: this paydirt was built without %s",
                       pd_library_name(PD_LIBRARY_cairo));
    return status;
}

/* a: where it is resumed, r's options, to be changed; else NULL. */
static enum pd_status run(struct active *r, struct pd_active_options *a, struct pd_error *err)
{
    struct pd_lock held;
    enum pd_status status = lock(r, &held, err);
    pd_people_init(&r->people, r->folder, r->watch, r->out);
    if (!status && r->watch->begin)
        r->watch->begin(r->watch->context, r->folder);
    if (!status && a)
        status = pd_active_change(r->folder, a, &r->o, &r->news, r->watch, &r->told, err);
    if (!status)
        status = run_trials(r, err);
    if (status == PD_ERR_INTERRUPTED)
        status = pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped; go on with: paydirt active --resume %s",
                         r->folder);
    pd_lock_release(&held);
    pd_people_release(&r->people);
    return status;
}

enum pd_status pd_active_start(const struct pd_active_options *a, const struct pd_train_options *o,
                               const struct pd_active_news *news, const struct pd_active_observer *watch,
                               char *folder, size_t folder_size, struct pd_active_outcome *outcome,
                               struct pd_error *err)
{
    char kind[64];
    struct active r = {.folder = folder, .a = a, .o = *o, .watch = watch, .news = *news, .out = outcome};
    memset(outcome, 0, sizeof *outcome);
    folder[0] = '\0';
    enum pd_status status = pd_check_start(a, &r.o, news, watch, &r.told, err);
    const bool several = strchr(a->strategy, ',');
    snprintf(kind, sizeof kind, "active%s%.31s", several ? "" : "-", several ? "" : a->strategy);
    if (!status)
        status = pd_run_folder_make(&r.o, kind, folder, folder_size, err);
    if (!status)
        status = pd_active_save(folder, a, err);
    return status ? status : run(&r, NULL, err);
}

static enum pd_status check_kind(const struct active *r, struct pd_error *err)
{
    const char *option = r->news.answers     ? "labels"
                         : r->news.correct   ? "correct"
                         : r->news.add_class ? "add-class"
                                             : NULL;
    return option && pd_active_is_simulated(r->a)
               ? pd_fail(err, PD_ERR_USAGE, -1, "--%s: in %s the data's own labels answer (--oracle %s)",
                         option, r->folder, r->a->oracle)
               : PD_OK;
}

enum pd_status pd_active_resume(const char *folder, const struct pd_active_news *news,
                                const struct pd_active_observer *watch, struct pd_active_outcome *outcome,
                                struct pd_error *err)
{
    struct pd_active_options a;
    struct active r = {.folder = folder, .a = &a, .watch = watch, .news = *news, .out = outcome};
    memset(outcome, 0, sizeof *outcome);
    enum pd_status status = pd_active_read(folder, &a, &r.o, err);
    if (!status)
        status = check_kind(&r, err);
    return status ? status : run(&r, &a, err);
}
