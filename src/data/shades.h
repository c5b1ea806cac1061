/* Images that hardly show anything: nearly black, white, or of one shade; and colours where there should be
 * none. */
#ifndef PD_DATA_SHADES_H
#define PD_DATA_SHADES_H

#include "data/dataset.h"

/* A line where all channels of `images` images (16 or more) vary by little. mean, std (channels): of 0 to 1.
 */
void pd_shades_note(const char *name, size_t images, int channels, const double *mean, const double *std,
                    char note[PD_NOTE_SIZE]);

/* The same of a set of images, by a few hundred of them. */
void pd_dataset_note_shades(struct pd_dataset *dataset);

/* Whether all three planes, `area` numbers each, are the same. */
bool pd_planes_are_grey(const uint8_t *planes, size_t area);

/* A line that the test images have colours, and the training images none. */
void pd_colours_note(const char *name, char note[PD_NOTE_SIZE]);

#endif
