/* Errors with an outside cause: files, memory, options, devices.
 *
 * A function that can fail for such a cause returns an enum pd_status and takes a struct pd_error * last.
 * The error may be NULL when the caller wants only the status; PD_OK leaves it as it was. No other pointer
 * may be NULL but where its header says so. After a failure what was to be filled in holds nothing to go by,
 * but where its header says so; an object that was to be made is NULL. The library never prints and never
 * exits. */
#ifndef PAYDIRT_ERROR_H
#define PAYDIRT_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One line per status: name, the program's exit code, words. */
#define PD_STATUS_LIST(X)                                                                                    \
    X(PD_OK, 0, "ok")                                                                                        \
    X(PD_ERR_BROKEN, 1, "broken")     /* looking for faults found some */                                    \
    X(PD_ERR_USAGE, 2, "usage")       /* an option or argument is wrong */                                   \
    X(PD_ERR_IO, 3, "input/output")   /* open, read, write, rename failed */                                 \
    X(PD_ERR_FORMAT, 4, "format")     /* bytes are not what they claim to be */                              \
    X(PD_ERR_MISMATCH, 5, "mismatch") /* two valid things that do not fit together */                        \
    X(PD_ERR_MEMORY, 6, "out of memory")                                                                     \
    X(PD_ERR_UNSUPPORTED, 7, "unsupported") /* a clear refusal: valid, but not offered */                    \
    X(PD_ERR_INTERRUPTED, 130, "interrupted")

enum pd_status {
#define PD_STATUS_ENUM(name, code, words) name,
    PD_STATUS_LIST(PD_STATUS_ENUM)
#undef PD_STATUS_ENUM
        PD_STATUSES /* so many */
};

struct pd_error {
    enum pd_status status;
    int code;          /* the errno behind PD_ERR_IO, or 0 */
    int64_t offset;    /* bytes into the file that the message names, or -1 */
    char message[512]; /* one printable line: what, where, expected */
    /* Options that may help, or "": "name", "name=value" (of a switch true or false) or "when: name=value",
     * with a tab between two; a program words them as its people give options. Where the message begins with
     * the name of the first, it is about that option's value. */
    char hint[512];
};

/* Fills err (if not NULL) and returns status, so that `return pd_fail(err, ...)` reads well.
 * offset: bytes into the file, or -1; it is appended to the message as " at offset N". */
enum pd_status pd_fail(struct pd_error *err, enum pd_status status, int64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds to the hint of err (if not NULL); what does not fit is left out. Returns status: `return pd_hint(err,
 * pd_fail(err, ...), "where these are classes: classes=%s", list)`. */
enum pd_status pd_hint(struct pd_error *err, enum pd_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__ /* it should see that what failed has failed */
#define pd_fail(err, status, ...)                                                                            \
    __extension__({                                                                                          \
        (void)pd_fail(err, status, __VA_ARGS__);                                                             \
        (status);                                                                                            \
    })
#endif

const char *pd_status_words(enum pd_status status); /* "unknown" where there is no such status */
int pd_status_exit_code(enum pd_status status);

#ifdef __cplusplus
}
#endif

#endif
