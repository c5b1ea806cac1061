/* paydirt active: rounds of training and labelling. */
#include <paydirt/active.h>
#include <paydirt/libraries.h>
#include <paydirt/select.h>
#include <paydirt/words.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/idle.h"
#include "cli/progress.h"
#include "cli/recipe.h"
#include "cli/resume.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

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
    "and go on with --resume RUN --labels FILE. With --oracle label-studio it writes tasks for Label "
    "Studio.\n"
    "Whatever was answered is kept in RUN/answers.csv; a killed run goes on with --resume.\n\n"
    "strategies:";

static const char examples[] =
    "active --data strokes --data-count 2000 --width 0.25 --epochs 2 --strategy gold --baseline random\n"
    "active --data mnist --strategy gold --init 10 --query 2 --final 18 --baseline random --trials 5\n"
    "active --data cifar10 --strategy most-confident --adversarial 4 --init 1000 --query 1000 --final 5000\n"
    "active --recipe gold-active-mnist --data-dir ./data --trials 1\n"
    "active --data ./photos --classes cat,dog,bird --strategy gold --oracle csv\n"
    "active --resume runs/00000-photos-active-gold --labels answered.csv\n"
    "active --resume runs/00000-photos-active-gold --correct wrong.csv --add-class fish --final 60";

struct own {
    char recipe[1024], like[32], resume[1024], labels[1024], correct[1024], add_class[PD_CLASS_NAME_SIZE + 1];
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
     "with --resume: one more class to answer with"},
};
#undef FIELD
enum { OWN = sizeof own_table / sizeof own_table[0] };

static const char *with_strategies(char *text, size_t size)
{
    const struct pd_strategy *s;
    size_t n = (size_t)snprintf(text, size, "%s", about);
    for (int i = 0; (s = pd_strategy_at(i)) && n < size; i++)
        if (s->score)
            n += (size_t)snprintf(text + n, size - n, "\n  %-22s %s", s->name, s->summary);
    return text;
}

/* --- what is shown --- */

struct watch {
    struct progress progress;
    uint64_t steps_per_epoch, epochs;
    char round[64]; /* "gold 2/5 round 3" */
    bool stopping, estimated;
    struct { /* refusals in the same words; the last counts all others */
        char words[sizeof((struct pd_refusal *)NULL)->words];
        int64_t rows;
    } refused[9];
};

enum { REFUSALS_SHOWN = 5, KINDS = 8 };

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
}

static bool on_decoding(void *context, const char *unit, uint64_t done, uint64_t count)
{
    return progress_decoding(&((struct watch *)context)->progress, unit, done, count);
}

static bool on_stop(void *context)
{
    struct watch *w = context;
    if (stop_asked() && !w->stopping)
        progress_line(&w->progress, "stopping: saving a checkpoint (once more to stop without)");
    w->stopping = stop_asked();
    return w->stopping;
}

static void on_note(void *context, const char *words)
{
    progress_note(&((struct watch *)context)->progress, "%s", words);
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

/* After the protocol has filled in what was not given. */
static void note_idle(const struct args_parsed *c, const struct pd_option_table *loop,
                      struct progress *progress)
{
    char word[32];
    bool gold = !strcmp(pd_option_get_text(loop, "baseline"), "gold");
    for (const char *list = pd_option_get_text(loop, "strategy"); pd_active_next_strategy(&list, word);)
        gold = gold || !strcmp(word, "gold");
    const struct {
        const char *names[2], *needs;
        bool used;
    } all[] = {
        {{"url"}, "--oracle label-studio", !strcmp(pd_option_get_text(loop, "oracle"), "label-studio")},
        {{"candidates"}, "--diverse", *pd_option_get_text(loop, "diverse")},
        {{"measure_epochs"}, "measuring (--no-measure)", pd_option_get_bool(loop, "measure")},
        {{"balanced"}, "the strategy gold", gold}};
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
    return pd_active_start(active, news, watch, folder, size, outcome, err);
}

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
    return (struct pd_active_news){.answers = or_null(own->labels),
                                   .correct = or_null(own->correct),
                                   .add_class = args_parsed_given(c, "add_class") ? own->add_class : NULL,
                                   .final = given_number(c, "final"),
                                   .query = given_number(c, "query"),
                                   .place = resume_place(c->command, c->args, &c->command->groups[2])};
}

static enum pd_status learn(struct pd_active *active, int argc, char **argv, struct pd_error *err)
{
    struct own own = {.recipe = ""};
    struct args args;
    struct watch w = {.stopping = false};
    struct pd_active_outcome outcome;
    char folder[PD_ACTIVE_PATH], text[4096];
    const struct pd_training_watch train = {&w, on_begin, on_step, NULL, on_stop, on_note, on_decoding};
    const struct pd_active_watch watch = {&train,      &w,           on_folder, on_round,
                                          on_measured, on_measuring, on_refused};
    const struct pd_option_table loop = pd_active_options(active),
                                 training = pd_active_training_options(active);
    static const char *const may_change[] = {"labels", "correct", "add_class", "final", "query", NULL};
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
    const struct pd_active_news news = read_news(&c, &own);
    stop_catch();
    snprintf(folder, sizeof folder, "%s", own.resume);
    if (own.resume[0])
        status = pd_active_resume(folder, &news, &watch, &outcome, err);
    else
        status = begin(&c, active, &news, &watch, folder, sizeof folder, &outcome, err);
    progress_end(&w.progress);
    say_further_refusals(&w);
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
