/* Which data set it is that people point at. */
#ifndef PD_DATA_FIND_H
#define PD_DATA_FIND_H

#include "data/dataset.h"

/* What a word or a path stands for. */
struct pd_data_found {
    struct pd_data_request request; /* its name and dir point to those of pd_data_find's, or to a table */
    struct pd_dataset *data;        /* the request's split, opened; owned; NULL: see folder, archive */
    bool folder;                    /* a folder of images: not opened yet */
    bool by_names;                  /* the set is in a folder, and nothing but its files' names tells which */
    bool archive;                   /* an archive of images or a folder of archives, by pd_data_find_files */
};

/* name: of the table, the path of a folder (its files say which set it is), or whatever else pd_dataset_open
 * takes. Opens the training split; where there is none, the other one. A failure other than PD_ERR_IO and
 * PD_ERR_USAGE leaves the request of the set that is there, but broken. */
enum pd_status pd_data_find(const struct pd_data_request *request, struct pd_data_found *found,
                            struct pd_error *err);

/* For who decodes image files on his own: archives are not opened either, and of other sets the request's
 * split alone is. */
enum pd_status pd_data_find_files(const struct pd_data_request *request, struct pd_data_found *found,
                                  struct pd_error *err);

#endif
