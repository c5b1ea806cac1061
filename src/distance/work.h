/* How long work is done: threads, and who watches (paydirt/features.h). */
#ifndef PD_DISTANCE_WORK_H
#define PD_DISTANCE_WORK_H

#include <paydirt/features.h>

#include <stdbool.h>

int pd_work_threads(const struct pd_feature_work *work); /* >= 1 */

/* BLAS takes as many threads as OpenMP has. Returns what there were, for pd_work_end. */
int pd_work_begin(const struct pd_feature_work *work);
void pd_work_end(int before);

bool pd_work_is_caller(void); /* of a parallel region: the thread that came to it */

/* Tells watch; PD_ERR_INTERRUPTED when it asks to stop. For the calling thread alone. */
enum pd_status pd_work_step(const struct pd_feature_work *work, uint64_t done, uint64_t count,
                            struct pd_error *err);

#endif
