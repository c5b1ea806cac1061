/* The recorded graph, as the engine sees it. */
#ifndef PD_ENGINE_GRAPH_H
#define PD_ENGINE_GRAPH_H

#include "base/arena.h"

#include <paydirt/graph.h>

enum pd_op {
#define PD_OP(id, name, kind, grad, over) PD_OP_##id,
#include "engine/ops.def"
#undef PD_OP
    PD_OP_COUNT
};

enum pd_op_kind { PD_KIND_LEAF, PD_KIND_ELT, PD_KIND_VIEW, PD_KIND_UPDATE, PD_KIND_PLAIN };

const char *pd_op_name(enum pd_op op);
enum pd_op_kind pd_op_kind(enum pd_op op);
size_t pd_dtype_size(enum pd_dtype dtype, size_t real_size);
bool pd_op_over(enum pd_op op, int source); /* may the result lie exactly over that source? */

/* What an op knows besides its sources. Names share places; ops.def says which an op has. Each struct is as
 * large as its union, so that what is not named in an initialiser is 0: equal nodes are found by comparing.
 */
struct pd_attr {
    union {
        double f[4];
        struct {
            double value, value_rest[3];
        };
        struct {
            double scale, shift, affine_rest[2];
        };
        struct {
            double exponent, pow_rest[3];
        };
        struct {
            double bound, max_rest[3];
        };
        struct {
            double slope;       /* of a leaky ReLU; 1: none */
            double accumulates; /* 1: the third source is added to where it lies; 0: it is a bias */
            double eps, slope_rest[1];
        };
        struct {
            double lr, beta1, beta2, adam_eps;
        };
    };
    union {
        int64_t i[4];
        struct {
            int64_t stream, classes, random_rest[2];
        };
        struct {
            int64_t axis, begin, axis_rest[2];
        };
        struct {
            int64_t direction, shift_rest[3]; /* 1, or -1: the other way */
        };
        struct {
            int64_t transpose_a, transpose_b, transpose_rest[2];
        };
        struct {
            int64_t stride, pad_h, pad_w, window;
        };
        struct {
            int64_t conv_rest[3], quick; /* 1: speed before the last bits */
        };
        struct {
            int64_t through_statistics, norm_rest[3];
        };
        struct {
            int64_t shared, adam_rest[3];
        };
    };
};
_Static_assert(sizeof(struct pd_attr) == 4 * sizeof(double) + 4 * sizeof(int64_t), "a struct is too large");

#define PD_MAX_SRC 6

struct pd_node {
    struct pd_graph *graph;
    enum pd_op op;
    int id; /* index in graph->nodes: sources have smaller ones */
    enum pd_dtype dtype;
    struct pd_shape shape;
    struct pd_attr attr;
    int n_src;
    struct pd_node *src[PD_MAX_SRC];
    struct pd_var *var[3]; /* VAR, ASSIGN, ASSIGN_ROW: [0]; ADAM: weight, m, v */
    const char *name;      /* INPUT, or the name of an output */
    bool output;
};

struct pd_graph {
    struct pd_arena arena;
    struct pd_node **nodes;
    int count, capacity;
    int ranks;             /* processes that run it, each on its part of the batch; 0, 1: this one */
    struct pd_error error; /* the first mistake; status PD_OK: none */
};

struct pd_var {
    char *name;
    enum pd_dtype dtype; /* PD_REAL, or PD_U8, which no optimiser moves */
    struct pd_shape shape;
    struct pd_init_spec init;
    struct pd_backend *backend; /* borrowed */
    void *data;                 /* there; NULL where the backend keeps no values */
};

/* Record a node. Any NULL source, or a sticky error, gives NULL. */
struct pd_node *pd_node_new(struct pd_graph *g, enum pd_op op, struct pd_shape shape,
                            const struct pd_attr *attr, int n_src, struct pd_node *const *src);

/* Marks the graph as wrong and returns NULL. */
struct pd_node *pd_graph_fail(struct pd_graph *g, enum pd_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "(128, 64, 16, 16)" in one of a few rotating static-free buffers: text holds at least 80 bytes. */
const char *pd_shape_text(struct pd_shape s, char *text);

/* What differs between ranks (base/ranks.h), added up over them: n values in float or double as the backend
 * computes. Its gradient is the sum of theirs, as each rank's loss has a part in all. x itself in a graph of
 * one rank. */
struct pd_node *pd_all_sum(struct pd_node *x);
struct pd_node *pd_all_mean(struct pd_node *x);
struct pd_node *pd_all_stats(struct pd_node *stats); /* of pd_batch_stats, as if of one batch */

/* Training images where the backend's tensors lie, as bytes. The variable of that name, made of zeros when it
 * is not there yet; NULL when memory ran out. Rows of its first axis from the caller's memory: as
 * pd_var_upload. */
struct pd_var *pd_vars_get_bytes(struct pd_vars *vars, const char *name, struct pd_shape shape);
enum pd_status pd_var_upload_rows(struct pd_var *var, int64_t first, int64_t n, const uint8_t *from,
                                  struct pd_error *err);

/* Images (N, C, size, size) in [-1, 1], x / 127.5 - 1, cut out of a table PD_U8 (M, C, H, W). places: PD_I32
 * (N, 4), of each image its row, the top and left of the cut, and whether it is mirrored, 0 or 1. What lies
 * outside the table is undefined. */
struct pd_node *pd_pixels(struct pd_node *table, struct pd_node *places, int size);

/* Ops that only gradients record. */
struct pd_node *pd_lrelu_bwd(struct pd_node *dy, struct pd_node *y, double slope);
struct pd_node *pd_shift_back(struct pd_node *x, const struct pd_node *shifted); /* as far, the other way */
struct pd_node *pd_spread_rows(struct pd_node *dy, struct pd_node *score);
struct pd_node *pd_conv_dx(struct pd_node *dy, struct pd_node *w, const struct pd_attr *attr,
                           struct pd_shape x);
struct pd_node *pd_conv_dw(struct pd_node *x, struct pd_node *dy, const struct pd_attr *attr,
                           struct pd_shape w);

#endif
