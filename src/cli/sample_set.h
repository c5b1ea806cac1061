/* A fixed set of samples to measure: generated, kept by rejection, or read from anyone's file. */
#ifndef PD_CLI_SAMPLE_SET_H
#define PD_CLI_SAMPLE_SET_H

#include "cli/reject.h"

struct sample_set {
    const struct pd_samples *samples; /* made or rejection.kept; NULL: there is no set */
    double rate;                      /* kept of those tried; 1 without rejection */
    const char *method;               /* of rejection, or NULL */
    double keep;                      /* the part that was asked for, or 0 */
    char words[1100];                 /* what it is: "kept by gold, p 0.1, 76.3 % of those tried" */
    float *logit, *class_logits;      /* sample_set_score's: (count), (count, classes); or NULL */
    /* whoever owns them */
    struct pd_samples made;
    struct pd_rejection rejection;
};

/* per_class of each class; by rejection where o has a method. show: as reject_run's. */
enum pd_status sample_set_make(const struct reject_options *o, struct pd_run_model *run, int64_t per_class,
                               uint64_t seed, int64_t show, struct sample_set *out, struct pd_error *err);

/* What D makes of them, by its statistics of generated images. */
enum pd_status sample_set_score(struct sample_set *set, struct pd_run_model *run, struct pd_error *err);

/* As pd_samples_read. */
enum pd_status sample_set_read(const char *path, const struct pd_gan *gan, struct sample_set *out,
                               struct pd_error *err);

void sample_set_release(struct sample_set *set); /* also a zeroed one */

#endif
