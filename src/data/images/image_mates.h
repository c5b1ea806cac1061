/* Files that belong to an image beside them: masks, thumbnails, other forms of it. */
#ifndef PD_DATA_IMAGES_IMAGE_MATES_H
#define PD_DATA_IMAGES_IMAGE_MATES_H

#include "data/images/image_list.h"

/* Says by their names that such files count as images. Looks at some thousand of them; the list is in the
 * order of its paths. */
void pd_image_mates_note(const struct pd_image_list *list, const char *name,
                         const char (*class_names)[PD_CLASS_NAME_SIZE], char note[PD_NOTE_SIZE]);

#endif
