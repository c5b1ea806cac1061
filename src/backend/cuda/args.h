/* What host and kernels share. This file is also the beginning of the source that NVRTC gets: it includes
 * nothing. */
#ifndef PD_BACKEND_CUDA_ARGS_H
#define PD_BACKEND_CUDA_ARGS_H

enum {
    CUDA_THREADS = 256,     /* of a block, in all kernels */
    CUDA_ADAM_CHUNK = 2048, /* numbers that a block updates */
    CUDA_ARG_SOURCES = 8,
};

/* Every kernel takes one of these, by value; beside each stands what it reads there. */
struct cuda_args {
    void *dst;
    const void *src[CUDA_ARG_SOURCES];
    int n[16];
    double f[4];
};

/* In the card's memory: which run this is. A graph that is replayed reads it there. */
struct cuda_step {
    unsigned int seed_low, seed_high, step; /* steps are below 2^32 (base/rng.h) */
};

/* In the card's memory: one weight of those that Adam updates together. */
struct cuda_adam {
    float *w, *m, *v;
    const float *g;
    int n, first; /* numbers; the first block that is this weight's */
};

#endif
