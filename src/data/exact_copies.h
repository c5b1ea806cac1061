/* Images of which one label is the label of all: the same pixels, also beyond what networks see of them. */
#ifndef PD_DATA_EXACT_COPIES_H
#define PD_DATA_EXACT_COPIES_H

#include "data/dataset.h"
#include "data/digest.h"
#include "data/images/image.h"

/* As pd_digest_copies of all images, by what was given of them (dataset.h); of files that are alike once they
 * are shrunk and cut to their middle, the files count, as pd_file_digest. */
enum pd_status pd_exact_copies(const struct pd_dataset *dataset, int threads, uint32_t **first, uint32_t *n,
                               struct pd_error *err);

/* Of one image as it was given: of its file, as pd_file_digest, or of its numbers. */
void pd_given_digest(const struct pd_dataset *dataset, uint32_t image, struct pd_digest *out);

/* Equal for files that hold the same picture: of its pixels at their own size, or, where these lack something
 * that is stored (PD_IMAGE_LOST) or image is NULL, of the file's bytes. */
void pd_file_digest(const struct pd_image *image, const void *bytes, size_t size, struct pd_digest *out);

#endif
