/* Sets of options by name, what goes by somebody's code among them: the files of recipes/like/, {"about":
 * "one line", "train": {options}, "active": {its own, beside train's}, "eval": {options}}. They are the
 * library's own: no foreign bytes. */
#include "active/recipe.h"

#include "active/recipe_files.h"
#include "base/mem.h"
#include "base/words.h"

#include <stdio.h>
#include <string.h>

const char *pd_like_at(size_t index)
{
    return index < pd_like_file_count ? pd_like_files[index].name : NULL;
}

static const struct pd_recipe_file *find(const char *name, struct pd_error *err)
{
    const int at = pd_find_word("code to be like", name, &pd_like_files[0].name, pd_like_file_count,
                                sizeof pd_like_files[0], err);
    return at < 0 ? NULL : &pd_like_files[at];
}

static enum pd_status load(const char *name, json_t **all, struct pd_error *err)
{
    const struct pd_recipe_file *f = find(name, err);
    *all = NULL;
    if (!f)
        return PD_ERR_USAGE;
    *all = json_loadb((const char *)f->text, f->size, JSON_REJECT_DUPLICATES, NULL);
    return *all ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "like %.200s: out of memory", name);
}

/* A command's options: an active run's trainings have train's, too. */
static json_t *options_of(const json_t *all, const char *command)
{
    json_t *options = json_object();
    const json_t *own = json_object_get(all, command);
    if (!strcmp(command, "active") && json_object_update(options, json_object_get(all, "train"))) {
        json_decref(options);
        return NULL;
    }
    if (own && json_object_update(options, (json_t *)(uintptr_t)own)) {
        json_decref(options);
        return NULL;
    }
    return options;
}

enum pd_status pd_like_read(const char *name, const char *command, struct pd_recipe *out,
                            struct pd_error *err)
{
    *out = (struct pd_recipe){.all = NULL};
    enum pd_status status = load(name, &out->all, err);
    json_t *options = status ? NULL : options_of(out->all, command);
    if (status || !options || json_object_set_new(out->all, "options", options))
        return status ? status : pd_fail(err, PD_ERR_MEMORY, -1, "like %.200s: out of memory", name);
    snprintf(out->name, sizeof out->name, "%s", name);
    snprintf(out->command_text, sizeof out->command_text, "%s", command);
    out->command = out->command_text;
    out->about = json_string_value(json_object_get(out->all, "about"));
    out->options = json_object_get(out->all, "options");
    return PD_OK;
}

enum pd_status pd_like_open(const char *name, const char *command, struct pd_recipe **out,
                            struct pd_error *err)
{
    struct pd_recipe *r = pd_calloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return pd_fail(err, PD_ERR_MEMORY, -1, "like %.200s: out of memory", name);
    const enum pd_status status = pd_like_read(name, command, r, err);
    if (status)
        pd_recipe_close(r);
    else
        *out = r;
    return status;
}

enum pd_status pd_like_join(struct pd_recipe *r, const char *name, struct pd_error *err)
{
    struct pd_recipe like;
    enum pd_status status = pd_like_read(name, r->command, &like, err);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)like.options, key, value)
    {
        if (!status && !pd_recipe_sets(r, key) &&
            json_object_set((json_t *)(uintptr_t)r->options, key, value))
            status = pd_fail(err, PD_ERR_MEMORY, -1, "recipe %.200s: out of memory", r->name);
    }
    pd_recipe_release(&like);
    return status;
}
