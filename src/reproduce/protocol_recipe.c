/* The recipe of a study's run. */
#include "reproduce/protocol.h"

#include "active/recipe.h"
#include "base/mem.h"
#include "io/json.h"
#include "reproduce/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Later ones over earlier ones, whatever dashes their keys are spelled with. */
static bool put(json_t *into, const json_t *options)
{
    char name[64];
    const char *key;
    json_t *value;
    bool ok = true;
    json_object_foreach((json_t *)(uintptr_t)options, key, value)
    {
        snprintf(name, sizeof name, "%s", key);
        for (char *dash = name; (dash = strchr(dash, '-'));)
            *dash = '_';
        ok = ok && !json_object_set(into, name, value);
    }
    return ok;
}

enum pd_status pd_protocol_recipe(const struct pd_protocol *p, const char *scale, int column, int row,
                                  json_t **out, struct pd_error *err)
{
    const struct pd_protocol_column *c = &p->columns[column];
    const json_t *at_scale = json_object_get(p->scales, scale);
    const char *like_name = p->rows[row].like;
    struct pd_recipe r, like = {.all = NULL}, whole = {.all = NULL};
    char *text = NULL;
    *out = NULL;
    enum pd_status status = pd_recipe_read(c->recipe, &r, err);
    if (!status && *like_name)
        status = pd_like_read(like_name, r.command, &like, err);
    pd_mem_watch();
    json_t *options = json_object();
    const bool active = !status && !strcmp(r.command, "active");
    const bool ok = !status && put(options, r.options) &&
                    put(options, json_object_get(at_scale, "options")) && put(options, c->options) &&
                    put(options, json_object_get(c->scales, scale)) && put(options, like.options) &&
                    put(options, p->rows[row].options) &&
                    (!active || !json_object_set_new(options, "trials", json_integer(1)));
    json_t *recipe = ok ? json_pack("{s:s, s:O}", "command", r.command, "options", options) : NULL;
    char name[256];
    snprintf(name, sizeof name, "%.60s of study %.60s, column %.40s, row %.40s", c->recipe, p->name, c->name,
             p->rows[row].name);
    if (!status)
        status = pd_json_text(recipe, JSON_COMPACT | JSON_REAL_PRECISION(PD_RECORD_DIGITS), name, &text, err);
    if (!status) /* its options have the right types and ranges */
        status = pd_recipe_parse(name, text, strlen(text), &whole, err);
    if (!status) /* with the digits that a file of it has */
        *out = json_incref(whole.all);
    pd_recipe_release(&whole);
    free(text);
    json_decref(recipe);
    json_decref(options);
    pd_recipe_release(&like);
    pd_recipe_release(&r);
    return status;
}
