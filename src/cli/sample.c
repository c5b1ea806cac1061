/* paydirt sample: pictures and arrays of generated samples. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/real_images.h"
#include "cli/sample_set.h"
#include "cli/say.h"
#include "cli/where.h"

#include <paydirt/libraries.h>
#include <paydirt/pictures.h>
#include <paydirt/select.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "RUN --grid FILE.png --npz FILE.npz [options]";

static const char about[] =
    "Generates samples of every class with the run's last checkpoint, in evaluation mode.\n"
    "--grid: a picture, one row a class (2-D points: a scatter plot over the real ones).\n"
    "--npz: images float32 (N, C, H, W) in [-1, 1] (points: (N, 2)), labels int32, z float32.\n"
    "--sheet: those with the highest marginal and conditional term and GOLD; from --per-class 1000, say.\n"
    "--reject: keeps what the discriminator lets through, as many as asked for of every class; the npz then\n"
    "holds logit float32 and d float64, what it judged by, and the rates go to standard error.";

static const char examples[] =
    "sample runs/00000-strokes-infogan-gold --per-class 10 --grid grid.png --npz samples.npz\n"
    "sample runs/00000-strokes-infogan-gold --reject gold --p 0.1 --per-class 5000 --npz kept.npz\n"
    "sample runs/00000-strokes-infogan-gold --per-class 1000 --sheet sheet.png";

enum { SHOWN_IMAGES = 10, SHOWN_POINTS = 500 }; /* of a class, kept and refused */

struct options {
    char grid[1024], npz[1024], sheet[1024], rejected[1024];
    int64_t per_class, columns, seed;
    struct where_options where;
    bool scores, recalibrate, recalibrate_given;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"per_class", PD_OPTION_INT, FIELD(per_class), 1, 1000000, "N", "samples of each class"},
    {"grid", PD_OPTION_TEXT, FIELD(grid), 0, 0, "FILE.png", "write a picture"},
    {"npz", PD_OPTION_TEXT, FIELD(npz), 0, 0, "FILE.npz", "write NumPy arrays"},
    {"scores", PD_OPTION_BOOL, FIELD(scores), 0, 1, NULL,
     "with logit and class_logits of the discriminator in the npz"},
    {"sheet", PD_OPTION_TEXT, FIELD(sheet), 0, 0, "FILE.png",
     "write a picture of those with the highest m, k and GOLD"},
    {"columns", PD_OPTION_INT, FIELD(columns), 1, 100, "N", "samples in a row of it"},
    {"rejected", PD_OPTION_TEXT, FIELD(rejected), 0, 0, "FILE.png",
     "write a picture of kept and refused samples"},
    {"seed", PD_OPTION_INT, FIELD(seed), 0, 9007199254740992.0, "N", "seed of z"},
    {"recalibrate", PD_OPTION_BOOL, FIELD(recalibrate), 0, 1, NULL,
     "D by its running statistics, over reals and fakes; as the run where not given"},
    WHERE_OPTIONS(struct options),
};
#undef FIELD

struct made {
    const struct options *o;
    struct pd_run_model *run;
    struct sample_set set;
};

static enum pd_status draw_grid(const char *path, const struct made *m, const struct pd_dataset *real,
                                struct pd_error *err)
{
    return pd_samples_draw(path, m->set.samples, pd_run_gan(m->run), real, err);
}

static enum pd_status draw_rejected(const char *path, const struct made *m, const struct pd_dataset *real,
                                    struct pd_error *err)
{
    return pd_rejection_draw(path, &m->set.rejection, pd_run_gan(m->run), real, err);
}

static enum pd_status write_picture(const char *path, const struct made *m,
                                    enum pd_status (*draw)(const char *, const struct made *,
                                                           const struct pd_dataset *, struct pd_error *),
                                    struct pd_error *err)
{
    struct pd_dataset *real = NULL;
    enum pd_status status = PD_OK;
    if (m->set.samples->shape.rank == 2)
        status = real_open(m->run, NULL, PD_SPLIT_TEST, PD_RUN_LABELS_BY_NAME, &real, err);
    if (!status)
        status = draw(path, m, real, err);
    pd_dataset_destroy(real);
    return status;
}

/* They are shown as a data set's images are. */
static enum pd_status open_samples(const struct pd_samples *s, const struct pd_gan *gan,
                                   struct pd_dataset **out, struct pd_error *err)
{
    char(*names)[PD_CLASS_NAME_SIZE] = calloc((size_t)s->classes, sizeof *names);
    const char **words = calloc((size_t)s->classes, sizeof *words);
    const int64_t *dim = s->shape.dim;
    enum pd_status status = PD_OK;
    if (!names || !words)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the names of %d classes", s->classes);
    for (int c = 0; !status && c < s->classes; c++)
        words[c] = pd_gan_class_name(gan, c, names[c], sizeof names[c]);
    const struct pd_data_arrays arrays = {.n = s->count,
                                          .channels = (int)dim[1],
                                          .height = (int)dim[2],
                                          .width = (int)dim[3],
                                          .f32 = s->images,
                                          .labels = s->labels,
                                          .classes = s->classes,
                                          .class_names = words};
    if (!status)
        status = pd_dataset_from_arrays(&arrays, out, err);
    free(names);
    free(words);
    return status;
}

/* GOLD figure 2, its upper half. */
static enum pd_status draw_sheet(const struct made *m, struct pd_error *err)
{
    const struct sample_set *s = &m->set;
    const int64_t n = s->samples->count;
    const struct pd_gold_input in = {
        n, s->samples->classes, s->logit, s->class_logits, s->samples->labels, PD_GOLD_GENERATED};
    struct pd_dataset *data = NULL;
    double *k = calloc((size_t)n, 2 * sizeof *k);
    enum pd_status status =
        k ? open_samples(s->samples, pd_run_gan(m->run), &data, err)
          : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld scores", (long long)n);
    if (!status)
        status = pd_gold_conditional(&in, k, err);
    if (!status) {
        pd_gold_estimate(n, s->logit, k, 1, k + n);
        const struct pd_scored scored = {data,     n, NULL, s->samples->classes, s->class_logits,
                                         s->logit, k, k + n};
        status = pd_picture_gold(m->o->sheet, &scored, m->o->columns, NULL, err);
    }
    pd_dataset_destroy(data);
    free(k);
    return status;
}

static enum pd_status write_npz(struct made *m, struct pd_error *err)
{
    struct sample_set *s = &m->set;
    const bool scores = m->o->scores;
    return pd_samples_write(m->o->npz, s->samples, pd_run_gan(m->run), scores ? s->logit : s->rejection.logit,
                            scores ? s->class_logits : NULL, s->rejection.d, err);
}

static enum pd_status check(const struct options *o, const struct reject_options *reject,
                            struct pd_error *err)
{
    if (!o->grid[0] && !o->npz[0] && !o->sheet[0] && !o->rejected[0])
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "nothing to write: give --grid FILE.png, --npz FILE.npz or both");
    if (o->scores && !o->npz[0])
        return pd_fail(err, PD_ERR_USAGE, -1, "--scores go into the arrays: give --npz FILE.npz");
    if (o->rejected[0] && !reject->method)
        return pd_fail(err, PD_ERR_USAGE, -1, "--rejected needs --reject NAME");
    return PD_OK;
}

/* Before the work. */
static enum pd_status check_sheet(const struct options *o, const struct pd_gan *gan, struct pd_error *err)
{
    int channels, side;
    pd_gan_shape(gan, &channels, &side);
    if (!o->sheet[0])
        return PD_OK;
    return side ? pd_library_need("cairo", err)
                : pd_fail(err, PD_ERR_USAGE, -1, "--sheet shows images, and the run makes 2-D points");
}

/* Each file that is asked for, and its name on standard output once it is there. */
static enum pd_status write_files(struct made *m, struct pd_error *err)
{
    const struct options *o = m->o;
    enum pd_status status = PD_OK;
    if (o->grid[0])
        status = write_picture(o->grid, m, draw_grid, err);
    if (!status && o->grid[0])
        say_path(o->grid);
    if (!status && (o->scores || o->sheet[0]))
        status = sample_set_score(&m->set, m->run, err);
    if (!status && o->sheet[0])
        status = draw_sheet(m, err);
    if (!status && o->sheet[0])
        say_path(o->sheet);
    if (!status && o->rejected[0])
        status = write_picture(o->rejected, m, draw_rejected, err);
    if (!status && o->rejected[0])
        say_path(o->rejected);
    if (!status && o->npz[0])
        status = write_npz(m, err);
    if (!status && o->npz[0])
        say_path(o->npz);
    return status;
}

/* Refused candidates of a class in the picture. */
static int64_t shown(const struct made *m)
{
    int channels, side;
    if (!m->o->rejected[0])
        return 0;
    pd_gan_shape(pd_run_gan(m->run), &channels, &side);
    return side ? SHOWN_IMAGES : SHOWN_POINTS;
}

static enum pd_status sample(const struct options *o, const struct reject_options *reject, const char *folder,
                             struct pd_error *err)
{
    struct made m = {.o = o};
    enum pd_status status = where_open(&o->where, folder, &m.run, err);
    if (!status)
        status = check_sheet(o, pd_run_gan(m.run), err);
    if (!status)
        status = real_set_recalibrate(m.run, o->recalibrate_given, o->recalibrate, err);
    if (!status)
        status = sample_set_make(reject, m.run, o->per_class, (uint64_t)o->seed, shown(&m), &m.set, err);
    if (!status)
        status = write_files(&m, err);
    sample_set_release(&m.set);
    pd_run_close(m.run);
    return status;
}

enum pd_status command_sample(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.per_class = 10, .columns = 10, .recalibrate = true, .where = WHERE_DEFAULTS};
    struct reject_options reject;
    reject_init(&reject);
    const struct args_command command = {
        "sample", usage, about,
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
    o.recalibrate_given = args_is_given(&command, &args, "recalibrate");
    return status ? status : sample(&o, &reject, args.operand, err);
}
