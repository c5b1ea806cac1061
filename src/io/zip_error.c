#include "io/zip_error.h"

#include "io/file.h"

#include <errno.h>

enum pd_status pd_fail_zip(struct pd_error *err, const char *path, enum pd_status status, const char *words,
                           zip_error_t *e)
{
    const int disc = zip_error_system_type(e) == ZIP_ET_SYS ? zip_error_code_system(e) : 0;
    if (zip_error_code_zip(e) == ZIP_ER_MEMORY || disc == ENOMEM)
        return pd_fail_memory(err, path);
    return pd_fail(err, disc ? PD_ERR_IO : status, -1, "%s: %s: %s", path, words, zip_error_strerror(e));
}
