/* cuBLASLt: products by plain loops, in double, columns first. */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

struct cuda_lt_desc {
    unsigned compute;
    int transpose_a, transpose_b, epilogue;
    const float *bias;
};

struct cuda_lt_layout {
    uint64_t rows, columns;
    int64_t leading;
};

struct cuda_lt_preference {
    size_t workspace;
};

size_t cublasLtGetVersion(void)
{
    return 130000;
}

const char *cublasLtGetStatusString(unsigned status)
{
    return status == 15 ? "CUBLAS_STATUS_NOT_SUPPORTED" : "CUBLAS_STATUS_INTERNAL_ERROR";
}

unsigned cublasLtCreate(struct cublasLtContext **handle)
{
    ENTER("cublasLtCreate");
    *handle = malloc(1);
    object_made();
    return 0;
}

unsigned cublasLtDestroy(struct cublasLtContext *handle)
{
    free(handle);
    object_gone();
    return 0;
}

unsigned cublasLtMatmulDescCreate(PD_LT_DESC *desc, PD_LT_COMPUTE compute, PD_LT_TYPE scale)
{
    ENTER("cublasLtMatmulDescCreate");
    CHECK(scale == LT_FLOAT);
    CHECK(compute == LT_COMPUTE_FP32 || compute == LT_COMPUTE_TF32 || compute == LT_COMPUTE_BF16);
    *desc = calloc(1, sizeof **desc);
    (*desc)->compute = compute;
    (*desc)->epilogue = LT_EPILOGUE_NONE;
    object_made();
    return 0;
}

unsigned cublasLtMatmulDescDestroy(PD_LT_DESC desc)
{
    free(desc);
    object_gone();
    return 0;
}

unsigned cublasLtMatmulDescSetAttribute(PD_LT_DESC desc, PD_LT_DESC_ATTRIBUTE attribute, const void *value,
                                        size_t size)
{
    ENTER("cublasLtMatmulDescSetAttribute");
    CHECK(size == (attribute == LT_DESC_BIAS ? sizeof(void *) : sizeof(int)));
    if (attribute == LT_DESC_BIAS)
        memcpy(&desc->bias, value, size);
    else {
        CHECK(attribute == LT_DESC_TRANSA || attribute == LT_DESC_TRANSB || attribute == LT_DESC_EPILOGUE);
        memcpy(attribute == LT_DESC_TRANSA   ? &desc->transpose_a
               : attribute == LT_DESC_TRANSB ? &desc->transpose_b
                                             : &desc->epilogue,
               value, size);
    }
    return 0;
}

unsigned cublasLtMatrixLayoutCreate(PD_LT_LAYOUT *layout, PD_LT_TYPE type, uint64_t rows, uint64_t columns,
                                    int64_t leading)
{
    ENTER("cublasLtMatrixLayoutCreate");
    CHECK(type == LT_FLOAT && rows && columns && leading >= (int64_t)rows);
    *layout = calloc(1, sizeof **layout);
    **layout = (struct cuda_lt_layout){rows, columns, leading};
    object_made();
    return 0;
}

unsigned cublasLtMatrixLayoutDestroy(PD_LT_LAYOUT layout)
{
    free(layout);
    object_gone();
    return 0;
}

unsigned cublasLtMatmulPreferenceCreate(PD_LT_PREFERENCE *preference)
{
    ENTER("cublasLtMatmulPreferenceCreate");
    *preference = calloc(1, sizeof **preference);
    object_made();
    return 0;
}

unsigned cublasLtMatmulPreferenceDestroy(PD_LT_PREFERENCE preference)
{
    free(preference);
    object_gone();
    return 0;
}

unsigned cublasLtMatmulPreferenceSetAttribute(PD_LT_PREFERENCE preference,
                                              PD_LT_PREFERENCE_ATTRIBUTE attribute, const void *value,
                                              size_t size)
{
    if (attribute == LT_PREFERENCE_WORKSPACE) {
        CHECK(size == sizeof(size_t));
        memcpy(&preference->workspace, value, size);
    } else
        CHECK(attribute >= LT_PREFERENCE_ALIGN_A && attribute <= LT_PREFERENCE_ALIGN_D &&
              size == sizeof(uint32_t));
    return 0;
}

enum { WORKSPACE = 512 };

unsigned cublasLtMatmulAlgoGetHeuristic(struct cublasLtContext *handle, PD_LT_DESC desc, PD_LT_LAYOUT a,
                                        PD_LT_LAYOUT b, PD_LT_LAYOUT c, PD_LT_LAYOUT d,
                                        PD_LT_PREFERENCE preference, int wanted, PD_LT_RESULT *results,
                                        int *count)
{
    ENTER("cublasLtMatmulAlgoGetHeuristic");
    CHECK(handle && desc && a && b && c == d && preference->workspace >= WORKSPACE && wanted == 1);
    if (desc->epilogue == LT_EPILOGUE_BIAS && d->rows == 1)
        return 7; /* CUBLAS_STATUS_INVALID_VALUE, as PyTorch met it */
    results[0] = (struct cuda_lt_result){.algo = {{4711}}, .workspace = WORKSPACE};
    *count = 1;
    return 0;
}

struct product {
    struct cuda_lt_desc desc;
    struct cuda_lt_layout a, b, d;
    float alpha, beta;
    const float *x, *y;
    float *to;
    char *workspace;
};

static double at(const float *x, const struct cuda_lt_layout *l, int transposed, uint64_t row,
                 uint64_t column)
{
    return (double)(transposed ? x[row * (uint64_t)l->leading + column]
                               : x[column * (uint64_t)l->leading + row]);
}

static void multiply(void *closure)
{
    const struct product *p = closure;
    const uint64_t inner = p->desc.transpose_a ? p->a.rows : p->a.columns;
    memset(p->workspace, 0x5A, WORKSPACE);
    for (uint64_t j = 0; j < p->d.columns; j++)
        for (uint64_t i = 0; i < p->d.rows; i++) {
            double sum = 0;
            for (uint64_t k = 0; k < inner; k++)
                sum +=
                    at(p->x, &p->a, p->desc.transpose_a, i, k) * at(p->y, &p->b, p->desc.transpose_b, k, j);
            float *to = &p->to[j * (uint64_t)p->d.leading + i];
            sum = (double)p->alpha * sum + (p->beta != 0 ? (double)p->beta * (double)*to : 0);
            *to = (float)(sum + (p->desc.epilogue == LT_EPILOGUE_BIAS ? (double)p->desc.bias[i] : 0));
        }
}

unsigned cublasLtMatmul(struct cublasLtContext *handle, PD_LT_DESC desc, const void *alpha, const void *a,
                        PD_LT_LAYOUT a_layout, const void *b, PD_LT_LAYOUT b_layout, const void *beta,
                        const void *c, PD_LT_LAYOUT c_layout, void *d, PD_LT_LAYOUT d_layout,
                        const PD_LT_ALGO *algo, void *workspace, size_t size, struct CUstream_st *stream)
{
    ENTER("cublasLtMatmul");
    CHECK(handle && algo->data[0] == 4711 && size == WORKSPACE && workspace && c == d &&
          c_layout == d_layout);
    struct product *p = malloc(sizeof *p);
    *p = (struct product){.desc = *desc,
                          .a = *a_layout,
                          .b = *b_layout,
                          .d = *d_layout,
                          .alpha = *(const float *)alpha,
                          .beta = *(const float *)beta,
                          .x = a,
                          .y = b,
                          .to = d,
                          .workspace = workspace};
    CHECK((desc->transpose_a ? p->a.columns : p->a.rows) == p->d.rows);
    CHECK((desc->transpose_b ? p->b.rows : p->b.columns) == p->d.columns);
    CHECK((desc->transpose_a ? p->a.rows : p->a.columns) == (desc->transpose_b ? p->b.columns : p->b.rows));
    queue_add(stream, (struct operation){.kind = WORK, .work = multiply, .owned = p, .bytes = sizeof *p});
    return 0;
}
