/* Inception on image files, each resized from its own size. */
#ifndef PD_METRIC_IMAGE_FILES_H
#define PD_METRIC_IMAGE_FILES_H

#include "data/images/image_list.h"
#include "io/sha256.h"

#include <paydirt/inception.h>

struct pd_inception_files {
    const char *root; /* what the list's names are below */
    const struct pd_image_list *list;
    int side;    /* images are brought to it first, as training has them; 0: from their own sizes */
    bool logits; /* are wanted */
};

struct pd_inception_found {
    float *features, *logits; /* (count, 2048), (count, 1008) or NULL; owned */
    int64_t count;
    uint8_t *good;              /* (list's count): 1 for the images that were taken, else 0; owned */
    uint64_t *sizes;            /* (list's count): height << 32 | width, 0 for those left out; owned */
    size_t drawn, bad;          /* left out: pictures that paydirt has drawn, or that cannot be read */
    struct pd_error first_bad;  /* why the first of those cannot */
    char digest[PD_SHA256_HEX]; /* pd_inception_files_digest, of the bytes that were decoded */
};

/* Threads decode the next batch while the network has this one; memory: two batches, an image for each
 * thread, and the numbers. What cannot be decoded is left out, as pd_image_set_open does. PD_ERR_FORMAT: all
 * of them; PD_ERR_IO, PD_ERR_UNSUPPORTED, PD_ERR_MEMORY, PD_ERR_INTERRUPTED by work's watch. found: to be
 * released, also after a failure. */
enum pd_status pd_inception_run_files(struct pd_inception *net, const struct pd_inception_files *files,
                                      const struct pd_feature_work *work, struct pd_inception_found *found,
                                      struct pd_error *err);
void pd_inception_found_release(struct pd_inception_found *found);

/* SHA-256 of the SHA-256 of each file's bytes, in the list's order; of one that is not there or not ours to
 * read, zeros. watch: may be NULL. */
enum pd_status pd_inception_files_digest(const struct pd_inception_files *files, int threads,
                                         const struct pd_data_watch *watch, char digest[PD_SHA256_HEX],
                                         struct pd_error *err);

#endif
