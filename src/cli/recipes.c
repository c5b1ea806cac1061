/* paydirt recipes: the papers' experiments. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/say.h"

#include "active/recipe.h"

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
        struct pd_recipe r;
        status = pd_recipe_open(name, &r, err);
        if (!status)
            say(stdout, "%-28s %s\n", name, r.about);
        pd_recipe_release(&r);
    }
    return status;
}

/* As it would stand on the command line. */
static void print_option(const char *key, const json_t *value)
{
    char flag[64];
    const struct pd_option option = {.name = key};
    pd_option_flag(&option, flag, sizeof flag);
    if (json_is_boolean(value)) {
        say(stdout, "  --%s%s\n", json_is_true(value) ? "" : "no-", flag);
    } else if (json_is_string(value)) {
        say(stdout, "  --%s %s\n", flag, json_string_value(value));
    } else {
        char *number = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
        say(stdout, "  --%s %s\n", flag, number ? number : "");
        free(number);
    }
}

static void print_steps(const struct pd_recipe *r)
{
    const char *type, *paper;
    if (!r->steps)
        return;
    printf("\nto type (DIR: the data's folder; RUN: a run's folder, as the step before printed it):\n");
    for (size_t i = 0; pd_recipe_step(r, i, &type, &paper); i++)
        say(stdout, "  %s%s%s\n", type, *paper ? "    # paper: " : "", paper);
}

static void print(const struct pd_recipe *r)
{
    const char *key, *note;
    json_t *value;
    say(stdout, "%s: %s\n\n", r->name, *r->about ? r->about : "no words about it");
    say(stdout, "options of 'paydirt %s':\n", r->command);
    json_object_foreach((json_t *)(uintptr_t)r->options, key, value)
    {
        print_option(key, value);
    }
    print_steps(r);
    for (size_t i = 0; (note = pd_recipe_note(r, i)); i++)
        say(stdout, i ? "%s\n" : "\n%s\n", note);
}

static enum pd_status show(const char *name, struct pd_error *err)
{
    struct pd_recipe r;
    const enum pd_status status = pd_recipe_open(name, &r, err);
    if (!status)
        print(&r);
    pd_recipe_release(&r);
    return status;
}

static enum pd_status show_file(const char *name, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    const enum pd_status status = pd_recipe_text(name, &text, err);
    if (!status && text.size)
        fwrite(text.data, 1, text.size, stdout);
    pd_buffer_release(&text);
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
