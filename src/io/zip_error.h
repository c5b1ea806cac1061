/* What libzip says of a failure, as a status. */
#ifndef PD_IO_ZIP_ERROR_H
#define PD_IO_ZIP_ERROR_H

#include <paydirt/error.h>

#include <zip.h>

/* "PATH: WORDS: libzip's reason" as `status`, unless memory or the disc is at fault. */
enum pd_status pd_fail_zip(struct pd_error *err, const char *path, enum pd_status status, const char *words,
                           zip_error_t *e);

#endif
