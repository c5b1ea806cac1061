/* paydirt data: what data sets there are. */
#include "cli/args.h"
#include "cli/commands.h"

#include "base/words.h"
#include "data/dataset.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "list";

static const char about[] = "Lists the data sets that --data knows.";

static const char examples[] = "data list";

static void list(void)
{
    size_t count;
    const struct pd_data_source *sources = pd_data_sources(&count);
    for (size_t i = 0; i < count; i++) {
        const struct pd_data_source *s = &sources[i];
        printf("%-13s %s", s->name, s->summary);
        if (s->installed)
            printf(" (%s: %s)", access(s->installed, R_OK) ? "not installed: package" : "installed",
                   access(s->installed, R_OK) ? s->package : s->installed);
        printf("\n");
    }
}

enum pd_status command_data(int argc, char **argv, struct pd_error *err)
{
    static const char *const verbs[] = {"list"};
    const struct args_command command = {"data",   usage,  about,
                                         examples, "list", {{NULL, 0, NULL}, {NULL, 0, NULL}}};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    if (!status && strcmp(args.operand, "list") != 0)
        status = pd_unknown_word(err, "verb", args.operand, verbs, 1, sizeof verbs[0]);
    if (!status)
        list();
    return status;
}
