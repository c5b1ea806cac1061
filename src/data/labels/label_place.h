/* Where a folder of images has its table of labels. */
#ifndef PD_DATA_LABELS_LABEL_PLACE_H
#define PD_DATA_LABELS_LABEL_PLACE_H

#include "data/dataset.h"

/* The request's own; else metadata.csv or metadata.jsonl in the folder, or in that of the request's split,
 * whatever that is called, or so in the only folder that is in it. path[size]: "" where there is none;
 * second[size]: one that it outranks, or "". Returns whether it is for both splits. */
bool pd_label_table_find(const char *folder, const struct pd_data_request *request, char *path, char *second,
                         size_t size);

#endif
