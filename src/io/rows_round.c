#include "io/rows_round.h"

#include <math.h>

/* Float32's steps at LARGE are 1e-4. There, where the largest and the next are closer together than by a
 * 64th of their size, rounding would take 6 bits or more of their distance, and what the row's softmax is. */
#define LARGE 1024.0
#define CLOSE 0x1p-6

/* to: the same numbers as floats. One that holds them all stays as it is. */
static void take_from_largest(int64_t width, const double *row, float *to)
{
    double most = -INFINITY, next = -INFINITY;
    bool rounded = false;
    for (int64_t i = 0; i < width; i++) {
        rounded |= (double)to[i] != row[i];
        next = row[i] > most ? most : row[i] > next ? row[i] : next;
        most = row[i] > most ? row[i] : most;
    }
    if (!rounded || !isfinite(most) || !(fabs(most) > LARGE) || !(most - next < CLOSE * fabs(most)))
        return;
    for (int64_t i = 0; i < width; i++)
        to[i] = (float)(row[i] - most);
}

static bool has_large(int64_t width, const double *row)
{
    int large = 0;
    for (int64_t i = 0; i < width; i++)
        large |= fabs(row[i]) > LARGE;
    return large;
}

int64_t pd_rows_to_floats(struct pd_rows *rows, int64_t n, const double *from, float *to)
{
    const int64_t width = rows->width, count = n * width;
    int beyond = 0;
    for (int64_t i = 0; i < count; i++) {
        to[i] = (float)from[i];
        beyond |= isinf(to[i]) != 0;
    }
    for (int64_t i = 0; beyond && i < count; i++)
        if (isinf(to[i]) && isfinite(from[i]) && !(rows->low && from[i] < 0))
            return i;
    if (rows->doubt.column)
        pd_rows_doubt_doubles(&rows->doubt, n, width, from);
    for (int64_t i = 0; rows->classes && width > 1 && i < n; i++)
        if (has_large(width, from + i * width))
            take_from_largest(width, from + i * width, to + i * width);
    return -1;
}

/* --- in memory --- */

enum pd_status pd_rows_round(const char *name, const struct pd_rows_request *request, int64_t n,
                             int64_t width, const double *from, float *to, struct pd_error *err)
{
    struct pd_rows rows = {.width = width, .classes = request->classes, .doubt = {.near = request->features}};
    enum pd_status status = pd_rows_begin_doubt(&rows, name, err);
    if (status)
        return status;
    const int64_t at = pd_rows_to_floats(&rows, n, from, to);
    status = at < 0 ? pd_rows_doubt_check(&rows.doubt, name, width, err)
                    : pd_fail(err, PD_ERR_FORMAT, -1, PD_BEYOND, name, (long long)(at / width), from[at]);
    pd_rows_doubt_release(&rows.doubt);
    if (status == PD_ERR_FORMAT && err)
        err->status = PD_ERR_USAGE; /* an argument, and no file */
    return status == PD_ERR_FORMAT ? PD_ERR_USAGE : status;
}
