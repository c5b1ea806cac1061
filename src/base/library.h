/* Libraries of others that paydirt is built on (library.def), some of which it can be built without. */
#ifndef PD_BASE_LIBRARY_H
#define PD_BASE_LIBRARY_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>

enum pd_library_id {
#define PD_LIBRARY(id, name, use) PD_LIBRARY_##id,
#include "base/library.def"
#undef PD_LIBRARY
    PD_LIBRARIES
};

/* Each has a function that says which version runs: into text[PD_LIBRARY_TEXT], or as a constant. It stands
 * where the library is used, so that no other file needs its header. NULL: built without it. */
enum { PD_LIBRARY_TEXT = 64 };
typedef const char *pd_library_version(char *text);
#define PD_LIBRARY(id, name, use) pd_library_version pd_library_##id;
#include "base/library.def"
#undef PD_LIBRARY

static inline bool pd_library_is_in(pd_library_version *version)
{
    char text[PD_LIBRARY_TEXT];
    return version(text);
}

/* For a file that stands in for a missing one. */
#define PD_LIBRARY_MISSING(id)                                                                               \
    const char *pd_library_##id(char *text)                                                                  \
    {                                                                                                        \
        (void)text;                                                                                          \
        return NULL;                                                                                         \
    }

const char *pd_library_name(enum pd_library_id library);
const char *pd_library_use(enum pd_library_id library);

/* "GIF: this paydirt was built without giflib" */
const char *pd_library_refusal(enum pd_library_id library);

/* Fails with PD_ERR_UNSUPPORTED in these words. name: the file it is about, or NULL. */
enum pd_status pd_without(enum pd_library_id library, const char *name, struct pd_error *err);

#endif
