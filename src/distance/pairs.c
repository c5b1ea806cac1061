/* The near pairs of two sets: a float32 product for every pair, float64 for the few that may be near. */
#include "distance/pairs.h"

#include "base/clones.h"
#include "base/mem.h"

#include <cblas.h>
#include <math.h>
#include <stdatomic.h>

enum { BLOCK = 384, CHUNK = 64 }; /* a tile of 384^2 floats lies in a core's second cache */

struct seek {
    const struct pd_feature_set *a, *b;
    bool itself; /* a with a */
    const struct pd_pair_seeker *seeker;
    struct pd_frame frame;
    int64_t block, blocks_a, blocks_b;
    double area;    /* of the frame: what a squared distance is multiplied by */
    float shortage; /* 1 - the relative error bound of |a|^2 + |b|^2 - 2 a.b */
};

/* What a thread works in. */
struct tile {
    int64_t row, rows, column, columns;
    int64_t framed;           /* the row that a begins with; -1: none */
    float *a, *b;             /* (block, width): rows in the frame */
    float *least_a, *least_b; /* (block): their squared norms times shortage */
    float *limit_a, *limit_b; /* (block), in the frame */
    float *product;           /* (block, block): -2 a.b */
};

static void tile_release(struct tile *t)
{
    pd_free(t->a);
    pd_free(t->b);
    pd_free(t->least_a);
    pd_free(t->least_b);
    pd_free(t->limit_a);
    pd_free(t->limit_b);
    pd_free(t->product);
}

static bool tile_reserve(struct tile *t, int64_t block, int64_t width)
{
    const size_t row = (size_t)block * sizeof(float);
    *t = (struct tile){.framed = -1,
                       .a = pd_calloc((size_t)width, row),
                       .b = pd_calloc((size_t)width, row),
                       .least_a = pd_calloc(1, row),
                       .least_b = pd_calloc(1, row),
                       .limit_a = pd_calloc(1, row),
                       .limit_b = pd_calloc(1, row),
                       .product = pd_calloc((size_t)block, row)};
    return t->a && t->b && t->least_a && t->least_b && t->limit_a && t->limit_b && t->product;
}

/* Rounded up, and above what underflows. */
static float limit_in_frame(const struct seek *s, double squared)
{
    return (float)(squared * s->area * (1 + 0x1p-22)) + 1e-30F;
}

static void take(const struct seek *s, const struct pd_feature_set *set, int64_t first, int64_t n,
                 float *rows, float *least)
{
    pd_frame_take(&s->frame, set->values + first * set->width, n, rows, least);
    for (int64_t i = 0; i < n; i++)
        least[i] *= s->shortage;
}

static void load(const struct seek *s, struct tile *t)
{
    const struct pd_pair_seeker *seeker = s->seeker;
    if (t->framed != t->row)
        take(s, s->a, t->row, t->rows, t->a, t->least_a);
    t->framed = t->row;
    take(s, s->b, t->column, t->columns, t->b, t->least_b);
    for (int64_t i = 0; i < t->rows; i++)
        t->limit_a[i] = limit_in_frame(s, seeker->limit_a(seeker->context, t->row + i));
    for (int64_t j = 0; j < t->columns; j++)
        t->limit_b[j] = limit_in_frame(s, seeker->limit_b(seeker->context, t->column + j));
}

/* The next chunk of a row's pairs, at or after `at`, in which one is within a limit; n: none. No distance is
 * below product + least + the row's least. */
PD_CLONES
static int64_t next_within(const float *product, const float *least, const float *limits, int64_t at,
                           int64_t n, float row_least, float row_limit)
{
    for (; at < n; at += CHUNK) {
        const int64_t end = at + CHUNK < n ? at + CHUNK : n;
        int any = 0;
        for (int64_t j = at; j < end; j++) {
            const float bound = product[j] + least[j] + row_least;
            any |= (bound < row_limit) | (bound < limits[j]);
        }
        if (any)
            return at;
    }
    return n;
}

static void look_at(const struct seek *s, struct tile *t, int64_t i, int64_t j)
{
    const struct pd_pair_seeker *seeker = s->seeker;
    const float bound = t->product[i * t->columns + j] + t->least_b[j] + t->least_a[i];
    if (!(bound < t->limit_a[i]) && !(bound < t->limit_b[j]))
        return;
    const int64_t row = t->row + i, column = t->column + j, width = s->a->width;
    seeker->found(seeker->context, row, column,
                  pd_squared_distance(s->a->values + row * width, s->b->values + column * width, width));
    t->limit_a[i] = limit_in_frame(s, seeker->limit_a(seeker->context, row));
    t->limit_b[j] = limit_in_frame(s, seeker->limit_b(seeker->context, column));
}

static void seek_row(const struct seek *s, struct tile *t, int64_t i, int64_t at)
{
    const float *product = t->product + i * t->columns;
    while ((at = next_within(product, t->least_b, t->limit_b, at, t->columns, t->least_a[i], t->limit_a[i])) <
           t->columns)
        for (const int64_t end = at + CHUNK < t->columns ? at + CHUNK : t->columns; at < end; at++)
            look_at(s, t, i, at);
}

static void seek_tile(const struct seek *s, struct tile *t)
{
    const int width = (int)s->a->width;
    load(s, t);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)t->rows, (int)t->columns, width, -2, t->a,
                width, t->b, width, 0, t->product, (int)t->columns);
    const bool diagonal = s->itself && t->row == t->column;
    for (int64_t i = 0; i < t->rows; i++)
        seek_row(s, t, i, diagonal ? i + 1 : 0);
}

/* The index-th tile; of one set with itself those on and above the diagonal, row by row. */
static void place(const struct seek *s, int64_t index, struct tile *t)
{
    int64_t i = index / s->blocks_b, j = index % s->blocks_b;
    if (s->itself)
        for (i = 0, j = index; j >= s->blocks_b - i; i++)
            j -= s->blocks_b - i;
    j += s->itself ? i : 0;
    t->row = i * s->block;
    t->column = j * s->block;
    t->rows = s->a->n - t->row < s->block ? s->a->n - t->row : s->block;
    t->columns = s->b->n - t->column < s->block ? s->b->n - t->column : s->block;
}

static enum pd_status seek_all(const struct seek *s, const struct pd_feature_work *work, struct pd_error *err)
{
    const int64_t tiles = s->itself ? s->blocks_a * (s->blocks_a + 1) / 2 : s->blocks_a * s->blocks_b;
    enum pd_status status = PD_OK; /* the calling thread's */
    atomic_int stop = 0;
    atomic_llong done = 0;
#pragma omp parallel num_threads(pd_work_threads(work))
    {
        struct tile tile;
        if (!tile_reserve(&tile, s->block, s->a->width))
            atomic_store(&stop, PD_ERR_MEMORY);
#pragma omp for schedule(dynamic)
        for (int64_t index = 0; index < tiles; index++) {
            if (atomic_load(&stop))
                continue;
            place(s, index, &tile);
            seek_tile(s, &tile);
            const long long now = atomic_fetch_add(&done, 1) + 1;
            if (pd_work_is_caller()) {
                status = pd_work_step(work, (uint64_t)now, (uint64_t)tiles, err);
                if (status)
                    atomic_store(&stop, (int)status);
            }
        }
        tile_release(&tile);
    }
    if (!status && atomic_load(&stop))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for distances, %lld rows at a time",
                       (long long)s->block);
    return status;
}

static int64_t blocks(int64_t n, int64_t block)
{
    return (n + block - 1) / block;
}

enum pd_status pd_pairs_seek(const struct pd_feature_set *a, const struct pd_feature_set *b,
                             const struct pd_pair_seeker *seeker, const struct pd_feature_work *work,
                             struct pd_error *err)
{
    struct seek s = {.a = a, .b = b ? b : a, .itself = !b, .seeker = seeker};
    const int64_t most = a->n > s.b->n ? a->n : s.b->n, block = work && work->block > 0 ? work->block : BLOCK;
    if (block > 32768 || a->width > INT32_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "blocks of %lld rows of %lld features, expected at most 32768",
                       (long long)block, (long long)a->width);
    enum pd_status status = pd_frame_create(&s.frame, a, s.b, err);
    if (status)
        return status;
    s.block = block < most ? block : most;
    s.blocks_a = blocks(a->n, s.block);
    s.blocks_b = blocks(s.b->n, s.block);
    s.area = (double)s.frame.scale * (double)s.frame.scale;
    s.shortage = (float)(1 - (double)(2 * a->width + 32) * 0x1p-24);
    status = seek_all(&s, work, err);
    pd_frame_release(&s.frame);
    return status;
}
