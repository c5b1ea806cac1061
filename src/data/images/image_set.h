/* Data sets of images that have to be decoded: into memory, or once into a cache file. */
#ifndef PD_DATA_IMAGES_IMAGE_SET_H
#define PD_DATA_IMAGES_IMAGE_SET_H

#include "data/dataset.h"
#include "data/images/image_list.h"

struct pd_image_set {
    const char *root; /* folder that the list's names are below */
    const char *key;  /* all that decides on labels and pixels, as text; "": it is never cached */
    int side;         /* of the decoded images */
    const void *context;
    /* What there is: names, labels, classes, and stamps to compare at the next opening. To be released, also
     * after a failure. */
    enum pd_status (*list)(const struct pd_image_set *set, struct pd_image_list *out, struct pd_error *err);
};

/* Fills a data set that has nothing but its name. Images that cannot be decoded, or that we may not open, are
 * left out, with a note; the latter keep the others from being cached. Where the disc or memory fails, all
 * fails. Where every pixel of all is grey, the set has one channel.
 *
 * With request->cache, sets of 2,000 images or 32 MiB of files are decoded into a file, a few MB at a time,
 * and that is used as long as it is fresh (image_cache.h). Where it cannot be written, a note says why, and
 * the images are decoded into memory.
 *
 * PD_ERR_FORMAT (not one can be decoded), PD_ERR_UNSUPPORTED (2^32 images), PD_ERR_IO, PD_ERR_MEMORY,
 * PD_ERR_INTERRUPTED, and what list returns. */
enum pd_status pd_image_set_open(const struct pd_image_set *set, const struct pd_data_request *request,
                                 struct pd_dataset *d, struct pd_error *err);

#endif
