/* Images that look the same: saved again, in another size or quality. Not those that were cropped, turned or
 * made brighter. */
#ifndef PD_DATA_NEAR_COPIES_H
#define PD_DATA_NEAR_COPIES_H

#include "data/dataset.h"

/* first (count): for each image the first one that it is near to, itself where there is none; n of them have
 * one. Two are near where their grey thumbnails of 16 x 16 pixels differ by at most 6 of 255 levels (root
 * mean square); every image is held against the firsts alone, so that a film is not one image. Exact copies
 * are near, too. For images, not 2-D points. Owned: pd_free. PD_ERR_MEMORY. */
enum pd_status pd_near_copies(const struct pd_dataset *dataset, int threads, uint32_t **first, uint32_t *n,
                              struct pd_error *err);

#endif
