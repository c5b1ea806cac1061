/* Networks as ONNX models: what is in the files, and, beside a python3 with onnxruntime, what they compute.
 */
#include "scratch.h"

#if __has_include(<onnx.pb-c.h>)

#include "base/mem.h"
#include "base/rng.h"
#include "gan/onnx_walk.h"
#include "io/npy.h"
#include "plans.h"

#include <paydirt/onnx.h>
#include <paydirt/sample.h>
#include <paydirt/score.h>

#include <math.h>
#include <onnx.pb-c.h>
#include <sys/stat.h>

enum { IMAGES = 64, CLASSES = 3, SIZE = 16 };

/* --- networks --- */

struct fixture {
    struct pd_backend *backend;
    struct pd_gan *gan;
};

/* As a power iteration leaves it: sigma = u W v must not be near 0. w: "d.fc.weight_orig" (out, rest) */
static void settle_spectral(struct pd_gan *gan, struct pd_var *w)
{
    char name[128];
    const int size = (int)strlen(pd_var_name(w)) - 5;
    snprintf(name, sizeof name, "%.*s_u", size, pd_var_name(w));
    struct pd_var *u_var = pd_vars_find(gan->vars, name);
    snprintf(name, sizeof name, "%.*s_v", size, pd_var_name(w));
    struct pd_var *v_var = pd_vars_find(gan->vars, name);
    const int64_t out = var_count(u_var), rest = var_count(v_var);
    double *x = take_var(w), *u = take_var(u_var), *v = take_var(v_var), norm = 0;
    for (int64_t k = 0; k < rest; k++) {
        v[k] = 0;
        for (int64_t i = 0; i < out; i++)
            v[k] += u[i] * x[i * rest + k];
        norm += v[k] * v[k];
    }
    for (int64_t k = 0; k < rest; k++)
        v[k] /= sqrt(norm);
    put_var(v_var, v);
    free(x);
    free(u);
    free(v);
}

/* Weights and statistics that no layer can do without. */
static void stir(struct pd_gan *gan)
{
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        struct pd_var *v = pd_vars_at(gan->vars, i);
        const struct pd_rng random = {7, 3, (uint64_t)i};
        const int64_t n = var_count(v);
        double *x = take_var(v);
        for (int64_t k = 0; k < n; k++)
            if (strstr(pd_var_name(v), ".running_var"))
                x[k] = 0.5 + pd_rng_uniform(&random, (uint64_t)k);
            else if (!strstr(pd_var_name(v), "weight_u") && !strstr(pd_var_name(v), "weight_v"))
                x[k] += 0.1 * pd_rng_normal(&random, (uint64_t)k);
        put_var(v, x);
        free(x);
        if (strstr(pd_var_name(v), "weight_orig"))
            settle_spectral(gan, v);
    }
}

static void make(struct fixture *f, const char *model, int channels)
{
    struct pd_error err;
    struct pd_model_config c;
    const struct pd_model *m = pd_model_find(model, &err);
    if (!m || pd_backend_create("onednn", 1, &f->backend, &err) ||
        pd_model_configure(m, m->points ? 2 : channels, m->points ? 0 : SIZE, CLASSES, 8, 0.125, &c, &err) ||
        pd_gan_create(&c, f->backend, 3, &f->gan, &err))
        fail_msg("%s", err.message);
    if (strcmp(model, "dcgan") == 0) /* one with averaged weights */
        assert_int_equal(pd_gan_add_ema(f->gan, NULL), PD_OK);
    assert_int_equal(pd_gan_make_statistics(f->gan, PD_ORIGIN_FAKE, NULL), PD_OK);
    f->gan->statistics[PD_ORIGIN_FAKE] = pd_gan_has_batch_norm(f->gan) ? 100 : 0;
    stir(f->gan);
}

static void release(struct fixture *f)
{
    pd_gan_destroy(f->gan);
    pd_backend_destroy(f->backend);
}

/* --- what is in a file --- */

static Onnx__ModelProto *read_model(const char *path)
{
    size_t size;
    char *bytes = scratch_read(path, &size);
    Onnx__ModelProto *m = onnx__model_proto__unpack(NULL, size, (const uint8_t *)bytes);
    free(bytes);
    assert_non_null(m);
    return m;
}

static const char *meta_of(const Onnx__ModelProto *m, const char *key)
{
    for (size_t i = 0; i < m->n_metadata_props; i++)
        if (!strcmp(m->metadata_props[i]->key, key))
            return m->metadata_props[i]->value;
    fail_msg("no metadata '%s'", key);
    return "";
}

/* Every value is made once, before it is used. */
struct names {
    const char *at[1000];
    size_t count;
};

static bool is_known(const struct names *known, const char *name)
{
    for (size_t i = 0; i < known->count; i++)
        if (!strcmp(known->at[i], name))
            return true;
    return false;
}

static void add_name(struct names *known, const char *name)
{
    assert_true(name && *name && known->count < 1000);
    if (is_known(known, name))
        fail_msg("'%s' is made twice", name);
    known->at[known->count++] = name;
}

static void check_constant(const Onnx__TensorProto *t)
{
    size_t bytes = t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 ? 8 : 4;
    for (size_t i = 0; i < t->n_dims; i++)
        bytes *= (size_t)t->dims[i];
    assert_true(t->has_raw_data && t->has_data_type);
    assert_int_equal(t->raw_data.len, bytes);
    for (size_t i = 0; t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT && i < bytes / 4; i++) {
        float x;
        memcpy(&x, t->raw_data.data + 4 * i, sizeof x);
        assert_true(isfinite(x));
    }
}

static void check_nodes(const Onnx__GraphProto *g)
{
    struct names known = {.count = 0};
    for (size_t i = 0; i < g->n_input; i++)
        add_name(&known, g->input[i]->name);
    for (size_t i = 0; i < g->n_initializer; i++) {
        add_name(&known, g->initializer[i]->name);
        check_constant(g->initializer[i]);
    }
    for (size_t i = 0; i < g->n_node; i++) {
        const Onnx__NodeProto *n = g->node[i];
        for (size_t k = 0; k < n->n_input; k++)
            if (!is_known(&known, n->input[k]))
                fail_msg("%s '%s' takes '%s', which is not there", n->op_type, n->name, n->input[k]);
        assert_int_equal(n->n_output, 1);
        add_name(&known, n->output[0]);
    }
    for (size_t i = 0; i < g->n_output; i++)
        assert_true(is_known(&known, g->output[i]->name));
}

static void check_model(const char *path)
{
    Onnx__ModelProto *m = read_model(path);
    assert_int_equal(m->ir_version, 8);
    assert_int_equal(m->n_opset_import, 1);
    assert_int_equal(m->opset_import[0]->version, 17);
    assert_string_equal(m->opset_import[0]->domain, "");
    assert_string_equal(m->producer_name, "paydirt");
    check_nodes(m->graph);
    onnx__model_proto__free_unpacked(m, NULL);
}

/* "z:1 (N, 8)", a type by ONNX's number */
static void assert_value(const Onnx__ValueInfoProto *v, const char *expected)
{
    char text[128];
    const Onnx__TypeProto__Tensor *t = v->type->tensor_type;
    int n = snprintf(text, sizeof text, "%s:%d (", v->name, t->elem_type);
    for (size_t i = 0; i < t->shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *d = t->shape->dim[i];
        const bool named = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        n += snprintf(text + n, sizeof text - (size_t)n, i ? ", " : "");
        n += named ? snprintf(text + n, sizeof text - (size_t)n, "%s", d->dim_param)
                   : snprintf(text + n, sizeof text - (size_t)n, "%lld", (long long)d->dim_value);
    }
    snprintf(text + n, sizeof text - (size_t)n, ")");
    assert_string_equal(text, expected);
}

/* --- the six networks --- */

static void save(const char *path, const struct pd_io_array *arrays, size_t count)
{
    assert_int_equal(pd_npz_write(path, arrays, count, false, NULL), PD_OK);
}

static void write_generator(const struct fixture *f, const char *name)
{
    static const struct pd_onnx_meta meta[] = {{"seed", "3"}};
    const int64_t image = pd_gan_image_size(f->gan);
    const bool points = f->gan->config.size == 0;
    char file[64];
    float *z = malloc(IMAGES * 8 * sizeof *z), *images = malloc((size_t)(IMAGES * image) * sizeof *images);
    int32_t labels[IMAGES];
    int64_t wide[IMAGES];
    const struct pd_rng random = {1, 2, 0};
    for (int i = 0; i < IMAGES * 8; i++)
        z[i] = (float)pd_rng_normal(&random, (uint64_t)i);
    for (int i = 0; i < IMAGES; i++)
        wide[i] = labels[i] = i % CLASSES;
    snprintf(file, sizeof file, "%s-g.onnx", name);
    struct pd_error err;
    if (pd_generator_write_onnx(f->gan, meta, 1, scratch_path(file), &err))
        fail_msg("%s", err.message);
    check_model(scratch_path(file));
    assert_int_equal(pd_generate(f->gan, IMAGES, labels, z, 0, images, NULL), PD_OK);
    snprintf(file, sizeof file, "%s-g.npz", name);
    const struct pd_io_array arrays[] = {{"z", PD_IO_F32, 2, {IMAGES, 8}, z},
                                         {"labels", PD_IO_I64, 1, {IMAGES}, wide},
                                         {"images",
                                          PD_IO_F32,
                                          points ? 2 : 4,
                                          {IMAGES, points ? 2 : f->gan->config.channels, SIZE, SIZE},
                                          images}};
    save(scratch_path(file), arrays, 3);
    free(images);
    free(z);
}

static void write_discriminator(const struct fixture *f, const char *name, enum pd_origin origin)
{
    const int64_t image = pd_gan_image_size(f->gan);
    const bool points = f->gan->config.size == 0;
    const struct pd_rng random = {2, 2, 0};
    char file[64];
    float *images = malloc((size_t)(IMAGES * image) * sizeof *images), logit[IMAGES],
          class_logits[IMAGES * CLASSES];
    for (int64_t i = 0; i < IMAGES * image; i++)
        images[i] = (float)(2 * pd_rng_uniform(&random, (uint64_t)i) - 1);
    snprintf(file, sizeof file, "%s-d%d.onnx", name, (int)origin);
    assert_int_equal(pd_discriminator_write_onnx(f->gan, origin, NULL, 0, scratch_path(file), NULL), PD_OK);
    check_model(scratch_path(file));
    assert_int_equal(pd_score(f->gan, origin, images, IMAGES, logit, class_logits, NULL), PD_OK);
    snprintf(file, sizeof file, "%s-d%d.npz", name, (int)origin);
    const struct pd_io_array arrays[] = {{"images",
                                          PD_IO_F32,
                                          points ? 2 : 4,
                                          {IMAGES, points ? 2 : f->gan->config.channels, SIZE, SIZE},
                                          images},
                                         {"logit", PD_IO_F32, 1, {IMAGES}, logit},
                                         {"class_logits", PD_IO_F32, 2, {IMAGES, CLASSES}, class_logits}};
    save(scratch_path(file), arrays, 3);
    free(images);
}

static void writes_every_network(void **state)
{
    (void)state;
    const struct pd_model *m;
    for (int i = 0; (m = pd_model_at(i)); i++) {
        struct fixture f;
        make(&f, m->name, i % 2 ? 3 : 1);
        write_generator(&f, m->name);
        write_discriminator(&f, m->name, PD_ORIGIN_REAL);
        write_discriminator(&f, m->name, PD_ORIGIN_FAKE);
        release(&f);
    }
}

static void says_what_it_is(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, "acgan", 3);
    write_generator(&f, "said");
    write_discriminator(&f, "said", PD_ORIGIN_FAKE);
    release(&f);
    Onnx__ModelProto *g = read_model(scratch_path("said-g.onnx")),
                     *d = read_model(scratch_path("said-d1.onnx"));
    assert_int_equal(g->graph->n_input, 2);
    assert_value(g->graph->input[0], "z:1 (N, 8)");
    assert_value(g->graph->input[1], "labels:7 (N)");
    assert_int_equal(g->graph->n_output, 2);
    assert_value(g->graph->output[0], "images:1 (N, 3, 16, 16)");
    assert_value(g->graph->output[1], "pixels:2 (N, 16, 16, 3)");
    assert_string_equal(meta_of(g, "model"), "acgan");
    assert_string_equal(meta_of(g, "class_names"), "[\"0\",\"1\",\"2\"]");
    assert_string_equal(meta_of(g, "seed"), "3");
    assert_string_equal(meta_of(g, "z_dim"), "8");
    assert_int_equal(d->graph->n_input, 1);
    assert_value(d->graph->input[0], "images:1 (N, 3, 16, 16)");
    assert_int_equal(d->graph->n_output, 2);
    assert_value(d->graph->output[0], "logit:1 (N)");
    assert_value(d->graph->output[1], "class_logits:1 (N, 3)");
    assert_string_equal(meta_of(d, "origin"), "fake");
    assert_string_equal(meta_of(d, "statistics"), "100");
    onnx__model_proto__free_unpacked(g, NULL);
    onnx__model_proto__free_unpacked(d, NULL);
}

/* --- every op that ONNX has words for --- */

static struct pd_node *weights(struct pd_gan *gan, struct pd_graph *g, const char *name, struct pd_shape s)
{
    const struct pd_init_spec init = {PD_INIT_NORMAL, 0, 0.5};
    return pd_var_read(g, pd_vars_get(gan->vars, name, s, init));
}

static const char *const op_outputs[] = {
    "affine",     "exp",        "log",      "sqrt",     "abs",      "sign",    "step",
    "pow",        "max",        "tanh",     "sigmoid",  "softplus", "relu",    "lrelu",
    "add",        "sub",        "mul",      "div",      "reshape",  "centred", "concat",
    "slice",      "pad",        "one_hot",  "matmul",   "matmul_t", "conv",    "conv_bias",
    "deconv",     "conv_dx",    "max_pool", "avg_pool", "max_pad",  "avg_pad", "log_softmax",
    "batch_norm", "norm_lrelu", "norm_row", "product",  "twice",    NULL};

/* In the order of the names. */
static void record_ops(struct pd_gan *gan, struct pd_graph *g, int64_t n, enum pd_origin origin)
{
    (void)origin;
    struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape4(n, 4, 8, 8));
    struct pd_node *y = pd_input(g, "y", PD_REAL, pd_shape2(n, 6));
    struct pd_node *c = pd_input(g, "c", PD_I32, pd_shape1(n));
    struct pd_node *size = pd_abs(x), *pixel = pd_sum_to(x, pd_shape4(n, 1, 8, 8));
    struct pd_node *w = weights(gan, g, "w.weight_orig", pd_shape4(4, 4, 3, 3));
    struct pd_node *v = weights(gan, g, "v", pd_shape2(6, 5)), *u = weights(gan, g, "u", pd_shape2(5, 6));
    struct pd_node *bias = pd_reshape(weights(gan, g, "bias", pd_shape1(4)), pd_shape4(1, 4, 1, 1));
    struct pd_node *row = weights(gan, g, "row", pd_shape2(1, 5));
    struct pd_node *four = weights(gan, g, "four", pd_shape1(4)), *six = weights(gan, g, "six", pd_shape1(6));
    struct pd_node *mean = pd_reshape(four, pd_shape2(1, 4));
    struct pd_node *stats = pd_concat(mean, pd_abs(mean), 0), *means = pd_reshape(six, pd_shape2(1, 6));
    struct pd_node *rows = pd_concat(means, pd_abs(means), 0);
    struct pd_attr half = {.slope = 1, .stride = 2, .pad_h = 1, .pad_w = 1};
    struct pd_node *small = pd_conv(x, pd_div(w, pd_sum(pd_square(w))), 2, 1);
    struct pd_node *const outputs[] = {
        pd_affine(x, -2, 3),
        pd_exp(x),
        pd_log(pd_affine(size, 1, 0.5)),
        pd_sqrt(size),
        size,
        pd_sign(x),
        pd_step(x),
        pd_pow(size, 1.5),
        pd_max(x, 0.25),
        pd_tanh(x),
        pd_sigmoid(x),
        pd_softplus(x),
        pd_lrelu(x, 0),
        pd_lrelu(x, 0.2),
        pd_add(x, pd_constant(g, 2, pd_shape4(1, 4, 8, 8))),
        pd_sub(x, pixel),
        pd_mul(bias, x),
        pd_div(pixel, pd_exp(x)),
        pd_reshape(x, pd_shape2(n, 256)),
        pd_sub(x, pd_affine(pd_sum_to(x, pd_shape4(n, 4, 1, 1)), 1.0 / 64, 0)),
        pd_concat(x, pd_detach(size), 1),
        pd_slice(x, 2, 1, 3),
        pd_pad(x, 3, 2, 13),
        pd_one_hot(c, CLASSES),
        pd_matmul(y, v, false, false),
        pd_matmul(y, u, false, true),
        small,
        pd_add(pd_conv_padded(x, w, 1, 0, 1), bias),
        pd_add(pd_conv_transposed(x, w, 2, 1), bias),
        pd_conv_dx(small, w, &half, pd_shape4(n, 4, 8, 8)),
        pd_max_pool(x, 2, 2, 0),
        pd_avg_pool(x, 2, 2, 0),
        pd_max_pool(x, 3, 1, 1),
        pd_avg_pool(x, 3, 1, 1),
        pd_log_softmax(y),
        pd_batch_norm(x, stats, four, four, 1e-5, 1),
        pd_batch_norm(x, stats, four, four, 1e-3, 0.2),
        pd_batch_norm(y, rows, six, six, 1e-5, 0),
        pd_add(pd_matmul(y, v, false, false), row),
        pd_add(pd_tanh(pd_broadcast(pixel, pd_shape4(n, 4, 8, 8))), bias),
    };
    for (int i = 0; op_outputs[i]; i++)
        pd_output(outputs[i], op_outputs[i]);
}

static enum pd_status say(struct pd_gan *gan,
                          void (*record)(struct pd_gan *, struct pd_graph *, int64_t, enum pd_origin),
                          const char *const *outputs, const char *path, struct pd_error *err)
{
    const struct pd_onnx_network network = {record, PD_ORIGIN_REAL, outputs};
    struct pd_onnx *model;
    enum pd_status status = pd_onnx_create(&model, err);
    pd_onnx_about(model, "test", "");
    if (!status)
        status = pd_onnx_say(gan, &network, model, err);
    if (!status)
        status = pd_onnx_write(model, path, err);
    pd_onnx_destroy(model);
    return status;
}

/* What paydirt makes of the same numbers. */
static void save_ops(const struct fixture *f)
{
    enum { OUTPUTS = sizeof op_outputs / sizeof op_outputs[0] - 1, INPUTS = 3 };
    static float x[IMAGES * 256], y[IMAGES * 6], made[OUTPUTS][IMAGES * 1024];
    int32_t c[IMAGES];
    int64_t labels[IMAGES];
    struct pd_io_array arrays[OUTPUTS + INPUTS] = {{"x", PD_IO_F32, 4, {IMAGES, 4, 8, 8}, x},
                                                   {"y", PD_IO_F32, 2, {IMAGES, 6}, y},
                                                   {"labels", PD_IO_I64, 1, {IMAGES}, labels}};
    const struct pd_rng random = {4, 5, 0};
    struct pd_plan *plan;
    struct pd_graph *g = pd_graph_create();
    for (int i = 0; i < IMAGES * 256; i++)
        x[i] = (float)pd_rng_normal(&random, (uint64_t)i);
    for (int i = 0; i < IMAGES * 6; i++)
        y[i] = (float)pd_rng_normal(&random, (uint64_t)(i + IMAGES * 256));
    for (int i = 0; i < IMAGES; i++)
        labels[i] = c[i] = i % CLASSES;
    record_ops(f->gan, g, IMAGES, PD_ORIGIN_REAL);
    for (int i = 0, k = INPUTS; i < g->count; i++)
        if (g->nodes[i]->output) {
            struct pd_io_array *a = &arrays[k++];
            *a = (struct pd_io_array){.name = g->nodes[i]->name, .rank = g->nodes[i]->shape.rank};
            memcpy(a->dims, g->nodes[i]->shape.dim, sizeof g->nodes[i]->shape.dim);
        }
    assert_int_equal(pd_compile(g, f->backend, &plan, NULL), PD_OK);
    write_plan(plan, "x", IMAGES * 256, x);
    write_plan(plan, "y", IMAGES * 6, y);
    write_plan(plan, "c", IMAGES, c);
    assert_int_equal(pd_plan_run(plan, 0, 0, NULL), PD_OK);
    for (int i = 0; i < OUTPUTS; i++) {
        struct pd_io_array *a = &arrays[INPUTS + i];
        const int64_t n = pd_io_array_count(a);
        assert_in_range(n, 1, IMAGES * 1024);
        read_plan(plan, a->name, n, made[i]);
        a->data = made[i];
    }
    save(scratch_path("ops.npz"), arrays, OUTPUTS + INPUTS);
    pd_plan_destroy(plan);
    pd_graph_destroy(g);
}

static void says_every_op(void **state)
{
    (void)state;
    struct fixture f;
    struct pd_error err;
    make(&f, "mlp", 2);
    if (say(f.gan, record_ops, op_outputs, scratch_path("ops.onnx"), &err))
        fail_msg("%s", err.message);
    check_model(scratch_path("ops.onnx"));
    save_ops(&f);
    release(&f);
}

/* --- beside another program --- */

static bool has_onnxruntime(const char *python)
{
    char command[512];
    snprintf(command, sizeof command, "'%s' -c 'import onnxruntime, numpy' >/dev/null 2>&1", python);
    return system(command) == 0; /* NOLINT(concurrency-mt-unsafe) */
}

static void equals_onnxruntime(void **state)
{
    (void)state;
    const char *named = getenv("PYTHON_NEW"), *python = named && *named ? named : "python3";
    char command[4096];
    if (!has_onnxruntime(python)) {
        print_message("no python3 with onnxruntime to compare with (PYTHON_NEW names another)\n");
        skip();
    }
    snprintf(command, sizeof command, "'%s' '%s/unit/onnx_peer.py' '%s' 2>&1", python, PD_TEST_DIR,
             scratch_dir);
    assert_int_equal(system(command), 0); /* NOLINT(concurrency-mt-unsafe) */
}

/* --- refusals --- */

static const char *const one_output[] = {"out", NULL};

static struct pd_node *input(struct pd_graph *g, int64_t n)
{
    return pd_input(g, "x", PD_REAL, pd_shape2(n, 4));
}

#define NETWORK(name, node)                                                                                  \
    static void name(struct pd_gan *gan, struct pd_graph *g, int64_t n, enum pd_origin origin)               \
    {                                                                                                        \
        struct pd_node *x = input(g, n);                                                                     \
        (void)gan, (void)origin, (void)x;                                                                    \
        pd_output(node, "out");                                                                              \
    }
NETWORK(record_mean, pd_mean(x))
NETWORK(record_statistics, pd_batch_stats(x))
NETWORK(record_noise, pd_add(x, pd_random_normal(g, 1, pd_shape2(n, 4))))
NETWORK(record_constant, pd_exp(pd_constant(g, 1, pd_shape1(4))))
NETWORK(record_wide, pd_concat(x, pd_broadcast(pd_sum_to(x, pd_shape2(n, 1)), pd_shape2(n, 3)), 1))
NETWORK(record_batch, pd_slice(x, 0, 1, 1))
NETWORK(record_wrong, pd_matmul(x, x, false, false))
NETWORK(record_each, pd_add(x, pd_exp(pd_constant(g, 1, pd_shape2(n, 4)))))
NETWORK(record_update, pd_add(x, pd_assign(pd_vars_get(gan->vars, "s", pd_shape2(1, 4),
                                                       (struct pd_init_spec){PD_INIT_CONSTANT, 0, 0}),
                                           pd_constant(g, 1, pd_shape2(1, 4)))))

static void refuses_what_it_cannot_say(void **state)
{
    (void)state;
    static const struct {
        void (*record)(struct pd_gan *gan, struct pd_graph *g, int64_t n, enum pd_origin origin);
        const char *words;
    } networks[] = {{record_mean, "ONNX: the network is another for another number of images"},
                    {record_statistics, "ONNX: no words for op 'batch-stats'"},
                    {record_noise, "ONNX: no words for op 'random-normal'"},
                    {record_constant, "ONNX: no input reaches output 'out'"},
                    {record_wide, "ONNX: op 'broadcast' where only sums and the like can broadcast"},
                    {record_batch, "ONNX: op 'slice' over the images"},
                    {record_wrong, "matmul: (2, 4) by (2, 4)"},
                    {record_each, "ONNX: a constant with a number for each image (op 'exp')"},
                    {record_update, "ONNX: the network changes its weights (op 'assign')"}};
    struct fixture f;
    make(&f, "mlp", 2);
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        struct pd_error err = {.message = ""};
        if (!say(f.gan, networks[i].record, one_output, scratch_path("no.onnx"), &err))
            fail_msg("expected \"%s\"", networks[i].words);
        assert_string_equal(err.message, networks[i].words);
        assert_int_equal(access(scratch_path("no.onnx"), F_OK), -1);
    }
    pd_gan_use_batch_statistics(f.gan, true);
    assert_int_equal(pd_generator_write_onnx(f.gan, NULL, 0, scratch_path("mlp.onnx"), NULL), PD_OK);
    release(&f);
    make(&f, "dcgan", 3);
    struct pd_error err;
    pd_gan_use_batch_statistics(f.gan, true);
    assert_int_equal(pd_generator_write_onnx(f.gan, NULL, 0, scratch_path("no.onnx"), &err),
                     PD_ERR_UNSUPPORTED);
    assert_int_equal(
        pd_discriminator_write_onnx(f.gan, (enum pd_origin)7, NULL, 0, scratch_path("no.onnx"), &err),
        PD_ERR_USAGE);
    release(&f);
}

static void failures_leave_the_old_file(void **state)
{
    (void)state;
    struct fixture f;
    struct pd_error err = {.message = ""};
    make(&f, "infogan", 1);
    scratch_write(scratch_path("old.onnx"), "old", 3);
    scratch_limit(10000);
    assert_int_equal(pd_generator_write_onnx(f.gan, NULL, 0, scratch_path("old.onnx"), &err), PD_ERR_IO);
    scratch_limit(RLIM_INFINITY);
    assert_contains(err.message, "old.onnx: cannot write");
    assert_int_equal(pd_generator_write_onnx(f.gan, NULL, 0, scratch_path("none/g.onnx"), &err), PD_ERR_IO);
    int failed = 0;
    for (uint64_t n = 1;; n += 1 + n / 8) {
        pd_mem_fail_after(n);
        const enum pd_status status =
            pd_discriminator_write_onnx(f.gan, PD_ORIGIN_REAL, NULL, 0, scratch_path("old.onnx"), &err);
        pd_mem_fail_after(0);
        if (!status)
            break;
        assert_int_equal(status, PD_ERR_MEMORY);
        assert_file(scratch_path("old.onnx"), "old");
        failed++;
    }
    assert_true(failed > 10);
    check_model(scratch_path("old.onnx"));
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_network),
        cmocka_unit_test(says_what_it_is),
        cmocka_unit_test(says_every_op),
        cmocka_unit_test(equals_onnxruntime),
        cmocka_unit_test(refuses_what_it_cannot_say),
        cmocka_unit_test(failures_leave_the_old_file),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

#else

#include "needs.h"

int main(void)
{
    static const struct CMUnitTest tests[6];
    ALL_NEED(protobuf, tests);
    return 1;
}

#endif
