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
 * stay in the caches. */
#include "backend/onednn/winograd.h"

#include <string.h>

/* Tiles in a chunk: with fewer its matrices stay in a cache, with more they multiply faster. The most bounds
 * the memory. */
#define CHUNK_MIN        256
#define CHUNK_PER_THREAD 128
#define CHUNK_MAX        1024

static int64_t chunk_of(int64_t images, int64_t tiles, int64_t threads)
{
    const int64_t wanted = CHUNK_PER_THREAD * threads;
    const int64_t rows = wanted < CHUNK_MIN ? CHUNK_MIN : wanted > CHUNK_MAX ? CHUNK_MAX : wanted;
    const int64_t most = tiles < rows ? rows / tiles : 1, chunks = (images + most - 1) / most;
    return (images + chunks - 1) / chunks; /* all about as large */
}

static struct winograd winograd_of(const struct pd_call *call, const struct pd_backend *backend)
{
    const struct pd_instr *in = call->instr, *const *src = call->src_instr;
    struct winograd g = {.x = src[0],
                         .taps = src[1],
                         .y = in,
                         .dx = in->op == PD_OP_CONV_DX,
                         .dw = in->op == PD_OP_CONV_DW,
                         .stride = in->attr.i[0],
                         .pad = in->attr.i[1],
                         .block = backend->block,
                         .slope = 1};
    if (g.dx) {
        g.x = in;
        g.y = src[0];
    } else if (g.dw) {
        g.taps = in;
        g.y = src[1];
    } else {
        g.slope = (float)in->attr.f[0];
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
    g.chunk = chunk_of(g.images, g.tiles, backend->threads);
    g.rows = g.chunk * g.tiles;
    return g;
}

static void run_stage(stage *f, const struct winograd *g, int64_t outer, int64_t inner, const float *from,
                      float *to)
{
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t i = 0; i < outer; i++)
        for (int64_t j = 0; j < inner; j++)
            f(g, i, j, from, to);
}

/* --- the kernels --- */

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

/* Of the chunk from image `first`. */
static int64_t images_of(const struct winograd *g, int64_t first)
{
    return g->chunk < g->images - first ? g->chunk : g->images - first;
}

static void transform(const struct winograd *g, struct side s, int64_t first, const float *images, float *to)
{
    run_stage(s.transform, g, images_of(g, first), s.channels / LANES, images + first * s.channels * s.pixels,
              to);
}

static void collect(const struct winograd *g, struct side s, int64_t first, const float *from, float *images)
{
    run_stage(s.collect, g, images_of(g, first), s.channels / LANES, from,
              images + first * s.channels * s.pixels);
}

/* Zeroes the rows that the chunk does not fill. */
static void clear_rest(const struct winograd *g, struct side s, int64_t first, float *matrices)
{
    const int64_t n = g->r + 1, used = images_of(g, first) * g->tiles;
    for (int64_t i = 0; i < n * n && used < g->rows; i++)
        memset(matrices + i * matrix_step(g->rows, s.columns) + used * s.columns, 0,
               (size_t)((g->rows - used) * s.columns) * sizeof *matrices);
}

enum { LEFT, RIGHT, PRODUCT }; /* a product's matrices, in the order in which they are bound */

static float *matrices(const struct chain *c, const struct pd_run *run, int which)
{
    const struct chain_step *s = &c->step[0];
    return (float *)((char *)run->scratch + s->scratch[s->n - 3 + which]);
}

static void images_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct chain *c = call->context;
    const struct winograd g = winograd_of(call, run->backend);
    const struct side from = g.dx ? results_of(&g) : data_of(&g), to = g.dx ? data_of(&g) : results_of(&g);
    run_stage(g.dx ? transform_taps_turned : transform_taps, &g, from.channels, to.channels / LANES,
              call->src[1], matrices(c, run, RIGHT));
    for (int64_t first = 0; first < g.images; first += g.chunk) {
        transform(&g, from, first, call->src[0], matrices(c, run, LEFT));
        chain_step_run(c, 0, run);
        collect(&g, to, first, matrices(c, run, PRODUCT), call->dst);
    }
}

static void taps_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct chain *c = call->context;
    const struct winograd g = winograd_of(call, run->backend);
    const struct side data = data_of(&g), results = results_of(&g);
    for (int64_t first = 0; first < g.images; first += g.chunk) {
        transform(&g, results, first, call->src[1], matrices(c, run, LEFT));
        transform(&g, data, first, call->src[0], matrices(c, run, RIGHT));
        clear_rest(&g, results, first, matrices(c, run, LEFT)); /* the other side's are of an earlier chunk */
        chain_step_run(c, first > 0, run); /* the first chunk's product is set, the others' are added */
    }
    run_stage(collect_taps_turned, &g, g.o, g.c / LANES, matrices(c, run, PRODUCT), call->dst);
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
    const int64_t *k = g.taps->shape.dim + 2;
    return g.x->layout == PD_LAYOUT_BLOCKED && g.y->layout == PD_LAYOUT_BLOCKED && k[0] == k[1] &&
           ((k[0] == 4 && g.stride == 2) || (k[0] == 3 && g.stride == 1)) && enough(g.c) && enough(g.o) &&
           g.images * g.tiles >= MIN_TILES && g.tiles <= MAX_TILES;
}

/* n matrices of (rows, columns), or of their transposes. */
static const_dnnl_memory_desc_t md_matrices(struct onednn *b, int64_t n, int64_t rows, int64_t columns,
                                            bool transposed)
{
    const dnnl_dims_t dims = {n, rows, columns},
                      steps = {matrix_step(rows, columns), transposed ? 1 : columns, transposed ? rows : 1};
    return md_strided(b, 3, dims, steps);
}

/* The matrices lie in scratch, where the first step's lie. */
static bool add_product(struct onednn *b, struct chain *c, struct pd_call *call, const struct winograd *g,
                        bool accumulate)
{
    const int64_t n = (g->r + 1) * (g->r + 1), columns = g->dx || g->dw ? g->depth : g->o;
    const int64_t m = g->dw ? g->o : g->rows, other = g->dx ? g->o : g->depth, k = g->dw ? g->rows : other;
    const_dnnl_memory_desc_t md[] = {[LEFT] = md_matrices(b, n, m, k, g->dw),
                                     [RIGHT] = md_matrices(b, n, k, columns, false),
                                     [PRODUCT] = md_matrices(b, n, m, columns, false)};
    static const int arg[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    dnnl_primitive_attr_t attr = attr_create(accumulate, 1);
    dnnl_primitive_desc_t pd = attr ? matmul_pd(b, md[LEFT], md[RIGHT], NULL, md[PRODUCT], attr) : NULL;
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    const struct chain_step *first = &c->step[0];
    struct chain_step *s = pd ? chain_add(c, call, pd) : NULL;
    for (int64_t i = 0; i < 3 && s; i++)
        chain_bind_scratch(c, s, arg[i], md[i],
                           s == first ? scratch_take(call, dnnl_memory_desc_get_size(md[i]))
                                      : first->scratch[first->n - 3 + i]);
    return s;
}

enum pd_status prepare_winograd(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    const struct winograd g = winograd_of(call, &b->base);
    struct chain *c = chain_create(b, call);
    if (!c || !add_product(b, c, call, &g, false) ||
        (g.dw && g.chunk < g.images && !add_product(b, c, call, &g, true)))
        return onednn_fail(call, err);
    call->kernel = g.dw ? taps_kernel : images_kernel;
    return PD_OK;
}
