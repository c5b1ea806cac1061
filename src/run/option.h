/* Options (paydirt/option.h) in JSON files. */
#ifndef PD_RUN_OPTION_H
#define PD_RUN_OPTION_H

#include <paydirt/option.h>

/* A JSON object with every option, in the table's order. Reading sets what is there and refuses unknown keys,
 * wrong types and ranges; after a failure the struct may be half set. */
enum pd_status pd_option_table_write(const struct pd_option_table *t, const char *path, struct pd_error *err);
enum pd_status pd_option_table_read(const struct pd_option_table *t, const char *path, struct pd_error *err);

/* One member of such an object, into the table of several that knows its key. where: what stands before the
 * message. PD_ERR_FORMAT: no table knows it, wrong type or range. */
struct json_t;
enum pd_status pd_option_take(const struct pd_option_table *tables, int count, const char *where,
                              const char *key, const struct json_t *value, struct pd_error *err);

#endif
