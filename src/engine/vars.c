/* Named tensors that outlive plans. */
#include "engine/backend.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

struct pd_vars {
    struct pd_var **vars;
    int count, capacity;
    struct pd_backend *backend;
    uint64_t seed;
};

struct pd_vars *pd_vars_create(struct pd_backend *backend, uint64_t seed)
{
    struct pd_vars *s = pd_calloc(1, sizeof *s);
    if (s) {
        s->backend = backend;
        s->seed = seed;
    }
    return s;
}

static void var_destroy(struct pd_var *v)
{
    if (!v)
        return;
    pd_free(v->name);
    v->backend->type->release(v->backend, v->data);
    pd_free(v);
}

void pd_vars_destroy(struct pd_vars *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->count; i++)
        var_destroy(s->vars[i]);
    pd_free(s->vars);
    pd_free(s);
}

/* --- values --- */

static size_t bytes_of(const struct pd_var *v)
{
    return (size_t)pd_shape_count(v->shape) * pd_dtype_size(v->dtype, v->backend->type->real_size);
}

enum pd_status pd_var_upload(struct pd_var *v, const void *from, struct pd_error *err)
{
    return v->backend->type->upload(v->backend, v->data, from, bytes_of(v), err);
}

enum pd_status pd_var_download(const struct pd_var *v, void *to, struct pd_error *err)
{
    return v->backend->type->download(v->backend, to, v->data, bytes_of(v), err);
}

enum pd_status pd_var_upload_rows(struct pd_var *v, int64_t first, int64_t n, const uint8_t *from,
                                  struct pd_error *err)
{
    const size_t row = bytes_of(v) / (size_t)v->shape.dim[0];
    if (first < 0 || n < 0 || first + n > v->shape.dim[0])
        BUG("rows %lld to %lld of %s", (long long)first, (long long)(first + n), v->name);
    return v->backend->type->upload(v->backend, (char *)v->data + (size_t)first * row, from, (size_t)n * row,
                                    err);
}

static bool is_wide(const struct pd_var *v)
{
    return v->backend->type->real_size == sizeof(double);
}

/* The value as the backend rounds it. */
static double put(const struct pd_var *v, void *data, int64_t i, double value)
{
    if (is_wide(v))
        return ((double *)data)[i] = value;
    return (double)(((float *)data)[i] = (float)value);
}

static double get(const struct pd_var *v, const void *data, int64_t i)
{
    return is_wide(v) ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

static enum pd_status out_of_memory(const struct pd_var *v, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for variable '%.100s'", v->name);
}

enum pd_status pd_var_read_f64(const struct pd_var *v, double *out, struct pd_error *err)
{
    void *data = is_wide(v) ? out : pd_malloc(bytes_of(v));
    if (!data)
        return out_of_memory(v, err);
    enum pd_status status = pd_var_download(v, data, err);
    for (int64_t i = 0; i < pd_shape_count(v->shape) && !status && data != out; i++)
        out[i] = get(v, data, i);
    if (data != out)
        pd_free(data);
    return status;
}

enum pd_status pd_var_write_f64(struct pd_var *v, const double *in, struct pd_error *err)
{
    void *data = pd_malloc(bytes_of(v));
    if (!data)
        return out_of_memory(v, err);
    for (int64_t i = 0; i < pd_shape_count(v->shape); i++)
        put(v, data, i, in[i]);
    enum pd_status status = pd_var_upload(v, data, err);
    pd_free(data);
    return status;
}

/* --- at the start --- */

static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 16777619u;
    return h;
}

static void fill(const struct pd_var *v, uint64_t seed, void *data)
{
    struct pd_rng r = {seed, hash(v->name), 0};
    int64_t n = pd_shape_count(v->shape);
    double norm = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = v->init.a;
        if (v->init.kind == PD_INIT_UNIFORM)
            x += (v->init.b - v->init.a) * pd_rng_uniform(&r, (uint64_t)i);
        else if (v->init.kind == PD_INIT_NORMAL)
            x += v->init.b * pd_rng_normal(&r, (uint64_t)i);
        else if (v->init.kind == PD_INIT_UNIT)
            x = pd_rng_normal(&r, (uint64_t)i);
        put(v, data, i, x);
        norm += x * x;
    }
    if (v->init.kind == PD_INIT_UNIT)
        for (int64_t i = 0; i < n; i++)
            put(v, data, i, get(v, data, i) / sqrt(norm));
}

static enum pd_status initialise(struct pd_var *v, uint64_t seed, struct pd_error *err)
{
    void *data = pd_malloc(bytes_of(v));
    if (!data)
        return out_of_memory(v, err);
    fill(v, seed, data);
    enum pd_status status = pd_var_upload(v, data, err);
    pd_free(data);
    return status;
}

/* --- the set --- */

struct pd_var *pd_vars_find(const struct pd_vars *s, const char *name)
{
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->vars[i]->name, name) == 0)
            return s->vars[i];
    return NULL;
}

static bool make_room(struct pd_vars *s)
{
    if (s->count < s->capacity)
        return true;
    int capacity = s->capacity ? 2 * s->capacity : 64;
    struct pd_var **vars = pd_realloc(s->vars, (size_t)capacity * sizeof *vars);
    if (!vars)
        return false;
    s->vars = vars;
    s->capacity = capacity;
    return true;
}

static struct pd_var *get_var(struct pd_vars *s, const char *name, enum pd_dtype dtype, struct pd_shape shape,
                              struct pd_init_spec init)
{
    struct pd_var *v = pd_vars_find(s, name);
    if (v && !(pd_shape_equal(v->shape, shape) && v->dtype == dtype))
        BUG("variable %s is asked for with another shape", name);
    if (v)
        return v;
    v = pd_calloc(1, sizeof *v);
    if (!v)
        return NULL;
    v->backend = s->backend;
    if (!make_room(s))
        goto fail;
    v->dtype = dtype;
    v->shape = shape;
    v->init = init;
    v->name = pd_strdup(name);
    if (!v->name)
        goto fail;
    if (!v->backend->type->no_values) {
        v->data = v->backend->type->allocate(v->backend, bytes_of(v));
        if (!v->data || (dtype == PD_REAL && initialise(v, s->seed, NULL)))
            goto fail;
    }
    return s->vars[s->count++] = v;
fail:
    var_destroy(v);
    return NULL;
}

struct pd_var *pd_vars_get(struct pd_vars *s, const char *name, struct pd_shape shape,
                           struct pd_init_spec init)
{
    return get_var(s, name, PD_REAL, shape, init);
}

struct pd_var *pd_vars_get_bytes(struct pd_vars *s, const char *name, struct pd_shape shape)
{
    return get_var(s, name, PD_U8, shape, (struct pd_init_spec){.a = 0});
}

enum pd_status pd_vars_reset(struct pd_vars *s, const char *prefix, uint64_t seed, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = 0; i < s->count && !status; i++)
        if (strncmp(s->vars[i]->name, prefix, strlen(prefix)) == 0)
            status = initialise(s->vars[i], seed, err);
    return status;
}

int pd_vars_count(const struct pd_vars *s)
{
    return s->count;
}

struct pd_var *pd_vars_at(const struct pd_vars *s, int index)
{
    return s->vars[index];
}

const char *pd_var_name(const struct pd_var *v)
{
    return v->name;
}

struct pd_shape pd_var_shape(const struct pd_var *v)
{
    return v->shape;
}
