/* paydirt export: networks, samples and labels for other programs. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/idle.h"
#include "cli/progress.h"
#include "cli/real_images.h"
#include "cli/reject.h"
#include "cli/sample_set.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/active.h>
#include <paydirt/libraries.h>
#include <paydirt/onnx.h>
#include <paydirt/page.h>
#include <paydirt/words.h>

#include <stdio.h>
#include <string.h>

static const char usage[] = "RUN --onnx FILE.onnx [--onnx-discriminator FILE.onnx] [options]\n"
                            "RUN --samples FOLDER --per-class N [--reject NAME] [options]\n"
                            "ACTIVE-RUN --labels FILE.csv";

static const char about[] =
    "Writes what a run has made for other programs.\n"
    "--onnx: the generator as an ONNX model, in evaluation mode, with any number N of samples at a time:\n"
    "z float32 (N, z_dim) and labels int64 (N) in; images float32 (N, C, H, W) in [-1, 1] and pixels uint8\n"
    "(N, H, W, C) out (2-D points: images (N, 2) alone).\n"
    "--onnx-discriminator: images in; logit (N) and class_logits (N, classes) out.\n"
    "--samples: a new folder with a folder of PNG for each class, as torchvision's ImageFolder reads it, "
    "and\n"
    "manifest.csv with seed, scores and z of each. --labels: a CSV of what people have answered.";

static const char examples[] =
    "export runs/00000-strokes-infogan-gold --onnx generator.onnx --onnx-discriminator discriminator.onnx\n"
    "export runs/00000-strokes-infogan-gold --samples ./generated --per-class 500 --reject gold\n"
    "export runs/00001-photos-active-gold --labels labels.csv";

struct options {
    char onnx[1024], onnx_discriminator[1024], origin[8], samples[1024], labels[1024];
    int64_t per_class, seed, threads;
    bool recalibrate, recalibrate_given;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"onnx", PD_OPTION_TEXT, FIELD(onnx), 0, 0, "FILE.onnx", "write the generator as an ONNX model"},
    {"onnx_discriminator", PD_OPTION_TEXT, FIELD(onnx_discriminator), 0, 0, "FILE.onnx",
     "write the discriminator as an ONNX model"},
    {"origin", PD_OPTION_TEXT, FIELD(origin), 0, 0, "NAME",
     "images that the discriminator is to score: real or fake (generated)"},
    {"samples", PD_OPTION_TEXT, FIELD(samples), 0, 0, "FOLDER",
     "write samples as PNG, a folder for each class"},
    {"per_class", PD_OPTION_INT, FIELD(per_class), 1, 1000000, "N", "samples of each class"},
    {"seed", PD_OPTION_INT, FIELD(seed), 0, 9007199254740992.0, "N", "seed of z"},
    {"labels", PD_OPTION_TEXT, FIELD(labels), 0, 0, "FILE.csv",
     "write what people have answered in a run of active learning"},
    {"recalibrate", PD_OPTION_BOOL, FIELD(recalibrate), 0, 1, NULL,
     "D by its running statistics, over reals and fakes; as the run where not given"},
    {"threads", PD_OPTION_INT, FIELD(threads), 0, 1024, "N", "threads; 0: as the run"},
};
#undef FIELD

static const char *const origins[] = {[PD_ORIGIN_REAL] = "real", [PD_ORIGIN_FAKE] = "fake"};

static enum pd_origin origin_of(const struct options *o)
{
    return strcmp(o->origin, origins[PD_ORIGIN_FAKE]) ? PD_ORIGIN_REAL : PD_ORIGIN_FAKE;
}

/* --- ONNX --- */

/* What a file says of the run beside what the networks know. */
struct origin_words {
    char seed[32], step[32];
    struct pd_onnx_meta meta[2];
};

static void describe_run(struct origin_words *w, struct pd_run_model *run)
{
    const struct pd_option_table options = pd_run_options(run);
    snprintf(w->seed, sizeof w->seed, "%lld", (long long)pd_option_get_int(&options, "seed"));
    snprintf(w->step, sizeof w->step, "%llu", (unsigned long long)pd_run_step(run));
    w->meta[0] = (struct pd_onnx_meta){"seed", w->seed};
    w->meta[1] = (struct pd_onnx_meta){"step", w->step};
}

static void say_generator(const char *path, const struct pd_gan *gan)
{
    int channels, side;
    pd_gan_shape(gan, &channels, &side);
    if (side)
        say(stderr, "%s: z (N, %d), labels (N) to images (N, %d, %d, %d) and pixels (N, %d, %d, %d)\n", path,
            pd_gan_z_dim(gan), channels, side, side, side, side, channels);
    else
        say(stderr, "%s: z (N, %d), labels (N) to images (N, 2), which are points\n", path,
            pd_gan_z_dim(gan));
    say_path(path);
}

static enum pd_status write_generator(const struct options *o, struct pd_run_model *run, struct pd_error *err)
{
    struct origin_words words;
    describe_run(&words, run);
    enum pd_status status = pd_generator_write_onnx(pd_run_gan(run), words.meta, 2, o->onnx, err);
    if (!status)
        say_generator(o->onnx, pd_run_gan(run));
    return status;
}

static void say_discriminator(const char *path, const struct pd_gan *gan, enum pd_origin origin)
{
    const int64_t images = pd_gan_statistics(gan, origin);
    char by[80] = "";
    if (images)
        snprintf(by, sizeof by, ", by the statistics of %lld of them", (long long)images);
    else if (pd_gan_has_batch_norm(gan))
        snprintf(by, sizeof by, ", by running statistics over reals and fakes");
    say(stderr, "%s: images to logit (N), class_logits (N, %d); for %s images%s\n", path, pd_gan_classes(gan),
        origin == PD_ORIGIN_REAL ? "real" : "generated", by);
    say_path(path);
}

static enum pd_status write_discriminator(const struct options *o, struct pd_run_model *run,
                                          struct pd_error *err)
{
    const enum pd_origin origin = origin_of(o);
    const char *path = o->onnx_discriminator;
    struct origin_words words;
    describe_run(&words, run);
    enum pd_status status = real_recalibrate(run, origin, NULL, err);
    if (!status)
        status = pd_discriminator_write_onnx(pd_run_gan(run), origin, words.meta, 2, path, err);
    if (!status)
        say_discriminator(path, pd_run_gan(run), origin);
    return status;
}

/* --- samples --- */

static enum pd_status write_folder(const char *folder, const struct pd_sample_folder *what,
                                   const struct pd_gan *gan, struct pd_error *err)
{
    char note[PD_NOTE_SIZE];
    const struct pd_samples *s = what->samples;
    enum pd_status status = pd_samples_write_folder(folder, what, gan, note, err);
    if (status)
        return status;
    pd_note_lines(note, say_line, stderr);
    say(stderr, "%s: %lld samples of each of %d classes, seed %llu; manifest.csv has their scores and z\n",
        folder, (long long)s->per_class, s->classes, (unsigned long long)what->seed);
    say_path(folder);
    return PD_OK;
}

/* set: made. D scores by statistics of generated images. */
static enum pd_status score_and_write(const struct options *o, struct pd_run_model *run,
                                      struct sample_set *set, struct pd_error *err)
{
    struct progress progress = {.terminal = false};
    const struct pd_data_watch watch = {&progress, progress_decoding, NULL};
    enum pd_status status = sample_set_score(set, run, err);
    const struct pd_sample_folder what = {set->samples,      (uint64_t)o->seed, set->logit,
                                          set->class_logits, set->rejection.d,  &watch};
    stop_catch();
    if (!status)
        status = write_folder(o->samples, &what, pd_run_gan(run), err);
    progress_end(&progress);
    return status;
}

static enum pd_status write_samples(const struct options *o, const struct reject_options *reject,
                                    struct pd_run_model *run, struct pd_error *err)
{
    struct sample_set set = {.samples = NULL};
    enum pd_status status = sample_set_make(reject, run, o->per_class, (uint64_t)o->seed, 0, &set, err);
    if (!status)
        status = score_and_write(o, run, &set, err);
    sample_set_release(&set);
    return status;
}

/* --- labels --- */

/* What was answered on a run's page is the run's once it has gone on. */
static void say_page(const char *folder)
{
    struct pd_page_handed n;
    struct pd_error ignored;
    if (pd_page_look(folder, &n, &ignored) || n.answers + n.corrections + n.waiting + n.disputed)
        say(stderr,
            "answers that wait on the run's page are not in it: 'paydirt label %s --export csv --out FILE' "
            "has "
            "all, and 'paydirt active --resume' takes them\n",
            folder);
}

static enum pd_status write_labels(const struct options *o, const char *folder, struct pd_error *err)
{
    struct pd_labels_written n;
    char skipped[64] = "", replaced[64] = "";
    enum pd_status status = pd_active_write_labels(folder, o->labels, &n, err);
    say_page(folder);
    if (status)
        return status;
    if (n.skipped)
        snprintf(skipped, sizeof skipped, "; %zu skipped, left out", n.skipped);
    if (n.stale)
        snprintf(replaced, sizeof replaced, "; %zu replaced by later answers", n.stale);
    say(stderr, "%s: %zu label%s%s%s\n", o->labels, n.labels, pd_plural(n.labels), skipped, replaced);
    if (n.quoted)
        say(stderr,
            "%s: %zu label%s, which a spreadsheet would run as formulas, have a ' in front that is no part "
            "of "
            "the class's name\n",
            o->labels, n.quoted, pd_plural(n.quoted));
    if (n.renamed)
        say(stderr,
            "%s: some images have been renamed since the run began: image is the name by now, paydirt_image "
            "the run's\n",
            o->labels);
    if (n.unseen[0])
        say(stderr, "%s: images by the names that the run knows, without paths: %s\n", o->labels, n.unseen);
    say_path(o->labels);
    return PD_OK;
}

/* --- the command --- */

static enum pd_status check(const struct options *o, const struct reject_options *reject,
                            struct pd_error *err)
{
    const bool of_networks = o->onnx[0] || o->onnx_discriminator[0] || o->samples[0];
    if (!of_networks && !o->labels[0])
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "nothing to write: give --onnx FILE.onnx, --onnx-discriminator FILE.onnx, --samples "
                       "FOLDER, or --labels FILE.csv of a run of active learning");
    if (of_networks && o->labels[0])
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--labels is of a run of active learning, the others are of a training (one of its "
                       "rounds, RUN/STRATEGY-TRIAL/round-NN): a command for each");
    if (pd_find_word("origin", o->origin, origins, PD_ORIGINS, sizeof origins[0], err) < 0)
        return PD_ERR_USAGE;
    if (reject->method && !o->samples[0])
        return pd_fail(err, PD_ERR_USAGE, -1, "--reject chooses samples: give --samples FOLDER");
    return o->onnx[0] || o->onnx_discriminator[0] ? pd_library_need("protobuf-c", err) : PD_OK;
}

static void note_idle(const struct args_command *command, const struct args *args, const struct options *o)
{
    const bool scores = o->onnx_discriminator[0], samples = o->samples[0];
    const struct idle all[] = {{{"origin"}, "--onnx-discriminator", scores},
                               {{"per_class", "seed"}, "--samples", samples},
                               {{"recalibrate"}, "--onnx-discriminator or --samples", scores || samples}};
    struct progress progress = {.terminal = false};
    idle_note(command, args, all, sizeof all / sizeof all[0], &progress);
}

static enum pd_status export_networks(const struct options *o, const struct reject_options *reject,
                                      const char *folder, struct pd_error *err)
{
    struct pd_run_model *run;
    enum pd_status status = pd_run_open(folder, &(struct pd_where){.threads = (int)o->threads}, &run, err);
    if (status)
        return status;
    status = real_set_recalibrate(run, o->recalibrate_given, o->recalibrate, err);
    if (!status && o->samples[0])
        status = pd_sample_folder_check(o->samples, pd_run_gan(run), err);
    if (!status && o->onnx[0])
        status = write_generator(o, run, err);
    if (!status && o->onnx_discriminator[0])
        status = write_discriminator(o, run, err);
    if (!status && o->samples[0])
        status = write_samples(o, reject, run, err);
    pd_run_close(run);
    return status;
}

enum pd_status command_export(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.origin = "real", .per_class = 100, .recalibrate = true};
    struct reject_options reject;
    reject_init(&reject);
    const struct args_command command = {
        "export", usage, about,
        examples, "RUN", {{table, sizeof table / sizeof table[0], &o}, reject_group(&reject)}};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    if (!status)
        status = reject_check(&reject, &command, &args, err);
    if (!status)
        status = check(&o, &reject, err);
    if (status)
        return status;
    o.recalibrate_given = args_is_given(&command, &args, "recalibrate");
    note_idle(&command, &args, &o);
    return o.labels[0] ? write_labels(&o, args.operand, err)
                       : export_networks(&o, &reject, args.operand, err);
}
