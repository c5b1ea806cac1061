/* paydirt train: trains, shows how far it is, and stops on Ctrl-C with a checkpoint. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/idle.h"
#include "cli/progress.h"
#include "cli/ranks.h"
#include "cli/recipe.h"
#include "cli/resume.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/metric.h>
#include <paydirt/ranks.h>
#include <paydirt/run.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "--data NAME|FOLDER [options]\n"
                            "--recipe NAME|FILE [options]\n"
                            "--resume RUN [--epochs N] [--data FOLDER]";

static const char about[] =
    "Trains an AC-GAN and keeps everything in a run folder: options.json, log.jsonl, TensorBoard events,\n"
    "sample grids and checkpoint.safetensors. Ctrl-C stops it with a checkpoint; --resume goes on, and ends\n"
    "with the same weights as a run that was never stopped. The folder's name is printed at the end.\n"
    "Several processes train together when mpirun or srun starts them: mpirun -np 4 paydirt train ...";

static const char examples[] =
    "train --data strokes --data-count 2000 --model infogan --width 0.25 --epochs 2 --gold\n"
    "train --data synthetic --epochs 20\n"
    "train --data fmnist --model infogan --labels 100 --seed 3\n"
    "train --recipe gold-cifar10 --data-dir ./data --epochs 50\n"
    "train --recipe gold-mnist --data-dir ./data --like gold-code\n"
    "train --data ./photos --size 64 --flip --random-crop\n"
    "train --data photos.zip --width 0.5\n"
    "train --data ./scans --metadata train.csv --metadata-columns image_id,dx";

struct own {
    char recipe[1024], like[32], resume[1024];
};

#define FIELD(name) offsetof(struct own, name), sizeof(((struct own *)0)->name)
static const struct pd_option own_table[] = {
    {"recipe", PD_OPTION_TEXT, FIELD(recipe), 0, 0, "NAME", RECIPE_HELP},
    {"like", PD_OPTION_TEXT, FIELD(like), 0, 0, "NAME", LIKE_HELP},
    {"resume", PD_OPTION_TEXT, FIELD(resume), 0, 0, "RUN",
     "go on with this run; with it only --epochs, --device, --precision, and, where the data were moved, "
     "--data, --data-dir, --cache-dir, --metadata"},
};
#undef FIELD

/* --- what is shown --- */

#define LARGE_CHECKPOINT 5e8 /* bytes */

struct watch {
    struct progress progress; /* first: the context of its functions */
    uint64_t steps_per_epoch, epochs;
    bool all_labelled; /* so that there is nothing to guess */
    struct args_parsed parsed;
    char folder[1024];
};

static void on_begin(void *context, const struct pd_training_begin *b)
{
    struct watch *w = context;
    char words[128];
    w->steps_per_epoch = b->steps_per_epoch;
    w->epochs = b->last_step / b->steps_per_epoch;
    progress_begin(&w->progress, b->first_step, b->last_step, b->batch, "images");
    progress_line(&w->progress, "%s: step %llu to %llu, %llu steps an epoch", b->folder,
                  (unsigned long long)b->first_step, (unsigned long long)b->last_step,
                  (unsigned long long)b->steps_per_epoch);
    const double times = round((double)b->steps_per_epoch * b->batch) / (double)b->images;
    if (times > 1)
        progress_line(&w->progress,
                      "few images: each of the %llu comes about %.3g times an epoch (--min-epoch)",
                      (unsigned long long)b->images, times);
    w->all_labelled = b->labelled == b->images;
    if (w->all_labelled)
        idle_note_labelled(w->parsed.command, w->parsed.args, b->left_out, &w->progress);
    progress_line(&w->progress, "estimate: %s%s",
                  pd_estimate_words(&b->estimate, b->last_step - b->first_step, words, sizeof words),
                  b->estimate.checkpoint > LARGE_CHECKPOINT ? "; half the --width makes them about a quarter"
                                                            : "");
    if (b->step_cost > 1)
        progress_line(&w->progress,
                      "adversarial sampling: a step costs %.2f times the operations of a plain one",
                      b->step_cost);
}

static void on_step(void *context, uint64_t step)
{
    struct watch *w = context;
    char label[32];
    snprintf(label, sizeof label, "epoch %llu/%llu",
             (unsigned long long)((step - 1) / w->steps_per_epoch + 1), (unsigned long long)w->epochs);
    progress_update(&w->progress, step, label);
}

static void on_epoch(void *context, const struct pd_training_epoch *e)
{
    struct watch *w = context;
    char generator[64] = "no step of G", validation[64] = "", sure[64] = "", rotation[64] = "", left[48];
    if (!isnan(e->g_adv))
        snprintf(generator, sizeof generator, "g_adv %.3f  g_cls %.3f", e->g_adv, e->g_cls);
    if (!isnan(e->sure) && !w->all_labelled)
        snprintf(sure, sizeof sure, "  d_guess %.3f  sure %.0f %%", e->d_guess, 100 * e->sure);
    if (!isnan(e->d_rotation))
        snprintf(rotation, sizeof rotation, "  d_rotation %.3f", e->d_rotation);
    if (e->metric)
        snprintf(validation, sizeof validation, "  validation %.2f%s", e->metric->scale * e->validation,
                 e->metric->unit);
    progress_line(&w->progress,
                  "epoch %llu/%llu  step %llu  d_adv %.3f  d_cls_real %.3f  d_cls_fake %.3f  %s  "
                  "mean_d %.3f%s%s%s  %.0f images/s  %s",
                  (unsigned long long)e->epoch, (unsigned long long)w->epochs, (unsigned long long)e->step,
                  e->d_adv, e->d_cls_real, e->d_cls_fake, generator, e->mean_d, sure, rotation, validation,
                  e->images_per_second, progress_left(&w->progress, left, sizeof left));
}

/* --- the command --- */

static enum pd_status check_new(const struct pd_option_table *options, struct pd_error *err)
{
    if (!*pd_option_get_text(options, "data"))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--data is missing: the name of a data set or a folder of images; 'paydirt train "
                       "--help' has examples");
    return PD_OK;
}

static enum pd_status resume(const char *folder, const struct pd_run_change *change, struct watch *w,
                             const struct pd_training_watch *watch, struct pd_error *err)
{
    snprintf(w->folder, sizeof w->folder, "%s", folder);
    return pd_run_resume(folder, change, watch, err);
}

static enum pd_status train(struct pd_training *training, struct pd_ranks **ranks, int argc, char **argv,
                            struct pd_error *err)
{
    struct own own = {.recipe = ""};
    struct args args;
    struct watch w = {.epochs = 0};
    char text[2048];
    const struct pd_option_table options = pd_training_options(training);
    static const char *const may_change[] = {"epochs", "device", "precision", NULL};
    const struct args_command command = {
        "train",  usage, args_with_models(text, sizeof text, about),
        examples, NULL,  {{own_table, sizeof own_table / sizeof own_table[0], &own}, options}};
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    if (!own.resume[0])
        status = recipe_take_like(own.like, &command, &args, err);
    if (!status && own.recipe[0] && !own.resume[0])
        status = recipe_take(own.recipe, &command, &args, err);
    if (!status)
        status = own.resume[0] ? resume_check(&command, &args, may_change, err) : check_new(&options, err);
    if (status)
        return status;
    const struct pd_run_change change = {
        args_is_given(&command, &args, "epochs") ? pd_option_get_int(&options, "epochs") : 0,
        resume_place(&command, &args, &options),
        args_is_given(&command, &args, "device") ? pd_option_get_text(&options, "device") : NULL,
        args_is_given(&command, &args, "precision") ? pd_option_get_text(&options, "precision") : NULL};
    w.parsed = (struct args_parsed){&command, &args};
    stop_catch();
    status = pd_ranks_open(ranks, err);
    if (status)
        return status;
    const bool first = pd_ranks_rank(*ranks) == 0;
    const struct pd_training_watch all = {&w,           on_begin,          on_step, on_epoch, progress_stop,
                                          progress_say, progress_decoding, *ranks},
                                   others = {.context = &w, .stop = progress_stop, .ranks = *ranks};
    const struct pd_training_watch *watch = first ? &all : &others;
    if (own.resume[0])
        status = resume(own.resume, &change, &w, watch, err);
    else {
        if (first)
            idle_note_training(&command, &args, &options, &w.progress);
        status = pd_run_start(training, watch, w.folder, sizeof w.folder, err);
    }
    progress_end(&w.progress);
    if (!status && first)
        say_path(w.folder);
    return status;
}

enum pd_status command_train(int argc, char **argv, struct pd_error *err)
{
    struct pd_training *training;
    struct pd_ranks *ranks = NULL;
    enum pd_status status = pd_training_create(&training, err);
    if (!status)
        status = train(training, &ranks, argc, argv, err);
    pd_training_destroy(training);
    ranks_end("train", ranks, status, err);
    return status;
}
