#include "distance/work.h"

#include "base/threads.h"

#include <omp.h>

enum { THREADS_MOST = 1024 };

int pd_work_threads(const struct pd_feature_work *work)
{
    const int wanted = work ? work->threads : 0;
    return wanted <= 0 ? pd_threads_available() : wanted < THREADS_MOST ? wanted : THREADS_MOST;
}

int pd_work_begin(const struct pd_feature_work *work)
{
    const int before = omp_get_max_threads();
    omp_set_num_threads(pd_work_threads(work));
    return before;
}

void pd_work_end(int before)
{
    omp_set_num_threads(before);
}

bool pd_work_is_caller(void)
{
    return omp_get_thread_num() == 0;
}

enum pd_status pd_work_step(const struct pd_feature_work *work, uint64_t done, uint64_t count,
                            struct pd_error *err)
{
    if (work && work->watch && work->watch(work->context, done, count))
        return pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped at %llu of %llu steps", (unsigned long long)done,
                       (unsigned long long)count);
    return PD_OK;
}
