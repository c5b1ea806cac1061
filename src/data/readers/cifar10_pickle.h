/* A batch of CIFAR-10's Python version: a pickle of protocol 2 that holds a dict with "data", a NumPy array
 * of uint8 (count, 3072), and "labels", a list. The two calls in it (of NumPy's array and its dtype) are
 * looked at and not made (io/pickle.h). */
#ifndef PD_DATA_READERS_CIFAR10_PICKLE_H
#define PD_DATA_READERS_CIFAR10_PICKLE_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PD_CIFAR10_CLASSES = 10, PD_CIFAR10_PIXELS = 3 * 32 * 32, PD_CIFAR10_BATCH = 10000 };

struct pd_cifar10_batch {
    uint32_t count;        /* 1 .. PD_CIFAR10_BATCH */
    const uint8_t *pixels; /* (count, 3072), each (3, 32, 32); within the file's bytes */
    bool by_columns;       /* pixels lie as (3072, count), as Fortran has it */
    uint8_t *labels;       /* (count): 0 .. 9, owned */
};

/* bytes is borrowed for the batch's life; name stands in messages. PD_ERR_FORMAT: any other opcode, call, key
 * type or size, with the offset; PD_ERR_MEMORY (a few MB, whatever the file says). On failure nothing is left
 * to release. */
enum pd_status pd_cifar10_pickle_parse(const void *bytes, size_t size, const char *name,
                                       struct pd_cifar10_batch *out, struct pd_error *err);
void pd_cifar10_batch_release(struct pd_cifar10_batch *batch);

#endif
