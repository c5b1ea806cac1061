/* Products large enough for the backend's other route (sgemm), which the table of small cases does not reach.
 */
#include <paydirt/graph.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { M = 200, N = 260, K = 220 };

static struct pd_node *product(struct pd_graph *g, const char *a, const char *b, bool ta, bool tb)
{
    struct pd_node *x = pd_input(g, a, PD_REAL, ta ? pd_shape2(K, M) : pd_shape2(M, K));
    struct pd_node *y = pd_input(g, b, PD_REAL, tb ? pd_shape2(N, K) : pd_shape2(K, N));
    return pd_matmul(x, y, ta, tb);
}

static void fill(struct pd_plan *p, const char *name, bool f64, int64_t count, unsigned seed)
{
    void *to = pd_plan_data(p, name);
    for (int64_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        float x = (float)(seed >> 8) * 0x1p-23f - 1;
        if (f64)
            ((double *)to)[i] = (double)x;
        else
            ((float *)to)[i] = x;
    }
}

/* a b (+ c d when two, relu when sloped) into out, (M, N). */
static void compute(enum pd_backend_kind kind, bool ta, bool tb, bool two, bool sloped, double *out)
{
    struct pd_error err;
    struct pd_backend *backend = NULL;
    struct pd_plan *p = NULL;
    bool f64 = kind == PD_BACKEND_REF_F64;
    struct pd_graph *g = pd_graph_create();
    struct pd_node *y = product(g, "a", "b", ta, tb);
    if (two)
        y = pd_add(y, product(g, "c", "d", ta, tb));
    pd_output(sloped ? pd_lrelu(y, 0.2) : y, "y");
    if (pd_backend_create(kind, 2, &backend, &err) || pd_compile(g, backend, &p, &err))
        fail_msg("%s", err.message);
    fill(p, "a", f64, M * K, 1);
    fill(p, "b", f64, K * N, 2);
    if (two) {
        fill(p, "c", f64, M * K, 3);
        fill(p, "d", f64, K * N, 4);
    }
    for (int run = 0; run < 2; run++) /* the second finds the first one's result in memory */
        assert_int_equal(pd_plan_run(p, 1, 0, NULL), PD_OK);
    for (int64_t i = 0; i < M * N; i++)
        out[i] = f64 ? ((double *)pd_plan_data(p, "y"))[i] : (double)((float *)pd_plan_data(p, "y"))[i];
    pd_plan_destroy(p);
    pd_graph_destroy(g);
    pd_backend_destroy(backend);
}

static void large_products_agree(void **state)
{
    (void)state;
    static double x[M * N], y[M * N];
    for (int which = 0; which < 16; which++) {
        bool ta = which & 1, tb = which & 2, two = which & 4, sloped = which & 8;
        double difference = 0, norm = 0;
        compute(PD_BACKEND_REF_F64, ta, tb, two, sloped, x);
        compute(PD_BACKEND_ONEDNN, ta, tb, two, sloped, y);
        for (int i = 0; i < M * N; i++) {
            difference += (x[i] - y[i]) * (x[i] - y[i]);
            norm += x[i] * x[i];
        }
        assert_true(norm > 1000);
        assert_true(sqrt(difference / norm) < 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(large_products_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
