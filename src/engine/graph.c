#include "engine/graph.h"

#include "base/bug.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *pd_op_name(enum pd_op op)
{
    static const char *const names[] = {
#define PD_OP(id, name, kind, grad, over) name,
#include "engine/ops.def"
#undef PD_OP
    };
    return names[op];
}

enum pd_op_kind pd_op_kind(enum pd_op op)
{
    static const enum pd_op_kind kinds[] = {
#define PD_OP(id, name, kind, grad, over) PD_KIND_##kind,
#include "engine/ops.def"
#undef PD_OP
    };
    return kinds[op];
}

size_t pd_dtype_size(enum pd_dtype dtype, size_t real_size)
{
    const size_t sizes[] = {
        [PD_REAL] = real_size, [PD_I32] = sizeof(int32_t), [PD_F64] = sizeof(double), [PD_U8] = 1};
    return sizes[dtype];
}

bool pd_op_over(enum pd_op op, int source)
{
    static const unsigned over_which[] = {
#define PD_OVER(source)                   (1U << (source))
#define PD_OVER_ALL                       ~0U
#define PD_OP(id, name, kind, grad, over) over,
#include "engine/ops.def"
#undef PD_OP
    };
    return over_which[op] & PD_OVER(source);
}

struct pd_graph *pd_graph_create(void)
{
    return pd_calloc(1, sizeof(struct pd_graph));
}

void pd_graph_destroy(struct pd_graph *g)
{
    if (!g)
        return;
    pd_arena_release(&g->arena);
    pd_free(g->nodes);
    pd_free(g);
}

struct pd_shape pd_node_shape(const struct pd_node *n)
{
    return n ? n->shape : pd_shape0();
}

struct pd_graph *pd_node_graph(const struct pd_node *n)
{
    return n->graph;
}

struct pd_node *pd_graph_fail(struct pd_graph *g, enum pd_status status, const char *format, ...)
{
    if (g->error.status)
        return NULL;
    char text[sizeof g->error.message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pd_fail(&g->error, status, -1, "%s", text);
    return NULL;
}

static bool remember(struct pd_graph *g, struct pd_node *n)
{
    if (g->count == g->capacity) {
        int capacity = g->capacity ? 2 * g->capacity : 256;
        struct pd_node **nodes = pd_realloc(g->nodes, (size_t)capacity * sizeof *nodes);
        if (!nodes)
            return false;
        g->nodes = nodes;
        g->capacity = capacity;
    }
    n->id = g->count;
    g->nodes[g->count++] = n;
    return true;
}

/* May the op's source be of that type? */
static bool takes(enum pd_op op, int source, enum pd_dtype dtype)
{
    if (op == PD_OP_PIXELS)
        return dtype == (source ? PD_I32 : PD_U8);
    return dtype == PD_REAL || pd_op_kind(op) == PD_KIND_VIEW || (dtype == PD_I32 && op == PD_OP_ONE_HOT) ||
           (dtype == PD_F64 && op == PD_OP_ADAM && source == 5);
}

struct pd_node *pd_node_new(struct pd_graph *g, enum pd_op op, struct pd_shape shape,
                            const struct pd_attr *attr, int n_src, struct pd_node *const *src)
{
    if (g->error.status)
        return NULL;
    for (int i = 0; i < n_src; i++)
        if (!src[i])
            return NULL;
        else if (!takes(op, i, src[i]->dtype))
            return pd_graph_fail(g, PD_ERR_MISMATCH, "%s of %s", pd_op_name(op),
                                 src[i]->dtype == PD_I32 ? "integers" : "a number that steers the run");
    struct pd_node *n = pd_arena_alloc(&g->arena, sizeof *n);
    if (!n || !remember(g, n))
        return pd_graph_fail(g, PD_ERR_MEMORY, "out of memory while recording a graph");
    n->graph = g;
    n->op = op;
    n->shape = shape;
    n->n_src = n_src;
    n->dtype = n_src && pd_op_kind(op) == PD_KIND_VIEW ? src[0]->dtype : PD_REAL;
    if (attr)
        n->attr = *attr;
    for (int i = 0; i < n_src; i++)
        n->src[i] = src[i];
    return n;
}

static struct pd_node *leaf(struct pd_graph *g, enum pd_op op, struct pd_shape shape, struct pd_attr attr)
{
    return g ? pd_node_new(g, op, shape, &attr, 0, NULL) : NULL;
}

struct pd_node *pd_input(struct pd_graph *g, const char *name, enum pd_dtype dtype, struct pd_shape shape)
{
    struct pd_node *n = leaf(g, PD_OP_INPUT, shape, (struct pd_attr){0});
    if (!n)
        return NULL;
    n->dtype = dtype;
    n->name = pd_arena_strdup(&g->arena, name);
    return n->name ? n : pd_graph_fail(g, PD_ERR_MEMORY, "out of memory while recording a graph");
}

struct pd_node *pd_constant(struct pd_graph *g, double value, struct pd_shape shape)
{
    return leaf(g, PD_OP_CONSTANT, shape, (struct pd_attr){.value = value});
}

struct pd_node *pd_random_normal(struct pd_graph *g, uint32_t stream, struct pd_shape shape)
{
    return leaf(g, PD_OP_RANDOM_NORMAL, shape, (struct pd_attr){.stream = stream});
}

struct pd_node *pd_random_uniform(struct pd_graph *g, uint32_t stream, struct pd_shape shape)
{
    return leaf(g, PD_OP_RANDOM_UNIFORM, shape, (struct pd_attr){.stream = stream});
}

struct pd_node *pd_random_class(struct pd_graph *g, uint32_t stream, int64_t n, int classes)
{
    struct pd_node *node =
        leaf(g, PD_OP_RANDOM_CLASS, pd_shape1(n), (struct pd_attr){.stream = stream, .classes = classes});
    if (node)
        node->dtype = PD_I32;
    return node;
}

void pd_output(struct pd_node *n, const char *name)
{
    if (!n)
        return;
    if (n->output || n->op == PD_OP_INPUT) /* a second name for the same value: a view carries it */
        n = pd_detach(n);
    if (!n)
        return;
    n->output = true;
    n->name = pd_arena_strdup(&n->graph->arena, name);
    if (!n->name)
        pd_graph_fail(n->graph, PD_ERR_MEMORY, "out of memory while recording a graph");
}

struct pd_node *pd_var_read(struct pd_graph *g, struct pd_var *var)
{
    if (!g)
        return NULL;
    if (!var)
        return pd_graph_fail(g, PD_ERR_MEMORY, "out of memory for a variable");
    for (int i = g->count - 1; i >= 0; i--) {
        struct pd_node *n = g->nodes[i];
        if (n->var[0] == var)
            return n;
        if (n->op == PD_OP_ADAM && (n->var[1] == var || n->var[2] == var))
            BUG("%s is read after the Adam that moves it", var->name);
    }
    struct pd_node *n = leaf(g, PD_OP_VAR, var->shape, (struct pd_attr){0});
    if (n) {
        n->dtype = var->dtype;
        n->var[0] = var;
    }
    return n;
}

/* row: the value is one of var's rows */
static struct pd_node *assign(struct pd_var *var, struct pd_node *value, bool row)
{
    char a[96], b[96];
    if (!value)
        return NULL;
    if (!var)
        return pd_graph_fail(value->graph, PD_ERR_MEMORY, "out of memory for a variable");
    struct pd_shape wanted = var->shape;
    if (row && wanted.rank) {
        wanted.rank--;
        memmove(wanted.dim, wanted.dim + 1, sizeof wanted.dim - sizeof *wanted.dim);
    }
    if (!pd_shape_equal(wanted, value->shape))
        return pd_graph_fail(value->graph, PD_ERR_MISMATCH, "assign %s%s %s to %s", row ? "a row of " : "",
                             var->name, pd_shape_text(wanted, a), pd_shape_text(value->shape, b));
    struct pd_node *src[] = {pd_var_read(value->graph, var), value};
    struct pd_node *n =
        pd_node_new(value->graph, row ? PD_OP_ASSIGN_ROW : PD_OP_ASSIGN, var->shape, NULL, 2, src);
    if (n)
        n->var[0] = var;
    return n;
}

struct pd_node *pd_assign(struct pd_var *var, struct pd_node *value)
{
    return assign(var, value, false);
}

struct pd_node *pd_assign_row(struct pd_var *var, struct pd_node *value)
{
    return assign(var, value, true);
}

/* The moment, or the Adam that moved it last: what the next Adam must wait for. */
static struct pd_node *moment_read(struct pd_graph *g, struct pd_var *moment)
{
    for (int i = g->count - 1; i >= 0 && g->nodes[i]->var[0] != moment; i--)
        if (g->nodes[i]->var[1] == moment || g->nodes[i]->var[2] == moment)
            return g->nodes[i];
    return pd_var_read(g, moment);
}

struct pd_node *pd_adam(struct pd_var *var, struct pd_var *m, struct pd_var *v, struct pd_node *t,
                        struct pd_node *grad, const struct pd_adam_options *o)
{
    if (!grad || !t)
        return NULL;
    if (!var || !m || !v)
        return pd_graph_fail(grad->graph, PD_ERR_MEMORY, "out of memory for a variable");
    if (!pd_shape_equal(var->shape, grad->shape) || !pd_shape_equal(var->shape, m->shape) ||
        !pd_shape_equal(var->shape, v->shape) || pd_shape_count(t->shape) != 1 ||
        (o->rate && (o->rate->dtype != PD_F64 || pd_shape_count(o->rate->shape) != 1)))
        return pd_graph_fail(grad->graph, PD_ERR_MISMATCH,
                             "adam of %s: gradient, moments, step or rate of another shape", var->name);
    struct pd_attr attr = {.lr = o->lr, .beta1 = o->beta1, .beta2 = o->beta2, .adam_eps = o->eps};
    struct pd_graph *g = grad->graph;
    struct pd_node *src[] = {pd_var_read(g, var), t, grad, moment_read(g, m), moment_read(g, v), o->rate};
    struct pd_node *n = pd_node_new(g, PD_OP_ADAM, var->shape, &attr, o->rate ? 6 : 5, src);
    if (n) {
        n->var[0] = var;
        n->var[1] = m;
        n->var[2] = v;
    }
    return n;
}
