/* Many small blocks that die together. Blocks are zeroed and aligned to 16. */
#ifndef PD_BASE_ARENA_H
#define PD_BASE_ARENA_H

#include <stddef.h>

struct pd_arena_chunk;
struct pd_arena {
    struct pd_arena_chunk *last;
};

void *pd_arena_alloc(struct pd_arena *a, size_t size); /* NULL: out of memory */
char *pd_arena_strdup(struct pd_arena *a, const char *text);
void pd_arena_release(struct pd_arena *a);

#endif
