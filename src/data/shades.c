#include "data/shades.h"

#include <paydirt/data_check.h>

#include <math.h>
#include <string.h>

enum { IMAGES_TO_TELL = 16, IMAGES_LOOKED_AT = 256 };

#define LITTLE 0.03 /* 12 bits kept in 16, all of them used, have 0.018 */

void pd_shades_note(const char *name, size_t images, int channels, const double *mean, const double *std,
                    char note[PD_NOTE_SIZE])
{
    double most = 0, middle = 0;
    for (int c = 0; c < channels; c++) {
        most = fmax(most, std[c]);
        middle += mean[c] / channels;
    }
    if (images >= IMAGES_TO_TELL && most <= LITTLE)
        pd_note_add(
            note, name,
            "the pixels are all about %.3f of 0 to 1 (black to white), within %.3f: hardly anything to "
            "see (12 bits in 16, numbers of classes, white on clear?)",
            middle, most);
}

bool pd_planes_are_grey(const uint8_t *planes, size_t area)
{
    return !memcmp(planes, planes + area, 2 * area); /* the second is the first, the third the second */
}

void pd_colours_note(const char *name, char note[PD_NOTE_SIZE])
{
    pd_note_add(note, name,
                "the test images have colours, and the training images are grey: nothing can be measured on "
                "them");
}

void pd_dataset_note_shades(struct pd_dataset *d)
{
    double mean[PD_DATA_CHANNELS] = {0}, std[PD_DATA_CHANNELS] = {0};
    const size_t area = (size_t)d->height * (size_t)d->width;
    const uint32_t n = d->count < IMAGES_LOOKED_AT ? d->count : IMAGES_LOOKED_AT;
    const double pixels = (double)area * n;
    for (int c = 0; c < d->channels; c++) {
        uint64_t sum = 0, squares = 0;
        for (uint32_t i = 0; i < n; i++) {
            const uint8_t *image = pd_dataset_image(d, (uint32_t)((uint64_t)i * d->count / n));
            for (size_t k = 0; k < area; k++) {
                const uint64_t x = image[(size_t)c * area + k];
                sum += x;
                squares += x * x;
            }
        }
        mean[c] = (double)sum / pixels / UINT8_MAX;
        std[c] = sqrt(fmax((double)squares / pixels / UINT8_MAX / UINT8_MAX - mean[c] * mean[c], 0));
    }
    pd_shades_note(d->name, d->count, d->channels, mean, std, d->note);
}
