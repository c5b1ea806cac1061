/* paydirt sample: pictures and arrays of generated samples. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/real.h"
#include "cli/reject.h"
#include "cli/say.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/npy.h"
#include "gan/scorer.h"

#include <stdio.h>
#include <string.h>

static const char usage[] = "RUN --grid FILE.png --npz FILE.npz [options]";

static const char about[] =
    "Generates samples of every class with the run's last checkpoint, in evaluation mode.\n"
    "--grid: a picture, one row a class (2-D points: a scatter plot over the real ones).\n"
    "--npz: images float32 (N, C, H, W) in [-1, 1] (points: (N, 2)), labels int32, z float32.\n"
    "--reject: keeps what the discriminator lets through, as many as asked for of every class; the npz then\n"
    "holds logit float32 and d float64, what it judged by, and the rates go to standard error.";

static const char examples[] =
    "sample runs/00000-strokes-infogan-gold --per-class 10 --grid grid.png --npz samples.npz\n"
    "sample runs/00000-strokes-infogan-gold --reject gold --p 0.1 --per-class 5000 --npz kept.npz";

enum { SHOWN_IMAGES = 10, SHOWN_POINTS = 500 }; /* of a class, kept and refused */

struct options {
    char grid[1024], npz[1024], rejected[1024];
    int64_t per_class, seed, threads;
    bool scores, recalibrate, recalibrate_given;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"per_class", PD_OPTION_INT, FIELD(per_class), 1, 1000000, "N", "samples of each class"},
    {"grid", PD_OPTION_TEXT, FIELD(grid), 0, 0, "FILE", "write a picture"},
    {"npz", PD_OPTION_TEXT, FIELD(npz), 0, 0, "FILE", "write NumPy arrays"},
    {"scores", PD_OPTION_BOOL, FIELD(scores), 0, 1, NULL,
     "with logit and class_logits of the discriminator in the npz"},
    {"rejected", PD_OPTION_TEXT, FIELD(rejected), 0, 0, "FILE",
     "write a picture of kept and refused samples"},
    {"seed", PD_OPTION_INT, FIELD(seed), 0, 9007199254740992.0, "N", "seed of z"},
    {"recalibrate", PD_OPTION_BOOL, FIELD(recalibrate), 0, 1, NULL,
     "D by its running statistics, over reals and fakes; as the run where not given"},
    {"threads", PD_OPTION_INT, FIELD(threads), 0, 1024, "N", "threads; 0: as the run"},
};
#undef FIELD

/* One of samples and rejection is empty. */
struct made {
    const struct options *o;
    struct pd_run_model run;
    struct pd_samples samples;
    struct pd_rejection rejection;
};

static const struct pd_samples *samples_of(const struct made *m)
{
    return m->rejection.kept.count ? &m->rejection.kept : &m->samples;
}

static enum pd_status encode_grid(const struct made *m, const struct pd_points *real, struct pd_buffer *png,
                                  struct pd_error *err)
{
    return pd_samples_picture(samples_of(m), &m->run.gan->classes, real, png, err);
}

static enum pd_status encode_rejected(const struct made *m, const struct pd_points *real,
                                      struct pd_buffer *png, struct pd_error *err)
{
    return pd_rejection_encode(&m->rejection, &m->run.gan->classes, real, png, err);
}

static enum pd_status write_picture(const char *path, const struct made *m,
                                    enum pd_status (*encode)(const struct made *, const struct pd_points *,
                                                             struct pd_buffer *, struct pd_error *),
                                    struct pd_error *err)
{
    struct pd_buffer png = PD_BUFFER_INIT;
    struct real real = {NULL, NULL, NULL, 0};
    enum pd_status status = PD_OK;
    if (samples_of(m)->shape.rank == 2)
        status = real_open(&real, &m->run, "", "", PD_SPLIT_TEST, REAL_BY_NAME, err);
    const struct pd_points points = {real.images, real.count};
    if (!status)
        status = encode(m, real.images ? &points : NULL, &png, err);
    if (!status)
        status = pd_file_write_atomic(path, png.data, png.size, err);
    pd_buffer_release(&png);
    real_close(&real);
    return status;
}

/* Scores may be NULL: left out. */
static enum pd_status write_arrays(const char *path, const struct pd_samples *s, const float *logit,
                                   const float *class_logits, const double *d, struct pd_error *err)
{
    const int64_t n = s->count, *dim = s->shape.dim;
    struct pd_io_array arrays[6] = {
        {"images", PD_IO_F32, s->shape.rank, {dim[0], dim[1], dim[2], dim[3]}, s->images},
        {"labels", PD_IO_I32, 1, {n}, s->labels},
        {"z", PD_IO_F32, 2, {n, s->z_dim}, s->z},
    };
    size_t count = 3;
    if (logit)
        arrays[count++] = (struct pd_io_array){"logit", PD_IO_F32, 1, {n}, logit};
    if (class_logits)
        arrays[count++] = (struct pd_io_array){"class_logits", PD_IO_F32, 2, {n, s->classes}, class_logits};
    if (d)
        arrays[count++] = (struct pd_io_array){"d", PD_IO_F64, 1, {n}, d};
    return pd_npz_write(path, arrays, count, false, err);
}

static enum pd_status write_npz(struct made *m, struct pd_error *err)
{
    const struct pd_samples *s = samples_of(m);
    const struct pd_rejection *r = &m->rejection;
    if (!m->o->scores)
        return write_arrays(m->o->npz, s, r->logit, NULL, r->d, err);
    float *logit = pd_calloc((size_t)s->count, sizeof *logit);
    float *class_logits = pd_calloc((size_t)s->count, (size_t)s->classes * sizeof *class_logits);
    enum pd_status status = PD_OK;
    if (!logit || !class_logits)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld scores", (long long)s->count);
    if (!status)
        status = real_recalibrate(&m->run, PD_ORIGIN_FAKE, NULL, err);
    if (!status)
        status = pd_score(m->run.gan, PD_ORIGIN_FAKE, s->images, s->count, logit, class_logits, err);
    if (!status)
        status = write_arrays(m->o->npz, s, logit, class_logits, r->d, err);
    pd_free(logit);
    pd_free(class_logits);
    return status;
}

static bool are_same(const char *file, const char *other)
{
    return file[0] && !strcmp(file, other);
}

static enum pd_status check(const struct options *o, const struct reject_options *reject,
                            struct pd_error *err)
{
    if (!o->grid[0] && !o->npz[0] && !o->rejected[0])
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "nothing to write: give --grid FILE.png, --npz FILE.npz or both");
    if (are_same(o->grid, o->npz) || are_same(o->grid, o->rejected) || are_same(o->npz, o->rejected))
        return pd_fail(err, PD_ERR_USAGE, -1, "the same file for two outputs: one would replace the other");
    if (o->scores && !o->npz[0])
        return pd_fail(err, PD_ERR_USAGE, -1, "--scores go into the arrays: give --npz FILE.npz");
    if (o->rejected[0] && !reject->method)
        return pd_fail(err, PD_ERR_USAGE, -1, "--rejected needs --reject NAME");
    return PD_OK;
}

/* Each file that is asked for, and its name on standard output once it is there. */
static enum pd_status write_files(struct made *m, struct pd_error *err)
{
    const struct options *o = m->o;
    enum pd_status status = PD_OK;
    if (o->grid[0])
        status = write_picture(o->grid, m, encode_grid, err);
    if (!status && o->grid[0])
        say_path(o->grid);
    if (!status && o->rejected[0])
        status = write_picture(o->rejected, m, encode_rejected, err);
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
    if (!m->o->rejected[0])
        return 0;
    return m->run.gan->config.size ? SHOWN_IMAGES : SHOWN_POINTS;
}

static enum pd_status sample(const struct options *o, const struct reject_options *reject, const char *folder,
                             struct pd_error *err)
{
    struct made m = {.o = o};
    const uint64_t seed = (uint64_t)o->seed;
    enum pd_status status = pd_run_read(folder, (int)o->threads, &m.run, err);
    if (status)
        return status;
    if (o->recalibrate_given)
        m.run.options.recalibrate = o->recalibrate;
    if (reject->method)
        status = reject_run(reject, &m.run, o->per_class, seed, shown(&m), &m.rejection, err);
    else
        status = pd_sample(m.run.gan, o->per_class, seed, &m.samples, err);
    if (!status)
        status = write_files(&m, err);
    pd_samples_release(&m.samples);
    pd_rejection_release(&m.rejection);
    pd_run_release(&m.run);
    return status;
}

enum pd_status command_sample(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.per_class = 10, .recalibrate = true};
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
