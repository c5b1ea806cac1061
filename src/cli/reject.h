/* The options of rejection, which more than one command takes. */
#ifndef PD_CLI_REJECT_H
#define PD_CLI_REJECT_H

#include "cli/args.h"

#include <paydirt/run.h>
#include <paydirt/sample.h>

struct reject_options {
    char reject[32], sigma[8], bound[16], real[1024];
    double p, keep, least_rate; /* keep: 0: by p */
    int64_t chain, burn_in, block;
    double epsilon;
    bool balanced, pooled, calibrate;
    /* found by reject_check */
    const struct pd_reject_method *method; /* NULL: no rejection */
    bool p_given, balanced_given;
};

void reject_init(struct reject_options *o); /* the defaults */

/* Where it goes among a command's groups. */
struct pd_option_table reject_group(struct reject_options *o);

/* PD_ERR_USAGE: an unknown word, an option that means nothing without --reject, or a part to keep that it
 * does not take. */
enum pd_status reject_check(struct reject_options *o, const struct args_command *command,
                            const struct args *args, struct pd_error *err);

/* p as it will be for these networks. */
double reject_p(const struct reject_options *o, const struct pd_gan *gan);

/* Where the real images for a method that needs some come from: "train", "validation" (held out) or "test".
 */
const char *reject_real(const struct reject_options *o, struct pd_run_model *run);

/* Runs it with a bar and a table of rates on standard error. show: as struct pd_rejection_options. A signal
 * ends it with PD_ERR_INTERRUPTED. */
enum pd_status reject_run(const struct reject_options *o, struct pd_run_model *run, int64_t per_class,
                          uint64_t seed, int64_t show, struct pd_rejection *out, struct pd_error *err);

#endif
