/* Lloyd's iterations (k-means) over one or two sets, from centres that are given. */
#ifndef PD_DISTANCE_LLOYD_H
#define PD_DISTANCE_LLOYD_H

#include "distance/frame.h"
#include "distance/work.h"

struct pd_lloyd_set {
    const struct pd_feature_set *rows;
    double parts;          /* a row weighs 1 / parts */
    const double *weights; /* (n), of rows, on top of that; NULL: 1 */
    int32_t *labels;       /* (n): the nearest centre; owned */
};

struct pd_lloyd {
    int sets, count;
    struct pd_lloyd_set set[2];
    struct pd_frame frame;  /* owned, like the rest */
    float *centres;         /* (count, width), in the frame */
    float *norms;           /* (count): half the centres' squared norms */
    double *sums, *weights; /* (count, width), (count): of the samples of a cluster */
};

/* Sets, parts, weights and count are filled in, all else is zero. PD_ERR_MEMORY. Released also after that. */
enum pd_status pd_lloyd_create(struct pd_lloyd *l, struct pd_error *err);
void pd_lloyd_release(struct pd_lloyd *l);

/* Until the centres rest: moved by no more than 1e-4 of a feature's variance, squared; at most 50 times. On
 * as many threads as OpenMP has. A centre without samples stays. work: who watches, or NULL. PD_ERR_MEMORY,
 * PD_ERR_INTERRUPTED. */
enum pd_status pd_lloyd_run(struct pd_lloyd *l, double variance, const struct pd_feature_work *work,
                            struct pd_error *err);

#endif
