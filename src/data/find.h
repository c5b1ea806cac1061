/* Which data set it is that people point at. */
#ifndef PD_DATA_FIND_H
#define PD_DATA_FIND_H

#include "data/dataset.h"

/* What a word or a path stands for. */
struct pd_data_found {
    struct pd_data_request request; /* its name and dir point to those of pd_data_find's, or to a table */
    struct pd_dataset *data;        /* the request's split, opened; owned; NULL: see folder */
    bool folder;                    /* a folder of images: not opened yet */
};

/* name: of the table, the path of a folder (its files say which set it is), or whatever else pd_dataset_open
 * takes. Opens the training split; where there is none, the other one. A failure other than PD_ERR_IO and
 * PD_ERR_USAGE leaves the request of the set that is there, but broken. */
enum pd_status pd_data_find(const struct pd_data_request *request, struct pd_data_found *found,
                            struct pd_error *err);

#endif
