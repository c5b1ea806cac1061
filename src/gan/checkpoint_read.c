/* The other way: what checkpoint.c has written. */
#include "gan/gan_parts.h"
#include "gan/recalibrate.h"

#include "base/mem.h"
#include "base/real.h"
#include "base/threads.h"
#include "io/safetensors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 1024 /* as the training's option */, MOST_IMAGES = 1 << 30 };

/* --- metadata --- */

static enum pd_status read_number(const struct pd_safetensors *st, const char *path, const char *key,
                                  uint64_t *out, struct pd_error *err)
{
    const char *text = pd_safetensors_meta(st, key);
    char *end;
    errno = 0;
    *out = text ? strtoull(text, &end, 10) : 0;
    if (!text || end == text || *end || errno || text[0] == '-')
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: metadata '%s' is %s%s, expected a whole number", path,
                       key, text ? "" : "missing", text ? text : "");
    return PD_OK;
}

static enum pd_status read_small(const struct pd_safetensors *st, const char *path, const char *key,
                                 int least, int most, int *out, struct pd_error *err)
{
    uint64_t n;
    enum pd_status status = read_number(st, path, key, &n, err);
    if (!status && (n < (uint64_t)least || n > (uint64_t)most))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: metadata '%s' is %llu, expected %d to %d", path, key,
                       (unsigned long long)n, least, most);
    *out = (int)n;
    return status;
}

static enum pd_status read_config(const struct pd_safetensors *st, const char *path,
                                  struct pd_model_config *c, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    struct pd_error why;
    memset(c, 0, sizeof *c);
    const char *model = pd_safetensors_meta(st, "model"), *format = pd_safetensors_meta(st, "format");
    if (!model)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: no metadata 'model': not a paydirt checkpoint", path);
    if (format && strcmp(format, "paydirt 1") != 0)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: format '%.40s', expected 'paydirt 1'", path, format);
    if (!(c->model = pd_model_find(model, &why)))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: %s", path, why.message);
    const struct {
        const char *key;
        int least, most, *to;
    } numbers[] = {{"channels", 1, 1024, &c->channels},
                   {"size", 0, 1024, &c->size},
                   {"classes", 1, PD_MOST_CLASSES, &c->classes},
                   {"z_dim", 1, 1 << 16, &c->z_dim}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !status; i++)
        status = read_small(st, path, numbers[i].key, numbers[i].least, numbers[i].most, numbers[i].to, err);
    for (int i = 0; i < PD_MAX_WIDTHS && !status && c->model->widths[i]; i++)
        status = read_small(st, path, pd_width_keys[i], 1, 1 << 20, &c->widths[i], err);
    if (!status && !c->size && c->channels != 2)
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: points of %d numbers, expected 2", path, c->channels);
    return status ? status : pd_model_check_size(c->model, c->size, err);
}

/* --- variables --- */

/* Of a variance's numbers none is negative. */
static enum pd_status check_variance(const char *path, const struct pd_io_array *a, struct pd_error *err)
{
    static const char end[] = ".running_var";
    const size_t n = strlen(a->name);
    if (a->dtype != PD_IO_F32 || n < sizeof end - 1 || strcmp(a->name + n - (sizeof end - 1), end) != 0)
        return PD_OK;
    for (int64_t i = 0; i < pd_io_array_count(a); i++)
        if (((const float *)a->data)[i] < 0)
            return pd_fail(err, PD_ERR_FORMAT, -1, "%s: '%.80s' has a variance of %g", path, a->name,
                           (double)((const float *)a->data)[i]);
    return PD_OK;
}

/* Those variables whose name begins with prefix; "": networks and optimisers. All tensors are found before
 * the first is copied: a file that does not fit changes nothing. */
static enum pd_status load_vars(struct pd_gan *gan, const struct pd_safetensors *st, const char *path,
                                const char *prefix, struct pd_error *err)
{
    const int count = pd_vars_count(gan->vars);
    const size_t real_size = pd_backend_real_size(gan->backend);
    const void **data = pd_calloc((size_t)count, sizeof *data);
    enum pd_status status = PD_OK;
    if (!data)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a checkpoint");
    for (int i = 0; i < count && !status; i++) {
        struct pd_io_array a = pd_gan_array(pd_vars_at(gan->vars, i), real_size);
        if (*prefix ? !strncmp(a.name, prefix, strlen(prefix)) : pd_is_state(a.name))
            status = pd_safetensors_get(st, a.name, a.dtype, a.rank, a.dims, &data[i], err);
        a.data = data[i];
        if (!status && a.data)
            status = pd_gan_check_array(path, &a, err);
        if (!status && a.data)
            status = check_variance(path, &a, err);
    }
    for (int i = 0; i < count && !status; i++) {
        struct pd_var *v = pd_vars_at(gan->vars, i);
        if (data[i])
            status = pd_var_upload(v, data[i], err);
    }
    pd_free(data);
    return status;
}

static double meta_real(const struct pd_safetensors *st, const char *key)
{
    const char *text = pd_safetensors_meta(st, key);
    return text ? pd_real_read(text, NULL) : 0;
}

static enum pd_status read_progress(const struct pd_safetensors *st, const char *path,
                                    struct pd_progress *progress, struct pd_error *err)
{
    memset(progress, 0, sizeof *progress);
    enum pd_status status = read_number(st, path, "step", &progress->step, err);
    for (int i = 0; i < PD_LOSS_COUNT; i++)
        progress->loss_sums[i] = meta_real(st, pd_loss_names[i]);
    if (!(progress->loss_sums[PD_LOSS_labelled] > 0)) /* older files do not say over how many it is a sum */
        progress->loss_sums[PD_LOSS_d_cls_real] = 0;
    progress->best_accuracy = meta_real(st, "best_accuracy");
    if (!status && pd_safetensors_meta(st, "best_epoch"))
        status = read_number(st, path, "best_epoch", &progress->best_epoch, err);
    return status;
}

/* Labels are numbers: a checkpoint of the same classes in another order would be taken without a word. */
static enum pd_status load_class_names(struct pd_gan *gan, const struct pd_safetensors *st, const char *path,
                                       struct pd_error *err)
{
    const char *text = pd_safetensors_meta(st, "class_names");
    struct pd_class_names names;
    json_t *array = text ? json_loads(text, 0, NULL) : NULL;
    enum pd_status status =
        text && !array ? pd_fail(err, PD_ERR_FORMAT, -1, "%s: metadata 'class_names' is no JSON", path)
                       : pd_class_names_take(array, gan->config.classes, path, &names, err);
    json_decref(array);
    if (!status && !gan->classes.at) {
        gan->classes = names;
        return PD_OK;
    }
    if (!status) {
        status = pd_class_names_compare(&names, &gan->classes, path, err);
        pd_class_names_release(&names);
    }
    return status;
}

/* The data's own goes before. */
static void load_scale(struct pd_gan *gan, const struct pd_safetensors *st)
{
    if (!gan->scale)
        gan->scale = pd_pixel_scale_named(pd_safetensors_meta(st, "scale"));
}

static enum pd_status add_averages(struct pd_gan *gan, const struct pd_safetensors *st, struct pd_error *err)
{
    enum pd_status status = pd_safetensors_meta(st, "ema") ? pd_gan_add_ema(gan, err) : PD_OK;
    return status || !pd_safetensors_meta(st, "ema_d") ? status : pd_gan_add_ema_d(gan, err);
}

static enum pd_status load(struct pd_gan *gan, const struct pd_safetensors *st, const char *path,
                           struct pd_progress *progress, struct pd_error *err)
{
    enum pd_status status = read_progress(st, path, progress, err);
    load_scale(gan, st);
    if (!status)
        status = add_averages(gan, st, err);
    if (!status)
        status = load_class_names(gan, st, path, err);
    if (!status)
        status = load_vars(gan, st, path, "", err);
    gan->steps = status ? 0 : progress->step;
    return status;
}

enum pd_status pd_gan_load(struct pd_gan *gan, const char *path, struct pd_progress *progress,
                           struct pd_error *err)
{
    struct pd_safetensors *st;
    enum pd_status status = pd_safetensors_open(path, &st, err);
    if (status)
        return status;
    status = load(gan, st, path, progress, err);
    pd_safetensors_destroy(st);
    return status;
}

enum pd_status pd_gan_load_generator(struct pd_gan *gan, const char *path, struct pd_error *err)
{
    struct pd_safetensors *st;
    enum pd_status status = pd_safetensors_open(path, &st, err);
    if (status)
        return status;
    load_scale(gan, st);
    status = load_class_names(gan, st, path, err);
    if (!status)
        status = load_vars(gan, st, path, "g.", err);
    pd_safetensors_destroy(st);
    return status;
}

/* Makes the variables that hold them. */
static enum pd_status load_statistics(struct pd_gan *gan, const struct pd_safetensors *st, const char *path,
                                      enum pd_origin origin, struct pd_error *err)
{
    uint64_t images;
    enum pd_status status = read_number(st, path, pd_image_keys[origin], &images, err);
    if (status || !images)
        return status;
    if (images > MOST_IMAGES || !pd_gan_has_batch_norm(gan))
        return pd_fail(err, PD_ERR_FORMAT, -1,
                       "%s: metadata '%s' is %llu, and the networks have no such statistics", path,
                       pd_image_keys[origin], (unsigned long long)images);
    status = pd_gan_make_statistics(gan, origin, err);
    if (!status)
        status = load_vars(gan, st, path, pd_origin_prefixes[origin], err);
    gan->statistics[origin] = status ? 0 : (int64_t)images;
    return status;
}

enum pd_status pd_gan_load_statistics(struct pd_gan *gan, const char *path, struct pd_error *err)
{
    struct pd_safetensors *st;
    char digest[PD_META_VALUE];
    enum pd_status status = pd_safetensors_open(path, &st, err);
    if (status)
        return status;
    const char *networks = pd_safetensors_meta(st, "networks");
    status = pd_gan_digest(gan, true, path, digest, err);
    for (int i = 0; !status && networks && !strcmp(networks, digest) && i < PD_ORIGINS; i++)
        status = load_statistics(gan, st, path, (enum pd_origin)i, err);
    pd_safetensors_destroy(st);
    return status;
}

/* --- networks of their own ---------------------------------------------------------------------------------
 */

/* That every variable is there, of its shape, before memory is taken for one: sizes are the file's word. */
static enum pd_status check_shapes(const struct pd_model_config *c, const struct pd_safetensors *st,
                                   struct pd_error *err)
{
    struct pd_backend *backend = NULL;
    struct pd_gan *gan = NULL;
    const void *data;
    enum pd_status status = pd_backend_create("costs", 1, &backend, err);
    if (!status)
        status = pd_gan_create(c, backend, 0, &gan, err);
    if (!status)
        status = add_averages(gan, st, err);
    for (int i = 0; !status && i < pd_vars_count(gan->vars); i++) {
        const struct pd_io_array a = pd_gan_array(pd_vars_at(gan->vars, i), sizeof(float));
        status = pd_safetensors_get(st, a.name, a.dtype, a.rank, a.dims, &data, err);
    }
    pd_gan_destroy(gan);
    pd_backend_destroy(backend);
    return status;
}

static enum pd_status fill(struct pd_gan *gan, const struct pd_safetensors *st, const char *path,
                           struct pd_progress *progress, struct pd_error *err)
{
    enum pd_status status = load(gan, st, path, progress, err);
    for (int i = 0; i < PD_ORIGINS && !status; i++)
        if (pd_safetensors_meta(st, pd_image_keys[i]))
            status = load_statistics(gan, st, path, (enum pd_origin)i, err);
    return status;
}

enum pd_status pd_gan_take(const struct pd_safetensors *st, const char *path, const struct pd_where *where,
                           struct pd_gan **out, struct pd_progress *progress, struct pd_error *err)
{
    struct pd_model_config c;
    struct pd_backend *backend = NULL;
    *out = NULL;
    if (where->threads < 0 || where->threads > MOST_THREADS)
        return pd_fail(err, PD_ERR_USAGE, -1, "threads %d: expected 0 to %d", where->threads, MOST_THREADS);
    enum pd_status status = read_config(st, path, &c, err);
    if (!status)
        status = check_shapes(&c, st, err);
    if (!status)
        status = pd_backend_open(where->device ? where->device : "cpu",
                                 where->precision ? where->precision : "fp32",
                                 where->threads ? where->threads : pd_threads_available(), &backend, err);
    if (!status)
        status = pd_gan_create(&c, backend, 0, out, err);
    if (status) {
        pd_backend_destroy(backend);
        return status;
    }
    (*out)->owns_backend = true;
    status = fill(*out, st, path, progress, err);
    if (status) {
        pd_gan_destroy(*out);
        *out = NULL;
    }
    return status;
}

enum pd_status pd_gan_open_file(const char *path, const struct pd_where *where, struct pd_gan **out,
                                struct pd_progress *progress, struct pd_error *err)
{
    struct pd_safetensors *st;
    *out = NULL;
    enum pd_status status = pd_safetensors_open(path, &st, err);
    if (status)
        return status;
    status = pd_gan_take(st, path, where, out, progress, err);
    pd_safetensors_destroy(st);
    return status;
}

enum pd_status pd_gan_read(const char *path, int threads, struct pd_gan **out, struct pd_error *err)
{
    struct pd_progress ignored;
    return pd_gan_open_file(path, &(struct pd_where){.threads = threads}, out, &ignored, err);
}
