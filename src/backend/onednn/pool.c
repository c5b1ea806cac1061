/* Max-pool and its gradient in blocked and grouped layouts: windows are disjoint, and the numbers side by
 * side (channels or images) go through them together. oneDNN's pooling would keep an index for each window.
 */
#include "backend/onednn/onednn.h"

#define LANES 16 /* the largest block */

struct pool {
    int64_t columns; /* of windows; the rows of all images follow one another */
    int size, lanes;
    const float *x, *dy; /* dy NULL: forward */
    float *dst;
};

/* best = the largest of the window at x, whose rows are `row` numbers apart. */
static inline void window_max(const float *x, int64_t row, int size, int lanes, float *restrict best)
{
    PD_LANE_LOOP for (int l = 0; l < lanes; l++) best[l] = x[l];
    for (int i = 0; i < size; i++)
        for (int64_t j = 0; j < size; j++)
            PD_LANE_LOOP for (int l = 0; l < lanes; l++)
            {
                const float v = x[i * row + j * lanes + l];
                best[l] = v > best[l] ? v : best[l];
            }
}

/* The first that equals the largest gets dy, the others get 0. */
static inline void window_bwd(const float *restrict x, int64_t row, int size, int lanes,
                              const float *restrict best, const float *restrict dy, float *restrict dx)
{
    float left[LANES];
    PD_LANE_LOOP for (int l = 0; l < lanes; l++) left[l] = dy[l];
    for (int i = 0; i < size; i++)
        for (int64_t j = 0; j < size; j++)
            PD_LANE_LOOP for (int l = 0; l < lanes; l++)
            {
                const int64_t at = i * row + j * lanes + l;
                const float g = x[at] == best[l] ? left[l] : 0;
                left[l] = x[at] == best[l] ? 0 : left[l];
                dx[at] = g;
            }
}

static inline __attribute__((always_inline)) void pool_row(const struct pool *p, int64_t r, int size,
                                                           int lanes)
{
    const int64_t row = p->columns * size * lanes;
    float best[LANES];
    for (int64_t j = 0; j < p->columns; j++) {
        const int64_t at = r * size * row + j * size * lanes, to = (r * p->columns + j) * lanes;
        if (p->dy) {
            window_max(p->x + at, row, size, lanes, best);
            window_bwd(p->x + at, row, size, lanes, best, p->dy + to, p->dst + at);
        } else {
            window_max(p->x + at, row, size, lanes, p->dst + to);
        }
    }
}

PD_CLONES static void run_row(const struct pool *p, int64_t r)
{
    if (p->lanes == 16 && p->size == 2)
        pool_row(p, r, 2, 16);
    else if (p->lanes == 16)
        pool_row(p, r, p->size, 16);
    else
        pool_row(p, r, p->size, 8);
}

static void pool_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct pd_instr *in = call->instr;
    const bool backward = in->op == PD_OP_MAX_POOL_BWD;
    const struct pd_shape small = backward ? call->src_instr[1]->shape : in->shape;
    const struct pool p = {.columns = small.dim[3],
                           .size = (int)in->attr.i[0],
                           .lanes = in->layout == PD_LAYOUT_GROUPED ? PD_GROUP : run->backend->block,
                           .x = call->src[0],
                           .dy = backward ? call->src[1] : NULL,
                           .dst = call->dst};
    const int64_t rows = pd_shape_count(small) / (p.columns * p.lanes);
#pragma omp parallel for schedule(static) if (pd_shape_count(small) >= PD_PARALLEL_MIN)
    for (int64_t r = 0; r < rows; r++)
        run_row(&p, r);
}

enum pd_status prepare_pool(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    if (call->instr->layout != PD_LAYOUT_PLAIN) /* the reference kernel serves the others */
        call->kernel = pool_kernel;
    return PD_OK;
}
