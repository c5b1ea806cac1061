#include "data/readers/cifar10_pickle.h"

#include "base/mem.h"
#include "io/pickle.h"

#include <stdio.h>
#include <string.h>

/* Twice what the files need: 10,000 labels and as many file names, appended 1,000 at a time. */
enum { STACK_MOST = 2048, MOST = 40000 };

/* ARRAY once built: count rows of its bytes, number: by columns. */
enum { NOTHING = PD_PICKLE_NONE, ARRAY = PD_PICKLE_OWN, DTYPE };

/* What may be called, and what comes of it. */
static const struct {
    const char *name;
    int result;
} functions[] = {
    {"numpy.core.multiarray\n_reconstruct\n", ARRAY},
    {"numpy\ndtype\n", DTYPE},
    {"numpy\nndarray\n", NOTHING}, /* an argument only */
};

/* Of the dict: a pickle's context. */
struct found {
    struct pd_pickle_value data, labels; /* NONE until set */
};

static void run_set_items(struct pd_pickle *p)
{
    struct found *f = p->context;
    size_t n = 0;
    const struct pd_pickle_value *values = pd_pickle_pop_marked(p, &n);
    if (!values || p->stack.n != 1 || p->stack.at[0].kind != PD_PICKLE_DICT || n % 2)
        pd_pickle_refuse(p, "keys and values for something that is not the one dict");
    for (size_t i = 0; values && !p->status && i < n; i += 2) {
        if (pd_pickle_is_text(&values[i], "data"))
            f->data = values[i + 1];
        if (pd_pickle_is_text(&values[i], "labels"))
            f->labels = values[i + 1];
    }
}

/* --- NumPy's calls --- */

static void run_reduce(struct pd_pickle *p)
{
    const struct pd_pickle_value *call = pd_pickle_peek(p, 2);
    if (!call)
        return;
    const int result = call[0].kind == PD_PICKLE_GLOBAL ? functions[call[0].number].result : NOTHING;
    if (result == NOTHING || call[1].kind != PD_PICKLE_TUPLE)
        pd_pickle_refuse(p, "pickle calls something else than NumPy's array or dtype");
    else if (result == DTYPE && (!call[1].count || !pd_pickle_is_text(&p->items.at[call[1].first], "u1")))
        pd_pickle_refuse(p, "array of another type than uint8 ('u1')");
    p->stack.n -= 2;
    pd_pickle_push(p, result, 0);
}

/* state: (version, (rows, columns), dtype, by columns, bytes) */
static void build_array(struct pd_pickle *p, struct pd_pickle_value *array,
                        const struct pd_pickle_value *state)
{
    static const int parts[] = {PD_PICKLE_INT, PD_PICKLE_TUPLE, DTYPE, PD_PICKLE_BOOL, PD_PICKLE_TEXT},
                     sides[] = {PD_PICKLE_INT, PD_PICKLE_INT};
    const bool whole = pd_pickle_has_kinds(p, state, parts, 5);
    const struct pd_pickle_value *s = whole ? p->items.at + state->first : NULL;
    if (!whole || !pd_pickle_has_kinds(p, &s[1], sides, 2)) {
        pd_pickle_refuse(p, "array's state is not (version, (rows, columns), dtype, order, bytes)");
        return;
    }
    const int64_t rows = p->items.at[s[1].first].number, columns = p->items.at[s[1].first + 1].number;
    if (rows < 1 || rows > PD_CIFAR10_BATCH || columns != PD_CIFAR10_PIXELS)
        pd_pickle_refuse(p, "array of %lld x %lld, expected 1 to %d images of %d bytes", (long long)rows,
                         (long long)columns, PD_CIFAR10_BATCH, PD_CIFAR10_PIXELS);
    else if (s[4].size != (size_t)rows * PD_CIFAR10_PIXELS)
        pd_pickle_refuse(p, "%zu bytes for an array of %lld x %d", s[4].size, (long long)rows,
                         PD_CIFAR10_PIXELS);
    array->bytes = s[4].bytes;
    array->count = (uint32_t)rows;
    array->number = s[3].number;
}

/* A dtype's state: (version, byte order, ...); with one byte there is no order. */
static void run_build(struct pd_pickle *p)
{
    struct pd_pickle_value *pair = pd_pickle_peek(p, 2);
    if (!pair)
        return;
    p->stack.n--;
    if (pair[0].kind == ARRAY)
        build_array(p, &pair[0], &pair[1]);
    else if (pair[0].kind != DTYPE || pair[1].kind != PD_PICKLE_TUPLE || pair[1].count < 2 ||
             !pd_pickle_is_text(&p->items.at[pair[1].first + 1], "|"))
        pd_pickle_refuse(p, "state for something else than NumPy's array or its uint8");
}

static const struct pd_pickle_opcode opcodes[] = {{'u', run_set_items}, {'R', run_reduce}, {'b', run_build}};

static const struct pd_pickle_reader reader = {
    .what = "CIFAR-10's",
    .stack_most = STACK_MOST,
    .most = MOST,
    .globals = &functions[0].name,
    .global_count = sizeof functions / sizeof functions[0],
    .stride = sizeof functions[0],
    .opcodes = opcodes,
    .opcode_count = sizeof opcodes / sizeof opcodes[0],
};

/* --- what was found --- */

static void take_labels(struct pd_pickle *p, const struct pd_pickle_value *labels,
                        struct pd_cifar10_batch *out)
{
    out->labels = pd_malloc(labels->count);
    if (!out->labels)
        p->status = pd_fail(p->err, PD_ERR_MEMORY, -1, "%s: out of memory", p->name);
    for (uint32_t i = 0; !p->status && i < labels->count; i++) {
        const struct pd_pickle_value *v = &p->items.at[labels->first + i];
        p->opcode = v->offset;
        if (v->kind != PD_PICKLE_INT || v->number < 0 || v->number >= PD_CIFAR10_CLASSES)
            pd_pickle_refuse(p, "label %u is none of 0 to %d", i, PD_CIFAR10_CLASSES - 1);
        out->labels[i] = (uint8_t)v->number;
    }
}

static void take_batch(struct pd_pickle *p, struct pd_cifar10_batch *out)
{
    const struct found *f = p->context;
    if (p->stack.at[0].kind != PD_PICKLE_DICT)
        pd_pickle_refuse(p, "pickle ends with something else than a dict");
    p->opcode = p->at;
    if (p->at != p->size)
        pd_pickle_refuse(p, "bytes left over, expected the end");
    if (f->data.kind != ARRAY || !f->data.bytes)
        pd_pickle_refuse(p, "no array 'data' in the dict");
    if (f->labels.kind != PD_PICKLE_LIST)
        pd_pickle_refuse(p, "no list 'labels' in the dict");
    if (f->labels.count != f->data.count)
        pd_pickle_refuse(p, "%u labels, expected %u, as many as images", f->labels.count, f->data.count);
    out->count = f->data.count;
    out->pixels = (const uint8_t *)f->data.bytes;
    out->by_columns = f->data.number;
    if (!p->status)
        take_labels(p, &f->labels, out);
}

enum pd_status pd_cifar10_pickle_parse(const void *bytes, size_t size, const char *name,
                                       struct pd_cifar10_batch *out, struct pd_error *err)
{
    struct found found = {.data = {.kind = PD_PICKLE_NONE}, .labels = {.kind = PD_PICKLE_NONE}};
    char quoted[1024];
    snprintf(quoted, sizeof quoted, "'%s'", name);
    struct pd_pickle p = {
        .reader = &reader, .context = &found, .bytes = bytes, .size = size, .name = quoted, .err = err};
    *out = (struct pd_cifar10_batch){0};
    if (!size || p.bytes[0] != 0x80)
        pd_pickle_refuse(&p, "no pickle of protocol 2");
    if (!pd_pickle_run(&p))
        take_batch(&p, out);
    if (p.status)
        pd_cifar10_batch_release(out);
    pd_pickle_release(&p);
    return p.status;
}

void pd_cifar10_batch_release(struct pd_cifar10_batch *batch)
{
    pd_free(batch->labels);
    *batch = (struct pd_cifar10_batch){0};
}
