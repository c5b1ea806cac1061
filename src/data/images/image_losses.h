/* What decoded images do not show of their files, and how little some show: lines about a set. */
#ifndef PD_DATA_IMAGES_IMAGE_LOSSES_H
#define PD_DATA_IMAGES_IMAGE_LOSSES_H

#include "data/dataset.h"
#include "data/images/image.h"

/* Of one decoded image. */
struct pd_image_trait {
    int32_t label;              /* or -1 */
    uint8_t darkest, brightest; /* of all values */
    uint8_t beyond;             /* as in struct pd_image */
    bool is_long;               /* pd_image_is_long */
};

void pd_image_look(const struct pd_image *image, int32_t label, struct pd_image_trait *out);

/* Lines about `count` images. name: the data set's; class_names (classes). PD_ERR_MEMORY. */
enum pd_status pd_image_losses_note(const char *name, const struct pd_image_trait *of, size_t count,
                                    const char (*class_names)[PD_CLASS_NAME_SIZE], int classes,
                                    char note[PD_NOTE_SIZE], struct pd_error *err);

#endif
