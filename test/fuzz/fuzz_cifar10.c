/* Any bytes as a batch of CIFAR-10's Python version: an answer or a refusal, and nothing is called. */
#include "data/readers/cifar10_pickle.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_cifar10_batch batch;
    struct pd_error err = {.status = PD_OK};
    enum pd_status status = pd_cifar10_pickle_parse(data, size, "fuzz", &batch, &err);
    if (status && (status != err.status || !err.message[0] || batch.labels))
        abort();
    unsigned sum = 0;
    for (size_t k = 0; !status && k < (size_t)batch.count * PD_CIFAR10_PIXELS; k++)
        sum += batch.pixels[k];
    for (uint32_t i = 0; !status && i < batch.count; i++)
        if (batch.labels[i] >= PD_CIFAR10_CLASSES || sum > 255U * 3072U * batch.count)
            abort();
    pd_cifar10_batch_release(&batch);
    return 0;
}
