/* NVIDIA's libraries as tables of functions (api.def). */
#ifndef PD_BACKEND_CUDA_API_H
#define PD_BACKEND_CUDA_API_H

#include <stddef.h>
#include <stdint.h>

/* Enumerations, and structs that have no tag. */
#define PD_CU_ATTRIBUTE            unsigned
#define PD_CU_CAPTURE              unsigned
#define PD_LT_DESC                 struct cuda_lt_desc *
#define PD_LT_LAYOUT               struct cuda_lt_layout *
#define PD_LT_PREFERENCE           struct cuda_lt_preference *
#define PD_LT_ALGO                 struct cuda_lt_algo
#define PD_LT_RESULT               struct cuda_lt_result
#define PD_LT_COMPUTE              unsigned
#define PD_LT_TYPE                 unsigned
#define PD_LT_DESC_ATTRIBUTE       unsigned
#define PD_LT_PREFERENCE_ATTRIBUTE unsigned
#define PD_DNN_FORMAT              unsigned
#define PD_DNN_TYPE                unsigned
#define PD_DNN_MODE                unsigned
#define PD_DNN_MATH                unsigned
#define PD_DNN_FWD_ALGO            unsigned
#define PD_DNN_DATA_ALGO           unsigned
#define PD_DNN_FILTER_ALGO         unsigned
#define PD_DNN_FWD_PERF            struct cuda_dnn_perf
#define PD_DNN_DATA_PERF           struct cuda_dnn_perf
#define PD_DNN_FILTER_PERF         struct cuda_dnn_perf
#define PD_NCCL_ID                 struct cuda_nccl_id
#define PD_NCCL_TYPE               unsigned
#define PD_NCCL_OP                 unsigned
#define PD_NCCL_RESULT             unsigned

struct cuda_lt_desc;
struct cuda_lt_layout;
struct cuda_lt_preference;
struct CUctx_st;
struct CUstream_st;
struct CUevent_st;
struct CUmod_st;
struct CUfunc_st;
struct CUgraph_st;
struct CUgraphExec_st;
struct _nvrtcProgram; /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): NVIDIA calls it so
                       */
struct cublasLtContext;
struct cudnnContext;
struct cudnnTensorStruct;
struct cudnnFilterStruct;
struct cudnnConvolutionStruct;
struct ncclComm;

struct cuda_lt_algo {
    uint64_t data[8];
};

struct cuda_lt_result {
    struct cuda_lt_algo algo;
    size_t workspace;
    unsigned state;
    float waves;
    int reserved[4];
};

struct cuda_dnn_perf {
    unsigned algo, status;
    float time;
    size_t memory;
    unsigned determinism, math;
    int reserved[3];
};

struct cuda_nccl_id {
    char bytes[128];
};

/* Those of their constants that are used. */
enum {
    CU_OUT_OF_MEMORY = 2,
    CU_NOT_READY = 600,
    CU_ATTRIBUTE_MAJOR = 75,
    CU_ATTRIBUTE_MINOR = 76,
    CU_STREAM_APART = 1,    /* CU_STREAM_NON_BLOCKING */
    CU_EVENT_NO_TIMING = 2, /* CU_EVENT_DISABLE_TIMING */
    CU_CAPTURE_THREAD = 1,  /* CU_STREAM_CAPTURE_MODE_THREAD_LOCAL */
    LT_FLOAT = 0,           /* CUDA_R_32F */
    LT_COMPUTE_FP32 = 68,   /* CUBLAS_COMPUTE_32F */
    LT_COMPUTE_BF16 = 75,   /* CUBLAS_COMPUTE_32F_FAST_16BF */
    LT_COMPUTE_TF32 = 77,   /* CUBLAS_COMPUTE_32F_FAST_TF32 */
    LT_DESC_TRANSA = 3,     /* CUBLASLT_MATMUL_DESC_TRANSA, ... */
    LT_DESC_TRANSB = 4,
    LT_DESC_EPILOGUE = 7,
    LT_DESC_BIAS = 8,
    LT_EPILOGUE_NONE = 1,        /* CUBLASLT_EPILOGUE_DEFAULT */
    LT_EPILOGUE_BIAS = 4,        /* CUBLASLT_EPILOGUE_BIAS */
    LT_NOT_SUPPORTED = 15,       /* CUBLAS_STATUS_NOT_SUPPORTED */
    LT_PREFERENCE_WORKSPACE = 1, /* CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, ... */
    LT_PREFERENCE_ALIGN_A = 5,
    LT_PREFERENCE_ALIGN_D = 8,
    DNN_FLOAT = 0,             /* CUDNN_DATA_FLOAT */
    DNN_BF16 = 9,              /* CUDNN_DATA_BFLOAT16 */
    DNN_NCHW = 0,              /* CUDNN_TENSOR_NCHW */
    DNN_CROSS_CORRELATION = 1, /* CUDNN_CROSS_CORRELATION */
    DNN_DETERMINISTIC = 1,     /* CUDNN_DETERMINISTIC */
    DNN_NOT_SUPPORTED = 3000,  /* CUDNN_STATUS_NOT_SUPPORTED */
    DNN_MATH_USUAL = 0,        /* CUDNN_DEFAULT_MATH: tensor cores; of floats TF32, where the card has it */
    DNN_MATH_FP32 = 3,         /* CUDNN_FMA_MATH */
    DNN_ALGO_PLAIN = 1,        /* CUDNN_CONVOLUTION_..._ALGO_1 */
    NCCL_FLOAT = 7,            /* ncclFloat32 */
    NCCL_DOUBLE = 8,           /* ncclFloat64 */
    NCCL_SUM = 0,              /* ncclSum */
    NCCL_INVALID_USAGE = 5,    /* ncclInvalidUsage */
    NCCL_REMOTE = 6,           /* ncclRemoteError */
    NCCL_IN_PROGRESS = 7,      /* ncclInProgress */
};

/* NCCL: for several ranks alone. */
enum cuda_library { CUDA_DRIVER, CUDA_NVRTC, CUDA_CUBLASLT, CUDA_CUDNN, CUDA_NCCL, CUDA_LIBRARIES };

struct cuda_api {
#define PD_CUDA(library, returns, name, arguments) returns(*name) arguments;
#include "backend/cuda/api.def"
#undef PD_CUDA
    void *handle[CUDA_LIBRARIES];
};

#endif
