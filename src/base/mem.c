#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint_fast64_t count;
static atomic_uint_fast64_t fail_at;

static bool refused(void)
{
    uint64_t n = atomic_fetch_add(&count, 1) + 1;
    if (n != atomic_load(&fail_at))
        return false;
    errno = ENOMEM;
    return true;
}

uint64_t pd_mem_count(void)
{
    return atomic_load(&count);
}

void pd_mem_fail_after(uint64_t n)
{
    atomic_store(&fail_at, n ? atomic_load(&count) + n : 0);
}

void *pd_malloc(size_t size)
{
    return refused() ? NULL : malloc(size ? size : 1);
}

void *pd_calloc(size_t n, size_t size)
{
    return refused() ? NULL : calloc(n ? n : 1, size ? size : 1);
}

void *pd_realloc(void *block, size_t size)
{
    return refused() ? NULL : realloc(block, size ? size : 1);
}

void *pd_grow(void *block, size_t count, size_t *capacity, size_t item)
{
    if (count < *capacity)
        return block;
    size_t doubled = *capacity ? *capacity * 2 : 64;
    void *grown = pd_realloc(block, doubled * item);
    if (grown)
        *capacity = doubled;
    return grown;
}

char *pd_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = pd_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void *pd_aligned_calloc(size_t size)
{
    void *block = NULL;
    if (refused() || posix_memalign(&block, 64, size ? size : 64))
        return NULL;
    return memset(block, 0, size ? size : 64);
}

void pd_free(void *block)
{
    free(block);
}
