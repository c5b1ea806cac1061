/* paydirt active: rounds of training and labelling. */
#include <paydirt/active.h>
#include <paydirt/libraries.h>
#include <paydirt/select.h>
#include <paydirt/words.h>

#include "cli/active_watch.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/idle.h"
#include "cli/page.h"
#include "cli/recipe.h"
#include "cli/resume.h"
#include "cli/ranks.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "--data NAME|FOLDER --strategy NAME [options]\n"
    "--recipe NAME|FILE [options]\n"
    "--resume RUN [--labels ANSWERS] [--correct ANSWERS] [--add-class NAME] [--final N] "
    "[--query N] [--data FOLDER]";

static const char about[] =
    "Trains on a few labels, asks for those that would help most, trains again: GOLD's loop "
    "(semi-supervised,\n"
    "the generator is kept, the discriminator fresh, the best epoch by validation) or ALCG's (the labelled\n"
    "images alone, all fresh). With --oracle labels the data's own labels answer: a simulation that "
    "measures\n"
    "strategies. With --oracle csv it writes RUN/queries.csv and a contact sheet and stops; fill in the "
    "labels\n"
    "and go on with --resume RUN --labels FILE. With --oracle page it serves a page to answer on and goes "
    "on\n"
    "with the answers, round after round. With --oracle label-studio it writes tasks for Label Studio.\n"
    "Whatever was answered is kept in RUN/answers.csv; a killed run goes on with --resume.\n\n"
    "strategies:";

static const char examples[] =
    "active --data strokes --data-count 2000 --width 0.25 --epochs 2 --strategy gold --baseline random\n"
    "active --data mnist --strategy gold --init 10 --query 2 --final 18 --baseline random --trials 5\n"
    "active --data cifar10 --strategy most-confident --adversarial 4 --init 1000 --query 1000 --final 5000\n"
    "active --recipe gold-active-mnist --data-dir ./data --trials 1\n"
    "active --data ./photos --classes cat,dog,bird --strategy gold --oracle page\n"
    "active --data ./photos --classes cat,dog,bird --strategy gold --oracle csv\n"
    "active --resume runs/00000-photos-active-gold --labels answered.csv\n"
    "active --resume runs/00000-photos-active-gold --correct wrong.csv --add-class fish --final 60";

struct own {
    char recipe[1024], like[32], resume[1024], labels[1024], correct[1024], add_class[4096];
    struct page_options page;
};

#define FIELD(name) offsetof(struct own, name), sizeof(((struct own *)0)->name)
static const struct pd_option own_table[] = {
    {"recipe", PD_OPTION_TEXT, FIELD(recipe), 0, 0, "NAME", RECIPE_HELP},
    {"like", PD_OPTION_TEXT, FIELD(like), 0, 0, "NAME", LIKE_HELP},
    {"resume", PD_OPTION_TEXT, FIELD(resume), 0, 0, "RUN", "go on with this run"},
    {"labels", PD_OPTION_TEXT, FIELD(labels), 0, 0, "FILE", "answers: CSV, or what Label Studio exports"},
    {"correct", PD_OPTION_TEXT, FIELD(correct), 0, 0, "FILE",
     "with --resume: answers that replace earlier ones"},
    {"add_class", PD_OPTION_TEXT, FIELD(add_class), 0, 0, "NAME",
     "with --resume: one more class to answer with, or several with commas between"},
    PAGE_OPTIONS(FIELD)};
#undef FIELD
enum { OWN = sizeof own_table / sizeof own_table[0] };

static const char *with_strategies(char *text, size_t size)
{
    const struct pd_strategy *s;
    size_t n = (size_t)snprintf(text, size, "%s", about);
    for (int i = 0; (s = pd_strategy_at(i)) && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "\n  %-22s %s", s->name, s->summary);
    return text;
}

/* --- a new run --- */

static enum pd_status check_new(const struct own *own, const struct pd_option_table *loop,
                                const struct pd_option_table *training, struct pd_error *err)
{
    if (own->correct[0] || own->add_class[0])
        return pd_fail(err, PD_ERR_USAGE, -1, "--%s is for a run that is there: --resume RUN",
                       own->correct[0] ? "correct" : "add-class");
    if (own->labels[0] && !strcmp(pd_option_get_text(loop, "oracle"), "labels"))
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "--labels are answers to a run's questions: --resume RUN --labels %.200s; or labels to "
            "begin with, where people answer (--oracle csv)",
            own->labels);
    if (!*pd_option_get_text(training, "data"))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--data is missing: the name of a data set or a folder of images; 'paydirt active "
                       "--help' has examples");
    return PD_OK;
}

/* Whether it is among the strategies, the baseline or --first. */
static bool asks_by(const struct pd_option_table *loop, const char *strategy)
{
    char word[32];
    bool found = !strcmp(pd_option_get_text(loop, "baseline"), strategy) ||
                 !strcmp(pd_option_get_text(loop, "first"), strategy);
    for (const char *list = pd_option_get_text(loop, "strategy"); pd_active_next_strategy(&list, word);)
        found = found || !strcmp(word, strategy);
    return found;
}

/* Also of what may be given on resuming. */
static void note_idle_page(const struct args_parsed *c, bool paged, struct progress *progress)
{
    const struct idle page = {
        {"port", "listen", "certificate", "key", "insecure", "browser", "people"}, "--oracle page", paged};
    idle_note(c->command, c->args, &page, 1, progress);
}

/* After the protocol has filled in what was not given. */
static void note_idle(const struct args_parsed *c, const struct pd_option_table *loop,
                      struct progress *progress)
{
    const bool balls = asks_by(loop, "probcover"), clusters = balls || asks_by(loop, "typiclust");
    const struct idle all[] = {
        {{"url"}, "--oracle label-studio", !strcmp(pd_option_get_text(loop, "oracle"), "label-studio")},
        {{"candidates"}, "--diverse", *pd_option_get_text(loop, "diverse")},
        {{"measure_epochs"}, "measuring (--no-measure)", pd_option_get_bool(loop, "measure")},
        {{"balanced"}, "the strategy gold", asks_by(loop, "gold")},
        {{"clusters"}, "the strategy typiclust or probcover", clusters},
        {{"radius"}, "the strategy probcover", balls},
        {{"passes"}, "the strategy bald", asks_by(loop, "bald")}};
    idle_note(c->command, c->args, all, sizeof all / sizeof all[0], progress);
    idle_note_training(c->command, c->args, &c->command->groups[2], progress);
}

static enum pd_status begin(const struct args_parsed *c, struct pd_active *active,
                            const struct pd_active_news *news, const struct pd_active_watch *watch,
                            char *folder, size_t size, struct pd_active_outcome *outcome,
                            struct pd_error *err)
{
    enum pd_status status = pd_active_settle(active, args_parsed_given, c, err);
    if (status)
        return status;
    struct progress *progress = &((struct active_watch *)watch->context)->progress;
    note_idle_page(c, !strcmp(pd_option_get_text(&c->command->groups[1], "oracle"), "page"), progress);
    note_idle(c, &c->command->groups[1], progress);
    status = ranks_share_trials(&c->command->groups[1], &c->command->groups[2], err);
    if (status)
        return status;
    return pd_active_start(active, news, watch, folder, size, outcome, err);
}

/* --- on a page --- */

/* What was answered there, whichever command had served it. classes: to be added; those of the page join. */
static enum pd_status hand_over(const char *folder, struct progress *progress, char classes[4096],
                                struct pd_error *err)
{
    struct pd_page_handed handed;
    const size_t used = strlen(classes);
    const enum pd_status status = pd_page_hand_over(folder, classes, &handed, err);
    if (status)
        return status;
    if (handed.disputed)
        progress_note(progress, "of the page's answers %lld wait, on which people disagree",
                      (long long)handed.disputed);
    if (handed.waiting)
        progress_note(progress, "of the page's images %lld wait for more people", (long long)handed.waiting);
    if (handed.taken_back)
        progress_note(progress,
                      "of the page's answers %lld were taken back after the run had them and stay in it: "
                      "answer these images again on the page, or with --correct",
                      (long long)handed.taken_back);
    if (handed.add_class[0] && used + strlen(handed.add_class) + 2 > 4096)
        return pd_fail(err, PD_ERR_USAGE, -1, "--add-class: the names are too long, with those of the page");
    if (handed.add_class[0])
        snprintf(classes + used, 4096 - used, "%s%s", used ? "," : "", handed.add_class);
    return PD_OK;
}

/* Serves the questions, takes the answers, goes on, until nothing is asked. */
static enum pd_status answer_on_page(const struct own *own, const char *folder,
                                     const struct pd_active_watch *watch, struct pd_active_outcome *out,
                                     struct pd_error *err)
{
    struct active_watch *w = watch->context;
    struct pd_page_count count;
    enum pd_status status = PD_OK;
    while (!status && out->questions) {
        char classes[4096] = "";
        progress_end(&w->progress);
        status = pd_page_ask(w->page, folder, (int)own->page.people, watch, err);
        if (!status)
            progress_line(&w->progress, "%zu image%s on the page: %s", out->questions,
                          out->questions == 1 ? " waits for a label" : "s wait for labels",
                          pd_page_address(w->page));
        if (!status)
            status = pd_page_wait(w->page, stop_callback, NULL, &count, err);
        if (status == PD_ERR_INTERRUPTED)
            return pd_hint(err, pd_fail(err, status, -1, "stopped; what was answered is kept"),
                           "go on with: resume=%s", folder);
        if (!status)
            status = hand_over(folder, &w->progress, classes, err);
        const struct pd_active_news news = {.add_class = classes[0] ? classes : NULL};
        if (!status)
            pd_page_tell(w->page, true, "taking the answers");
        if (!status)
            status = pd_active_resume(folder, &news, watch, out, err);
    }
    return status;
}

/* Whoever looks at the page sees how it ended, before it goes. */
static void close_page(struct pd_page *page, enum pd_status status)
{
    if (!page)
        return;
    pd_page_tell(page, true, status ? "ended: see the terminal" : "finished");
    nanosleep(&(struct timespec){0, 600000000}, NULL);
    pd_page_close(page);
}

/* --- the whole --- */

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static int64_t given_number(const struct args_parsed *c, const char *name)
{
    return args_parsed_given(c, name) ? pd_option_get_int(&c->command->groups[1], name) : 0;
}

/* What people bring along: only what was given. */
static struct pd_active_news read_news(const struct args_parsed *c, const struct own *own)
{
    return (struct pd_active_news){
        .answers = or_null(own->labels),
        .correct = or_null(own->correct),
        .add_class = args_parsed_given(c, "add_class") || own->add_class[0] ? own->add_class : NULL,
        .final = given_number(c, "final"),
        .query = given_number(c, "query"),
        .place = resume_place(c->command, c->args, &c->command->groups[2])};
}

/* Whether a run's people answer on a page. */
static enum pd_status find_oracle(const char *run, bool *paged, struct pd_error *err)
{
    struct pd_active *active;
    const enum pd_status status = pd_active_of_run(run, &active, err);
    if (status)
        return status;
    const struct pd_option_table loop = pd_active_options(active);
    *paged = !strcmp(pd_option_get_text(&loop, "oracle"), "page");
    pd_active_destroy(active);
    return PD_OK;
}

static enum pd_status learn(struct pd_active *active, int argc, char **argv, struct pd_error *err)
{
    struct own own = {.page = PAGE_DEFAULTS};
    struct args args;
    bool paged = false;
    struct active_watch w = {.epochs = 0};
    struct pd_active_outcome outcome;
    char folder[PD_ACTIVE_PATH], text[4096];
    const struct pd_active_watch *watch = active_watch_begin(&w);
    const struct pd_option_table loop = pd_active_options(active),
                                 training = pd_active_training_options(active);
    static const char *const may_change[] = {"labels",   "correct", "add_class", "final",       "query",
                                             "people",   "port",    "listen",    "certificate", "key",
                                             "insecure", "browser", NULL};
    const struct args_command command = {"active", usage, with_strategies(text, sizeof text),
                                         examples, NULL,  {{own_table, OWN, &own}, loop, training}};
    const struct args_parsed c = {&command, &args};
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    if (!own.resume[0])
        status = recipe_take_like(own.like, &command, &args, err);
    if (!status && own.recipe[0] && !own.resume[0])
        status = recipe_take(own.recipe, &command, &args, err);
    if (!status)
        status = own.resume[0] ? resume_check(&command, &args, may_change, err)
                               : check_new(&own, &loop, &training, err);
    if (status)
        return status;
    stop_catch();
    snprintf(folder, sizeof folder, "%s", own.resume);
    if (own.resume[0] && pd_ranks_started(NULL) > 1)
        status = pd_fail(err, PD_ERR_USAGE, -1,
                         "--resume %s was started %d times at once: each run goes on by itself", own.resume,
                         pd_ranks_started(NULL));
    else if (own.resume[0])
        status = find_oracle(own.resume, &paged, err);
    else
        paged = !strcmp(pd_option_get_text(&loop, "oracle"), "page");
    if (!status && paged)
        status = page_open(&own.page, &w.page, err);
    if (!status && paged)
        page_show(&own.page, w.page, false);
    if (!status && own.resume[0])
        note_idle_page(&c, paged, &w.progress);
    if (!status && own.resume[0])
        status = hand_over(folder, &w.progress, own.add_class, err);
    const struct pd_active_news news = read_news(&c, &own);
    if (!status && own.resume[0])
        status = pd_active_resume(folder, &news, watch, &outcome, err);
    else if (!status)
        status = begin(&c, active, &news, watch, folder, sizeof folder, &outcome, err);
    if (!status && paged)
        status = answer_on_page(&own, folder, watch, &outcome, err);
    active_watch_end(&w);
    close_page(w.page, status);
    return status ? status : active_say_outcome(folder, own.labels, &outcome, err);
}

enum pd_status command_active(int argc, char **argv, struct pd_error *err)
{
    struct pd_active *active;
    enum pd_status status = pd_active_create(&active, err);
    if (!status)
        status = learn(active, argc, argv, err);
    pd_active_destroy(active);
    return status;
}
