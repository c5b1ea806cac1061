/* Compiled kernels, kept on disk, because NVRTC takes seconds. A file holds the whole text that was compiled,
 * so that nothing hangs on a hash, and a digest of all, so that what is torn or was changed is compiled
 * again. */
#include "backend/cuda/kept.h"

#include "base/cache.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 4096, MOST = 256 << 20 };

struct head {
    char magic[8];
    uint64_t key, image, digest; /* bytes of each; of what follows */
};
static const char magic[8] = "PDKERN1";

char *cuda_kept_parse(const char *bytes, size_t size, const char *key, size_t *image_size)
{
    struct head h;
    const size_t n = strlen(key);
    if (size < sizeof h)
        return NULL;
    memcpy(&h, bytes, sizeof h);
    if (memcmp(h.magic, magic, sizeof magic) != 0 || h.key != n || h.image < 1 || h.image > MOST ||
        size != sizeof h + n + h.image || pd_hash(PD_HASH_START, bytes + sizeof h, n + h.image) != h.digest ||
        memcmp(bytes + sizeof h, key, n) != 0)
        return NULL;
    char *image = pd_calloc(1, h.image + 1);
    if (image)
        memcpy(image, bytes + sizeof h + n, h.image);
    *image_size = h.image;
    return image;
}

/* False: nowhere to keep them. make: its folders, too. */
static bool path_of(const char *key, bool make, char path[PATH])
{
    const char *below, *home = pd_cache_home(&below);
    if (!home || !*home)
        return false;
    const int n = snprintf(path, PATH, "%s%s", home, below);
    if (n < 0 || n > PATH - 64)
        return false;
    if (make) {
        char *last = strrchr(path, '/');
        *last = '\0';
        mkdir(path, 0777);
        *last = '/';
        mkdir(path, 0777);
    }
    snprintf(path + n, PATH - (size_t)n, "/%016llx.kernels",
             (unsigned long long)pd_hash(PD_HASH_START, key, strlen(key)));
    return true;
}

char *cuda_kept_read(const char *key, size_t *size)
{
    char path[PATH], *image = NULL;
    struct stat st;
    FILE *file = path_of(key, false, path) ? fopen(path, "rb") : NULL;
    if (!file)
        return NULL;
    const size_t n =
        fstat(fileno(file), &st) || !S_ISREG(st.st_mode) || st.st_size > MOST ? 0 : (size_t)st.st_size;
    char *bytes = n ? pd_calloc(1, n) : NULL;
    if (bytes && fread(bytes, 1, n, file) == n)
        image = cuda_kept_parse(bytes, n, key, size);
    pd_free(bytes);
    fclose(file);
    return image;
}

/* Without a sync: what a power loss leaves has another digest. */
void cuda_kept_write(const char *key, const char *image, size_t size)
{
    char path[PATH], aside[PATH + 16];
    const size_t n = strlen(key);
    struct head h = {.key = n, .image = size, .digest = pd_hash(pd_hash(PD_HASH_START, key, n), image, size)};
    memcpy(h.magic, magic, sizeof magic);
    if (!path_of(key, true, path))
        return;
    snprintf(aside, sizeof aside, "%s.%ld", path, (long)getpid());
    FILE *file = fopen(aside, "wb");
    if (!file)
        return;
    const bool written = fwrite(&h, sizeof h, 1, file) == 1 && fwrite(key, 1, n, file) == n &&
                         fwrite(image, 1, size, file) == size;
    if (fclose(file) || !written || rename(aside, path))
        unlink(aside);
}
