/* What a classifier's training images go through where that is asked for: as He et al. (2016, section 4.2)
 * have it for CIFAR-10, moved by up to an eighth of the side, and mirrored half of the time. */
#include "metric/trained.h"

#include "base/rng.h"
#include "base/streams.h"

#include <string.h>

static int within(int at, int size)
{
    return at < 0 ? 0 : at < size ? at : size - 1;
}

/* What comes in from outside is the pixel at the edge: there is no colour that suits every set. */
static void move(float *channel, int size, int right, int down, bool mirror, float *room)
{
    memcpy(room, channel, (size_t)size * (size_t)size * sizeof *room);
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++) {
            const int from = within(x - right, size);
            channel[y * size + x] = room[within(y - down, size) * size + (mirror ? size - 1 - from : from)];
        }
}

void pd_metric_augment(const struct pd_metric_input *in, uint64_t step, float *images, int64_t n, float *room)
{
    const int size = in->size, most = size / 8;
    const struct pd_rng r = {in->seed, PD_STREAM_CLASSIFIER_AUGMENT, step};
    for (int64_t i = 0; i < n; i++) {
        uint32_t word[4];
        pd_rng_block(&r, (uint64_t)i, word);
        const int right = (int)(word[0] % (uint32_t)(2 * most + 1)) - most;
        const int down = (int)(word[1] % (uint32_t)(2 * most + 1)) - most;
        for (int c = 0; c < in->channels; c++)
            move(images + (i * in->channels + c) * size * size, size, right, down, word[2] & 1, room);
    }
}
