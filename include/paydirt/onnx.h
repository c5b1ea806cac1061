/* Networks for other programs, as ONNX models (https://onnx.ai): IR version 8, operators of set 17, any
 * number N of images at a time, weights inside the file. In evaluation mode, as samples and scores are made.
 */
#ifndef PAYDIRT_ONNX_H
#define PAYDIRT_ONNX_H

#include <paydirt/gan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the file says of itself beside what these functions know (model, classes, layouts): UTF-8. */
struct pd_onnx_meta {
    const char *key, *value;
};

/* G, with averaged weights where the run has them. Inputs: z float32 (N, z_dim), normal noise; labels int64
 * (N), classes from 0; the runtime refuses others. Outputs: images float32 (N, C, side, side) in [-1, 1] and
 * pixels uint8 (N, side, side, C), the same as levels; of points: images (N, 2) alone. The file appears whole
 * or not at all. PD_ERR_UNSUPPORTED: an op that ONNX has no words for (the message names it), G by the
 * statistics of a batch, more than 2 GB, or built without protobuf-c; PD_ERR_USAGE: the gan is at work in
 * another thread; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_generator_write_onnx(struct pd_gan *gan, const struct pd_onnx_meta *meta, int count,
                                       const char *path, struct pd_error *err);

/* D for images of that origin (score.h). Input: images as above. Outputs: logit float32 (N), class_logits
 * float32 (N, classes). Fails as the other. */
enum pd_status pd_discriminator_write_onnx(struct pd_gan *gan, enum pd_origin origin,
                                           const struct pd_onnx_meta *meta, int count, const char *path,
                                           struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
