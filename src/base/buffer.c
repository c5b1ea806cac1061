#include "base/buffer.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool reserve(struct pd_buffer *b, size_t more)
{
    if (b->oom)
        return false;
    size_t need = b->size + more + 1;
    if (need <= b->capacity)
        return true;
    size_t capacity = b->capacity * 2 > need ? b->capacity * 2 : need + 64;
    char *data = pd_realloc(b->data, capacity);
    if (!data) {
        b->oom = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

void pd_buffer_append(struct pd_buffer *b, const void *bytes, size_t size)
{
    if (!reserve(b, size))
        return;
    if (size)
        memcpy(b->data + b->size, bytes, size);
    b->size += size;
    b->data[b->size] = '\0';
}

void pd_buffer_printf(struct pd_buffer *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && reserve(b, (size_t)n)) {
        vsnprintf(b->data + b->size, (size_t)n + 1, format, again);
        b->size += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void pd_buffer_release(struct pd_buffer *b)
{
    pd_free(b->data);
    *b = (struct pd_buffer)PD_BUFFER_INIT;
}
