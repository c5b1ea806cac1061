/* Options of an active run, and what of them is changed on resuming it: that stands in its journal; its files
 * keep what it began with. */
#ifndef PD_ACTIVE_ACTIVE_CHANGES_H
#define PD_ACTIVE_ACTIVE_CHANGES_H

#include "active/active.h"

/* active.json, the last of the folder's first files: a run that has it can be resumed. */
enum pd_status pd_active_save(const char *folder, const struct pd_active_options *a, struct pd_error *err);

/* active.json and options.json, and what the journal has changed in them since. */
enum pd_status pd_active_read(const char *folder, struct pd_active_options *a, struct pd_train_options *o,
                              struct pd_error *err);

/* Whatever differs between what was and what is: says it, and keeps it in the journal. */
enum pd_status pd_active_keep_changes(struct pd_ledger *l, const struct pd_active_observer *watch,
                                      const struct pd_active_options *was_a,
                                      const struct pd_train_options *was_o, struct pd_active_options *a,
                                      struct pd_train_options *o, struct pd_error *err);

/* The classes that the data set has, and one more, as the option. *again: it was the last that this run was
 * given, as where a killed command is repeated, and nothing changes. PD_ERR_USAGE: one is there that is
 * called so, or nearly so, or it cannot be a class's name; not a folder of images. */
enum pd_status pd_active_add_class(const struct pd_ledger *l, const char *name, struct pd_train_options *o,
                                   bool *again, struct pd_error *err);

#endif
