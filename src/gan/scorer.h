/* The discriminator at work: images in, scores or features out. */
#ifndef PD_GAN_SCORER_H
#define PD_GAN_SCORER_H

#include "gan/gan.h"

#include <paydirt/score.h>

struct pd_scorer;

/* D in evaluation mode for images of that origin. The gan is borrowed. */
enum pd_status pd_scorer_create(struct pd_gan *gan, enum pd_origin origin, struct pd_scorer **out,
                                struct pd_error *err);
void pd_scorer_destroy(struct pd_scorer *s);

/* Of n images: logit (n), class_logits (n, classes). */
enum pd_status pd_scorer_score(struct pd_scorer *s, const float *images, int64_t n, float *logit,
                               float *class_logits, struct pd_error *err);

/* Images first .. first + n - 1 of all, in all passes. first: a multiple of PD_SCORER_BATCH. */
enum { PD_SCORER_BATCH = 100 };
struct pd_pass_rows {
    int64_t first, n, all;
    int passes;
};

/* pd_passes (paydirt/score.h) of some of the images; class_logits (passes, all, classes): theirs are filled.
 */
enum pd_status pd_scorer_passes(struct pd_gan *gan, enum pd_origin origin, const float *images,
                                const struct pd_pass_rows *rows, uint64_t seed, float *class_logits,
                                struct pd_error *err);

/* The same at once: pd_score, pd_features, pd_passes (paydirt/score.h). */

#endif
