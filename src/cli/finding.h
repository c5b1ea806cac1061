/* What a metric has found, as words and as JSON. */
#ifndef PD_CLI_FINDING_H
#define PD_CLI_FINDING_H

#include <paydirt/metric.h>

#include <jansson.h>

/* Puts the members of `more` into *to, which becomes NULL where either is none: out of memory. */
void finding_add(json_t **to, json_t *more);

/* "kid  value 0.0123 deviation 0.001 ..."; text[size]. Returns text. */
char *finding_text(const struct pd_metric *metric, const struct pd_metric_result *result, char *text,
                   size_t size);

#endif
