#include "io/json.h"

#include "io/file.h"

#include <stdlib.h>

enum pd_status pd_json_text(const json_t *value, size_t flags, const char *name, char **text,
                            struct pd_error *err)
{
    *text = NULL;
    if (!value && !pd_mem_ran_short())
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: a record that JSON cannot hold", name);
    if (value && !pd_mem_ran_short())
        *text = json_dumps(value, flags);
    if (*text && pd_mem_ran_short()) { /* json_dumps leaves out a key that it could not write */
        free(*text);
        *text = NULL;
    }
    return *text ? PD_OK : pd_fail_memory(err, name);
}
