#include "active/given.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/jsonl.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(struct pd_given_list *l, const json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));
    return text ? pd_arena_strdup(&l->arena, text) : "";
}

static enum pd_status take(void *context, const json_t *event, int64_t number, struct pd_error *err)
{
    struct pd_given_list *l = context;
    const char *kind = json_string_value(json_object_get(event, "event"));
    if (!kind || (strcmp(kind, "answer") != 0 && strcmp(kind, "correct") != 0))
        return PD_OK;
    struct pd_given *at = pd_grow(l->at, l->count, &l->capacity, sizeof *at);
    if (!at)
        return pd_fail_memory(err, l->path);
    l->at = at;
    const struct pd_given given = {.image = text_of(l, event, "image"),
                                   .label = text_of(l, event, "label"),
                                   .time = text_of(l, event, "time"),
                                   .file = text_of(l, event, "file"),
                                   .row = json_integer_value(json_object_get(event, "row")),
                                   .order = l->count};
    if (!given.image || !given.label || !given.time || !given.file)
        return pd_fail_memory(err, l->path);
    if (!*given.image || !*given.label)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: line %lld: expected an image and its label", l->path,
                       (long long)number);
    at[l->count++] = given;
    return PD_OK;
}

static int by_image(const void *a, const void *b)
{
    const struct pd_given *const *x = a, *const *y = b;
    const int order = strcmp((*x)->image, (*y)->image);
    return order ? order : ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

static enum pd_status mark_stale(const struct pd_given_list *l, struct pd_error *err)
{
    struct pd_given **sorted = pd_calloc(l->count + 1, sizeof *sorted);
    if (!sorted)
        return pd_fail_memory(err, l->path);
    for (size_t i = 0; i < l->count; i++)
        sorted[i] = &l->at[i];
    qsort(sorted, l->count, sizeof(struct pd_given *), by_image);
    for (size_t i = 1; i < l->count; i++)
        sorted[i - 1]->stale = !strcmp(sorted[i - 1]->image, sorted[i]->image);
    pd_free(sorted);
    return PD_OK;
}

enum pd_status pd_given_read(const char *journal, struct pd_given_list *out, struct pd_error *err)
{
    out->path = journal;
    const enum pd_status status = pd_jsonl_each(journal, take, out, err);
    return status ? status : mark_stale(out, err);
}

enum pd_status pd_given_parse(const char *text, size_t size, const char *name, struct pd_given_list *out,
                              struct pd_error *err)
{
    out->path = name;
    const enum pd_status status = size ? pd_jsonl_each_in(text, size, name, take, out, err) : PD_OK;
    return status ? status : mark_stale(out, err);
}

void pd_given_release(struct pd_given_list *l)
{
    pd_arena_release(&l->arena);
    pd_free(l->at);
    memset(l, 0, sizeof *l);
}
