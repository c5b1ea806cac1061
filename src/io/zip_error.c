#include "io/zip_error.h"

#include "io/file.h"

#include <errno.h>
#include <stdbool.h>
#include <zlib.h>

enum pd_status pd_fail_zip(struct pd_error *err, const char *path, enum pd_status status, const char *words,
                           zip_error_t *e)
{
    const int disc = zip_error_system_type(e) == ZIP_ET_SYS ? zip_error_code_system(e) : 0;
    const bool inflating = zip_error_system_type(e) == ZIP_ET_ZLIB;
    if (zip_error_code_zip(e) == ZIP_ER_MEMORY || disc == ENOMEM ||
        (inflating && zip_error_code_system(e) == Z_MEM_ERROR))
        return pd_fail_memory(err, path);
    pd_fail(err, disc ? PD_ERR_IO : status, -1, "%s: %s: %s", path, words, zip_error_strerror(e));
    if (err)
        err->code = disc; /* or it would pass for a file that is not there */
    return disc ? PD_ERR_IO : status;
}
