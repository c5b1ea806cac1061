/* An AC-GAN in memory: a model's variables, and the plans that train, sample and score it. */
#ifndef PD_GAN_GAN_H
#define PD_GAN_GAN_H

#include "data/labels/class_names.h"
#include "model/model.h"

#include <paydirt/gan.h>

#include <stdatomic.h>

struct pd_gan {
    struct pd_model_config config;
    struct pd_backend *backend; /* borrowed, unless it owns it */
    bool owns_backend;
    struct pd_vars *vars; /* g.…, d.…, perhaps ema.…, ema_d.… and, once a step is compiled, d.rotation.…,
                             adam_d/…, adam_g/…, guesses/… */
    struct pd_vars
        *records; /* with losses, the last steps' (PD_LOSS_STEPS, PD_LOSS_COUNT); NULL: no step yet */
    struct pd_var *losses;
    bool batch_statistics;          /* by which G's batch norm makes samples; else by the running ones */
    bool ema;                       /* samples come from the generator's averaged weights */
    bool ema_d;                     /* scores come from the discriminator's averaged weights */
    struct pd_class_names classes;  /* owned; zeroed: not known */
    enum pd_pixel_scale scale;      /* of the images that it learns from */
    int64_t statistics[PD_ORIGINS]; /* images that D's batch norm was recalibrated on (gan/recalibrate.h),
                                       in real.… and fake.…; 0: it takes its running statistics, over both */
    uint64_t steps;                 /* that its networks have seen, where that is known; else 0 */
    atomic_bool busy;               /* another program's call is at work */
};

/* Fresh weights from the seed. Destroy its plans before it. */
enum pd_status pd_gan_create(const struct pd_model_config *config, struct pd_backend *backend, uint64_t seed,
                             struct pd_gan **out, struct pd_error *err);

/* From here on samples come from ema.…, which a step with .ema moves; scores from ema_d.…, .ema_d moves them.
 * PD_ERR_MEMORY. */
enum pd_status pd_gan_add_ema(struct pd_gan *gan, struct pd_error *err);
enum pd_status pd_gan_add_ema_d(struct pd_gan *gan, struct pd_error *err);

/* --- training ---------------------------------------------------------------------------------------------
 */

/* What D's classifier learns from reals without a label (FixMatch: Sohn et al. 2020): where it is sure of an
 * image as D is shown it, it shall say the same of the image changed strongly. */
struct pd_consistency_options {
    double weight;    /* of that class loss in the discriminator step; 0: none */
    unsigned augment; /* the strong changes: pd_augment_parse's */
    double threshold; /* a guess counts above this probability, in [0, 1] */
    bool align;       /* distribution alignment: p is divided by the classes' mean p over the last hundreds of
                         steps (Berthelot et al. 2020), for data with as many images of each class */
};

struct pd_step_options {
    int64_t batch;
    double lambda_c; /* weight of the class loss on fakes in the discriminator step */
    /* That loss on all fakes (the papers' expectation), or on as many as the batch has labelled reals and on
     * none where it has none (the habit of GOLD's reference code). */
    bool match_labels;
    /* That loss of each fake times p of the class that it was asked for, by the averaged D where ema_d keeps
     * one, else by D itself: what does not look like its class is a wrong label. The weight has no gradient;
     * the mean is over all fakes still, so that the loss grows as they come to look like their classes. The
     * generator's class loss stays as it is: it is the unlikely ones that have to change. */
    bool fake_confidence;
    bool no_classes; /* D learns of no label, but: */
    /* Mutual information of the classes asked for and what is generated (InfoGAN: Chen et al. 2016, eq. 6):
     * with no_classes the weight, in both steps, of the class loss on fakes, so that the classes come to
     * stand for what images differ in. 0: none, and D learns real and fake alone. */
    double mutual_information;
    bool gold; /* re-weight by GOLD (section 3.2, eq. 5): w = sign(d) |d|^beta */
    double beta_d, beta_g;
    bool gold_balanced;   /* d = m + sigma_m / sigma_k * k (eq. 4) over the batch, instead of m + k */
    bool gold_normalised; /* weights divided by their mean size, so that re-weighting leaves the step's length
                           */
    double gold_clip;     /* |w| at most this, after normalising; 0: any */
    bool gold_broadcast;  /* the fakes' real/fake loss is mean(loss) * mean(w), not mean(w * loss) */
    double gold_epsilon;  /* k = log(D_C(c|x) + this) */
    /* D judges the fakes once more for GOLD's weights, and G makes them once more for its own step: the same
     * numbers, but running statistics, power iterations and dropout go on with each forward. */
    bool separate_forwards;
    /* Adversarial sampling (ALCG section 3.2): so many candidates for each sample of the batch; those that D
     * takes for real soonest are trained on. 1: none. */
    int64_t adversarial;
    enum pd_loss_kind loss;
    int critic_steps; /* discriminator steps for each generator step, for pd_step_plans_compile; the others
                         leave the generator as it is */
    bool critic_only; /* such another */
    bool sync_statistics; /* batch norm sees the batches of all ranks as one; batch: this rank's part */
    double ema;       /* decay of the moving average of the generator's weights, in (0, 1); 0: none is kept */
    double ema_d;     /* and of the discriminator's */
    unsigned augment; /* pd_augment_parse's: what D is shown is changed at random */
    /* The discriminator step's losses take a labelled real for so many unlabelled ones (1: alike): a batch
     * with a fixed number of labelled images holds more of them than the data do, and D would learn that they
     * are likelier. The class loss is the labelled ones' alone and takes them as they are. */
    double labelled_weight;
    struct pd_consistency_options consistency;
    /* Self-supervised rotation (SS-GAN: Chen et al. 2019, eq. 4, 5), of images alone: weights of the cross
     * entropy of a head of D, d.rotation, that says by how much what D is shown was turned: in the
     * discriminator step the reals, with a label or without (beta), in the generator step its fakes (alpha).
     * 0: none. */
    double rotation, rotation_g;
    int64_t top_k; /* the generator step learns from so many fakes that D takes for real soonest; 0: all */
    struct pd_adam_options adam;
    struct pd_var *pixels; /* PD_U8 (M, C, H, W), borrowed: training images where the gan computes, out of
                              which the step cuts its batch; NULL: that is its input */
    bool noise_given;      /* z and c are inputs "z" (N, z_dim), "c" i32 (N) instead of random: for tests */
};
struct pd_step_options pd_step_defaults(void); /* the papers' */

/* What a step reports: plan outputs (scalars), and pd_gan_losses, in this order. d_cls_fake includes
 * lambda_c; mean_d is the mean of GOLD's d over the fakes of the discriminator step (GOLD figure 1b), with or
 * without re-weighting. With consistency alone: d_guess, its loss (weight included), and sure, the fraction
 * of the unlabelled reals whose guess counted. With rotation alone: d_rotation, g_rotation, weights included.
 * labelled: so many reals have a label; d_cls_real is their mean (0: there are none).
 */
#define PD_STEP_LOSSES(X)                                                                                    \
    X(d_adv)                                                                                                 \
    X(d_cls_real)                                                                                            \
    X(d_cls_fake) X(g_adv) X(g_cls) X(mean_d) X(d_guess) X(sure) X(d_rotation) X(g_rotation) X(labelled)
enum {
#define PD_STEP_LOSS_ENUM(name) PD_LOSS_##name,
    PD_STEP_LOSSES(PD_STEP_LOSS_ENUM)
#undef PD_STEP_LOSS_ENUM
        PD_LOSS_COUNT,
    PD_LOSS_STEPS = 32 /* that are remembered */
};
extern const char *const pd_loss_names[PD_LOSS_COUNT];

/* One discriminator step and one generator step. Inputs "images" (N, C, H, W) or (N, 2), with pixels in their
 * stead "places" i32 (N, 4) (pd_pixels); "labels" i32 (N), -1 where unlabelled; numbers that may change
 * between runs: "lr", at first that of the options, and with GOLD "gold", at first 1: 0 sets all weights to
 * 1; with consistency "guess", at first 1, a factor on its weight. The fakes are made once for both steps;
 * the GOLD weights come from the loss's own forward (but see separate_forwards). With top_k "top_k", at first
 * that. */
enum pd_status pd_gan_compile_step(struct pd_gan *gan, const struct pd_step_options *options,
                                   struct pd_plan **out, struct pd_error *err);

/* Of steps first .. first + n - 1, which are among the last PD_LOSS_STEPS that were run, by that number; 0
 * where a step has none. Waits for them. */
enum pd_status pd_gan_losses(const struct pd_gan *gan, uint64_t first, uint64_t n,
                             float (*losses)[PD_LOSS_COUNT], struct pd_error *err);

/* The plan of every step of a training with critic steps: the last of critic_steps moves the generator, too.
 */
struct pd_step_plans {
    struct pd_plan *full, *critic; /* critic: without g_adv, g_cls; NULL where every step is full */
    int critic_steps;
};
enum pd_status pd_step_plans_compile(struct pd_gan *gan, const struct pd_step_options *options,
                                     struct pd_step_plans *out, struct pd_error *err);
/* Such a number in all of them. */
enum pd_status pd_step_plans_set(const struct pd_step_plans *plans, const char *name, double value,
                                 struct pd_error *err);
struct pd_plan *pd_step_plan(const struct pd_step_plans *plans, uint64_t step); /* step: from 0 */
void pd_step_plans_release(struct pd_step_plans *plans);                        /* also zeroed ones */

enum { PD_META_VALUE = 64 }; /* bytes of a short text in the metadata */
/* Hexadecimal digits that tell the networks' weights from others'. directions: power iterations' vectors,
 * too. path: for messages. */
enum pd_status pd_gan_digest(const struct pd_gan *gan, bool directions, const char *path,
                             char text[PD_META_VALUE], struct pd_error *err);

/* --- evaluation mode: stored statistics, of D those for images of that origin; no power iteration --- */

/* Inputs "z" (N, z_dim), "c" i32 (N); output "images". */
enum pd_status pd_gan_compile_generator(struct pd_gan *gan, int64_t batch, struct pd_plan **out,
                                        struct pd_error *err);
/* Input "images"; outputs "logit" (N), "class_logits" (N, classes), "log_p" (N, classes). */
enum pd_status pd_gan_compile_scorer(struct pd_gan *gan, enum pd_origin origin, int64_t batch,
                                     struct pd_plan **out, struct pd_error *err);

/* Input "images"; output "class_logits" (N, classes), with dropout at work: other numbers for another seed
 * and step. */
enum pd_status pd_gan_compile_pass(struct pd_gan *gan, enum pd_origin origin, int64_t batch,
                                   struct pd_plan **out, struct pd_error *err);

/* Input "images"; output "features" (N, width), D's trunk. */
enum pd_status pd_gan_compile_features(struct pd_gan *gan, enum pd_origin origin, int64_t batch,
                                       struct pd_plan **out, struct pd_error *err);

/* --- checkpoints ------------------------------------------------------------------------------------------
 */

/* Where a run stands: everything that a resumed run needs besides its options. */
struct pd_progress {
    uint64_t step;                   /* steps done */
    double loss_sums[PD_LOSS_COUNT]; /* over the steps of the unfinished epoch */
    double best_accuracy; /* on the validation images, in [0, 1], and of which epoch (0: none yet) */
    uint64_t best_epoch;
};

/* checkpoint.safetensors: every variable, PyTorch's names and layouts; metadata with model, sizes and
 * progress. Written aside, synced, renamed. */
enum pd_status pd_gan_save(const struct pd_gan *gan, const struct pd_progress *progress, const char *path,
                           struct pd_error *err);

/* Where ranks share Adam, each knows the moments of its own slices: from here on all know all, until the next
 * step. Before pd_gan_save; all ranks call it. */
enum pd_status pd_gan_gather(struct pd_gan *gan, struct pd_error *err);

/* The same without the optimisers' state: enough to sample and to score. */
enum pd_status pd_gan_save_networks(const struct pd_gan *gan, const struct pd_progress *progress,
                                    const char *path, struct pd_error *err);

/* The same in memory: one block of the caller's (pd_free), NULL at first, and back from it into the same gan.
 * PD_ERR_MEMORY */
enum pd_status pd_gan_copy_networks(const struct pd_gan *gan, void **block, struct pd_error *err);
enum pd_status pd_gan_check_finite(const struct pd_gan *gan, struct pd_error *err); /* PD_ERR_MISMATCH */
enum pd_status pd_gan_paste_networks(struct pd_gan *gan, const void *block, struct pd_error *err);

/* Every variable of the gan must be there with its shape (PD_ERR_MISMATCH names the first that is not).
 * Compile the step first to have the optimisers' state loaded, too; what the gan has no variable for is left
 * out. The gan gets the names of the classes where it has none; else they must be the same. */
enum pd_status pd_gan_load(struct pd_gan *gan, const char *path, struct pd_progress *progress,
                           struct pd_error *err);

/* Only the generator's variables (g.…), from a checkpoint of the same model and classes. */
enum pd_status pd_gan_load_generator(struct pd_gan *gan, const char *path, struct pd_error *err);

/* D's recalibrated statistics, for the networks as they are. Loading: 0 in gan->statistics where the file has
 * none, or is of other weights. */
enum pd_status pd_gan_save_statistics(const struct pd_gan *gan, const char *path, struct pd_error *err);
enum pd_status pd_gan_load_statistics(struct pd_gan *gan, const char *path, struct pd_error *err);

/* The networks of such a file, or of pd_gan_write's, which has statistics, too; they own their backend.
 * PD_ERR_USAGE: threads; as pd_backend_open; PD_ERR_FORMAT, PD_ERR_MISMATCH: no such file;
 * PD_ERR_MEMORY. */
enum pd_status pd_gan_open_file(const char *path, const struct pd_where *where, struct pd_gan **out,
                                struct pd_progress *progress, struct pd_error *err);
struct pd_safetensors;
enum pd_status pd_gan_take(const struct pd_safetensors *file, const char *path, const struct pd_where *where,
                           struct pd_gan **out, struct pd_progress *progress, struct pd_error *err);

#endif
