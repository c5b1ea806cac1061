#include "cli/sample_set.h"

#include <stdio.h>
#include <string.h>

static void take(struct sample_set *set, const struct pd_samples *s)
{
    set->count = s->count;
    set->images = s->images;
    set->labels = s->labels;
}

static enum pd_status reject(const struct reject_options *o, struct pd_run_model *run, int64_t per_class,
                             uint64_t seed, struct sample_set *set, struct pd_error *err)
{
    int64_t tried = 0;
    enum pd_status status = reject_run(o, run, per_class, seed, 0, &set->rejection, err);
    if (status)
        return status;
    take(set, &set->rejection.kept);
    for (int c = 0; c < set->rejection.kept.classes; c++)
        tried += set->rejection.classes[c].tried;
    set->rate = (double)set->count / (double)tried;
    if (o->method->uses_real)
        snprintf(set->words, sizeof set->words, "kept by %s, chains of %lld, by real images of %s",
                 o->method->name, (long long)o->chain, reject_real(o, run));
    else
        snprintf(set->words, sizeof set->words, "kept by %s, p %g, %.1f %% of those tried", o->method->name,
                 reject_p(o, &run->gan->config), 100 * set->rate);
    return PD_OK;
}

enum pd_status sample_set_make(const struct reject_options *o, struct pd_run_model *run, int64_t per_class,
                               uint64_t seed, struct sample_set *out, struct pd_error *err)
{
    *out = (struct sample_set){.rate = 1, .words = "a fixed set"};
    if (o->method)
        return reject(o, run, per_class, seed, out, err);
    enum pd_status status = pd_sample(run->gan, per_class, seed, &out->samples, err);
    if (!status)
        take(out, &out->samples);
    return status;
}

/* --- from a file --- */

static enum pd_status check_shape(const char *path, const struct pd_io_array *images,
                                  const struct pd_model_config *c, struct pd_error *err)
{
    const int64_t wanted[4] = {images->rank ? images->dims[0] : 0, c->channels, c->size, c->size};
    const int rank = c->size ? 4 : 2;
    char got[96], expected[96];
    if (images->dtype == PD_IO_F32 && images->rank == rank && images->dims[0] > 0 &&
        !memcmp(images->dims, wanted, (size_t)rank * sizeof wanted[0]))
        return PD_OK;
    pd_io_shape_text(got, sizeof got, images->rank, images->dims);
    pd_io_shape_text(expected, sizeof expected, rank, wanted);
    return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: images are %s %s, expected float32 %s for this run", path,
                   pd_io_dtype_words(images->dtype), got, expected);
}

static enum pd_status check_label_shape(const char *path, const struct pd_io_array *labels, int64_t n,
                                        struct pd_error *err)
{
    return labels->dtype == PD_IO_I32 && labels->rank == 1 && labels->dims[0] == n
               ? PD_OK
               : pd_fail(err, PD_ERR_MISMATCH, -1, "%s: labels must be int32 (%lld), as many as images", path,
                         (long long)n);
}

static enum pd_status check_labels(const char *path, const struct pd_io_array *labels, int classes,
                                   struct pd_error *err)
{
    const int32_t *label = labels->data;
    for (int64_t i = 0; i < labels->dims[0]; i++)
        if (label[i] < 0 || label[i] >= classes)
            return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: label %lld is %d, expected 0 to %d", path,
                           (long long)i, (int)label[i], classes - 1);
    return PD_OK;
}

/* Types and shapes are compared before anything is unpacked. */
static enum pd_status load_checked(const char *path, const struct sample_set *set, const char *name,
                                   const struct pd_model_config *c, int64_t n, const struct pd_io_array **out,
                                   struct pd_error *err)
{
    struct pd_npy_stream *stream;
    const int64_t at = pd_npy_locate(set->file, name);
    if (at < 0)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: no array '%s'", path, name);
    enum pd_status status = pd_npy_stream_open(set->file, (size_t)at, &stream, err);
    if (!status)
        status = n < 0 ? check_shape(path, pd_npy_stream_array(stream), c, err)
                       : check_label_shape(path, pd_npy_stream_array(stream), n, err);
    pd_npy_stream_close(stream);
    return status ? status : pd_npy_load(set->file, (size_t)at, out, err);
}

static enum pd_status load(const char *path, const struct pd_model_config *c, const struct sample_set *set,
                           const struct pd_io_array **images, const struct pd_io_array **labels,
                           struct pd_error *err)
{
    *images = *labels = NULL;
    enum pd_status status = load_checked(path, set, "images", c, -1, images, err);
    if (!status && *images)
        status = load_checked(path, set, "labels", c, (*images)->dims[0], labels, err);
    return status || !*labels ? status : check_labels(path, *labels, c->classes, err);
}

enum pd_status sample_set_read(const char *path, const struct pd_model_config *config, struct sample_set *out,
                               struct pd_error *err)
{
    *out = (struct sample_set){.rate = 1};
    const struct pd_io_array *images, *labels;
    enum pd_status status = pd_npy_open(path, &out->file, err);
    if (status)
        return status;
    status = load(path, config, out, &images, &labels, err);
    if (status || !images || !labels)
        return status;
    out->count = images->dims[0];
    out->images = images->data;
    out->labels = labels->data;
    snprintf(out->words, sizeof out->words, "from %s", path);
    return PD_OK;
}

void sample_set_release(struct sample_set *set)
{
    pd_samples_release(&set->samples);
    pd_rejection_release(&set->rejection);
    pd_npy_destroy(set->file);
    *set = (struct sample_set){.count = 0};
}
