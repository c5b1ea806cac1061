/* Finds images of a data set by what people and their tools call them. */
#ifndef PD_DATA_LABELS_IMAGE_INDEX_H
#define PD_DATA_LABELS_IMAGE_INDEX_H

#include "data/dataset.h"

enum { PD_IMAGE_ENDINGS = 64 };

struct pd_image_index {
    const struct pd_dataset *dataset; /* borrowed */
    struct pd_indexed_name *sorted;   /* (dataset->count), by their ends; NULL where the numbers serve */
    struct pd_indexed_name
        *composed; /* the same of the names in Unicode's composed form, or NULL: all ASCII */
    char *texts;   /* those */
    const char *endings[PD_IMAGE_ENDINGS]; /* (ending_count): of the names, ".png", each once */
    int ending_count;
};

enum { PD_IMAGE_UNKNOWN = -1, PD_IMAGE_AMBIGUOUS = -2 };

/* PD_ERR_MEMORY */
enum pd_status pd_image_index_init(struct pd_image_index *index, const struct pd_dataset *dataset,
                                   struct pd_error *err);
void pd_image_index_release(struct pd_image_index *index);

/* The image whose name (or number) is `text`; else the one with the longest name that `text` ends with, as a
 * path or URL does; else the only one whose name ends with `text`; both at a '/'. Then the same in Unicode's
 * composed form: a Mac's names are decomposed. URLs are taken as they stand and decoded; Label Studio's
 * "/data/local-files/?d=PATH" and "/data/upload/1/0123abcd-NAME" are known, and "0123abcd-NAME" with a letter
 * in it anywhere. Time: log(count) a name. */
int64_t pd_image_find(const struct pd_image_index *index, const char *text);

/* That whose name (or number) is `text`, "./" and the like aside, and nothing else. */
int64_t pd_image_find_exactly(const struct pd_image_index *index, const char *text);

/* The only image that is called as the first `size` bytes of text and an ending that some image has: not a
 * photo and its mask. */
int64_t pd_image_find_stem(const struct pd_image_index *index, const char *text, size_t size);

/* Whether text, by which the image was found, says that it lies in a folder other than the data set's:
 * "cam2/1.png" about "1.png" of ./photos. A URL says nothing of that. */
bool pd_image_is_elsewhere(const struct pd_image_index *index, const char *text, int64_t image);

#endif
