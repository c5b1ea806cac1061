/* Values against closed forms, random numbers against their moments, updates against hand-written loops. */
#include "cases.h"

static const struct kind {
    const char *name;
    int threads;
    double near;
} kinds[] = {
    {"ref-f64", 1, 1e-14}, {"ref", 1, 2e-6}, {"fenced", 1, 2e-6}, {"onednn", 2, 2e-6}, {"cuda", 1, 2e-6}};

#define EACH_KIND(k) (const struct kind *k = kinds; k < kinds + sizeof kinds / sizeof *kinds; k++)

static struct pd_plan *compiled(struct pd_graph *g, struct pd_backend *b)
{
    struct pd_error err;
    struct pd_plan *p;
    if (pd_compile(g, b, &p, &err))
        fail_msg("%s", err.message);
    pd_graph_destroy(g);
    return p;
}

static void near(double got, double want, double relative)
{
    if (!(fabs(got - want) <= relative * (1 + fabs(want))))
        fail_msg("%.17g, expected %.17g", got, want);
}

/* --- closed forms --- */

static double sign_of(double x)
{
    return (x > 0) - (x < 0);
}

static double step_of(double x)
{
    return x > 0;
}

static double square_of(double x)
{
    return x * x;
}

static double sigmoid_of(double x)
{
    return 0.5 + 0.5 * tanh(0.5 * x);
}

static double softplus_of(double x)
{
    return x > 700 ? x : log1p(exp(x));
}

static double lrelu_of(double x)
{
    return x > 0 ? x : 0.25 * x;
}

static double max_of(double x)
{
    return fmax(x, 0.25);
}

static double affine_of(double x)
{
    return 0.25 * x - 2;
}

static double pow_of(double x)
{
    return pow(x, 0.25);
}

static void unary_values(void **state)
{
    (void)state;
    static const double points[] = {-90, -20, -1, -0.5, 0, 1e-3, 0.25, 0.5, 1, 3, 20, 80};
    static const struct {
        struct pd_node *(*build)(struct pd_node *const *x, const struct op_case *c);
        double (*want)(double x);
        bool positive;
    } forms[] = {
        {b_exp, exp, false},
        {b_log, log, true},
        {b_sqrt, sqrt, true},
        {b_abs, fabs, false},
        {b_sign, sign_of, false},
        {b_step, step_of, false},
        {b_square, square_of, false},
        {b_tanh, tanh, false},
        {b_sigmoid, sigmoid_of, false},
        {b_softplus, softplus_of, false},
        {b_lrelu, lrelu_of, false},
        {b_max, max_of, false},
        {b_affine, affine_of, false},
        {b_pow, pow_of, true},
    };
    static const struct op_case c = {.f = {0.25, 0.25}}, shifted = {.f = {0.25, -2}};
    enum { N = sizeof points / sizeof *points };
    for
        EACH_KIND(k)
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct pd_backend *b = open_backend(k->name, k->threads);
        struct pd_graph *g = pd_graph_create();
        struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape1(N));
        pd_output(forms[i].build(&x, forms[i].build == b_affine ? &shifted : &c), "y");
        struct pd_plan *p = compiled(g, b);
        put(p, "x", N, points);
        run_plan(p, 0, 0);
        double y[N];
        take(p, "y", N, y);
        for (int64_t j = 0; j < N; j++)
            if (!forms[i].positive || points[j] > 0)
                near(y[j], forms[i].want(points[j]), 4 * k->near);
        pd_plan_destroy(p);
        pd_backend_destroy(b);
    }
}

static void expect(struct pd_plan *p, const struct kind *k, const char *name, int n, const double *want)
{
    double *got = taken(p, name, n);
    for (int i = 0; i < n; i++)
        near(got[i], want[i], k->near);
    free(got);
}

static void matrices(void **state)
{
    (void)state;
    static const double a[] = {1, 2, 3, 4, 5, 6}, plain[] = {22, 28, 49, 64}, by_itself[] = {14, 32, 32, 77},
                        itself_by[] = {17, 22, 27, 22, 29, 36, 27, 36, 45},
                        twice[] = {9, 19, 29, 12, 26, 40, 15, 33, 51};
    for
        EACH_KIND(k)
        {
            struct pd_backend *b = open_backend(k->name, k->threads);
            struct pd_graph *g = pd_graph_create();
            struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape2(2, 3)),
                           *y = pd_reshape(x, pd_shape2(3, 2));
            pd_output(pd_matmul(x, y, false, false), "nn");
            pd_output(pd_matmul(x, x, false, true), "nt");
            pd_output(pd_matmul(x, x, true, false), "tn");
            pd_output(pd_matmul(x, y, true, true), "tt");
            struct pd_plan *p = compiled(g, b);
            put(p, "x", 6, a);
            run_plan(p, 0, 0);
            expect(p, k, "nn", 4, plain);
            expect(p, k, "nt", 4, by_itself);
            expect(p, k, "tn", 9, itself_by);
            expect(p, k, "tt", 9, twice);
            pd_plan_destroy(p);
            pd_backend_destroy(b);
        }
}

static void images(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, w[] = {1, 10, 100, 1000};
    static const double conv[] = {5421, 6532, 8754, 9865}; /* cross-correlation, as the field has it */
    static const double strided[] = {1000, 3200, 7040, 9865};
    static const double spread[] = {1, 10, 2, 20, 100, 1000, 200, 2000, 4, 40, 5, 50, 400, 4000, 500, 5000};
    static const double pooled[] = {9}, averaged[] = {3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7},
                        overlapping[] = {5, 6, 6, 8, 9, 9, 8, 9, 9},
                        softmax[] = {-2.4076059644443803, -1.4076059644443804, -0.4076059644443804};
    for
        EACH_KIND(k)
        {
            struct pd_backend *b = open_backend(k->name, k->threads);
            struct pd_graph *g = pd_graph_create();
            struct pd_node *image = pd_input(g, "x", PD_REAL, pd_shape4(1, 1, 3, 3));
            struct pd_node *tap = pd_input(g, "w", PD_REAL, pd_shape4(1, 1, 2, 2));
            struct pd_node *corner = pd_slice(pd_slice(image, 2, 0, 2), 3, 0, 2);
            pd_output(pd_conv(image, tap, 1, 0), "conv");
            pd_output(pd_conv(image, tap, 2, 1), "strided");
            pd_output(pd_conv_transposed(corner, tap, 2, 0), "spread");
            pd_output(pd_max_pool(image, 3, 3, 0), "pooled");
            pd_output(pd_avg_pool(image, 3, 1, 1), "averaged");
            pd_output(pd_max_pool(image, 3, 1, 1), "overlapping");
            pd_output(pd_log_softmax(pd_slice(pd_reshape(image, pd_shape2(3, 3)), 0, 1, 1)), "softmax");
            struct pd_plan *p = compiled(g, b);
            put(p, "x", 9, x);
            put(p, "w", 4, w);
            run_plan(p, 0, 0);
            expect(p, k, "conv", 4, conv);
            expect(p, k, "strided", 4, strided);
            expect(p, k, "spread", 16, spread);
            expect(p, k, "pooled", 1, pooled);
            expect(p, k, "averaged", 9, averaged);
            expect(p, k, "overlapping", 9, overlapping);
            expect(p, k, "softmax", 3, softmax);
            pd_plan_destroy(p);
            pd_backend_destroy(b);
        }
}

static void one_hot_rows(void **state)
{
    (void)state;
    static const double want[] = {0, 0, 1, 0, 0, 0, 1, 0, 0};
    for
        EACH_KIND(k)
        {
            struct pd_backend *b = open_backend(k->name, k->threads);
            struct pd_graph *g = pd_graph_create();
            pd_output(pd_one_hot(pd_input(g, "labels", PD_I32, pd_shape1(3)), 3), "y");
            struct pd_plan *p = compiled(g, b);
            write_plan(p, "labels", 3, (int32_t[]){2, -1, 0});
            run_plan(p, 0, 0);
            expect(p, k, "y", 9, want);
            pd_plan_destroy(p);
            pd_backend_destroy(b);
        }
}

/* All 256 levels: bit for bit what the loader makes of them. */
static void pixels_are_cut(void **state)
{
    (void)state;
    enum { M = 3, C = 2, H = 7, W = 8, SIZE = 5, N = 4, EACH = C * SIZE * SIZE };
    static const int32_t places[N][4] = {{2, 0, 0, 0}, {0, 2, 3, 1}, {1, 1, 2, 0}, {2, 2, 0, 1}};
    uint8_t table[M * C * H * W];
    for (int i = 0; i < M * C * H * W; i++)
        table[i] = (uint8_t)i;
    for
        EACH_KIND(k)
        {
            struct pd_backend *b = open_backend(k->name, k->threads);
            struct pd_vars *vars = pd_vars_create(b, 1);
            struct pd_var *kept = pd_vars_get_bytes(vars, "pixels", pd_shape4(M, C, H, W));
            struct pd_graph *g = pd_graph_create();
            pd_output(pd_pixels(pd_var_read(g, kept), pd_input(g, "places", PD_I32, pd_shape2(N, 4)), SIZE),
                      "y");
            struct pd_plan *p = compiled(g, b);
            for (int i = 0; i < M; i++)
                assert_int_equal(pd_var_upload_rows(kept, i, 1, table + i * C * H * W, NULL), PD_OK);
            write_plan(p, "places", 4 * N, places);
            run_plan(p, 0, 0);
            double *got = taken(p, "y", N * EACH);
            for (int i = 0; i < N * EACH; i++) {
                const int32_t *at = places[i / EACH];
                const int x = i % SIZE, plane = at[0] * C + i / (SIZE * SIZE) % C;
                const int row = plane * H + at[1] + i / SIZE % SIZE;
                const int level = table[row * W + at[2] + (at[3] ? SIZE - 1 - x : x)];
                assert_true((float)got[i] == (float)(level / 127.5 - 1));
            }
            free(got);
            pd_plan_destroy(p);
            pd_vars_destroy(vars);
            pd_backend_destroy(b);
        }
}

static void top_rows_keep_their_order(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, score[] = {0.5, -3, 2, 0.5, 2},
                        want[] = {1, 2, 5, 6, 9, 10}; /* of the two 0.5 the first */
    for
        EACH_KIND(k)
        {
            struct pd_backend *b = open_backend(k->name, k->threads);
            struct pd_graph *g = pd_graph_create();
            pd_output(pd_top_rows(pd_input(g, "x", PD_REAL, pd_shape2(5, 2)),
                                  pd_input(g, "score", PD_REAL, pd_shape1(5)), 3),
                      "y");
            struct pd_plan *p = compiled(g, b);
            put(p, "x", 10, x);
            put(p, "score", 5, score);
            run_plan(p, 0, 0);
            expect(p, k, "y", 6, want);
            pd_plan_destroy(p);
            pd_backend_destroy(b);
        }
}

/* Scores that are no numbers come last, and however many there are, no row more than asked for is taken. */
static void top_rows_put_nan_last(void **state)
{
    (void)state;
    static const struct {
        double score[4], want[2];
    } cases[] = {
        {{1, NAN, 2, 0}, {1, 3}},
        {{NAN, 3, NAN, 2}, {2, 4}},
        {{NAN, NAN, NAN, -INFINITY}, {1, 2}},
        {{NAN, -1, NAN, NAN}, {1, 2}},
    };
    static const double x[] = {1, 2, 3, 4};
    for
        EACH_KIND(k)
        {
            struct pd_backend *b = open_backend(k->name, k->threads);
            struct pd_graph *g = pd_graph_create();
            pd_output(pd_top_rows(pd_input(g, "x", PD_REAL, pd_shape2(4, 1)),
                                  pd_input(g, "score", PD_REAL, pd_shape1(4)), 2),
                      "y");
            struct pd_plan *p = compiled(g, b);
            for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                put(p, "x", 4, x);
                put(p, "score", 4, cases[i].score);
                run_plan(p, 0, 0);
                expect(p, k, "y", 2, cases[i].want);
            }
            pd_plan_destroy(p);
            pd_backend_destroy(b);
        }
}

/* --- random numbers --- */

enum { DRAWS = 40000 };

static struct pd_plan *draw(struct pd_backend *b)
{
    struct pd_graph *g = pd_graph_create();
    pd_output(pd_random_normal(g, 1, pd_shape2(200, 200)), "normal");
    pd_output(pd_random_uniform(g, 2, pd_shape2(200, 200)), "uniform");
    struct pd_node *labels = pd_random_class(g, 3, DRAWS, 5);
    pd_output(pd_sum_to(pd_one_hot(labels, 5), pd_shape2(1, 5)), "classes");
    return compiled(g, b);
}

static void check_moments(struct pd_plan *p, const char *name, double mean, double var, double fourth)
{
    double sum[5] = {0}, *x = taken(p, name, DRAWS);
    for (int64_t i = 0; i < DRAWS; i++) {
        double d = x[i] - mean;
        for (int k = 1; k < 5; k++)
            sum[k] += pow(d, k) / DRAWS;
    }
    free(x);
    assert_true(fabs(sum[1]) < 4 * sqrt(var / DRAWS));
    assert_true(fabs(sum[2] / var - 1) < 4 * sqrt(2.0 / DRAWS));
    assert_true(fabs(sum[3]) < 0.08 * pow(var, 1.5));
    assert_true(fabs(sum[4] / fourth - 1) < 0.1);
}

static void random_moments(void **state)
{
    (void)state;
    for
        EACH_KIND(k)
        {
            struct pd_backend *b = open_backend(k->name, k->threads);
            struct pd_plan *p = draw(b);
            run_plan(p, 7, 3);
            check_moments(p, "normal", 0, 1, 3);
            check_moments(p, "uniform", 0.5, 1.0 / 12, 1.0 / 80);
            double total = 0, classes[5], *uniform = taken(p, "uniform", DRAWS);
            take(p, "classes", 5, classes);
            for (int c = 0; c < 5; c++) {
                total += classes[c];
                assert_true(fabs(classes[c] - DRAWS / 5) < 4 * sqrt(DRAWS * 0.16));
            }
            assert_true(total == DRAWS);
            for (int64_t i = 0; i < DRAWS; i++)
                assert_true(uniform[i] >= 0 && uniform[i] < 1);
            free(uniform);
            pd_plan_destroy(p);
            pd_backend_destroy(b);
        }
}

/* The number of (seed, step) is the same everywhere, and another for another seed or step. */
static void random_places(void **state)
{
    (void)state;
    double first[3] = {0};
    for
        EACH_KIND(k)
        {
            struct pd_backend *b = open_backend(k->name, k->threads);
            struct pd_plan *p = draw(b);
            double at[3];
            for (int i = 0; i < 3; i++) {
                run_plan(p, 7 + (i == 1), 3 + (i == 2));
                at[i] = value_at(p, "normal", 12345);
            }
            assert_true(fabs(at[0] - at[1]) > 1e-6 && fabs(at[0] - at[2]) > 1e-6);
            for (int i = 0; i < 3; i++)
                near(at[i], k == kinds ? at[i] : first[i], 1e-6);
            memcpy(first, at, sizeof at);
            pd_plan_destroy(p);
            pd_backend_destroy(b);
        }
}

/* --- updates --- */

/* Kingma & Ba 2015, algorithm 1, on the gradient of sum(target * w^2) / 2. */
static void adam_loop(int64_t n, int steps, const double *target, double *w)
{
    const double lr = 0.01, b1 = 0.5, b2 = 0.99, eps = 1e-8;
    double *m = calloc((size_t)n, sizeof *m), *v = calloc((size_t)n, sizeof *v);
    for (int t = 1; t <= steps; t++)
        for (int64_t i = 0; i < n; i++) {
            double g = target[i] * w[i];
            m[i] = b1 * m[i] + (1 - b1) * g;
            v[i] = b2 * v[i] + (1 - b2) * g * g;
            w[i] -= lr * (m[i] / (1 - pow(b1, t))) / (sqrt(v[i] / (1 - pow(b2, t))) + eps);
        }
    free(m);
    free(v);
}

static void check_adam(const struct kind *k, int64_t n, int steps)
{
    struct pd_backend *b = open_backend(k->name, k->threads);
    struct pd_vars *vars = pd_vars_create(b, 5);
    struct pd_shape s = pd_shape1(n);
    struct pd_var *w = pd_vars_get(vars, "w", s, (struct pd_init_spec){PD_INIT_NORMAL, 0, 1});
    struct pd_var *m = pd_vars_get(vars, "m", s, (struct pd_init_spec){0}),
                  *v = pd_vars_get(vars, "v", s, (struct pd_init_spec){0});
    struct pd_graph *g = pd_graph_create();
    struct pd_node *x = pd_var_read(g, w), *t = pd_input(g, "t", PD_REAL, pd_shape0());
    struct pd_node *target = pd_input(g, "target", PD_REAL, s), *dx;
    pd_grad(pd_affine(pd_sum(pd_mul(target, pd_square(x))), 0.5, 0), &x, 1, &dx);
    pd_adam(w, m, v, t, dx, &(struct pd_adam_options){0.01, 0.5, 0.99, 1e-8, NULL});
    struct pd_plan *p = compiled(g, b);
    double *want = take_var(w), *scale = calloc((size_t)n, sizeof *scale);
    for (int64_t i = 0; i < n; i++)
        scale[i] = 0.5 + (double)(i % 8);
    put(p, "target", n, scale);
    for (int i = 1; i <= steps; i++) {
        put(p, "t", 1, &(double){i});
        run_plan(p, 0, 0);
    }
    adam_loop(n, steps, scale, want);
    double *got = take_var(w);
    for (int64_t i = 0; i < n; i++)
        near(got[i], want[i], 4 * k->near);
    free(want);
    free(got);
    free(scale);
    pd_plan_destroy(p);
    pd_vars_destroy(vars);
    pd_backend_destroy(b);
}

static void adam(void **state)
{
    (void)state;
    for
        EACH_KIND(k)
        {
            check_adam(k, 5, 20);
            check_adam(k, 40001, 3);
        }
}

/* A running mean: state = 0.75 * state + 0.25 * x, read before and after. */
static void assign(void **state)
{
    (void)state;
    for
        EACH_KIND(k)
        {
            struct pd_backend *b = open_backend(k->name, k->threads);
            struct pd_vars *vars = pd_vars_create(b, 5);
            struct pd_var *mean =
                pd_vars_get(vars, "mean", pd_shape1(3), (struct pd_init_spec){PD_INIT_CONSTANT, 8, 0});
            struct pd_graph *g = pd_graph_create();
            struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape1(3)), *old = pd_var_read(g, mean);
            pd_output(pd_affine(old, 2, 0), "before");
            pd_assign(mean, pd_add(pd_affine(old, 0.75, 0), pd_affine(x, 0.25, 0)));
            pd_output(pd_affine(pd_var_read(g, mean), 2, 0), "after");
            struct pd_plan *p = compiled(g, b);
            put(p, "x", 3, (double[]){0, 8, 16});
            run_plan(p, 0, 0);
            expect(p, k, "before", 3, (double[]){16, 16, 16});
            expect(p, k, "after", 3, (double[]){12, 16, 20});
            run_plan(p, 0, 0);
            expect(p, k, "before", 3, (double[]){12, 16, 20});
            expect(p, k, "after", 3, (double[]){9, 16, 23});
            pd_plan_destroy(p);
            pd_vars_destroy(vars);
            pd_backend_destroy(b);
        }
}

/* Ranks of numbers with equals and a NaN among them; then their rows of step 0, 1, 2 in a variable of two. */
static void ranks_in_rows(void **state)
{
    (void)state;
    for
        EACH_KIND(k)
        {
            struct pd_backend *b = open_backend(k->name, k->threads);
            struct pd_vars *vars = pd_vars_create(b, 5);
            struct pd_var *rows =
                pd_vars_get(vars, "rows", pd_shape2(2, 5), (struct pd_init_spec){PD_INIT_CONSTANT, 9, 0});
            struct pd_graph *g = pd_graph_create();
            struct pd_node *rank = pd_rank(pd_input(g, "x", PD_REAL, pd_shape1(5)));
            pd_output(rank, "rank");
            pd_assign_row(rows, rank);
            pd_output(pd_affine(pd_var_read(g, rows), 1, 0), "rows");
            struct pd_plan *p = compiled(g, b);
            put(p, "x", 5, (double[]){1, NAN, 3, 3, -INFINITY});
            run_plan(p, 0, 0);
            expect(p, k, "rank", 5, (double[]){2, 3, 0, 1, 4});
            expect(p, k, "rows", 10, (double[]){2, 3, 0, 1, 4, 9, 9, 9, 9, 9});
            put(p, "x", 5, (double[]){5, 4, 3, 2, 1});
            run_plan(p, 0, 1);
            expect(p, k, "rows", 10, (double[]){2, 3, 0, 1, 4, 0, 1, 2, 3, 4});
            put(p, "x", 5, (double[]){1, 2, 3, 4, 5});
            run_plan(p, 0, 2);
            expect(p, k, "rows", 10, (double[]){4, 3, 2, 1, 0, 0, 1, 2, 3, 4});
            pd_plan_destroy(p);
            pd_vars_destroy(vars);
            pd_backend_destroy(b);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unary_values),
        cmocka_unit_test(matrices),
        cmocka_unit_test(images),
        cmocka_unit_test(one_hot_rows),
        cmocka_unit_test(pixels_are_cut),
        cmocka_unit_test(top_rows_keep_their_order),
        cmocka_unit_test(top_rows_put_nan_last),
        cmocka_unit_test(random_moments),
        cmocka_unit_test(random_places),
        cmocka_unit_test(adam),
        cmocka_unit_test(assign),
        cmocka_unit_test(ranks_in_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
