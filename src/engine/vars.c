/* Named tensors that outlive plans. */
#include "engine/graph.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

struct pd_vars {
    struct pd_var **vars;
    int count, capacity;
    size_t real_size;
    uint64_t seed;
};

struct pd_vars *pd_vars_create(size_t real_size, uint64_t seed)
{
    struct pd_vars *s = pd_calloc(1, sizeof *s);
    if (s) {
        s->real_size = real_size;
        s->seed = seed;
    }
    return s;
}

static void var_destroy(struct pd_var *v)
{
    if (!v)
        return;
    pd_free(v->name);
    pd_free(v->data);
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

static void put(struct pd_var *v, int64_t i, double value)
{
    if (v->real_size == 8)
        ((double *)v->data)[i] = value;
    else
        ((float *)v->data)[i] = (float)value;
}

static double get(const struct pd_var *v, int64_t i)
{
    return v->real_size == 8 ? ((const double *)v->data)[i] : (double)((const float *)v->data)[i];
}

static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 16777619u;
    return h;
}

static void initialise(struct pd_var *v, uint64_t seed)
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
        put(v, i, x);
        norm += x * x;
    }
    if (v->init.kind == PD_INIT_UNIT)
        for (int64_t i = 0; i < n; i++)
            put(v, i, get(v, i) / sqrt(norm));
}

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

struct pd_var *pd_vars_get(struct pd_vars *s, const char *name, struct pd_shape shape,
                           struct pd_init_spec init)
{
    struct pd_var *v = pd_vars_find(s, name);
    if (v && !pd_shape_equal(v->shape, shape))
        BUG("variable %s is asked for with another shape", name);
    if (v)
        return v;
    v = pd_calloc(1, sizeof *v);
    if (!v || !make_room(s))
        goto fail;
    v->shape = shape;
    v->init = init;
    v->real_size = s->real_size;
    v->name = pd_strdup(name);
    if (!v->name)
        goto fail;
    if (s->real_size) {
        v->data = pd_aligned_calloc((size_t)pd_shape_count(shape) * s->real_size);
        if (!v->data)
            goto fail;
        initialise(v, s->seed);
    }
    return s->vars[s->count++] = v;
fail:
    var_destroy(v);
    return NULL;
}

void pd_vars_reset(struct pd_vars *s, const char *prefix, uint64_t seed)
{
    for (int i = 0; i < s->count; i++)
        if (strncmp(s->vars[i]->name, prefix, strlen(prefix)) == 0)
            initialise(s->vars[i], seed);
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

void *pd_var_data(struct pd_var *v)
{
    return v->data;
}

void pd_var_read_f64(const struct pd_var *v, double *out)
{
    for (int64_t i = 0; i < pd_shape_count(v->shape); i++)
        out[i] = get(v, i);
}

void pd_var_write_f64(struct pd_var *v, const double *in)
{
    for (int64_t i = 0; i < pd_shape_count(v->shape); i++)
        put(v, i, in[i]);
}
