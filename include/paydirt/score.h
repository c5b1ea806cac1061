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

/* Statistics of D's batch norm for images of that origin (doc/gold.md): of reals over images of data, 10,000
 * at most, drawn at random, best those that it was trained on; of fakes over 5,000 that G makes, data NULL.
 * From then on D scores by them. Does nothing where D has no batch norm. pd_training_run ends with reals'
 * ones unless its option "recalibrate" is "false". PD_ERR_USAGE, PD_ERR_MISMATCH (data that the networks are
 * not for), PD_ERR_MEMORY. */
enum pd_status pd_recalibrate(struct pd_gan *gan, enum pd_origin origin, const struct pd_dataset *data,
                              struct pd_error *err);

/* Images first .. first + n of a data set as the networks see them, (n, C, side, side): those of another size
 * are scaled. PD_ERR_USAGE: there are not so many, they have other channels, or are points where the networks
 * are for images. */
enum pd_status pd_score_input(const struct pd_gan *gan, const struct pd_dataset *data, int64_t first,
                              int64_t n, float *images, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
