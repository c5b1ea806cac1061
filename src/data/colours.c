/* Grey images as images of colours, and back: the same numbers in all three channels. */
#include "data/dataset.h"

#include "base/mem.h"
#include "data/shades.h"

#include <string.h>

enum { COLOURS = 3 };

static bool is_grey(const struct pd_dataset *d)
{
    const size_t plane = (size_t)d->height * (size_t)d->width;
    bool grey = true;
    for (uint32_t i = 0; i < d->count && grey; i++)
        grey = pd_planes_are_grey(pd_dataset_image(d, i), plane);
    return grey;
}

enum pd_status pd_dataset_fit_channels(struct pd_dataset *d, int channels, struct pd_error *err)
{
    const size_t plane = (size_t)d->height * (size_t)d->width;
    const bool colour = d->channels == 1 && channels == COLOURS,
               drop = d->channels == COLOURS && channels == 1;
    if (!d->pixels || !(colour || (drop && is_grey(d))))
        return PD_OK;
    uint8_t *pixels = pd_malloc((size_t)d->count * (size_t)channels * plane);
    if (!pixels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images of data set '%s'", d->count,
                       d->name);
    for (uint32_t i = 0; i < d->count; i++)
        for (int c = 0; c < channels; c++)
            memcpy(pixels + ((size_t)i * (size_t)channels + (size_t)c) * plane, pd_dataset_image(d, i),
                   plane);
    pd_dataset_replace_pixels(d, pixels);
    d->channels = channels;
    if (colour)
        pd_dataset_add_note(d, "grey images, for a network of colours: the same in all three channels");
    return PD_OK;
}
