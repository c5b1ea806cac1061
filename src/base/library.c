#include "base/library.h"

static const struct {
    const char *name, *use, *refusal;
} libraries[] = {
#define PD_LIBRARY(id, name, use) {name, use, use ": this paydirt was built without " name},
#include "base/library.def"
#undef PD_LIBRARY
};

const char *pd_library_name(enum pd_library_id library)
{
    return libraries[library].name;
}

const char *pd_library_use(enum pd_library_id library)
{
    return libraries[library].use;
}

const char *pd_library_refusal(enum pd_library_id library)
{
    return libraries[library].refusal;
}

enum pd_status pd_without(enum pd_library_id library, const char *name, struct pd_error *err)
{
    const char *words = libraries[library].refusal;
    return name ? pd_fail(err, PD_ERR_UNSUPPORTED, -1, "'%s': %s", name, words)
                : pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s", words);
}
