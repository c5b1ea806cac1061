#include "backend/cuda/libraries.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OLDEST = 12, NEWEST = 13, CUDA_MAJOR = 1000 }; /* CUDA's releases; CUDA_MAJOR: of a version's number */

static const struct {
    const char *name, *file; /* file: %d is CUDA's release, where it has one */
    const char *source;
} libraries[CUDA_LIBRARIES] = {
    [CUDA_DRIVER] = {"NVIDIA's driver", "libcuda.so.1", "Debian: nvidia-driver (non-free)"},
    [CUDA_NVRTC] = {"NVRTC", "libnvrtc.so.%d",
                    "pip install nvidia-cuda-nvrtc-cu12, or NVIDIA's cuda-nvrtc-12-9"},
    [CUDA_CUBLASLT] = {"cuBLASLt", "libcublasLt.so.%d",
                       "pip install nvidia-cublas-cu12, or NVIDIA's libcublas-12-9"},
    [CUDA_CUDNN] = {"cuDNN", "libcudnn.so.9", "pip install nvidia-cudnn-cu12, or NVIDIA's libcudnn9-cuda-12"},
    [CUDA_NCCL] = {"NCCL", "libnccl.so.2", "pip install nvidia-nccl-cu12, or NVIDIA's libnccl2"},
};

static const struct {
    enum cuda_library library;
    const char *name;
    size_t at;
} functions[] = {
#define PD_CUDA(library, returns, name, arguments) {CUDA_##library, #name, offsetof(struct cuda_api, name)},
#include "backend/cuda/api.def"
#undef PD_CUDA
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

const char *cuda_library_name(enum cuda_library library)
{
    return libraries[library].name;
}

const char *cuda_library_source(enum cuda_library library)
{
    return libraries[library].source;
}

const char *cuda_version_text(int version, char *text)
{
    snprintf(text, 16, "%d.%d", version / CUDA_MAJOR, version % CUDA_MAJOR / 10);
    return text;
}

/* --- finding them --- */

/* For good: what they leave behind in threads and in the driver calls them until the process ends. */
static void *open_one(const char *path)
{
    return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

/* FOLDER/file, FOLDER/lib/file (conda), FOLDER/lib64/file (CUDA), or FOLDER/x/lib/file (PyPI). */
static void *open_below(const char *folder, int length, const char *file)
{
    static const char *const places[] = {"%.*s/%s", "%.*s/lib/%s", "%.*s/lib64/%s", "%.*s/*/lib/%s"};
    void *handle = NULL;
    for (int i = 0; i < (int)(sizeof places / sizeof *places) && !handle; i++) {
        char pattern[4096];
        glob_t found;
        const int n = snprintf(pattern, sizeof pattern, places[i], length, folder, file);
        if (n < 0 || n >= (int)sizeof pattern || glob(pattern, 0, NULL, &found))
            continue;
        for (size_t k = 0; k < found.gl_pathc && !handle; k++)
            handle = open_one(found.gl_pathv[k]);
        globfree(&found);
    }
    return handle;
}

/* The driver is the system's, where the folders have none: no package beside it brings it. */
static void *open_file(enum cuda_library library, const char *file)
{
    const char *folders = getenv("PAYDIRT_CUDA");
    void *handle = NULL;
    if (!folders || !*folders)
        return open_one(file);
    while (*folders && !handle) {
        const size_t n = strcspn(folders, ":");
        handle = open_below(folders, (int)n, file);
        folders += n + (folders[n] == ':');
    }
    return !handle && library == CUDA_DRIVER ? open_one(file) : handle;
}

/* The newest that the driver serves. */
static void *open_release(enum cuda_library library, int driver)
{
    char file[64];
    void *handle = NULL;
    if (!strchr(libraries[library].file, '%'))
        return open_file(library, libraries[library].file);
    for (int release = NEWEST; release >= OLDEST && !handle; release--) {
        if (release > driver / CUDA_MAJOR)
            continue;
        snprintf(file, sizeof file, "%.*s%d", (int)strcspn(libraries[library].file, "%"),
                 libraries[library].file, release);
        handle = open_file(library, file);
    }
    return handle;
}

/* --- taking what is in them --- */

static enum pd_status take_functions(struct cuda_api *api, enum cuda_library library, struct pd_error *err)
{
    for (int i = 0; i < FUNCTIONS; i++) {
        if (functions[i].library != library)
            continue;
        void *f = dlsym(api->handle[library], functions[i].name);
        if (!f)
            return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "cuda: %s has no %s, another release is needed: %s",
                           libraries[library].name, functions[i].name, libraries[library].source);
        memcpy((char *)api + functions[i].at, &f, sizeof f);
    }
    return PD_OK;
}

static enum pd_status missing(enum cuda_library library, const char *file, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "cuda: %s is missing (%s): %s", libraries[library].name, file,
                   libraries[library].source);
}

enum pd_status cuda_open_library(struct cuda_api *api, enum cuda_library library, struct pd_error *err)
{
    char file[64];
    int driver = (NEWEST + 1) * CUDA_MAJOR - 1; /* where there is none, any is found */
    if (api->cuDriverGetVersion)
        api->cuDriverGetVersion(&driver);
    api->handle[library] = open_release(library, driver);
    if (api->handle[library])
        return take_functions(api, library, err);
    snprintf(file, sizeof file, "%.*s%s", (int)strcspn(libraries[library].file, "%"), libraries[library].file,
             !strchr(libraries[library].file, '%') ? ""
             : driver / CUDA_MAJOR >= NEWEST       ? "13 or 12"
                                                   : "12");
    return missing(library, file, err);
}

enum pd_status cuda_open_driver(struct cuda_api *api, struct pd_error *err)
{
    char have[16];
    int version = 0;
    const char *why = "";
    *api = (struct cuda_api){0};
    api->handle[CUDA_DRIVER] = open_file(CUDA_DRIVER, libraries[CUDA_DRIVER].file);
    if (!api->handle[CUDA_DRIVER])
        return missing(CUDA_DRIVER, libraries[CUDA_DRIVER].file, err);
    enum pd_status status = take_functions(api, CUDA_DRIVER, err);
    if (status)
        return status;
    if (!api->cuDriverGetVersion(&version) && version < OLDEST * CUDA_MAJOR)
        return pd_fail(
            err, PD_ERR_UNSUPPORTED, -1,
            "cuda: NVIDIA's driver serves CUDA %s, expected %d.0 or newer: driver 525 or newer is needed",
            cuda_version_text(version, have), OLDEST);
    const unsigned result = api->cuInit(0);
    if (!result)
        return PD_OK;
    if (api->cuGetErrorString(result, &why))
        why = "unknown error";
    return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "cuda: NVIDIA's driver does not start: %s", why);
}

void cuda_close(struct cuda_api *api)
{
    for (int i = CUDA_LIBRARIES - 1; i >= 0; i--)
        if (api->handle[i])
            dlclose(api->handle[i]);
    *api = (struct cuda_api){0};
}
