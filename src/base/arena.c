#include "base/arena.h"

#include "base/mem.h"

#include <string.h>

struct pd_arena_chunk {
    struct pd_arena_chunk *before;
    size_t used, capacity;
    _Alignas(16) char bytes[];
};

void *pd_arena_alloc(struct pd_arena *a, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    struct pd_arena_chunk *c = a->last;
    if (!c || c->capacity - c->used < size) {
        size_t capacity = size > 16000 ? size : 16000;
        c = pd_calloc(1, sizeof *c + capacity);
        if (!c)
            return NULL;
        c->before = a->last;
        c->capacity = capacity;
        a->last = c;
    }
    void *block = c->bytes + c->used;
    c->used += size;
    return block;
}

char *pd_arena_strdup(struct pd_arena *a, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = pd_arena_alloc(a, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void pd_arena_release(struct pd_arena *a)
{
    while (a->last) {
        struct pd_arena_chunk *c = a->last;
        a->last = c->before;
        pd_free(c);
    }
}
