/* checkpoint.safetensors: every variable under its name, PyTorch's layouts. */
#include "gan/gan_parts.h"

#include "base/mem.h"
#include "base/real.h"
#include "io/file.h"
#include "io/safetensors.h"

#include <errno.h>
#include <math.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pd_io_array pd_gan_array(const struct pd_var *v, size_t real_size)
{
    struct pd_shape s = pd_var_shape(v);
    struct pd_io_array a = {
        .name = pd_var_name(v), .dtype = real_size == 8 ? PD_IO_F64 : PD_IO_F32, .rank = s.rank};
    for (int i = 0; i < s.rank; i++)
        a.dims[i] = s.dim[i];
    return a;
}

enum { META_VALUE = PD_META_VALUE, META_MAX = 40 };

struct meta {
    struct pd_st_meta at[META_MAX];
    char text[META_MAX][META_VALUE];
    size_t count;
};

static void add_meta(struct meta *m, const char *key, const char *text)
{
    snprintf(m->text[m->count], META_VALUE, "%s", text);
    m->at[m->count] = (struct pd_st_meta){key, m->text[m->count]};
    m->count++;
}

static void add_number(struct meta *m, const char *key, uint64_t value)
{
    char text[META_VALUE];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    add_meta(m, key, text);
}

/* Exact: hexadecimal digits. */
static void add_real(struct meta *m, const char *key, double value)
{
    char text[META_VALUE];
    add_meta(m, key, pd_real_text(text, sizeof text, PD_REAL_EXACT, value));
}

const char *const pd_width_keys[PD_MAX_WIDTHS] = {"width1", "width2", "width3", "width4", "width5",
                                                  "width6", "width7", "width8", "width9", "width10"};

const char *const pd_image_keys[PD_ORIGINS] = {
    [PD_ORIGIN_REAL] = "real_images", [PD_ORIGIN_FAKE] = "fake_images"};

/* A text of any length, borrowed. */
static void add_text(struct meta *m, const char *key, const char *text)
{
    m->at[m->count++] = (struct pd_st_meta){key, text};
}

/* rotation: its losses are told, too. */
static void describe(struct meta *m, const struct pd_gan *gan, const struct pd_progress *progress,
                     bool rotation)
{
    const struct pd_model_config *c = &gan->config;
    add_meta(m, "format", "paydirt 1");
    add_meta(m, "model", c->model->name);
    add_number(m, "channels", (uint64_t)c->channels);
    add_number(m, "size", (uint64_t)c->size);
    add_number(m, "classes", (uint64_t)c->classes);
    add_number(m, "z_dim", (uint64_t)c->z_dim);
    for (int i = 0; i < PD_MAX_WIDTHS && c->widths[i]; i++)
        add_number(m, pd_width_keys[i], (uint64_t)c->widths[i]);
    if (gan->scale)
        add_meta(m, "scale", pd_pixel_scale_at(gan->scale)->name);
    if (gan->ema)
        add_meta(m, "ema", "true");
    if (gan->ema_d)
        add_meta(m, "ema_d", "true");
    add_number(m, "step", progress->step);
    for (int i = 0; i < PD_LOSS_COUNT; i++)
        if (rotation || (i != PD_LOSS_d_rotation && i != PD_LOSS_g_rotation))
            add_real(m, pd_loss_names[i], progress->loss_sums[i]);
    if (progress->best_epoch) {
        add_number(m, "best_epoch", progress->best_epoch);
        add_real(m, "best_accuracy", progress->best_accuracy);
    }
}

enum pd_status pd_gan_check_array(const char *path, const struct pd_io_array *a, struct pd_error *err)
{
    const int64_t n = pd_io_array_count(a);
    bool finite = true;
    for (int64_t i = 0; i < n && a->dtype == PD_IO_F32; i++)
        finite &= isfinite(((const float *)a->data)[i]) != 0;
    for (int64_t i = 0; i < n && a->dtype == PD_IO_F64; i++)
        finite &= isfinite(((const double *)a->data)[i]) != 0;
    return finite
               ? PD_OK
               : pd_hint(err,
                         pd_fail(err, PD_ERR_MISMATCH, -1,
                                 "%s: '%.80s' is not finite: the training has diverged; a smaller learning "
                                 "rate may help",
                                 path, a->name),
                         "lr");
}

/* --- writing --- */

static bool begins(const char *name, const char *prefix)
{
    return !strncmp(name, prefix, strlen(prefix));
}

static bool is_statistic(const char *name)
{
    return begins(name, pd_origin_prefixes[PD_ORIGIN_REAL]) ||
           begins(name, pd_origin_prefixes[PD_ORIGIN_FAKE]);
}

bool pd_is_state(const char *name)
{
    return !is_statistic(name);
}

static bool is_network(const char *name)
{
    return pd_is_state(name) && !begins(name, "adam");
}

static bool state_of(const struct pd_gan *gan, const char *name)
{
    (void)gan;
    return pd_is_state(name);
}

static bool networks_of(const struct pd_gan *gan, const char *name)
{
    (void)gan;
    return is_network(name);
}

static bool statistics_of(const struct pd_gan *gan, const char *name)
{
    (void)gan;
    return is_statistic(name);
}

/* A head and a memory that nothing is sampled or scored by. */
static bool is_for_training(const char *name)
{
    return begins(name, "d.rotation.") || begins(name, "guesses/");
}

/* What is sampled and scored by, with D's statistics. */
static bool whole_of(const struct pd_gan *gan, const char *name)
{
    for (int i = 0; i < PD_ORIGINS; i++)
        if (begins(name, pd_origin_prefixes[i]))
            return gan->statistics[i] > 0;
    return is_network(name) && !is_for_training(name);
}

static size_t bytes_of(const struct pd_gan *gan, const struct pd_var *v)
{
    return (size_t)pd_shape_count(pd_var_shape(v)) * pd_backend_real_size(gan->backend);
}

/* One variable at a time on its way to a file. */
struct carrier {
    const struct pd_gan *gan;
    const char *path;
    void *data; /* room for the largest */
};

static enum pd_status carrier_init(struct carrier *c, const struct pd_gan *gan, const char *path,
                                   struct pd_error *err)
{
    size_t most = 0;
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        const size_t n = bytes_of(gan, pd_vars_at(gan->vars, i));
        most = n > most ? n : most;
    }
    *c = (struct carrier){gan, path, pd_malloc(most)};
    return c->data ? PD_OK : pd_fail_memory(err, path);
}

static enum pd_status carry(void *context, const struct pd_io_array *a, const void **data,
                            struct pd_error *err)
{
    const struct carrier *c = context;
    struct pd_io_array filled = *a;
    *data = filled.data = c->data;
    enum pd_status status = pd_var_download(pd_vars_find(c->gan->vars, a->name), c->data, err);
    return status ? status : pd_gan_check_array(c->path, &filled, err);
}

static enum pd_status write(const struct pd_gan *gan,
                            bool (*stored)(const struct pd_gan *gan, const char *name), const struct meta *m,
                            const char *path, struct pd_error *err)
{
    const int count = pd_vars_count(gan->vars);
    size_t n = 0;
    struct carrier c;
    const struct pd_st_fetch fetch = {&c, carry};
    struct pd_io_array *arrays = pd_calloc((size_t)count, sizeof *arrays);
    enum pd_status status = carrier_init(&c, gan, path, err);
    if (!status && !arrays)
        status = pd_fail_memory(err, path);
    for (int i = 0; i < count && arrays && !status; i++) {
        arrays[n] = pd_gan_array(pd_vars_at(gan->vars, i), pd_backend_real_size(gan->backend));
        n += stored(gan, arrays[n].name);
    }
    if (!status)
        status = pd_safetensors_write_from(path, arrays, n, &fetch, m->at, m->count, err);
    pd_free(arrays);
    pd_free(c.data);
    return status;
}

static void describe_statistics(struct meta *m, const struct pd_gan *gan)
{
    for (int i = 0; i < PD_ORIGINS; i++)
        add_number(m, pd_image_keys[i], (uint64_t)gan->statistics[i]);
}

static enum pd_status save(const struct pd_gan *gan,
                           bool (*stored)(const struct pd_gan *gan, const char *name),
                           const struct pd_progress *progress, const char *path, struct pd_error *err)
{
    struct meta m = {.count = 0};
    json_t *names = pd_class_names_json(&gan->classes);
    char *text = names ? json_dumps(names, JSON_COMPACT) : NULL;
    const bool rotation = stored != whole_of && pd_gan_has_rotation(gan);
    describe(&m, gan, progress, rotation);
    if (stored == whole_of)
        describe_statistics(&m, gan);
    if (text)
        add_text(&m, "class_names", text);
    enum pd_status status =
        gan->classes.at && !text ? pd_fail_memory(err, path) : write(gan, stored, &m, path, err);
    free(text);
    json_decref(names);
    return status;
}

enum pd_status pd_gan_save(const struct pd_gan *gan, const struct pd_progress *progress, const char *path,
                           struct pd_error *err)
{
    return save(gan, state_of, progress, path, err);
}

enum pd_status pd_gan_save_networks(const struct pd_gan *gan, const struct pd_progress *progress,
                                    const char *path, struct pd_error *err)
{
    return save(gan, networks_of, progress, path, err);
}

enum pd_status pd_gan_write(const struct pd_gan *gan, const char *path, struct pd_error *err)
{
    const struct pd_progress progress = {.step = gan->steps};
    return save(gan, whole_of, &progress, path, err);
}

/* --- in memory --- */

enum pd_status pd_gan_copy_networks(const struct pd_gan *gan, void **block, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    size_t size = 0;
    for (int i = 0; i < pd_vars_count(gan->vars); i++)
        size +=
            is_network(pd_var_name(pd_vars_at(gan->vars, i))) ? bytes_of(gan, pd_vars_at(gan->vars, i)) : 0;
    if (!*block && !(*block = pd_malloc(size)))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a copy of the networks");
    char *to = *block;
    for (int i = 0; i < pd_vars_count(gan->vars) && !status; i++) {
        const struct pd_var *v = pd_vars_at(gan->vars, i);
        if (!is_network(pd_var_name(v)))
            continue;
        status = pd_var_download(v, to, err);
        to += bytes_of(gan, v);
    }
    return status;
}

enum pd_status pd_gan_check_finite(const struct pd_gan *gan, struct pd_error *err)
{
    struct carrier c;
    const void *data;
    enum pd_status status = carrier_init(&c, gan, "networks", err);
    for (int i = 0; i < pd_vars_count(gan->vars) && !status; i++) {
        const struct pd_io_array a =
            pd_gan_array(pd_vars_at(gan->vars, i), pd_backend_real_size(gan->backend));
        status = is_network(a.name) ? carry(&c, &a, &data, err) : PD_OK;
    }
    pd_free(c.data);
    return status;
}

enum pd_status pd_gan_paste_networks(struct pd_gan *gan, const void *block, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const char *from = block;
    for (int i = 0; i < pd_vars_count(gan->vars) && !status; i++) {
        struct pd_var *v = pd_vars_at(gan->vars, i);
        if (!is_network(pd_var_name(v)))
            continue;
        status = pd_var_upload(v, from, err);
        from += bytes_of(gan, v);
    }
    return status;
}

enum pd_status pd_gan_digest(const struct pd_gan *gan, bool directions, const char *path,
                             char text[META_VALUE], struct pd_error *err)
{
    struct sha256_ctx sha;
    struct carrier c;
    uint8_t digest[16];
    enum pd_status status = carrier_init(&c, gan, path, err);
    sha256_init(&sha);
    for (int i = 0; i < pd_vars_count(gan->vars) && !status; i++) {
        struct pd_var *v = pd_vars_at(gan->vars, i);
        const char *name = pd_var_name(v);
        if (!is_network(name) || (pd_is_direction(name) && !directions))
            continue;
        status = pd_var_download(v, c.data, err);
        sha256_update(&sha, strlen(name), (const uint8_t *)name);
        sha256_update(&sha, bytes_of(gan, v), c.data);
    }
    sha256_digest(&sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    pd_free(c.data);
    return status;
}

enum pd_status pd_gan_save_statistics(const struct pd_gan *gan, const char *path, struct pd_error *err)
{
    struct meta m = {.count = 0};
    char digest[META_VALUE];
    enum pd_status status = pd_gan_digest(gan, true, path, digest, err);
    if (status)
        return status;
    add_meta(&m, "format", "paydirt statistics 1");
    add_meta(&m, "networks", digest);
    describe_statistics(&m, gan);
    return write(gan, statistics_of, &m, path, err);
}
