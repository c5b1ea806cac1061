#include "data/cifar10_pickle.h"

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
    size_t opcode;   /* offset of the one being run */
    const char *name;
    struct pd_error *err;
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

__attribute__((format(printf, 2, 3))) static enum pd_status refuse(struct machine *m, const char *format, ...)
{
    char words[256];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return pd_fail(m->err, PD_ERR_FORMAT, (int64_t)m->opcode, "'%s': %s", m->name, words);
}

/* --- bytes --- */

static enum pd_status take(struct machine *m, size_t n, const uint8_t **bytes)
{
    if (n > m->size - m->at)
        return pd_fail(m->err, PD_ERR_FORMAT, (int64_t)m->size, "'%s' is cut off, expected %zu more bytes",
                       m->name, n - (m->size - m->at));
    *bytes = m->bytes + m->at;
    m->at += n;
    return PD_OK;
}

/* An unsigned number of n bytes, little-endian. */
static enum pd_status take_number(struct machine *m, size_t n, uint32_t *number)
{
    const uint8_t *b = NULL;
    enum pd_status status = take(m, n, &b);
    *number = 0;
    for (size_t i = 0; !status && i < n; i++)
        *number |= (uint32_t)b[i] << 8 * i;
    return status;
}

/* --- stack --- */

static enum pd_status push(struct machine *m, struct value v)
{
    if (m->depth == STACK_MAX)
        return refuse(m, "more than %d values on the pickle's stack", STACK_MAX);
    v.offset = m->opcode;
    m->stack[m->depth++] = v;
    return PD_OK;
}

static enum pd_status push_kind(struct machine *m, enum kind kind, int64_t number)
{
    return push(m, (struct value){.kind = kind, .number = number});
}

/* The stack's top n values, none of them a mark. */
static enum pd_status peek(struct machine *m, uint32_t n, struct value **values)
{
    bool there = n <= m->depth;
    for (uint32_t i = 1; there && i <= n; i++)
        there = m->stack[m->depth - i].kind != MARK;
    *values = m->stack + (there ? m->depth - n : 0);
    return there ? PD_OK : refuse(m, "opcode needs %u values on the pickle's stack", n);
}

/* The values above the topmost mark. */
static enum pd_status peek_marked(struct machine *m, struct value **values, uint32_t *n)
{
    for (uint32_t i = m->depth; i > 0; i--)
        if (m->stack[i - 1].kind == MARK) {
            *values = m->stack + i;
            *n = m->depth - i;
            return PD_OK;
        }
    return refuse(m, "opcode without a mark on the pickle's stack");
}

/* Copies values behind the items of a list or tuple, which must be the last that took any. */
static enum pd_status add_items(struct machine *m, struct value *to, const struct value *values, uint32_t n)
{
    if (!to->count)
        to->first = m->item_count;
    if (to->first + to->count != m->item_count)
        return refuse(m, "a list goes on after others began, expected lists one after the other");
    if (n > ITEMS_MAX - m->item_count)
        return refuse(m, "more than %d items in lists", ITEMS_MAX);
    memcpy(m->items + m->item_count, values, n * sizeof *values);
    m->item_count += n;
    to->count += n;
    return PD_OK;
}

/* --- opcodes: simple values --- */

static enum pd_status run_proto(struct machine *m)
{
    uint32_t version;
    enum pd_status status = take_number(m, 1, &version);
    return status || version == 2 ? status : refuse(m, "pickle of protocol %u, expected 2", version);
}

static enum pd_status run_none(struct machine *m)
{
    return push_kind(m, NONE, 0);
}

static enum pd_status run_bool(struct machine *m)
{
    return push_kind(m, BOOL, m->bytes[m->opcode] == 0x88);
}

static enum pd_status run_int(struct machine *m)
{
    const uint8_t code = m->bytes[m->opcode];
    uint32_t number;
    enum pd_status status = take_number(m, code == 'K' ? 1 : code == 'M' ? 2 : 4, &number);
    return status ? status : push_kind(m, INT, (int32_t)number);
}

static enum pd_status run_text(struct machine *m)
{
    uint32_t size;
    struct value v = {.kind = TEXT};
    enum pd_status status = take_number(m, m->bytes[m->opcode] == 'U' ? 1 : 4, &size);
    if (!status)
        status = take(m, size, &v.bytes);
    v.size = size;
    return status ? status : push(m, v);
}

static enum pd_status run_global(struct machine *m)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        const size_t n = strlen(functions[i].name);
        if (n <= m->size - m->at && !memcmp(m->bytes + m->at, functions[i].name, n)) {
            m->at += n;
            return push_kind(m, FUNCTION, (int64_t)i);
        }
    }
    return refuse(m, "pickle names an object that is no NumPy array of CIFAR-10's");
}

/* --- opcodes: memo --- */

/* Numbers come one after the other, from 0 or 1. */
static enum pd_status run_put(struct machine *m)
{
    uint32_t i;
    struct value *top;
    enum pd_status status = take_number(m, m->bytes[m->opcode] == 'q' ? 1 : 4, &i);
    if (!status)
        status = peek(m, 1, &top);
    if (status)
        return status;
    if (i > m->memo_count + 1 || i >= MEMO_MAX)
        return refuse(m, "memo %u, expected at most %u", i, m->memo_count + 1);
    m->memo[i] = *top;
    m->memo_count = i > m->memo_count ? i : m->memo_count;
    return PD_OK;
}

/* Only of what cannot change after it was put. */
static enum pd_status run_get(struct machine *m)
{
    uint32_t i;
    enum pd_status status = take_number(m, m->bytes[m->opcode] == 'h' ? 1 : 4, &i);
    if (status)
        return status;
    if (i > m->memo_count || (m->memo[i].kind != TEXT && m->memo[i].kind != FUNCTION))
        return refuse(m, "memo %u holds no text, expected one", i);
    return push(m, m->memo[i]);
}

/* --- opcodes: lists, tuples, dict --- */

static enum pd_status run_mark(struct machine *m)
{
    return push_kind(m, MARK, 0);
}

static enum pd_status run_empty(struct machine *m)
{
    const uint8_t code = m->bytes[m->opcode];
    return push_kind(m, code == '}' ? DICT : code == ']' ? LIST : TUPLE, 0);
}

/* The top n values, below them `below` more, become one tuple. */
static enum pd_status make_tuple(struct machine *m, const struct value *values, uint32_t n, uint32_t below)
{
    struct value v = {.kind = TUPLE};
    enum pd_status status = add_items(m, &v, values, n);
    if (status)
        return status;
    m->depth -= n + below;
    return push(m, v);
}

static enum pd_status run_tuple(struct machine *m)
{
    struct value *values = NULL;
    uint32_t n = 0;
    enum pd_status status = peek_marked(m, &values, &n);
    return status ? status : make_tuple(m, values, n, 1);
}

static enum pd_status run_short_tuple(struct machine *m)
{
    struct value *values = NULL;
    const uint32_t n = m->bytes[m->opcode] - 0x84U;
    enum pd_status status = peek(m, n, &values);
    return status ? status : make_tuple(m, values, n, 0);
}

static enum pd_status run_appends(struct machine *m)
{
    struct value *values = NULL, *list = NULL;
    uint32_t n = 0;
    enum pd_status status = peek_marked(m, &values, &n);
    if (status)
        return status;
    m->depth -= n + 1;
    status = peek(m, 1, &list);
    if (!status && list->kind != LIST)
        status = refuse(m, "items for something that is no list");
    return status ? status : add_items(m, list, values, n);
}

static bool is_text(const struct value *v, const char *text)
{
    return v->kind == TEXT && v->size == strlen(text) && !memcmp(v->bytes, text, v->size);
}

static enum pd_status run_set_items(struct machine *m)
{
    struct value *values = NULL, *dict = NULL;
    uint32_t n = 0;
    enum pd_status status = peek_marked(m, &values, &n);
    if (status)
        return status;
    m->depth -= n + 1;
    status = peek(m, 1, &dict);
    if (!status && (dict->kind != DICT || m->depth != 1 || n % 2))
        status = refuse(m, "keys and values for something that is not the one dict");
    for (uint32_t i = 0; !status && i < n; i += 2) {
        if (is_text(&values[i], "data"))
            m->data = values[i + 1];
        if (is_text(&values[i], "labels"))
            m->labels = values[i + 1];
    }
    return status;
}

/* --- opcodes: NumPy's calls --- */

static enum pd_status run_reduce(struct machine *m)
{
    struct value *call = NULL;
    enum pd_status status = peek(m, 2, &call);
    if (status)
        return status;
    const enum kind result = call[0].kind == FUNCTION ? functions[call[0].number].result : NONE;
    if (result == NONE || call[1].kind != TUPLE)
        return refuse(m, "pickle calls something else than NumPy's array or dtype");
    const struct value *args = m->items + call[1].first;
    if (result == DTYPE && (call[1].count < 1 || !is_text(&args[0], "u1")))
        return refuse(m, "array of another type than uint8 ('u1')");
    m->depth -= 2;
    return push_kind(m, result, 0);
}

static bool has_kinds(const struct machine *m, const struct value *tuple, const enum kind *kinds, uint32_t n)
{
    bool same = tuple->kind == TUPLE && tuple->count == n;
    for (uint32_t i = 0; same && i < n; i++)
        same = m->items[tuple->first + i].kind == kinds[i];
    return same;
}

/* state: (version, (rows, columns), dtype, by columns, bytes) */
static enum pd_status build_array(struct machine *m, struct value *array, const struct value *state)
{
    static const enum kind parts[] = {INT, TUPLE, DTYPE, BOOL, TEXT}, sides[] = {INT, INT};
    const struct value *s = m->items + state->first;
    if (!has_kinds(m, state, parts, 5) || !has_kinds(m, &s[1], sides, 2))
        return refuse(
            m, "a NumPy array's state of another form than (version, (rows, columns), dtype, order, bytes)");
    const int64_t rows = m->items[s[1].first].number, columns = m->items[s[1].first + 1].number;
    if (rows < 1 || rows > PD_CIFAR10_BATCH || columns != PD_CIFAR10_PIXELS)
        return refuse(m, "array of %lld x %lld, expected 1 to %d images of %d bytes", (long long)rows,
                      (long long)columns, PD_CIFAR10_BATCH, PD_CIFAR10_PIXELS);
    if (s[4].size != (size_t)rows * PD_CIFAR10_PIXELS)
        return refuse(m, "%zu bytes for an array of %lld x %d", s[4].size, (long long)rows,
                      PD_CIFAR10_PIXELS);
    array->bytes = s[4].bytes;
    array->count = (uint32_t)rows;
    array->by_columns = s[3].number;
    return PD_OK;
}

static enum pd_status run_build(struct machine *m)
{
    struct value *pair = NULL;
    enum pd_status status = peek(m, 2, &pair);
    if (status)
        return status;
    m->depth--;
    if (pair[0].kind == ARRAY)
        return build_array(m, &pair[0], &pair[1]);
    /* a dtype's: (version, byte order, ...); with one byte there is no order */
    if (pair[0].kind != DTYPE || pair[1].kind != TUPLE || pair[1].count < 2 ||
        !is_text(&m->items[pair[1].first + 1], "|"))
        return refuse(m, "state for something else than NumPy's array or its uint8");
    return PD_OK;
}

static enum pd_status run_stop(struct machine *m)
{
    m->stopped = true;
    if (m->depth != 1 || m->stack[0].kind != DICT)
        return refuse(m, "pickle ends with something else than a dict");
    return PD_OK;
}

static const struct {
    uint8_t code;
    enum pd_status (*run)(struct machine *m);
} opcodes[] = {
    {0x80, run_proto},       {'N', run_none},         {0x88, run_bool},   {0x89, run_bool},
    {'K', run_int},          {'M', run_int},          {'J', run_int},     {'U', run_text},
    {'T', run_text},         {'c', run_global},       {'q', run_put},     {'r', run_put},
    {'h', run_get},          {'j', run_get},          {'(', run_mark},    {'}', run_empty},
    {']', run_empty},        {')', run_empty},        {'t', run_tuple},   {0x85, run_short_tuple},
    {0x86, run_short_tuple}, {0x87, run_short_tuple}, {'e', run_appends}, {'u', run_set_items},
    {'R', run_reduce},       {'b', run_build},        {'.', run_stop},
};

static enum pd_status run_one(struct machine *m)
{
    const uint8_t *code = NULL;
    m->opcode = m->at;
    enum pd_status status = take(m, 1, &code);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof opcodes / sizeof opcodes[0]; i++)
        if (opcodes[i].code == *code)
            return opcodes[i].run(m);
    return refuse(m, "opcode 0x%02x, which no pickle of CIFAR-10's has", *code);
}

static enum pd_status run_all(struct machine *m)
{
    if (!m->size || m->bytes[0] != 0x80)
        return pd_fail(m->err, PD_ERR_FORMAT, 0, "'%s' is no pickle of protocol 2", m->name);
    enum pd_status status = PD_OK;
    while (!status && !m->stopped)
        status = run_one(m);
    if (!status && m->at != m->size)
        return pd_fail(m->err, PD_ERR_FORMAT, (int64_t)m->at, "'%s': bytes left over, expected the end",
                       m->name);
    return status;
}

/* --- what was found --- */

static enum pd_status take_labels(struct machine *m, struct pd_cifar10_batch *out)
{
    out->labels = pd_malloc(m->labels.count);
    if (!out->labels)
        return pd_fail(m->err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", m->name);
    for (uint32_t i = 0; i < m->labels.count; i++) {
        const struct value *v = &m->items[m->labels.first + i];
        m->opcode = v->offset;
        if (v->kind != INT || v->number < 0 || v->number >= PD_CIFAR10_CLASSES)
            return refuse(m, "label %u is none of 0 to %d", i, PD_CIFAR10_CLASSES - 1);
        out->labels[i] = (uint8_t)v->number;
    }
    return PD_OK;
}

static enum pd_status take_batch(struct machine *m, struct pd_cifar10_batch *out)
{
    if (m->data.kind != ARRAY || !m->data.bytes)
        return refuse(m, "no array 'data' in the dict");
    if (m->labels.kind != LIST)
        return refuse(m, "no list 'labels' in the dict");
    if (m->labels.count != m->data.count)
        return refuse(m, "%u labels, expected %u, as many as images", m->labels.count, m->data.count);
    out->count = m->data.count;
    out->pixels = m->data.bytes;
    out->by_columns = m->data.by_columns;
    return take_labels(m, out);
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
    enum pd_status status = run_all(m);
    if (!status)
        status = take_batch(m, out);
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
