/* Elementwise programs as kernels: the text of each, with its shapes in it; those of a plan that are new are
 * compiled together. */
#include "backend/cuda/cuda.h"

#include "base/bug.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of operands x and y and constants f and g. */
static const char *const expressions[PD_OP_COUNT] = {
    [PD_OP_CONSTANT] = "f",
    [PD_OP_AFFINE] = "f * x + g",
    [PD_OP_EXP] = "expf(x)",
    [PD_OP_LOG] = "logf(x)",
    [PD_OP_SQRT] = "sqrtf(x)",
    [PD_OP_ABS] = "fabsf(x)",
    [PD_OP_SIGN] = "(float)((x > 0) - (x < 0))",
    [PD_OP_STEP] = "x > 0 ? 1.0f : 0.0f",
    [PD_OP_POW] = "powf(x, f)",
    [PD_OP_MAX] = "x > f ? x : f",
    [PD_OP_TANH] = "tanhf(x)",
    [PD_OP_SIGMOID] = "x >= 0 ? 1 / (1 + expf(-x)) : expf(x) / (1 + expf(x))",
    [PD_OP_SOFTPLUS] = "(x > 0 ? x : 0) + log1pf(expf(-fabsf(x)))",
    [PD_OP_LRELU] = "x > 0 ? x : f * x",
    [PD_OP_ADD] = "x + y",
    [PD_OP_SUB] = "x - y",
    [PD_OP_MUL] = "x * y",
    [PD_OP_DIV] = "x / y",
    [PD_OP_LRELU_BWD] = "y > 0 ? x : f * x",
};

/* --- text --- */

/* Exactly that float. */
static void put_number(struct pd_buffer *t, double value)
{
    const float f = (float)value;
    if (isnan(f))
        pd_buffer_printf(t, "(0.0f / 0.0f)");
    else if (isinf(f))
        pd_buffer_printf(t, "(%s1.0f / 0.0f)", f < 0 ? "-" : "");
    else
        pd_buffer_printf(t, "%af", (double)f);
}

/* The expression with x, y, f and g replaced; letters inside of names stay. */
static void put_expression(struct pd_buffer *t, const struct pd_fused_op *op)
{
    const char *e = expressions[op->op];
    if (!e)
        BUG("%s in a fused program", pd_op_name(op->op));
    for (; *e; e++) {
        const size_t word = strspn(e, "abcdefghijklmnopqrstuvwxyz0123456789.");
        if (word == 1 && (*e == 'x' || *e == 'y'))
            pd_buffer_printf(t, "v%d", *e == 'x' ? op->a : op->b);
        else if (word == 1 && (*e == 'f' || *e == 'g'))
            put_number(t, op->f[*e == 'g']);
        else
            pd_buffer_append(t, e, word ? word : 1);
        e += word > 1 ? word - 1 : 0;
    }
}

static bool walks(const struct pd_fused *f, int dim)
{
    for (int k = 0; k < f->n_in; k++)
        if (!f->flat[k] && f->stride[k][dim])
            return true;
    return false;
}

/* c0, c1, ...: where element i lies along the dims that some input walks on its own. */
static void put_places(struct pd_buffer *t, const struct pd_fused *f)
{
    int64_t below = 1;
    for (int d = f->rank - 1; d >= 0; below *= f->dim[d--]) {
        if (!walks(f, d))
            continue;
        pd_buffer_printf(t, "        const int c%d = i / %lld", d, (long long)below);
        pd_buffer_printf(t, d ? " %% %lld;\n" : ";\n", (long long)f->dim[d]);
    }
}

static void put_input(struct pd_buffer *t, const struct pd_fused *f, int k)
{
    pd_buffer_printf(t, "        const float v%d = SRC(float, %d)[%s", k, k, f->flat[k] ? "i" : "0");
    for (int d = 0; d < f->rank && !f->flat[k]; d++)
        if (f->stride[k][d])
            pd_buffer_printf(t, " + c%d * %lld", d, (long long)f->stride[k][d]);
    pd_buffer_printf(t, "];\n");
}

static void put_body(struct pd_buffer *t, const struct pd_instr *in)
{
    const struct pd_fused *f = in->fused;
    pd_buffer_printf(t, "{\n    EACH(i, %lld)\n    {\n", (long long)pd_shape_count(in->shape));
    put_places(t, f);
    for (int k = 0; k < f->n_in; k++)
        put_input(t, f, k);
    for (int k = 0; k < f->n_ops; k++) {
        pd_buffer_printf(t, "        const float v%d = ", f->n_in + k);
        put_expression(t, &f->ops[k]);
        pd_buffer_printf(t, ";\n");
    }
    pd_buffer_printf(t, "        DST(float)[i] = v%d;\n    }\n}\n", f->n_in + f->n_ops - 1);
}

/* --- those that are there --- */

static struct cuda_program *find(const struct cuda *b, const char *body)
{
    for (size_t i = 0; i < b->n_programs; i++)
        if (strcmp(b->programs[i].body, body) == 0)
            return &b->programs[i];
    return NULL;
}

static bool add(struct cuda *b, char *body)
{
    struct cuda_program *grown =
        pd_grow(b->programs, b->n_programs, &b->programs_capacity, sizeof *b->programs);
    if (!grown)
        return false;
    b->programs = grown;
    b->programs[b->n_programs++] = (struct cuda_program){.body = body};
    return true;
}

/* The body of the call's program; the caller releases it. */
static struct pd_buffer body_of(const struct pd_call *call)
{
    struct pd_buffer t = PD_BUFFER_INIT;
    put_body(&t, call->instr);
    return t;
}

/* Those that are not there yet, without their functions. False: out of memory. */
static bool list_new(struct cuda *b, const struct pd_call *calls, int n)
{
    for (int i = 0; i < n; i++) {
        if (calls[i].instr->op != PD_OP_FUSED)
            continue;
        struct pd_buffer body = body_of(&calls[i]);
        if (!body.oom && find(b, body.data)) {
            pd_buffer_release(&body);
            continue;
        }
        if (body.oom || !add(b, body.data)) {
            pd_buffer_release(&body);
            return false;
        }
    }
    return true;
}

static enum pd_status compile_from(struct cuda *b, size_t first, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    struct CUmod_st *module;
    for (size_t i = first; i < b->n_programs; i++)
        pd_buffer_printf(&text, "KERNEL(program_%zu)\n%s", i, b->programs[i].body);
    enum pd_status status = text.oom ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for kernels")
                                     : cuda_module_add(b, text.data, &module, err);
    for (size_t i = first; i < b->n_programs && !status; i++) {
        char name[40];
        snprintf(name, sizeof name, "program_%zu", i);
        status = cuda_check(b, b->api.cuModuleGetFunction(&b->programs[i].function, module, name), name, err);
    }
    pd_buffer_release(&text);
    return status;
}

enum pd_status cuda_compile_programs(struct cuda *b, const struct pd_call *calls, int n, struct pd_error *err)
{
    const size_t first = b->n_programs;
    enum pd_status status = PD_OK;
    if (!list_new(b, calls, n))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for kernels");
    if (!status && b->n_programs > first)
        status = compile_from(b, first, err);
    while (status && b->n_programs > first) /* what has no function must not be found */
        pd_free(b->programs[--b->n_programs].body);
    return status;
}

enum pd_status cuda_prepare_program(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    struct pd_buffer body = body_of(call);
    struct cuda_program *program = body.oom ? NULL : find(b, body.data);
    pd_buffer_release(&body);
    if (!program)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for kernels");
    cuda_launch_add(call, CUDA_KERNELS, cuda_blocks(pd_shape_count(call->instr->shape)))->function =
        program->function;
    return PD_OK;
}
