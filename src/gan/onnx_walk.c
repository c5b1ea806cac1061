#include "gan/onnx_walk.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { IMAGES = 2, MORE_IMAGES = 3 };

void pd_onnx_fail(struct pd_onnx_walk *w, enum pd_status status, const char *format, ...)
{
    char text[sizeof w->err->message];
    va_list args;
    if (w->status)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    w->status = pd_fail(w->err, status, -1, "%s", text);
}

struct pd_onnx_value *pd_onnx_value_of(const struct pd_onnx_walk *w, const struct pd_node *n)
{
    return &w->values[n->id];
}

static bool stands_for(const struct pd_node *n)
{
    return n->op == PD_OP_DETACH || n->op == PD_OP_BROADCAST;
}

const struct pd_node *pd_onnx_behind(const struct pd_node *n)
{
    while (stands_for(n))
        n = n->src[0];
    return n;
}

int64_t pd_onnx_dim(const struct pd_onnx_walk *w, const struct pd_node *n, int axis)
{
    const int64_t dim = n->shape.dim[axis];
    return w->larger->nodes[n->id]->shape.dim[axis] == dim ? dim : PD_ONNX_ANY;
}

/* --- recording --- */

static enum pd_status record(struct pd_gan *gan, const struct pd_onnx_network *network, int64_t n,
                             struct pd_graph **out, struct pd_error *err)
{
    struct pd_graph *g = *out = pd_graph_create();
    if (!g)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory while recording a graph");
    network->record(gan, g, n, network->origin);
    return g->error.status ? pd_fail(err, g->error.status, -1, "%s", g->error.message) : PD_OK;
}

/* The same op, by the same numbers, in the same place. */
static bool are_alike(const struct pd_node *a, const struct pd_node *b)
{
    bool alike = a->op == b->op && a->n_src == b->n_src && a->shape.rank == b->shape.rank;
    for (size_t k = 0; k < sizeof a->attr.f / sizeof a->attr.f[0]; k++)
        alike = alike && a->attr.f[k] == b->attr.f[k];
    for (size_t k = 0; k < sizeof a->attr.i / sizeof a->attr.i[0]; k++)
        alike = alike && a->attr.i[k] == b->attr.i[k];
    for (int k = 0; alike && k < a->n_src; k++)
        alike = a->src[k]->id == b->src[k]->id;
    return alike;
}

static void compare(struct pd_onnx_walk *w)
{
    const struct pd_graph *g = w->graph, *larger = w->larger;
    bool alike = g->count == larger->count;
    for (int i = 0; alike && i < g->count; i++)
        alike = are_alike(g->nodes[i], larger->nodes[i]);
    if (!alike)
        pd_onnx_fail(w, PD_ERR_UNSUPPORTED, "ONNX: the network is another for another number of images");
    for (int i = 0; i < g->count; i++)
        if (pd_op_kind(g->nodes[i]->op) == PD_KIND_UPDATE)
            pd_onnx_fail(w, PD_ERR_UNSUPPORTED, "ONNX: the network changes its weights (op '%s')",
                         pd_op_name(g->nodes[i]->op));
}

/* --- what is needed, and what of it is constant --- */

static bool is_named(const struct pd_node *n, const char *const *names)
{
    for (; n->output && *names; names++)
        if (!strcmp(n->name, *names))
            return true;
    return false;
}

/* A random number is another in each run. */
static bool varies_by_itself(enum pd_op op)
{
    return pd_op_kind(op) == PD_KIND_LEAF && op != PD_OP_VAR && op != PD_OP_CONSTANT;
}

static void trace(struct pd_onnx_walk *w, const char *const *outputs)
{
    for (int i = 0; i < w->graph->count; i++) {
        const struct pd_node *n = w->graph->nodes[i];
        bool varies = varies_by_itself(n->op);
        for (int k = 0; k < n->n_src; k++)
            varies = varies || pd_onnx_value_of(w, n->src[k])->varies;
        pd_onnx_value_of(w, n)->varies = varies;
    }
    for (int i = w->graph->count - 1; i >= 0; i--) {
        const struct pd_node *n = w->graph->nodes[i];
        struct pd_onnx_value *v = pd_onnx_value_of(w, n);
        const bool is_output = is_named(n, outputs);
        v->needed = v->needed || is_output;
        v->users += is_output;
        for (int k = 0; v->needed && k < n->n_src; k++) {
            pd_onnx_value_of(w, n->src[k])->needed = true;
            pd_onnx_value_of(w, n->src[k])->users++;
        }
    }
}

/* From here on the graph has those constants as its outputs that a node needs which varies. */
static void mark_constants(struct pd_onnx_walk *w)
{
    for (int i = 0; i < w->graph->count; i++)
        w->graph->nodes[i]->output = false;
    for (int i = 0; i < w->graph->count; i++) {
        struct pd_node *n = w->graph->nodes[i];
        const struct pd_onnx_value *v = pd_onnx_value_of(w, n);
        for (int k = 0; v->needed && v->varies && k < n->n_src; k++) {
            struct pd_node *s = w->graph->nodes[pd_onnx_behind(n->src[k])->id];
            char name[32];
            snprintf(name, sizeof name, "%d", s->id);
            if (!pd_onnx_value_of(w, s)->varies && !s->output)
                pd_output(s, name);
        }
    }
}

static void compute_constants(struct pd_onnx_walk *w)
{
    mark_constants(w);
    if (w->status)
        return;
    w->status = pd_compile(w->graph, w->gan->backend, &w->constants, w->err);
    if (!w->status)
        w->status = pd_plan_run(w->constants, 0, 0, w->err);
}

/* --- constants in the model --- */

float *pd_onnx_numbers(struct pd_onnx_walk *w, const struct pd_node *n)
{
    const int64_t count = pd_shape_count(n->shape);
    char name[32];
    float *numbers = w->status ? NULL : pd_calloc((size_t)count, sizeof *numbers);
    snprintf(name, sizeof name, "%d", n->id);
    if (!numbers)
        pd_onnx_fail(w, PD_ERR_MEMORY, "out of memory for the weights of a network");
    else
        w->status = pd_plan_read(w->constants, name, numbers, count, w->err);
    if (w->status) {
        pd_free(numbers);
        return NULL;
    }
    return numbers;
}

void pd_onnx_constant_name(const struct pd_onnx_walk *w, const struct pd_node *n, char *name)
{
    const struct pd_node *from = n;
    while (from->n_src)
        from = from->src[0];
    const char *variable = from->op == PD_OP_VAR ? from->var[0]->name : "constant";
    const size_t size = strlen(variable), end = sizeof "_orig" - 1; /* divided by its spectral norm by now */
    const bool cut = n != from && size > end && !strcmp(variable + size - end, "_orig");
    const int keep = (int)(cut ? size - end : size);
    snprintf(name, PD_ONNX_NAME, "%.*s", keep, variable);
    for (int i = 1; pd_onnx_has(w->onnx, name); i++)
        snprintf(name, PD_ONNX_NAME, "%.*s.%d", keep < 128 ? keep : 128, variable, i);
}

void pd_onnx_floats(struct pd_onnx_walk *w, const char *name, int rank, const int64_t *dims,
                    const float *from)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    float *to = from ? pd_onnx_constant(w->onnx, name, PD_IO_F32, rank, dims) : NULL;
    if (to)
        memcpy(to, from, count * sizeof *to);
}

static void give_constant(struct pd_onnx_walk *w, const struct pd_node *n)
{
    struct pd_onnx_value *v = pd_onnx_value_of(w, n);
    for (int i = 0; i < n->shape.rank; i++)
        if (pd_onnx_dim(w, n, i) == PD_ONNX_ANY)
            pd_onnx_fail(w, PD_ERR_UNSUPPORTED, "ONNX: a constant with a number for each image (op '%s')",
                         pd_op_name(n->op));
    float *numbers = pd_onnx_numbers(w, n);
    pd_onnx_constant_name(w, n, v->name);
    pd_onnx_floats(w, v->name, n->shape.rank, n->shape.dim, numbers);
    pd_free(numbers);
    v->said = n->shape;
    v->given = true;
}

const char *pd_onnx_name(struct pd_onnx_walk *w, const struct pd_node *n)
{
    const struct pd_node *behind = pd_onnx_behind(n);
    struct pd_onnx_value *v = pd_onnx_value_of(w, behind);
    if (!v->given && !v->varies)
        give_constant(w, behind);
    pd_onnx_value_of(w, n)->said = v->said;
    return v->name;
}

const char *pd_onnx_whole(struct pd_onnx_walk *w, const struct pd_node *n)
{
    const char *name = pd_onnx_name(w, n);
    if (!pd_shape_equal(pd_onnx_value_of(w, n)->said, n->shape))
        pd_onnx_fail(w, PD_ERR_UNSUPPORTED, "ONNX: op '%s' where only sums and the like can broadcast",
                     pd_op_name(n->op));
    return name;
}

/* --- nodes in the model --- */

/* One number for each channel of a product (N, C, ...). */
static bool is_bias(const struct pd_onnx_walk *w, const struct pd_node *n, const struct pd_node *product)
{
    const struct pd_shape s = n->shape, p = product->shape;
    bool fits = !pd_onnx_value_of(w, n)->varies && s.rank == p.rank && s.dim[1] == p.dim[1];
    for (int i = 0; i < s.rank; i++)
        fits = fits && (i == 1 || s.dim[i] == 1);
    return fits;
}

/* A bias goes into the convolution or product before it, as people write them. */
static void join_bias(struct pd_onnx_walk *w, const struct pd_node *n)
{
    for (int k = 0; n->op == PD_OP_ADD && k < 2; k++) {
        const struct pd_node *product = n->src[k];
        struct pd_onnx_value *v = pd_onnx_value_of(w, product);
        if (!pd_onnx_takes_bias(product->op) || v->users != 1 || !v->varies ||
            !is_bias(w, pd_onnx_behind(n->src[1 - k]), product))
            continue;
        v->into = n;
        pd_onnx_value_of(w, n)->factor = product;
        return;
    }
}

/* Outputs have the names that people know, other values their op's. */
static void name_value(struct pd_onnx_walk *w, const struct pd_node *n, const char *const *outputs)
{
    char *name = pd_onnx_value_of(w, n)->name;
    if (is_named(n, outputs))
        snprintf(name, PD_ONNX_NAME, "%.100s", n->name);
    else
        snprintf(name, PD_ONNX_NAME, "%s.%d", pd_op_name(n->op), n->id);
}

static void declare_output(struct pd_onnx_walk *w, const struct pd_node *n)
{
    int64_t dims[PD_MAX_RANK];
    for (int i = 0; i < n->shape.rank; i++)
        dims[i] = pd_onnx_dim(w, n, i);
    pd_onnx_output(w->onnx, pd_onnx_whole(w, n), PD_IO_F32, n->shape.rank, dims);
}

static void say_input(struct pd_onnx_walk *w, const struct pd_node *n)
{
    struct pd_onnx_value *v = pd_onnx_value_of(w, n);
    int64_t dims[PD_MAX_RANK];
    for (int i = 0; i < n->shape.rank; i++)
        dims[i] = pd_onnx_dim(w, n, i);
    snprintf(v->name, sizeof v->name, "%.100s", n->name);
    if (n->dtype == PD_I32)
        pd_onnx_say_labels(w, n);
    else
        pd_onnx_input(w->onnx, v->name, PD_IO_F32, n->shape.rank, dims);
}

static void say_node(struct pd_onnx_walk *w, const struct pd_node *n)
{
    struct pd_onnx_value *v = pd_onnx_value_of(w, n);
    if (n->op == PD_OP_INPUT)
        say_input(w, n);
    else
        pd_onnx_say_op(w, v->factor ? v->factor : n);
    v->said = n->op == PD_OP_INPUT || v->factor ? n->shape : v->said;
    v->given = true;
}

static void say_nodes(struct pd_onnx_walk *w, const char *const *outputs)
{
    for (int i = 0; i < w->graph->count; i++) /* before marks take the outputs' names */
        name_value(w, w->graph->nodes[i], outputs);
    compute_constants(w);
    for (int i = 0; i < w->graph->count; i++)
        if (w->values[i].needed)
            join_bias(w, w->graph->nodes[i]);
    for (int i = 0; i < w->graph->count && !w->status; i++) {
        const struct pd_node *n = w->graph->nodes[i];
        const struct pd_onnx_value *v = pd_onnx_value_of(w, n);
        if (v->needed && v->varies && !v->into && !stands_for(n))
            say_node(w, n);
    }
}

/* The outputs, in the order of their names. */
static void declare_outputs(struct pd_onnx_walk *w, const char *const *outputs)
{
    for (; *outputs && !w->status; outputs++) {
        int at = 0;
        while (at < w->graph->count && (!w->values[at].given || strcmp(w->values[at].name, *outputs) != 0))
            at++;
        if (at < w->graph->count)
            declare_output(w, w->graph->nodes[at]);
        else
            pd_onnx_fail(w, PD_ERR_UNSUPPORTED, "ONNX: no input reaches output '%s'", *outputs);
    }
}

enum pd_status pd_onnx_say(struct pd_gan *gan, const struct pd_onnx_network *network, struct pd_onnx *model,
                           struct pd_error *err)
{
    struct pd_onnx_walk w = {.onnx = model, .gan = gan, .classes = gan->config.classes, .err = err};
    w.status = record(gan, network, IMAGES, &w.graph, err);
    if (!w.status)
        w.status = record(gan, network, MORE_IMAGES, &w.larger, err);
    if (!w.status)
        compare(&w);
    w.values = w.status ? NULL : pd_calloc((size_t)w.graph->count, sizeof *w.values);
    if (!w.values)
        pd_onnx_fail(&w, PD_ERR_MEMORY, "out of memory for an ONNX model");
    if (!w.status) {
        trace(&w, network->outputs);
        say_nodes(&w, network->outputs);
        declare_outputs(&w, network->outputs);
    }
    pd_plan_destroy(w.constants);
    pd_free(w.values);
    pd_graph_destroy(w.larger);
    pd_graph_destroy(w.graph);
    return w.status;
}
