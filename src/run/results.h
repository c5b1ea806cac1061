/* The lines of eval.jsonl. */
#ifndef PD_RUN_RESULTS_H
#define PD_RUN_RESULTS_H

#include <jansson.h>

#include <stdbool.h>

/* Its number, finite: "accuracy" (in [0, 1], a fraction), "value" or "distance"; false: there is none. */
bool pd_result_value(const json_t *result, double *value, bool *fraction);

#endif
