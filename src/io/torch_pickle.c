/* Pickles (io/pickle.h) that torch.save writes of a dict of tensors, and no others. */
#include "io/torch_pickle.h"

#include "base/mem.h"
#include "io/pickle.h"

#include <string.h>

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* less memory to prepare for each input */
enum { MOST = 16, STACK_MOST = 64, DEEP = 1 << 10 };
#else
enum { MOST = 4096, STACK_MOST = 8192, DEEP = 1 << 20 }; /* Inception has 566 tensors */
#endif

/* number: which. */
enum { STORAGE = PD_PICKLE_OWN, TENSOR };

/* What is being read: a pickle's context. */
struct dicts {
    struct pd_torch_pickle *out;
    struct pd_torch_tensor *tensors; /* all, by the order in which they are made */
    int n_tensors;
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

static struct pd_torch_text text_of(const struct pd_pickle_value *v)
{
    return (struct pd_torch_text){v->bytes, v->size};
}

/* --- dicts --- */

static void set_item(struct pd_pickle *p, const struct pd_pickle_value *dict,
                     const struct pd_pickle_value *key, const struct pd_pickle_value *value)
{
    const struct dicts *d = p->context;
    struct pd_torch_pickle *out = d->out;
    if (dict->kind != PD_PICKLE_DICT || key->kind != PD_PICKLE_TEXT) {
        pd_pickle_refuse(p, "an item of something else than a dict with words for keys");
    } else if (value->kind == TENSOR && out->n_tensors == MOST) {
        pd_pickle_refuse(p, "more than %d tensors", MOST);
    } else if (value->kind == TENSOR) {
        out->tensors[out->n_tensors] = d->tensors[value->number];
        out->tensors[out->n_tensors].name = text_of(key);
        out->tensors[out->n_tensors++].dict = (int)dict->number;
    }
    if (value->kind == PD_PICKLE_BOOL && !value->number && pd_pickle_is_text(key, "little_endian"))
        out->big_endian = true;
}

static void run_set(struct pd_pickle *p)
{
    size_t n = 2;
    const struct pd_pickle_value *values =
        p->code == 'u' ? pd_pickle_pop_marked(p, &n) : pd_pickle_peek(p, 2);
    if (values && p->code == 's')
        p->stack.n -= 2;
    const struct pd_pickle_value *dict = values ? pd_pickle_peek(p, 1) : NULL;
    if (n % 2)
        pd_pickle_refuse(p, "a key without a value");
    for (size_t i = 0; dict && i + 1 < n && !p->status; i += 2)
        set_item(p, dict, &values[i], &values[i + 1]);
}

/* A state_dict carries the versions of its modules. */
static void run_build(struct pd_pickle *p)
{
    const struct pd_pickle_value *pair = pd_pickle_peek(p, 2);
    if (pair && (pair[0].kind != PD_PICKLE_DICT || pair[1].kind != PD_PICKLE_DICT))
        pd_pickle_refuse(p, "the pickle sets the state of something else than a dict");
    p->stack.n -= pair ? 1 : 0;
}

/* --- storages and tensors --- */

/* ("storage", type, key, device, count[, None]) */
static void run_storage(struct pd_pickle *p)
{
    static const int kinds[] = {PD_PICKLE_TEXT, PD_PICKLE_GLOBAL, PD_PICKLE_TEXT,
                                PD_PICKLE_TEXT, PD_PICKLE_INT,    PD_PICKLE_NONE};
    struct pd_torch_pickle *out = ((struct dicts *)p->context)->out;
    const struct pd_pickle_value *top = pd_pickle_peek(p, 1);
    const bool whole =
        top && (pd_pickle_has_kinds(p, top, kinds, 5) || pd_pickle_has_kinds(p, top, kinds, 6));
    const struct pd_pickle_value *part = whole ? p->items.at + top->first : NULL;
    if (!whole || globals[part[1].number].role != ROLE_STORAGE || !pd_pickle_is_text(&part[0], "storage")) {
        pd_pickle_refuse(p, "a reference to something else than a storage");
        return;
    }
    const struct pd_torch_storage storage = {text_of(&part[2]), globals[part[1].number].dtype,
                                             part[4].number};
    int i = 0;
    while (i < out->n_storages &&
           (out->storages[i].key.size != storage.key.size ||
            memcmp(out->storages[i].key.bytes, storage.key.bytes, storage.key.size) != 0))
        i++;
    if (i == MOST)
        pd_pickle_refuse(p, "more than %d storages", MOST);
    else if (i < out->n_storages &&
             (out->storages[i].dtype != storage.dtype || out->storages[i].count != storage.count))
        pd_pickle_refuse(p, "a storage of two types or sizes");
    if (p->status)
        return;
    out->storages[i] = storage;
    out->n_storages += i == out->n_storages;
    p->stack.n--;
    pd_pickle_push(p, STORAGE, i);
}

/* (storage, offset, sizes, strides, requires_grad, hooks) */
static void make_tensor(struct pd_pickle *p, const struct pd_pickle_value *arguments)
{
    static const int kinds[] = {STORAGE,         PD_PICKLE_INT,  PD_PICKLE_TUPLE,
                                PD_PICKLE_TUPLE, PD_PICKLE_BOOL, PD_PICKLE_DICT};
    struct dicts *d = p->context;
    const bool whole = pd_pickle_has_kinds(p, arguments, kinds, 6);
    const struct pd_pickle_value *part = whole ? p->items.at + arguments->first : NULL;
    if (!whole || part[2].count != part[3].count || part[2].count > PD_IO_MAX_RANK || d->n_tensors == MOST) {
        pd_pickle_refuse(
            p, "a tensor that is made of something else than (storage, offset, sizes, strides, ...)");
        return;
    }
    struct pd_torch_tensor t = {
        .storage = (int)part[0].number, .rank = (int)part[2].count, .offset = part[1].number};
    const int64_t count = d->out->storages[t.storage].count;
    int64_t n = 1;
    for (int i = t.rank - 1; i >= 0 && !p->status; i--) {
        const struct pd_pickle_value *size = &p->items.at[part[2].first + (uint32_t)i],
                                     *stride = &p->items.at[part[3].first + (uint32_t)i];
        if (size->kind != PD_PICKLE_INT || stride->kind != PD_PICKLE_INT || size->number < 1 ||
            size->number > count / n)
            pd_pickle_refuse(p, "a tensor that is larger than its storage, or empty");
        else if (stride->number != n && size->number > 1)
            pd_pickle_refuse(p, "a tensor whose numbers do not lie in one row");
        else
            t.dims[i] = size->number;
        n *= p->status ? 1 : size->number;
    }
    if (t.offset < 0 || n > count || t.offset > count - n)
        pd_pickle_refuse(p, "a tensor beyond the end of its storage");
    if (p->status)
        return;
    d->tensors[d->n_tensors] = t;
    pd_pickle_push(p, TENSOR, d->n_tensors++);
}

static void run_reduce(struct pd_pickle *p)
{
    const struct pd_pickle_value *call = pd_pickle_peek(p, 2);
    if (!call)
        return;
    const struct pd_pickle_value arguments = call[1];
    const enum role role = call[0].kind == PD_PICKLE_GLOBAL ? globals[call[0].number].role : ROLE_STORAGE;
    p->stack.n -= 2;
    if (role == ROLE_STORAGE || arguments.kind != PD_PICKLE_TUPLE)
        pd_pickle_refuse(p, "the pickle calls something else than a dict or a tensor");
    else if (role == ROLE_TENSOR)
        make_tensor(p, &arguments);
    else if (arguments.count)
        pd_pickle_refuse(p, "a dict that is made of arguments");
    else
        pd_pickle_push(p, PD_PICKLE_DICT, ++p->dicts);
}

static const struct pd_pickle_opcode opcodes[] = {
    {'s', run_set}, {'u', run_set}, {'b', run_build}, {'Q', run_storage}, {'R', run_reduce}};

static const struct pd_pickle_reader reader = {
    .what = "tensors",
    .stack_most = STACK_MOST,
    .most = DEEP,
    .globals = &globals[0].name,
    .global_count = sizeof globals / sizeof globals[0],
    .stride = sizeof globals[0],
    .opcodes = opcodes,
    .opcode_count = sizeof opcodes / sizeof opcodes[0],
};

/* --- whole --- */

/* Texts alone: the storages' keys. */
static void take_keys(struct pd_pickle *p, const struct pd_pickle_value *list, struct pd_torch_pickle *out)
{
    for (uint32_t i = 0; i < list->count && !p->status; i++) {
        const struct pd_pickle_value *v = &p->items.at[list->first + i];
        if (v->kind != PD_PICKLE_TEXT || out->n_keys == MOST)
            pd_pickle_refuse(p, "a list of something else than at most %d texts", MOST);
        else
            out->keys[out->n_keys++] = text_of(v);
    }
}

static void take_result(struct pd_pickle *p, struct pd_torch_pickle *out)
{
    const struct pd_pickle_value *v = &p->stack.at[0];
    out->dict = v->kind == PD_PICKLE_DICT ? (int)v->number : 0;
    if (v->kind == PD_PICKLE_LIST)
        take_keys(p, v, out);
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
    struct dicts d = {.out = out, .tensors = pd_malloc(MOST * sizeof *d.tensors)};
    struct pd_pickle p = {
        .reader = &reader, .context = &d, .bytes = bytes, .size = size, .at = *at, .name = name, .err = err};
    if (!d.tensors || !make_room(out))
        p.status = pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", name);
    if (!p.status && !pd_pickle_run(&p))
        take_result(&p, out);
    *at = p.at;
    pd_pickle_release(&p);
    pd_free(d.tensors);
    return p.status;
}
