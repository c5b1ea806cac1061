/* Images of a folder, to be found by what a table of labels calls them. */
#ifndef PD_DATA_LABELS_LABEL_NAMES_H
#define PD_DATA_LABELS_LABEL_NAMES_H

#include "base/buffer.h"
#include "data/images/image_list.h"
#include "data/labels/image_index.h"

struct pd_label_names {
    struct pd_buffer text;    /* one name behind the other */
    struct pd_dataset images; /* them, for the index */
    struct pd_image_index index;
};

/* PD_ERR_MEMORY */
enum pd_status pd_label_names_init(struct pd_label_names *names, const struct pd_image_list *list,
                                   const char *folder, struct pd_error *err);
void pd_label_names_release(struct pd_label_names *names); /* also zeroed ones */

/* The image's place in the list, PD_IMAGE_UNKNOWN or PD_IMAGE_AMBIGUOUS. *converted: it has another ending
 * than in text. */
int64_t pd_label_names_find(const struct pd_label_names *names, const char *text, bool *converted);

/* Whether an image is called as in text, with the ending of another, like. Quick, as most are not. */
bool pd_label_names_has(const struct pd_label_names *names, const char *text, const char *like);

#endif
