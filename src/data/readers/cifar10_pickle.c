#include "data/readers/cifar10_pickle.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Twice what the files need: 10,000 labels and as many file names, appended 1,000 at a time. */
enum { STACK_MAX = 2048, ITEMS_MAX = 40000, MEMO_MAX = 40000 };

enum kind { MARK, NONE, BOOL, INT, TEXT, LIST, TUPLE, DICT, FUNCTION, ARRAY, DTYPE };

struct value {
    enum kind kind;
    uint32_t first, count; /* LIST, TUPLE: its part of the items */
    int64_t number;        /* BOOL, INT; FUNCTION: its place in functions[] */
    const uint8_t *bytes;  /* TEXT; ARRAY once built */
    size_t size, offset;   /* of the bytes; of the opcode that made it */
    bool by_columns;       /* ARRAY */
};

struct machine {
    const uint8_t *bytes;
    size_t size, at; /* at: the next byte */
    uint8_t code;    /* the opcode being run, */
    size_t opcode;   /* and its offset */
    const char *name;
    struct pd_error *err;
    enum pd_status status; /* the first failure stays, and what runs after it does no harm */
    bool stopped;
    uint32_t depth, item_count, memo_count;
    struct value data, labels; /* of the dict; NONE until set */
    struct value stack[STACK_MAX], items[ITEMS_MAX], memo[MEMO_MAX];
};

/* What may be called, and what comes of it. */
static const struct {
    const char *name;
    enum kind result;
} functions[] = {
    {"numpy.core.multiarray\n_reconstruct\n", ARRAY},
    {"numpy\ndtype\n", DTYPE},
    {"numpy\nndarray\n", NONE}, /* an argument only */
};

__attribute__((format(printf, 2, 3))) static void refuse(struct machine *m, const char *format, ...)
{
    char words[256];
    va_list args;
    if (m->status)
        return;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    pd_fail(m->err, PD_ERR_FORMAT, (int64_t)m->opcode, "'%s': %s", m->name, words);
    m->status = PD_ERR_FORMAT;
}

/* --- bytes --- */

/* NULL: there are not as many. */
static const uint8_t *take(struct machine *m, size_t n)
{
    const size_t left = m->size - m->at;
    if (n > left) {
        m->opcode = m->size;
        refuse(m, "cut off, expected %zu more bytes", n - left);
        return NULL;
    }
    m->at += n;
    return m->bytes + m->at - n;
}

/* An unsigned number of n bytes, little-endian. */
static uint32_t take_number(struct machine *m, size_t n)
{
    const uint8_t *b = take(m, n);
    uint32_t number = 0;
    for (size_t i = 0; b && i < n; i++)
        number |= (uint32_t)b[i] << 8 * i;
    return number;
}

/* --- stack --- */

static void push(struct machine *m, struct value v)
{
    v.offset = m->opcode;
    if (m->depth == STACK_MAX)
        refuse(m, "more than %d values on the pickle's stack", STACK_MAX);
    else
        m->stack[m->depth++] = v;
}

static void push_kind(struct machine *m, enum kind kind, int64_t number)
{
    push(m, (struct value){.kind = kind, .number = number});
}

/* The stack's top n values, none of them a mark; or NULL. */
static struct value *peek(struct machine *m, uint32_t n)
{
    bool there = n <= m->depth;
    for (uint32_t i = 1; there && i <= n; i++)
        there = m->stack[m->depth - i].kind != MARK;
    if (!there)
        refuse(m, "opcode needs %u values on the pickle's stack", n);
    return there ? m->stack + m->depth - n : NULL;
}

/* Takes away the topmost mark and the n values above it, which stay where they are until the next push; or
 * NULL. */
static struct value *pop_marked(struct machine *m, uint32_t *n)
{
    for (uint32_t i = m->depth; i > 0; i--)
        if (m->stack[i - 1].kind == MARK) {
            *n = m->depth - i;
            m->depth = i - 1;
            return m->stack + i;
        }
    refuse(m, "opcode without a mark on the pickle's stack");
    return NULL;
}

/* Copies values behind the items of a list or tuple, which must be the last that took any. */
static void add_items(struct machine *m, struct value *to, const struct value *values, uint32_t n)
{
    if (!to->count)
        to->first = m->item_count;
    if (to->first + to->count != m->item_count) {
        refuse(m, "a list goes on after others began, expected lists one after the other");
    } else if (n > ITEMS_MAX - m->item_count) {
        refuse(m, "more than %d items in lists", ITEMS_MAX);
    } else {
        memcpy(m->items + m->item_count, values, n * sizeof *values);
        m->item_count += n;
        to->count += n;
    }
}

/* --- opcodes: simple values --- */

static void run_proto(struct machine *m)
{
    const uint32_t version = take_number(m, 1);
    if (version != 2)
        refuse(m, "pickle of protocol %u, expected 2", version);
}

static void run_none(struct machine *m)
{
    push_kind(m, NONE, 0);
}

static void run_bool(struct machine *m)
{
    push_kind(m, BOOL, m->code == 0x88);
}

static void run_int(struct machine *m)
{
    const size_t n = m->code == 'K' ? 1 : m->code == 'M' ? 2 : 4;
    push_kind(m, INT, (int32_t)take_number(m, n));
}

static void run_text(struct machine *m)
{
    const uint32_t size = take_number(m, m->code == 'U' ? 1 : 4);
    push(m, (struct value){.kind = TEXT, .size = size, .bytes = take(m, size)});
}

static void run_global(struct machine *m)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        const size_t n = strlen(functions[i].name);
        if (n <= m->size - m->at && !memcmp(m->bytes + m->at, functions[i].name, n)) {
            m->at += n;
            push_kind(m, FUNCTION, (int64_t)i);
            return;
        }
    }
    refuse(m, "pickle names an object that is no NumPy array of CIFAR-10's");
}

/* --- opcodes: memo --- */

/* Numbers come one after the other, from 0 or 1. */
static void run_put(struct machine *m)
{
    const uint32_t i = take_number(m, m->code == 'q' ? 1 : 4);
    const struct value *top = peek(m, 1);
    if (i > m->memo_count + 1 || i >= MEMO_MAX)
        refuse(m, "memo %u, expected at most %u", i, m->memo_count + 1);
    else if (top) {
        m->memo[i] = *top;
        m->memo_count = i > m->memo_count ? i : m->memo_count;
    }
}

/* Only of what cannot change after it was put. */
static void run_get(struct machine *m)
{
    const uint32_t i = take_number(m, m->code == 'h' ? 1 : 4);
    if (i <= m->memo_count && (m->memo[i].kind == TEXT || m->memo[i].kind == FUNCTION))
        push(m, m->memo[i]);
    else
        refuse(m, "memo %u holds no text, expected one", i);
}

/* --- opcodes: lists, tuples, dict --- */

static void run_mark(struct machine *m)
{
    push_kind(m, MARK, 0);
}

static void run_empty(struct machine *m)
{
    push_kind(m, m->code == '}' ? DICT : m->code == ']' ? LIST : TUPLE, 0);
}

static void run_tuple(struct machine *m)
{
    struct value tuple = {.kind = TUPLE};
    uint32_t n = m->code - 0x84U;
    const struct value *values = m->code == 't' ? pop_marked(m, &n) : peek(m, n);
    if (!values)
        return;
    add_items(m, &tuple, values, n);
    m->depth -= m->code == 't' ? 0 : n;
    push(m, tuple);
}

static void run_appends(struct machine *m)
{
    uint32_t n = 0;
    const struct value *values = pop_marked(m, &n);
    struct value *list = values ? peek(m, 1) : NULL;
    if (list && list->kind == LIST)
        add_items(m, list, values, n);
    else
        refuse(m, "items for something that is no list");
}

static bool is_text(const struct value *v, const char *text)
{
    return v->kind == TEXT && v->size == strlen(text) && !memcmp(v->bytes, text, v->size);
}

static void run_set_items(struct machine *m)
{
    uint32_t n = 0;
    const struct value *values = pop_marked(m, &n);
    if (!values || m->depth != 1 || m->stack[0].kind != DICT || n % 2)
        refuse(m, "keys and values for something that is not the one dict");
    for (uint32_t i = 0; values && !m->status && i < n; i += 2) {
        if (is_text(&values[i], "data"))
            m->data = values[i + 1];
        if (is_text(&values[i], "labels"))
            m->labels = values[i + 1];
    }
}

/* --- opcodes: NumPy's calls --- */

static void run_reduce(struct machine *m)
{
    const struct value *call = peek(m, 2);
    if (!call)
        return;
    const enum kind result = call[0].kind == FUNCTION ? functions[call[0].number].result : NONE;
    if (result == NONE || call[1].kind != TUPLE)
        refuse(m, "pickle calls something else than NumPy's array or dtype");
    else if (result == DTYPE && (!call[1].count || !is_text(&m->items[call[1].first], "u1")))
        refuse(m, "array of another type than uint8 ('u1')");
    m->depth -= 2;
    push_kind(m, result, 0);
}

static bool has_kinds(const struct machine *m, const struct value *tuple, const enum kind *kinds, uint32_t n)
{
    bool same = tuple->kind == TUPLE && tuple->count == n;
    for (uint32_t i = 0; same && i < n; i++)
        same = m->items[tuple->first + i].kind == kinds[i];
    return same;
}

/* state: (version, (rows, columns), dtype, by columns, bytes) */
static void build_array(struct machine *m, struct value *array, const struct value *state)
{
    static const enum kind parts[] = {INT, TUPLE, DTYPE, BOOL, TEXT}, sides[] = {INT, INT};
    const struct value *s = m->items + state->first;
    if (!has_kinds(m, state, parts, 5) || !has_kinds(m, &s[1], sides, 2)) {
        refuse(m, "array's state is not (version, (rows, columns), dtype, order, bytes)");
        return;
    }
    const int64_t rows = m->items[s[1].first].number, columns = m->items[s[1].first + 1].number;
    if (rows < 1 || rows > PD_CIFAR10_BATCH || columns != PD_CIFAR10_PIXELS)
        refuse(m, "array of %lld x %lld, expected 1 to %d images of %d bytes", (long long)rows,
               (long long)columns, PD_CIFAR10_BATCH, PD_CIFAR10_PIXELS);
    else if (s[4].size != (size_t)rows * PD_CIFAR10_PIXELS)
        refuse(m, "%zu bytes for an array of %lld x %d", s[4].size, (long long)rows, PD_CIFAR10_PIXELS);
    array->bytes = s[4].bytes;
    array->count = (uint32_t)rows;
    array->by_columns = s[3].number;
}

/* A dtype's state: (version, byte order, ...); with one byte there is no order. */
static void run_build(struct machine *m)
{
    struct value *pair = peek(m, 2);
    if (!pair)
        return;
    m->depth--;
    if (pair[0].kind == ARRAY)
        build_array(m, &pair[0], &pair[1]);
    else if (pair[0].kind != DTYPE || pair[1].kind != TUPLE || pair[1].count < 2 ||
             !is_text(&m->items[pair[1].first + 1], "|"))
        refuse(m, "state for something else than NumPy's array or its uint8");
}

static void run_stop(struct machine *m)
{
    m->stopped = true;
    if (m->depth != 1 || m->stack[0].kind != DICT)
        refuse(m, "pickle ends with something else than a dict");
    m->opcode = m->at;
    if (m->at != m->size)
        refuse(m, "bytes left over, expected the end");
}

static const struct {
    uint8_t code;
    void (*run)(struct machine *m);
} opcodes[] = {
    {0x80, run_proto}, {'N', run_none},   {0x88, run_bool},   {0x89, run_bool},     {'K', run_int},
    {'M', run_int},    {'J', run_int},    {'U', run_text},    {'T', run_text},      {'c', run_global},
    {'q', run_put},    {'r', run_put},    {'h', run_get},     {'j', run_get},       {'(', run_mark},
    {'}', run_empty},  {']', run_empty},  {')', run_empty},   {'t', run_tuple},     {0x85, run_tuple},
    {0x86, run_tuple}, {0x87, run_tuple}, {'e', run_appends}, {'u', run_set_items}, {'R', run_reduce},
    {'b', run_build},  {'.', run_stop},
};

static void run_one(struct machine *m)
{
    m->opcode = m->at;
    m->code = (uint8_t)take_number(m, 1);
    for (size_t i = 0; !m->status && i < sizeof opcodes / sizeof opcodes[0]; i++)
        if (opcodes[i].code == m->code) {
            opcodes[i].run(m);
            return;
        }
    refuse(m, "opcode 0x%02x, which no pickle of CIFAR-10's has", m->code);
}

/* --- what was found --- */

static void take_labels(struct machine *m, struct pd_cifar10_batch *out)
{
    out->labels = pd_malloc(m->labels.count);
    if (!out->labels) {
        pd_fail(m->err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", m->name);
        m->status = PD_ERR_MEMORY;
    }
    for (uint32_t i = 0; !m->status && i < m->labels.count; i++) {
        const struct value *v = &m->items[m->labels.first + i];
        m->opcode = v->offset;
        if (v->kind != INT || v->number < 0 || v->number >= PD_CIFAR10_CLASSES)
            refuse(m, "label %u is none of 0 to %d", i, PD_CIFAR10_CLASSES - 1);
        out->labels[i] = (uint8_t)v->number;
    }
}

static void take_batch(struct machine *m, struct pd_cifar10_batch *out)
{
    if (m->data.kind != ARRAY || !m->data.bytes)
        refuse(m, "no array 'data' in the dict");
    if (m->labels.kind != LIST)
        refuse(m, "no list 'labels' in the dict");
    if (m->labels.count != m->data.count)
        refuse(m, "%u labels, expected %u, as many as images", m->labels.count, m->data.count);
    out->count = m->data.count;
    out->pixels = m->data.bytes;
    out->by_columns = m->data.by_columns;
    if (!m->status)
        take_labels(m, out);
}

enum pd_status pd_cifar10_pickle_parse(const void *bytes, size_t size, const char *name,
                                       struct pd_cifar10_batch *out, struct pd_error *err)
{
    *out = (struct pd_cifar10_batch){0};
    struct machine *m = pd_malloc(sizeof *m); /* not cleared: values beyond the counts are never read */
    if (!m)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", name);
    memset(m, 0, offsetof(struct machine, stack));
    m->bytes = bytes;
    m->size = size;
    m->name = name;
    m->err = err;
    m->data.kind = m->labels.kind = m->memo[0].kind = NONE;
    if (!size || m->bytes[0] != 0x80)
        refuse(m, "no pickle of protocol 2");
    while (!m->status && !m->stopped)
        run_one(m);
    if (!m->status)
        take_batch(m, out);
    const enum pd_status status = m->status;
    if (status)
        pd_cifar10_batch_release(out);
    pd_free(m);
    return status;
}

void pd_cifar10_batch_release(struct pd_cifar10_batch *batch)
{
    pd_free(batch->labels);
    *batch = (struct pd_cifar10_batch){0};
}
