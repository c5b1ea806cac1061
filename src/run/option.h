/* Options as tables: the command line, JSON files and --help read the same lines. */
#ifndef PD_RUN_OPTION_H
#define PD_RUN_OPTION_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>

enum pd_option_type { PD_OPTION_TEXT, PD_OPTION_BOOL, PD_OPTION_INT, PD_OPTION_REAL };

/* One line: name is the JSON key and, with '-' for '_', the command-line option. */
struct pd_option {
    const char *name;
    enum pd_option_type type;
    size_t offset, size; /* of the field in struct that the table describes */
    double least, most;  /* range of numbers, inclusive */
    const char *metavar; /* "N"; NULL for bool */
    const char *help;    /* one line */
};

/* For any struct that such a table describes. set: as pd_train_options_set; text: the value as set would take
 * it; flag: the name with '-' for '_', returns text. */
enum pd_status pd_option_set(const struct pd_option *option, void *base, const char *value,
                             struct pd_error *err);
void pd_option_text(const struct pd_option *option, const void *base, char *text, size_t size);
char *pd_option_flag(const struct pd_option *option, char *text, size_t size);

/* The options of one struct. */
struct pd_option_table {
    const struct pd_option *at;
    int count;
    void *base;
};

/* '-' and '_' are the same; NULL: none of that name. */
const struct pd_option *pd_option_find(const struct pd_option_table *t, const char *name);
enum pd_status pd_option_set_by_name(const struct pd_option_table *t, const char *name, const char *value,
                                     struct pd_error *err);

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
