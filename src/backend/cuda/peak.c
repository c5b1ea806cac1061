/* The card's rate of products, as the backend's own plans have it. */
#include "backend/cuda/cuda.h"

#include <string.h>

enum { TRIES = 10 };

/* GFLOP/s of one run of the plan, whose times count its products alone; 0: it failed. */
static double rate_of(struct pd_plan *plan)
{
    struct pd_op_time times[4];
    pd_plan_profile(plan, true);
    if (pd_plan_run(plan, 0, 0, NULL))
        return 0;
    const int n = pd_plan_times(plan, times, 4);
    for (int i = 0; i < n; i++)
        if (strcmp(times[i].name, pd_op_name(PD_OP_MATMUL)) == 0)
            return times[i].seconds > 0 ? times[i].gflop / times[i].seconds : 0;
    return 0;
}

double cuda_peak(struct pd_backend *b, int side)
{
    struct pd_graph *g = pd_graph_create();
    struct pd_plan *plan = NULL;
    double best = 0;
    if (!g)
        return 0;
    struct pd_node *x = pd_random_normal(g, 0, pd_shape2(side, side)), /* of zeros it would be faster */
        *y = pd_random_normal(g, 1, pd_shape2(side, side));
    pd_output(pd_matmul(x, y, false, false), "product");
    if (!pd_compile(g, b, &plan, NULL))
        for (int i = 0; i < TRIES; i++) {
            const double rate = rate_of(plan);
            best = rate > best ? rate : best;
        }
    pd_plan_destroy(plan);
    pd_graph_destroy(g);
    return best;
}
