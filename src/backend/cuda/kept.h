/* Compiled kernels, kept in XDG_CACHE_HOME/paydirt or HOME/.cache/paydirt; without either, not at all. */
#ifndef PD_BACKEND_CUDA_KEPT_H
#define PD_BACKEND_CUDA_KEPT_H

#include <stddef.h>

/* key: all that decides what is compiled: the text, the kind of card, the compiler's version. The image, zero
 * behind it, to be freed by pd_free; NULL: it is not kept. */
char *cuda_kept_read(const char *key, size_t *size);

/* Where that fails, nothing is kept. */
void cuda_kept_write(const char *key, const char *image, size_t size);

/* The image in a file's bytes; NULL: the file is of another key, torn or none of ours. */
char *cuda_kept_parse(const char *bytes, size_t size, const char *key, size_t *image_size);

#endif
