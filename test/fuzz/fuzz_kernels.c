/* Any bytes as kernels that were kept: not taken, or an image of the size that is said. */
#include "backend/cuda/kept.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t bytes = 0;
    char *image = cuda_kept_parse((const char *)data, size, "key", &bytes);
    volatile int sum = 0;
    if (image && (bytes < 1 || bytes >= size || image[bytes]))
        abort();
    for (size_t i = 0; image && i < bytes; i++)
        sum = sum + image[i];
    pd_free(image);
    return 0;
}
