/* cuDNN: convolutions by plain loops, in double. */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

struct cudnnContext {
    struct CUstream_st *stream;
};

struct cudnnTensorStruct {
    unsigned type;
    int n, c, h, w;
};

struct cudnnFilterStruct {
    unsigned type;
    int k, c, h, w;
};

struct cudnnConvolutionStruct {
    int pad_h, pad_w, stride;
    unsigned math, asked;
};

size_t cudnnGetVersion(void)
{
    return 91000;
}

const char *cudnnGetErrorString(unsigned status)
{
    return status == 3000 ? "CUDNN_STATUS_NOT_SUPPORTED" : "CUDNN_STATUS_INTERNAL_ERROR";
}

unsigned cudnnCreate(struct cudnnContext **handle)
{
    ENTER("cudnnCreate");
    *handle = calloc(1, sizeof **handle);
    object_made();
    return 0;
}

unsigned cudnnDestroy(struct cudnnContext *handle)
{
    free(handle);
    object_gone();
    return 0;
}

unsigned cudnnSetStream(struct cudnnContext *handle, struct CUstream_st *stream)
{
    ENTER("cudnnSetStream");
    handle->stream = stream;
    return 0;
}

#define DESCRIPTOR(what)                                                                                     \
    unsigned cudnnCreate##what##Descriptor(struct cudnn##what##Struct **out)                                 \
    {                                                                                                        \
        ENTER("cudnnCreate" #what "Descriptor");                                                             \
        *out = calloc(1, sizeof **out);                                                                      \
        object_made();                                                                                       \
        return 0;                                                                                            \
    }                                                                                                        \
    unsigned cudnnDestroy##what##Descriptor(struct cudnn##what##Struct *d)                                   \
    {                                                                                                        \
        free(d);                                                                                             \
        object_gone();                                                                                       \
        return 0;                                                                                            \
    }
DESCRIPTOR(Tensor)
DESCRIPTOR(Filter)
DESCRIPTOR(Convolution)

unsigned cudnnSetTensor4dDescriptor(struct cudnnTensorStruct *t, PD_DNN_FORMAT format, PD_DNN_TYPE type,
                                    int n, int c, int h, int w)
{
    ENTER("cudnnSetTensor4dDescriptor");
    CHECK(format == DNN_NCHW && (type == DNN_FLOAT || type == DNN_BF16) && n > 0 && c > 0 && h > 0 && w > 0);
    *t = (struct cudnnTensorStruct){type, n, c, h, w};
    return 0;
}

unsigned cudnnSetFilter4dDescriptor(struct cudnnFilterStruct *f, PD_DNN_TYPE type, PD_DNN_FORMAT format,
                                    int k, int c, int h, int w)
{
    ENTER("cudnnSetFilter4dDescriptor");
    CHECK(format == DNN_NCHW && (type == DNN_FLOAT || type == DNN_BF16) && k > 0 && c > 0 && h > 0 && w > 0);
    *f = (struct cudnnFilterStruct){type, k, c, h, w};
    return 0;
}

unsigned cudnnSetConvolution2dDescriptor(struct cudnnConvolutionStruct *conv, int pad_h, int pad_w,
                                         int stride_h, int stride_w, int dilation_h, int dilation_w,
                                         PD_DNN_MODE mode, PD_DNN_TYPE compute)
{
    ENTER("cudnnSetConvolution2dDescriptor");
    CHECK(stride_h == stride_w && dilation_h == 1 && dilation_w == 1 && mode == DNN_CROSS_CORRELATION);
    CHECK(compute == DNN_FLOAT && pad_h >= 0 && pad_w >= 0 && stride_h > 0);
    *conv = (struct cudnnConvolutionStruct){.pad_h = pad_h, .pad_w = pad_w, .stride = stride_h};
    return 0;
}

unsigned cudnnSetConvolutionMathType(struct cudnnConvolutionStruct *conv, PD_DNN_MATH math)
{
    ENTER("cudnnSetConvolutionMathType");
    conv->math = math;
    return 0;
}

/* --- algorithms: the first cannot, the second is not deterministic where the machine says so, the third is.
 * Of what they need it tells for its usual arithmetic, whatever it was asked for. --- */

enum { WORKSPACE = 1024, USUAL = 64, ALGO = DNN_ALGO_PLAIN };

static unsigned think(struct cudnnConvolutionStruct *conv, int wanted, int *count, struct cuda_dnn_perf *perf)
{
    CHECK(wanted >= 3);
    const bool wild = standin_machine_now()->nondeterministic;
    conv->asked = conv->math;
    perf[0] = (struct cuda_dnn_perf){.algo = 3, .status = 3000};
    perf[1] = (struct cuda_dnn_perf){
        .algo = wild ? 2 : ALGO, .memory = USUAL, .determinism = wild ? 0 : DNN_DETERMINISTIC};
    perf[2] = (struct cuda_dnn_perf){.algo = ALGO, .memory = USUAL, .determinism = DNN_DETERMINISTIC};
    *count = standin_machine_now()->thoughtless ? 1 : 3;
    return 0;
}

static void check_shapes(const struct cudnnTensorStruct *x, const struct cudnnFilterStruct *w,
                         const struct cudnnConvolutionStruct *v, const struct cudnnTensorStruct *y)
{
    CHECK(x->type == w->type && x->type == y->type);
    CHECK(x->n == y->n && x->c == w->c && y->c == w->k);
    CHECK(y->h == (x->h + 2 * v->pad_h - w->h) / v->stride + 1);
    CHECK(y->w == (x->w + 2 * v->pad_w - w->w) / v->stride + 1);
}

unsigned cudnnGetConvolutionForwardAlgorithm_v7(struct cudnnContext *handle, struct cudnnTensorStruct *x,
                                                struct cudnnFilterStruct *w,
                                                struct cudnnConvolutionStruct *conv,
                                                struct cudnnTensorStruct *y, int wanted, int *count,
                                                PD_DNN_FWD_PERF *perf)
{
    ENTER("cudnnGetConvolutionForwardAlgorithm");
    CHECK(handle);
    check_shapes(x, w, conv, y);
    return think(conv, wanted, count, perf);
}

unsigned cudnnGetConvolutionBackwardDataAlgorithm_v7(struct cudnnContext *handle, struct cudnnFilterStruct *w,
                                                     struct cudnnTensorStruct *dy,
                                                     struct cudnnConvolutionStruct *conv,
                                                     struct cudnnTensorStruct *dx, int wanted, int *count,
                                                     PD_DNN_DATA_PERF *perf)
{
    ENTER("cudnnGetConvolutionBackwardDataAlgorithm");
    CHECK(handle);
    check_shapes(dx, w, conv, dy);
    return think(conv, wanted, count, perf);
}

unsigned cudnnGetConvolutionBackwardFilterAlgorithm_v7(struct cudnnContext *handle,
                                                       struct cudnnTensorStruct *x,
                                                       struct cudnnTensorStruct *dy,
                                                       struct cudnnConvolutionStruct *conv,
                                                       struct cudnnFilterStruct *dw, int wanted, int *count,
                                                       PD_DNN_FILTER_PERF *perf)
{
    ENTER("cudnnGetConvolutionBackwardFilterAlgorithm");
    CHECK(handle);
    check_shapes(x, dw, conv, dy);
    return think(conv, wanted, count, perf);
}

static unsigned measure(const struct cudnnContext *handle, const struct cudnnConvolutionStruct *conv,
                        unsigned algo, size_t *bytes)
{
    CHECK(handle && conv && bytes);
    *bytes = WORKSPACE;
    return algo == ALGO ? 0 : DNN_NOT_SUPPORTED;
}

unsigned cudnnGetConvolutionForwardWorkspaceSize(struct cudnnContext *handle, struct cudnnTensorStruct *x,
                                                 struct cudnnFilterStruct *w,
                                                 struct cudnnConvolutionStruct *conv,
                                                 struct cudnnTensorStruct *y, PD_DNN_FWD_ALGO algo,
                                                 size_t *bytes)
{
    ENTER("cudnnGetConvolutionForwardWorkspaceSize");
    check_shapes(x, w, conv, y);
    return measure(handle, conv, algo, bytes);
}

unsigned cudnnGetConvolutionBackwardDataWorkspaceSize(
    struct cudnnContext *handle, struct cudnnFilterStruct *w, struct cudnnTensorStruct *dy,
    struct cudnnConvolutionStruct *conv, struct cudnnTensorStruct *dx, PD_DNN_DATA_ALGO algo, size_t *bytes)
{
    ENTER("cudnnGetConvolutionBackwardDataWorkspaceSize");
    check_shapes(dx, w, conv, dy);
    return measure(handle, conv, algo, bytes);
}

unsigned cudnnGetConvolutionBackwardFilterWorkspaceSize(
    struct cudnnContext *handle, struct cudnnTensorStruct *x, struct cudnnTensorStruct *dy,
    struct cudnnConvolutionStruct *conv, struct cudnnFilterStruct *dw, PD_DNN_FILTER_ALGO algo, size_t *bytes)
{
    ENTER("cudnnGetConvolutionBackwardFilterWorkspaceSize");
    check_shapes(x, dw, conv, dy);
    return measure(handle, conv, algo, bytes);
}

/* --- convolutions --- */

struct job {
    struct cudnnTensorStruct x, y;
    struct cudnnFilterStruct w;
    struct cudnnConvolutionStruct v;
    const void *px, *pw, *py;
    void *dst;
    char *workspace;
    enum { FORWARD, DATA, FILTER } which;
};

static float number(const void *p, unsigned type, size_t i)
{
    if (type == DNN_FLOAT)
        return ((const float *)p)[i];
    const uint32_t bits = (uint32_t)((const uint16_t *)p)[i] << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void put(void *p, unsigned type, size_t i, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof x);
    if (type == DNN_FLOAT)
        ((float *)p)[i] = x;
    else
        ((uint16_t *)p)[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static double *widened(const void *p, unsigned type, size_t n)
{
    double *wide = malloc(n * sizeof *wide);
    for (size_t i = 0; i < n; i++)
        wide[i] = (double)number(p, type, i);
    return wide;
}

/* Columns of y whose pixel of x under tap v is there: from, to. */
static void columns(const struct job *j, int v, int *from, int *to)
{
    const int left = j->v.pad_w - v, right = j->x.w - 1 + j->v.pad_w - v;
    *from = left > 0 ? (left + j->v.stride - 1) / j->v.stride : 0;
    *to = right < 0 ? 0 : right / j->v.stride + 1 < j->y.w ? right / j->v.stride + 1 : j->y.w;
}

/* One row of y, one tap: a row that can be added in one go. */
static void add_row(const struct job *j, const double *x, double w, const double *y, double *out, int count)
{
    const int stride = j->v.stride;
    double sum = 0;
    if (j->which == FORWARD)
        for (int l = 0; l < count; l++)
            out[l] += x[l * stride] * w;
    else if (j->which == DATA)
        for (int l = 0; l < count; l++)
            out[l * stride] += y[l] * w;
    else
        for (int l = 0; l < count; l++)
            sum += x[l * stride] * y[l];
    if (j->which == FILTER)
        *out += sum;
}

static void walk(const struct job *j, const double *x, const double *w, const double *y, double *out, int n,
                 int o, int c)
{
    for (int u = 0; u < j->w.h; u++)
        for (int v = 0; v < j->w.w; v++)
            for (int i = 0; i < j->y.h; i++) {
                const int h = i * j->v.stride - j->v.pad_h + u;
                int from, to;
                columns(j, v, &from, &to);
                if (h < 0 || h >= j->x.h || from >= to)
                    continue;
                const ptrdiff_t iw = ((o * j->x.c + c) * j->w.h + u) * j->w.w + v,
                                iy = ((n * j->y.c + o) * j->y.h + i) * j->y.w + from,
                                ix = ((n * j->x.c + c) * j->x.h + h) * j->x.w + from * j->v.stride -
                                     j->v.pad_w + v;
                add_row(j, x ? x + ix : NULL, w ? w[iw] : 0, y ? y + iy : NULL,
                        out + (j->which == FORWARD ? iy
                               : j->which == DATA  ? ix
                                                   : iw),
                        to - from);
            }
}

static void convolve(void *closure)
{
    const struct job *j = closure;
    const size_t nx = (size_t)(j->x.n * j->x.c * j->x.h * j->x.w),
                 ny = (size_t)(j->y.n * j->y.c * j->y.h * j->y.w),
                 nw = (size_t)(j->w.k * j->w.c * j->w.h * j->w.w);
    const size_t count = j->which == FORWARD ? ny : j->which == DATA ? nx : nw;
    double *x = j->px ? widened(j->px, j->x.type, nx) : NULL,
           *w = j->pw ? widened(j->pw, j->x.type, nw) : NULL,
           *y = j->py ? widened(j->py, j->x.type, ny) : NULL, *out = calloc(count, sizeof *out);
    memset(j->workspace, 0x5A, WORKSPACE);
    for (int n = 0; n < j->y.n; n++)
        for (int o = 0; o < j->y.c; o++)
            for (int c = 0; c < j->x.c; c++)
                walk(j, x, w, y, out, n, o, c);
    for (size_t i = 0; i < count; i++)
        put(j->dst, j->x.type, i, (float)out[i]);
    free(x);
    free(w);
    free(y);
    free(out);
}

static unsigned enqueue(const struct cudnnContext *handle, struct job job, const void *alpha,
                        const void *beta, unsigned algo, size_t size)
{
    CHECK(*(const float *)alpha == 1 && *(const float *)beta == 0 && algo == ALGO && size == WORKSPACE);
    check_shapes(&job.x, &job.w, &job.v, &job.y);
    CHECK(job.v.asked != DNN_MATH_FP32 || job.v.math == DNN_MATH_FP32); /* who asked for float gets no TF32 */
    struct job *owned = malloc(sizeof *owned);
    *owned = job;
    queue_add(handle->stream,
              (struct operation){.kind = WORK, .work = convolve, .owned = owned, .bytes = sizeof *owned});
    return 0;
}

unsigned cudnnConvolutionForward(struct cudnnContext *handle, const void *alpha,
                                 struct cudnnTensorStruct *x_desc, const void *x,
                                 struct cudnnFilterStruct *w_desc, const void *w,
                                 struct cudnnConvolutionStruct *conv, PD_DNN_FWD_ALGO algo, void *workspace,
                                 size_t bytes, const void *beta, struct cudnnTensorStruct *y_desc, void *y)
{
    ENTER("cudnnConvolutionForward");
    const struct job job = {*x_desc, *y_desc, *w_desc, *conv, x, w, NULL, y, workspace, FORWARD};
    return enqueue(handle, job, alpha, beta, algo, bytes);
}

unsigned cudnnConvolutionBackwardData(struct cudnnContext *handle, const void *alpha,
                                      struct cudnnFilterStruct *w_desc, const void *w,
                                      struct cudnnTensorStruct *dy_desc, const void *dy,
                                      struct cudnnConvolutionStruct *conv, PD_DNN_DATA_ALGO algo,
                                      void *workspace, size_t bytes, const void *beta,
                                      struct cudnnTensorStruct *dx_desc, void *dx)
{
    ENTER("cudnnConvolutionBackwardData");
    const struct job job = {*dx_desc, *dy_desc, *w_desc, *conv, NULL, w, dy, dx, workspace, DATA};
    return enqueue(handle, job, alpha, beta, algo, bytes);
}

unsigned cudnnConvolutionBackwardFilter(struct cudnnContext *handle, const void *alpha,
                                        struct cudnnTensorStruct *x_desc, const void *x,
                                        struct cudnnTensorStruct *dy_desc, const void *dy,
                                        struct cudnnConvolutionStruct *conv, PD_DNN_FILTER_ALGO algo,
                                        void *workspace, size_t bytes, const void *beta,
                                        struct cudnnFilterStruct *dw_desc, void *dw)
{
    ENTER("cudnnConvolutionBackwardFilter");
    const struct job job = {*x_desc, *dy_desc, *dw_desc, *conv, x, NULL, dy, dw, workspace, FILTER};
    return enqueue(handle, job, alpha, beta, algo, bytes);
}
