#include "io/onnx.h"

#include "base/arena.h"
#include "base/library.h"
#include "base/mem.h"
#include "io/file.h"

#include <paydirt/version.h>

#include <limits.h>
#include <onnx.pb-c.h>
#include <string.h>

enum { IR_VERSION = 8, OPSET = 17, FLUSH_BYTES = 1 << 16 };

const char *pd_library_protobuf(char *text)
{
    (void)text;
    return protobuf_c_version();
}

/* Pointers to messages of one kind. */
struct list {
    void **at;
    size_t count, capacity;
};

/* Everything lies in the arena. */
struct pd_onnx {
    struct pd_arena arena;
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets;
    struct list inputs, outputs, constants, nodes, meta;
    bool oom;
};

struct pd_onnx_node {
    struct pd_onnx *model;
    Onnx__NodeProto proto;
    struct list inputs, attributes;
    char *output;
};

/* --- memory --- */

static void *take(struct pd_onnx *m, size_t size)
{
    void *block = m->oom ? NULL : pd_arena_alloc(&m->arena, size);
    m->oom = !block;
    return block;
}

static char *copy(struct pd_onnx *m, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *block = take(m, size);
    return block ? memcpy(block, text, size) : NULL;
}

static void append(struct pd_onnx *m, struct list *l, void *item)
{
    if (item && l->count == l->capacity) {
        const size_t capacity = l->capacity ? 2 * l->capacity : 8;
        void **more = take(m, capacity * sizeof *more);
        if (!more)
            return;
        if (l->count)
            memcpy(more, l->at, l->count * sizeof *more);
        *l = (struct list){more, l->count, capacity};
    }
    if (item)
        l->at[l->count++] = item;
}

/* --- life --- */

enum pd_status pd_onnx_create(struct pd_onnx **out, struct pd_error *err)
{
    struct pd_onnx *m = *out = pd_calloc(1, sizeof *m);
    if (!m)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for an ONNX model");
    onnx__model_proto__init(&m->model);
    onnx__graph_proto__init(&m->graph);
    onnx__operator_set_id_proto__init(&m->opset);
    m->opset.domain = copy(m, "");
    m->opset.has_version = true;
    m->opset.version = OPSET;
    m->opsets = &m->opset;
    m->model.opset_import = &m->opsets;
    m->model.n_opset_import = 1;
    m->model.has_ir_version = true;
    m->model.ir_version = IR_VERSION;
    m->model.producer_name = copy(m, "paydirt");
    m->model.producer_version = copy(m, pd_version());
    m->model.graph = &m->graph;
    return PD_OK;
}

void pd_onnx_destroy(struct pd_onnx *m)
{
    if (m)
        pd_arena_release(&m->arena);
    pd_free(m);
}

/* --- what it says of itself --- */

void pd_onnx_about(struct pd_onnx *m, const char *name, const char *about)
{
    m->graph.name = copy(m, name);
    m->model.doc_string = copy(m, about);
}

void pd_onnx_meta(struct pd_onnx *m, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *entry = take(m, sizeof *entry);
    if (!entry)
        return;
    onnx__string_string_entry_proto__init(entry);
    entry->key = copy(m, key);
    entry->value = copy(m, value);
    append(m, &m->meta, entry);
}

static int32_t type_of(enum pd_io_dtype dtype)
{
    return dtype == PD_IO_I64  ? ONNX__TENSOR_PROTO__DATA_TYPE__INT64
           : dtype == PD_IO_U8 ? ONNX__TENSOR_PROTO__DATA_TYPE__UINT8
                               : ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
}

/* --- inputs and outputs --- */

static void add_dim(struct pd_onnx *m, struct list *dims, int64_t n)
{
    Onnx__TensorShapeProto__Dimension *dim = take(m, sizeof *dim);
    if (!dim)
        return;
    onnx__tensor_shape_proto__dimension__init(dim);
    if (n == PD_ONNX_ANY) {
        dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        dim->dim_param = copy(m, "N");
    } else {
        dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        dim->dim_value = n;
    }
    append(m, dims, dim);
}

static void add_value(struct pd_onnx *m, struct list *to, const char *name, enum pd_io_dtype dtype, int rank,
                      const int64_t *dims)
{
    struct value {
        Onnx__ValueInfoProto info;
        Onnx__TypeProto type;
        Onnx__TypeProto__Tensor tensor;
        Onnx__TensorShapeProto shape;
    } *v = take(m, sizeof *v);
    struct list list = {NULL, 0, 0};
    for (int i = 0; i < rank; i++)
        add_dim(m, &list, dims[i]);
    if (!v)
        return;
    onnx__value_info_proto__init(&v->info);
    onnx__type_proto__init(&v->type);
    onnx__type_proto__tensor__init(&v->tensor);
    onnx__tensor_shape_proto__init(&v->shape);
    v->shape.dim = (Onnx__TensorShapeProto__Dimension **)list.at;
    v->shape.n_dim = list.count;
    v->tensor.has_elem_type = true;
    v->tensor.elem_type = type_of(dtype);
    v->tensor.shape = &v->shape;
    v->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    v->type.tensor_type = &v->tensor;
    v->info.type = &v->type;
    v->info.name = copy(m, name);
    append(m, to, &v->info);
}

void pd_onnx_input(struct pd_onnx *m, const char *name, enum pd_io_dtype dtype, int rank, const int64_t *dims)
{
    add_value(m, &m->inputs, name, dtype, rank, dims);
}

void pd_onnx_output(struct pd_onnx *m, const char *name, enum pd_io_dtype dtype, int rank,
                    const int64_t *dims)
{
    add_value(m, &m->outputs, name, dtype, rank, dims);
}

/* --- constants and nodes --- */

void *pd_onnx_constant(struct pd_onnx *m, const char *name, enum pd_io_dtype dtype, int rank,
                       const int64_t *dims)
{
    Onnx__TensorProto *t = take(m, sizeof *t);
    int64_t *own = take(m, (size_t)(rank + 1) * sizeof *own);
    struct pd_io_array array = {.name = name, .dtype = dtype, .rank = rank};
    int64_t bytes = 0;
    for (int i = 0; i < rank; i++)
        array.dims[i] = dims[i];
    void *data = pd_io_array_bytes(&array, &bytes) ? take(m, (size_t)bytes) : NULL;
    if (!t || !own || !data)
        return NULL;
    memcpy(own, array.dims, (size_t)rank * sizeof *own);
    onnx__tensor_proto__init(t);
    t->name = copy(m, name);
    t->has_data_type = true;
    t->data_type = type_of(dtype);
    t->dims = own;
    t->n_dims = (size_t)rank;
    t->has_raw_data = true;
    t->raw_data = (ProtobufCBinaryData){(size_t)bytes, data};
    append(m, &m->constants, t);
    return data;
}

bool pd_onnx_has(const struct pd_onnx *m, const char *name)
{
    for (size_t i = 0; i < m->constants.count; i++) {
        const Onnx__TensorProto *t = m->constants.at[i];
        if (t->name && !strcmp(t->name, name))
            return true;
    }
    return false;
}

struct pd_onnx_node *pd_onnx_node(struct pd_onnx *m, const char *op, const char *output)
{
    struct pd_onnx_node *n = take(m, sizeof *n);
    if (!n)
        return NULL;
    *n = (struct pd_onnx_node){.model = m, .output = copy(m, output)};
    onnx__node_proto__init(&n->proto);
    n->proto.op_type = copy(m, op);
    n->proto.name = n->output;
    n->proto.output = &n->output;
    n->proto.n_output = 1;
    append(m, &m->nodes, &n->proto);
    return n;
}

void pd_onnx_node_input(struct pd_onnx_node *n, const char *name)
{
    if (!n || !name)
        return;
    append(n->model, &n->inputs, copy(n->model, name));
    n->proto.input = (char **)n->inputs.at;
    n->proto.n_input = n->inputs.count;
}

static Onnx__AttributeProto *attribute(struct pd_onnx_node *n, const char *name,
                                       Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *a = n ? take(n->model, sizeof *a) : NULL;
    if (!a)
        return NULL;
    onnx__attribute_proto__init(a);
    a->name = copy(n->model, name);
    a->has_type = true;
    a->type = type;
    append(n->model, &n->attributes, a);
    n->proto.attribute = (Onnx__AttributeProto **)n->attributes.at;
    n->proto.n_attribute = n->attributes.count;
    return a;
}

void pd_onnx_node_real(struct pd_onnx_node *n, const char *name, double value)
{
    Onnx__AttributeProto *a = attribute(n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a)
        return;
    a->has_f = true;
    a->f = (float)value;
}

void pd_onnx_node_integer(struct pd_onnx_node *n, const char *name, int64_t value)
{
    Onnx__AttributeProto *a = attribute(n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a)
        return;
    a->has_i = true;
    a->i = value;
}

void pd_onnx_node_integers(struct pd_onnx_node *n, const char *name, int count, const int64_t *values)
{
    Onnx__AttributeProto *a = attribute(n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    a = a && (a->ints = take(n->model, (size_t)count * sizeof *values)) ? a : NULL;
    if (!a)
        return;
    memcpy(a->ints, values, (size_t)count * sizeof *values);
    a->n_ints = (size_t)count;
}

/* --- the file --- */

/* What protobuf-c packs into: small pieces are gathered. */
struct sink {
    ProtobufCBuffer base; /* first: protobuf-c knows this alone */
    struct pd_atomic_file file;
    struct pd_buffer pending;
    enum pd_status status;
    struct pd_error *err;
};

static void flush(struct sink *s)
{
    if (!s->status && s->pending.oom)
        s->status = pd_fail_memory(s->err, s->file.path);
    if (!s->status)
        s->status = pd_atomic_file_append(&s->file, s->pending.data, s->pending.size, s->err);
    s->pending.size = 0;
}

static void receive(ProtobufCBuffer *base, size_t size, const uint8_t *bytes)
{
    struct sink *s = (struct sink *)base;
    if (s->pending.size + size > FLUSH_BYTES)
        flush(s);
    if (size < FLUSH_BYTES)
        pd_buffer_append(&s->pending, bytes, size);
    else if (!s->status)
        s->status = pd_atomic_file_append(&s->file, bytes, size, s->err);
}

static void gather(struct pd_onnx *m)
{
    m->graph.input = (Onnx__ValueInfoProto **)m->inputs.at;
    m->graph.n_input = m->inputs.count;
    m->graph.output = (Onnx__ValueInfoProto **)m->outputs.at;
    m->graph.n_output = m->outputs.count;
    m->graph.initializer = (Onnx__TensorProto **)m->constants.at;
    m->graph.n_initializer = m->constants.count;
    m->graph.node = (Onnx__NodeProto **)m->nodes.at;
    m->graph.n_node = m->nodes.count;
    m->model.metadata_props = (Onnx__StringStringEntryProto **)m->meta.at;
    m->model.n_metadata_props = m->meta.count;
}

enum pd_status pd_onnx_write(struct pd_onnx *m, const char *path, struct pd_error *err)
{
    struct sink s = {.base = {receive}, .pending = PD_BUFFER_INIT, .err = err};
    if (m->oom)
        return pd_fail_memory(err, path);
    gather(m);
    if (onnx__model_proto__get_packed_size(&m->model) > INT_MAX)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: an ONNX file has at most 2 GB", path);
    s.status = pd_atomic_file_begin(&s.file, path, err);
    if (!s.status) {
        onnx__model_proto__pack_to_buffer(&m->model, &s.base);
        flush(&s);
    }
    if (!s.status)
        s.status = pd_atomic_file_commit(&s.file, err);
    pd_atomic_file_abort(&s.file);
    pd_buffer_release(&s.pending);
    return s.status;
}
