/* The discriminator at work. */
#ifndef PAYDIRT_SCORE_H
#define PAYDIRT_SCORE_H

#include <paydirt/data.h>
#include <paydirt/gan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of n images (n, C, side, side) in [-1, 1], or points (n, 2), of that origin, D in evaluation mode: logit
 * (n), log D / (1 - D) of being real; class_logits (n, classes), before the softmax. What select.h and
 * reject.h take. PD_ERR_USAGE: no such origin, n < 0, a number that is not finite, or the gan is at work in
 * another thread; PD_ERR_MEMORY. */
enum pd_status pd_score(struct pd_gan *gan, enum pd_origin origin, const float *images, int64_t n,
                        float *logit, float *class_logits, struct pd_error *err);

/* D's trunk features (n, pd_gan_feature_width): what pd_select_diverse takes. Fails as pd_score. */
enum pd_status pd_features(struct pd_gan *gan, enum pd_origin origin, const float *images, int64_t n,
                           float *features, struct pd_error *err);

/* Images first .. first + n of a data set as the networks see them, (n, C, side, side): those of another size
 * are scaled. PD_ERR_USAGE: there are not so many, they have other channels, or are points where the networks
 * are for images. */
enum pd_status pd_score_input(const struct pd_gan *gan, const struct pd_dataset *data, int64_t first,
                              int64_t n, float *images, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
