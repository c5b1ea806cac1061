/* paydirt recipes: the papers' experiments. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/say.h"

#include <paydirt/recipe.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "[NAME|FILE] [options]";

static const char about[] =
    "Lists the recipes that --recipe of 'paydirt train' and 'paydirt active' knows: one for each experiment\n"
    "of the papers. With a name, shows its options, what to type, and what the paper has for it. A file of\n"
    "your own is checked as --recipe would.";

static const char examples[] = "recipes gold-cifar10\n"
                               "recipes gold-cifar10 --json";

struct options {
    bool json;
};

static const struct pd_option table[] = {
    {"json", PD_OPTION_BOOL, offsetof(struct options, json), sizeof(bool), 0, 1, NULL,
     "print the file, to begin one of your own"},
};

static enum pd_status list(struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const char *name;
    for (size_t i = 0; (name = pd_recipe_at(i)) && !status; i++) {
        struct pd_recipe *r;
        status = pd_recipe_open(name, &r, err);
        if (!status)
            say(stdout, "%-28s %s\n", name, pd_recipe_about(r));
        pd_recipe_close(r);
    }
    return status;
}

/* As it would stand on the command line. */
static void print_option(const char *name, enum pd_option_type type, const char *value)
{
    char flag[64];
    const struct pd_option option = {.name = name};
    pd_option_flag(&option, flag, sizeof flag);
    if (type == PD_OPTION_BOOL)
        say(stdout, "  --%s%s\n", strcmp(value, "true") ? "no-" : "", flag);
    else
        say(stdout, "  --%s %s\n", flag, value);
}

static void print_steps(const struct pd_recipe *r)
{
    const char *type, *paper;
    if (!pd_recipe_step(r, 0, &type, &paper))
        return;
    printf("\nto type (DIR: the data's folder; RUN: a run's folder, as the step before printed it):\n");
    for (size_t i = 0; pd_recipe_step(r, i, &type, &paper); i++)
        say(stdout, "  %s%s%s\n", type, *paper ? "    # paper: " : "", paper);
}

static void print(const struct pd_recipe *r)
{
    const char *name, *note, *about_it = pd_recipe_about(r);
    char value[2100];
    enum pd_option_type type;
    say(stdout, "%s: %s\n\n", pd_recipe_name(r), *about_it ? about_it : "no words about it");
    say(stdout, "options of 'paydirt %s':\n", pd_recipe_command(r));
    for (size_t i = 0; (name = pd_recipe_option(r, i, &type, value, sizeof value)); i++)
        print_option(name, type, value);
    print_steps(r);
    for (size_t i = 0; (note = pd_recipe_note(r, i)); i++)
        say(stdout, i ? "%s\n" : "\n%s\n", note);
}

static enum pd_status show(const char *name, struct pd_error *err)
{
    struct pd_recipe *r;
    const enum pd_status status = pd_recipe_open(name, &r, err);
    if (!status)
        print(r);
    pd_recipe_close(r);
    return status;
}

static enum pd_status show_file(const char *name, struct pd_error *err)
{
    char *text;
    size_t size;
    const enum pd_status status = pd_recipe_text(name, &text, &size, err);
    if (!status && size)
        fwrite(text, 1, size, stdout);
    free(text);
    return status;
}

enum pd_status command_recipes(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.json = false};
    struct args args;
    const struct args_command command = {"recipes", usage, about, examples, "NAME", {{table, 1, &o}}};
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    if (!args.operand)
        return o.json ? args_need_operand(&command, &args, err) : list(err);
    return o.json ? show_file(args.operand, err) : show(args.operand, err);
}
