/* Options as tables, each line a field of a struct: what trainings and active learning can be told
 * (pd_training_options, pd_active_options), by name, type, range and help; or a program's own. */
#ifndef PAYDIRT_OPTION_H
#define PAYDIRT_OPTION_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A field is a char[size], a bool, an int64_t or a double. */
enum pd_option_type { PD_OPTION_TEXT, PD_OPTION_BOOL, PD_OPTION_INT, PD_OPTION_REAL };

struct pd_option {
    const char *name; /* "labels_per_batch": the key in JSON; with '-' for '_' what people type */
    enum pd_option_type type;
    size_t offset, size; /* bytes: of the field in the table's struct; size with a text's end */
    double least, most;  /* range of numbers, inclusive */
    const char *metavar; /* "N"; NULL for a bool */
    const char *help;    /* one line */
};

/* The options of one struct. Borrowed: valid as long as what it was asked of. */
struct pd_option_table {
    const struct pd_option *at; /* (count) */
    int count;
    void *base; /* the struct; it holds the defaults until something is set */
};

/* NULL: none of that name. Here and below '-' and '_' are the same in a name. */
const struct pd_option *pd_option_find(const struct pd_option_table *table, const char *name);

/* Sets one from text: a number, "true" or "false", a text. PD_ERR_USAGE: not that, or out of its range; the
 * message names the option, what it got and what was expected. */
enum pd_status pd_option_set(const struct pd_option *option, void *base, const char *value,
                             struct pd_error *err);
/* Also PD_ERR_USAGE: no such option, with the nearest right name. */
enum pd_status pd_option_set_by_name(const struct pd_option_table *table, const char *name, const char *value,
                                     struct pd_error *err);

/* The value as pd_option_set would take it, into text[size], cut off where it does not fit. */
void pd_option_text(const struct pd_option *option, const void *base, char *text, size_t size);

/* What an option holds; "", false or 0 where the table has none of that name and type. A text is the table's,
 * valid until the option is set. */
const char *pd_option_get_text(const struct pd_option_table *table, const char *name);
bool pd_option_get_bool(const struct pd_option_table *table, const char *name);
int64_t pd_option_get_int(const struct pd_option_table *table, const char *name);
double pd_option_get_real(const struct pd_option_table *table, const char *name);

/* The name with '-' for '_' into text[size]; returns text. */
char *pd_option_flag(const struct pd_option *option, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
