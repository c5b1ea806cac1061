/* Images of which one label is the label of all: the same pixels, also beyond what networks see of them. */
#ifndef PD_DATA_EXACT_COPIES_H
#define PD_DATA_EXACT_COPIES_H

#include "data/dataset.h"

/* As pd_digest_copies of all images; of files that are alike once they are shrunk and cut to their middle,
 * the pictures count as they are, and those of one colour (whose 16 bits became 8) byte by byte. */
enum pd_status pd_exact_copies(const struct pd_dataset *dataset, int threads, uint32_t **first, uint32_t *n,
                               struct pd_error *err);

#endif
