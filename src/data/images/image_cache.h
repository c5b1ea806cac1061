/* A set's decoded images in one file, used straight from a map of it.
 *
 *     pixels   (count, channels, side, side) bytes, then zeros up to a multiple of 8
 *     index    stamps (count + others) uint64; digests (count, 16); labels (count) int32; class names
 *              (classes, 256);
 *              texts, each with its NUL: key, names of the images, names of the others
 *     end      struct pd_image_cache_end
 *
 * Numbers are this machine's. Others are what was looked at beside the images: files that cannot be read and
 * the folders that all of it lies in. A stamp stands for size and times of the file of that name below the
 * set's root; 0: there is nothing to compare. */
#ifndef PD_DATA_IMAGES_IMAGE_CACHE_H
#define PD_DATA_IMAGES_IMAGE_CACHE_H

#include "base/buffer.h"
#include "data/dataset.h"
#include "data/digest.h"
#include "data/images/image_list.h"

struct pd_image_cache_end {
    char magic[8];
    uint32_t version;
    uint32_t checksum; /* CRC-32 of the index and of this struct, in which it counts as 0 */
    uint32_t count, others;
    int32_t classes, channels, side;
    uint32_t unused;
    uint64_t texts;          /* bytes */
    uint64_t size;           /* of the file */
    char note[PD_NOTE_SIZE]; /* the data set's */
};

/* What lies where in a file's bytes; all borrowed. */
struct pd_image_cache {
    struct pd_image_cache_end end;
    const uint8_t *pixels;
    const uint64_t *stamps;
    const struct pd_digest *digests;
    const int32_t *labels;
    const char (*class_names)[PD_CLASS_NAME_SIZE];
    const char *image_names, *other_names; /* the first of each */
};

/* bytes: the whole file's, aligned to 8. key: what the set must be; name stands in messages. Every count,
 * label and text is checked, and the pixels' number; any pixels are good ones. PD_ERR_FORMAT: damaged, cut
 * off, or no cache of this version; PD_ERR_MISMATCH: another set's. */
enum pd_status pd_image_cache_parse(const uint8_t *bytes, size_t size, const char *key, const char *name,
                                    struct pd_image_cache *out, struct pd_error *err);
uint32_t pd_image_cache_checksum(const uint8_t *index, size_t size, const struct pd_image_cache_end *end);

/* FILE for the set called so within the folder dir; NULL or "": $XDG_CACHE_HOME/paydirt, or
 * ~/.cache/paydirt. path[size]. PD_ERR_USAGE: neither is known, or the path is too long. */
enum pd_status pd_image_cache_path(const char *dir, const char *name, const char *key, char *path,
                                   size_t size, struct pd_error *err);

/* Makes a zeroed but for its name data set of the file. root: the folder whose files are compared with the
 * stamps, by so many threads; NULL: none is. All others are, and of up to 200,000 images every one; of more
 * every n-th, so that there are no more than that, beginning with one that the clock says. As
 * pd_image_cache_parse, and PD_ERR_MISMATCH when a file or folder has changed; PD_ERR_IO: there is no such
 * file; PD_ERR_MEMORY. On failure d is as it was. */
enum pd_status pd_image_cache_open(const char *path, const char *key, const char *root, int threads,
                                   struct pd_dataset *d, struct pd_error *err);

/* Index and end of a file that begins with `count` images' pixels, those of the list that are good (1, in the
 * list's order; else 0), of these digests (count); d has classes, shape and note. PD_ERR_MEMORY. */
enum pd_status pd_image_cache_index(const struct pd_image_list *list, const uint8_t *good,
                                    const struct pd_digest *digests, const char *key,
                                    const struct pd_dataset *d, struct pd_buffer *out, struct pd_error *err);

#endif
