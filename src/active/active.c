#include "active/active.h"

#include "active/changes.h"
#include "active/check.h"
#include "active/handle.h"
#include "active/people.h"
#include "io/file.h"
#include "base/library.h"

#include <stdio.h>
#include <string.h>

struct active {
    const char *folder;
    const struct pd_active_options *a;
    struct pd_train_options o;
    const struct pd_active_watch *watch;
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
    const size_t before = r->people.intake.taken;
    enum pd_status status = pd_people_take_sheet(&r->people, &t->ledger, err);
    r->again = r->people.intake.taken > before;
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
    if (!status && !simulated)
        status = pd_check_labels(&t, number == 1 && !r->again, err);
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

/* What became of the answers, and whether there are curves. */
static enum pd_status count(struct active *r, struct pd_error *err)
{
    const struct pd_intake *in = &r->people.intake;
    struct pd_active_outcome *out = r->out;
    out->taken = in->taken;
    out->again = in->again;
    out->corrected = in->corrected;
    out->refused = in->refused;
    return out->measured && !out->questions
               ? pd_path_inside(out->curves, sizeof out->curves, r->folder, "curves.png", err)
               : PD_OK;
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
        status = pd_hint(err, pd_fail(err, status, -1, "stopped"), "go on with: resume=%s", r->folder);
    if (!status)
        status = count(r, err);
    pd_lock_release(&held);
    pd_people_release(&r->people);
    return status;
}

static enum pd_status start(struct active *r, char *folder, size_t size, struct pd_error *err)
{
    char kind[64];
    enum pd_status status = pd_check_start(r->a, &r->o, &r->news, r->watch, &r->told, err);
    const bool several = strchr(r->a->strategy, ',');
    snprintf(kind, sizeof kind, "active%s%.31s", several ? "" : "-", several ? "" : r->a->strategy);
    if (!status)
        status = pd_run_folder_make(&r->o, kind, folder, size, err);
    if (!status)
        status = pd_active_save(folder, r->a, err);
    return status ? status : run(r, NULL, err);
}

/* The order of a list sets what all are trained by. */
static void note_protocol(const struct pd_active *active, const struct pd_active_watch *watch)
{
    char first[32], other[32];
    if (active->by_strategy && pd_active_is_mixed(&active->a, first, other))
        pd_active_note(watch,
                       "all follow the protocol %s, as '%s', which is named first; by itself '%s' follows "
                       "%s\tprotocol",
                       active->a.protocol, first, other, pd_active_protocol_of(other));
}

static const struct pd_training_watch no_training;
static const struct pd_active_news no_news;

/* All of it, for those who want to see little. */
static struct pd_active_watch fill(const struct pd_active_watch *watch)
{
    struct pd_active_watch all = {.context = NULL};
    if (watch)
        all = *watch;
    if (!all.train)
        all.train = &no_training;
    return all;
}

enum pd_status pd_active_start(const struct pd_active *active, const struct pd_active_news *news,
                               const struct pd_active_watch *watch, char *folder, size_t size,
                               struct pd_active_outcome *outcome, struct pd_error *err)
{
    struct pd_active settled = *active;
    const struct pd_active_watch all = fill(watch);
    memset(outcome, 0, sizeof *outcome);
    folder[0] = '\0';
    enum pd_status status = settled.settled ? PD_OK : pd_active_settle(&settled, NULL, NULL, err);
    if (status)
        return status;
    struct active r = {.folder = folder,
                       .a = &settled.a,
                       .o = settled.o,
                       .watch = &all,
                       .news = news ? *news : no_news,
                       .out = outcome};
    note_protocol(&settled, &all);
    return start(&r, folder, size, err);
}

static enum pd_status check_kind(const struct active *r, struct pd_error *err)
{
    const char *option = r->news.answers     ? "labels"
                         : r->news.correct   ? "correct"
                         : r->news.add_class ? "add-class"
                                             : NULL;
    return option && pd_active_is_simulated(r->a)
               ? pd_hint(err,
                         pd_fail(err, PD_ERR_USAGE, -1,
                                 "%s: in %s the data's own labels answer (its oracle is '%s')", option,
                                 r->folder, r->a->oracle),
                         "%s", option)
               : PD_OK;
}

enum pd_status pd_active_resume(const char *folder, const struct pd_active_news *news,
                                const struct pd_active_watch *watch, struct pd_active_outcome *outcome,
                                struct pd_error *err)
{
    struct pd_active_options a;
    const struct pd_active_watch all = fill(watch);
    struct active r = {
        .folder = folder, .a = &a, .watch = &all, .news = news ? *news : no_news, .out = outcome};
    memset(outcome, 0, sizeof *outcome);
    enum pd_status status = pd_active_read(folder, &a, &r.o, err);
    if (!status)
        status = check_kind(&r, err);
    return status ? status : run(&r, &a, err);
}
