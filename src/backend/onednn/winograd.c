/* Convolutions by minimal filtering (Winograd 1980; Lavin & Gray, CVPR 2016, arXiv:1509.09308), which oneDNN
 * has neither for strides nor for 2x2 taps. F(2x2, r x r) makes 2x2 outputs with n^2 products, n = r + 1,
 * where the definition takes 4 r^2: 9 in place of 16 for r = 2, 16 in place of 36 for r = 3.
 *
 * A kernel of k x k taps and stride s is s*s kernels of r x r taps, r = k / s, each over the pixels of one
 * phase: those whose row and column leave the same remainders by s. Phases are further channels to sum over.
 * Images and kernel are transformed into n*n matrices each, these are multiplied pair by pair, and the
 * products' inverse transform is the outputs:
 *
 *     data (tiles, s*s*C)    taps (s*s*C, O)    results (tiles, O)
 *
 * Gradients are the same with the transforms transposed. Images go through in chunks, so that their matrices
 * stay in the caches; each thread takes its own images through all stages. */
#include "backend/onednn/winograd.h"

#include "base/mem.h"

#include <omp.h>
#include <string.h>

/* Tiles that go through at once, for each thread: with fewer their matrices stay in a cache, with more they
 * multiply faster. By taps the threads share them, and the most bounds the memory. */
#define CHUNK      64
#define TAPS_CHUNK 128
#define TAPS_MOST  2048

/* Images in a chunk of that many tiles; all chunks are about as large. */
static int64_t chunk_of(int64_t images, int64_t tiles, int64_t wanted)
{
    const int64_t most = tiles < wanted ? wanted / tiles : 1, chunks = (images + most - 1) / most;
    return (images + chunks - 1) / chunks;
}

static struct winograd winograd_of(const struct pd_call *call, const struct pd_backend *backend)
{
    const struct pd_instr *in = call->instr, *const *src = call->src_instr;
    struct winograd g = {.x = src[0],
                         .taps = src[1],
                         .y = in,
                         .dx = in->op == PD_OP_CONV_DX,
                         .dw = in->op == PD_OP_CONV_DW,
                         .stride = in->attr.stride,
                         .pad = in->attr.pad_h,
                         .block = backend->block,
                         .slope = 1};
    if (g.dx) {
        g.x = in;
        g.y = src[0];
    } else if (g.dw) {
        g.taps = in;
        g.y = src[1];
    } else {
        g.slope = (float)in->attr.slope;
        g.bias = in->n_src == 3 ? call->src[2] : NULL;
    }
    const int64_t *x = g.x->shape.dim, *taps = g.taps->shape.dim, *y = g.y->shape.dim;
    g.images = x[0], g.c = x[1], g.h = x[2], g.w = x[3];
    g.o = y[1], g.oh = y[2], g.ow = y[3];
    g.r = taps[2] / g.stride;
    g.kernel = taps[2] * taps[3];
    g.depth = g.stride * g.stride * g.c;
    g.tiles_w = (g.ow + 1) / 2;
    g.tiles = (g.oh + 1) / 2 * g.tiles_w;
    g.n2 = (g.r + 1) * (g.r + 1);
    const int64_t threads = backend->threads, shared = TAPS_CHUNK * threads;
    g.chunk = g.dw ? chunk_of(g.images, g.tiles, shared < TAPS_MOST ? shared : TAPS_MOST)
                   : chunk_of((g.images + threads - 1) / threads, g.tiles, CHUNK);
    g.rows = g.chunk * g.tiles;
    return g;
}

/* Images and their matrices. */
struct side {
    stage *transform, *collect;
    int64_t channels, pixels, columns;
};

static struct side data_of(const struct winograd *g)
{
    return (struct side){transform_data, collect_data, g->c, g->h * g->w, g->depth};
}

static struct side results_of(const struct winograd *g)
{
    return (struct side){transform_results, collect_results, g->o, g->oh * g->ow, g->o};
}

static int64_t matrices_size(const struct winograd *g, int64_t rows, int64_t columns)
{
    return g->n2 * matrix_step(rows, columns);
}

/* --- images --- */

/* What lies in the run's scratch: the taps' matrices, then each thread's own of both sides. */
static int64_t own_size(const struct winograd *g)
{
    return matrices_size(g, g->rows, g->depth) + matrices_size(g, g->rows, g->o);
}

/* Images of one thread, from matrices `own` of one side to those of the other. */
static void run_chunk(const struct winograd *g, const struct pd_run *run, struct side from, struct side to,
                      const float *images, int64_t count, const float *u, float *own, float *made)
{
    float *product = own + matrices_size(g, g->rows, from.columns);
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < from.channels / LANES; j++)
            from.transform(g, i, j, images, own);
    for (int64_t i = 0; i < g->n2; i++)
        onednn_check(run, dnnl_sgemm('N', 'N', count * g->tiles, to.columns, from.columns, 1,
                                     own + i * matrix_step(g->rows, from.columns), from.columns,
                                     u + i * matrix_step(from.columns, to.columns), to.columns, 0,
                                     product + i * matrix_step(g->rows, to.columns), to.columns));
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < to.channels / LANES; j++)
            to.collect(g, i, j, product, made);
}

static void images_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct winograd g = *(const struct winograd *)call->context;
    const struct side from = g.dx ? results_of(&g) : data_of(&g), to = g.dx ? data_of(&g) : results_of(&g);
    stage *const taps = g.dx ? transform_taps_turned : transform_taps;
    float *u = run->scratch, *all = u + matrices_size(&g, g.depth, g.o);
#pragma omp parallel
    {
        const int64_t threads = omp_get_num_threads(), me = omp_get_thread_num();
        const int64_t last = (me + 1) * g.images / threads;
#pragma omp for collapse(2) schedule(static)
        for (int64_t i = 0; i < from.channels; i++)
            for (int64_t j = 0; j < to.channels / LANES; j++)
                taps(&g, i, j, call->src[1], u);
        for (int64_t first = me * g.images / threads; first < last; first += g.chunk)
            run_chunk(&g, run, from, to, (const float *)call->src[0] + first * from.channels * from.pixels,
                      g.chunk < last - first ? g.chunk : last - first, u, all + me * own_size(&g),
                      (float *)call->dst + first * to.channels * to.pixels);
    }
}

/* --- taps --- */

/* Parts of a product's rows, so that the products are shared out evenly. */
static int64_t parts_of(const struct winograd *g, int64_t threads)
{
    const int64_t most = g->o / LANES;
    return threads < most ? threads : most;
}

static void taps_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct winograd g = *(const struct winograd *)call->context;
    const struct side data = data_of(&g), results = results_of(&g);
    float *v = run->scratch, *z = v + matrices_size(&g, g.rows, g.depth),
          *product = z + matrices_size(&g, g.rows, g.o);
    const int64_t parts = parts_of(&g, run->backend->threads);
#pragma omp parallel
    {
        for (int64_t first = 0; first < g.images; first += g.chunk) {
            const int64_t count = g.chunk < g.images - first ? g.chunk : g.images - first;
#pragma omp for collapse(2) schedule(static) nowait
            for (int64_t i = 0; i < count; i++)
                for (int64_t j = 0; j < g.c / LANES; j++)
                    transform_data(&g, i, j, (const float *)call->src[0] + first * g.c * data.pixels, v);
#pragma omp for collapse(2) schedule(static)
            for (int64_t i = 0; i < count; i++)
                for (int64_t j = 0; j < g.o / LANES; j++)
                    transform_results(&g, i, j, (const float *)call->src[1] + first * g.o * results.pixels,
                                      z);
#pragma omp for collapse(2) schedule(static)
            for (int64_t i = 0; i < g.n2; i++)
                for (int64_t part = 0; part < parts; part++) {
                    const int64_t begin = part * g.o / parts, end = (part + 1) * g.o / parts;
                    onednn_check(
                        run, dnnl_sgemm('T', 'N', end - begin, g.depth, count * g.tiles, 1,
                                        z + i * matrix_step(g.rows, g.o) + begin, g.o,
                                        v + i * matrix_step(g.rows, g.depth), g.depth, first ? 1.0F : 0,
                                        product + i * matrix_step(g.depth, g.o) + begin * g.depth, g.depth));
                }
        }
#pragma omp for collapse(2) schedule(static)
        for (int64_t i = 0; i < g.o; i++)
            for (int64_t j = 0; j < g.c / LANES; j++)
                collect_taps_turned(&g, i, j, product, call->dst);
    }
}

#define MIN_CHANNELS 32   /* below, transforming images costs more than is saved */
#define MIN_TILES    64   /* below, transforming taps does */
#define MAX_TILES    4096 /* of one image: above, the matrices of a chunk grow large */

static bool enough(int64_t channels)
{
    return channels >= MIN_CHANNELS && channels % LANES == 0;
}

bool wants_winograd(const struct onednn *b, const struct pd_call *call)
{
    const struct winograd g = winograd_of(call, &b->base);
    const struct pd_attr *a = &call->instr->attr;
    const int64_t *k = g.taps->shape.dim + 2;
    return g.x->layout == PD_LAYOUT_BLOCKED && g.y->layout == PD_LAYOUT_BLOCKED && k[0] == k[1] &&
           a->pad_h == a->pad_w && ((k[0] == 4 && g.stride == 2) || (k[0] == 3 && g.stride == 1)) &&
           enough(g.c) && enough(g.o) && g.images >= b->base.threads && g.images * g.tiles >= MIN_TILES &&
           g.tiles <= MAX_TILES;
}

enum pd_status prepare_winograd(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    struct winograd *g = pd_malloc(sizeof *g);
    if (!g)
        return onednn_fail(call, err);
    *g = winograd_of(call, &b->base);
    const int64_t own = own_size(g) * (g->dw ? 1 : b->base.threads);
    call->scratch = (size_t)(matrices_size(g, g->depth, g->o) + own) * sizeof(float);
    call->kernel = g->dw ? taps_kernel : images_kernel;
    call->context = g;
    call->release = pd_free;
    return PD_OK;
}
