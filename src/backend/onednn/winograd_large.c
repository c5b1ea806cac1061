/* Convolutions of networks that are not trained by minimal filtering with large tiles (winograd.c has the
 * small ones): F(4x4, 3x3), F(2x2, 5x5), and along one axis F(4, 3) and F(4, 7) make their outputs with 36
 * for 144, 36 for 100, 6 for 12 and 10 for 28 products. They round worse than the definition, by a factor of
 * 2 to 5, which pd_conv_quick allows.
 *
 *     data (tiles, C)    taps (C, O)    results (tiles, O)
 *
 * are multiplied point by point. Tiles of all images go through in chunks, whose matrices stay in the caches.
 */
#include "backend/onednn/winograd_large.h"

#include "base/mem.h"

#include <omp.h>

/* Numbers in the matrices of a chunk, about what a second-level cache holds; more tiles make fewer passes
 * over the taps. */
#define CHUNK_NUMBERS 200000
#define CHUNK_LEAST   48

static struct large large_of(const struct pd_call *call, int threads)
{
    const struct pd_instr *y = call->instr;
    const int64_t *x = call->src_instr[0]->shape.dim, *taps = call->src_instr[1]->shape.dim;
    struct large g = {.form = large_form_of(taps[2], taps[3]),
                      .c = x[1],
                      .h = x[2],
                      .w = x[3],
                      .o = taps[0],
                      .oh = y->shape.dim[2],
                      .ow = y->shape.dim[3],
                      .pad_h = y->attr.pad_h,
                      .pad_w = y->attr.pad_w,
                      .bias = y->n_src == 3 ? call->src[2] : NULL,
                      .slope = (float)y->attr.slope};
    if (g.form < 0)
        return g;
    const struct large_tile t = large_tile_of(g.form);
    g.tiles_w = (g.ow + t.made_w - 1) / t.made_w;
    g.tiles = (g.oh + t.made_h - 1) / t.made_h * g.tiles_w;
    g.all = g.tiles * x[0];
    g.points = t.read_h * t.read_w;
    const int64_t fit = CHUNK_NUMBERS / ((g.c + g.o) * g.points),
                  most = fit > CHUNK_LEAST ? fit : CHUNK_LEAST, chunks = (g.all + most - 1) / most,
                  even = (chunks + threads - 1) / threads * threads; /* as many for each thread */
    g.rows = (g.all + even - 1) / even;
    return g;
}

static int64_t matrices_size(const struct large *g, int64_t rows, int64_t columns)
{
    return g->points * large_step(rows, columns);
}

static int64_t own_size(const struct large *g)
{
    return matrices_size(g, g->rows, g->c) + matrices_size(g, g->rows, g->o);
}

static void run_chunk(const struct large *g, const struct pd_call *call, const struct pd_run *run,
                      int64_t first, const float *u, float *v)
{
    const int64_t n = g->rows < g->all - first ? g->rows : g->all - first;
    float *z = v + matrices_size(g, g->rows, g->c);
    for (int64_t j = 0; j < g->c / LANES; j++)
        large_data(g, first, n, j, call->src[0], v);
    for (int64_t i = 0; i < g->points; i++)
        onednn_check(run, dnnl_sgemm('N', 'N', n, g->o, g->c, 1, v + i * large_step(g->rows, g->c), g->c,
                                     u + i * large_step(g->c, g->o), g->o, 0,
                                     z + i * large_step(g->rows, g->o), g->o));
    for (int64_t j = 0; j < g->o / LANES; j++)
        large_results(g, first, n, j, z, call->dst);
}

static void large_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct large g = *(const struct large *)call->context;
    float *u = run->scratch, *own = u + matrices_size(&g, g.c, g.o);
#pragma omp parallel
    {
#pragma omp for collapse(2) schedule(static)
        for (int64_t j = 0; j < g.o / LANES; j++)
            for (int64_t i = 0; i < g.c; i++)
                large_taps(&g, i, j, call->src[1], u);
#pragma omp for schedule(dynamic)
        for (int64_t first = 0; first < g.all; first += g.rows)
            run_chunk(&g, call, run, first, u, own + omp_get_thread_num() * own_size(&g));
    }
}

#define MIN_CHANNELS 32 /* below, transforming images costs more than is saved */
#define MIN_TILES    64 /* below, transforming taps does */

bool wants_large_winograd(const struct onednn *b, const struct pd_call *call)
{
    const struct pd_instr *in = call->instr;
    if (in->op != PD_OP_CONV || !in->attr.quick || in->attr.stride != 1 || b->base.block != LANES ||
        in->layout != PD_LAYOUT_BLOCKED || call->src_instr[0]->layout != PD_LAYOUT_BLOCKED)
        return false;
    const struct large g = large_of(call, b->base.threads);
    return g.form >= 0 && g.c >= MIN_CHANNELS && g.o >= MIN_CHANNELS && g.all >= MIN_TILES;
}

enum pd_status prepare_large_winograd(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    struct large *g = pd_malloc(sizeof *g);
    if (!g)
        return onednn_fail(call, err);
    *g = large_of(call, b->base.threads);
    call->scratch = (size_t)(matrices_size(g, g->c, g->o) + own_size(g) * b->base.threads) * sizeof(float);
    call->kernel = large_kernel;
    call->context = g;
    call->release = pd_free;
    return PD_OK;
}
