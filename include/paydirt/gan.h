/* A class-conditional GAN: a generator G, and a discriminator D that says both whether an image is real and
 * which class it has (AC-GAN, Odena et al. 2017). Made by training (train.h) or opened from a run's folder.
 */
#ifndef PAYDIRT_GAN_H
#define PAYDIRT_GAN_H

#include <paydirt/data.h>
#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One thread's at a time (a second one is refused); several may work at once, each in a thread of its own. */
struct pd_gan;

/* Where networks compute; zeroed: on the processor, all threads that the process may use. */
struct pd_where {
    int threads;                    /* 0: as many as there are, or as its header says */
    const char *device, *precision; /* as graph.h's pd_backend_open takes them; NULL: cpu, fp32 */
};

/* Of images that D scores. In training it sees a batch of one kind alone and normalises it by its own
 * statistics. */
enum pd_origin { PD_ORIGIN_REAL, PD_ORIGIN_FAKE, PD_ORIGINS };

/* The networks of a run, as of its best epoch where it validates, else of its last checkpoint. threads 0: as
 * the run's options say. D scores reals as the run's option "recalibrate" says: by recalibrated statistics,
 * which its folder keeps, as after `paydirt score`, or which are made here, over the run's data; where these
 * are not there any more, by its running ones (pd_gan_statistics), until pd_recalibrate (score.h).
 * PD_ERR_USAGE, PD_ERR_IO, PD_ERR_FORMAT, PD_ERR_MISMATCH, PD_ERR_MEMORY. */
enum pd_status pd_gan_open(const char *run, int threads, struct pd_gan **out, struct pd_error *err);

/* A checkpoint of the networks (safetensors, PyTorch's names; doc/checkpoint.md), written aside and renamed;
 * and back, with the names of the classes and the statistics that D scores by: the same samples and scores,
 * bit for bit, on the same threads. A run's checkpoint.safetensors can be read, too. threads 0: as many as
 * the process may use. PD_ERR_IO, PD_ERR_MEMORY; reading: PD_ERR_FORMAT, PD_ERR_MISMATCH (not such a file),
 * PD_ERR_USAGE (threads). */
enum pd_status pd_gan_write(const struct pd_gan *gan, const char *path, struct pd_error *err);
enum pd_status pd_gan_read(const char *path, int threads, struct pd_gan **out, struct pd_error *err);

void pd_gan_destroy(struct pd_gan *gan); /* also NULL */

struct pd_ranks;
/* From here on pd_score_data is the work of all ranks (paydirt/ranks.h), of which each calls it with the same
 * networks and data; borrowed. NULL: of this process alone. */
void pd_gan_share(struct pd_gan *gan, struct pd_ranks *ranks);

/* Where they compute, for people: "cpu", "cuda:0, NVIDIA H200". Valid as long as they. */
const char *pd_gan_where(const struct pd_gan *gan);

int pd_gan_classes(const struct pd_gan *gan);
/* The class's name, or the number where the networks know none, or no such class, into text[size]; returns
 * text. */
char *pd_gan_class_name(const struct pd_gan *gan, int label, char *text, size_t size);
int pd_gan_z_dim(const struct pd_gan *gan);
/* Of an image: (channels, side, side); points: 2, 0. */
void pd_gan_shape(const struct pd_gan *gan, int *channels, int *side);
/* In which the images were given that it learnt from, by which others of their kind are read. */
enum pd_pixel_scale pd_gan_pixel_scale(const struct pd_gan *gan);
int64_t pd_gan_image_size(const struct pd_gan *gan);    /* its numbers: channels * side * side, or 2 */
int64_t pd_gan_feature_width(const struct pd_gan *gan); /* of pd_features */
/* So many images of that origin were measured for the statistics by which D scores such; 0: it takes its
 * running ones, over both origins, or has no batch norm. */
int64_t pd_gan_statistics(const struct pd_gan *gan, enum pd_origin origin);
/* From here on G's batch norm goes by the statistics of each batch that is generated, as in training; or, as
 * at first, by its running ones. A sample then depends on those that are made with it, so it is for fresh
 * samples of all classes (metric.h), not for single images. */
void pd_gan_use_batch_statistics(struct pd_gan *gan, bool on);
bool pd_gan_has_batch_norm(const struct pd_gan *gan); /* in D */

#ifdef __cplusplus
}
#endif

#endif
