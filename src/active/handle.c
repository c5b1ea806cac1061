/* Active learning for other programs: its options. */
#include "active/handle.h"

#include "active/changes.h"
#include "base/mem.h"
#include "base/words.h"

#include <string.h>

enum pd_status pd_active_create(struct pd_active **out, struct pd_error *err)
{
    struct pd_active *active = *out = pd_calloc(1, sizeof *active);
    if (!active)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for options");
    pd_active_options_init(&active->a);
    pd_active_training_init(&active->o);
    active->count = pd_active_train_options(active->training, PD_ACTIVE_OPTIONS);
    return PD_OK;
}

enum pd_status pd_active_of_run(const char *folder, struct pd_active **out, struct pd_error *err)
{
    enum pd_status status = pd_active_create(out, err);
    if (!status)
        status = pd_active_read(folder, &(*out)->a, &(*out)->o, err);
    if (status) {
        pd_active_destroy(*out);
        *out = NULL;
    }
    return status;
}

void pd_active_destroy(struct pd_active *active)
{
    pd_free(active);
}

struct pd_option_table pd_active_options(struct pd_active *active)
{
    struct pd_option_table t = {.base = &active->a};
    t.at = pd_active_option_table(&t.count);
    return t;
}

struct pd_option_table pd_active_training_options(struct pd_active *active)
{
    return (struct pd_option_table){active->training, active->count, &active->o};
}

static bool is_given(const void *context, const char *name)
{
    const struct pd_active *active = context;
    for (int i = 0; i < active->given_count; i++)
        if (!strcmp(active->given[i], name))
            return true;
    return false;
}

/* In neither table; the nearest name is looked for in both. */
static enum pd_status fail_unknown(const struct pd_option_table tables[2], const char *option,
                                   struct pd_error *err)
{
    const char *names[2 * PD_ACTIVE_OPTIONS];
    size_t n = 0;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < tables[i].count; k++)
            names[n++] = tables[i].at[k].name;
    const char *near = pd_nearest_word(option, names, n, sizeof names[0]);
    return pd_fail(err, PD_ERR_USAGE, -1, "unknown option '%.60s'%s%s%s", option,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

enum pd_status pd_active_set(struct pd_active *active, const char *option, const char *value,
                             struct pd_error *err)
{
    const struct pd_option_table tables[2] = {pd_active_options(active), pd_active_training_options(active)};
    const struct pd_option_table *t = pd_option_find(&tables[0], option) ? &tables[0] : &tables[1];
    if (!pd_option_find(t, option))
        return fail_unknown(tables, option, err);
    const enum pd_status status = pd_option_set_by_name(t, option, value, err);
    if (status)
        return status;
    const char *name = pd_option_find(t, option)->name;
    if (!is_given(active, name))
        active->given[active->given_count++] = name;
    active->settled = false;
    return PD_OK;
}

enum pd_status pd_active_settle(struct pd_active *active,
                                bool (*given)(const void *context, const char *name), const void *context,
                                struct pd_error *err)
{
    const struct pd_data_source *source;
    if (!given) {
        given = is_given;
        context = active;
    }
    pd_run_pin(&active->o);
    enum pd_status status = pd_data_source_find(active->o.data, &source, err);
    if (!status && !source->size && !given(context, "balanced"))
        active->a.balanced = true; /* GOLD section 4.3: for the 2-D data */
    if (!status)
        status = pd_active_protocol(&active->a, &active->o, given, context, err);
    active->settled = !status;
    active->by_strategy = !given(context, "protocol");
    return status;
}
