/* A growing byte buffer. data is always NUL-terminated once anything was appended, or NULL when empty.
 * A failed append sets oom and leaves the content as it was: check oom once, at the end. */
#ifndef PD_BASE_BUFFER_H
#define PD_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct pd_buffer {
    char *data;
    size_t size, capacity;
    bool oom;
};

#define PD_BUFFER_INIT                                                                                       \
    {                                                                                                        \
        NULL, 0, 0, false                                                                                    \
    }

void pd_buffer_append(struct pd_buffer *b, const void *bytes, size_t size);
void pd_buffer_printf(struct pd_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pd_buffer_release(struct pd_buffer *b);

#endif
