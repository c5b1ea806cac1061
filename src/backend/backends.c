/* The backends by name. */
#include "base/words.h"
#include "engine/backend.h"

#include <string.h>

#define PD_BACKEND(id) extern const struct pd_backend_type pd_backend_##id;
#include "backend/backends.def"
#undef PD_BACKEND

static const struct pd_backend_type *const types[] = {
#define PD_BACKEND(id) &pd_backend_##id,
#include "backend/backends.def"
#undef PD_BACKEND
};
enum { COUNT = sizeof types / sizeof types[0] };

const char *pd_backend_name(int index)
{
    return index >= 0 && index < COUNT ? types[index]->name : NULL;
}

enum pd_status pd_backend_create(const char *name, int threads, struct pd_backend **out, struct pd_error *err)
{
    const char *names[COUNT];
    *out = NULL;
    for (int i = 0; i < COUNT; i++)
        names[i] = types[i]->name;
    const int at = pd_find_word("backend", name, names, COUNT, sizeof names[0], err);
    if (at >= 0 && threads < 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "%d threads, expected 1 or more", threads);
    return at < 0 ? PD_ERR_USAGE : types[at]->create(types[at], threads, out, err);
}
