/* Which way up an image is: the orientation tag of its Exif data (CIPA DC-008, section 4.6.4). */
#ifndef PD_DATA_EXIF_H
#define PD_DATA_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* 1 .. 8 as Exif numbers them; 1 (upright) where the bytes of a JPEG, PNG or WebP file hold no such tag or a
 * bad one. */
int pd_exif_orientation(const uint8_t *bytes, size_t size);

#endif
