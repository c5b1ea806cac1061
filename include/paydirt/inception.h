/* Inception-2015, whose features the field's FID, KID and Inception Score are made of: the network of
 * inception-2015-12-05.tgz as pytorch-fid and torch-fidelity have it. Which weights there are and how the
 * numbers depend on them: doc/metrics.md. */
#ifndef PAYDIRT_INCEPTION_H
#define PAYDIRT_INCEPTION_H

#include <paydirt/data.h>
#include <paydirt/features.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PD_INCEPTION_FEATURES = 2048, /* pool3 */
    PD_INCEPTION_CLASSES = 1008,
    PD_INCEPTION_SIDE = 299 /* what images are resized to */
};

/* --- images to features -------------------------------------------------------------------------------- */

struct pd_inception;

/* The network with the weights of a safetensors file (pd_inception_import's, or any with PyTorch's names).
 * threads 0: all processors that the process may run on. PD_ERR_IO, PD_ERR_FORMAT; PD_ERR_MISMATCH: a tensor
 * is missing, of another shape, or not finite; PD_ERR_MEMORY. */
enum pd_status pd_inception_open(const char *weights, int threads, struct pd_inception **out,
                                 struct pd_error *err);
void pd_inception_destroy(struct pd_inception *net); /* also NULL */

/* SHA-256 of the tensors, 64 hexadecimal digits: the same for a file and for what it was imported from. */
const char *pd_inception_checksum(const struct pd_inception *net);
const float *pd_inception_bias(const struct pd_inception *net); /* (classes), of the last layer */

/* n >= 0 images of 8 bits, (n, channels, height, width) with 1 or 3 channels, or by a callback, which fills
 * pixels with images first .. first + n - 1 (pixels NULL). Borrowed. */
struct pd_inception_images {
    int64_t n;
    int channels, height, width;
    const uint8_t *pixels;
    void *context;
    enum pd_status (*get)(void *context, int64_t first, int64_t n, uint8_t *pixels, struct pd_error *err);
};

/* features (n, 2048); logits (n, 1008) without the bias, as the Inception Score takes them; each may be NULL.
 * An image's numbers do not depend on the others. Memory: a batch. PD_ERR_USAGE: a shape that cannot be;
 * PD_ERR_INTERRUPTED by work's watch, in images; PD_ERR_MEMORY; what get fails with. */
enum pd_status pd_inception_run(struct pd_inception *net, const struct pd_inception_images *images,
                                const struct pd_feature_work *work, float *features, float *logits,
                                struct pd_error *err);

/* The same of a data set's images. PD_ERR_MISMATCH: points. */
enum pd_status pd_inception_run_data(struct pd_inception *net, const struct pd_dataset *data,
                                     const struct pd_feature_work *work, float *features, float *logits,
                                     struct pd_error *err);

/* --- of what a path or a name means --------------------------------------------------------------------- */

struct pd_image_features {
    struct pd_feature_file file; /* (count, 2048); or statistics alone, as its reader has them */
    float *logits;               /* (count, 1008) as above; NULL: not asked for, or statistics */
    bool kept;                   /* computed before */
    char note[PD_NOTE_SIZE];     /* as pd_dataset_note: what was read, and where features are kept */
};

/* Features, and logits where they are wanted, of the images that a request (data.h) means:
 *
 *     folder, archive   each image from its own size, as the field does, or brought to request->size first,
 *                       as training has it (0: not). What cannot be decoded is left out, with a note.
 *                       Memory: a batch, and an image for each thread
 *     an .npz, a set    as pd_dataset_open_any opens it: 8 bits. Memory: all of its images
 *     an .npz with mu and sigma of 2048 features, and no images: those statistics
 *
 * With request->cache features are kept in X.inception.safetensors (of the test split X.test....) beside the
 * folder or file X, of a set in request->cache_dir, and taken from there as long as weights, split, size and
 * every byte of the images are the same. What such a file holds is believed: one that comes from strangers
 * says what they like. One that is stale is replaced; what is none is left alone; none of that is a failure.
 *
 * Fails as pd_dataset_open_any and pd_inception_run_data; PD_ERR_MISMATCH: statistics of other features.
 * Watches: the request's for what is unpacked or compared, work's for the network. out: to be released, also
 * after a failure. */
enum pd_status pd_image_features_read(struct pd_inception *net, const struct pd_data_request *request,
                                      bool logits, const struct pd_feature_work *work,
                                      struct pd_image_features *out, struct pd_error *err);

/* The same of images from elsewhere, n >= 1. Fails as pd_inception_run. */
enum pd_status pd_image_features_of(struct pd_inception *net, const struct pd_inception_images *images,
                                    bool logits, const struct pd_feature_work *work,
                                    struct pd_image_features *out, struct pd_error *err);

void pd_image_features_release(struct pd_image_features *features);

/* What the network sees of an image (channels, height, width): TensorFlow 1's bilinear resize, which puts
 * pixel centres at whole numbers, and (x - 128) / 128, to (3, 299, 299). */
void pd_inception_resize(int channels, int height, int width, const uint8_t *pixels, float *out);

/* --- weights ------------------------------------------------------------------------------------------- */

/* Where people get the file. */
#define PD_INCEPTION_URL                                                                                     \
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"                                 \
    "pt_inception-2015-12-05-6726825d.pth"

struct pd_inception_import {
    int tensors;
    char checksum[65]; /* pd_inception_checksum */
    char source[65];   /* SHA-256 of the file that was read */
    bool published;    /* it is the one at that address */
};

/* Checks the tensors of a file, what torch.save writes (a zip, or before PyTorch 1.6) or safetensors, and
 * writes them to a safetensors file, which appears whole or not at all. A pickle is read as data, nothing in
 * it is run. PD_ERR_FORMAT: truncated, or with anything that a dict of tensors has not, by name;
 * PD_ERR_MISMATCH: a tensor that is missing, too many, of another type or shape, not finite;
 * PD_ERR_UNSUPPORTED, PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_inception_import(const char *from, const char *to, struct pd_inception_import *out,
                                   struct pd_error *err);

/* --- Inception Score ----------------------------------------------------------------------------------- */

/* Salimans et al. 2016: exp of the mean Kullback-Leibler divergence of p(y|x) from p(y), in equal parts of
 * the samples, which are shuffled by the seed. */
struct pd_inception_score {
    double value,
        deviation; /* mean over parts; between them, parts in the denominator, as the field has it */
    int splits;
};
/* logits (n, classes), n >= splits >= 1. PD_ERR_USAGE: a count out of range, a logit that is not finite;
 * PD_ERR_MEMORY. */
enum pd_status pd_inception_score(int64_t n, int64_t classes, const float *logits, int splits, uint64_t seed,
                                  struct pd_inception_score *out, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
