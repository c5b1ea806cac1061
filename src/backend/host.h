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

#endif
