/* NVRTC and modules: the source is compiled as C by the machine's own compiler, once, into a shared library
 * that is opened. tcc does so in some milliseconds; without it cc does, slowly. */
#include "queue.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MODULES = 4096, KERNELS = 8192 };

static struct {
    char *source;
    void *handle;
} modules[MODULES];
static int n_modules;
static struct CUfunc_st *functions[KERNELS];
static int n_functions;

static bool run(const char *format, const char *folder, char *log, size_t size)
{
    char command[512];
    snprintf(command, sizeof command, format, folder, folder);
    FILE *f = popen(command, "re");
    CHECK(f);
    log[fread(log, 1, size - 1, f)] = '\0';
    return pclose(f) == 0;
}

static void *build(const char *source, char *log, size_t size)
{
    char folder[] = "/tmp/paydirt-standin-XXXXXX", path[64];
    CHECK(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/k.c", folder);
    FILE *f = fopen(path, "we");
    CHECK(f && fwrite(source, strlen(source), 1, f) == 1 && fclose(f) == 0);
    void *handle = NULL;
    if (run(access("/usr/bin/tcc", X_OK) ? "cc -w -O1 -fPIC -shared -o %s/k.so %s/k.c -lm 2>&1"
                                         : "tcc -w -shared -o %s/k.so %s/k.c 2>&1",
            folder, log, size)) {
        snprintf(path, sizeof path, "%s/k.so", folder);
        handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!handle)
            snprintf(log, size, "error: %s", dlerror());
    }
    char ignored[8];
    run("rm -r %s %.0s", folder, ignored, sizeof ignored);
    return handle;
}

unsigned module_compile(const char *source, char **log, int *number)
{
    static char words[4096];
    *log = words;
    for (*number = 0; *number < n_modules; ++*number)
        if (strcmp(modules[*number].source, source) == 0)
            return 0;
    CHECK(n_modules < MODULES);
    modules[n_modules].handle = build(source, words, sizeof words);
    if (!modules[n_modules].handle)
        return 6; /* NVRTC_ERROR_COMPILATION */
    modules[n_modules++].source = strdup(source);
    return 0;
}

struct CUfunc_st *module_function(int number, const char *name)
{
    void *code = dlsym(modules[number].handle, name);
    CHECK(code && n_functions < KERNELS);
    for (int i = 0; i < n_functions; i++)
        if (memcmp(&functions[i]->code, &code, sizeof code) == 0)
            return functions[i];
    struct CUfunc_st *f = calloc(1, sizeof *f);
    memcpy(&f->code, &code, sizeof code);
    snprintf(f->name, sizeof f->name, "%s", name);
    functions[n_functions++] = f;
    return f;
}

long module_launches(const char *kernel)
{
    long n = 0;
    for (int i = 0; i < n_functions; i++)
        n += strncmp(functions[i]->name, kernel, strlen(kernel)) == 0 ? functions[i]->launched : 0;
    return n;
}

/* --- NVRTC --- */

struct _nvrtcProgram {
    char *source, *log;
    int number;
};

unsigned nvrtcVersion(int *major, int *minor)
{
    *major = 13;
    *minor = 0;
    return 0;
}

const char *nvrtcGetErrorString(unsigned error)
{
    return error ? "NVRTC_ERROR_COMPILATION" : "NVRTC_SUCCESS";
}

static const int archs[] = {75, 80, 86, 89, 90, 100, 120};

unsigned nvrtcGetNumSupportedArchs(int *count)
{
    *count = sizeof archs / sizeof *archs;
    return 0;
}

unsigned nvrtcGetSupportedArchs(int *out)
{
    memcpy(out, archs, sizeof archs);
    return 0;
}

unsigned nvrtcCreateProgram(struct _nvrtcProgram **program, const char *source, const char *name, int headers,
                            const char *const *texts, const char *const *names)
{
    ENTER("nvrtcCreateProgram");
    (void)name, (void)texts, (void)names;
    CHECK(headers == 0);
    *program = calloc(1, sizeof **program);
    (*program)->source = strdup(source);
    (*program)->log = (char *)(uintptr_t) "";
    object_made();
    return 0;
}

unsigned nvrtcDestroyProgram(struct _nvrtcProgram **program)
{
    ENTER("nvrtcDestroyProgram");
    free((*program)->source);
    free(*program);
    *program = NULL;
    object_gone();
    return 0;
}

/* Sources are kept where PAYDIRT_STANDIN_SOURCES names a folder (tools/check_kernels). */
static void keep(const struct _nvrtcProgram *program)
{
    const char *folder = getenv("PAYDIRT_STANDIN_SOURCES");
    char path[512];
    if (!folder)
        return;
    snprintf(path, sizeof path, "%s/%d-%d.cu", folder, (int)getpid(), program->number);
    FILE *f = fopen(path, "we");
    CHECK(f && fputs(program->source, f) >= 0 && fclose(f) == 0);
}

unsigned nvrtcCompileProgram(struct _nvrtcProgram *program, int options, const char *const *texts)
{
    ENTER("nvrtcCompileProgram");
    const int arch = standin_machine_now()->arch;
    char want[40];
    snprintf(want, sizeof want, "--gpu-architecture=%s_%d", arch > 120 ? "compute" : "sm",
             arch > 120 ? 120 : arch);
    CHECK(options >= 1 && strcmp(texts[0], want) == 0);
    const unsigned result = module_compile(program->source, &program->log, &program->number);
    if (!result)
        keep(program);
    return result;
}

unsigned nvrtcGetProgramLogSize(struct _nvrtcProgram *program, size_t *size)
{
    *size = strlen(program->log) + 1;
    return 0;
}

unsigned nvrtcGetProgramLog(struct _nvrtcProgram *program, char *log)
{
    memcpy(log, program->log, strlen(program->log) + 1);
    return 0;
}

enum { IMAGE = 32 };

unsigned nvrtcGetCUBINSize(struct _nvrtcProgram *program, size_t *size)
{
    (void)program;
    *size = IMAGE;
    return 0;
}

unsigned nvrtcGetCUBIN(struct _nvrtcProgram *program, char *image)
{
    ENTER("nvrtcGetCUBIN");
    CHECK(standin_machine_now()->arch <= 120);
    snprintf(image, IMAGE, "standin %d", program->number);
    return 0;
}

unsigned nvrtcGetPTXSize(struct _nvrtcProgram *program, size_t *size)
{
    return nvrtcGetCUBINSize(program, size);
}

unsigned nvrtcGetPTX(struct _nvrtcProgram *program, char *image)
{
    ENTER("nvrtcGetPTX");
    snprintf(image, IMAGE, "standin %d", program->number);
    return 0;
}

/* --- modules --- */

struct CUmod_st {
    int number;
};

unsigned cuModuleLoadData(struct CUmod_st **module, const void *image)
{
    ENTER("cuModuleLoadData");
    int number;
    CHECK(sscanf(image, "standin %d", &number) == 1 && number < n_modules);
    *module = calloc(1, sizeof **module);
    (*module)->number = number;
    object_made();
    return 0;
}

unsigned cuModuleUnload(struct CUmod_st *module)
{
    ENTER("cuModuleUnload");
    free(module);
    object_gone();
    return 0;
}

unsigned cuModuleGetFunction(struct CUfunc_st **function, struct CUmod_st *module, const char *name)
{
    ENTER("cuModuleGetFunction");
    *function = module_function(module->number, name);
    return 0;
}

unsigned cuLaunchKernel(struct CUfunc_st *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                        unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                        struct CUstream_st *stream, void **arguments, void **extra)
{
    ENTER("cuLaunchKernel");
    CHECK(function && grid_x && grid_x < 1u << 31 && grid_y == 1 && grid_z == 1);
    CHECK(block_x == CUDA_THREADS && block_y == 1 && block_z == 1 && !shared_bytes && !extra);
    queue_add(stream, (struct operation){.kind = LAUNCH,
                                         .function = function,
                                         .value = (int)grid_x,
                                         .args = *(const struct cuda_args *)arguments[0]});
    return 0;
}
