/* The verbs of paydirt data, and how they find a data set. */
#ifndef PD_CLI_DATA_H
#define PD_CLI_DATA_H

#include "cli/commands.h"
#include "data/dataset.h"

#define DATA_VERB_LIST(X) X(list) X(get) X(check) X(show)

#define DATA_VERB_DECLARE(name) command_function data_##name;
DATA_VERB_LIST(DATA_VERB_DECLARE)
#undef DATA_VERB_DECLARE

/* What a word or a path stands for. */
struct data_found {
    struct pd_data_request request; /* its name and dir point to the arguments of data_find */
    struct pd_dataset *data;        /* the request's split, opened; owned; NULL: see folder */
    bool folder;                    /* a folder of images: not opened yet */
};

/* what: a name of the table, the path of a folder (its files say which set it is), or whatever else
 * pd_dataset_open takes. dir: --data-dir or "". found: all zero but for what the request asks for (size,
 * classes). Opens the training split; where there is none, the other one. A failure other than PD_ERR_IO and
 * PD_ERR_USAGE leaves the request of the set that is there, but broken. */
enum pd_status data_find(const char *what, const char *dir, struct data_found *found, struct pd_error *err);

#endif
