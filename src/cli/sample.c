/* paydirt sample: pictures and arrays of generated samples. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/real.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/npy.h"
#include "train/run.h"

#include <stdio.h>
#include <string.h>

static const char usage[] = "RUN --grid FILE.png --npz FILE.npz [options]";

static const char about[] =
    "Generates samples of every class with the run's last checkpoint, in evaluation mode.\n"
    "--grid: a picture, one row a class (2-D points: a scatter plot over the real ones).\n"
    "--npz: images float32 (N, C, H, W) in [-1, 1] (points: (N, 2)), labels int32, z float32.";

static const char examples[] =
    "sample runs/00000-strokes-infogan-gold --per-class 10 --grid grid.png --npz samples.npz";

struct options {
    char grid[1024], npz[1024];
    int64_t per_class, seed, threads;
    bool scores;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"per_class", PD_OPTION_INT, FIELD(per_class), 1, 1000000, "N", "samples of each class"},
    {"grid", PD_OPTION_TEXT, FIELD(grid), 0, 0, "FILE", "write a picture"},
    {"npz", PD_OPTION_TEXT, FIELD(npz), 0, 0, "FILE", "write NumPy arrays"},
    {"scores", PD_OPTION_BOOL, FIELD(scores), 0, 1, NULL,
     "with logit and class_logits of the discriminator in the npz"},
    {"seed", PD_OPTION_INT, FIELD(seed), 0, 9007199254740992.0, "N", "seed of z"},
    {"threads", PD_OPTION_INT, FIELD(threads), 0, 1024, "N", "threads; 0: as the run"},
};
#undef FIELD

static enum pd_status write_grid(const char *path, const struct pd_samples *s, const struct pd_run_model *run,
                                 struct pd_error *err)
{
    struct pd_buffer png = PD_BUFFER_INIT;
    struct real real = {NULL, NULL, NULL, 0};
    enum pd_status status = PD_OK;
    if (s->shape.rank == 2)
        status = real_open(&real, run, "", "", PD_SPLIT_TEST, err);
    const struct pd_points points = {real.images, real.count};
    if (!status)
        status = pd_samples_encode(s, real.images ? &points : NULL, &png, err);
    if (!status)
        status = pd_file_write_atomic(path, png.data, png.size, err);
    pd_buffer_release(&png);
    real_close(&real);
    return status;
}

/* class_logits NULL: without scores */
static enum pd_status write_arrays(const char *path, const struct pd_samples *s, const float *logit,
                                   const float *class_logits, struct pd_error *err)
{
    const int64_t n = s->count, *d = s->shape.dim;
    const struct pd_io_array arrays[] = {
        {"images", PD_IO_F32, s->shape.rank, {d[0], d[1], d[2], d[3]}, s->images},
        {"labels", PD_IO_I32, 1, {n}, s->labels},
        {"z", PD_IO_F32, 2, {n, s->z_dim}, s->z},
        {"logit", PD_IO_F32, 1, {n}, logit},
        {"class_logits", PD_IO_F32, 2, {n, s->classes}, class_logits},
    };
    return pd_npz_write(path, arrays, class_logits ? 5 : 3, false, err);
}

static enum pd_status write_npz(const struct options *o, const struct pd_samples *s, struct pd_gan *gan,
                                struct pd_error *err)
{
    if (!o->scores)
        return write_arrays(o->npz, s, NULL, NULL, err);
    float *logit = pd_calloc((size_t)s->count, sizeof *logit);
    float *class_logits = pd_calloc((size_t)s->count, (size_t)s->classes * sizeof *class_logits);
    enum pd_status status = PD_OK;
    if (!logit || !class_logits)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld scores", (long long)s->count);
    if (!status)
        status = pd_score(gan, s->images, s->count, logit, class_logits, err);
    if (!status)
        status = write_arrays(o->npz, s, logit, class_logits, err);
    pd_free(logit);
    pd_free(class_logits);
    return status;
}

static enum pd_status check(const struct options *o, struct pd_error *err)
{
    if (!o->grid[0] && !o->npz[0])
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "nothing to write: give --grid FILE.png, --npz FILE.npz or both");
    if (o->scores && !o->npz[0])
        return pd_fail(err, PD_ERR_USAGE, -1, "--scores go into the arrays: give --npz FILE.npz");
    return PD_OK;
}

static enum pd_status sample(const struct options *o, const char *folder, struct pd_error *err)
{
    struct pd_run_model run;
    struct pd_samples s;
    enum pd_status status = pd_run_open(folder, (int)o->threads, &run, err);
    if (status)
        return status;
    status = pd_sample(run.gan, o->per_class, (uint64_t)o->seed, &s, err);
    if (!status && o->grid[0])
        status = write_grid(o->grid, &s, &run, err);
    if (!status && o->grid[0])
        printf("%s\n", o->grid);
    if (!status && o->npz[0])
        status = write_npz(o, &s, run.gan, err);
    if (!status && o->npz[0])
        printf("%s\n", o->npz);
    pd_samples_release(&s);
    pd_run_close(&run);
    return status;
}

enum pd_status command_sample(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.per_class = 10};
    const struct args_command command = {
        "sample", usage, about,
        examples, "RUN", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    if (!status)
        status = check(&o, err);
    return status ? status : sample(&o, args.operand, err);
}
