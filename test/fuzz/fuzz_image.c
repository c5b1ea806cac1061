/* Any bytes as an image: pixels of the size that was said, or a refusal with a message. */
#include "data/images/image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_image image;
    struct pd_error err = {.status = PD_OK};
    enum pd_status status = pd_image_decode(data, size, "fuzz", &image, &err);
    if (status && (status != err.status || !err.message[0] || image.planes))
        abort();
    unsigned sum = 0;
    const size_t pixels = (size_t)image.height * (size_t)image.width;
    for (size_t k = 0; k < 3 * pixels; k++)
        sum += image.planes[k] & 1;
    if (sum > 3 * pixels || pixels > PD_IMAGE_AREA_MAX)
        abort();
    pd_image_release(&image);
    return 0;
}
