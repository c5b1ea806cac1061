#include "io/pickle.h"

#include "base/mem.h"
#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void pd_pickle_refuse(struct pd_pickle *p, const char *format, ...)
{
    char words[320];
    va_list args;
    if (p->status)
        return;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    p->status = PD_ERR_FORMAT;
    pd_fail(p->err, PD_ERR_FORMAT, (int64_t)p->opcode, "%s: %s", p->name, words);
}

/* where: the list has them, in words. */
static void append(struct pd_pickle *p, struct pd_pickle_list *l, const struct pd_pickle_value *v,
                   size_t most, const char *where)
{
    if (p->status)
        return;
    if (l->n == most) {
        pd_pickle_refuse(p, "more than %zu %s", most, where);
        return;
    }
    struct pd_pickle_value *moved = pd_grow(l->at, l->n, &l->room, sizeof *moved);
    if (!moved) {
        p->status = pd_fail(p->err, PD_ERR_MEMORY, -1, "%s: out of memory", p->name);
        return;
    }
    l->at = moved;
    l->at[l->n++] = *v;
}

/* --- bytes --- */

/* NULL: there are not as many. */
static const uint8_t *take(struct pd_pickle *p, size_t n)
{
    if (n > p->size - p->at) {
        p->opcode = p->size;
        pd_pickle_refuse(p, "truncated in a pickle, expected %zu more bytes", n - (p->size - p->at));
        return NULL;
    }
    p->at += n;
    return p->bytes + p->at - n;
}

/* A number of n <= 8 bytes, little-endian. */
static uint64_t take_number(struct pd_pickle *p, size_t n)
{
    const uint8_t *b = take(p, n);
    uint64_t number = 0;
    for (size_t i = 0; b && i < n; i++)
        number |= (uint64_t)b[i] << 8 * i;
    return number;
}

/* --- the stack --- */

static void push(struct pd_pickle *p, struct pd_pickle_value v)
{
    v.offset = p->opcode;
    append(p, &p->stack, &v, p->reader->stack_most, "values on the pickle's stack");
}

void pd_pickle_push(struct pd_pickle *p, int kind, int64_t number)
{
    push(p, (struct pd_pickle_value){.kind = kind, .number = number});
}

struct pd_pickle_value *pd_pickle_peek(struct pd_pickle *p, size_t n)
{
    bool there = n && n <= p->stack.n;
    for (size_t i = 1; there && i <= n; i++)
        there = p->stack.at[p->stack.n - i].kind != PD_PICKLE_MARK;
    if (!there)
        pd_pickle_refuse(p, "the pickle's stack has fewer values than opcode 0x%02x takes", p->code);
    return there ? p->stack.at + p->stack.n - n : NULL;
}

struct pd_pickle_value *pd_pickle_pop_marked(struct pd_pickle *p, size_t *n)
{
    for (size_t i = p->stack.n; i > 0; i--)
        if (p->stack.at[i - 1].kind == PD_PICKLE_MARK) {
            *n = p->stack.n - i;
            p->stack.n = i - 1;
            return p->stack.at + i;
        }
    pd_pickle_refuse(p, "the pickle's stack has no mark");
    return NULL;
}

bool pd_pickle_is_text(const struct pd_pickle_value *v, const char *words)
{
    return v->kind == PD_PICKLE_TEXT && v->size == strlen(words) && !memcmp(v->bytes, words, v->size);
}

bool pd_pickle_has_kinds(const struct pd_pickle *p, const struct pd_pickle_value *tuple, const int *kinds,
                         uint32_t n)
{
    bool same = tuple->kind == PD_PICKLE_TUPLE && tuple->count == n;
    for (uint32_t i = 0; same && i < n; i++)
        same = p->items.at[tuple->first + i].kind == kinds[i];
    return same;
}

/* --- simple values --- */

static void run_proto(struct pd_pickle *p)
{
    const unsigned version = (unsigned)take_number(p, 1);
    if (version != 2)
        pd_pickle_refuse(p, "a pickle of protocol %u, expected 2", version);
}

static void run_simple(struct pd_pickle *p)
{
    static const struct {
        uint8_t code;
        int kind, number;
    } values[] = {{'N', PD_PICKLE_NONE, 0},
                  {0x88, PD_PICKLE_BOOL, 1},
                  {0x89, PD_PICKLE_BOOL, 0},
                  {']', PD_PICKLE_LIST, 0},
                  {'(', PD_PICKLE_MARK, 0}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (values[i].code == p->code)
            pd_pickle_push(p, values[i].kind, values[i].number);
}

static void run_int(struct pd_pickle *p)
{
    const size_t n = p->code == 'K' ? 1 : p->code == 'M' ? 2 : p->code == 'J' ? 4 : (size_t)take_number(p, 1);
    if (n > 8) {
        pd_pickle_refuse(p, "a whole number of %zu bytes, expected at most 8", n);
        return;
    }
    const uint64_t number = take_number(p, n);
    const bool negative = n && p->code != 'K' && p->code != 'M' && number >> (8 * n - 1);
    pd_pickle_push(p, PD_PICKLE_INT, (int64_t)(negative && n < 8 ? number | ~UINT64_C(0) << 8 * n : number));
}

static void run_text(struct pd_pickle *p)
{
    const size_t size = (size_t)take_number(p, p->code == 'U' ? 1 : 4);
    const uint8_t *bytes = take(p, size);
    push(p, (struct pd_pickle_value){.kind = PD_PICKLE_TEXT, .bytes = (const char *)bytes, .size = size});
}

static void run_global(struct pd_pickle *p)
{
    const size_t left = p->size - p->at;
    const char *text = (const char *)p->bytes + p->at;
    for (size_t i = 0; i < p->reader->global_count; i++) {
        const char *name = *(const char *const *)((const char *)p->reader->globals + i * p->reader->stride);
        const size_t n = strlen(name);
        if (n <= left && !memcmp(text, name, n)) {
            p->at += n;
            pd_pickle_push(p, PD_PICKLE_GLOBAL, (int64_t)i);
            return;
        }
    }
    const char *end = memchr(text, '\n', left),
               *last = end ? memchr(end + 1, '\n', left - (size_t)(end + 1 - text)) : NULL;
    char words[100];
    if (!last) {
        p->opcode = p->size;
        pd_pickle_refuse(p, "truncated in a name of a pickle");
        return;
    }
    snprintf(words, sizeof words, "%.*s.%.*s", (int)(end - text < 48 ? end - text : 48), text,
             (int)(last - end - 1 < 48 ? last - end - 1 : 48), end + 1);
    pd_pickle_refuse(p, "the pickle names '%s', which no pickle of %s does (nothing of it was run)",
                     pd_make_printable(words), p->reader->what);
}

/* --- memo: numbers come one after the other, from 0 or 1 --- */

static void remember(struct pd_pickle *p, const struct pd_pickle_value *v)
{
    append(p, &p->memo, v, p->reader->most, "values in the pickle's memo");
}

static void run_put(struct pd_pickle *p)
{
    const size_t i = (size_t)take_number(p, p->code == 'q' ? 1 : 4);
    const struct pd_pickle_value *top = pd_pickle_peek(p, 1);
    if (i == 1 && !p->memo.n)
        remember(p, &(struct pd_pickle_value){.kind = PD_PICKLE_NONE});
    if (i > p->memo.n)
        pd_pickle_refuse(p, "memo %zu, expected at most %zu", i, p->memo.n);
    else if (top && i == p->memo.n)
        remember(p, top);
    else if (top)
        p->memo.at[i] = *top;
}

/* Dicts are known by their numbers, so that copies are the same one; a list goes on after it was put. */
static void run_get(struct pd_pickle *p)
{
    const size_t i = (size_t)take_number(p, p->code == 'h' ? 1 : 4);
    if (i < p->memo.n && p->memo.at[i].kind != PD_PICKLE_LIST)
        push(p, p->memo.at[i]);
    else
        pd_pickle_refuse(p, i < p->memo.n ? "memo %zu of %zu is a list" : "memo %zu, of %zu", i, p->memo.n);
}

/* --- tuples, lists, dicts --- */

/* n values behind the items of a list or tuple, which must be the last that took any. */
static void add_items(struct pd_pickle *p, struct pd_pickle_value *to, const struct pd_pickle_value *values,
                      size_t n)
{
    if (!to->count)
        to->first = (uint32_t)p->items.n;
    if (to->first + to->count != p->items.n)
        pd_pickle_refuse(p, "a list goes on after others began, expected lists one after the other");
    for (size_t i = 0; i < n && !p->status; i++) {
        append(p, &p->items, &values[i], p->reader->most, "items in lists");
        to->count++;
    }
}

static void run_tuple(struct pd_pickle *p)
{
    struct pd_pickle_value tuple = {.kind = PD_PICKLE_TUPLE};
    size_t n = p->code == ')' ? 0 : p->code - 0x84U;
    const struct pd_pickle_value *values = p->code == 't' ? pd_pickle_pop_marked(p, &n)
                                           : n            ? pd_pickle_peek(p, n)
                                                          : NULL;
    if (values)
        add_items(p, &tuple, values, n);
    if (values && p->code != 't')
        p->stack.n -= n;
    push(p, tuple);
}

static void run_append(struct pd_pickle *p)
{
    size_t n = 1;
    const struct pd_pickle_value *values =
        p->code == 'e' ? pd_pickle_pop_marked(p, &n) : pd_pickle_peek(p, 1);
    if (values && p->code == 'a')
        p->stack.n--;
    struct pd_pickle_value *list = values ? pd_pickle_peek(p, 1) : NULL;
    if (list && list->kind == PD_PICKLE_LIST)
        add_items(p, list, values, n);
    else
        pd_pickle_refuse(p, "items for something that is no list");
}

static void run_dict(struct pd_pickle *p)
{
    pd_pickle_push(p, PD_PICKLE_DICT, ++p->dicts);
}

static void run_stop(struct pd_pickle *p)
{
    p->stopped = true;
    if (p->stack.n != 1)
        pd_pickle_refuse(p, "the pickle ends with %zu values, expected one", p->stack.n);
}

/* --- all of them --- */

static const struct pd_pickle_opcode common[] = {
    {0x80, run_proto}, {'N', run_simple}, {0x88, run_simple}, {0x89, run_simple}, {']', run_simple},
    {'(', run_simple}, {'K', run_int},    {'M', run_int},     {'J', run_int},     {0x8A, run_int},
    {'U', run_text},   {'T', run_text},   {'X', run_text},    {'c', run_global},  {'q', run_put},
    {'r', run_put},    {'h', run_get},    {'j', run_get},     {')', run_tuple},   {'t', run_tuple},
    {0x85, run_tuple}, {0x86, run_tuple}, {0x87, run_tuple},  {'a', run_append},  {'e', run_append},
    {'}', run_dict},   {'.', run_stop},
};

static bool run_of(struct pd_pickle *p, const struct pd_pickle_opcode *opcodes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (opcodes[i].code == p->code) {
            opcodes[i].run(p);
            return true;
        }
    return false;
}

enum pd_status pd_pickle_run(struct pd_pickle *p)
{
    while (!p->status && !p->stopped) {
        p->opcode = p->at;
        p->code = (uint8_t)take_number(p, 1);
        if (!p->status && !run_of(p, common, sizeof common / sizeof common[0]) &&
            !run_of(p, p->reader->opcodes, p->reader->opcode_count))
            pd_pickle_refuse(p, "opcode 0x%02x, which no pickle of %s has", p->code, p->reader->what);
    }
    return p->status;
}

void pd_pickle_release(struct pd_pickle *p)
{
    pd_free(p->stack.at);
    pd_free(p->items.at);
    pd_free(p->memo.at);
}
