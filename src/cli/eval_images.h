/* Inception's features of images that people bring. */
#ifndef PD_CLI_EVAL_IMAGES_H
#define PD_CLI_EVAL_IMAGES_H

#include <paydirt/inception.h>

/* As pd_inception_open, with a word for the file that people have downloaded. */
enum pd_status eval_open_weights(const char *path, int threads, struct pd_inception **out,
                                 struct pd_error *err);

/* As pd_image_features_read, with bars and lines on standard error. logits: NULL, or to be pd_free'd as the
 * file is (pd_metric_features_release). */
enum pd_status eval_read_images(struct pd_inception *net, struct pd_data_request request,
                                struct pd_feature_file *file, float **logits, struct pd_error *err);

#endif
