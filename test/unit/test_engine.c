/* The compiler's passes, the order of updates, errors of recording, and memory. */
#include "base/mem.h"
#include "grad/verify.h"

#include <malloc.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>

static const struct kind {
    enum pd_backend_kind kind;
    int threads;
} kinds[] = {{PD_BACKEND_REF_F64, 1}, {PD_BACKEND_REF_F32, 1}, {PD_BACKEND_ONEDNN, 2}};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* What a test records on, and what it made. */
struct stage {
    struct pd_backend *b;
    struct pd_vars *vars;
    struct pd_graph *g;
    struct pd_plan *p;
};

static struct stage begin(enum pd_backend_kind kind)
{
    struct stage s = {0};
    assert_int_equal(pd_backend_create(kind, kind == PD_BACKEND_ONEDNN ? 2 : 1, &s.b, NULL), PD_OK);
    s.vars = pd_vars_create(pd_backend_real_size(s.b), 1);
    s.g = pd_graph_create();
    return s;
}

static void compile(struct stage *s)
{
    struct pd_error err;
    if (pd_compile(s->g, s->b, &s->p, &err))
        fail_msg("%s", err.message);
    verify_plan(s->p);
}

static void end(struct stage *s)
{
    pd_plan_destroy(s->p);
    pd_graph_destroy(s->g);
    pd_vars_destroy(s->vars);
    pd_backend_destroy(s->b);
}

static int kernels(struct stage *s)
{
    compile(s);
    int n = pd_plan_info(s->p).kernels;
    end(s);
    return n;
}

static double value(const struct stage *s, const char *name, int i)
{
    const void *data = pd_plan_data(s->p, name);
    assert_non_null(data);
    return pd_backend_real_size(s->b) == 8 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

static void set(const struct stage *s, const char *name, int64_t n, double x)
{
    void *data = pd_plan_data(s->p, name);
    assert_non_null(data);
    for (int64_t i = 0; i < n; i++)
        if (pd_backend_real_size(s->b) == 8)
            ((double *)data)[i] = x;
        else
            ((float *)data)[i] = (float)x;
}

static struct pd_node *real(struct stage *s, const char *name, struct pd_shape shape)
{
    return pd_input(s->g, name, PD_REAL, shape);
}

static struct pd_var *var(struct stage *s, const char *name, struct pd_shape shape, double x)
{
    return pd_vars_get(s->vars, name, shape, (struct pd_init_spec){PD_INIT_CONSTANT, x, 0});
}

/* --- passes
 * -------------------------------------------------------------------------------------------------- */

static void dead_nodes_go(void **state)
{
    (void)state;
    struct stage s = begin(PD_BACKEND_REF_F32);
    struct pd_node *x = real(&s, "x", pd_shape2(3, 3)), *unused[2];
    struct pd_node *w = pd_var_read(s.g, var(&s, "w", pd_shape2(3, 3), 1));
    struct pd_node *y = pd_matmul(x, w, false, false);
    pd_grad(pd_sum(pd_exp(y)), (struct pd_node *[]){x, w}, 2, unused);
    real(&s, "unused", pd_shape1(7));
    pd_output(y, "y");
    compile(&s);
    assert_int_equal(pd_plan_info(s.p).kernels, 1);
    assert_non_null(pd_plan_data(s.p, "unused"));
    assert_null(pd_plan_data(s.p, "nothing"));
    end(&s);
}

static void equal_nodes_become_one(void **state)
{
    (void)state;
    struct stage s = begin(PD_BACKEND_REF_F32);
    struct pd_node *x = real(&s, "x", pd_shape2(3, 3));
    pd_output(pd_add(pd_exp(pd_affine(x, 2, 0)), pd_exp(pd_affine(x, 2, 0))), "y");
    assert_int_equal(kernels(&s), 3);

    s = begin(PD_BACKEND_REF_F32);
    x = real(&s, "x", pd_shape2(3, 3));
    pd_output(pd_add(pd_exp(pd_affine(x, 2, 0)), pd_exp(pd_affine(x, 3, 0))), "y");
    assert_int_equal(kernels(&s), 5);

    s = begin(PD_BACKEND_REF_F32);
    struct pd_node *a = pd_random_normal(s.g, 1, pd_shape1(4)), *b = pd_random_normal(s.g, 2, pd_shape1(4));
    pd_output(pd_sub(a, b), "y");
    assert_int_equal(kernels(&s), 3);
}

static void elementwise_ops_fuse(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stage s = begin(i ? PD_BACKEND_ONEDNN : PD_BACKEND_REF_F32);
        struct pd_node *x = real(&s, "x", pd_shape2(30, 30)), *row = real(&s, "row", pd_shape1(30));
        struct pd_node *y = pd_tanh(pd_mul(pd_exp(x), row));
        pd_output(pd_add(y, pd_square(pd_affine(y, 2, 1))), "y"); /* y is used twice, inside */
        assert_int_equal(kernels(&s), i ? 1 : 7);
    }
}

static void fusion_stops_at_outputs(void **state)
{
    (void)state;
    struct stage s = begin(PD_BACKEND_ONEDNN);
    struct pd_node *x = real(&s, "x", pd_shape2(30, 30)), *y = pd_exp(x);
    pd_output(y, "y");
    pd_output(pd_tanh(y), "z");
    assert_int_equal(kernels(&s), 2);
}

static void layers_combine(void **state)
{
    (void)state;
    struct stage s = begin(PD_BACKEND_ONEDNN);
    struct pd_node *x = real(&s, "x", pd_shape2(4, 6)), *w = real(&s, "w", pd_shape2(5, 6));
    pd_output(pd_lrelu(pd_add(pd_matmul(x, w, false, true), real(&s, "b", pd_shape1(5))), 0), "y");
    assert_int_equal(kernels(&s), 1);

    s = begin(PD_BACKEND_ONEDNN);
    x = real(&s, "x", pd_shape4(2, 1, 8, 8));
    w = real(&s, "w", pd_shape4(16, 1, 4, 4));
    pd_output(pd_lrelu(pd_add(pd_conv(x, w, 2, 1), real(&s, "b", pd_shape4(1, 16, 1, 1))), 0.2), "y");
    assert_int_equal(kernels(&s), 2); /* and a reorder of the output */

    s = begin(PD_BACKEND_ONEDNN);
    x = real(&s, "x", pd_shape2(4, 4));
    w = real(&s, "w", pd_shape2(4, 4));
    pd_output(pd_add(pd_matmul(x, w, false, true), pd_matmul(w, x, false, false)), "y");
    assert_int_equal(kernels(&s), 2);
}

/* What somebody else reads is not computed again inside a combination. */
static void nothing_is_computed_twice(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct stage s = begin(PD_BACKEND_ONEDNN);
        struct pd_node *x = real(&s, "x", pd_shape2(4, 6)), *b = real(&s, "b", pd_shape1(4));
        struct pd_node *y = pd_matmul(x, x, false, true), *z = pd_matmul(x, pd_exp(x), false, true);
        struct pd_node *first[] = {pd_add(y, b), pd_lrelu(y, 0), pd_add(y, z), pd_add(z, y)};
        pd_output(first[i % 4], "first");
        pd_output(i < 4 ? pd_tanh(y) : y, "second");
        compile(&s);
        assert_true(fabs(pd_plan_info(s.p).gflop - (i % 4 < 2 ? 1 : 2) * 2e-9 * 4 * 4 * 6) < 1e-12);
        end(&s);
    }
}

/* Between two convolutions nothing is reordered. */
static void images_stay_blocked(void **state)
{
    (void)state;
    struct stage s = begin(PD_BACKEND_ONEDNN);
    struct pd_node *x = real(&s, "x", pd_shape4(2, 1, 8, 8));
    struct pd_node *y = pd_tanh(pd_conv(x, real(&s, "w", pd_shape4(32, 1, 4, 4)), 2, 1));
    y = pd_conv(pd_mul(y, real(&s, "scale", pd_shape4(1, 32, 1, 1))), real(&s, "v", pd_shape4(16, 32, 3, 3)),
                1, 1);
    pd_output(pd_sum_to(y, pd_shape4(1, 16, 1, 1)), "y");
    assert_int_equal(kernels(&s), 4);
}

static void memory_is_shared(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k].kind);
        struct pd_node *y = real(&s, "x", pd_shape2(64, 64));
        for (int i = 0; i < 12; i++)
            y = pd_tanh(pd_matmul(y, real(&s, (char[]){'a' + (char)i, 0}, pd_shape2(64, 64)), false, false));
        pd_output(y, "y");
        compile(&s);
        struct pd_plan_info info = pd_plan_info(s.p);
        size_t one = 64 * 64 * pd_backend_real_size(s.b);
        assert_int_equal(info.arena_bytes, (13 + 2) * one);
        assert_int_equal(info.unplanned_bytes, (13 + 24) * one);
        assert_true(fabs(info.gflop - 12 * 2e-9 * 64 * 64 * 64) < 1e-9);
        end(&s);
    }
}

/* --- updates
 * ------------------------------------------------------------------------------------------------- */

static void expect(const struct stage *s, const char *name, double want)
{
    if (value(s, name, 0) != want || value(s, name, 2) != want)
        fail_msg("%s is %g and %g, expected %g", name, value(s, name, 0), value(s, name, 2), want);
}

/* What was computed before an update from the old value stays so, wherever it is used. */
static void updates_wait_for_readers(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k].kind);
        struct pd_var *v = var(&s, "v", pd_shape1(3), 2);
        struct pd_node *a = real(&s, "a", pd_shape1(3)), *old = pd_var_read(s.g, v);
        struct pd_node *y = pd_mul(a, old), *wide = pd_broadcast(old, pd_shape2(3, 3));
        pd_assign(v, pd_affine(a, 1, 100));
        pd_output(pd_add(y, pd_var_read(s.g, v)), "used after");
        pd_output(pd_exp(pd_affine(wide, 0, 0)), "one");
        pd_output(pd_affine(wide, 2, 0), "wide");
        pd_output(pd_affine(old, 3, 0), "late"); /* the old value, read after the update was recorded */
        compile(&s);
        set(&s, "a", 3, 5);
        pd_plan_run(s.p, 0, 0);
        expect(&s, "used after", 10 + 105);
        expect(&s, "wide", 4);
        expect(&s, "late", 6);
        pd_plan_run(s.p, 0, 0);
        expect(&s, "used after", 5 * 105 + 105);
        expect(&s, "wide", 210);
        end(&s);
    }
}

/* Copies are for those that cannot wait. */
static void waiting_costs_nothing(void **state)
{
    (void)state;
    struct stage s = begin(PD_BACKEND_REF_F32);
    struct pd_var *v = var(&s, "v", pd_shape1(3), 2);
    struct pd_node *a = real(&s, "a", pd_shape1(3)), *old = pd_var_read(s.g, v);
    pd_assign(v, a);
    pd_output(pd_mul(a, old), "y");
    assert_int_equal(kernels(&s), 2);
}

/* One op reads both: the old value must be kept beside the new one. */
static void old_and_new_values_meet(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k].kind);
        struct pd_var *v = var(&s, "v", pd_shape1(3), 2);
        struct pd_node *old = pd_var_read(s.g, v), *wide = pd_broadcast(old, pd_shape2(3, 3));
        struct pd_node *view = pd_reshape(old, pd_shape2(1, 3));
        pd_assign(v, pd_affine(old, 10, 0));
        struct pd_node *new = pd_var_read(s.g, v);
        pd_assign(v, pd_affine(new, 10, 0));
        struct pd_node *newest = pd_var_read(s.g, v);
        pd_output(pd_sub(new, old), "change");
        pd_output(pd_add(pd_mul(old, newest), new), "three");
        pd_output(pd_sub(wide, new), "wide");
        pd_output(pd_matmul(view, pd_reshape(newest, pd_shape2(3, 1)), false, false), "product");
        compile(&s);
        pd_plan_run(s.p, 0, 0);
        expect(&s, "change", 18);
        expect(&s, "three", 2 * 200 + 20);
        expect(&s, "wide", -18);
        assert_true(value(&s, "product", 0) == 3 * 2 * 200);
        pd_plan_run(s.p, 0, 0);
        expect(&s, "change", 1800);
        end(&s);
    }
}

static void two_variables_swap(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k].kind);
        struct pd_var *v = var(&s, "v", pd_shape1(3), 2), *w = var(&s, "w", pd_shape1(3), 3);
        struct pd_node *a = pd_var_read(s.g, v), *b = pd_var_read(s.g, w);
        pd_assign(v, b);
        pd_assign(w, a);
        pd_output(pd_affine(pd_var_read(s.g, v), 2, 0), "v");
        pd_output(pd_affine(pd_var_read(s.g, w), 2, 0), "w");
        compile(&s);
        pd_plan_run(s.p, 0, 0);
        expect(&s, "v", 6);
        expect(&s, "w", 4);
        pd_plan_run(s.p, 0, 0);
        expect(&s, "v", 4);
        expect(&s, "w", 6);
        end(&s);
    }
}

/* An output that is a variable as it was keeps that value. */
static void outputs_keep_old_values(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k].kind);
        struct pd_var *v = var(&s, "v", pd_shape1(3), 2);
        struct pd_node *old = pd_var_read(s.g, v);
        pd_output(old, "old");
        pd_output(pd_reshape(old, pd_shape2(3, 1)), "view");
        pd_output(pd_assign(v, pd_affine(old, 10, 0)), "first");
        pd_output(pd_assign(v, pd_affine(old, 100, 0)), "second");
        compile(&s);
        pd_plan_run(s.p, 0, 0);
        expect(&s, "old", 2);
        expect(&s, "view", 2);
        expect(&s, "first", 20);
        expect(&s, "second", 200);
        end(&s);
    }
}

/* Adam moves m and v, too. */
static void moments_are_read_before(void **state)
{
    (void)state;
    for (int k = 0; k < 2 * KINDS; k++) {
        struct stage s = begin(kinds[k / 2].kind);
        struct pd_shape n = pd_shape1(3);
        struct pd_var *w = var(&s, "w", n, 2), *m = var(&s, "m", n, 5), *v = var(&s, "v", n, 1);
        struct pd_node *t = real(&s, "t", pd_shape0()), *g = real(&s, "g", n);
        pd_var_read(s.g, w); /* so that nothing but the reader holds Adam up */
        pd_var_read(s.g, v);
        struct pd_node *y = pd_affine(pd_var_read(s.g, m), 2, 0);
        if (k % 2)
            pd_assign(m, pd_affine(g, 0, 1));
        pd_adam(w, m, v, t, g, &(struct pd_adam_options){0.5, 0.5, 0.5, 0});
        pd_output(y, "before");
        compile(&s);
        set(&s, "t", 1, 1);
        set(&s, "g", 3, 1);
        pd_plan_run(s.p, 0, 0);
        expect(&s, "before", 10);
        double moved[3];
        pd_var_read_f64(w, moved);
        double mean = ((k % 2 ? 1 : 5) + 1) / 2.0 / 0.5, square = 1 / 0.5; /* both moments corrected */
        assert_true(fabs(moved[0] - (2 - 0.5 * mean / sqrt(square))) < 1e-6);
        end(&s);
    }
}

/* --- errors
 * -------------------------------------------------------------------------------------------------- */

/* Records one mistake with images x (2, 3, 4, 4), a matrix m (2, 3), labels (5); returns what the mistake
 * made. */
typedef struct pd_node *mistake(struct stage *s, struct pd_node *x, struct pd_node *m,
                                struct pd_node *labels);

#define MISTAKE(name, expression)                                                                            \
    static struct pd_node *name(struct stage *s, struct pd_node *x, struct pd_node *m,                       \
                                struct pd_node *labels)                                                      \
    {                                                                                                        \
        (void)s, (void)x, (void)m, (void)labels;                                                             \
        return expression;                                                                                   \
    }

MISTAKE(m_add, pd_add(m, real(s, "r", pd_shape2(2, 4))))
MISTAKE(m_broadcast, pd_broadcast(m, pd_shape2(2, 5)))
MISTAKE(m_broadcast_rank, pd_broadcast(x, pd_shape2(4, 4)))
MISTAKE(m_sum_to, pd_sum_to(m, pd_shape1(2)))
MISTAKE(m_sum_to_rank, pd_sum_to(m, pd_shape4(1, 1, 2, 3)))
MISTAKE(m_reshape, pd_reshape(m, pd_shape1(5)))
MISTAKE(m_concat, pd_concat(m, real(s, "r", pd_shape2(3, 4)), 0))
MISTAKE(m_concat_axis, pd_concat(m, m, 2))
MISTAKE(m_concat_negative, pd_concat(m, m, -1))
MISTAKE(m_slice, pd_slice(m, 1, 2, 2))
MISTAKE(m_slice_axis, pd_slice(m, 2, 0, 1))
MISTAKE(m_slice_negative, pd_slice(m, -1, 0, 1))
MISTAKE(m_slice_empty, pd_slice(m, 1, 0, 0))
MISTAKE(m_one_hot, pd_one_hot(m, 3))
MISTAKE(m_matmul, pd_matmul(m, m, false, false))
MISTAKE(m_matmul_rank, pd_matmul(m, x, false, false))
MISTAKE(m_conv, pd_conv(x, real(s, "w", pd_shape4(5, 2, 3, 3)), 1, 1))
MISTAKE(m_conv_small, pd_conv(x, real(s, "w", pd_shape4(5, 3, 7, 7)), 1, 1))
MISTAKE(m_conv_stride, pd_conv(x, real(s, "w", pd_shape4(5, 3, 3, 3)), 0, 1))
MISTAKE(m_conv_t, pd_conv_transposed(x, real(s, "w", pd_shape4(5, 3, 3, 3)), 1, 1))
MISTAKE(m_conv_t_empty,
        pd_conv_transposed(real(s, "r", pd_shape4(1, 1, 1, 1)), real(s, "w", pd_shape4(1, 3, 2, 2)), 1, 1))
MISTAKE(m_conv_t_stride, pd_conv_transposed(x, real(s, "w", pd_shape4(3, 3, 3, 3)), 0, 1))
MISTAKE(m_log_softmax, pd_log_softmax(x))
MISTAKE(m_max_pool, pd_max_pool(x, 3))
MISTAKE(m_max_pool_zero, pd_max_pool(x, 0))
MISTAKE(m_stats, pd_batch_stats(pd_reshape(m, pd_shape1(6))))
MISTAKE(m_norm,
        pd_batch_norm(m, pd_batch_stats(m), real(s, "g", pd_shape1(2)), real(s, "b", pd_shape1(2)), 0, 1))
MISTAKE(m_assign, pd_assign(var(s, "v", pd_shape1(3), 0), m))
MISTAKE(m_integers, pd_affine(labels, 2, 0))
MISTAKE(m_integers_add, pd_add(real(s, "r", pd_shape1(5)), labels))
MISTAKE(m_integers_concat, pd_concat(labels, labels, 0))

static struct pd_node *m_adam(struct stage *s, struct pd_node *x, struct pd_node *m, struct pd_node *labels)
{
    (void)x, (void)labels;
    struct pd_var *w = var(s, "w", pd_shape1(3), 0);
    return pd_adam(w, w, w, real(s, "t", pd_shape0()), m, &(struct pd_adam_options){0});
}

static struct pd_node *m_grad(struct stage *s, struct pd_node *x, struct pd_node *m, struct pd_node *labels)
{
    (void)s, (void)labels;
    struct pd_node *dx;
    pd_grad(m, &x, 1, &dx);
    return dx;
}

static const struct {
    const char *says;
    mistake *make;
} mistakes[] = {
    {"(2, 4)", m_add},
    {"(2, 3) does not broadcast to (2, 5)", m_broadcast},
    {"(2, 3, 4, 4) does not broadcast to (4, 4)", m_broadcast_rank},
    {"(2, 3) does not sum to (2)", m_sum_to},
    {"does not sum", m_sum_to_rank},
    {"reshape: (2, 3)", m_reshape},
    {"concat along axis 0", m_concat},
    {"concat along axis 2", m_concat_axis},
    {"concat along axis -1", m_concat_negative},
    {"slice 2..4 of axis 1 of (2, 3)", m_slice},
    {"of axis 2", m_slice_axis},
    {"of axis -1", m_slice_negative},
    {"slice 0..0", m_slice_empty},
    {"one-hot", m_one_hot},
    {"matmul: (2, 3) by (2, 3)", m_matmul},
    {"matmul", m_matmul_rank},
    {"conv: images (2, 3, 4, 4) by weights (5, 2, 3, 3)", m_conv},
    {"conv", m_conv_small},
    {"conv", m_conv_stride},
    {"transposed conv", m_conv_t},
    {"transposed conv", m_conv_t_empty},
    {"transposed conv", m_conv_t_stride},
    {"log-softmax", m_log_softmax},
    {"max-pool 3: images (2, 3, 4, 4)", m_max_pool},
    {"max-pool 0", m_max_pool_zero},
    {"batch", m_stats},
    {"batch norm of (2, 3)", m_norm},
    {"assign v (3) to (2, 3)", m_assign},
    {"adam of w", m_adam},
    {"not a scalar", m_grad},
    {"integers", m_integers},
    {"integers", m_integers_add},
    {"integers", m_integers_concat},
};

/* Every later op accepts the NULL, and the first mistake is what compile reports. */
static void mistakes_stick(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct stage s = begin(PD_BACKEND_REF_F32);
        struct pd_node *x = real(&s, "x", pd_shape4(2, 3, 4, 4)), *m = real(&s, "m", pd_shape2(2, 3)),
                       *grads[2];
        struct pd_node *labels = pd_input(s.g, "labels", PD_I32, pd_shape1(5));
        struct pd_node *y = mistakes[i].make(&s, x, m, labels);
        struct pd_error err = {0};
        assert_null(y);
        y = pd_sum(pd_mul(pd_tanh(pd_matmul(y, m, false, true)), m));
        pd_grad(y, (struct pd_node *[]){x, m}, 2, grads);
        pd_output(grads[0], "dx");
        pd_output(pd_exp(m), "exp");
        pd_reshape(m, pd_shape1(1000));
        assert_int_equal(pd_compile(s.g, s.b, &s.p, &err), PD_ERR_MISMATCH);
        assert_null(s.p);
        if (!strstr(err.message, mistakes[i].says) || strstr(err.message, "1000"))
            fail_msg("\"%s\" does not say \"%s\"", err.message, mistakes[i].says);
        end(&s);
    }
}

/* What would be silently wrong is refused. */
static void refusals(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct stage s = begin(PD_BACKEND_REF_F32);
        struct pd_error err = {0};
        struct pd_node *x = real(&s, "x", pd_shape2(4, 3)), *one = pd_constant(s.g, 1, pd_shape1(3)), *grad;
        struct pd_node *stats = pd_batch_stats(x), *wrt = i == 0 ? stats : x;
        struct pd_node *y =
            i == 2 ? pd_lrelu(x, -0.5) : pd_batch_norm(i == 1 ? pd_exp(x) : x, stats, one, one, 0, 1);
        pd_grad(pd_sum(pd_square(y)), &wrt, 1, &grad);
        pd_output(grad, "grad");
        assert_int_equal(pd_compile(s.g, s.b, &s.p, &err), PD_ERR_UNSUPPORTED);
        assert_non_null(strstr(err.message, i == 0 ? "batch-stats" : i == 1 ? "batch-norm" : "slope"));
        end(&s);
    }
}

static void an_empty_graph_runs(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k].kind);
        compile(&s);
        pd_plan_run(s.p, 1, 1);
        assert_int_equal(pd_plan_info(s.p).kernels, 0);
        end(&s);
    }
}

static void null_is_accepted(void **state)
{
    (void)state;
    struct pd_error err = {0};
    struct pd_node *none = NULL, *out;
    struct stage s = begin(PD_BACKEND_REF_F32);
    assert_null(pd_input(NULL, "x", PD_REAL, pd_shape0()));
    assert_null(pd_constant(NULL, 1, pd_shape0()));
    assert_null(pd_random_class(NULL, 1, 2, 3));
    assert_null(pd_var_read(NULL, var(&s, "v", pd_shape0(), 1)));
    assert_null(pd_var_read(NULL, NULL));
    assert_null(pd_conv(none, none, 1, 1));
    assert_null(pd_conv_transposed(none, none, 1, 1));
    assert_null(pd_batch_norm(none, pd_batch_stats(none), none, none, 0, 1));
    assert_null(pd_mean(pd_max_pool(pd_concat(none, pd_slice(pd_detach(none), 0, 0, 1), 0), 2)));
    assert_null(pd_log_softmax(pd_one_hot(none, 3)));
    assert_null(pd_assign(NULL, none));
    pd_grad(none, &none, 1, &out);
    assert_null(out);
    pd_output(none, "y");
    assert_int_equal(pd_compile(NULL, s.b, &s.p, &err), PD_ERR_MEMORY);
    end(&s);
}

static void names_reach_values(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k].kind);
        struct pd_node *x = real(&s, "x", pd_shape1(3)), *y = pd_affine(x, 2, 0);
        struct pd_node *labels = pd_input(s.g, "labels", PD_I32, pd_shape1(3));
        pd_output(x, "same");
        pd_output(y, "y");
        pd_output(y, "again");
        pd_output(pd_affine(x, 2, 0), "equal");
        pd_output(labels, "labels too");
        compile(&s);
        set(&s, "x", 3, 4);
        memcpy(pd_plan_data(s.p, "labels"), (int32_t[]){1, 2, 3}, 12);
        pd_plan_run(s.p, 0, 0);
        expect(&s, "same", 4);
        expect(&s, "y", 8);
        expect(&s, "again", 8);
        expect(&s, "equal", 8);
        assert_memory_equal(pd_plan_data(s.p, "labels too"), ((int32_t[]){1, 2, 3}), 12);
        assert_true(pd_plan_scalar(s.p, "y") == 8.0f && pd_plan_scalar(s.p, "nothing") == 0.0f);
        end(&s);
    }
}

/* --- a small training step: everything at once
 * ------------------------------------------------------------------ */

static struct pd_node *weights(struct stage *s, const char *name, struct pd_shape shape)
{
    struct pd_init_spec init = {PD_INIT_NORMAL, 0, 0.1};
    return s->vars ? pd_var_read(s->g, pd_vars_get(s->vars, name, shape, init)) : NULL;
}

static void move(struct stage *s, const char *name, struct pd_node *t, struct pd_node *grad)
{
    char text[2][32];
    struct pd_var *w = s->vars ? pd_vars_find(s->vars, name) : NULL;
    if (!w)
        return;
    snprintf(text[0], sizeof text[0], "%s.m", name);
    snprintf(text[1], sizeof text[1], "%s.v", name);
    struct pd_init_spec zero = {PD_INIT_CONSTANT, 0, 0};
    struct pd_var *m = pd_vars_get(s->vars, text[0], pd_var_shape(w), zero);
    struct pd_var *v = pd_vars_get(s->vars, text[1], pd_var_shape(w), zero);
    pd_adam(w, m, v, t, grad, &(struct pd_adam_options){1e-3, 0.5, 0.99, 1e-8});
}

static void record_training(struct stage *s)
{
    struct pd_node *x = real(s, "x", pd_shape4(4, 1, 8, 8)), *t = real(s, "t", pd_shape0());
    struct pd_node *w[] = {weights(s, "conv", pd_shape4(16, 1, 4, 4)), weights(s, "gamma", pd_shape1(16)),
                           weights(s, "dense", pd_shape2(5, 256))};
    struct pd_node *y = pd_conv(x, w[0], 2, 1), *noise = pd_random_normal(s->g, 1, pd_shape2(4, 5)),
                   *grads[3];
    y = pd_batch_norm(y, pd_batch_stats(y), w[1], w[1], 1e-5, 0.2);
    y = pd_matmul(pd_reshape(y, pd_shape2(4, 256)), w[2], false, true);
    struct pd_node *labels = s->g ? pd_random_class(s->g, 2, 4, 5) : NULL;
    struct pd_node *loss = pd_neg(pd_mean(pd_mul(pd_one_hot(labels, 5), pd_log_softmax(pd_add(y, noise)))));
    pd_grad(loss, w, 3, grads);
    move(s, "conv", t, grads[0]);
    move(s, "gamma", t, grads[1]);
    move(s, "dense", t, grads[2]);
    pd_output(loss, "loss");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__GLIBC__) &&                 \
    !defined(__clang__)
#define COUNT_MALLOC /* every allocation of the process passes here */
extern void *__libc_malloc(size_t size), *__libc_calloc(size_t n, size_t size),
    *__libc_realloc(void *p, size_t size);
static long mallocs;

void *malloc(size_t size)
{
    __atomic_add_fetch(&mallocs, 1, __ATOMIC_RELAXED);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    __atomic_add_fetch(&mallocs, 1, __ATOMIC_RELAXED);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    __atomic_add_fetch(&mallocs, 1, __ATOMIC_RELAXED);
    return __libc_realloc(p, size);
}
#endif

static void running_allocates_nothing(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k].kind);
        record_training(&s);
        compile(&s);
        set(&s, "x", 4 * 64, 0.5);
        set(&s, "t", 1, 1);
        pd_plan_run(s.p, 1, 1);
        uint64_t counted = pd_mem_count();
        size_t held = mallinfo2().uordblks;
#ifdef COUNT_MALLOC
        long before = mallocs;
#endif
        for (uint64_t step = 2; step < 12; step++)
            pd_plan_run(s.p, 1, step);
#ifdef COUNT_MALLOC
        if (kinds[k].kind != PD_BACKEND_ONEDNN) /* oneDNN keeps its arguments in a map, and frees that */
            assert_int_equal(mallocs, before);
#endif
        assert_int_equal(pd_mem_count(), counted);
        assert_int_equal(mallinfo2().uordblks, held);
        assert_true(isfinite(value(&s, "loss", 0)));
        end(&s);
    }
}

/* OpenMP's thread count is the calling thread's: each plan sets its backend's. */
static void threads_are_the_backends(void **state)
{
    (void)state;
    struct stage s[2];
    for (int i = 0; i < 2; i++) {
        s[i] = begin(PD_BACKEND_REF_F32);
        pd_backend_destroy(s[i].b);
        assert_int_equal(pd_backend_create(PD_BACKEND_ONEDNN, i + 1, &s[i].b, NULL), PD_OK);
        record_training(&s[i]);
        compile(&s[i]);
        set(&s[i], "t", 1, 1);
    }
    for (int i = 0; i < 4; i++) {
        pd_plan_run(s[i % 2].p, 1, 1);
        assert_int_equal(omp_get_max_threads(), i % 2 + 1);
    }
    end(&s[0]);
    end(&s[1]);
}

/* Is everything fine when the n-th allocation from here fails? Returns whether there was an n-th. */
static bool survives_failure(enum pd_backend_kind kind, uint64_t n)
{
    struct stage s = {0};
    struct pd_error err = {0};
    uint64_t first = pd_mem_count();
    pd_mem_fail_after(n);
    enum pd_status status = pd_backend_create(kind, 1, &s.b, &err);
    if (!status) {
        s.vars = pd_vars_create(pd_backend_real_size(s.b), 1);
        s.g = pd_graph_create();
        record_training(&s);
        status = pd_compile(s.g, s.b, &s.p, &err);
    }
    pd_mem_fail_after(0);
    bool failed = pd_mem_count() >= first + n;
    if (failed && s.vars && (status != PD_ERR_MEMORY || s.p))
        fail_msg("allocation %d: status %d, \"%s\"", (int)n, (int)status, err.message);
    if (!failed && status)
        fail_msg("status %d, \"%s\"", (int)status, err.message);
    end(&s);
    return failed;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        uint64_t n = 1;
        while (survives_failure(kinds[k].kind, n))
            n++;
        assert_true(n > 20);
    }
}

static void profiles(void **state)
{
    (void)state;
    struct stage s = begin(PD_BACKEND_ONEDNN);
    record_training(&s);
    compile(&s);
    set(&s, "t", 1, 1);
    pd_plan_profile(s.p, true);
    for (uint64_t i = 0; i < 3; i++)
        pd_plan_run(s.p, 1, i);
    struct pd_op_time times[64];
    int n = pd_plan_times(s.p, times, 64), calls = 0;
    double gflop = 0;
    for (int i = 0; i < n; i++) {
        assert_true(i == 0 || times[i].seconds <= times[i - 1].seconds);
        calls += times[i].calls;
        gflop += times[i].gflop;
    }
    assert_int_equal(calls, pd_plan_info(s.p).kernels);
    assert_true(fabs(gflop - 3 * pd_plan_info(s.p).gflop) < 1e-9);
    assert_int_equal(pd_plan_times(s.p, times, 2), 2);
    char text[1000], small[300];
    pd_plan_print(s.p, text, sizeof text);
    assert_non_null(strstr(text, "conv"));
    pd_plan_print(s.p, small, sizeof small);
    assert_true(strlen(small) < sizeof small);
    end(&s);
}

/* --- variables
 * ----------------------------------------------------------------------------------------------- */

static void variables_begin_as_asked(void **state)
{
    (void)state;
    enum { N = 4000 };
    static double a[N], b[N];
    for (size_t real_size = 4; real_size <= 8; real_size += 4) {
        struct pd_vars *vars = pd_vars_create(real_size, 9), *others = pd_vars_create(real_size, 9);
        struct pd_init_spec normal = {PD_INIT_NORMAL, 1, 0.5}, unit = {PD_INIT_UNIT, 0, 0};
        struct pd_init_spec uniform = {PD_INIT_UNIFORM, -2, 3};
        double sum[3] = {0};
        struct pd_var *v = pd_vars_get(vars, "d/normal", pd_shape1(N), normal);
        pd_vars_get(others, "something first", pd_shape1(3), unit);
        pd_var_read_f64(v, a);
        pd_var_read_f64(pd_vars_get(others, "d/normal", pd_shape1(N), normal), b);
        assert_memory_equal(a, b, sizeof a); /* the name alone decides, not the order */
        for (int i = 0; i < N; i++)
            sum[0] += (a[i] - 1) * (a[i] - 1) / N;
        assert_true(fabs(sum[0] - 0.25) < 0.03);
        pd_var_read_f64(pd_vars_get(vars, "g/unit", pd_shape1(N), unit), a);
        for (int i = 0; i < N; i++)
            sum[1] += a[i] * a[i];
        assert_true(fabs(sum[1] - 1) < 1e-5);
        pd_var_read_f64(pd_vars_get(vars, "g/uniform", pd_shape1(N), uniform), a);
        for (int i = 0; i < N; i++) {
            assert_true(a[i] >= -2 && a[i] < 3);
            sum[2] += a[i] / N;
        }
        assert_true(fabs(sum[2] - 0.5) < 0.1);
        pd_vars_reset(vars, "g/", 10);
        pd_var_read_f64(pd_vars_find(vars, "g/uniform"), b);
        assert_true(memcmp(a, b, sizeof a) != 0);
        pd_vars_reset(vars, "g/", 9);
        pd_var_read_f64(pd_vars_find(vars, "g/uniform"), b);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(pd_vars_count(vars), 3);
        assert_string_equal(pd_var_name(pd_vars_at(vars, 1)), "g/unit");
        assert_null(pd_vars_find(vars, "g/"));
        pd_vars_destroy(vars);
        pd_vars_destroy(others);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_nodes_go),
        cmocka_unit_test(equal_nodes_become_one),
        cmocka_unit_test(elementwise_ops_fuse),
        cmocka_unit_test(fusion_stops_at_outputs),
        cmocka_unit_test(layers_combine),
        cmocka_unit_test(nothing_is_computed_twice),
        cmocka_unit_test(images_stay_blocked),
        cmocka_unit_test(memory_is_shared),
        cmocka_unit_test(updates_wait_for_readers),
        cmocka_unit_test(waiting_costs_nothing),
        cmocka_unit_test(old_and_new_values_meet),
        cmocka_unit_test(two_variables_swap),
        cmocka_unit_test(outputs_keep_old_values),
        cmocka_unit_test(moments_are_read_before),
        cmocka_unit_test(mistakes_stick),
        cmocka_unit_test(refusals),
        cmocka_unit_test(an_empty_graph_runs),
        cmocka_unit_test(null_is_accepted),
        cmocka_unit_test(names_reach_values),
        cmocka_unit_test(running_allocates_nothing),
        cmocka_unit_test(threads_are_the_backends),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(profiles),
        cmocka_unit_test(variables_begin_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
