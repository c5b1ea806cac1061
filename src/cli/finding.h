/* Which metrics are asked for, and what one has found, as words and as JSON. */
#ifndef PD_CLI_FINDING_H
#define PD_CLI_FINDING_H

#include <paydirt/metric.h>

#include <jansson.h>

struct metric_list {
    const struct pd_metric *at[32];
    int count;
    unsigned needs; /* of all of them */
};

/* names with commas between; one that is named again counts once. PD_ERR_USAGE: unknown. */
enum pd_status metric_list_read(const char *names, struct metric_list *out, struct pd_error *err);
bool metric_list_has(const struct metric_list *list, const char *name);

/* Puts the members of `more` into *to, which becomes NULL where either is none: out of memory. */
void finding_add(json_t **to, json_t *more);

/* The metric's name, its numbers and its note. */
json_t *finding_json(const struct pd_metric *metric, const struct pd_metric_result *result);

/* "kid  value 0.0123 deviation 0.001 ..."; text[size]. Returns text. */
char *finding_text(const struct pd_metric *metric, const struct pd_metric_result *result, char *text,
                   size_t size);

#endif
