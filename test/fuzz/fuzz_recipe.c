/* Any text as a recipe: refused with words, or read and applied whole. */
#include "run/options.h"
#include "active/recipe.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool nothing_given(const void *context, const char *name)
{
    (void)context;
    return !name;
}

/* Only what its command knows gets past the parser; the tables here are those of training. */
static void use(const struct pd_recipe *r)
{
    int count;
    struct pd_train_options o;
    struct pd_error err = {.message = ""};
    const char *type, *paper, *note;
    volatile size_t length = strlen(r->about);
    const struct pd_option *options = pd_train_option_table(&count);
    const struct pd_option_table table = {options, count, &o};
    pd_train_options_init(&o);
    const enum pd_status status = pd_recipe_apply(r, &table, 1, nothing_given, NULL, &err);
    if (status && (!strcmp(r->command, "train") || !err.message[0]))
        abort();
    for (size_t i = 0; pd_recipe_step(r, i, &type, &paper); i++)
        length = length + strlen(type) + strlen(paper);
    for (size_t i = 0; (note = pd_recipe_note(r, i)); i++)
        length = length + strlen(note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_recipe r;
    struct pd_error err = {.message = ""};
    if (!pd_recipe_parse("input", (const char *)data, size, &r, &err))
        use(&r);
    else if (!err.message[0])
        abort();
    pd_recipe_release(&r);
    return 0;
}
