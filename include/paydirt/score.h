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
 * reject.h take. PD_ERR_USAGE: no such origin, n < 0, a number that is not finite, a pixel beyond [-1, 1], or
 * the gan is at work in another thread; PD_ERR_MEMORY. */
enum pd_status pd_score(struct pd_gan *gan, enum pd_origin origin, const float *images, int64_t n,
                        float *logit, float *class_logits, struct pd_error *err);

/* D's trunk features (n, pd_gan_feature_width): what pd_select_diverse takes. Fails as pd_score. */
enum pd_status pd_features(struct pd_gan *gan, enum pd_origin origin, const float *images, int64_t n,
                           float *features, struct pd_error *err);

/* Class logits (passes, n, classes) of D with dropout at work, pass by pass: what select.h's bald takes. The
 * random numbers follow from the seed, the pass and the image's place. As pd_score; PD_ERR_USAGE, too: no 1
 * to PD_PASSES_MOST passes, or D has no dropout (the message names networks that have). */
enum { PD_PASSES_MOST = 1000 };
enum pd_status pd_passes(struct pd_gan *gan, enum pd_origin origin, const float *images, int64_t n,
                         int passes, uint64_t seed, float *class_logits, struct pd_error *err);

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

/* Real images as networks see them. Both blocks are owned: pd_real_images_release. */
struct pd_real_images {
    float *images;   /* (count, C, side, side) in [-1, 1], or points (count, 2) */
    int32_t *labels; /* (count); a metric's: >= 0 */
    int64_t count;
};
void pd_real_images_release(struct pd_real_images *images); /* also a zeroed one */

/* --- a data set's images, as `paydirt score` has them --- */

/* All blocks are owned: pd_scores_release. Natural logarithms. */
struct pd_scores {
    int64_t n;
    int classes;
    int32_t *labels;       /* (n): the data's, or -1 */
    float *logit;          /* (n): GOLD's marginal term m */
    float *class_logits;   /* (n, classes) */
    double *log_p;         /* (n, classes) */
    double *entropy;       /* (n), in nats */
    double *conditional;   /* (n): GOLD's k, of the label where there is one */
    double *gold;          /* (n): GOLD's d, vanilla */
    double *gold_balanced; /* (n): over the images scored */
};

/* D in evaluation mode, over all images of the data, whose classes are taken as the networks' by number
 * (run.h's pd_run_data makes them so by name). watch: or NULL; sees images scored, and may stop it.
 * PD_ERR_USAGE: data that do not fit the networks (pd_score_input), a label beyond their classes, scores that
 * are not finite, or the gan is at work in another thread; PD_ERR_MEMORY, PD_ERR_INTERRUPTED. */
enum pd_status pd_score_data(struct pd_gan *gan, const struct pd_dataset *data,
                             const struct pd_data_watch *watch, struct pd_scores *out, struct pd_error *err);
void pd_scores_release(struct pd_scores *scores); /* also zeroed ones */

/* What rows can be sorted by, largest first: probability of the likeliest class, ... */
enum pd_score_key {
    PD_SCORE_UNSORTED,
    PD_SCORE_P,
    PD_SCORE_LOGIT,
    PD_SCORE_ENTROPY,
    PD_SCORE_GOLD,
    PD_SCORE_GOLD_BALANCED
};
/* "p", "logit", ...; PD_ERR_USAGE with the nearest right name when there is none of that name. */
enum pd_status pd_score_key_find(const char *name, enum pd_score_key *out, struct pd_error *err);

/* A CSV with a row for each image, which appears whole or not at all: index, label, logit, log_p_class (of
 * the label), predicted, entropy, gold, gold_balanced, image (its name), class (the predicted one's name), p
 * (its probability), and with probabilities those of all classes; of a run's images of which some were
 * renamed, image is the name by now, and paydirt_image the run's. No label: empty fields. data: those that
 * were scored. PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_scores_write(const char *path, const struct pd_scores *scores,
                               const struct pd_dataset *data, enum pd_score_key sort, bool probabilities,
                               struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
