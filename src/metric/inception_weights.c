/* Inception's tensors: which there are, and into the network's variables. */
#include "metric/inception.h"

#include "base/mem.h"
#include "io/sha256.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BATCH_NORM_EPS 1e-3

/* --- which there are --- */

/* Of convolution NAME: what the network calls NAME.weight and NAME.bias. */
static const struct part {
    const char *name;
} parts[PD_INCEPTION_PARTS] = {
    {"conv.weight"}, {"bn.weight"}, {"bn.bias"}, {"bn.running_mean"}, {"bn.running_var"}};

static bool ends(const char *name, const char *end)
{
    const size_t n = strlen(name), k = strlen(end);
    return n >= k && !strcmp(name + n - k, end);
}

static struct pd_inception_tensor tensor_of(const char *name, struct pd_shape s)
{
    struct pd_inception_tensor t = {.rank = s.rank};
    snprintf(t.name, sizeof t.name, "%s", name);
    memcpy(t.dims, s.dim, sizeof t.dims);
    return t;
}

/* Part number i of a convolution by its weight's variable. */
static struct pd_inception_tensor part_of(const struct pd_var *weight, int i)
{
    const char *name = pd_var_name(weight);
    const struct pd_shape taps = pd_var_shape(weight);
    struct pd_inception_tensor t = tensor_of("", i ? pd_shape1(taps.dim[0]) : taps);
    snprintf(t.name, sizeof t.name, "%.*s%s", (int)(strlen(name) - strlen("weight")), name, parts[i].name);
    return t;
}

static struct pd_inception_tensor bias_of_fc(void)
{
    return tensor_of("fc.bias", pd_shape1(PD_INCEPTION_CLASSES));
}

static bool is_conv(const struct pd_var *var)
{
    return pd_var_shape(var).rank == 4;
}

static int list(const struct pd_vars *vars, struct pd_inception_tensor *out, int capacity)
{
    int n = 0;
    for (int i = 0; i < pd_vars_count(vars); i++) {
        const struct pd_var *var = pd_vars_at(vars, i);
        const int count = is_conv(var) ? PD_INCEPTION_PARTS : ends(var ? pd_var_name(var) : "", ".weight");
        for (int k = 0; k < count; k++, n++)
            if (n < capacity)
                out[n] = is_conv(var) ? part_of(var, k) : tensor_of(pd_var_name(var), pd_var_shape(var));
    }
    if (n < capacity)
        out[n] = bias_of_fc();
    return n + 1;
}

int pd_inception_tensors(struct pd_inception_tensor *out, int capacity)
{
    struct pd_backend *backend = NULL;
    int n = -1;
    if (pd_backend_create("costs", 1, &backend, NULL)) /* no memory for values */
        return n;
    struct pd_vars *vars = pd_vars_create(backend, 0);
    struct pd_graph *g = vars ? pd_graph_create() : NULL;
    if (g) {
        pd_inception_record(
            vars, pd_input(g, "images", PD_REAL, pd_shape4(1, 3, PD_INCEPTION_SIDE, PD_INCEPTION_SIDE)));
        n = pd_vars_find(vars, "fc.weight") ? list(vars, out, capacity) : -1;
    }
    pd_graph_destroy(g);
    pd_vars_destroy(vars);
    pd_backend_destroy(backend);
    return n;
}

/* --- into variables --- */

struct loader {
    struct pd_vars *vars;
    const struct pd_inception_source *from;
    const char *name;
    struct sha256_ctx sum;
    double *values; /* room for any tensor */
};

static int64_t count_of(const struct pd_inception_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= t->dims[i];
    return n;
}

static enum pd_status check(struct sha256_ctx *sum, const char *file, const char *tensor, const float *values,
                            int64_t n, struct pd_error *err)
{
    const bool variance = ends(tensor, ".running_var");
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(values[i]) || (variance && values[i] < 0))
            return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: number %lld of '%s' is %g, expected %s", file,
                           (long long)i, tensor, (double)values[i], variance ? "a variance" : "finite ones");
    sha256_update(sum, (size_t)n * sizeof *values, (const uint8_t *)values);
    return PD_OK;
}

enum pd_status pd_inception_check(const struct pd_io_array *tensors, int n, const char *name, char *checksum,
                                  struct pd_error *err)
{
    struct sha256_ctx sum;
    enum pd_status status = PD_OK;
    sha256_init(&sum);
    for (int i = 0; i < n && !status; i++)
        status = check(&sum, name, tensors[i].name, tensors[i].data, pd_io_array_count(&tensors[i]), err);
    pd_sha256_hex(&sum, checksum);
    return status;
}

static enum pd_status get(struct loader *l, const struct pd_inception_tensor *t, const float **values,
                          struct pd_error *err)
{
    enum pd_status status = l->from->get(l->from->context, t, values, err);
    return status ? status : check(&l->sum, l->name, t->name, *values, count_of(t), err);
}

/* y = gamma (w x - mean) / sqrt(variance + eps) + beta is a convolution by scaled weights and a bias. */
static enum pd_status load_conv(struct loader *l, struct pd_var *weight, struct pd_error *err)
{
    const int64_t out = pd_var_shape(weight).dim[0], taps = pd_shape_count(pd_var_shape(weight)) / out;
    const float *values;
    double *scale = pd_calloc((size_t)(2 * out), sizeof *scale), *bias = scale ? scale + out : NULL;
    enum pd_status status =
        scale ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for weights", l->name);
    for (int p = 0; p < PD_INCEPTION_PARTS && !status; p++) {
        const struct pd_inception_tensor t = part_of(weight, p);
        status = get(l, &t, &values, err);
        for (int64_t i = 0; !p && i < out * taps && !status; i++)
            l->values[i] = (double)values[i];
        for (int64_t i = 0; p && i < out && !status; i++)
            if (p == 1)
                scale[i] = (double)values[i];
            else if (p == 2)
                bias[i] = (double)values[i];
            else if (p == 3)
                l->values[out * taps + i] = (double)values[i];
            else
                scale[i] /= sqrt((double)values[i] + BATCH_NORM_EPS);
    }
    for (int64_t i = 0; i < out && !status; i++)
        bias[i] -= l->values[out * taps + i] * scale[i];
    for (int64_t i = 0; i < out * taps && !status; i++)
        l->values[i] *= scale[i / taps];
    char name[PD_INCEPTION_NAME];
    snprintf(name, sizeof name, "%.*sbias", (int)(strlen(pd_var_name(weight)) - strlen("weight")),
             pd_var_name(weight));
    if (!status)
        status = pd_var_write_f64(weight, l->values, err);
    if (!status)
        status = pd_var_write_f64(pd_vars_find(l->vars, name), bias, err);
    pd_free(scale);
    return status;
}

static enum pd_status load_fc(struct loader *l, float *bias, struct pd_error *err)
{
    struct pd_var *fc = pd_vars_find(l->vars, "fc.weight");
    const struct pd_inception_tensor weight = tensor_of(pd_var_name(fc), pd_var_shape(fc)),
                                     last = bias_of_fc();
    const float *values;
    enum pd_status status = get(l, &weight, &values, err);
    for (int64_t i = 0; !status && i < count_of(&weight); i++)
        l->values[i] = (double)values[i];
    if (!status)
        status = pd_var_write_f64(fc, l->values, err);
    if (!status)
        status = get(l, &last, &values, err);
    if (!status)
        memcpy(bias, values, PD_INCEPTION_CLASSES * sizeof *bias);
    return status;
}

static int64_t largest(const struct pd_vars *vars)
{
    int64_t most = 0;
    for (int i = 0; i < pd_vars_count(vars); i++) {
        const struct pd_shape s = pd_var_shape(pd_vars_at(vars, i));
        const int64_t n = pd_shape_count(s) + s.dim[0];
        most = n > most ? n : most;
    }
    return most;
}

enum pd_status pd_inception_load(struct pd_vars *vars, const struct pd_inception_source *from,
                                 const char *name, char *checksum, float *bias, struct pd_error *err)
{
    struct loader l = {.vars = vars, .from = from, .name = name};
    sha256_init(&l.sum);
    l.values = pd_calloc((size_t)largest(vars), sizeof *l.values);
    enum pd_status status =
        l.values ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for weights", name);
    for (int i = 0; i < pd_vars_count(vars) && !status; i++)
        if (is_conv(pd_vars_at(vars, i)))
            status = load_conv(&l, pd_vars_at(vars, i), err);
    if (!status)
        status = load_fc(&l, bias, err);
    pd_sha256_hex(&l.sum, checksum);
    pd_free(l.values);
    return status;
}
