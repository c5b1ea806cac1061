/* How a kernel says what its threads do, so that one source serves two compilers. On a card a block's threads
 * run THREAD's body side by side and meet at BARRIER. As plain C (the tests) one call runs one block: THREAD
 * is a loop, and where it ends all have met. So what outlives a THREAD lies in SHARED. */
#ifdef __CUDACC__
#define KERNEL(name)                                                                                         \
    extern "C" __global__ void __launch_bounds__(CUDA_THREADS)                                               \
        name(const __grid_constant__ struct cuda_args a)
#define DEVICE    static __device__ __forceinline__
#define SHARED    __shared__
#define BLOCK     ((int)blockIdx.x)
#define BARRIER   __syncthreads();
#define LEAST     __int_as_float(0xff800000) /* minus infinity */
#define THREAD(t) for (int t = (int)threadIdx.x, once_ = 1; once_; once_ = 0)
/* Of 0 .. count-1, those that are this thread's (in C: this block's), in no order that matters. count <=
 * 2^30. */
#define EACH(i, count)                                                                                       \
    for (int i = (int)(blockIdx.x * CUDA_THREADS + threadIdx.x); i < (count);                                \
         i += (int)(gridDim.x * CUDA_THREADS))
#else
#define bool _Bool
#define KERNEL(name) void name(const struct cuda_args a, const int block_, const int blocks_)
#define DEVICE       static
#define SHARED
#define BLOCK block_
#define BARRIER
#define LEAST     (-1.0f / 0.0f)
#define THREAD(t) for (int t = 0; t < CUDA_THREADS; t++)
#define EACH(i, count)                                                                                       \
    for (int i = block_ * CUDA_THREADS; i < (count);                                                         \
         i += i % CUDA_THREADS == CUDA_THREADS - 1 ? 1 + (blocks_ - 1) * CUDA_THREADS : 1)
float expf(float), logf(float), log1pf(float), tanhf(float), sqrtf(float), fabsf(float), powf(float, float),
    floorf(float);
double sqrt(double), log(double), sin(double), cos(double), pow(double, double), exp(double);
#endif

/* The sum of sum[0 .. CUDA_THREADS) into sum[0], for a whole block; always in the same order. */
#define TREE(sum)                                                                                            \
    for (int half_ = CUDA_THREADS / 2; half_; half_ /= 2) {                                                  \
        BARRIER                                                                                              \
        THREAD(t)                                                                                            \
        if (t < half_)                                                                                       \
            sum[t] += sum[t + half_];                                                                        \
    }                                                                                                        \
    BARRIER

#define DST(type)    ((type *)a.dst)
#define SRC(type, k) ((const type *)a.src[k])
