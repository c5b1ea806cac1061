/* A stage for tests of the engine: a backend, variables, a graph to record on and the plan made of it. */
#ifndef PD_TEST_UNIT_STAGE_H
#define PD_TEST_UNIT_STAGE_H

#include "grad/verify.h"

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

static inline struct stage begin(enum pd_backend_kind kind)
{
    struct stage s = {0};
    assert_int_equal(pd_backend_create(kind, kind == PD_BACKEND_ONEDNN ? 2 : 1, &s.b, NULL), PD_OK);
    s.vars = pd_vars_create(pd_backend_real_size(s.b), 1);
    s.g = pd_graph_create();
    return s;
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
    const void *data = pd_plan_data(s->p, name);
    assert_non_null(data);
    return pd_backend_real_size(s->b) == 8 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

static inline void set(const struct stage *s, const char *name, int64_t n, double x)
{
    void *data = pd_plan_data(s->p, name);
    assert_non_null(data);
    for (int64_t i = 0; i < n; i++)
        if (pd_backend_real_size(s->b) == 8)
            ((double *)data)[i] = x;
        else
            ((float *)data)[i] = (float)x;
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
