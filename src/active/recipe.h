/* Recipes: the options of one experiment, and the commands to type, as a JSON file. Those of recipes/ are
 * part of the program.
 *
 *     {"about": "one line", "command": "train", "options": {"data": "mnist", "epochs": 20},
 *      "steps": [{"type": "paydirt train ...", "paper": "96.43 %"}], "notes": ["a line", "another"]}
 *
 * The keys of options are those of the command's options.json. Only command and options must be there. */
#ifndef PD_ACTIVE_RECIPE_H
#define PD_ACTIVE_RECIPE_H

#include "base/buffer.h"
#include "run/option.h"

#include <jansson.h>

struct pd_recipe {
    char name[1024];             /* as it was asked for */
    const char *about, *command; /* "", or one line; "train" or "active" */
    const json_t *options;
    const json_t *steps, *notes; /* or NULL */
    json_t *all;                 /* owned; the rest points into it */
};

/* The names of those that are part of the program, in order; NULL past the last. */
const char *pd_recipe_at(size_t index);

/* A recipe's bytes; the caller releases out, also after a failure. name: one of these, or a path,
 * with a '/' in it or .json at its end. PD_ERR_USAGE: no such name, with the nearest right one; PD_ERR_IO,
 * PD_ERR_MEMORY, PD_ERR_FORMAT (more than a megabyte). */
enum pd_status pd_recipe_text(const char *name, struct pd_buffer *out, struct pd_error *err);

/* The caller releases out, also after a failure. PD_ERR_FORMAT: not such an object, unknown keys or options
 * (with the nearest right name), wrong types, values out of range; and as pd_recipe_text. */
enum pd_status pd_recipe_open(const char *name, struct pd_recipe *out, struct pd_error *err);
enum pd_status pd_recipe_parse(const char *name, const char *text, size_t size, struct pd_recipe *out,
                               struct pd_error *err);
void pd_recipe_release(struct pd_recipe *r); /* a zeroed one, too */

/* One step: what to type, and what the paper has for it (or ""). False past the last. */
bool pd_recipe_step(const struct pd_recipe *r, size_t index, const char **type, const char **paper);
const char *pd_recipe_note(const struct pd_recipe *r, size_t index); /* one line; NULL past the last */

/* Whether it sets the option of that name. */
bool pd_recipe_sets(const struct pd_recipe *r, const char *option);

/* Sets what the recipe sets, except what a person has: given(context, name). PD_ERR_FORMAT: as
 * pd_option_take. */
enum pd_status pd_recipe_apply(const struct pd_recipe *r, const struct pd_option_table *tables, int count,
                               bool (*given)(const void *context, const char *name), const void *context,
                               struct pd_error *err);

#endif
