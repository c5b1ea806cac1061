/* What this machine gives a large matrix product: the ceiling that training steps are measured against. */
#include "backend/onednn/onednn.h"

#include "base/mem.h"

#include <omp.h>

enum { REPEATS = 8 };

double sgemm_gflops(int side)
{
    const size_t count = (size_t)side * (size_t)side;
    float *a = pd_aligned_calloc(3 * count * sizeof *a), *b = a + count, *c = b + count;
    double best = 0;
    if (!a)
        return 0;
    for (size_t i = 0; i < 2 * count; i++)
        a[i] = 0.5f + (float)(i % 7);
    for (int i = 0; i <= REPEATS; i++) { /* the first warms up */
        const double start = omp_get_wtime();
        if (dnnl_sgemm('N', 'N', side, side, side, 1, a, side, b, side, 0, c, side))
            break;
        const double gflops = 2e-9 * side * (double)count / (omp_get_wtime() - start);
        best = i > 0 && gflops > best ? gflops : best;
    }
    pd_free(a);
    return best;
}
