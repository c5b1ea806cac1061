/* The backends by name, and by device. */
#include "backend/cuda/devices.h"
#include "base/words.h"
#include "engine/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PD_BACKEND(id) extern const struct pd_backend_type pd_backend_##id;
#include "backend/backends.def"
#undef PD_BACKEND

static const struct pd_backend_type *const types[] = {
#define PD_BACKEND(id) &pd_backend_##id,
#include "backend/backends.def"
#undef PD_BACKEND
};
enum { COUNT = sizeof types / sizeof types[0] };

const char *pd_backend_name(int index)
{
    return index >= 0 && index < COUNT ? types[index]->name : NULL;
}

static enum pd_status create(const char *name, const struct pd_backend_how *how, struct pd_backend **out,
                             struct pd_error *err)
{
    const char *names[COUNT];
    *out = NULL;
    for (int i = 0; i < COUNT; i++)
        names[i] = types[i]->name;
    const int at = pd_find_word("backend", name, names, COUNT, sizeof names[0], err);
    if (at >= 0 && how->threads < 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "%d threads, expected 1 or more", how->threads);
    return at < 0 ? PD_ERR_USAGE : types[at]->create(types[at], how, out, err);
}

enum pd_status pd_backend_create(const char *name, int threads, struct pd_backend **out, struct pd_error *err)
{
    return create(name, &(struct pd_backend_how){.threads = threads}, out, err);
}

/* --- devices --- */

static const char *const devices[] = {"cpu", "cuda", "auto"};
enum { CPU, CUDA, AUTO, DEVICES };
static const char *const precisions[] = {"fp32", "tf32", "bf16"};
enum { PRECISIONS = sizeof precisions / sizeof precisions[0] };

/* "cuda:1" is CUDA and 1; without a number -1. The place in devices, or -1. */
static int parse_device(const char *text, int *number, struct pd_error *err)
{
    const char *digits = strncmp(text, "cuda:", 5) == 0 ? text + 5 : NULL;
    *number = -1;
    if (!digits)
        return pd_find_word("device", text, devices, DEVICES, sizeof devices[0], err);
    const size_t n = strspn(digits, "0123456789");
    if (n < 1 || n > 3 || digits[n]) {
        pd_fail(err, PD_ERR_USAGE, -1, "device '%.40s': expected cuda: and a number, such as cuda:1", text);
        return -1;
    }
    *number = atoi(digits);
    return CUDA;
}

/* The place in devices, or -1. */
static int parse(const char *device, const char *precision, struct pd_backend_how *how, struct pd_error *err)
{
    const int kind = parse_device(device, &how->device, err);
    const int bits =
        kind < 0 ? -1
                 : pd_find_word("precision", precision, precisions, PRECISIONS, sizeof precisions[0], err);
    if (bits < 0)
        return -1;
    how->precision = (enum pd_precision)bits;
    if (kind != CPU || bits == PD_FP32)
        return kind;
    pd_fail(err, PD_ERR_USAGE, -1, "precision %s on the processor: expected fp32", precision);
    return -1;
}

enum pd_status pd_backend_check_device(const char *device, const char *precision, struct pd_error *err)
{
    struct pd_backend_how how;
    return parse(device, precision, &how, err) < 0 ? PD_ERR_USAGE : PD_OK;
}

enum pd_status pd_backend_open(const char *device, const char *precision, int threads,
                               struct pd_backend **out, struct pd_error *err)
{
    struct pd_backend_how how = {.threads = threads};
    int kind = parse(device, precision, &how, err);
    *out = NULL;
    if (kind == AUTO) {
        kind = cuda_is_ready() ? CUDA : CPU;
        how.precision = kind == CPU ? PD_FP32 : how.precision; /* the processor does no less */
    }
    return kind < 0 ? PD_ERR_USAGE : create(kind == CPU ? "onednn" : "cuda", &how, out, err);
}

const char *pd_backend_where(const struct pd_backend *b)
{
    return b->where ? b->where : "cpu";
}
