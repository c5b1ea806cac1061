/* The lines of eval.jsonl. */
#ifndef PD_RUN_RESULTS_H
#define PD_RUN_RESULTS_H

#include <paydirt/error.h>

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

/* Its number, finite: "accuracy" (in [0, 1], a fraction), "value" or "distance"; false: there is none. */
bool pd_result_value(const json_t *result, double *value, bool *fraction);

/* Takes away what was measured after that step. */
enum pd_status pd_results_drop_after(const char *folder, uint64_t step, struct pd_error *err);

#endif
