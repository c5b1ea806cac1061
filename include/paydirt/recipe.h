/* Recipes: the options of one experiment, and the commands to type, as a JSON file (doc/recipes.md). The
 * papers' are part of the library.
 *
 *     {"about": "one line", "command": "train", "options": {"data": "mnist", "epochs": 20},
 *      "steps": [{"type": "paydirt train ...", "paper": "96.43 %"}], "notes": ["a line", "another"]}
 *
 * Only command and options must be there. "like": "gold-code" stands for the options below, those of the
 * recipe go first. */
#ifndef PAYDIRT_RECIPE_H
#define PAYDIRT_RECIPE_H

#include <paydirt/option.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pd_recipe;

/* The names of the library's own, in order; NULL past the last. */
const char *pd_recipe_at(size_t index);

/* name: one of these, or a path, with a '/' in it or .json at its end. PD_ERR_USAGE: no such name, with the
 * nearest right one; PD_ERR_FORMAT: not such an object, unknown keys or options (with the nearest right
 * name), wrong types, values out of range, more than a megabyte; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_recipe_open(const char *name, struct pd_recipe **out, struct pd_error *err);
void pd_recipe_close(struct pd_recipe *recipe); /* also NULL */

/* Its bytes as they are, without a look at them: (size), which the caller free()s; NULL where there are none.
 * Fails as pd_recipe_open but for what is in them. */
enum pd_status pd_recipe_text(const char *name, char **text, size_t *size, struct pd_error *err);

/* --like: what a paper's published code does that the paper does not, as options of "train", "active" or
 * "eval" (doc/gold.md); a recipe to be applied, closed and asked for its options like any other. */
const char *pd_like_at(size_t index); /* names; NULL past the last */
/* PD_ERR_USAGE: no such name, with the nearest right one; PD_ERR_MEMORY. */
enum pd_status pd_like_open(const char *name, const char *command, struct pd_recipe **out,
                            struct pd_error *err);

/* Of the recipe, borrowed. */
const char *pd_recipe_name(const struct pd_recipe *recipe);               /* as it was asked for */
const char *pd_recipe_about(const struct pd_recipe *recipe);              /* one line, or "" */
const char *pd_recipe_command(const struct pd_recipe *recipe);            /* "train" or "active" */
const char *pd_recipe_note(const struct pd_recipe *recipe, size_t index); /* one line; NULL past the last */

/* One step: what to type, and what the paper has for it (or ""). False past the last. */
bool pd_recipe_step(const struct pd_recipe *recipe, size_t index, const char **type, const char **paper);

/* One option: its name, its type, and its value, as pd_option_set takes it, in text[size]. NULL past the
 * last. */
const char *pd_recipe_option(const struct pd_recipe *recipe, size_t index, enum pd_option_type *type,
                             char *text, size_t size);

/* Whether it sets the option of that name. */
bool pd_recipe_sets(const struct pd_recipe *recipe, const char *option);

/* Sets in the tables (count) what the recipe sets, except what a person has: given(context, name).
 * PD_ERR_FORMAT: no table knows an option, wrong type or range. */
enum pd_status pd_recipe_apply(const struct pd_recipe *recipe, const struct pd_option_table *tables,
                               int count, bool (*given)(const void *context, const char *name),
                               const void *context, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
