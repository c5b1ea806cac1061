/* Heap blocks. NULL on failure (the caller reports PD_ERR_MEMORY); pd_free accepts NULL.
 * Every allocation of the library goes through here, so a test can count them or make the n-th fail. */
#ifndef PD_BASE_MEM_H
#define PD_BASE_MEM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *pd_malloc(size_t size);
void *pd_calloc(size_t count, size_t size); /* zeroed; NULL on overflow of count * size */
void *pd_realloc(void *block, size_t size);
char *pd_strdup(const char *text);

/* block (capacity items of size `item`) with room for one more than count: as it is, or moved and twice as
 * large; NULL, and block stays, when there is no memory. */
void *pd_grow(void *block, size_t count, size_t *capacity, size_t item);

void pd_free(void *block);

/* 64-byte aligned, zeroed; release with pd_free. */
void *pd_aligned_calloc(size_t size);

/* Many libraries hide a failed allocation or call it something else, but malloc leaves ENOMEM in errno.
 * Around calls of theirs: pd_mem_watch(), the calls, and where they failed, or cannot tell,
 * pd_mem_ran_short(). */
static inline void pd_mem_watch(void)
{
    errno = 0;
}

static inline bool pd_mem_ran_short(void)
{
    return errno == ENOMEM;
}

/* For tests: allocations since the process began; make the n-th from now return NULL (0: none). */
uint64_t pd_mem_count(void);
void pd_mem_fail_after(uint64_t n);

#endif
