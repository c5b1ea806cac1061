/* A folder of images whose labels stand in a file. */
#ifndef PD_DATA_LABELS_IMAGE_LABELS_H
#define PD_DATA_LABELS_IMAGE_LABELS_H

#include "data/images/image_list.h"

/* The folder's images as pd_image_list_read gives them; but where there is a file of labels (label_table.h)
 * it alone says which class an image has, and where it has a column for that and the folder no splits, which
 * split. That is request->metadata, or else metadata.csv or metadata.jsonl in the folder or in that of the
 * split; where one of these two has no columns of images and labels, and there are class folders, those
 * count. Classes are those given, or all that the file names: by number where all are numbers, else in the
 * order of their bytes. Images are found as answers' are (image_index.h), also without their endings. The
 * notes say what was understood, which rows name no image and how many images have no row.
 *
 * As pd_image_list_read and pd_label_table_read; PD_ERR_MISMATCH: no row names an image, there are about as
 * many classes as images, or the training split alone has such a file. */
enum pd_status pd_image_labels_list(const char *folder, const struct pd_data_request *request,
                                    struct pd_image_list *out, struct pd_error *err);

#endif
