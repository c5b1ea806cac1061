/* Kernels from text: NVRTC compiles it for the card, the driver loads it. */
#include "backend/cuda/cuda.h"

#include "backend/cuda/kept.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static const char *const names[CUDA_KERNELS] = {
#define PD_KERNEL(name) #name,
#include "backend/cuda/kernels.def"
#undef PD_KERNEL
};

/* For a card that is newer than NVRTC knows, the newest intermediate code, which the driver finishes. */
static bool known_arch(const struct cuda *b, int *arch)
{
    int count = 0, archs[256];
    *arch = b->arch;
    if (b->api.nvrtcGetNumSupportedArchs(&count) || count > 256 || b->api.nvrtcGetSupportedArchs(archs))
        return true;
    int newest = 0;
    for (int i = 0; i < count; i++) {
        if (archs[i] == b->arch)
            return true;
        newest = archs[i] < b->arch && archs[i] > newest ? archs[i] : newest;
    }
    *arch = newest ? newest : b->arch;
    return false;
}

/* "program(12): error: ..." of what NVRTC said. */
static enum pd_status refused(const struct cuda *b, struct _nvrtcProgram *program, unsigned result,
                              struct pd_error *err)
{
    size_t size = 0;
    char *log = b->api.nvrtcGetProgramLogSize(program, &size) || !size ? NULL : pd_calloc(1, size + 1);
    if (log && b->api.nvrtcGetProgramLog(program, log))
        log[0] = '\0';
    const char *at = log ? strstr(log, "error") : NULL;
    pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: NVRTC does not compile a kernel: %.*s", b->where,
            (int)strcspn(at ? at : b->api.nvrtcGetErrorString(result), "\n"),
            at ? at : b->api.nvrtcGetErrorString(result));
    pd_free(log);
    return PD_ERR_UNSUPPORTED;
}

/* What NVRTC made, for the driver; the caller frees it. NULL: out of memory, or it made none. */
static char *image_of(const struct cuda *b, struct _nvrtcProgram *program, bool finished, size_t *size)
{
    const unsigned result =
        finished ? b->api.nvrtcGetCUBINSize(program, size) : b->api.nvrtcGetPTXSize(program, size);
    char *image = result ? NULL : pd_calloc(1, *size + 1);
    if (image && (finished ? b->api.nvrtcGetCUBIN(program, image) : b->api.nvrtcGetPTX(program, image))) {
        pd_free(image);
        return NULL;
    }
    return image;
}

static enum pd_status load(struct cuda *b, const char *image, struct CUmod_st **out, struct pd_error *err)
{
    struct CUmod_st **grown =
        pd_grow(b->modules, b->n_modules, &b->modules_capacity, sizeof(struct CUmod_st *));
    b->modules = grown ? grown : b->modules;
    if (!grown || !image)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for kernels");
    enum pd_status status = cuda_check(b, b->api.cuModuleLoadData(out, image), "loading kernels", err);
    if (!status)
        b->modules[b->n_modules++] = *out;
    return status;
}

static enum pd_status compile(const struct cuda *b, const char *text, const char *arch, bool finished,
                              char **image, size_t *size, struct pd_error *err)
{
    struct _nvrtcProgram *program = NULL;
    const char *options[] = {arch, "-std=c++17"};
    unsigned result = b->api.nvrtcCreateProgram(&program, text, "paydirt", 0, NULL, NULL);
    if (!result)
        result = b->api.nvrtcCompileProgram(program, 2, options);
    const enum pd_status status = result ? refused(b, program, result, err) : PD_OK;
    if (!status)
        *image = image_of(b, program, finished, size);
    if (program)
        b->api.nvrtcDestroyProgram(&program);
    return status;
}

/* Kept, if the driver takes it; else compiled, and kept. */
static enum pd_status load_text(struct cuda *b, const char *text, const char *arch, bool finished,
                                struct CUmod_st **out, struct pd_error *err)
{
    size_t size = 0;
    char *image = cuda_kept_read(text, &size);
    enum pd_status status = image ? load(b, image, out, NULL) : PD_ERR_IO;
    pd_free(image);
    if (!status)
        return PD_OK;
    image = NULL;
    status = compile(b, text, arch, finished, &image, &size, err);
    if (!status)
        status = load(b, image, out, err);
    if (!status)
        cuda_kept_write(text, image, size);
    pd_free(image);
    return status;
}

enum pd_status cuda_module_add(struct cuda *b, const char *text, struct CUmod_st **out, struct pd_error *err)
{
    struct pd_buffer all = PD_BUFFER_INIT; /* with a line of what else decides */
    int known, major = 0, minor = 0;
    const bool finished = known_arch(b, &known);
    char arch[40];
    snprintf(arch, sizeof arch, "-arch=%s_%d", finished ? "sm" : "compute", known);
    b->api.nvrtcVersion(&major, &minor);
    pd_buffer_printf(&all, "// NVRTC %d.%d %s\n%s%s", major, minor, arch, cuda_text_shared, text);
    const enum pd_status status = all.oom ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for kernels")
                                          : load_text(b, all.data, arch, finished, out, err);
    pd_buffer_release(&all);
    return status;
}

enum pd_status cuda_kernels_load(struct cuda *b, struct pd_error *err)
{
    struct CUmod_st *module;
    enum pd_status status = cuda_module_add(b, cuda_text_kernels, &module, err);
    for (int i = 0; i < CUDA_KERNELS && !status; i++)
        status = cuda_check(b, b->api.cuModuleGetFunction(&b->kernels[i], module, names[i]), names[i], err);
    return status;
}

void cuda_modules_unload(const struct cuda *b)
{
    for (size_t i = 0; i < b->n_modules; i++)
        b->api.cuModuleUnload(b->modules[i]);
}

void cuda_modules_release(const struct cuda *b)
{
    for (size_t i = 0; i < b->n_programs; i++)
        pd_free(b->programs[i].body);
    pd_free(b->programs);
    pd_free(b->modules);
}
