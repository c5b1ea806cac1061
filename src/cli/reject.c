#include "cli/reject.h"

#include "cli/idle.h"
#include "cli/progress.h"
#include "cli/real_images.h"
#include "cli/stop.h"

#include <paydirt/words.h>

#include <stdio.h>
#include <string.h>

#define FIELD(name) offsetof(struct reject_options, name), sizeof(((struct reject_options *)0)->name)
static const struct pd_option table[] = {
    {"reject", PD_OPTION_TEXT, FIELD(reject), 0, 0, "NAME",
     "keep what this lets through: gold, drs, obrs, mh, top-k"},
    {"p", PD_OPTION_REAL, FIELD(p), 0, 1, "X", "larger keeps fewer; 3-channel images: 0.5 where not given"},
    {"keep", PD_OPTION_REAL, FIELD(keep), 0, 1, "X",
     "instead of -p: this part of the candidates, on average; obrs: 0.5 where not given"},
    {"balanced", PD_OPTION_BOOL, FIELD(balanced), 0, 1, NULL,
     "weigh both terms alike, as mh does without --balanced"},
    {"sigma", PD_OPTION_TEXT, FIELD(sigma), 0, 0, "NAME", "spread of the conditional term: std or rms"},
    {"bound", PD_OPTION_TEXT, FIELD(bound), 0, 0, "NAME",
     "gold, drs: M by the whole estimate, or by its marginal term: estimate or marginal"},
    {"epsilon", PD_OPTION_REAL, FIELD(epsilon), 0, 1, "X",
     "gold, drs: joins the acceptance probability before its logarithm"},
    {"pooled", PD_OPTION_BOOL, FIELD(pooled), 0, 1, NULL, "each class learns from the samples of all"},
    {"burn_in", PD_OPTION_INT, FIELD(burn_in), 1, 100000000, "N", "samples of each class scored first"},
    {"block", PD_OPTION_INT, FIELD(block), 1, 1000000, "N", "candidates judged together"},
    {"chain", PD_OPTION_INT, FIELD(chain), 1, 100000000, "N", "mh: candidates in a chain"},
    {"calibrate", PD_OPTION_BOOL, FIELD(calibrate), 0, 1, NULL, "mh: take the logit as it is"},
    {"real", PD_OPTION_TEXT, FIELD(real), 0, 0, "NAME",
     "mh: real images of train, validation or test; by default held-out ones where the run has them, else "
     "train"},
    {"least_rate", PD_OPTION_REAL, FIELD(least_rate), 0, 1, "X", "give up a class that keeps fewer"},
};
#undef FIELD

enum { OPTIONS = sizeof table / sizeof table[0] };

static const char *const sigmas[] = {[PD_SIGMA_STD] = "std", [PD_SIGMA_RMS] = "rms"};
static const char *const bounds[] = {[PD_BOUND_ESTIMATE] = "estimate", [PD_BOUND_MARGINAL] = "marginal"};
static const char *const reals[] = {"train", "validation", "test"};

void reject_init(struct reject_options *o)
{
    const struct pd_rejection_options d = pd_rejection_defaults(pd_reject_method_at(0), NULL);
    *o = (struct reject_options){.sigma = "std",
                                 .bound = "estimate",
                                 .p = d.how.p,
                                 .least_rate = d.least_rate,
                                 .chain = d.how.chain,
                                 .burn_in = d.burn_in,
                                 .block = d.block,
                                 .balanced = true,
                                 .calibrate = true};
}

struct pd_option_table reject_group(struct reject_options *o)
{
    return (struct pd_option_table){table, OPTIONS, o};
}

static int place_of(const char *word, const char *const words[2])
{
    return !strcmp(word, words[1]);
}

/* What the part kept follows from. */
static enum pd_status check_part(struct reject_options *o, const struct args_command *command,
                                 const struct args *args, struct pd_error *err)
{
    const struct pd_reject_method *m = o->method;
    const bool given = args_is_given(command, args, "keep");
    if (given && !m->takes_keep)
        return pd_fail(err, PD_ERR_USAGE, -1, "--keep is not for %s", m->name);
    if (given && !(o->keep > 0))
        return pd_fail(err, PD_ERR_USAGE, -1, "--keep '%g': expected a number above 0 up to 1", o->keep);
    if (given && o->p_given)
        return pd_fail(err, PD_ERR_USAGE, -1, "-p and --keep both say how much is kept: only one of them");
    if (!given)
        o->keep = m->keep;
    return PD_OK;
}

static void note_idle(const struct reject_options *o, const struct args_command *command,
                      const struct args *args)
{
    const struct pd_reject_method *m = o->method;
    const bool blocks = m->takes_keep && !(m->keep > 0), bounds_m = blocks && m->settle;
    const bool balanced = o->balanced_given ? o->balanced : m->balanced;
    const struct idle all[] = {{{"p", "block"}, "--reject gold, drs or top-k", blocks},
                               {{"bound", "epsilon"}, "--reject gold or drs", bounds_m},
                               {{"balanced"}, "--reject gold, mh or top-k", m->uses_k},
                               {{"sigma"}, "balanced terms of gold, top-k or mh", m->uses_k && balanced},
                               {{"chain", "calibrate", "real"}, "--reject mh", m->uses_real}};
    struct progress progress = {.terminal = false};
    idle_note(command, args, all, sizeof all / sizeof all[0], &progress);
}

enum pd_status reject_check(struct reject_options *o, const struct args_command *command,
                            const struct args *args, struct pd_error *err)
{
    char flag[40];
    for (int i = 1; i < OPTIONS && !o->reject[0]; i++)
        if (args_is_typed(command, args, table[i].name))
            return pd_fail(err, PD_ERR_USAGE, -1, "--%s needs --reject NAME",
                           pd_option_flag(&table[i], flag, sizeof flag));
    if (!o->reject[0])
        return PD_OK;
    o->method = pd_reject_method_find(o->reject, err);
    if (!o->method)
        return PD_ERR_USAGE;
    o->p_given = args_is_given(command, args, "p");
    enum pd_status status = check_part(o, command, args, err);
    if (status)
        return status;
    o->balanced_given = args_is_given(command, args, "balanced");
    note_idle(o, command, args);
    const bool known = pd_find_word("sigma", o->sigma, sigmas, 2, sizeof sigmas[0], err) >= 0 &&
                       pd_find_word("bound", o->bound, bounds, 2, sizeof bounds[0], err) >= 0 &&
                       (!o->real[0] || pd_find_word("split", o->real, reals, 3, sizeof reals[0], err) >= 0);
    return known ? PD_OK : PD_ERR_USAGE;
}

double reject_p(const struct reject_options *o, const struct pd_gan *gan)
{
    return o->p_given ? o->p : pd_rejection_defaults(o->method, gan).how.p;
}

/* --- real images --- */

const char *reject_real(const struct reject_options *o, struct pd_run_model *run)
{
    const struct pd_option_table options = pd_run_options(run);
    return o->real[0] ? o->real : pd_option_get_int(&options, "validation") ? "validation" : "train";
}

/* The real images that a method learns from, and D ready to score such. */
static enum pd_status open_training(struct pd_run_model *run, enum pd_run_images which,
                                    struct pd_real_images *out, struct pd_error *err)
{
    struct pd_dataset *data;
    enum pd_status status = real_training(run, &data, err);
    if (!status)
        status = real_recalibrate(run, PD_ORIGIN_REAL, data, err);
    if (!status)
        status = pd_run_images(run, data, which, out, err);
    pd_dataset_destroy(data);
    return status;
}

static enum pd_status open_test(struct pd_run_model *run, struct pd_real_images *out, struct pd_error *err)
{
    struct pd_dataset *data = NULL;
    enum pd_status status = real_recalibrate(run, PD_ORIGIN_REAL, NULL, err);
    if (!status)
        status = real_open(run, NULL, PD_SPLIT_TEST, PD_RUN_LABELS_BY_NAME, &data, err);
    if (!status)
        status = pd_run_images(run, data, PD_RUN_IMAGES_ALL, out, err);
    pd_dataset_destroy(data);
    return status;
}

static enum pd_status open_real(const char *name, struct pd_run_model *run, struct pd_real_images *out,
                                struct pd_error *err)
{
    const enum pd_run_images which =
        strcmp(name, "validation") ? PD_RUN_IMAGES_LABELLED : PD_RUN_IMAGES_HELD_OUT;
    enum pd_status status =
        strcmp(name, "test") ? open_training(run, which, out, err) : open_test(run, out, err);
    if (!status && !out->count)
        status = pd_fail(err, PD_ERR_USAGE, -1, "--real %s: the run has no such images with a label", name);
    return status;
}

/* --- the run --- */

static void on_progress(void *context, int label, int64_t at)
{
    char words[32];
    snprintf(words, sizeof words, "class %d", label);
    progress_update(context, (uint64_t)at, words);
}

static void print_rates(const struct pd_rejection *r)
{
    int64_t tried = 0;
    fprintf(stderr, "class      kept      tried     rate\n");
    for (int c = 0; c < r->kept.classes; c++) {
        const int64_t n = r->classes[c].tried;
        fprintf(stderr, "%5d %9lld %10lld %6.2f %%\n", c, (long long)r->kept.per_class, (long long)n,
                100 * (double)r->kept.per_class / (double)n);
        tried += n;
    }
    fprintf(stderr, "  all %9lld %10lld %6.2f %%\n", (long long)r->kept.count, (long long)tried,
            100 * (double)r->kept.count / (double)tried);
}

static struct pd_rejection_options rejection_of(const struct reject_options *o, const struct pd_gan *gan,
                                                int64_t per_class, uint64_t seed, int64_t show)
{
    struct pd_rejection_options r = pd_rejection_defaults(o->method, gan);
    r.how = (struct pd_reject_options){
        .p = reject_p(o, gan),
        .keep = o->keep,
        .balanced = o->balanced_given ? o->balanced : o->method->balanced,
        .sigma = (enum pd_sigma)place_of(o->sigma, sigmas),
        .bound = (enum pd_reject_bound)place_of(o->bound, bounds),
        .epsilon = o->epsilon,
        .chain = o->chain,
        .calibrate = o->calibrate,
        .seed = seed,
    };
    r.per_class = per_class;
    r.burn_in = o->burn_in;
    r.pooled = o->pooled;
    r.block = o->block;
    r.least_rate = o->least_rate;
    r.show = show;
    r.progress = on_progress;
    r.stop = stop_callback;
    return r;
}

enum pd_status reject_run(const struct reject_options *o, struct pd_run_model *run, int64_t per_class,
                          uint64_t seed, int64_t show, struct pd_rejection *out, struct pd_error *err)
{
    struct pd_gan *gan = pd_run_gan(run);
    struct pd_rejection_options r = rejection_of(o, gan, per_class, seed, show);
    struct pd_real_images real = {NULL, NULL, 0};
    struct progress progress = {.terminal = false};
    enum pd_status status = real_recalibrate(run, PD_ORIGIN_FAKE, NULL, err);
    if (!status && o->method->uses_real)
        status = open_real(reject_real(o, run), run, &real, err);
    r.context = &progress;
    r.real = real.images;
    r.real_labels = real.labels;
    r.real_count = real.count;
    if (!status) {
        stop_catch();
        progress_begin(&progress, 0, (uint64_t)(pd_gan_classes(gan) * (r.burn_in + per_class)), 1, "samples");
        progress_line(&progress, "%s: %lld samples of each class, after %lld to learn from", o->method->name,
                      (long long)per_class, (long long)r.burn_in);
        if (o->method->uses_real)
            progress_line(&progress, "%s: by %lld real images of %s", o->method->name, (long long)real.count,
                          reject_real(o, run));
        status = pd_reject(gan, &r, out, err);
        progress_end(&progress);
    }
    if (!status)
        print_rates(out);
    pd_real_images_release(&real);
    return status;
}
