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

/* Lines about `count` images: `more` of files with several pages, `cut` that are long (pd_image_is_long). */
void pd_image_words_losses(const char *name, size_t count, size_t more, size_t cut, char note[PD_NOTE_SIZE]);

#endif
