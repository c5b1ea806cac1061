/* Errors that were looked at first. */
#ifndef PD_BASE_PASS_ON_H
#define PD_BASE_PASS_ON_H

#include <paydirt/error.h>

/* Fails as `why` says. err: or NULL. */
static inline enum pd_status pd_pass_on(const struct pd_error *why, struct pd_error *err)
{
    if (err)
        *err = *why;
    return why->status;
}

#endif
