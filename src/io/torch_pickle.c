/* A machine for pickles (protocol 2) that knows what torch.save writes of a dict of tensors, and no more. */
#include "io/torch_pickle.h"

#include "base/mem.h"
#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* less memory to prepare for each input */
enum { STACK_MAX = 64, MOST = 16, DEEP = 1 << 10 };
#else
enum { STACK_MAX = 8192, MOST = 4096, DEEP = 1 << 20 }; /* Inception has 566 tensors */
#endif

enum kind { MARK, NONE, BOOL, INT, TEXT, TUPLE, LIST, DICT, GLOBAL, STORAGE, TENSOR };

struct value {
    enum kind kind;
    int64_t
        number; /* BOOL, INT; GLOBAL: its place in globals[]; STORAGE, TENSOR, DICT: which; TUPLE: how many */
    union {
        struct pd_torch_text text;
        size_t first; /* TUPLE: its part of the items */
    };
};

struct machine {
    const uint8_t *bytes;
    size_t size, at, opcode; /* opcode: where the one that is run stands */
    uint8_t code;
    const char *name;
    struct pd_torch_pickle *out;
    struct pd_error *err;
    enum pd_status status; /* the first failure stays, and what runs after it does no harm */
    bool stopped;
    int depth, n_tensors, dicts;
    size_t n_items, n_memo, room_items, room_memo;
    struct value *items, *memo;
    struct pd_torch_tensor *tensors; /* all, by the order in which they are made */
    struct value stack[STACK_MAX];
};

enum role { ROLE_DICT, ROLE_TENSOR, ROLE_STORAGE };

/* All that a file may name. */
static const struct global {
    const char *name;
    enum role role;
    enum pd_io_dtype dtype;
} globals[] = {
    {"collections\nOrderedDict\n", ROLE_DICT, PD_IO_F32},
    {"torch._utils\n_rebuild_tensor_v2\n", ROLE_TENSOR, PD_IO_F32},
    {"torch\nFloatStorage\n", ROLE_STORAGE, PD_IO_F32},
    {"torch\nDoubleStorage\n", ROLE_STORAGE, PD_IO_F64},
    {"torch\nHalfStorage\n", ROLE_STORAGE, PD_IO_F16},
    {"torch\nBFloat16Storage\n", ROLE_STORAGE, PD_IO_BF16},
    {"torch\nLongStorage\n", ROLE_STORAGE, PD_IO_I64},
    {"torch\nIntStorage\n", ROLE_STORAGE, PD_IO_I32},
    {"torch\nShortStorage\n", ROLE_STORAGE, PD_IO_I16},
    {"torch\nCharStorage\n", ROLE_STORAGE, PD_IO_I8},
    {"torch\nByteStorage\n", ROLE_STORAGE, PD_IO_U8},
    {"torch\nBoolStorage\n", ROLE_STORAGE, PD_IO_BOOL},
};

static bool text_is(struct pd_torch_text text, const char *words)
{
    return text.size == strlen(words) && !memcmp(text.bytes, words, text.size);
}

__attribute__((format(printf, 2, 3))) static void refuse(struct machine *m, const char *format, ...)
{
    char words[320];
    va_list args;
    if (m->status)
        return;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    m->status = PD_ERR_FORMAT;
    pd_fail(m->err, PD_ERR_FORMAT, (int64_t)m->opcode, "%s: %s", m->name, words);
}

/* Room for one more in a list that grows; false: refused. */
static bool grow(struct machine *m, struct value **list, size_t n, size_t *room)
{
    if (n < *room)
        return true;
    const size_t more = *room ? 2 * *room : 256;
    struct value *moved = n < DEEP ? pd_realloc(*list, more * sizeof **list) : NULL;
    if (!moved && n >= DEEP)
        refuse(m, "the pickle has more than %d values", DEEP);
    else if (!moved && !m->status)
        m->status = pd_fail(m->err, PD_ERR_MEMORY, -1, "%s: out of memory", m->name);
    if (!moved)
        return false;
    *list = moved;
    *room = more;
    return true;
}

/* --- bytes --- */

/* NULL: there are not as many. */
static const uint8_t *take(struct machine *m, size_t n)
{
    if (n > m->size - m->at) {
        m->opcode = m->size;
        refuse(m, "truncated in a pickle, expected %zu more bytes", n - (m->size - m->at));
        return NULL;
    }
    m->at += n;
    return m->bytes + m->at - n;
}

/* A number of n <= 8 bytes, little-endian. */
static uint64_t take_number(struct machine *m, size_t n)
{
    const uint8_t *b = take(m, n);
    uint64_t number = 0;
    for (size_t i = 0; b && i < n; i++)
        number |= (uint64_t)b[i] << 8 * i;
    return number;
}

/* --- the stack --- */

static void push(struct machine *m, struct value v)
{
    if (m->depth == STACK_MAX)
        refuse(m, "more than %d values on the pickle's stack", STACK_MAX);
    else
        m->stack[m->depth++] = v;
}

static void push_kind(struct machine *m, enum kind kind, int64_t number)
{
    push(m, (struct value){.kind = kind, .number = number});
}

/* The top n values, none of them a mark; NULL: refused. */
static struct value *peek(struct machine *m, int n)
{
    bool there = n <= m->depth;
    for (int i = 1; there && i <= n; i++)
        there = m->stack[m->depth - i].kind != MARK;
    if (!there)
        refuse(m, "the pickle's stack has fewer values than opcode 0x%02x takes", m->code);
    return there ? m->stack + m->depth - n : NULL;
}

/* The values above the topmost mark, which go with it; they stay readable until the next push. */
static struct value *pop_marked(struct machine *m, int *n)
{
    for (int i = m->depth; i > 0; i--)
        if (m->stack[i - 1].kind == MARK) {
            *n = m->depth - i;
            m->depth = i - 1;
            return m->stack + i;
        }
    refuse(m, "the pickle's stack has no mark");
    return NULL;
}

/* --- simple values --- */

static void run_proto(struct machine *m)
{
    const unsigned version = (unsigned)take_number(m, 1);
    if (version != 2)
        refuse(m, "a pickle of protocol %u, expected 2, as torch.save has it", version);
}

static void run_simple(struct machine *m)
{
    if (m->code == 'N')
        push_kind(m, NONE, 0);
    else if (m->code == 0x88 || m->code == 0x89)
        push_kind(m, BOOL, m->code == 0x88);
    else
        push_kind(m, m->code == ']' ? LIST : MARK, 0);
}

static void run_int(struct machine *m)
{
    const size_t n = m->code == 'K' ? 1 : m->code == 'M' ? 2 : m->code == 'J' ? 4 : (size_t)take_number(m, 1);
    if (n > 8) {
        refuse(m, "a whole number of %zu bytes, expected at most 8", n);
        return;
    }
    const uint64_t number = take_number(m, n);
    const bool negative = n && m->code != 'K' && m->code != 'M' && number >> (8 * n - 1);
    push_kind(m, INT, (int64_t)(negative && n < 8 ? number | ~UINT64_C(0) << 8 * n : number));
}

static void run_text(struct machine *m)
{
    const size_t size = (size_t)take_number(m, 4);
    const uint8_t *bytes = take(m, size);
    push(m, (struct value){.kind = TEXT, .text = {(const char *)bytes, size}});
}

static void run_global(struct machine *m)
{
    const size_t left = m->size - m->at;
    const char *text = (const char *)m->bytes + m->at;
    for (size_t i = 0; i < sizeof globals / sizeof globals[0]; i++) {
        const size_t n = strlen(globals[i].name);
        if (n <= left && !memcmp(text, globals[i].name, n)) {
            m->at += n;
            push_kind(m, GLOBAL, (int64_t)i);
            return;
        }
    }
    const char *end = memchr(text, '\n', left),
               *last = end ? memchr(end + 1, '\n', left - (size_t)(end + 1 - text)) : NULL;
    char words[100];
    if (!last) {
        m->opcode = m->size;
        refuse(m, "truncated in a name of a pickle");
        return;
    }
    snprintf(words, sizeof words, "%.*s.%.*s", (int)(end - text < 48 ? end - text : 48), text,
             (int)(last - end - 1 < 48 ? last - end - 1 : 48), end + 1);
    refuse(m, "the pickle names '%s', which no dict of tensors does (nothing of it was run)",
           pd_make_printable(words));
}

/* --- memo: dicts and tensors are known by their numbers, so that copies of a value are the same one --- */

static void run_put(struct machine *m)
{
    const size_t i = (size_t)take_number(m, m->code == 'q' ? 1 : 4);
    const struct value *top = peek(m, 1);
    if (i > m->n_memo)
        refuse(m, "memo %zu, expected %zu or less", i, m->n_memo);
    else if (top && grow(m, &m->memo, i, &m->room_memo)) {
        m->memo[i] = *top;
        m->n_memo += i == m->n_memo;
    }
}

static void run_get(struct machine *m)
{
    const size_t i = (size_t)take_number(m, m->code == 'h' ? 1 : 4);
    if (i < m->n_memo)
        push(m, m->memo[i]);
    else
        refuse(m, "memo %zu, of %zu", i, m->n_memo);
}

/* --- tuples, lists, dicts --- */

static void run_tuple(struct machine *m)
{
    int n = m->code == ')' ? 0 : m->code - 0x84;
    const bool marked = m->code == 't';
    const struct value *values = marked ? pop_marked(m, &n) : peek(m, n);
    const struct value tuple = {.kind = TUPLE, .number = n, .first = m->n_items};
    for (int i = 0; values && i < n && grow(m, &m->items, m->n_items, &m->room_items); i++)
        m->items[m->n_items++] = values[i];
    if (values && !marked)
        m->depth -= n;
    push(m, tuple);
}

/* Texts alone: the storages' keys. */
static void run_append(struct machine *m)
{
    int n = 1;
    const struct value *values = m->code == 'e' ? pop_marked(m, &n) : peek(m, 1);
    if (values && m->code == 'a')
        m->depth--;
    const struct value *list = values ? peek(m, 1) : NULL;
    if (list && list->kind != LIST)
        refuse(m, "items for something that is no list");
    for (int i = 0; list && i < n && !m->status; i++)
        if (values[i].kind != TEXT || m->out->n_keys == MOST)
            refuse(m, "a list of something else than at most %d texts", MOST);
        else
            m->out->keys[m->out->n_keys++] = values[i].text;
}

static void run_dict(struct machine *m)
{
    push_kind(m, DICT, ++m->dicts);
}

static void set_item(struct machine *m, const struct value *dict, const struct value *key,
                     const struct value *value)
{
    struct pd_torch_pickle *out = m->out;
    if (dict->kind != DICT || key->kind != TEXT) {
        refuse(m, "an item of something else than a dict with words for keys");
    } else if (value->kind == TENSOR && out->n_tensors == MOST) {
        refuse(m, "more than %d tensors", MOST);
    } else if (value->kind == TENSOR) {
        out->tensors[out->n_tensors] = m->tensors[value->number];
        out->tensors[out->n_tensors].name = key->text;
        out->tensors[out->n_tensors++].dict = (int)dict->number;
    }
    if (value->kind == BOOL && !value->number && key->kind == TEXT && text_is(key->text, "little_endian"))
        out->big_endian = true;
}

static void run_set(struct machine *m)
{
    int n = 2;
    const struct value *values = m->code == 'u' ? pop_marked(m, &n) : peek(m, 2);
    if (values && m->code == 's')
        m->depth -= 2;
    const struct value *dict = values ? peek(m, 1) : NULL;
    if (n % 2)
        refuse(m, "a key without a value");
    for (int i = 0; dict && i + 1 < n && !m->status; i += 2)
        set_item(m, dict, &values[i], &values[i + 1]);
}

/* A state_dict carries the versions of its modules. */
static void run_build(struct machine *m)
{
    const struct value *pair = peek(m, 2);
    if (pair && (pair[0].kind != DICT || pair[1].kind != DICT))
        refuse(m, "the pickle sets the state of something else than a dict");
    m->depth -= pair ? 1 : 0;
}

/* --- storages and tensors --- */

static bool has_kinds(const struct machine *m, const struct value *tuple, const enum kind *kinds, int n)
{
    bool same = tuple->kind == TUPLE && tuple->number >= n;
    for (int i = 0; same && i < n; i++)
        same = m->items[tuple->first + (size_t)i].kind == kinds[i];
    return same;
}

/* ("storage", type, key, device, count[, None]) */
static void run_storage(struct machine *m)
{
    static const enum kind kinds[] = {TEXT, GLOBAL, TEXT, TEXT, INT, NONE};
    const struct value *top = peek(m, 1);
    const int n = top && top->kind == TUPLE && top->number == 6 ? 6 : 5;
    if (!top || top->number != n || !has_kinds(m, top, kinds, n) ||
        globals[m->items[top->first + 1].number].role != ROLE_STORAGE ||
        !text_is(m->items[top->first].text, "storage")) {
        refuse(m, "a reference to something else than a storage");
        return;
    }
    const struct value *part = m->items + top->first;
    const struct pd_torch_storage storage = {part[2].text, globals[part[1].number].dtype, part[4].number};
    int i = 0;
    while (i < m->out->n_storages &&
           (m->out->storages[i].key.size != storage.key.size ||
            memcmp(m->out->storages[i].key.bytes, storage.key.bytes, storage.key.size) != 0))
        i++;
    if (i == MOST)
        refuse(m, "more than %d storages", MOST);
    else if (i < m->out->n_storages &&
             (m->out->storages[i].dtype != storage.dtype || m->out->storages[i].count != storage.count))
        refuse(m, "a storage of two types or sizes");
    if (m->status)
        return;
    m->out->storages[i] = storage;
    m->out->n_storages += i == m->out->n_storages;
    m->depth--;
    push_kind(m, STORAGE, i);
}

/* (storage, offset, sizes, strides, requires_grad, hooks) */
static void make_tensor(struct machine *m, const struct value *arguments)
{
    static const enum kind kinds[] = {STORAGE, INT, TUPLE, TUPLE, BOOL, DICT};
    const struct value *part = m->items + arguments->first;
    if (arguments->number != 6 || !has_kinds(m, arguments, kinds, 6) || part[2].number != part[3].number ||
        part[2].number > PD_IO_MAX_RANK || m->n_tensors == MOST) {
        refuse(m, "a tensor that is made of something else than (storage, offset, sizes, strides, ...)");
        return;
    }
    struct pd_torch_tensor t = {
        .storage = (int)part[0].number, .rank = (int)part[2].number, .offset = part[1].number};
    const int64_t count = m->out->storages[t.storage].count;
    int64_t n = 1;
    for (int i = t.rank - 1; i >= 0 && !m->status; i--) {
        const struct value *size = &m->items[part[2].first + (size_t)i],
                           *stride = &m->items[part[3].first + (size_t)i];
        if (size->kind != INT || stride->kind != INT || size->number < 1 || size->number > count / n)
            refuse(m, "a tensor that is larger than its storage, or empty");
        else if (stride->number != n && size->number > 1)
            refuse(m, "a tensor whose numbers do not lie in one row");
        else
            t.dims[i] = size->number;
        n *= m->status ? 1 : size->number;
    }
    if (t.offset < 0 || n > count || t.offset > count - n)
        refuse(m, "a tensor beyond the end of its storage");
    if (m->status)
        return;
    m->tensors[m->n_tensors] = t;
    push_kind(m, TENSOR, m->n_tensors++);
}

static void run_reduce(struct machine *m)
{
    const struct value *call = peek(m, 2);
    if (!call)
        return;
    const struct value arguments = call[1];
    const enum role role = call[0].kind == GLOBAL ? globals[call[0].number].role : ROLE_STORAGE;
    m->depth -= 2;
    if (role == ROLE_STORAGE || arguments.kind != TUPLE)
        refuse(m, "the pickle calls something else than a dict or a tensor");
    else if (role == ROLE_TENSOR)
        make_tensor(m, &arguments);
    else if (arguments.number)
        refuse(m, "a dict that is made of arguments");
    else
        run_dict(m);
}

static void run_stop(struct machine *m)
{
    m->stopped = true;
    if (m->depth != 1)
        refuse(m, "the pickle ends with %d values, expected one", m->depth);
    m->out->dict = m->depth == 1 && m->stack[0].kind == DICT ? (int)m->stack[0].number : 0;
}

/* --- all of them --- */

static const struct {
    uint8_t code;
    void (*run)(struct machine *m);
} opcodes[] = {
    {0x80, run_proto}, {'N', run_simple}, {0x88, run_simple}, {0x89, run_simple}, {']', run_simple},
    {'(', run_simple}, {'K', run_int},    {'M', run_int},     {'J', run_int},     {0x8A, run_int},
    {'X', run_text},   {'c', run_global}, {'q', run_put},     {'r', run_put},     {'h', run_get},
    {'j', run_get},    {')', run_tuple},  {'t', run_tuple},   {0x85, run_tuple},  {0x86, run_tuple},
    {0x87, run_tuple}, {'a', run_append}, {'e', run_append},  {'}', run_dict},    {'s', run_set},
    {'u', run_set},    {'b', run_build},  {'Q', run_storage}, {'R', run_reduce},  {'.', run_stop},
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
    refuse(m, "opcode 0x%02x, which no pickle of tensors has", m->code);
}

void pd_torch_pickle_release(struct pd_torch_pickle *p)
{
    pd_free(p->storages);
    pd_free(p->tensors);
    pd_free(p->keys);
    *p = (struct pd_torch_pickle){.dict = 0};
}

static bool make_room(struct pd_torch_pickle *p)
{
    p->storages = p->storages ? p->storages : pd_malloc(MOST * sizeof *p->storages);
    p->tensors = p->tensors ? p->tensors : pd_malloc(MOST * sizeof *p->tensors);
    p->keys = p->keys ? p->keys : pd_malloc(MOST * sizeof *p->keys);
    return p->storages && p->tensors && p->keys;
}

enum pd_status pd_torch_pickle_read(const void *bytes, size_t size, size_t *at, const char *name,
                                    struct pd_torch_pickle *out, struct pd_error *err)
{
    struct machine *m = pd_malloc(sizeof *m); /* values beyond the counts are never read */
    struct pd_torch_tensor *tensors = pd_malloc(MOST * sizeof *tensors);
    enum pd_status status =
        m && tensors && make_room(out) ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", name);
    if (!status) {
        memset(m, 0, offsetof(struct machine, stack));
        m->bytes = bytes, m->size = size, m->at = *at, m->name = name;
        m->out = out, m->err = err, m->tensors = tensors;
        grow(m, &m->items, 0, &m->room_items);
        while (!m->status && !m->stopped)
            run_one(m);
        *at = m->at;
        status = m->status;
        pd_free(m->items);
        pd_free(m->memo);
    }
    pd_free(tensors);
    pd_free(m);
    return status;
}
