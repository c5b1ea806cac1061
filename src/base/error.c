#include <paydirt/error.h>

#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum pd_status(pd_fail)(struct pd_error *err, enum pd_status status, int64_t offset, const char *format, ...)
{
    if (!err)
        return status;
    va_list args;
    va_start(args, format);
    char text[sizeof err->message]; /* the arguments may point into err->message */
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const size_t n =
        strlen(pd_make_printable(pd_hide_passwords(text))); /* the arguments may come from files */
    memcpy(err->message, text, n + 1);
    if (offset >= 0)
        snprintf(err->message + n, sizeof err->message - n, " at offset %lld", (long long)offset);
    err->status = status;
    err->code = 0;
    err->offset = offset;
    err->hint[0] = '\0';
    return status;
}

enum pd_status pd_hint(struct pd_error *err, enum pd_status status, const char *format, ...)
{
    if (!err)
        return status;
    va_list args;
    va_start(args, format);
    pd_add_hint(err->hint, sizeof err->hint, format, args);
    va_end(args);
    return status;
}

const char *pd_status_words(enum pd_status status)
{
    static const char *const words[] = {
#define PD_STATUS_WORDS(name, code, text) text,
        PD_STATUS_LIST(PD_STATUS_WORDS)
#undef PD_STATUS_WORDS
    };
    return (unsigned)status < PD_STATUSES ? words[status] : "unknown";
}

int pd_status_exit_code(enum pd_status status)
{
    static const int codes[] = {
#define PD_STATUS_CODE(name, code, text) code,
        PD_STATUS_LIST(PD_STATUS_CODE)
#undef PD_STATUS_CODE
    };
    return (unsigned)status < PD_STATUSES ? codes[status] : codes[PD_ERR_BROKEN];
}
