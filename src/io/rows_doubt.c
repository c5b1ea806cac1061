#include "io/rows_doubt.h"

#include "base/mem.h"

#include <math.h>

/* A float tells numbers of this size apart by 6e-5 at best: smaller ones are no offset's. Closer together
 * than the last digits of a double is noise. */
#define FAR_FROM_0 1000.0
#define NOISE      1e-12

/* Of the widest column's span float32 has 64 steps left where it is so small beside a number: its 24 bits
 * less 6. A span below ROUNDING is noise of sums. */
#define FEW_BITS 0x1p-18
#define ROUNDING 0x1p-44

#define EXACT_TO 0x1p24F /* whole numbers, as floats */

enum { MOVES_TO_TELL = 3, ROWS_TO_COUNT = 10 };

enum pd_status pd_rows_doubt_init(struct pd_rows_doubt *d, const char *name, int64_t width,
                                  struct pd_error *err)
{
    d->column = pd_calloc((size_t)width, sizeof *d->column);
    if (!d->column)
        return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for rows of %lld numbers", name,
                       (long long)width);
    pd_rows_doubt_rewind(d, width);
    return PD_OK;
}

void pd_rows_doubt_release(struct pd_rows_doubt *d)
{
    pd_free(d->column);
}

void pd_rows_doubt_rewind(struct pd_rows_doubt *d, int64_t width)
{
    *d = (struct pd_rows_doubt){.column = d->column, .near = d->near};
    for (int64_t i = 0; d->column && i < width; i++)
        d->column[i] = (struct pd_column_doubt){.least = INFINITY, .most = -INFINITY, .before = NAN};
}

/* NAN before: the first one. */
static inline void look_at(struct pd_column_doubt *c, double x)
{
    const double before = c->before, size = fabs(x);
    const float as = (float)x;
    if (!isfinite(as))
        return;
    c->rounded |= (double)as != x;
    c->least = fmin(c->least, x);
    c->most = fmax(c->most, x);
    if (size < FAR_FROM_0)
        return;
    c->before = x;
    if (!(fabs(x - before) > NOISE * size))
        return;
    c->moved++;
    if (as == (float)before) {
        c->lost++;
        c->other = before;
    }
}

void pd_rows_doubt_doubles(struct pd_rows_doubt *d, int64_t n, int64_t width, const double *rows)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < width; k++)
            look_at(&d->column[k], rows[i * width + k]);
}

void pd_rows_doubt_floats(struct pd_rows_doubt *d, int64_t n, int64_t width, const float *rows)
{
    if (!d->rows && n) {
        d->first[0] = rows[0];
        d->first[1] = rows[width - 1];
    }
    for (int64_t i = 0; i < n; i++)
        for (int end = 0; end < 2; end++) {
            const float x = rows[i * width + end * (width - 1)],
                        wanted = d->first[end] + (float)(d->rows + i);
            d->uneven[end] =
                d->uneven[end] || !(x >= wanted && x <= wanted) || x != floorf(x) || fabsf(x) > EXACT_TO;
        }
    for (int64_t i = 0; i < n * width && !d->fractions && !(d->uneven[0] && d->uneven[1]); i++)
        d->fractions = rows[i] != floorf(rows[i]);
    d->rows += n;
}

static double size_of(const struct pd_column_doubt *c)
{
    return fmax(c->most, -c->least);
}

/* span: the widest column's. */
static bool is_lost(const struct pd_column_doubt *c, double span, bool near)
{
    const double size = size_of(c);
    const bool few = c->rounded && c->most - c->least > ROUNDING * size && FEW_BITS * size > span;
    return (few && (near || size >= FAR_FROM_0)) || (c->moved >= MOVES_TO_TELL && 2 * c->lost > c->moved);
}

enum pd_status pd_rows_doubt_check(const struct pd_rows_doubt *d, const char *name, int64_t width,
                                   struct pd_error *err)
{
    double span = 0;
    for (int64_t i = 0; d->column && i < width; i++)
        span = fmax(span, d->column[i].most - d->column[i].least);
    for (int64_t i = 0; d->column && i < width; i++) {
        const struct pd_column_doubt *c = &d->column[i];
        if (is_lost(c, span, d->near))
            return pd_fail(err, PD_ERR_FORMAT, -1,
                           "%s: column %lld: numbers that float32 hardly tells apart, such as two near "
                           "%.10g: subtract what they share (its mean; the same from every set)",
                           name, (long long)i, c->lost ? c->other : c->most);
    }
    return PD_OK;
}

int64_t pd_rows_doubt_counter(const struct pd_rows_doubt *d, int64_t width)
{
    const bool tells = width > 1 && d->rows >= ROWS_TO_COUNT && d->fractions;
    return !tells ? -1 : !d->uneven[0] ? 0 : !d->uneven[1] ? width - 1 : -1;
}
