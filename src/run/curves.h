/* What a run measures while it trains, every so many epochs: lines of eval.jsonl, events of TensorBoard. */
#ifndef PD_RUN_CURVES_H
#define PD_RUN_CURVES_H

#include "run/journal.h"
#include "run/run.h"

struct pd_run_curves;

/* That the options' metrics exist and can be had. PD_ERR_USAGE. */
enum pd_status pd_run_curves_check(const struct pd_train_options *o, struct pd_error *err);

/* Opens the test split. *out NULL: the options ask for none. options, data (that are trained on) and gan are
 * borrowed. watch: or NULL. */
enum pd_status pd_run_curves_open(const struct pd_train_options *options, const struct pd_dataset *data,
                                  struct pd_gan *gan, const struct pd_data_watch *watch,
                                  struct pd_run_curves **out, struct pd_error *err);
const char *pd_run_curves_note(const struct pd_run_curves *c); /* a line that people should know, or "" */
void pd_run_curves_close(struct pd_run_curves *c);             /* also NULL */

/* Measures, and writes it down in the run's folder, which holds its data's roster and labels; takes the
 * statistics by which D scores reals away. told: of each number a line for people, or NULL. */
enum pd_status pd_run_curves_measure(struct pd_run_curves *c, uint64_t epoch, uint64_t step,
                                     struct pd_journal *journal,
                                     void (*told)(void *context, const char *words), void *context,
                                     struct pd_error *err);

#endif
