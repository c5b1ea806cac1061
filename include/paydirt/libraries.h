/* Libraries of others that paydirt is built on. Those that read files, draw and download may be missing; what
 * needs a missing one fails with PD_ERR_UNSUPPORTED: "GIF: this paydirt was built without giflib". */
#ifndef PAYDIRT_LIBRARIES_H
#define PAYDIRT_LIBRARIES_H

#include <paydirt/error.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pd_library {
    const char *name, *use; /* "giflib", "GIF"; not to be freed */
    char version[64]; /* of the one that runs, or what else there is to say of it; "": built without it */
};

/* The library of that number, from 0. False past the last. */
bool pd_library_at(int index, struct pd_library *out);

/* PD_ERR_UNSUPPORTED: built without the library of that name ("cairo"). For those who want to know before the
 * work. */
enum pd_status pd_library_need(const char *name, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
