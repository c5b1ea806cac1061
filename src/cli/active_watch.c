#include "cli/active_watch.h"

#include "cli/commands.h"
#include "cli/say.h"

#include <paydirt/libraries.h>
#include <paydirt/words.h>

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { REFUSALS_SHOWN = 5, KINDS = ACTIVE_REFUSALS - 1 };

/* --- while it works --- */

/* Once a second at most. */
static void tell_page(struct active_watch *w, const char *label)
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
    struct active_watch *w = context;
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
    struct active_watch *w = context;
    char label[96];
    snprintf(label, sizeof label, "%s epoch %llu/%llu", w->round,
             (unsigned long long)((step - 1) / w->steps_per_epoch + 1), (unsigned long long)w->epochs);
    progress_update(&w->progress, step, label);
    tell_page(w, label);
}

static void on_folder(void *context, const char *folder)
{
    progress_line(&((struct active_watch *)context)->progress, "%s", folder);
}

static void on_round(void *context, const struct pd_active_round *r)
{
    struct active_watch *w = context;
    snprintf(w->round, sizeof w->round, "%s %lld/%lld round %lld", r->strategy, (long long)r->trial,
             (long long)r->trials, (long long)r->round);
}

static void on_measured(void *context, const struct pd_active_round *r)
{
    struct active_watch *w = context;
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
    struct active_watch *w = context;
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
    struct active_watch *w = context;
    char line[PD_REFUSAL_SIZE];
    const char *words = r->words;
    int kind = 0;
    while (kind < KINDS && w->refused[kind].rows && strcmp(w->refused[kind].words, words) != 0)
        kind++;
    if (!w->refused[kind].rows++)
        snprintf(w->refused[kind].words, sizeof w->refused[kind].words, "%s", kind < KINDS ? words : "...");
    if (w->refused[kind].rows <= REFUSALS_SHOWN || kind == KINDS)
        progress_note(&w->progress, "refused: %.200s%s%s", r->file ? r->file : "", r->file ? ": " : "",
                      pd_refusal_words(r, line));
}

const struct pd_active_watch *active_watch_begin(struct active_watch *w)
{
    w->training = (struct pd_training_watch){
        w, on_begin, on_step, NULL, progress_stop, progress_say, progress_decoding, NULL};
    w->active =
        (struct pd_active_watch){&w->training, w, on_folder, on_round, on_measured, on_measuring, on_refused};
    return &w->active;
}

void active_watch_end(struct active_watch *w)
{
    progress_end(&w->progress);
    for (int kind = 0; kind < KINDS; kind++)
        if (w->refused[kind].rows > REFUSALS_SHOWN)
            progress_note(&w->progress, "refused: %lld more row%s: %s",
                          (long long)w->refused[kind].rows - REFUSALS_SHOWN,
                          pd_plural((size_t)w->refused[kind].rows - REFUSALS_SHOWN), w->refused[kind].words);
}

/* --- at the end --- */

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

enum pd_status active_say_outcome(const char *folder, const char *labels, const struct pd_active_outcome *out,
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
