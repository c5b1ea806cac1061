#include "cli/where.h"

#include "cli/say.h"

#include <string.h>

enum pd_status where_open(const struct where_options *o, const char *folder, struct pd_run_model **out,
                          struct pd_error *err)
{
    const struct pd_where where = {(int)o->threads, o->device, o->precision};
    const enum pd_status status = pd_run_open(folder, &where, out, err);
    if (!status && strcmp(o->device, "cpu") != 0)
        say(stderr, "networks on %s, %s\n", pd_gan_where(pd_run_gan(*out)), o->precision);
    return status;
}
