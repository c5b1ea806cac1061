/* The 2-D data of the GOLD paper: six Gaussians of standard deviation 0.5, class = Gaussian mod 2. */
#include "data/readers/readers.h"

#include "base/rng.h"
#include "base/streams.h"

#include <stdbool.h>

enum { BLOBS = 6, DEFAULT_COUNT = 1000 };

enum pd_status pd_open_synthetic(const struct pd_data_source *source, const struct pd_data_request *request,
                                 struct pd_dataset *d, struct pd_error *err)
{
    (void)source;
    /* The centres hang on the seed alone, so that both splits share them. */
    struct pd_rng centre = {request->seed, PD_STREAM_SYNTHETIC_CENTRES, 0};
    bool test = request->split == PD_SPLIT_TEST;
    struct pd_rng noise = {request->seed, test ? PD_STREAM_SYNTHETIC_TEST : PD_STREAM_SYNTHETIC_TRAIN, 0};
    uint32_t count = request->count ? request->count : DEFAULT_COUNT;
    enum pd_status status = pd_dataset_reserve(d, count, 2, 0, 0, err);
    if (status)
        return status;
    d->classes = 2;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t blob = i % BLOBS;
        d->labels[i] = (int32_t)(blob % 2);
        for (uint32_t k = 0; k < 2; k++) {
            double middle = 20 * pd_rng_uniform(&centre, 2 * blob + k) - 10;
            d->points[2 * (size_t)i + k] = (float)(middle + 0.5 * pd_rng_normal(&noise, 2 * (uint64_t)i + k));
        }
    }
    return PD_OK;
}
