/* Checks of one case: its derivatives against finite differences, and every backend against the double
 * reference.
 *
 * A case records y = build(x). The check adds loss = sum(w * y) with random w, its gradients g, second =
 * sum(q * g) with random q, and the gradients h of that by x and w. */
#ifndef PD_TEST_GRAD_CHECK_H
#define PD_TEST_GRAD_CHECK_H

#include "base/rng.h"
#include "plans.h"
#include "verify.h"

#include <paydirt/graph.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_IN = 10 };

struct op_case {
    const char *name;
    struct pd_node *(*build)(struct pd_node *const *x, const struct op_case *c);
    struct pd_shape in[MAX_IN]; /* ends with the first whose dim[0] is 0 */
    int p[4];                   /* the builder's own */
    double f[2];                /* f[1]: where the kink is */
    double low, high;           /* inputs; 0, 0: [-1, 1) */
    bool kink;                  /* keep inputs 0.05 away from f[1] */
    bool grid;     /* inputs are eighths, but the last has 1/128 more: sums are exact and never 0 */
    unsigned zero; /* bit i: the gradient by input i is 0 by design (and not the slope of the function) */
    const char *refuses;  /* the second derivative must be refused with this in the message */
    bool big;             /* compare backends only: too much work for finite differences */
    double near, fd_near; /* tolerances; 0: 1e-5 between backends, 2e-7 of finite differences */
};

struct record {
    struct pd_graph *g;
    int n; /* inputs */
    struct pd_node *x[MAX_IN], *q[MAX_IN], *w, *y, *loss, *second, *g1[MAX_IN], *g2[MAX_IN + 1];
};

static const char *label(char kind, int i)
{
    static char names[4][16];
    static int next;
    char *name = names[next++ % 4];
    snprintf(name, sizeof names[0], "%c%d", kind, i);
    return name;
}

static void record_first(struct record *r, const struct op_case *c)
{
    *r = (struct record){.g = pd_graph_create()};
    for (; r->n < MAX_IN && c->in[r->n].dim[0]; r->n++)
        r->x[r->n] = pd_input(r->g, label('x', r->n), PD_REAL, c->in[r->n]);
    r->y = c->build(r->x, c);
    r->w = pd_input(r->g, "w", PD_REAL, pd_node_shape(r->y));
    r->loss = pd_sum(pd_mul(r->y, r->w));
    pd_grad(r->loss, r->x, r->n, r->g1);
}

static void record_second(struct record *r)
{
    struct pd_node *wrt[MAX_IN + 1];
    for (int i = 0; i < r->n; i++) {
        r->q[i] = pd_input(r->g, label('q', i), PD_REAL, pd_node_shape(r->x[i]));
        struct pd_node *part = pd_sum(pd_mul(r->g1[i], r->q[i]));
        r->second = i ? pd_add(r->second, part) : part;
        wrt[i] = r->x[i];
    }
    wrt[r->n] = r->w;
    pd_grad(r->second, wrt, r->n + 1, r->g2);
}

/* Element i of the input of that name; kind and number choose the random stream. */
static double sample(const struct op_case *c, const char *name, int64_t i, bool last)
{
    struct pd_rng rng = {11, (uint32_t)(name[0] * 16 + (name[0] == 'w' ? 0 : name[1] - '0')), 0};
    double u = pd_rng_uniform(&rng, (uint64_t)i);
    if (name[0] != 'x')
        return (float)(2 * u - 1);
    double low = c->low, high = c->high;
    if (low == 0 && high == 0)
        low = -1, high = 1;
    double v = low + (high - low) * u, from = v - c->f[1];
    if (c->kink && fabs(from) < 0.05)
        v += from < 0 ? -0.05 : 0.05;
    if (c->grid)
        v = round(8 * v) / 8 + (last ? 1.0 / 128 : 0);
    return (float)v;
}

static void fill(struct pd_plan *p, const struct op_case *c, const char *name, int64_t n, bool last)
{
    double *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = sample(c, name, i, last);
    put(p, name, n, x);
    free(x);
}

static int64_t count_of(const struct pd_node *n)
{
    return n ? pd_shape_count(pd_node_shape(n)) : 0;
}

static void fill_all(struct pd_plan *p, const struct op_case *c, const struct record *r)
{
    for (int i = 0; i < r->n; i++) {
        fill(p, c, label('x', i), count_of(r->x[i]), i == r->n - 1);
        if (r->second)
            fill(p, c, label('q', i), count_of(r->q[i]), false);
    }
    fill(p, c, "w", count_of(r->w), false);
    if (pd_plan_has(p, "labels")) /* a builder's own input: classes 0 to 4, and none */
        write_plan(p, "labels", 6, (int32_t[]){0, 3, 0, 3, 0, 3});
}

/* The inputs must come out of a run as they went in: nothing may be computed in their place. */
static void check_inputs(struct pd_plan *p, const struct op_case *c, const struct record *r)
{
    for (int k = 0; k < r->n; k++) {
        double *x = taken(p, label('x', k), count_of(r->x[k]));
        for (int64_t i = 0; i < count_of(r->x[k]); i++)
            if (x[i] != sample(c, label('x', k), i, k == r->n - 1))
                fail_msg("%s: input %d was overwritten", c->name, k);
        free(x);
    }
}

/* --- finite differences --- */

struct fd {
    struct pd_plan *p;
    const struct op_case *c;
};

static double scalar(const struct fd *d, const char *name)
{
    run_plan(d->p, 1, 1);
    return value_at(d->p, name, 0);
}

/* The derivative of the scalar by element i of an input. */
static double slope_at(const struct fd *d, const char *name, const char *input, int64_t i)
{
    const double h = 1e-5;
    double *x = taken(d->p, input, i + 1), was = x[i], side[2];
    for (int k = 0; k < 2; k++) {
        x[i] = k ? was - h : was + h;
        put(d->p, input, i + 1, x);
        side[k] = scalar(d, name);
    }
    x[i] = was;
    put(d->p, input, i + 1, x);
    free(x);
    return (side[0] - side[1]) / (2 * h);
}

static double largest(const double *g, int64_t n)
{
    double m = 0;
    for (int64_t i = 0; i < n; i++)
        m = fabs(g[i]) > m ? fabs(g[i]) : m;
    return m;
}

/* Up to some thirty elements of the gradient g of the scalar; the largest of all of g. */
static double compare_slopes(const struct fd *d, const char *name, const char *input, const double *g,
                             int64_t n)
{
    double top = largest(g, n), near = d->c->fd_near ? d->c->fd_near : 2e-7;
    for (int64_t i = 0; i < n; i += n / 30 + 1) {
        double fd = slope_at(d, name, input, i);
        if (!(fabs(fd - g[i]) <= near * top + 1e-8))
            fail_msg("%s: d %s / d %s[%lld] is %.10g, finite differences say %.10g", d->c->name, name, input,
                     (long long)i, g[i], fd);
    }
    return top;
}

static struct pd_plan *compile(const struct op_case *c, const struct pd_graph *g, struct pd_backend *b)
{
    struct pd_error err;
    struct pd_plan *p;
    if (pd_compile(g, b, &p, &err))
        fail_msg("%s: %s", c->name, err.message);
    verify_plan(p);
    return p;
}

/* The graph without what only finite differences of the scalars do not need. */
static struct pd_plan *compile_scalars(const struct op_case *c, struct pd_backend *b)
{
    struct record r;
    record_first(&r, c);
    if (!c->refuses)
        record_second(&r);
    pd_output(r.loss, "loss");
    pd_output(r.second, "second");
    struct pd_plan *p = compile(c, r.g, b);
    fill_all(p, c, &r);
    pd_graph_destroy(r.g);
    return p;
}

static void name_outputs(struct record *r)
{
    pd_output(r->y, "y");
    for (int i = 0; i < r->n; i++) {
        pd_output(r->g1[i], label('g', i));
        pd_output(r->g2[i], label('h', i));
    }
    pd_output(r->g2[r->n], "hw");
}

static void check_slopes(const struct fd *d, struct pd_plan *values, const struct record *r)
{
    const struct op_case *c = d->c;
    double second = 0;
    for (int i = 0; i < r->n; i++) {
        int64_t n = count_of(r->x[i]);
        double *g = taken(values, label('g', i), n), *h = taken(values, label('h', i), n);
        const bool zero = c->zero >> i & 1;
        if (zero)
            assert_true(largest(g, n) == 0 && (!h || largest(h, n) == 0));
        else if (compare_slopes(d, "loss", label('x', i), g, n) < 1e-3)
            fail_msg("%s: the gradient by input %d is nothing", c->name, i);
        if (h && !zero)
            second += compare_slopes(d, "second", label('x', i), h, n);
        free(g);
        free(h);
    }
    double *hw = taken(values, "hw", count_of(r->w));
    if (r->second && hw)
        second += compare_slopes(d, "second", "w", hw, count_of(r->w));
    free(hw);
    if (r->second && (second < 1e-3) != (c->zero + 1u == 1u << r->n))
        fail_msg("%s: the second gradient is %s", c->name, second < 1e-3 ? "nothing" : "something");
}

static void check_refusal(const struct op_case *c, struct pd_backend *b)
{
    struct record r;
    struct pd_plan *p = NULL;
    struct pd_error err = {0};
    record_first(&r, c);
    record_second(&r);
    name_outputs(&r);
    assert_int_equal(pd_compile(r.g, b, &p, &err), PD_ERR_UNSUPPORTED);
    if (!strstr(err.message, c->refuses))
        fail_msg("%s: refused with \"%s\"", c->name, err.message);
    assert_null(p);
    pd_graph_destroy(r.g);
}

static inline void check_derivatives(const struct op_case *c)
{
    struct pd_backend *b = open_backend("ref-f64", 1);
    struct record r;
    if (c->refuses)
        check_refusal(c, b);
    record_first(&r, c);
    if (!c->refuses)
        record_second(&r);
    name_outputs(&r);
    struct pd_plan *values = compile(c, r.g, b);
    struct fd d = {compile_scalars(c, b), c};
    fill_all(values, c, &r);
    run_plan(values, 1, 1);
    check_slopes(&d, values, &r);
    pd_plan_destroy(values);
    pd_plan_destroy(d.p);
    pd_graph_destroy(r.g);
    pd_backend_destroy(b);
}

/* --- backends --- */

static void compare_values(const struct op_case *c, const char *who, const char *name, struct pd_plan *one,
                           struct pd_plan *other, int64_t n)
{
    double *want = taken(one, name, n), *got = taken(other, name, n);
    double error = 0, norm = 0, near = c->near ? c->near : 1e-5;
    for (int64_t i = 0; i < n; i++) {
        error += (want[i] - got[i]) * (want[i] - got[i]);
        norm += want[i] * want[i];
    }
    if (!(sqrt(error) <= near * sqrt(norm) + 1e-7))
        fail_msg("%s: %s by %s differs by %.3g, its length is %.6g", c->name, name, who, sqrt(error),
                 sqrt(norm));
    free(want);
    free(got);
}

static void compare_plans(const struct op_case *c, const char *who, struct pd_plan *want, struct pd_plan *got,
                          const struct record *r)
{
    const char *names[2 * MAX_IN + 2] = {"y"};
    int64_t counts[2 * MAX_IN + 2] = {count_of(r->y)};
    char text[2 * MAX_IN][16];
    int n = 1;
    for (int i = 0; i < 2 * r->n; i++) {
        snprintf(text[i], sizeof text[i], "%c%d", i & 1 ? 'h' : 'g', i / 2);
        names[n] = text[i];
        counts[n++] = count_of(r->x[i / 2]);
    }
    names[n] = "hw";
    counts[n++] = count_of(r->w);
    for (int i = 0; i < n; i++) {
        assert_int_equal(pd_plan_has(want, names[i]), pd_plan_has(got, names[i]));
        if (pd_plan_has(want, names[i]))
            compare_values(c, who, names[i], want, got, counts[i]);
    }
}

static const struct maker {
    const char *name;
    const char *backend;
    int threads;
} makers[] = {{"fenced", "fenced", 1},
              {"onednn on one thread", "onednn", 1},
              {"onednn on two threads", "onednn", 2},
              {"onednn on five threads", "onednn", 5},
              {"cuda", "cuda", 1}};

static void check_backend(const struct op_case *c, const struct maker *m, struct pd_plan *want,
                          const struct record *r)
{
    if (!strcmp(m->backend, "cuda") && getenv("PAYDIRT_NO_STANDIN"))
        return;
    struct pd_backend *b = open_backend(m->backend, m->threads);
    struct pd_plan *got = compile(c, r->g, b);
    fill_all(got, c, r);
    /* The second run finds the memory used; the third, of cuda, replays what the second captured. */
    for (int i = 0; i < 2 + (strcmp(m->backend, "cuda") == 0); i++) {
        run_plan(got, 1, 1);
        compare_plans(c, m->name, want, got, r);
    }
    check_inputs(got, c, r);
    pd_plan_destroy(got);
    pd_backend_destroy(b);
}

/* The value alone: where no gradient reads what is between, the compiler combines more. */
static void check_forward(const struct op_case *c, const struct maker *m, struct pd_plan *want)
{
    struct record r;
    record_first(&r, c);
    pd_output(r.y, "y");
    struct pd_backend *b = open_backend(m->backend, m->threads);
    struct pd_plan *got = compile(c, r.g, b);
    fill_all(got, c, &r);
    run_plan(got, 1, 1);
    compare_values(c, m->name, "y", want, got, count_of(r.y));
    pd_plan_destroy(got);
    pd_graph_destroy(r.g);
    pd_backend_destroy(b);
}

static inline void check_backends(const struct op_case *c)
{
    struct pd_backend *b = open_backend("ref-f64", 1);
    struct record r;
    record_first(&r, c);
    if (!c->refuses)
        record_second(&r);
    name_outputs(&r);
    struct pd_plan *want = compile(c, r.g, b);
    fill_all(want, c, &r);
    run_plan(want, 1, 1);
    check_inputs(want, c, &r);
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        check_backend(c, &makers[i], want, &r);
    check_forward(c, &makers[1], want);
    pd_plan_destroy(want);
    pd_graph_destroy(r.g);
    pd_backend_destroy(b);
}

#endif
