/* Training steps and networks as graphs: record ops once, differentiate them as a graph, compile once, run
 * often.
 *
 *     struct pd_graph *g = pd_graph_create();
 *     struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape2(128, 20));
 *     struct pd_node *w = pd_var_read(g, var);
 *     struct pd_node *loss = pd_mean(pd_square(pd_matmul(x, w, false, true)));
 *     pd_grad(loss, &w, 1, &dw);
 *     pd_adam(var, m, v, t, dw, &options);
 *     pd_output(loss, "loss");
 *     status = pd_compile(g, backend, &plan, &err);
 *     -- then, as often as wanted: pd_plan_write(plan, "x", ...), pd_plan_run(plan, seed, step, &err),
 *     pd_plan_scalar(plan, "loss", ...)
 *
 * Errors are sticky: a wrong shape marks the graph, every later op returns NULL and accepts NULL, and
 * pd_compile reports the first mistake. So model code reads like the paper. Nodes live as long as their
 * graph. */
#ifndef PAYDIRT_GRAPH_H
#define PAYDIRT_GRAPH_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pd_dtype {
    PD_REAL, /* float or double, as the backend computes */
    PD_I32,
    PD_F64, /* double on every backend: numbers that steer a run, such as a learning rate */
    PD_U8   /* bytes on every backend: pixels as data sets have them */
};

#define PD_MAX_RANK 4
struct pd_shape {
    int rank;
    int64_t dim[PD_MAX_RANK]; /* row-major; images are (N, C, H, W); dims past rank are 1 */
};

struct pd_shape pd_shape0(void); /* a scalar */
struct pd_shape pd_shape1(int64_t a);
struct pd_shape pd_shape2(int64_t a, int64_t b);
struct pd_shape pd_shape4(int64_t a, int64_t b, int64_t c, int64_t d);
int64_t pd_shape_count(struct pd_shape s);
bool pd_shape_equal(struct pd_shape a, struct pd_shape b);

/* --- backends --------------------------------------------------------------------------------------------
 */

struct pd_backend;

/* name: "onednn" (this machine's processor: float, blocked layouts), "ref" and "ref-f64" (plain loops in
 * float and double on one thread: what tests compare with), "fenced" and "fenced-f64" (as those, with their
 * memory out of everybody else's reach: finds who reaches for it), "costs" (what oneDNN would cost: plans are
 * compiled for their pd_plan_info alone and must not be run; nothing takes memory for values), "cuda" (the
 * first NVIDIA GPU: float, in float's precision). threads >= 1. PD_ERR_USAGE: no such name;
 * PD_ERR_UNSUPPORTED: cuda, and something that it needs is not here. */
enum pd_status pd_backend_create(const char *name, int threads, struct pd_backend **out,
                                 struct pd_error *err);
const char *pd_backend_name(int index); /* from 0; NULL past the last */

/* How products and convolutions are computed on a GPU; weights and all else are float. TF32: 10 bits of the
 * factors' fractions; BF16: 7. */
enum pd_precision { PD_FP32, PD_TF32, PD_BF16 };

/* device: "cpu" (the backend "onednn"), "cuda" or "cuda:1" (an NVIDIA GPU, the first or of that number),
 * "auto" (cuda where all that it needs is there, else cpu). precision: "fp32", "tf32", "bf16"; the processor
 * knows fp32 alone. Never another device than asked for. PD_ERR_USAGE: no such word; PD_ERR_UNSUPPORTED: what
 * of it is missing here. */
enum pd_status pd_backend_open(const char *device, const char *precision, int threads,
                               struct pd_backend **out, struct pd_error *err);

/* PD_ERR_USAGE: one of the words is none, or the two don't go together. Whether the device is here it doesn't
 * look. */
enum pd_status pd_backend_check_device(const char *device, const char *precision, struct pd_error *err);

/* The device for people: "cpu", "cuda:0, NVIDIA H200". Valid as long as the backend. */
const char *pd_backend_where(const struct pd_backend *b);
void pd_backend_destroy(struct pd_backend *b);
size_t pd_backend_real_size(const struct pd_backend *b); /* of a PD_REAL: 4, float, or 8, double */

/* GFLOP/s of its product of two matrices (side, side), the best of several; 0: it failed, or nobody knows. Of
 * 1536 it takes a third of a second, of 384 some milliseconds. */
double pd_backend_peak_gflops(struct pd_backend *b, int side);

/* --- variables: named tensors that outlive plans (weights, optimiser state, running statistics) --- */

struct pd_vars;
struct pd_var;

/* Their values live where the backend's tensors do; it is borrowed. NULL: out of memory. */
struct pd_vars *pd_vars_create(struct pd_backend *backend, uint64_t seed);
void pd_vars_destroy(struct pd_vars *vars);

enum pd_init { PD_INIT_CONSTANT, PD_INIT_NORMAL, PD_INIT_UNIT, PD_INIT_UNIFORM };
struct pd_init_spec {
    enum pd_init kind; /* constant a; N(a, b); a random vector of length 1; uniform in [a, b) */
    double a, b;
};

/* The variable of that name, made (and initialised from the seed and the name alone) when it is not there
 * yet. NULL when memory ran out; an existing variable of another shape is a BUG. */
struct pd_var *pd_vars_get(struct pd_vars *vars, const char *name, struct pd_shape shape,
                           struct pd_init_spec init);
struct pd_var *pd_vars_find(const struct pd_vars *vars, const char *name); /* or NULL */
/* Initialises those anew. */
enum pd_status pd_vars_reset(struct pd_vars *vars, const char *prefix, uint64_t seed, struct pd_error *err);

int pd_vars_count(const struct pd_vars *vars);
struct pd_var *pd_vars_at(const struct pd_vars *vars, int index); /* in order of creation */
const char *pd_var_name(const struct pd_var *var);
struct pd_shape pd_var_shape(const struct pd_var *var);

/* All values of a variable, row-major, to and from the caller's memory: as the backend computes, or doubles.
 * PD_ERR_MEMORY; PD_ERR_UNSUPPORTED: the device failed. */
enum pd_status pd_var_download(const struct pd_var *var, void *to, struct pd_error *err);
enum pd_status pd_var_upload(struct pd_var *var, const void *from, struct pd_error *err);
enum pd_status pd_var_read_f64(const struct pd_var *var, double *out, struct pd_error *err);
enum pd_status pd_var_write_f64(struct pd_var *var, const double *in, struct pd_error *err);

/* --- recording -------------------------------------------------------------------------------------------
 */

struct pd_graph;
struct pd_node;

struct pd_graph *pd_graph_create(void); /* NULL: out of memory */
void pd_graph_destroy(struct pd_graph *g);

struct pd_shape pd_node_shape(const struct pd_node *n);
struct pd_graph *pd_node_graph(const struct pd_node *n);

struct pd_node *pd_input(struct pd_graph *g, const char *name, enum pd_dtype dtype, struct pd_shape shape);
struct pd_node *pd_constant(struct pd_graph *g, double value, struct pd_shape shape);
void pd_output(struct pd_node *n, const char *name); /* kept after a run, readable under that name */

/* The variable as it is at this point of the recording: after the updates recorded before. */
struct pd_node *pd_var_read(struct pd_graph *g, struct pd_var *var);

/* Random numbers: a function of (seed of the run, stream, step), the same on every backend and thread count.
 */
struct pd_node *pd_random_normal(struct pd_graph *g, uint32_t stream, struct pd_shape shape);
struct pd_node *pd_random_uniform(struct pd_graph *g, uint32_t stream, struct pd_shape shape); /* [0, 1) */
struct pd_node *pd_random_class(struct pd_graph *g, uint32_t stream, int64_t n, int classes);  /* i32 (n) */

/* Elementwise. Binary ops broadcast as NumPy does. */
struct pd_node *pd_add(struct pd_node *a, struct pd_node *b);
struct pd_node *pd_sub(struct pd_node *a, struct pd_node *b);
struct pd_node *pd_mul(struct pd_node *a, struct pd_node *b);
struct pd_node *pd_div(struct pd_node *a, struct pd_node *b);
struct pd_node *pd_affine(struct pd_node *x, double scale, double shift); /* scale * x + shift */
struct pd_node *pd_neg(struct pd_node *x);
struct pd_node *pd_square(struct pd_node *x);
struct pd_node *pd_exp(struct pd_node *x);
struct pd_node *pd_log(struct pd_node *x);
struct pd_node *pd_sqrt(struct pd_node *x);
struct pd_node *pd_abs(struct pd_node *x);
struct pd_node *pd_sign(struct pd_node *x);          /* -1, 0, 1; gradient 0 */
struct pd_node *pd_step(struct pd_node *x);          /* 1 where x > 0, else 0; gradient 0 */
struct pd_node *pd_pow(struct pd_node *x, double p); /* x >= 0 */
struct pd_node *pd_max(struct pd_node *x, double c); /* max(x, c) */
struct pd_node *pd_tanh(struct pd_node *x);
struct pd_node *pd_sigmoid(struct pd_node *x);
struct pd_node *pd_softplus(struct pd_node *x);            /* log(1 + exp(x)), stable */
struct pd_node *pd_lrelu(struct pd_node *x, double slope); /* slope 0: ReLU */
struct pd_node *pd_detach(struct pd_node *x);              /* the same value, gradient 0 */

/* Shape. */
struct pd_node *pd_reshape(struct pd_node *x, struct pd_shape shape);
struct pd_node *pd_broadcast(struct pd_node *x, struct pd_shape shape);
struct pd_node *pd_sum_to(struct pd_node *x, struct pd_shape shape); /* the transpose of pd_broadcast */
struct pd_node *pd_sum(struct pd_node *x);                           /* to a scalar */
struct pd_node *pd_mean(struct pd_node *x);
struct pd_node *pd_concat(struct pd_node *a, struct pd_node *b, int axis);
struct pd_node *pd_slice(struct pd_node *x, int axis, int64_t begin, int64_t length);
/* Each image of x (N, C, H, W) moved by floor(by) (N, 2) pixels down and right, zeros where none came. The
 * gradient by `by` is 0. */
struct pd_node *pd_shift(struct pd_node *x, struct pd_node *by);
/* The transpose of pd_slice: x at `begin` of an axis of that length, zeros around. */
struct pd_node *pd_pad(struct pd_node *x, int axis, int64_t begin, int64_t length);
struct pd_node *pd_one_hot(struct pd_node *labels /* i32 (N) */,
                           int classes); /* (N, classes); -1: a row of zeros */
/* The k rows of x (N, F) with the largest score (N), in x's order; of equal ones the first, NaN last.
 * The gradient goes to the rows taken; the choice itself has none, so that the score's is 0. */
struct pd_node *pd_top_rows(struct pd_node *x, struct pd_node *score, int64_t k);

/* Of each number of score (N) its place among them, from 0: the largest first, of equal ones the first, NaN
 * like -infinity. No gradient. */
struct pd_node *pd_rank(struct pd_node *score);

/* Linear algebra and networks. */
struct pd_node *pd_matmul(struct pd_node *a, struct pd_node *b, bool transpose_a, bool transpose_b);
struct pd_node *pd_conv(struct pd_node *x /* (N, C, H, W) */, struct pd_node *w /* (O, C, kh, kw) */,
                        int stride, int pad);
struct pd_node *pd_conv_padded(struct pd_node *x, struct pd_node *w, int stride, int pad_h, int pad_w);
/* pd_conv_padded for networks that are not trained: a backend may round worse, by a few times, where that is
 * faster. */
struct pd_node *pd_conv_quick(struct pd_node *x, struct pd_node *w, int stride, int pad_h, int pad_w);
/* x (N, O, h, w), w (O, C, kh, kw) -> (N, C, (h-1)*stride - 2*pad + kh, ...): PyTorch's ConvTranspose2d. */
struct pd_node *pd_conv_transposed(struct pd_node *x, struct pd_node *w, int stride, int pad);
struct pd_node *pd_log_softmax(struct pd_node *x); /* (N, K) over K */
/* The largest, or the mean, of the pixels in a window (size, size); those that padding adds do not count.
 * 2 pad <= size; stride must divide side + 2 pad - size. */
struct pd_node *pd_max_pool(struct pd_node *x, int size, int stride, int pad);
struct pd_node *pd_avg_pool(struct pd_node *x, int size, int stride, int pad);

/* Batch norm over all axes but 1. stats (2, C): mean and biased variance.
 * pd_batch_norm computes act(gamma * (x - mean) / sqrt(var + eps) + beta) with act = leaky ReLU of that slope
 * (1: none): one op, because that is one pass over memory. Its gradient flows to x through the statistics too
 * when stats is pd_batch_stats(x); with other statistics (evaluation) they are constants. A second pd_grad
 * through it is refused. */
struct pd_node *pd_batch_stats(struct pd_node *x);
struct pd_node *pd_batch_norm(struct pd_node *x, struct pd_node *stats, struct pd_node *gamma,
                              struct pd_node *beta, double eps, double slope);

/* Gradients of a scalar: grads[i] has the shape of wrt[i] (zeros where loss does not depend on it). The
 * gradients are nodes like any other and can be differentiated again; an op without that rule fails with a
 * message. */
void pd_grad(struct pd_node *loss, struct pd_node *const *wrt, int n, struct pd_node **grads);

/* State. Later pd_var_read()s see the new value. */
struct pd_node *pd_assign(struct pd_var *var, struct pd_node *value);
/* Row number step % R of var (R, ...), the step being that of the run; value (...). What many steps make can
 * so be looked at later. */
struct pd_node *pd_assign_row(struct pd_var *var, struct pd_node *value);

struct pd_adam_options {
    double lr, beta1, beta2, eps;
    struct pd_node *rate; /* an input PD_F64 of one number that every run takes in place of lr; NULL: lr */
};
/* Adam (Kingma & Ba 2015) with bias correction; m, v of var's shape; t: a scalar node, the number of this
 * update, from 1. */
struct pd_node *pd_adam(struct pd_var *var, struct pd_var *m, struct pd_var *v, struct pd_node *t,
                        struct pd_node *grad, const struct pd_adam_options *options);

/* --- compiling and running ---------------------------------------------------------------------------------
 */

struct pd_plan;

/* The plan borrows the backend and the variables; the graph may be destroyed. On one backend from one thread
 * at a time. PD_ERR_USAGE: a variable lives on another kind of backend; the graph's first mistake;
 * PD_ERR_MEMORY. */
enum pd_status pd_compile(const struct pd_graph *g, struct pd_backend *b, struct pd_plan **out,
                          struct pd_error *err);
void pd_plan_destroy(struct pd_plan *plan);

/* The first n numbers of the input or output of that name, to and from the caller's memory: reals as the
 * backend computes, int32_t or double. What is written stays until it is written again. A write returns when
 * `from` may be used for something else; a read waits for the runs before it. PD_ERR_USAGE: the plan has no
 * such name, or not so many numbers there; PD_ERR_UNSUPPORTED: the device failed. */
enum pd_status pd_plan_write(struct pd_plan *plan, const char *name, const void *from, int64_t n,
                             struct pd_error *err) __attribute__((warn_unused_result));
enum pd_status pd_plan_read(struct pd_plan *plan, const char *name, void *to, int64_t n, struct pd_error *err)
    __attribute__((warn_unused_result));
/* An input of one number, of any type. */
enum pd_status pd_plan_set(struct pd_plan *plan, const char *name, double value, struct pd_error *err)
    __attribute__((warn_unused_result));
bool pd_plan_has(const struct pd_plan *plan, const char *name);
/* An output's first number. */
enum pd_status pd_plan_scalar(struct pd_plan *plan, const char *name, float *out, struct pd_error *err)
    __attribute__((warn_unused_result));

/* One run: no allocation, no lock, no file. (seed, step) choose the random numbers.
 *
 * Signals wait meanwhile, on this thread and on the OpenMP threads that it leads (on those for good): the
 * kernels borrow the stack pointer, and a handler would run over the heap. A program that makes threads of
 * its own should let one of them take its signals.
 *
 * PD_ERR_MEMORY, PD_ERR_UNSUPPORTED: a kernel failed; what the run should have made and stored is then
 * undefined. */
enum pd_status pd_plan_run(struct pd_plan *plan, uint64_t seed, uint64_t step, struct pd_error *err)
    __attribute__((warn_unused_result));

/* What a run costs. */
struct pd_plan_info {
    int kernels;
    double gflop;           /* multiply-adds of matmul and convolution, times two, in 10^9 */
    double gigabytes;       /* that kernels read and write: their sources and results */
    size_t arena_bytes;     /* activations */
    size_t unplanned_bytes; /* what they would take without reuse */
};
struct pd_plan_info pd_plan_info(const struct pd_plan *plan);

/* Time by kind of op: start counting, run, then read. NULL name ends the list. */
struct pd_op_time {
    const char *name;
    double seconds;
    double gflop;
    int calls;
};
void pd_plan_profile(struct pd_plan *plan, bool on);                                   /* zeroes the counts */
int pd_plan_times(const struct pd_plan *plan, struct pd_op_time *times, int capacity); /* most time first */
void pd_plan_print(const struct pd_plan *plan, char *text, size_t size); /* one line a kernel; cut at size */

#ifdef __cplusplus
}
#endif

#endif
