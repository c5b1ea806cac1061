/* paydirt data VERB: the data sets. */
#include "cli/data.h"

#include "cli/args.h"
#include "cli/say.h"

#include <paydirt/data.h>
#include <paydirt/download.h>
#include <paydirt/words.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- list --- */

struct list_options {
    char data_dir[1024];
};

static const struct pd_option list_table[] = {
    {"data_dir", PD_OPTION_TEXT, offsetof(struct list_options, data_dir),
     sizeof(((struct list_options *)0)->data_dir), 0, 0, "DIR", "say whether the files are there"},
};

/* Where a set that can be fetched is, or how to get it. */
static void print_published(const char *name, const char *dir)
{
    const struct pd_published *set = pd_published_find(name, NULL);
    if (set)
        say(stdout, " (%s'%s')", pd_published_is_there(set, dir) ? "in " : "not in ", dir);
}

static void print_source(const struct pd_data_source *s, const char *dir)
{
    printf("%-14s %s", s->name, s->summary);
    if (s->installed)
        printf(" (%s: %s)", access(s->installed, R_OK) ? "not installed: package" : "installed",
               access(s->installed, R_OK) ? s->package : s->installed);
    if (*dir)
        print_published(s->name, dir);
    printf("\n");
}

enum pd_status data_list(int argc, char **argv, struct pd_error *err)
{
    struct list_options o = {.data_dir = ""};
    const struct args_command command = {"data list",
                                         "[--data-dir DIR]",
                                         "Lists the data sets that --data knows.",
                                         "data list\ndata list --data-dir data",
                                         NULL,
                                         {{list_table, 1, &o}, {NULL, 0, NULL}}};
    struct args args;
    const struct pd_data_source *source;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    for (int i = 0; (source = pd_data_source_at(i)); i++)
        print_source(source, o.data_dir);
    return PD_OK;
}

/* --- all verbs --- */

static const char usage[] = "list [--data-dir DIR]\n"
                            "get NAME... [--data-dir DIR] [options]\n"
                            "check NAME|DIR [options]\n"
                            "show NAME|DIR [options]";

static const char about[] =
    "Lists the data sets that --data knows, fetches published ones, looks for what is wrong with one, and\n"
    "draws one. 'paydirt data VERB --help' shows a verb's options.";

static const char examples[] = "data list\n"
                               "data get mnist --data-dir data\n"
                               "data check ./photos\n"
                               "data show mnist --data-dir data --out digits.png";

static const struct {
    const char *name;
    command_function *run;
} verbs[] = {
#define DATA_VERB_LINE(name) {#name, data_##name},
    DATA_VERB_LIST(DATA_VERB_LINE)
#undef DATA_VERB_LINE
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

enum pd_status command_data(int argc, char **argv, struct pd_error *err)
{
    const struct args_command command = {"data",   usage,  about,
                                         examples, "VERB", {{NULL, 0, NULL}, {NULL, 0, NULL}}};
    struct args args;
    if (argc > 1 && argv[1][0] != '-') {
        const int at = pd_find_word("verb", argv[1], &verbs[0].name, VERBS, sizeof verbs[0], err);
        return at < 0 ? PD_ERR_USAGE : verbs[at].run(argc - 1, argv + 1, err);
    }
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    return status || args.help ? status : args_need_operand(&command, &args, err);
}
