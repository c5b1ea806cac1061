#include "cli/resume.h"

#include <stdio.h>
#include <string.h>

static const char *const places[] = {"resume", "data", "data_dir", "cache_dir", "metadata", NULL};

static bool is_in(const char *name, const char *const *list)
{
    while (*list && strcmp(name, *list) != 0)
        list++;
    return *list;
}

/* What of a flag people would type: what was given, or else what it is not by default. */
static const char *prefix(const struct args_command *c, const struct args *args, const char *name)
{
    const struct pd_option *option;
    void *base;
    for (int i = 0; (option = args_option(c, i, &base)); i++)
        if (!strcmp(option->name, name) && option->type == PD_OPTION_BOOL) {
            char value[16];
            pd_option_text(option, base, value, sizeof value);
            return !strcmp(value, "true") == args->given[i] ? "" : "no-";
        }
    return "";
}

/* "--epochs, --labels, " into text[size]. */
static void list_flags(const struct args_command *c, const struct args *args, const char *const *allowed,
                       char *text, size_t size)
{
    char flag[40];
    size_t n = 0;
    text[0] = '\0';
    for (; *allowed && n < size; allowed++) {
        const struct pd_option named = {.name = *allowed};
        n += (size_t)snprintf(text + n, size - n, "--%s%s, ", prefix(c, args, *allowed),
                              pd_option_flag(&named, flag, sizeof flag));
    }
}

enum pd_status resume_check(const struct args_command *c, const struct args *args, const char *const *allowed,
                            struct pd_error *err)
{
    const struct pd_option *option;
    char flag[40], flags[512];
    for (int i = 0; (option = args_option(c, i, NULL)); i++) {
        if (!args->given[i] || is_in(option->name, places) || is_in(option->name, allowed))
            continue;
        list_flags(c, args, allowed, flags, sizeof flags);
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--%s%s cannot be given with --resume: a run keeps its options, except "
                       "%s--data, --data-dir, --cache-dir and --metadata",
                       prefix(c, args, option->name), pd_option_flag(option, flag, sizeof flag), flags);
    }
    return PD_OK;
}

static const char *given(const struct args_command *c, const struct args *args,
                         const struct pd_option_table *training, const char *name)
{
    return args_is_given(c, args, name) ? pd_option_get_text(training, name) : NULL;
}

struct pd_data_place resume_place(const struct args_command *c, const struct args *args,
                                  const struct pd_option_table *training)
{
    return (struct pd_data_place){given(c, args, training, "data"), given(c, args, training, "data_dir"),
                                  given(c, args, training, "cache_dir"),
                                  given(c, args, training, "metadata")};
}
