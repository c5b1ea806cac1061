/* Command lines from tables: getopt_long does the parsing, this the tables, the help and the words for
 * mistakes. */
#ifndef PD_CLI_ARGS_H
#define PD_CLI_ARGS_H

#include <paydirt/option.h>

enum { ARGS_MAX = 128 };

struct args_command {
    const char *name;     /* "eval" */
    const char *usage;    /* what follows "paydirt eval "; further ways to use it after a newline */
    const char *about;    /* a few lines for --help */
    const char *examples; /* lines that work as they stand, each without "paydirt " */
    const char *operand;  /* "RUN"; "RUN...": several; NULL: the command takes none */
    struct pd_option_table groups[3]; /* what they hold before parsing is shown as the defaults */
};

struct args {
    bool help;           /* printed: there is nothing more to do */
    const char *operand; /* or NULL */
    char **operands;     /* (operand_count): all of them */
    int operand_count;
    bool given[ARGS_MAX]; /* by place in the groups' options, one after the other */
    bool typed[ARGS_MAX]; /* the same, without what a recipe gave */
};

/* Fills the groups' structs and args. The operand is not demanded here. PD_ERR_USAGE. */
enum pd_status args_parse(const struct args_command *command, int argc, char **argv, struct args *args,
                          struct pd_error *err);

/* The n-th option of all groups, or NULL. */
const struct pd_option *args_option(const struct args_command *command, int n, void **base);

/* about, and below it the models that --model knows, or the metrics. Into text[size]; returns text. */
const char *args_with_models(char *text, size_t size, const char *about);
const char *args_with_metrics(char *text, size_t size, const char *about);

/* Whether the command line, or its recipe, had the option of that name, as in its table. */
bool args_is_given(const struct args_command *command, const struct args *args, const char *name);
/* The command line alone: what may be complained about. */
bool args_is_typed(const struct args_command *command, const struct args *args, const char *name);

/* The same as a callback. */
struct args_parsed {
    const struct args_command *command;
    const struct args *args;
};
bool args_parsed_given(const void *parsed, const char *name);

/* The next name of a list with commas between, cut off at size; *list becomes NULL behind the last. Returns
 * name. */
char *args_next_name(const char **list, char *name, size_t size);

/* Returns status; of the hints of err those that name no option of the command are taken out. */
enum pd_status args_trim_hints(const struct args_command *command, enum pd_status status,
                               struct pd_error *err);

/* PD_ERR_USAGE with the usage when the operand is missing. */
enum pd_status args_need_operand(const struct args_command *command, const struct args *args,
                                 struct pd_error *err);

#endif
