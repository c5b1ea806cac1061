/* Our declarations of NVIDIA's libraries (src/backend/cuda/api.h) against their own headers. Compiled where
 * those are; it does nothing. */
#include <cublasLt.h>
#include <cuda.h>
#include <cudnn.h>
#include <nccl.h>
#include <nvrtc.h>

#include "backend/cuda/api.h"

/* --- functions: with their types in the place of those that have no tag --- */

#undef PD_CU_ATTRIBUTE
#undef PD_CU_CAPTURE
#undef PD_LT_DESC
#undef PD_LT_LAYOUT
#undef PD_LT_PREFERENCE
#undef PD_LT_ALGO
#undef PD_LT_RESULT
#undef PD_LT_COMPUTE
#undef PD_LT_TYPE
#undef PD_LT_DESC_ATTRIBUTE
#undef PD_LT_PREFERENCE_ATTRIBUTE
#undef PD_DNN_FORMAT
#undef PD_DNN_TYPE
#undef PD_DNN_MODE
#undef PD_DNN_MATH
#undef PD_DNN_FWD_ALGO
#undef PD_DNN_DATA_ALGO
#undef PD_DNN_FILTER_ALGO
#undef PD_DNN_FWD_PERF
#undef PD_DNN_DATA_PERF
#undef PD_DNN_FILTER_PERF
#undef PD_NCCL_ID
#undef PD_NCCL_TYPE
#undef PD_NCCL_OP
#undef PD_NCCL_RESULT
#define PD_CU_ATTRIBUTE            CUdevice_attribute
#define PD_CU_CAPTURE              CUstreamCaptureMode
#define PD_LT_DESC                 cublasLtMatmulDesc_t
#define PD_LT_LAYOUT               cublasLtMatrixLayout_t
#define PD_LT_PREFERENCE           cublasLtMatmulPreference_t
#define PD_LT_ALGO                 cublasLtMatmulAlgo_t
#define PD_LT_RESULT               cublasLtMatmulHeuristicResult_t
#define PD_LT_COMPUTE              cublasComputeType_t
#define PD_LT_TYPE                 cudaDataType
#define PD_LT_DESC_ATTRIBUTE       cublasLtMatmulDescAttributes_t
#define PD_LT_PREFERENCE_ATTRIBUTE cublasLtMatmulPreferenceAttributes_t
#define PD_DNN_FORMAT              cudnnTensorFormat_t
#define PD_DNN_TYPE                cudnnDataType_t
#define PD_DNN_MODE                cudnnConvolutionMode_t
#define PD_DNN_MATH                cudnnMathType_t
#define PD_DNN_FWD_ALGO            cudnnConvolutionFwdAlgo_t
#define PD_DNN_DATA_ALGO           cudnnConvolutionBwdDataAlgo_t
#define PD_DNN_FILTER_ALGO         cudnnConvolutionBwdFilterAlgo_t
#define PD_DNN_FWD_PERF            cudnnConvolutionFwdAlgoPerf_t
#define PD_DNN_DATA_PERF           cudnnConvolutionBwdDataAlgoPerf_t
#define PD_DNN_FILTER_PERF         cudnnConvolutionBwdFilterAlgoPerf_t
#define PD_NCCL_ID                 ncclUniqueId
#define PD_NCCL_TYPE               ncclDataType_t
#define PD_NCCL_OP                 ncclRedOp_t
#define PD_NCCL_RESULT             ncclResult_t

#define PD_CUDA(library, returns, name, arguments)                                                           \
    _Static_assert(__builtin_types_compatible_p(__typeof__(&name), __typeof__(returns(*) arguments)),        \
                   "another declaration of " #name);
#include "backend/cuda/api.def"
#undef PD_CUDA

/* --- structs --- */

#define SAME(ours, our_member, theirs, their_member)                                                         \
    _Static_assert(offsetof(struct ours, our_member) == offsetof(theirs, their_member), #theirs);

_Static_assert(sizeof(struct cuda_lt_algo) == sizeof(cublasLtMatmulAlgo_t), "algo");
_Static_assert(sizeof(struct cuda_lt_result) == sizeof(cublasLtMatmulHeuristicResult_t), "result");
SAME(cuda_lt_result, workspace, cublasLtMatmulHeuristicResult_t, workspaceSize)
SAME(cuda_lt_result, state, cublasLtMatmulHeuristicResult_t, state)
#define SAME_PERF(theirs)                                                                                    \
    _Static_assert(sizeof(struct cuda_dnn_perf) == sizeof(theirs), #theirs);                                 \
    SAME(cuda_dnn_perf, algo, theirs, algo)                                                                  \
    SAME(cuda_dnn_perf, status, theirs, status)                                                              \
    SAME(cuda_dnn_perf, memory, theirs, memory)                                                              \
    SAME(cuda_dnn_perf, determinism, theirs, determinism)                                                    \
    SAME(cuda_dnn_perf, math, theirs, mathType)
SAME_PERF(cudnnConvolutionFwdAlgoPerf_t)
SAME_PERF(cudnnConvolutionBwdDataAlgoPerf_t)
SAME_PERF(cudnnConvolutionBwdFilterAlgoPerf_t)
_Static_assert(sizeof(struct cuda_nccl_id) == sizeof(ncclUniqueId), "id");

/* --- constants --- */

#define EQUAL(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #ours);
EQUAL(CU_OUT_OF_MEMORY, CUDA_ERROR_OUT_OF_MEMORY)
EQUAL(CU_NOT_READY, CUDA_ERROR_NOT_READY)
EQUAL(CU_ATTRIBUTE_MAJOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
EQUAL(CU_ATTRIBUTE_MINOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)
EQUAL(CU_STREAM_APART, CU_STREAM_NON_BLOCKING)
EQUAL(CU_EVENT_NO_TIMING, CU_EVENT_DISABLE_TIMING)
EQUAL(CU_CAPTURE_THREAD, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
EQUAL(LT_FLOAT, CUDA_R_32F)
EQUAL(LT_COMPUTE_FP32, CUBLAS_COMPUTE_32F)
EQUAL(LT_COMPUTE_BF16, CUBLAS_COMPUTE_32F_FAST_16BF)
EQUAL(LT_COMPUTE_TF32, CUBLAS_COMPUTE_32F_FAST_TF32)
EQUAL(LT_DESC_TRANSA, CUBLASLT_MATMUL_DESC_TRANSA)
EQUAL(LT_DESC_TRANSB, CUBLASLT_MATMUL_DESC_TRANSB)
EQUAL(LT_DESC_EPILOGUE, CUBLASLT_MATMUL_DESC_EPILOGUE)
EQUAL(LT_DESC_BIAS, CUBLASLT_MATMUL_DESC_BIAS_POINTER)
EQUAL(0, CUBLAS_OP_N)
EQUAL(1, CUBLAS_OP_T)
EQUAL(LT_EPILOGUE_NONE, CUBLASLT_EPILOGUE_DEFAULT)
EQUAL(LT_EPILOGUE_BIAS, CUBLASLT_EPILOGUE_BIAS)
EQUAL(LT_PREFERENCE_WORKSPACE, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES)
EQUAL(LT_PREFERENCE_ALIGN_A, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES)
EQUAL(LT_PREFERENCE_ALIGN_D, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES)
EQUAL(LT_NOT_SUPPORTED, CUBLAS_STATUS_NOT_SUPPORTED)
EQUAL(DNN_FLOAT, CUDNN_DATA_FLOAT)
EQUAL(DNN_BF16, CUDNN_DATA_BFLOAT16)
EQUAL(DNN_NCHW, CUDNN_TENSOR_NCHW)
EQUAL(DNN_CROSS_CORRELATION, CUDNN_CROSS_CORRELATION)
EQUAL(DNN_DETERMINISTIC, CUDNN_DETERMINISTIC)
EQUAL(DNN_MATH_USUAL, CUDNN_DEFAULT_MATH)
EQUAL(DNN_ALGO_PLAIN, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM)
EQUAL(DNN_ALGO_PLAIN, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1)
EQUAL(DNN_ALGO_PLAIN, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1)
EQUAL(DNN_MATH_FP32, CUDNN_FMA_MATH)
EQUAL(DNN_NOT_SUPPORTED, CUDNN_STATUS_NOT_SUPPORTED)
EQUAL(NCCL_FLOAT, ncclFloat32)
EQUAL(NCCL_DOUBLE, ncclFloat64)
EQUAL(NCCL_SUM, ncclSum)
EQUAL(NCCL_INVALID_USAGE, ncclInvalidUsage)
EQUAL(NCCL_REMOTE, ncclRemoteError)
EQUAL(NCCL_IN_PROGRESS, ncclInProgress)
