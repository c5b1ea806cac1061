/* What a reader of one format of images is made of: src/data/image_<format>.c, and a line in the table of
 * image.c. */
#ifndef PD_DATA_IMAGES_IMAGE_FORMAT_H
#define PD_DATA_IMAGES_IMAGE_FORMAT_H

#include "data/images/image.h"

enum pd_mix { PD_MIX_RGB, PD_MIX_RGBA, PD_MIX_CMYK }; /* CMYK: 255 is no ink */

/* What a decoder reads and makes. */
struct pd_image_work {
    const uint8_t *bytes; /* 12 at least */
    size_t size;
    const char *name, *format;
    struct pd_error *err;
    int height, width;
    enum pd_mix mix;
    uint8_t *pixels; /* (height, width, 3 or 4), zeros at first */
    int orientation; /* Exif's number, 1 unless the decoder sets it */
    bool has_more;   /* as in struct pd_image */
};

struct pd_image_format {
    const char *name;
    const char *endings; /* of its files' names, in lower case with blanks between: "jpg jpeg" */
    const char *missing; /* NULL, or what is missing in this program: "built without libheif (...)"; then
                            decode is NULL, too */
    bool (*recognise)(const uint8_t *bytes, size_t size); /* 12 bytes at least */
    /* Calls pd_image_reserve() before any pixel costs memory or time. The pixels are the caller's to free,
     * also on failure. */
    enum pd_status (*decode)(struct pd_image_work *w);
};

extern const struct pd_image_format pd_image_bmp, pd_image_dicom, pd_image_gif, pd_image_heif, pd_image_jpeg,
    pd_image_png, pd_image_tiff, pd_image_webp;

/* Fails with PD_ERR_FORMAT where sides or area are larger than the limits or than so few bytes can hold. */
enum pd_status pd_image_check_area(const struct pd_image_work *w, int64_t height, int64_t width);

/* The same check, and room for the pixels that the header claims. */
enum pd_status pd_image_reserve(struct pd_image_work *w, int64_t height, int64_t width, enum pd_mix mix);

/* Fails with PD_ERR_FORMAT: damaged or cut off, in these words. */
enum pd_status pd_image_broken(const struct pd_image_work *w, const char *words);

/* Fails with PD_ERR_FORMAT: of a kind that is not read, in these words. */
enum pd_status pd_image_unsupported(const struct pd_image_work *w, const char *words);

/* Fails with PD_ERR_MEMORY. */
enum pd_status pd_image_no_memory(const struct pd_image_work *w);

#endif
