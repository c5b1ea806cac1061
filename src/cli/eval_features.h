/* paydirt eval --features, --weights: metrics over files of features, or over images by Inception, without a
 * run. */
#ifndef PD_CLI_EVAL_FEATURES_H
#define PD_CLI_EVAL_FEATURES_H

#include "cli/args.h"
#include "cli/finding.h"

#include <paydirt/inception.h>

struct feature_options {
    bool features, cache;
    char fake[1024], stats_out[1024], plot[1024], weights[1024], split[16];
    int64_t k, subsets, subset_size, image_size, bootstrap;
};

/* Its options, for the command's table. */
struct pd_option_table feature_group(struct feature_options *o);

bool feature_asked(const struct feature_options *o, const char *run); /* rather than a run */

/* Says which of them were given to no avail: to a run. */
void feature_note_idle(const struct args_command *command, const struct args *args,
                       const struct pd_metric_list *metrics);

enum pd_status feature_check_bootstrap(int64_t draws, struct pd_error *err); /* whether so many can be */
/* Puts the standard error over `draws` redrawn sets (0: none) into the result. */
enum pd_status feature_bootstrap(const struct pd_metric *metric, const struct pd_metric_input *in,
                                 int64_t draws, struct pd_metric_result *result, struct pd_error *err);

/* What it shares with a run's metrics. */
struct feature_request {
    const char *metrics; /* NULL: all of features */
    const char *real;    /* "": none. Rejection has an option of this name, which serves both */
    int64_t seed, threads;
    const char *data_dir;
    bool json;
};
enum pd_status eval_features(const struct feature_options *o, const struct feature_request *request,
                             const struct args_command *command, const struct args *args,
                             struct pd_error *err);

#endif
