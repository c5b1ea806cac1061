/* The training step of a run: its plans, whose inputs follow the schedule, and a batch on its way into them.
 */
#ifndef PD_RUN_STEP_H
#define PD_RUN_STEP_H

#include "data/loader.h"
#include "gan/gan.h"
#include "run/options.h"

struct pd_run_step {
    const struct pd_train_options *o; /* settled; borrowed, like gan and loader */
    struct pd_gan *gan;
    struct pd_loader *loader;
    struct pd_step_plans plans, partial; /* partial: for an epoch's last, smaller batch; zeroed: none */
    struct pd_vars *kept;                /* where the gan computes on a device, if there is room, */
    struct pd_var *pixels;               /* all images; else NULL */
    float *images;                       /* a batch of them, or */
    int32_t (*places)[4];                /* where it lies among them */
    int32_t *labels;
    bool gold;                       /* they re-weight */
    int64_t top_k, top_k_of_partial; /* fakes that the generator learns from; 0: all */
    double guess;                    /* factor on the weight of consistency */
    double cost; /* operations of a step, as a multiple of one without adversarial sampling */
};

/* Whether GOLD re-weights that step of so many. */
bool pd_run_is_gold(const struct pd_train_options *o, uint64_t step, uint64_t last_step);

/* The part of the fakes that the generator learns from: one in a hundred fewer with every epoch (Sinha et al.
 * 2020), down to the option's. */
double pd_run_top_k(const struct pd_train_options *o, uint64_t epoch);

/* s: to close, also on failure. */
enum pd_status pd_run_step_open(const struct pd_train_options *o, struct pd_gan *gan,
                                struct pd_loader *loader, struct pd_run_step *s, struct pd_error *err);
void pd_run_step_close(struct pd_run_step *s); /* also a zeroed one */

/* Brings the plans to what is due at that step of so many. */
enum pd_status pd_run_step_fit(struct pd_run_step *s, uint64_t step, uint64_t last_step,
                               struct pd_error *err);

/* Takes it, on the loader's batch. */
enum pd_status pd_run_step_take(struct pd_run_step *s, uint64_t step, struct pd_error *err);

#endif
