/* Options of an active run, and what of them is changed on resuming it: that stands in its journal; its files
 * keep what it began with. */
#ifndef PD_ACTIVE_CHANGES_H
#define PD_ACTIVE_CHANGES_H

#include "active/active.h"

/* active.json, the last of the folder's first files: a run that has it can be resumed. */
enum pd_status pd_active_save(const char *folder, const struct pd_active_options *a, struct pd_error *err);

/* active.json and options.json, and what the journal has changed in them since. */
enum pd_status pd_active_read(const char *folder, struct pd_active_options *a, struct pd_train_options *o,
                              struct pd_error *err);

/* Takes over what the news change: --final, --query, a class more, where the data lie. What differs from
 * before is said, and kept in the journal. told: as pd_trial_open's. PD_ERR_USAGE: what cannot be. */
enum pd_status pd_active_change(const char *folder, struct pd_active_options *a, struct pd_train_options *o,
                                const struct pd_active_news *news, const struct pd_active_watch *watch,
                                bool *told, struct pd_error *err);

#endif
