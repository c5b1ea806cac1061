/* What images are, told by their content: the first 128 bits of SHA-256 of an image's shape and pixels (of a
 * 2-D point: its coordinates) as the data set holds them. Equal for exact copies; names and labels do not
 * count. */
#ifndef PD_DATA_DIGEST_H
#define PD_DATA_DIGEST_H

#include "data/dataset.h"

enum { PD_DIGEST_SIZE = 16 };

struct pd_digest {
    uint8_t bytes[PD_DIGEST_SIZE];
};

/* Of one image's pixels, (channels, height, width). */
void pd_digest_pixels(int channels, int height, int width, const uint8_t *pixels, struct pd_digest *out);

/* All of them, (count), by so many threads; 0: as many as the process may use. Owned: pd_free. PD_ERR_MEMORY.
 */
enum pd_status pd_dataset_digests(const struct pd_dataset *dataset, int threads, struct pd_digest **out,
                                  struct pd_error *err);

/* first (count): for each image the first one of the same content, itself where there is none before it; n of
 * them have one before. Owned: pd_free. PD_ERR_MEMORY. */
enum pd_status pd_digest_copies(const struct pd_digest *digests, uint32_t count, uint32_t **first,
                                uint32_t *n, struct pd_error *err);

#endif
