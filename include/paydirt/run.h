/* Training runs in folders: what `paydirt train` makes, and others go on with, measure and sample. */
#ifndef PAYDIRT_RUN_H
#define PAYDIRT_RUN_H

#include <paydirt/gan.h>
#include <paydirt/option.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- a finished (or half-finished) run, opened ------------------------------------------------------------
 */

struct pd_run_model;

/* folder: the run's. threads 0: as the run's options say. PD_ERR_IO, PD_ERR_FORMAT, PD_ERR_MISMATCH,
 * PD_ERR_MEMORY. */
enum pd_status pd_run_open(const char *folder, int threads, struct pd_run_model **out, struct pd_error *err);
void pd_run_close(struct pd_run_model *run); /* also NULL */

/* Its networks, borrowed: as of its best epoch where it validates, else of the checkpoint. */
struct pd_gan *pd_run_gan(struct pd_run_model *run);
uint64_t pd_run_step(const struct pd_run_model *run); /* steps that they have seen */

/* Its options, as pd_training_options lists them. Setting one counts for this handle alone. */
struct pd_option_table pd_run_options(struct pd_run_model *run);

const char *pd_run_note(const struct pd_run_model *run); /* a line that people should know, or "" */

#ifdef __cplusplus
}
#endif

#endif
