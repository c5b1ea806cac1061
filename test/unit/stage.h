/* A stage for tests of the engine: a backend, variables, a graph to record on and the plan made of it. */
#ifndef PD_TEST_UNIT_STAGE_H
#define PD_TEST_UNIT_STAGE_H

#include "grad/verify.h"
#include "plans.h"

static const char *const kinds[] = {"ref-f64", "ref", "fenced", "onednn", "cuda"};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* What a test records on, and what it made. */
struct stage {
    struct pd_backend *b;
    struct pd_vars *vars;
    struct pd_graph *g;
    struct pd_plan *p;
};

static inline struct stage begin(const char *kind)
{
    struct pd_backend *b = open_backend(kind, 2); /* the reference kernels take one thread */
    return (struct stage){.b = b, .vars = pd_vars_create(b, 1), .g = pd_graph_create()};
}

static inline void compile(struct stage *s)
{
    struct pd_error err;
    if (pd_compile(s->g, s->b, &s->p, &err))
        fail_msg("%s", err.message);
    verify_plan(s->p);
}

static inline void end(struct stage *s)
{
    pd_plan_destroy(s->p);
    pd_graph_destroy(s->g);
    pd_vars_destroy(s->vars);
    pd_backend_destroy(s->b);
}

static inline int kernels(struct stage *s)
{
    compile(s);
    int n = pd_plan_info(s->p).kernels;
    end(s);
    return n;
}

static inline double value(const struct stage *s, const char *name, int i)
{
    return value_at(s->p, name, i);
}

static inline void set(const struct stage *s, const char *name, int64_t n, double x)
{
    double *all = malloc((size_t)n * sizeof *all);
    for (int64_t i = 0; i < n; i++)
        all[i] = x;
    put(s->p, name, n, all);
    free(all);
}

static inline struct pd_node *real(struct stage *s, const char *name, struct pd_shape shape)
{
    return pd_input(s->g, name, PD_REAL, shape);
}

static inline struct pd_var *var(struct stage *s, const char *name, struct pd_shape shape, double x)
{
    return pd_vars_get(s->vars, name, shape, (struct pd_init_spec){PD_INIT_CONSTANT, x, 0});
}

static inline void expect(const struct stage *s, const char *name, double want)
{
    if (value(s, name, 0) != want || value(s, name, 2) != want)
        fail_msg("%s is %g and %g, expected %g", name, value(s, name, 0), value(s, name, 2), want);
}

#endif
