/* paydirt active: rounds of training and labelling. */
#include <paydirt/active.h>
#include <paydirt/libraries.h>
#include <paydirt/select.h>
#include <paydirt/words.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/idle.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "cli/recipe.h"
#include "cli/resume.h"
#include "cli/ranks.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <getopt.h>
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

/* --- what is shown --- */

struct watch {
    struct progress progress; /* first: the context of its functions */
    uint64_t steps_per_epoch, epochs;
    char round[64];       /* "gold 2/5 round 3" */
    struct pd_page *page; /* that shows what goes on, or NULL */
    double told;          /* when it was last told */
    bool estimated;
    struct { /* refusals in the same words; the last counts all others */
        char words[sizeof((struct pd_refusal *)NULL)->words];
        int64_t rows;
    } refused[9];
};

enum { REFUSALS_SHOWN = 5, KINDS = 8 };

/* Once a second at most. */
static void tell_page(struct watch *w, const char *label)
{
    char words[160], left[64];
    if (!w->page || progress_now() - w->told < 1)
        return;
    w->told = progress_now();
    snprintf(words, sizeof words, "%s, %s", label, progress_left(&w->progress, left, sizeof left));
    pd_page_tell(w->page, true, words);
}

static void on_begin(void *context, const struct pd_training_begin *b)
{
    struct watch *w = context;
    char words[128];
    w->steps_per_epoch = b->steps_per_epoch;
    w->epochs = b->last_step / b->steps_per_epoch;
    progress_begin(&w->progress, b->first_step, b->last_step, b->batch, "images");
    if (!w->estimated)
        progress_line(&w->progress, "estimate for a round: %s",
                      pd_estimate_words(&b->estimate, b->last_step - b->first_step, words, sizeof words));
    w->estimated = true;
}

static void on_step(void *context, uint64_t step)
{
    struct watch *w = context;
    char label[96];
    snprintf(label, sizeof label, "%s epoch %llu/%llu", w->round,
             (unsigned long long)((step - 1) / w->steps_per_epoch + 1), (unsigned long long)w->epochs);
    progress_update(&w->progress, step, label);
    tell_page(w, label);
}

static void on_folder(void *context, const char *folder)
{
    progress_line(&((struct watch *)context)->progress, "%s", folder);
}

static void on_round(void *context, const struct pd_active_round *r)
{
    struct watch *w = context;
    snprintf(w->round, sizeof w->round, "%s %lld/%lld round %lld", r->strategy, (long long)r->trial,
             (long long)r->trials, (long long)r->round);
}

static void on_measured(void *context, const struct pd_active_round *r)
{
    struct watch *w = context;
    char accuracy[64] = "", guesses[96] = "", classes[64] = "";
    if (r->accuracy >= 0)
        snprintf(accuracy, sizeof accuracy, "  fitting capacity %.2f %%", 100 * r->accuracy);
    if (r->class_accuracy >= 0)
        snprintf(classes, sizeof classes, "  classes right %.2f %%", 100 * r->class_accuracy);
    if (r->guesses)
        snprintf(guesses, sizeof guesses, "  guesses right %lld of %lld", (long long)r->guessed,
                 (long long)r->guesses);
    progress_end(&w->progress);
    progress_line(&w->progress, "%s  %lld label%s%s%s%s", w->round, (long long)r->labels,
                  pd_plural((size_t)r->labels), accuracy, classes, guesses);
    if (r->people) {
        progress_line(&w->progress, "labels: %s", r->classes);
        progress_note(&w->progress, "%s", r->outlook);
    }
}

static void on_measuring(void *context, int epoch, int epochs, double loss)
{
    struct watch *w = context;
    char label[96];
    (void)loss;
    if (epoch == 1)
        progress_begin(&w->progress, 0, (uint64_t)epochs, 10000, "images");
    snprintf(label, sizeof label, "%s measuring", w->round);
    progress_update(&w->progress, (uint64_t)epoch, label);
    tell_page(w, label);
}

/* A thousand tasks with boxes are one mistake. */
static void on_refused(void *context, const struct pd_refusal *r)
{
    struct watch *w = context;
    char line[PD_REFUSAL_SIZE];
    const char *words = r->words;
    int kind = 0;
    while (kind < KINDS && w->refused[kind].rows && strcmp(w->refused[kind].words, words) != 0)
        kind++;
    if (!w->refused[kind].rows++)
        snprintf(w->refused[kind].words, sizeof w->refused[kind].words, "%s", kind < KINDS ? words : "...");
    if (w->refused[kind].rows <= REFUSALS_SHOWN || kind == KINDS)
        progress_note(&w->progress, "refused: %s", pd_refusal_words(r, line));
}

static void say_further_refusals(struct watch *w)
{
    for (int kind = 0; kind < KINDS; kind++)
        if (w->refused[kind].rows > REFUSALS_SHOWN)
            progress_note(&w->progress, "refused: %lld more row%s: %s",
                          (long long)w->refused[kind].rows - REFUSALS_SHOWN,
                          pd_plural((size_t)w->refused[kind].rows - REFUSALS_SHOWN), w->refused[kind].words);
}

/* --- the command --- */

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

/* After the protocol has filled in what was not given. */
static void note_idle(const struct args_parsed *c, const struct pd_option_table *loop,
                      struct progress *progress)
{
    const bool page = !strcmp(pd_option_get_text(loop, "oracle"), "page");
    const bool balls = asks_by(loop, "probcover"), clusters = balls || asks_by(loop, "typiclust");
    const struct {
        const char *names[2], *needs;
        bool used;
    } all[] = {
        {{"port"}, "--oracle page", page},
        {{"listen"}, "--oracle page", page},
        {{"certificate", "key"}, "--oracle page", page},
        {{"insecure"}, "--oracle page", page},
        {{"browser"}, "--oracle page", page},
        {{"people"}, "--oracle page", page},
        {{"url"}, "--oracle label-studio", !strcmp(pd_option_get_text(loop, "oracle"), "label-studio")},
        {{"candidates"}, "--diverse", *pd_option_get_text(loop, "diverse")},
        {{"measure_epochs"}, "measuring (--no-measure)", pd_option_get_bool(loop, "measure")},
        {{"balanced"}, "the strategy gold", asks_by(loop, "gold")},
        {{"clusters"}, "the strategy typiclust or probcover", clusters},
        {{"radius"}, "the strategy probcover", balls},
        {{"passes"}, "the strategy bald", asks_by(loop, "bald")}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!all[i].used)
            idle_note(c->command, c->args, all[i].names, all[i].needs, progress);
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
    note_idle(c, &c->command->groups[1], &((struct watch *)watch->context)->progress);
    status = ranks_share_trials(&c->command->groups[1], &c->command->groups[2], err);
    if (status)
        return status;
    return pd_active_start(active, news, watch, folder, size, outcome, err);
}

/* --- on a page --- */

/* What was answered there, whichever command had served it. classes: those that were added there. */
static enum pd_status hand_over(const char *folder, struct progress *progress, char classes[4096],
                                struct pd_error *err)
{
    struct pd_page_handed handed;
    const size_t used = strlen(classes);
    const enum pd_status status = pd_page_hand_over(folder, &handed, err);
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
    struct watch *w = watch->context;
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

/* --- the end --- */

/* The curves of a run that has ended. */
static enum pd_status say_end(const char *folder, const struct pd_active_outcome *out, struct pd_error *err)
{
    if (!out->measured) {
        say(stdout, "finished: labels and models are in the folders of %s\n", folder);
        return PD_OK;
    }
    char *argv[] = {(char[]){"compare"}, (char *)(uintptr_t)folder, (char[]){"--chart"},
                    (char *)(uintptr_t)out->curves, NULL};
    optind = 0; /* getopt once more */
    return command_compare(pd_library_need("cairo", NULL) ? 2 : 4, argv, err);
}

/* What a person does next. */
static void say_questions(const char *folder, const struct pd_active_outcome *out)
{
    say(stdout, "%zu image%s for a label: %s\n", out->questions, out->questions == 1 ? " waits" : "s wait",
        out->queries);
    if (out->sheet[0])
        say(stdout, "what they show: %s\n", out->sheet);
    if (out->tasks[0])
        say(stdout,
            "in Label Studio: set up a project with %s/label-studio.xml, import %s, label, export as "
            "JSON, then: paydirt active --resume %s --labels EXPORT\n",
            folder, out->tasks, folder);
    else
        say(stdout, "fill in the labels (or 'skip'), then: paydirt active --resume %s --labels %s\n", folder,
            out->queries);
}

/* What was good has been taken; what was not still shows in the exit code. */
static enum pd_status fail_refused(const struct pd_active_outcome *out, struct pd_error *err)
{
    const char *others = out->taken + out->corrected ? "the others are taken"
                         : out->again                ? "the others say nothing new"
                                                     : "none is taken";
    if (out->unanswered && out->predicted)
        return pd_fail(err, PD_ERR_FORMAT, -1,
                       "%s: no answer in it: %zu task%s with predictions alone, which are a model's: submit "
                       "annotations, and export those",
                       out->unanswered, out->predicted, pd_plural(out->predicted));
    if (out->unanswered)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: no answer in it: %zu row%s without one", out->unanswered,
                       out->blank, pd_plural(out->blank));
    if (out->refused)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%zu answer%s refused, for the reasons above; %s",
                       out->refused, out->refused == 1 ? " was" : "s were", others);
    return PD_OK;
}

static enum pd_status say_outcome(const char *folder, const char *labels, const struct pd_active_outcome *out,
                                  struct pd_error *err)
{
    enum pd_status status = PD_OK;
    if (out->corrected)
        printf("%zu answer%s corrected: %s\n", out->corrected, pd_plural(out->corrected),
               out->questions ? "the next round learns from that"
                              : "a further round would learn from that (--final)");
    if (labels[0] || out->taken || out->refused)
        printf("%zu answer%s taken, %zu refused\n", out->taken, pd_plural(out->taken), out->refused);
    if (out->questions)
        say_questions(folder, out);
    else
        status = say_end(folder, out, err);
    return status || fflush(stdout) ? status : fail_refused(out, err);
}

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
    struct watch w = {.epochs = 0};
    struct pd_active_outcome outcome;
    char folder[PD_ACTIVE_PATH], text[4096];
    const struct pd_training_watch train = {&w,           on_begin,          on_step, NULL, progress_stop,
                                            progress_say, progress_decoding, NULL};
    const struct pd_active_watch watch = {&train,      &w,           on_folder, on_round,
                                          on_measured, on_measuring, on_refused};
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
        status = hand_over(folder, &w.progress, own.add_class, err);
    const struct pd_active_news news = read_news(&c, &own);
    if (!status && own.resume[0])
        status = pd_active_resume(folder, &news, &watch, &outcome, err);
    else if (!status)
        status = begin(&c, active, &news, &watch, folder, sizeof folder, &outcome, err);
    if (!status && paged)
        status = answer_on_page(&own, folder, &watch, &outcome, err);
    progress_end(&w.progress);
    say_further_refusals(&w);
    close_page(w.page, status);
    return status ? status : say_outcome(folder, own.labels, &outcome, err);
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
