/* The best of each block by d: what the others do softly. Of equals the earlier ones. */
#include "select/rejector.h"

#include "base/sort.h"
#include "select/rejectors.h"

#include <math.h>
#include <string.h>

/* Not quite: 0.29 * 100 must be 29. */
static int64_t refused_of(int64_t n, double p)
{
    const int64_t refused = (int64_t)floor(p * (double)n * (1 + 1e-12));
    return refused < n ? refused : n - 1;
}

static enum pd_status judge(struct pd_rejector *r, int64_t n, const double *d, uint8_t *verdicts,
                            struct pd_error *err)
{
    const int64_t refused = refused_of(n, r->o.keep > 0 ? 1 - r->o.keep : r->o.p);
    double *sorted = r->scratch;
    int64_t above = 0;
    (void)err;
    memcpy(sorted, d, (size_t)n * sizeof *d);
    pd_sort(n, sorted);
    const double least = sorted[refused];
    for (int64_t i = 0; i < n; i++)
        above += d[i] > least;
    int64_t equals = n - refused - above;
    for (int64_t i = 0; i < n; i++)
        if (d[i] > least || (d[i] == least && equals-- > 0))
            verdicts[i] = PD_REJECT_HOLD | PD_REJECT_KEEP;
    return PD_OK;
}

const struct pd_reject_method pd_reject_top_k = {"top-k",
                                                 "the best part of each block of candidates",
                                                 .uses_k = true,
                                                 .balanced = true,
                                                 .takes_keep = true,
                                                 .judge = judge};
