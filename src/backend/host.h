/* What backends on this machine's processor and memory share. */
#ifndef PD_BACKEND_HOST_H
#define PD_BACKEND_HOST_H

#include "engine/backend.h"

/* Memory. */
void *pd_host_allocate(struct pd_backend *b, size_t bytes);
void pd_host_release(struct pd_backend *b, void *address);
enum pd_status pd_host_upload(struct pd_backend *b, void *address, const void *from, size_t bytes,
                              struct pd_error *err);
enum pd_status pd_host_download(struct pd_backend *b, void *to, const void *address, size_t bytes,
                                struct pd_error *err);

/* One call after the other on the caller's thread, from which signals are held back meanwhile, as from
 * b->threads OpenMP threads that it leads. */
enum pd_status pd_host_run(struct pd_backend *b, struct pd_call *calls, int n, struct pd_run *run,
                           struct pd_error *err);

/* Kernels: ops that wait for other ranks, float or double, plain layouts. all_stats wants 2 C doubles of
 * scratch. */
pd_kernel pd_ranks_all_sum, pd_ranks_all_stats;

/* Moves the n weights from `first` on by Adam; grad: theirs. how: the kernel's own. */
typedef void pd_adam_move(const void *how, const void *grad, int64_t first, int64_t n);

/* What every Adam kernel does: moves all, or where the call is shared this rank's slice, by the sum of all
 * ranks' gradients, whereupon all ranks have all weights, and m and v of their own slices. Wants
 * pd_ranks_adam_scratch. */
void pd_ranks_adam(const struct pd_call *call, const struct pd_run *run, pd_adam_move *move, const void *how);
size_t pd_ranks_adam_scratch(const struct pd_call *call, size_t real_size);

#endif
