/* What the files that record a gan's plans share. */
#ifndef PD_GAN_GAN_PARTS_H
#define PD_GAN_GAN_PARTS_H

#include "gan/gan.h"
#include "io/array.h"

/* One of the networks in a graph: prefix "g.", "d.", or "ema.", "ema_d." for their averaged weights. */
struct pd_nn pd_gan_network(const struct pd_gan *gan, struct pd_graph *g, const char *prefix, bool training);

struct pd_shape pd_gan_image_shape(const struct pd_gan *gan, int64_t n); /* of n images or points */

/* What pd_gan_compile_generator and pd_gan_compile_scorer compile. */
void pd_gan_record_generator(struct pd_gan *gan, struct pd_graph *g, int64_t n);
void pd_gan_record_scorer(struct pd_gan *gan, struct pd_graph *g, int64_t n, enum pd_origin origin);

/* For what other programs call, from any thread: PD_ERR_USAGE where another has the gan already, or none of
 * its numbers may be given out: n < 0, an origin that there is not, a backend that computes in double. */
enum pd_status pd_gan_enter(struct pd_gan *gan, enum pd_origin origin, int64_t n, struct pd_error *err);
void pd_gan_leave(struct pd_gan *gan);

/* --- consistency --- */

struct pd_consistency {
    const struct pd_gan *gan;
    struct pd_graph *graph;
    struct pd_nn dis; /* as it looked at the reals */
    const struct pd_consistency_options *options;
    struct pd_node *images, *labels; /* (N, ...) before they are shown; one-hot (N, K), zeros: unlabelled */
    struct pd_node *class_logits;    /* (N, K): what D said of them */
};

/* The loss, over the unlabelled of the batch, weight included; sure: the fraction of them that counts. */
struct pd_node *pd_consistency_loss(const struct pd_consistency *c, struct pd_node **sure);

/* --- rotation --- */

/* The mean cross entropy of what the head d.rotation says of images (N, C, S, S) that were turned at random;
 * stream: of the turns. Only the head's power iteration moves. dropout: where dropout's streams go on. */
struct pd_node *pd_rotation_loss(struct pd_nn *dis, const struct pd_model_config *c, struct pd_node *images,
                                 uint32_t stream, uint32_t *dropout);

/* A step with such a loss has been compiled: there is that head. */
bool pd_gan_has_rotation(const struct pd_gan *gan);

/* --- averages --- */

/* A power iteration's vector (spectral norm). */
bool pd_is_direction(const char *name);

/* Records the moving average of everything that a network stores, running statistics included, where there is
 * a variable for it: network "d.", averaged "ema_d."; the variable steps counts the network's updates. */
void pd_record_average(const struct pd_gan *gan, struct pd_graph *g, const char *network,
                       const char *averaged, const char *steps, double decay);

/* --- checkpoints, written and read --- */

extern const char *const pd_width_keys[PD_MAX_WIDTHS], *const pd_image_keys[PD_ORIGINS];

/* A variable without its data, which lie where the backend computes. */
struct pd_io_array pd_gan_array(const struct pd_var *v, size_t real_size);
bool pd_is_state(const char *name); /* no statistic */

/* What training that diverged leaves is no model: PD_ERR_MISMATCH. */
enum pd_status pd_gan_check_array(const char *path, const struct pd_io_array *a, struct pd_error *err);

/* --- statistics --- */

/* Names of D's recalibrated statistics begin so: "real.", "fake.". */
extern const char *const pd_origin_prefixes[PD_ORIGINS];

/* The variables that hold them. PD_ERR_MEMORY. */
enum pd_status pd_gan_make_statistics(struct pd_gan *gan, enum pd_origin origin, struct pd_error *err);

/* D in evaluation mode with statistics of that origin, up to a layer of batch norm. Input "images"; output
 * PD_NN_OBSERVED, of what comes into it. */
enum pd_status pd_gan_compile_observer(struct pd_gan *gan, enum pd_origin origin, const char *layer,
                                       int64_t batch, struct pd_plan **out, struct pd_error *err);

#endif
