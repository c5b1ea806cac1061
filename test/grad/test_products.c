/* Products large enough for the backend's other route (sgemm), which the table of small cases does not reach.
 */
#include "plans.h"

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

static void fill(struct pd_plan *p, const char *name, int64_t count, unsigned seed)
{
    double *to = malloc((size_t)count * sizeof *to);
    for (int64_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        to[i] = (double)((float)(seed >> 8) * 0x1p-23f - 1);
    }
    put(p, name, count, to);
    free(to);
}

/* a b (+ c d when two, relu when sloped) into out, (M, N). */
static void compute(const char *name, bool ta, bool tb, bool two, bool sloped, double *out)
{
    struct pd_error err;
    struct pd_backend *backend = open_backend(name, 2);
    struct pd_plan *p = NULL;
    struct pd_graph *g = pd_graph_create();
    struct pd_node *y = product(g, "a", "b", ta, tb);
    if (two)
        y = pd_add(y, product(g, "c", "d", ta, tb));
    pd_output(sloped ? pd_lrelu(y, 0.2) : y, "y");
    if (pd_compile(g, backend, &p, &err))
        fail_msg("%s", err.message);
    fill(p, "a", M * K, 1);
    fill(p, "b", K * N, 2);
    if (two) {
        fill(p, "c", M * K, 3);
        fill(p, "d", K * N, 4);
    }
    for (int run = 0; run < 2; run++) /* the second finds the first one's result in memory */
        run_plan(p, 1, 0);
    take(p, "y", M * N, out);
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
        compute("ref-f64", ta, tb, two, sloped, x);
        compute("onednn", ta, tb, two, sloped, y);
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
