/* Adam shared between ranks: weights and, once they are gathered, moments of one process, whatever the size.
 */
#include "plans.h"
#include "ranks.h"

#include <math.h>
#include <stdio.h>

enum { STEPS = 3 };

struct weight {
    const char *backend;
    int64_t n;
    int ranks; /* whose gradients are added up */
    double *w, *m, *v, *own_m;
    enum pd_status status;
    struct pd_error err;
};

struct weight_plan {
    struct pd_backend *on;
    struct pd_vars *vars;
    struct pd_var *w, *m, *v;
    struct pd_plan *plan;
};

static struct pd_var *var(const struct weight_plan *p, const char *name, int64_t n, double a)
{
    return pd_vars_get(p->vars, name, pd_shape1(n), (struct pd_init_spec){PD_INIT_CONSTANT, a, 0});
}

static struct weight_plan weight_plan(const struct weight *t, struct pd_ranks *ranks)
{
    struct weight_plan p = {.on = open_backend(t->backend, 1)};
    p.on->ranks = ranks;
    p.vars = pd_vars_create(p.on, 1);
    p.w = var(&p, "w", t->n, 1);
    p.m = var(&p, "m", t->n, 0);
    p.v = var(&p, "v", t->n, 0);
    struct pd_graph *g = pd_graph_create();
    g->ranks = pd_ranks_size(ranks);
    struct pd_node *time = pd_input(g, "t", PD_REAL, pd_shape0());
    struct pd_node *grad = pd_all_sum(pd_input(g, "grad", PD_REAL, pd_shape1(t->n)));
    pd_adam(p.w, p.m, p.v, time, grad, &(struct pd_adam_options){0.01, 0.5, 0.99, 1e-8, NULL});
    if (pd_compile(g, p.on, &p.plan, NULL))
        p.plan = NULL;
    pd_graph_destroy(g);
    return p;
}

/* The sum of what some ranks have: multiples of 1/64, so that no order of adding rounds. */
static void gradient(double *grad, int64_t n, int from, int to, int step)
{
    for (int64_t i = 0; i < n; i++) {
        grad[i] = 0;
        for (int r = from; r < to; r++)
            grad[i] += (double)((i * 7 + r * 31 + step * 13) % 65 - 32) / 64;
    }
}

static enum pd_status run_steps(struct weight *t, struct weight_plan *p, int from, int to)
{
    double *grad = calloc((size_t)t->n, sizeof *grad);
    enum pd_status status = PD_OK;
    for (int step = 1; step <= STEPS && !status; step++) {
        gradient(grad, t->n, from, to, step);
        put(p->plan, "grad", t->n, grad);
        put(p->plan, "t", 1, &(double){step});
        status = pd_plan_run(p->plan, 0, 0, &t->err);
    }
    free(grad);
    return status;
}

static enum pd_status gather(struct pd_ranks *ranks, struct pd_var *v, struct weight *t)
{
    const size_t size = pd_backend_real_size(v->backend);
    void *all = calloc((size_t)t->n, size);
    enum pd_status status = pd_var_download(v, all, &t->err);
    if (!status)
        status = pd_ranks_gather(ranks, all, t->n, size, &t->err);
    if (!status)
        status = pd_var_upload(v, all, &t->err);
    free(all);
    return status;
}

static void train(struct pd_ranks *ranks, void *context)
{
    struct weight *t = context;
    struct weight_plan p = weight_plan(t, ranks);
    t->status =
        p.plan ? run_steps(t, &p, pd_ranks_rank(ranks), ranks ? ranks->rank + 1 : t->ranks) : PD_ERR_USAGE;
    t->own_m = take_var(p.m);
    if (!t->status && pd_ranks_share(ranks, t->n))
        t->status = gather(ranks, p.m, t);
    if (!t->status && pd_ranks_share(ranks, t->n))
        t->status = gather(ranks, p.v, t);
    t->w = take_var(p.w);
    t->m = take_var(p.m);
    t->v = take_var(p.v);
    pd_plan_destroy(p.plan);
    pd_vars_destroy(p.vars);
    pd_backend_destroy(p.on);
}

static void release(struct weight *t)
{
    free(t->w);
    free(t->m);
    free(t->v);
    free(t->own_m);
}

static double most_apart(const double *a, const double *b, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fabs(a[i] - b[i]) <= most ? most : fabs(a[i] - b[i]);
    return most;
}

/* Has rank r moments of its own slice alone? */
static bool keeps_to_its_slice(const struct pd_ranks *r, const struct weight *t, const double *m)
{
    const int64_t begin = pd_ranks_begin(r, r->rank, t->n), end = pd_ranks_begin(r, r->rank + 1, t->n);
    for (int64_t i = 0; i < t->n; i++)
        if ((i < begin || i >= end) && t->own_m[i] != 0)
            return false;
    return most_apart(t->own_m + begin, m + begin, end - begin) == 0;
}

static void check(const char *backend, int64_t n, int ranks, bool shared)
{
    struct thread_ranks all = {.sums = 0};
    struct weight one = {.backend = backend, .n = n, .ranks = ranks}, parts[MOST_RANKS];
    void *contexts[MOST_RANKS];
    for (int r = 0; r < ranks; r++) {
        parts[r] = one;
        contexts[r] = &parts[r];
    }
    train(NULL, &one);
    on_ranks(&all, ranks, train, contexts);
    assert_false(all.differ);
    assert_true((all.swaps > 0) == shared);
    assert_int_equal(one.status, PD_OK);
    assert_true(one.m[0] != 0 && one.m[n - 1] != 0);
    for (int r = 0; r < ranks; r++) {
        const struct pd_ranks place = {.rank = r, .size = ranks};
        assert_int_equal(parts[r].status, PD_OK);
        if (most_apart(parts[r].w, one.w, n) > 0 || most_apart(parts[r].m, one.m, n) > 0 ||
            most_apart(parts[r].v, one.v, n) > 0)
            fail_msg("%s, %lld numbers, rank %d of %d: other weights or moments than one process's", backend,
                     (long long)n, r, ranks);
        if (shared && !keeps_to_its_slice(&place, &parts[r], one.m))
            fail_msg("%s, %lld numbers, rank %d of %d: expected moments of its slice alone", backend,
                     (long long)n, r, ranks);
    }
    for (int r = 0; r < ranks; r++)
        release(&parts[r]);
    release(&one);
}

static void on_backends(int64_t n, int ranks, bool shared)
{
    check("ref-f64", n, ranks, shared);
    check("onednn", n, ranks, shared);
}

static void slices_of_one_size(void **state)
{
    (void)state;
    on_backends(2 * PD_RANKS_LEAST, 2, true);
    on_backends(4 * PD_RANKS_CHUNK, 2, true); /* two whole chunks each */
}

static void slices_of_uneven_sizes(void **state)
{
    (void)state;
    on_backends(2 * PD_RANKS_LEAST + 1, 2, true);
    on_backends(3 * PD_RANKS_LEAST + 2, 3, true);
    on_backends(3 * PD_RANKS_CHUNK + 1, 3, true); /* one has a second chunk, of a number; the others none */
    on_backends(4 * PD_RANKS_CHUNK + 4099, 4, true);
}

static void small_weights_are_not_shared(void **state)
{
    (void)state;
    on_backends(1, 3, false); /* fewer than ranks */
    on_backends(2, 3, false);
    on_backends(3 * PD_RANKS_LEAST - 1, 3, false);
}

static void a_rank_lost_between_ends_the_step(void **state)
{
    (void)state;
    struct thread_ranks all = {.fail_from_swap = 3}; /* the second chunk's sum */
    struct weight parts[2];
    void *contexts[] = {&parts[0], &parts[1]};
    for (int r = 0; r < 2; r++)
        parts[r] = (struct weight){.backend = "onednn", .n = 4 * PD_RANKS_CHUNK, .ranks = 2};
    on_ranks(&all, 2, train, contexts);
    assert_int_equal(all.swaps, 3);
    for (int r = 0; r < 2; r++) {
        assert_int_equal(parts[r].status, PD_ERR_IO);
        assert_string_equal(parts[r].err.message, "rank 1 is lost");
        release(&parts[r]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_of_one_size),
        cmocka_unit_test(slices_of_uneven_sizes),
        cmocka_unit_test(small_weights_are_not_shared),
        cmocka_unit_test(a_rank_lost_between_ends_the_step),
    };
    return cmocka_run_group_tests_name("ranks-adam", tests, NULL, NULL);
}
