/* Options (paydirt/option.h) in JSON files. */
#ifndef PD_RUN_OPTION_H
#define PD_RUN_OPTION_H

#include <paydirt/option.h>

#include <stddef.h>

/* A list OPTIONS(TEXT, FLAG, INT, REAL), with TEXT(name, default, metavar, help), FLAG(name, default, help),
 * INT and REAL(name, default, least, most, metavar, help), becomes a table by these; OPTIONS_OF is the struct
 * with the members. */
#define PD_OPTION_FIELD(name) offsetof(OPTIONS_OF, name), sizeof(((OPTIONS_OF *)NULL)->name)
#define PD_TEXT_LINE(name, value, metavar, help)                                                             \
    {#name, PD_OPTION_TEXT, PD_OPTION_FIELD(name), 0, 0, metavar, help},
#define PD_FLAG_LINE(name, value, help) {#name, PD_OPTION_BOOL, PD_OPTION_FIELD(name), 0, 1, NULL, help},
#define PD_INT_LINE(name, value, least, most, metavar, help)                                                 \
    {#name, PD_OPTION_INT, PD_OPTION_FIELD(name), least, most, metavar, help},
#define PD_REAL_LINE(name, value, least, most, metavar, help)                                                \
    {#name, PD_OPTION_REAL, PD_OPTION_FIELD(name), least, most, metavar, help},

/* And the defaults, each a member of that struct. */
#define PD_OPTION_DEFAULT(name, value, ...) .name = value,

/* Whether both name one option: '-' and '_' are the same. */
bool pd_option_is(const char *name, const char *key);

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
