/* A fixed set of samples to measure: generated, kept by rejection, or read from anyone's file. */
#ifndef PD_CLI_SAMPLE_SET_H
#define PD_CLI_SAMPLE_SET_H

#include "cli/reject.h"

#include "io/npy.h"

struct sample_set {
    int64_t count;
    const float *images; /* (count, C, H, W) or (count, 2) */
    const int32_t *labels;
    double rate;      /* kept of those tried; 1 without rejection */
    char words[1100]; /* what it is: "kept by gold, p 0.1, 76.3 % of those tried" */
    /* whoever owns them */
    struct pd_samples samples;
    struct pd_rejection rejection;
    struct pd_npy *file;
};

/* per_class of each class; by rejection where o has a method. */
enum pd_status sample_set_make(const struct reject_options *o, struct pd_run_model *run, int64_t per_class,
                               uint64_t seed, struct sample_set *out, struct pd_error *err);

/* An npz with images (float32) and labels (int32), as 'paydirt sample' writes it. PD_ERR_MISMATCH: they don't
 * fit the model of the run. */
enum pd_status sample_set_read(const char *path, const struct pd_model_config *config, struct sample_set *out,
                               struct pd_error *err);

void sample_set_release(struct sample_set *set); /* also a zeroed one */

#endif
