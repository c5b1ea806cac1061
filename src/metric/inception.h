/* Inception-2015's layers and weights: private to src/metric. */
#ifndef PD_METRIC_INCEPTION_H
#define PD_METRIC_INCEPTION_H

#include "io/array.h"

#include <paydirt/graph.h>
#include <paydirt/inception.h>

/* Records the network on images x (N, 3, 299, 299); outputs "features" (N, 2048) and "logits" (N, 1008).
 * Variables: NAME.weight (O, C, kh, kw) and NAME.bias (O) of each convolution, with its batch norm inside,
 * and fc.weight. */
void pd_inception_record(struct pd_vars *vars, struct pd_node *x);

/* --- a batch --- */

/* Images that go through together. Weights are brought into the kernels' layout once a batch; more take more
 * memory, 20 MB each. */
enum { PD_INCEPTION_BATCH = 8, PD_INCEPTION_PIXELS = 3 * PD_INCEPTION_SIDE * PD_INCEPTION_SIDE };

int pd_inception_threads(const struct pd_inception *net);
float *pd_inception_room(struct pd_inception *net); /* (batch, 3, 299, 299), resized images */
/* Of the first n that lie there; features (n, 2048), logits (n, 1008): each may be NULL. */
enum pd_status pd_inception_run_room(struct pd_inception *net, int64_t n, float *features, float *logits,
                                     struct pd_error *err);

/* --- tensors as PyTorch has them --- */

enum {
    PD_INCEPTION_PARTS = 5,
    PD_INCEPTION_NAME = 64
}; /* of a convolution: its weight, and batch norm's four */

struct pd_inception_tensor {
    char name[PD_INCEPTION_NAME];
    int rank;
    int64_t dims[4];
};

/* All of them, in the order of the network; fills out[] up to capacity and returns how many there are, or -1:
 * out of memory. */
int pd_inception_tensors(struct pd_inception_tensor *out, int capacity);

/* Where tensors come from: the numbers of one that must be there with this shape. */
struct pd_inception_source {
    void *context;
    enum pd_status (*get)(void *context, const struct pd_inception_tensor *tensor, const float **values,
                          struct pd_error *err);
};

/* Into the variables that were recorded, batch norm folded into its convolution. name: for messages.
 * checksum: of all tensors, 65 bytes. bias (1008). */
enum pd_status pd_inception_load(struct pd_vars *vars, const struct pd_inception_source *from,
                                 const char *name, char *checksum, float *bias, struct pd_error *err);

/* The same without variables: are the tensors what they may be, n in the network's order, and their sum. */
enum pd_status pd_inception_check(const struct pd_io_array *tensors, int n, const char *name, char *checksum,
                                  struct pd_error *err);

#endif
