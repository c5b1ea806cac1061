/* Checks of one case: its derivatives against finite differences, and every backend against the double
 * reference.
 *
 * A case records y = build(x). The check adds loss = sum(w * y) with random w, its gradients g, second =
 * sum(q * g) with random q, and the gradients h of that by x and w. */
#ifndef PD_TEST_GRAD_CHECK_H
#define PD_TEST_GRAD_CHECK_H

#include "base/rng.h"
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

static void fill(struct pd_plan *p, size_t real_size, const struct op_case *c, const char *name, int64_t n,
                 bool last)
{
    void *data = pd_plan_data(p, name);
    assert_non_null(data);
    for (int64_t i = 0; i < n; i++)
        if (real_size == 8)
            ((double *)data)[i] = sample(c, name, i, last);
        else
            ((float *)data)[i] = (float)sample(c, name, i, last);
}

static int64_t count_of(const struct pd_node *n)
{
    return n ? pd_shape_count(pd_node_shape(n)) : 0;
}

static void fill_all(struct pd_plan *p, size_t real_size, const struct op_case *c, const struct record *r)
{
    for (int i = 0; i < r->n; i++) {
        fill(p, real_size, c, label('x', i), count_of(r->x[i]), i == r->n - 1);
        if (r->second)
            fill(p, real_size, c, label('q', i), count_of(r->q[i]), false);
    }
    fill(p, real_size, c, "w", count_of(r->w), false);
    int32_t *labels = pd_plan_data(p, "labels"); /* a builder's own input: classes 0 to 4, and none */
    for (int i = 0; labels && i < 6; i++)
        labels[i] = (i * 3 + 1) % 6 - 1;
}

/* The inputs must come out of a run as they went in: nothing may be computed in their place. */
static void check_inputs(struct pd_plan *p, size_t real_size, const struct op_case *c, const struct record *r)
{
    for (int k = 0; k < r->n; k++) {
        const void *data = pd_plan_data(p, label('x', k));
        for (int64_t i = 0; i < count_of(r->x[k]); i++) {
            double v = real_size == 8 ? ((const double *)data)[i] : (double)((const float *)data)[i];
            if (v != sample(c, label('x', k), i, k == r->n - 1))
                fail_msg("%s: input %d was overwritten", c->name, k);
        }
    }
}

/* --- finite differences --- */

struct fd {
    struct pd_plan *p;
    const struct op_case *c;
};

static double scalar(const struct fd *d, const char *name)
{
    assert_int_equal(pd_plan_run(d->p, 1, 1, NULL), PD_OK);
    return *(const double *)pd_plan_data(d->p, name);
}

/* The derivative of the scalar by element i of an input. */
static double slope_at(const struct fd *d, const char *name, const char *input, int64_t i)
{
    const double h = 1e-5;
    double *x = (double *)pd_plan_data(d->p, input) + i, was = *x;
    *x = was + h;
    double up = scalar(d, name);
    *x = was - h;
    double down = scalar(d, name);
    *x = was;
    return (up - down) / (2 * h);
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
    fill_all(p, 8, c, &r);
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
        const double *g = pd_plan_data(values, label('g', i)), *h = pd_plan_data(values, label('h', i));
        int64_t n = count_of(r->x[i]);
        if (c->zero >> i & 1) {
            assert_true(largest(g, n) == 0 && (!h || largest(h, n) == 0));
            continue;
        }
        if (compare_slopes(d, "loss", label('x', i), g, n) < 1e-3)
            fail_msg("%s: the gradient by input %d is nothing", c->name, i);
        if (h)
            second += compare_slopes(d, "second", label('x', i), h, n);
    }
    if (r->second && pd_plan_data(values, "hw"))
        second += compare_slopes(d, "second", "w", pd_plan_data(values, "hw"), count_of(r->w));
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

static struct pd_backend *backend(enum pd_backend_kind kind, int threads)
{
    struct pd_backend *b;
    assert_int_equal(pd_backend_create(kind, threads, &b, NULL), PD_OK);
    return b;
}

static inline void check_derivatives(const struct op_case *c)
{
    struct pd_backend *b = backend(PD_BACKEND_REF_F64, 1);
    struct record r;
    if (c->refuses)
        check_refusal(c, b);
    record_first(&r, c);
    if (!c->refuses)
        record_second(&r);
    name_outputs(&r);
    struct pd_plan *values = compile(c, r.g, b);
    struct fd d = {compile_scalars(c, b), c};
    fill_all(values, 8, c, &r);
    assert_int_equal(pd_plan_run(values, 1, 1, NULL), PD_OK);
    check_slopes(&d, values, &r);
    pd_plan_destroy(values);
    pd_plan_destroy(d.p);
    pd_graph_destroy(r.g);
    pd_backend_destroy(b);
}

/* --- backends --- */

static void compare_values(const struct op_case *c, const char *who, const char *name, const double *want,
                           const float *got, int64_t n)
{
    double error = 0, norm = 0, near = c->near ? c->near : 1e-5;
    for (int64_t i = 0; i < n; i++) {
        error += (want[i] - (double)got[i]) * (want[i] - (double)got[i]);
        norm += want[i] * want[i];
    }
    if (!(sqrt(error) <= near * sqrt(norm) + 1e-7))
        fail_msg("%s: %s by %s differs by %.3g, its length is %.6g", c->name, name, who, sqrt(error),
                 sqrt(norm));
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
        const double *a = pd_plan_data(want, names[i]);
        const float *b = pd_plan_data(got, names[i]);
        assert_int_equal(!a, !b);
        if (a)
            compare_values(c, who, names[i], a, b, counts[i]);
    }
}

static const struct maker {
    const char *name;
    enum pd_backend_kind kind;
    int threads;
} makers[] = {{"ref", PD_BACKEND_REF_F32, 1},
              {"onednn on one thread", PD_BACKEND_ONEDNN, 1},
              {"onednn on two threads", PD_BACKEND_ONEDNN, 2},
              {"onednn on five threads", PD_BACKEND_ONEDNN, 5}};

static void check_backend(const struct op_case *c, const struct maker *m, struct pd_plan *want,
                          const struct record *r)
{
    struct pd_backend *b = backend(m->kind, m->threads);
    struct pd_plan *got = compile(c, r->g, b);
    fill_all(got, 4, c, r);
    for (int i = 0; i < 2; i++) { /* the second run finds the memory used */
        assert_int_equal(pd_plan_run(got, 1, 1, NULL), PD_OK);
        compare_plans(c, m->name, want, got, r);
    }
    check_inputs(got, 4, c, r);
    pd_plan_destroy(got);
    pd_backend_destroy(b);
}

/* The value alone: where no gradient reads what is between, the compiler combines more. */
static void check_forward(const struct op_case *c, const struct maker *m, struct pd_plan *want)
{
    struct record r;
    record_first(&r, c);
    pd_output(r.y, "y");
    struct pd_backend *b = backend(m->kind, m->threads);
    struct pd_plan *got = compile(c, r.g, b);
    fill_all(got, 4, c, &r);
    assert_int_equal(pd_plan_run(got, 1, 1, NULL), PD_OK);
    compare_values(c, m->name, "y alone", pd_plan_data(want, "y"), pd_plan_data(got, "y"), count_of(r.y));
    pd_plan_destroy(got);
    pd_graph_destroy(r.g);
    pd_backend_destroy(b);
}

static inline void check_backends(const struct op_case *c)
{
    struct pd_backend *b = backend(PD_BACKEND_REF_F64, 1);
    struct record r;
    record_first(&r, c);
    if (!c->refuses)
        record_second(&r);
    name_outputs(&r);
    struct pd_plan *want = compile(c, r.g, b);
    fill_all(want, 8, c, &r);
    assert_int_equal(pd_plan_run(want, 1, 1, NULL), PD_OK);
    check_inputs(want, 8, c, &r);
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        check_backend(c, &makers[i], want, &r);
    check_forward(c, &makers[1], want);
    pd_plan_destroy(want);
    pd_graph_destroy(r.g);
    pd_backend_destroy(b);
}

#endif
