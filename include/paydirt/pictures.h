/* The pictures of the two papers (GOLD: Mo et al., NeurIPS 2019; ALCG: Xie & Huang, KDD 2019), each as a PNG
 * file that appears whole or not at all. A title may be NULL. PD_ERR_USAGE: 2-D points where images are
 * wanted, or the other way round; PD_ERR_IO; PD_ERR_MEMORY. */
#ifndef PAYDIRT_PICTURES_H
#define PAYDIRT_PICTURES_H

#include <paydirt/data.h>
#include <paydirt/gan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Images of a data set as a discriminator sees them. All borrowed. */
struct pd_scored {
    const struct pd_dataset *data;
    int64_t n;
    const uint32_t *images;    /* (n): which; NULL: 0 .. n - 1 */
    int classes;               /* of the discriminator */
    const float *class_logits; /* (n, classes) */
    const float *logit;        /* (n): GOLD's marginal term m */
    const double *conditional; /* (n): k */
    const double *gold;        /* (n): d */
};

/* The most and the least certain (ALCG figure 3), by the probability of the likeliest class; columns of each.
 * Needs class_logits alone. */
enum pd_status pd_picture_certainty(const char *path, const struct pd_scored *s, int64_t columns,
                                    const char *title, struct pd_error *err);

/* Those with the highest marginal term, conditional term and GOLD (GOLD figure 2), a row each. */
enum pd_status pd_picture_gold(const char *path, const struct pd_scored *s, int64_t columns,
                               const char *title, struct pd_error *err);

/* Histogram of the two terms (GOLD figure 1a): logit (n), conditional (n). */
enum pd_status pd_picture_terms(const char *path, int64_t n, const float *logit, const double *conditional,
                                const char *title, struct pd_error *err);

/* A labelled point of 2-D data and the round in which it was asked; negative: it was there at the start. */
struct pd_asked {
    uint32_t point;
    int32_t label, round;
};

/* The plane with D's GOLD of unlabelled samples (eq. 8; balanced: eq. 9, over the data's points), all points,
 * and those labelled with the numbers of their rounds (GOLD figure 3). gan: a model of 2-D points, in
 * evaluation mode. */
enum pd_status pd_picture_plane(const char *path, struct pd_gan *gan, const struct pd_dataset *data,
                                bool balanced, const struct pd_asked *asked, int64_t count, const char *title,
                                struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
