/* One image file, decoded. Formats are told apart by their first bytes. */
#ifndef PD_DATA_IMAGES_IMAGE_H
#define PD_DATA_IMAGES_IMAGE_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PD_IMAGE_SIDE_MAX = 16384,   /* pixels */
    PD_IMAGE_AREA_MAX = 1 << 26, /* pixels: 8192 x 8192 */
    PD_IMAGE_FILE_MAX = 1 << 28, /* bytes */
};

/* Whether a file of that name is taken for an image: it ends in ".png", ".jpg" and so on, in any case, and
 * has more before it. */
bool pd_image_is_ending(const char *name);

/* Why a picture of that name is not read ("no reader for JPEG XL"), or NULL: it is, or is no picture by its
 * name. */
const char *pd_image_unread(const char *name);

/* "PNG, JPEG, ..." into text[size]. Returns text. */
char *pd_image_kinds(char *text, size_t size);

/* What a file has that its decoded pixels do not tell. */
enum {
    PD_IMAGE_FRAMES = 1,  /* more frames or pages: this is the first */
    PD_IMAGE_BANDS = 2,   /* more samples a pixel: these are the first */
    PD_IMAGE_BITS = 4,    /* more than 8 bits a sample: these are the upper ones, or a window's */
    PD_IMAGE_MIXED = 8,   /* four samples a pixel, of which three were made: inks, or what shows through */
    PD_IMAGE_VEILED = 16, /* its alpha varies like an image, over most of it */
    PD_IMAGE_TURNED = 32, /* its rows and columns are stored another way, which browsers do not see */
    PD_IMAGE_LOST = PD_IMAGE_FRAMES | PD_IMAGE_BANDS | PD_IMAGE_BITS | PD_IMAGE_MIXED,
};

/* Red, green, blue, 8 bits each; the way up that Exif says. */
struct pd_image {
    int height, width;
    uint8_t *planes; /* (3, height, width), owned */
    uint8_t beyond;  /* PD_IMAGE_FRAMES, ... */
};

/* Decodes a file's bytes; name stands in messages. Grey, palettes and CMYK become RGB, 16 bits become 8, and
 * what shows through lies on white. PD_ERR_MISMATCH: a picture that
 * paydirt has drawn for people (io/png.h); PD_ERR_UNSUPPORTED: a format whose library is missing;
 * PD_ERR_FORMAT: no known format, damaged, cut off, animated, larger than the limits above, or more pixels
 * than so few bytes can hold; PD_ERR_MEMORY. On failure nothing is left to release. */
enum pd_status pd_image_decode(const void *bytes, size_t size, const char *name, struct pd_image *out,
                               struct pd_error *err);

/* The same of a file of at most PD_IMAGE_FILE_MAX bytes; also PD_ERR_IO. */
enum pd_status pd_image_read(const char *path, struct pd_image *out, struct pd_error *err);
void pd_image_release(struct pd_image *image);

/* PD_ERR_FORMAT: a long side of 50 short ones, which no reader takes. */
enum pd_status pd_image_check_sides(const struct pd_image *image, const char *name, struct pd_error *err);

/* Whether less than half of an image so long lies in its middle square. */
bool pd_image_is_long(int height, int width);

/* Resizes to side on the short side and cuts the middle out: pixels (3, side, side). Fails as
 * pd_image_check_sides; PD_ERR_MEMORY. */
enum pd_status pd_image_fit(const struct pd_image *image, int side, const char *name, uint8_t *pixels,
                            struct pd_error *err);

#endif
