/* Mistakes of recording, names, and variables. */
#include "nn/nn.h"
#include "stage.h"

#include <math.h>
#include <stdio.h>

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
MISTAKE(m_top_rows, pd_top_rows(m, pd_reshape(m, pd_shape1(6)), 1))
MISTAKE(m_top_rows_many, pd_top_rows(m, real(s, "r", pd_shape1(2)), 3))
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
MISTAKE(m_max_pool, pd_max_pool(x, 3, 3, 0))
MISTAKE(m_avg_pool, pd_avg_pool(x, 3, 1, 2))
MISTAKE(m_avg_pool_stride, pd_avg_pool(x, 2, 0, 0))
MISTAKE(m_conv_padded, pd_conv_padded(x, real(s, "w", pd_shape4(5, 3, 1, 7)), 1, 3, 0))
MISTAKE(m_max_pool_zero, pd_max_pool(x, 0, 1, 0))
MISTAKE(m_stats, pd_batch_stats(pd_reshape(m, pd_shape1(6))))
MISTAKE(m_norm,
        pd_batch_norm(m, pd_batch_stats(m), real(s, "g", pd_shape1(2)), real(s, "b", pd_shape1(2)), 0, 1))
MISTAKE(m_rank, pd_rank(m))
MISTAKE(m_assign_row, pd_assign_row(var(s, "v", pd_shape2(3, 2), 0), m))
MISTAKE(m_assign, pd_assign(var(s, "v", pd_shape1(3), 0), m))
MISTAKE(m_pixels, pd_pixels(x, labels, 2))
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
    {"pixels: 2 x 2 out of (2, 3", m_pixels},
    {"of axis 2", m_slice_axis},
    {"of axis -1", m_slice_negative},
    {"slice 0..0", m_slice_empty},
    {"one-hot", m_one_hot},
    {"top", m_top_rows},
    {"top", m_top_rows_many},
    {"matmul: (2, 3) by (2, 3)", m_matmul},
    {"matmul", m_matmul_rank},
    {"conv: images (2, 3, 4, 4) by weights (5, 2, 3, 3)", m_conv},
    {"conv", m_conv_small},
    {"conv", m_conv_stride},
    {"transposed conv", m_conv_t},
    {"transposed conv", m_conv_t_empty},
    {"transposed conv", m_conv_t_stride},
    {"log-softmax", m_log_softmax},
    {"max-pool 3, stride 3, pad 0: images (2, 3, 4, 4)", m_max_pool},
    {"avg-pool 3, stride 1, pad 2: images (2, 3, 4, 4)", m_avg_pool},
    {"avg-pool 2, stride 0", m_avg_pool_stride},
    {"conv: images (2, 3, 4, 4) by weights (5, 3, 1, 7)", m_conv_padded},
    {"max-pool 0", m_max_pool_zero},
    {"batch", m_stats},
    {"batch norm of (2, 3)", m_norm},
    {"ranks of (2, 3)", m_rank},
    {"assign a row of v (2) to (2, 3)", m_assign_row},
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
        struct stage s = begin("ref");
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
        struct stage s = begin("ref");
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
        struct stage s = begin(kinds[k]);
        compile(&s);
        run_plan(s.p, 1, 1);
        assert_int_equal(pd_plan_info(s.p).kernels, 0);
        end(&s);
    }
}

static void null_is_accepted(void **state)
{
    (void)state;
    struct pd_error err = {0};
    struct pd_node *none = NULL, *out;
    struct stage s = begin("ref");
    assert_null(pd_input(NULL, "x", PD_REAL, pd_shape0()));
    assert_null(pd_constant(NULL, 1, pd_shape0()));
    assert_null(pd_random_class(NULL, 1, 2, 3));
    assert_null(pd_var_read(NULL, var(&s, "v", pd_shape0(), 1)));
    assert_null(pd_var_read(NULL, NULL));
    assert_null(pd_conv(none, none, 1, 1));
    assert_null(pd_conv_transposed(none, none, 1, 1));
    assert_null(pd_batch_norm(none, pd_batch_stats(none), none, none, 0, 1));
    assert_null(pd_mean(pd_max_pool(pd_concat(none, pd_slice(pd_detach(none), 0, 0, 1), 0), 2, 2, 0)));
    assert_null(pd_log_softmax(pd_one_hot(none, 3)));
    assert_null(pd_assign(NULL, none));
    pd_grad(none, &none, 1, &out);
    assert_null(out);
    pd_output(none, "y");
    assert_int_equal(pd_compile(NULL, s.b, &s.p, &err), PD_ERR_MEMORY);
    end(&s);
}

/* Its numbers would be read as others, or where nobody reaches them. */
static void variables_are_of_the_plans_backend(void **state)
{
    static const char *const pairs[][2] = {{"ref-f64", "ref"}, {"onednn", "ref-f64"}, {"ref", "fenced"}};
    struct pd_error err;
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct stage s = begin(pairs[i][0]);
        struct pd_backend *other = open_backend(pairs[i][1], 1);
        pd_output(pd_var_read(s.g, var(&s, "w", pd_shape1(3), 1)), "y");
        assert_int_equal(pd_compile(s.g, other, &s.p, &err), PD_ERR_USAGE);
        assert_null(s.p);
        assert_non_null(strstr(err.message, "variable 'w' is on backend"));
        end(&s);
        pd_backend_destroy(other);
    }
}

static void names_reach_values(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k]);
        struct pd_node *x = real(&s, "x", pd_shape1(3)), *y = pd_affine(x, 2, 0);
        struct pd_node *labels = pd_input(s.g, "labels", PD_I32, pd_shape1(3));
        pd_output(x, "same");
        pd_output(y, "y");
        pd_output(y, "again");
        pd_output(pd_affine(x, 2, 0), "equal");
        pd_output(labels, "labels too");
        compile(&s);
        set(&s, "x", 3, 4);
        write_plan(s.p, "labels", 3, (int32_t[]){1, 2, 3});
        run_plan(s.p, 0, 0);
        expect(&s, "same", 4);
        expect(&s, "y", 8);
        expect(&s, "again", 8);
        expect(&s, "equal", 8);
        int32_t labels_too[3];
        float scalar;
        read_plan(s.p, "labels too", 3, labels_too);
        assert_memory_equal(labels_too, ((int32_t[]){1, 2, 3}), 12);
        assert_int_equal(pd_plan_scalar(s.p, "y", &scalar, NULL), PD_OK);
        assert_true(scalar == 8.0f);
        assert_int_equal(pd_plan_scalar(s.p, "nothing", &scalar, NULL), PD_ERR_USAGE);
        end(&s);
    }
}

/* --- variables
 * ----------------------------------------------------------------------------------------------- */

static void variables_begin_as_asked(void **state)
{
    (void)state;
    enum { N = 4000 };
    static double a[N], b[N];
    for (int k = 0; k < KINDS; k++) {
        struct pd_backend *backend = open_backend(kinds[k], 1);
        struct pd_vars *vars = pd_vars_create(backend, 9), *others = pd_vars_create(backend, 9);
        struct pd_init_spec normal = {PD_INIT_NORMAL, 1, 0.5}, unit = {PD_INIT_UNIT, 0, 0};
        struct pd_init_spec uniform = {PD_INIT_UNIFORM, -2, 3};
        double sum[3] = {0};
        struct pd_var *v = pd_vars_get(vars, "d/normal", pd_shape1(N), normal);
        pd_vars_get(others, "something first", pd_shape1(3), unit);
        assert_int_equal(pd_var_read_f64(v, a, NULL), PD_OK);
        assert_int_equal(pd_var_read_f64(pd_vars_get(others, "d/normal", pd_shape1(N), normal), b, NULL),
                         PD_OK);
        assert_memory_equal(a, b, sizeof a); /* the name alone decides, not the order */
        for (int i = 0; i < N; i++)
            sum[0] += (a[i] - 1) * (a[i] - 1) / N;
        assert_true(fabs(sum[0] - 0.25) < 0.03);
        assert_int_equal(pd_var_read_f64(pd_vars_get(vars, "g/unit", pd_shape1(N), unit), a, NULL), PD_OK);
        for (int i = 0; i < N; i++)
            sum[1] += a[i] * a[i];
        assert_true(fabs(sum[1] - 1) < 1e-5);
        assert_int_equal(pd_var_read_f64(pd_vars_get(vars, "g/uniform", pd_shape1(N), uniform), a, NULL),
                         PD_OK);
        for (int i = 0; i < N; i++) {
            assert_true(a[i] >= -2 && a[i] < 3);
            sum[2] += a[i] / N;
        }
        assert_true(fabs(sum[2] - 0.5) < 0.1);
        assert_int_equal(pd_vars_reset(vars, "g/", 10, NULL), PD_OK);
        assert_int_equal(pd_var_read_f64(pd_vars_find(vars, "g/uniform"), b, NULL), PD_OK);
        assert_true(memcmp(a, b, sizeof a) != 0);
        assert_int_equal(pd_vars_reset(vars, "g/", 9, NULL), PD_OK);
        assert_int_equal(pd_var_read_f64(pd_vars_find(vars, "g/uniform"), b, NULL), PD_OK);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(pd_vars_count(vars), 3);
        assert_string_equal(pd_var_name(pd_vars_at(vars, 1)), "g/unit");
        assert_null(pd_vars_find(vars, "g/"));
        pd_vars_destroy(vars);
        pd_vars_destroy(others);
        pd_backend_destroy(backend);
    }
}

/* As many layers as anyone likes: each weight is one that the optimiser moves. */
static void a_network_may_have_many_parameters(void **state)
{
    (void)state;
    enum { LAYERS = 150 };
    struct stage s = begin("ref-f64");
    struct pd_nn nn = {.graph = s.g, .vars = s.vars, .prefix = "", .training = true};
    struct pd_node *x = real(&s, "x", pd_shape2(1, 1));
    char name[16];
    double before[LAYERS];
    for (int i = 0; i < LAYERS; i++) {
        snprintf(name, sizeof name, "fc%d", i);
        x = pd_add(x, pd_nn_dense(&nn, name, real(&s, name, pd_shape2(1, 1)), 1, 0));
    }
    pd_nn_adam(&nn, "adam", pd_sum(x), &(struct pd_adam_options){0.1, 0.5, 0.99, 1e-8, NULL});
    compile(&s);
    assert_int_equal(nn.n_params, LAYERS);
    for (int i = 0; i < LAYERS; i++) {
        assert_int_equal(pd_var_read_f64(nn.params[i], &before[i], NULL), PD_OK);
        snprintf(name, sizeof name, "fc%d", i);
        set(&s, name, 1, 1);
    }
    run_plan(s.p, 1, 0);
    for (int i = 0; i < LAYERS; i++) {
        double after;
        assert_int_equal(pd_var_read_f64(nn.params[i], &after, NULL), PD_OK);
        assert_float_equal(after, before[i] - 0.1, 1e-6);
    }
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_stick),
        cmocka_unit_test(refusals),
        cmocka_unit_test(an_empty_graph_runs),
        cmocka_unit_test(null_is_accepted),
        cmocka_unit_test(variables_are_of_the_plans_backend),
        cmocka_unit_test(names_reach_values),
        cmocka_unit_test(variables_begin_as_asked),
        cmocka_unit_test(a_network_may_have_many_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
