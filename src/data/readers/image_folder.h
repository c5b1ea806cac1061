/* The files behind a data set of images, for who decodes them on his own. */
#ifndef PD_DATA_READERS_IMAGE_FOLDER_H
#define PD_DATA_READERS_IMAGE_FOLDER_H

#include "data/images/image_list.h"

/* The image files of the request's split: those of a folder or, unpacked, of an archive or a folder of
 * archives. folder[size] becomes what their names lie below. out: to be released, also after a failure.
 * Fails as pd_archive_unpack and pd_image_labels_list. */
enum pd_status pd_image_folder_list(const struct pd_data_request *request, char *folder, size_t size,
                                    struct pd_image_list *out, struct pd_error *err);

#endif
