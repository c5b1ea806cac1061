/* The reference kernels behind a fence: tensors lie in pages that nobody may touch but while calls run and
 * copies are made. So a program that reads or writes a tensor where it lies, as it could not on a device,
 * dies at that place. */
#include "backend/ref/ref.h"

#include "base/bug.h"
#include "base/mem.h"

#include <sys/mman.h>
#include <unistd.h>

struct block {
    struct block *next;
    void *address;
    size_t bytes; /* whole pages */
};

struct fenced {
    struct pd_backend base;
    struct block *blocks;
};

static void protect(const struct block *block, int how)
{
    if (mprotect(block->address, block->bytes, how))
        BUG("the system does not protect memory");
}

static void open_all(const struct pd_backend *b, bool open)
{
    for (const struct block *k = ((const struct fenced *)b)->blocks; k; k = k->next)
        protect(k, open ? PROT_READ | PROT_WRITE : PROT_NONE);
}

static void *allocate(struct pd_backend *b, size_t bytes)
{
    struct fenced *f = (struct fenced *)b;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct block *k = pd_calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->bytes = bytes ? (bytes + page - 1) / page * page : page;
    k->address = mmap(NULL, k->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (k->address == MAP_FAILED) {
        pd_free(k);
        return NULL;
    }
    k->next = f->blocks;
    f->blocks = k;
    return k->address;
}

static void release(struct pd_backend *b, void *address)
{
    for (struct block **at = &((struct fenced *)b)->blocks; *at; at = &(*at)->next) {
        struct block *k = *at;
        if (k->address != address)
            continue;
        *at = k->next;
        munmap(k->address, k->bytes);
        pd_free(k);
        return;
    }
    if (address)
        BUG("memory that the fenced backend has not allocated is released");
}

static enum pd_status upload(struct pd_backend *b, void *address, const void *from, size_t bytes,
                             struct pd_error *err)
{
    open_all(b, true);
    enum pd_status status = pd_host_upload(b, address, from, bytes, err);
    open_all(b, false);
    return status;
}

static enum pd_status download(struct pd_backend *b, void *to, const void *address, size_t bytes,
                               struct pd_error *err)
{
    open_all(b, true);
    enum pd_status status = pd_host_download(b, to, address, bytes, err);
    open_all(b, false);
    return status;
}

static enum pd_status run(struct pd_backend *b, struct pd_call *calls, int n, struct pd_run *how,
                          struct pd_error *err)
{
    open_all(b, true);
    enum pd_status status = pd_host_run(b, calls, n, how, err);
    open_all(b, false);
    return status;
}

static enum pd_status create(const struct pd_backend_type *type, const struct pd_backend_how *how,
                             struct pd_backend **out, struct pd_error *err)
{
    struct fenced *f = pd_calloc(1, sizeof *f);
    (void)how;
    if (!f)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a backend");
    f->base = (struct pd_backend){.type = type, .threads = 1};
    *out = &f->base;
    return PD_OK;
}

static void destroy(struct pd_backend *b)
{
    if (((struct fenced *)b)->blocks)
        BUG("a backend is destroyed before its plans and variables");
    pd_free(b);
}

#define FENCED                                                                                               \
    .create = create, .destroy = destroy, .allocate = allocate, .release = release, .upload = upload,        \
    .download = download, .prepare = ref_prepare, .run = run

const struct pd_backend_type pd_backend_fenced = {.name = "fenced", .real_size = sizeof(float), FENCED};
const struct pd_backend_type pd_backend_fenced_f64 = {
    .name = "fenced-f64", .real_size = sizeof(double), FENCED};
