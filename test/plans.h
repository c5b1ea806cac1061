/* For tests: numbers into and out of plans and variables, in double whatever the backend's reals are. What
 * fails fails the test. */
#ifndef PD_TEST_PLANS_H
#define PD_TEST_PLANS_H

#include "cuda/client.h"
#include "engine/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "cuda": its stand-in; with PAYDIRT_ON_CARD the card that is here (doc/cuda.md). */
static inline struct pd_backend *open_backend(const char *name, int threads)
{
    struct pd_backend *b;
    struct pd_error err;
    if (strcmp(name, "cuda") == 0 && !getenv("PAYDIRT_ON_CARD"))
        standin_use();
    if (pd_backend_create(name, threads, &b, &err))
        fail_msg("%s", err.message);
    return b;
}

static inline void write_plan(struct pd_plan *p, const char *name, int64_t n, const void *from)
{
    struct pd_error err;
    if (pd_plan_write(p, name, from, n, &err))
        fail_msg("%s", err.message);
}

static inline void read_plan(struct pd_plan *p, const char *name, int64_t n, void *to)
{
    struct pd_error err;
    if (pd_plan_read(p, name, to, n, &err))
        fail_msg("%s", err.message);
}

/* The first n reals of an input. */
static inline void put(struct pd_plan *p, const char *name, int64_t n, const double *from)
{
    if (pd_backend_real_size(p->backend) == sizeof *from) {
        write_plan(p, name, n, from);
        return;
    }
    float *narrow = malloc((size_t)n * sizeof *narrow);
    for (int64_t i = 0; i < n; i++)
        narrow[i] = (float)from[i];
    write_plan(p, name, n, narrow);
    free(narrow);
}

/* The first n reals of an input or output. */
static inline void take(struct pd_plan *p, const char *name, int64_t n, double *to)
{
    if (pd_backend_real_size(p->backend) == sizeof *to) {
        read_plan(p, name, n, to);
        return;
    }
    float *narrow = malloc((size_t)n * sizeof *narrow);
    read_plan(p, name, n, narrow);
    for (int64_t i = 0; i < n; i++)
        to[i] = (double)narrow[i];
    free(narrow);
}

/* The same in memory that the caller frees; NULL: the plan has no such name. */
static inline double *taken(struct pd_plan *p, const char *name, int64_t n)
{
    if (!pd_plan_has(p, name))
        return NULL;
    double *to = malloc((size_t)n * sizeof *to);
    take(p, name, n, to);
    return to;
}

/* Real i of an input or output. */
static inline double value_at(struct pd_plan *p, const char *name, int64_t i)
{
    double *values = taken(p, name, i + 1);
    if (!values)
        fail_msg("the plan has no '%s'", name);
    const double value = values[i];
    free(values);
    return value;
}

static inline void run_plan(struct pd_plan *p, uint64_t seed, uint64_t step)
{
    struct pd_error err;
    if (pd_plan_run(p, seed, step, &err))
        fail_msg("%s", err.message);
}

static inline int64_t var_count(const struct pd_var *v)
{
    return pd_shape_count(pd_var_shape(v));
}

/* All values of a variable; the caller frees them. */
static inline double *take_var(const struct pd_var *v)
{
    assert_non_null(v);
    double *to = malloc((size_t)var_count(v) * sizeof *to);
    assert_int_equal(pd_var_read_f64(v, to, NULL), PD_OK);
    return to;
}

static inline void put_var(struct pd_var *v, const double *from)
{
    assert_int_equal(pd_var_write_f64(v, from, NULL), PD_OK);
}

#endif
