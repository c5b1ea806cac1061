/* NVRTC and modules: the source is compiled as C by the machine's own compiler, once, into a shared library
 * that is opened. tcc does so in some milliseconds; without it cc does, slowly. */
#include "queue.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MODULES = 4096, KERNELS = 8192 };

static struct {
    char *source;
    void *handle;
} modules[MODULES];
static int n_modules;
static struct CUfunc_st *functions[KERNELS];
static int n_functions;

/* What is compiled once for a process goes with it: a library that is closed would leave it behind. */
__attribute__((destructor)) static void forget(void)
{
    for (int i = 0; i < n_modules; i++)
        free(modules[i].source);
    for (int i = 0; i < n_functions; i++)
        free(functions[i]);
    n_modules = n_functions = 0;
}

/* The compiler's words into log. */
static bool compile(const char *const *command, char *log, size_t size)
{
    int pipes[2], status = 1;
    pid_t child;
    posix_spawn_file_actions_t actions;
    CHECK(!pipe2(pipes, O_CLOEXEC) && !posix_spawn_file_actions_init(&actions));
    CHECK(!posix_spawn_file_actions_adddup2(&actions, pipes[1], STDERR_FILENO));
    const bool started =
        !posix_spawnp(&child, command[0], &actions, NULL, (char *const *)(uintptr_t)command, environ);
    close(pipes[1]);
    const ssize_t n = started ? read(pipes[0], log, size - 1) : 0;
    log[n > 0 ? n : 0] = '\0';
    close(pipes[0]);
    posix_spawn_file_actions_destroy(&actions);
    return started && waitpid(child, &status, 0) == child && status == 0;
}

static void *build(const char *source, char *log, size_t size)
{
    char folder[] = "/tmp/paydirt-standin-XXXXXX", from[64], to[64];
    CHECK(mkdtemp(folder));
    snprintf(from, sizeof from, "%s/k.c", folder);
    snprintf(to, sizeof to, "%s/k.so", folder);
    FILE *f = fopen(from, "we");
    CHECK(f && fwrite(source, strlen(source), 1, f) == 1 && fclose(f) == 0);
    const char *const tcc[] = {"tcc", "-w", "-shared", "-o", to, from, NULL}, *const cc[] = {
                                                                                  "cc",    "-w",      "-O1",
                                                                                  "-fPIC", "-shared", "-o",
                                                                                  to,      from,      "-lm",
                                                                                  NULL};
    void *handle = NULL;
    if (compile(access("/usr/bin/tcc", X_OK) ? cc : tcc, log, size)) {
        handle = dlopen(to, RTLD_NOW | RTLD_LOCAL);
        if (!handle)
            snprintf(log, size, "error: %s", dlerror());
    }
    unlink(to);
    unlink(from);
    rmdir(folder);
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
    snprintf(want, sizeof want, "-arch=%s_%d", arch > 120 ? "compute" : "sm", arch > 120 ? 120 : arch);
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

enum { IMAGE = 48 };

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
    snprintf(image, IMAGE, "standin %d of %d", program->number, (int)getpid());
    return 0;
}

unsigned nvrtcGetPTXSize(struct _nvrtcProgram *program, size_t *size)
{
    return nvrtcGetCUBINSize(program, size);
}

unsigned nvrtcGetPTX(struct _nvrtcProgram *program, char *image)
{
    ENTER("nvrtcGetPTX");
    snprintf(image, IMAGE, "standin %d of %d", program->number, (int)getpid());
    return 0;
}

/* --- modules --- */

struct CUmod_st {
    int number;
};

unsigned cuModuleLoadData(struct CUmod_st **module, const void *image)
{
    ENTER("cuModuleLoadData");
    no_capture();
    int number, process;
    if (sscanf(image, "standin %d of %d", &number, &process) != 2 || process != (int)getpid())
        return 200; /* CUDA_ERROR_INVALID_IMAGE: one that was kept, of another process's */
    CHECK(number < n_modules);
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
