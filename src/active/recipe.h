/* Recipes (paydirt/recipe.h). */
#ifndef PD_ACTIVE_RECIPE_H
#define PD_ACTIVE_RECIPE_H

#include "base/buffer.h"
#include "run/option.h"

#include <jansson.h>
#include <paydirt/recipe.h>

struct pd_recipe {
    char name[1024];             /* as it was asked for */
    char command_text[16];       /* of pd_like_read's, the command's */
    const char *about, *command; /* "", or one line; "train" or "active" */
    const json_t *options;
    const json_t *steps, *notes; /* or NULL */
    json_t *all;                 /* owned; the rest points into it */
};

/* Files that are part of the library. */
struct pd_recipe_file;
struct pd_embedded {
    const char *what, *list;            /* "recipe"; what lists them */
    const struct pd_recipe_file *files; /* (count) */
    size_t count;
};
/* Those of a file of that name, or of one that is no part of it: a name with a '/' in it or .json at its end.
 * Fails as pd_recipe_text. */
enum pd_status pd_embedded_bytes(const struct pd_embedded *of, const char *name, struct pd_buffer *out,
                                 struct pd_error *err);

/* pd_recipe_open's, embedded; the caller releases out, also after a failure. */
enum pd_status pd_recipe_read(const char *name, struct pd_recipe *out, struct pd_error *err);
enum pd_status pd_recipe_parse(const char *name, const char *text, size_t size, struct pd_recipe *out,
                               struct pd_error *err);
void pd_recipe_release(struct pd_recipe *r); /* a zeroed one, too */

/* pd_like_open's, as pd_recipe_read; and its options into those of a recipe which does not set them. */
enum pd_status pd_like_read(const char *name, const char *command, struct pd_recipe *out,
                            struct pd_error *err);
enum pd_status pd_like_join(struct pd_recipe *r, const char *name, struct pd_error *err);

#endif
