/* How fast training is here: the step on random data, against the machine's matrix product in the same run.
 */
#ifndef PAYDIRT_BENCH_H
#define PAYDIRT_BENCH_H

#include <paydirt/graph.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pd_bench_options {
    const char *model, *loss; /* as the training's options; loss "": the model's */
    int64_t batch;            /* 2 .. 65536 */
    int threads;              /* .. 1024; 0: as many as the process may use */
    int size, channels;       /* of the images: side in pixels, 8 .. 1024, 1 or 3; points have their own */
    int classes;              /* 2 .. 1000 */
    int64_t adversarial;      /* candidates for each generated sample, 1 .. 64 */
    double width;             /* factor on the widths of the model's layers, 0.001 .. 100 */
    double seconds;           /* to measure for, about; 0.01 .. 3600 */
    bool gold;                /* with GOLD's weights */
    int windows;              /* 1 .. 10, whose median counts, after fewer steps to warm up; 0: all ten */
    const char *device, *precision; /* as pd_backend_open takes them; NULL: cpu, fp32 */
};

/* infogan in batches of 128 images of 32 x 32 in grey, ten classes, plain, for 10 s. */
struct pd_bench_options pd_bench_defaults(void);

enum { PD_BENCH_OPS = 64 };

/* Medians over windows; where adversarial > 1 each window has a plain step's beside it. */
struct pd_bench {
    int threads;
    char device[128]; /* for people */
    double images_per_second;
    double step_cost, step_processor_cost, step_operations; /* as multiples of the plain step's: time, time of
                                                               all threads, work; 1 where it is plain */
    double gflop_per_step; /* multiply-adds of products and convolutions, times two */
    double gflops;         /* of them a second */
    double sgemm_gflops;   /* the device's product of 1536 x 1536, the better of before and after */
    double peak_rss_mb;    /* of this process, 2^20 bytes; 0: unknown */
    int kernels;
    size_t arena_bytes; /* activations */
    int op_count;
    struct pd_op_time ops[PD_BENCH_OPS]; /* (op_count): most time first; names are the library's */
};

/* progress: or NULL; before the first and after each of `windows` windows of so many images. PD_ERR_USAGE,
 * PD_ERR_MISMATCH: no such model, loss or step, a number out of its range; PD_ERR_MEMORY; what pd_plan_run
 * fails with. */
enum pd_status pd_bench_run(const struct pd_bench_options *options,
                            void (*progress)(void *context, int done, int windows, double images),
                            void *context, struct pd_bench *out, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
