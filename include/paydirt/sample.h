/* The generator at work. */
#ifndef PAYDIRT_SAMPLE_H
#define PAYDIRT_SAMPLE_H

#include <paydirt/gan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* n images (n, C, side, side) in [-1, 1], or points (n, 2), of the given classes (n), into the caller's
 * memory; G in evaluation mode. z (n, z_dim): the noise; NULL: normal, fixed by (seed, class, number within
 * the class), the same numbers as `paydirt sample`. PD_ERR_USAGE: a class that there is not, n < 0, a number
 * of z that is not finite, or the gan is at work in another thread; PD_ERR_MEMORY.
 */
enum pd_status pd_generate(struct pd_gan *gan, int64_t n, const int32_t *classes, const float *z,
                           uint64_t seed, float *images, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
