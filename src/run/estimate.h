/* What a training run will take of this machine, known from its options before anything is allocated. */
#ifndef PD_RUN_ESTIMATE_H
#define PD_RUN_ESTIMATE_H

#include "run/options.h"

#include <paydirt/train.h>

/* What the options leave to the data. */
struct pd_estimate_data {
    int channels, classes, size; /* size: side of an image in pixels; 0: points */
    double bytes;                /* of memory that the images take */
    bool no_files;               /* nothing is written: no disk is needed */
};

/* o: settled (setup.h). PD_ERR_MEMORY, and what the options are refused for. */
enum pd_status pd_estimate_make(const struct pd_train_options *o, const struct pd_estimate_data *data,
                                struct pd_estimate *out, struct pd_error *err);

/* PD_ERR_MEMORY, PD_ERR_IO: it cannot fit in the memory that is free, or on the disk of the folder that --out
 * names; the message proposes a width that does. */
enum pd_status pd_estimate_check(const struct pd_train_options *o, const struct pd_estimate_data *data,
                                 const struct pd_estimate *e, struct pd_error *err);

#endif
