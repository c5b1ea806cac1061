/* Words about a list of images: names in a row, what was passed over. */
#ifndef PD_DATA_IMAGES_IMAGE_WORDS_H
#define PD_DATA_IMAGES_IMAGE_WORDS_H

#include "data/images/image_list.h"

enum { PD_IMAGE_WORDS = 400 };

/* Adds the name of a path's `size` bytes to "a, b" and counts it; beyond the first ten there are three dots.
 */
void pd_image_words_name(char text[PD_IMAGE_WORDS], size_t *count, const char *path, size_t size);

/* "12 .jxl (no reader for JPEG XL), 2 system folders"; "" where nothing was passed over. */
void pd_image_words_passed(const struct pd_image_list *list, char text[PD_IMAGE_WORDS]);

#endif
