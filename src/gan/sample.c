#include "gan/sample.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"
#include "data/labels/class_names.h"
#include "io/chart.h"
#include "io/level.h"
#include "io/machine.h"
#include "io/png.h"
#include "io/scatter.h"
#include "gan/gan_parts.h"
#include "gan/sampler.h"

#include <stdio.h>
#include <string.h>

enum { BATCH = 100 };

enum pd_status pd_samples_fit(const struct pd_gan *gan, int64_t count, struct pd_error *err)
{
    const double each = (double)(pd_gan_image_size(gan) + gan->config.z_dim + 1) * sizeof(float);
    const double need = each * (double)count, have = pd_memory_free();
    return need <= have ? PD_OK
                        : pd_fail(err, PD_ERR_MEMORY, -1,
                                  "out of memory for %lld samples: they take %.3g GB, and %.3g GB are free",
                                  (long long)count, 1e-9 * need, 1e-9 * have);
}

static enum pd_status reserve(struct pd_samples *s, struct pd_error *err)
{
    s->images = pd_malloc((size_t)pd_shape_count(s->shape) * sizeof *s->images);
    s->z = pd_malloc((size_t)(s->count * s->z_dim) * sizeof *s->z);
    s->labels = pd_malloc((size_t)s->count * sizeof *s->labels);
    if (s->images && s->z && s->labels)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld samples", (long long)s->count);
}

static void draw_noise(struct pd_samples *s, uint64_t seed)
{
    for (int64_t i = 0; i < s->count; i++) {
        s->labels[i] = (int32_t)(i / s->per_class);
        pd_sample_noise(seed, PD_STREAM_SAMPLE_Z, s->labels[i], i % s->per_class, s->z_dim,
                        s->z + i * s->z_dim);
    }
}

/* --- for other programs --- */

/* The noise of n samples of these classes (n); numbers (classes): zeroed. */
static enum pd_status draw_for(const struct pd_gan *gan, int64_t n, const int32_t *classes, uint64_t seed,
                               int64_t *numbers, float *z, struct pd_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (classes[i] < 0 || classes[i] >= gan->config.classes)
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: class %d, expected 0 to %d", (long long)i,
                           classes[i], gan->config.classes - 1);
        if (z)
            pd_sample_noise(seed, PD_STREAM_SAMPLE_Z, classes[i], numbers[classes[i]]++, gan->config.z_dim,
                            z + i * gan->config.z_dim);
    }
    return PD_OK;
}

enum pd_status pd_generate(struct pd_gan *gan, int64_t n, const int32_t *classes, const float *z,
                           uint64_t seed, float *images, struct pd_error *err)
{
    struct pd_sampler *sampler = NULL;
    enum pd_status status = pd_gan_enter(gan, PD_ORIGIN_FAKE, n, err);
    if (status)
        return status;
    int64_t *numbers = pd_calloc((size_t)gan->config.classes, sizeof *numbers);
    float *own = z ? NULL : pd_calloc((size_t)n + 1, (size_t)gan->config.z_dim * sizeof *own);
    status = numbers && (z || own)
                 ? draw_for(gan, n, classes, seed, numbers, own, err)
                 : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld samples", (long long)n);
    if (!status && z)
        status = pd_check_rows("z", 0, z, n, gan->config.z_dim, false, err);
    if (!status)
        status = pd_sampler_create(gan, BATCH, &sampler, err);
    if (!status)
        status = pd_sampler_make(sampler, z ? z : own, classes, n, images, err);
    pd_sampler_destroy(sampler);
    pd_free(numbers);
    pd_free(own);
    pd_gan_leave(gan);
    return status;
}

static enum pd_status make(struct pd_gan *gan, uint64_t seed, struct pd_samples *out, struct pd_error *err)
{
    struct pd_sampler *sampler = NULL;
    enum pd_status status = pd_samples_fit(gan, out->count, err);
    if (!status)
        status = reserve(out, err);
    if (!status)
        status = pd_sampler_create(gan, BATCH, &sampler, err);
    if (!status) {
        draw_noise(out, seed);
        status = pd_sampler_make(sampler, out->z, out->labels, out->count, out->images, err);
    }
    pd_sampler_destroy(sampler);
    return status;
}

enum pd_status pd_sample(struct pd_gan *gan, int64_t per_class, uint64_t seed, struct pd_samples *out,
                         struct pd_error *err)
{
    const struct pd_model_config *c = &gan->config;
    *out = (struct pd_samples){.per_class = per_class, .classes = c->classes, .z_dim = c->z_dim};
    if (per_class > UINT32_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld samples of each class, expected %u at most",
                       (long long)per_class, UINT32_MAX);
    enum pd_status status = pd_gan_enter(gan, PD_ORIGIN_FAKE, per_class, err);
    if (status)
        return status;
    out->count = per_class * c->classes;
    out->shape = pd_gan_image_shape(gan, out->count);
    status = make(gan, seed, out, err);
    pd_gan_leave(gan);
    if (status)
        pd_samples_release(out);
    return status;
}

void pd_samples_release(struct pd_samples *s)
{
    pd_free(s->images);
    pd_free(s->z);
    pd_free(s->labels);
    memset(s, 0, sizeof *s);
}

/* --- pictures --- */

enum { PAD = 2 };

static struct pd_png_grid grid_of(const struct pd_samples *s)
{
    const int64_t *d = s->shape.dim;
    return (struct pd_png_grid){d[0], d[1], d[2], d[3], s->per_class, PAD};
}

void pd_samples_picture_size(const struct pd_samples *s, int64_t *width, int64_t *height)
{
    struct pd_png_grid grid = grid_of(s);
    if (s->shape.rank == 2)
        *width = *height = PD_SCATTER_SIDE;
    else
        pd_png_grid_size(&grid, width, height);
}

int pd_samples_picture_channels(const struct pd_samples *s)
{
    return s->shape.rank == 2 ? 3 : (int)s->shape.dim[1];
}

enum pd_status pd_samples_encode(const struct pd_samples *s, const struct pd_points *real,
                                 struct pd_buffer *png, struct pd_error *err)
{
    struct pd_png_grid grid = grid_of(s);
    if (s->shape.rank == 4)
        return pd_png_encode_grid(png, s->images, &grid, err);
    return pd_scatter_encode(png, s->images, s->labels, s->count, real ? real->at : NULL,
                             real ? real->count : 0, err);
}

/* --- for people --- */

enum pd_status pd_grid_with_classes(const struct pd_buffer *grid, const struct pd_class_names *names,
                                    int classes, const struct pd_grid_heading *headings, int n_headings,
                                    struct pd_buffer *png, struct pd_error *err)
{
    char(*numbers)[16] = pd_calloc((size_t)classes, sizeof *numbers);
    const char **rows = pd_calloc((size_t)classes, sizeof *rows);
    for (int k = 0; numbers && rows && k < classes; k++) {
        snprintf(numbers[k], sizeof numbers[k], "%d", k);
        rows[k] = names && names->at && k < names->count ? names->at[k] : numbers[k];
    }
    const struct pd_grid_words words = {rows, classes, headings, n_headings};
    enum pd_status status = numbers && rows ? pd_chart_grid(grid, &words, png, err)
                                            : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    pd_free(rows);
    pd_free(numbers);
    return status;
}

enum pd_status pd_samples_picture(const struct pd_samples *s, const struct pd_class_names *classes,
                                  const struct pd_points *real, struct pd_buffer *png, struct pd_error *err)
{
    struct pd_buffer grid = PD_BUFFER_INIT;
    if (s->shape.rank != 4)
        return pd_samples_encode(s, real, png, err);
    enum pd_status status = pd_samples_encode(s, NULL, &grid, err);
    if (!status)
        status = pd_grid_with_classes(&grid, classes, s->classes, NULL, 0, png, err);
    pd_buffer_release(&grid);
    return status;
}
