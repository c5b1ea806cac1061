/* A convolution's gradient by its taps where neither images nor outputs fill a block of channels (LeNet's
 * first: one channel, six outputs): there oneDNN 2 reaches a tenth of what AVX2 can. A tap's is the sum, over
 * images and rows, of the products of a row of dy with the row of x that the tap meets. */
#include "base/clones.h"

#include "backend/onednn/onednn.h"

#define EIGHT  8
#define TAPS   5 /* wide, and high */
#define IMAGES 4 /* summed in float; those sums in double */

typedef float eight __attribute__((vector_size(EIGHT * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int32_t eight_bits __attribute__((vector_size(EIGHT * sizeof(int32_t)), may_alias));
#pragma GCC diagnostic ignored "-Wpsabi" /* no call passes them: all that would is inlined */

PD_INLINE eight load(const float *from)
{
    return *(const eight *)from;
}

PD_INLINE void add_row(const float *x, eight dy, eight sum[TAPS])
{
#pragma GCC unroll 5
    for (int v = 0; v < TAPS; v++)
        sum[v] += dy * load(x + v);
}

/* For the last numbers of a row, which reach back: those that came before count nothing. */
PD_INLINE eight_bits last_of(int64_t wide)
{
    eight_bits m;
    for (int l = 0; l < EIGHT; l++)
        m[l] = l < EIGHT - wide % EIGHT ? 0 : -1;
    return m;
}

/* The taps of output o and channel c. A few images at a time, which stay near while each row of taps meets
 * them. */
PD_CLONES static void taps_of(const struct pd_call *call, int64_t o, int64_t c)
{
    const int64_t *x = call->src_instr[0]->shape.dim, *y = call->src_instr[1]->shape.dim, high = y[2],
                  wide = y[3];
    const eight_bits last = last_of(wide);
    double total[TAPS][TAPS] = {{0}};
    for (int64_t first = 0; first < x[0]; first += IMAGES)
        for (int u = 0; u < TAPS; u++) {
            eight sum[TAPS] = {{0}};
            for (int64_t n = first; n < x[0] && n < first + IMAGES; n++) {
                const float *row = (const float *)call->src[0] + ((n * x[1] + c) * x[2] + u) * x[3];
                const float *dy = (const float *)call->src[1] + (n * y[1] + o) * high * wide;
                for (int64_t i = 0; i < high; i++, row += x[3], dy += wide) {
                    int64_t j = 0;
                    for (; j + EIGHT <= wide; j += EIGHT)
                        add_row(row + j, load(dy + j), sum);
                    if (j < wide)
                        add_row(row + wide - EIGHT, (eight)((eight_bits)load(dy + wide - EIGHT) & last), sum);
                }
            }
            for (int v = 0; v < TAPS; v++)
                for (int l = 0; l < EIGHT; l++)
                    total[u][v] += (double)sum[v][l];
        }
    float *dst = (float *)call->dst + (o * x[1] + c) * TAPS * TAPS;
    for (int tap = 0; tap < TAPS * TAPS; tap++)
        dst[tap] = (float)total[tap / TAPS][tap % TAPS];
}

static void rows_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const int64_t *w = call->instr->shape.dim;
    (void)run;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t o = 0; o < w[0]; o++)
        for (int64_t c = 0; c < w[1]; c++)
            taps_of(call, o, c);
}

bool wants_conv_rows(const struct pd_call *call)
{
    const struct pd_instr *in = call->instr, *x = call->src_instr[0], *dy = call->src_instr[1];
    return in->op == PD_OP_CONV_DW && x->layout == PD_LAYOUT_PLAIN && dy->layout == PD_LAYOUT_PLAIN &&
           in->shape.dim[2] == TAPS && in->shape.dim[3] == TAPS && in->attr.stride == 1 && !in->attr.pad_h &&
           !in->attr.pad_w && dy->shape.dim[3] >= EIGHT;
}

enum pd_status prepare_conv_rows(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    call->kernel = rows_kernel;
    return PD_OK;
}
