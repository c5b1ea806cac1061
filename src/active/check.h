/* What can be wrong shows before a folder is made, and before people are asked. */
#ifndef PD_ACTIVE_CHECK_H
#define PD_ACTIVE_CHECK_H

#include "active/trial.h"

/* Of a run that is to begin. The model, where none is given, is decided in *o. */
enum pd_status pd_check_start(const struct pd_active_options *a, struct pd_train_options *o,
                              const struct pd_active_news *news, const struct pd_active_watch *watch,
                              bool *told, struct pd_error *err);

/* Whether the data have what --final asks for. PD_ERR_USAGE. */
enum pd_status pd_check_budget(const struct pd_trial *t, struct pd_error *err);

/* Labels that the data set has by now and that are not those the run began with: PD_ERR_MISMATCH names them,
 * where they are not what has been corrected. tell: a line names those that came to images which people have
 * answered otherwise. */
enum pd_status pd_check_labels(const struct pd_trial *trial, bool tell, struct pd_error *err);

#endif
