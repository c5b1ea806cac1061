#include "cli/where.h"

#include "cli/say.h"

#include <string.h>

static void note_classes(const char *folder, struct pd_option_table options)
{
    if (!pd_option_get_bool(&options, "class_losses"))
        say(stderr, "%s was trained without classes: %s\n", folder,
            pd_option_get_real(&options, "mutual_information") > 0
                ? "those that it tells are its own, and in no order"
                : "what it says of them means nothing");
}

enum pd_status where_open(const struct where_options *o, const char *folder, struct pd_run_model **out,
                          struct pd_error *err)
{
    const struct pd_where where = {(int)o->threads, o->device, o->precision};
    const enum pd_status status = pd_run_open(folder, &where, out, err);
    if (!status && strcmp(o->device, "cpu") != 0)
        say(stderr, "networks on %s, %s\n", pd_gan_where(pd_run_gan(*out)), o->precision);
    if (!status)
        note_classes(folder, pd_run_options(*out));
    return status;
}
