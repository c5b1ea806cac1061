#include "cli/recipe.h"

#include <paydirt/recipe.h>

#include <string.h>

enum { GROUPS = sizeof((struct args_command *)NULL)->groups / sizeof(struct pd_option_table) };

static void mark_given(const struct pd_recipe *r, const struct args_command *command, struct args *args)
{
    const struct pd_option *option;
    for (int i = 0; (option = args_option(command, i, NULL)); i++)
        args->given[i] = args->given[i] || pd_recipe_sets(r, option->name);
}

static enum pd_status take(const struct pd_recipe *r, const struct args_command *command, struct args *args,
                           struct pd_error *err)
{
    const struct args_parsed c = {command, args};
    if (strcmp(pd_recipe_command(r), command->name) != 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "recipe %.200s is one of 'paydirt %s', not of 'paydirt %s'",
                       pd_recipe_name(r), pd_recipe_command(r), command->name);
    const enum pd_status status = pd_recipe_apply(r, command->groups, GROUPS, args_parsed_given, &c, err);
    if (!status)
        mark_given(r, command, args);
    return status;
}

enum pd_status recipe_take(const char *name, const struct args_command *command, struct args *args,
                           struct pd_error *err)
{
    struct pd_recipe *r;
    enum pd_status status = pd_recipe_open(name, &r, err);
    if (!status)
        status = take(r, command, args, err);
    pd_recipe_close(r);
    return status;
}

enum pd_status recipe_take_like(const char *like, const struct args_command *command, struct args *args,
                                struct pd_error *err)
{
    struct pd_recipe *r = NULL;
    enum pd_status status = *like ? pd_like_open(like, command->name, &r, err) : PD_OK;
    if (!status && r)
        status = take(r, command, args, err);
    pd_recipe_close(r);
    return status;
}
