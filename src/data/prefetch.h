/* A thread that makes the batch after the one just taken. It sleeps when there is nothing to do. */
#ifndef PD_DATA_PREFETCH_H
#define PD_DATA_PREFETCH_H

#include <paydirt/error.h>

#include <stddef.h>
#include <stdint.h>

/* Fills images (batch, image_size), labels (batch) and indices (batch) for a step; only the thread calls it.
 */
typedef void pd_prefetch_make(void *context, uint64_t step, float *images, int32_t *labels,
                              uint32_t *indices);

struct pd_prefetch;

/* context is borrowed until destroy returns. PD_ERR_MEMORY. */
enum pd_status pd_prefetch_create(pd_prefetch_make *make, void *context, uint32_t batch, size_t image_size,
                                  struct pd_prefetch **out, struct pd_error *err);
void pd_prefetch_destroy(struct pd_prefetch *prefetch); /* waits for the batch in the making */

/* Copies out batch `step`, waiting for it where need be, and sets the thread to step + 1. indices may be
 * NULL. */
void pd_prefetch_get(struct pd_prefetch *prefetch, uint64_t step, float *images, int32_t *labels,
                     uint32_t *indices);

#endif
