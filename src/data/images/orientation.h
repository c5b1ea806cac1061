/* Which way up an image is, as its metadata say. */
#ifndef PD_DATA_IMAGES_ORIENTATION_H
#define PD_DATA_IMAGES_ORIENTATION_H

#include <stddef.h>
#include <stdint.h>

/* Exif's number (CIPA DC-008, section 4.6.4), 1 .. 8, from Exif data (with or without "Exif\0\0" before the
 * TIFF header) and XMP (the text); either may be NULL. As in Pillow's ImageOps.exif_transpose, Exif's tag
 * counts where there is one, even a bad one, and XMP's tiff:Orientation only where there is none. 1 (upright)
 * where neither says anything. */
int pd_orientation(const uint8_t *exif, size_t exif_size, const char *xmp, size_t xmp_size);

#endif
