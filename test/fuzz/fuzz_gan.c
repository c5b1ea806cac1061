/* Any bytes as networks: refused with words, or G makes samples of them and D scores those. */
#include "gan/gan.h"
#include "io/safetensors.h"

#include <paydirt/sample.h>
#include <paydirt/score.h>

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct pd_gan *gan)
{
    const int32_t class = pd_gan_classes(gan) - 1;
    const size_t image = (size_t)pd_gan_image_size(gan), classes = (size_t)pd_gan_classes(gan);
    float *x = calloc(image + classes + 1, sizeof *x);
    if (!x)
        return;
    if (pd_generate(gan, 1, &class, NULL, 1, x, NULL) == PD_OK)
        for (int o = 0; o < PD_ORIGINS; o++) /* what overflows is refused */
            (void)pd_score(gan, (enum pd_origin)o, x, 1, x + image, x + image + 1, NULL);
    free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_safetensors *st;
    struct pd_gan *gan;
    struct pd_progress progress;
    struct pd_error err = {.message = ""};
    if (pd_safetensors_parse(data, size, "input", &st, NULL) != PD_OK)
        return 0;
    if (pd_gan_take(st, "input", &(struct pd_where){.threads = 1}, &gan, &progress, &err) == PD_OK)
        use(gan);
    else if (gan || !err.message[0])
        abort();
    pd_gan_destroy(gan);
    pd_safetensors_destroy(st);
    return 0;
}
