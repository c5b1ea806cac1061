/* What a reader of one format of images is made of: image_<format>.c, and a line in the table of
 * image_formats.c. */
#ifndef PD_DATA_IMAGES_IMAGE_FORMAT_H
#define PD_DATA_IMAGES_IMAGE_FORMAT_H

#include "base/library.h"
#include "data/images/image.h"

/* PREMULTIPLIED: RGBA, whose colours were multiplied with alpha already. CMYK: 255 is no ink. */
enum pd_mix { PD_MIX_RGB, PD_MIX_RGBA, PD_MIX_PREMULTIPLIED, PD_MIX_CMYK };

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
    bool plain_turn; /* browsers see it, too */
    uint8_t beyond;  /* as in struct pd_image, but for what image.c tells by mix, pixels and orientation */
};

/* Calls pd_image_reserve() before any pixel costs memory or time. The pixels are the caller's to free, also
 * on failure. */
typedef enum pd_status pd_image_decoder(struct pd_image_work *w);

struct pd_image_format {
    const char *name;
    const char *endings;        /* of its files' names, in lower case with blanks between: "jpg jpeg" */
    enum pd_library_id library; /* that decodes it; PD_LIBRARIES: none of others */
    bool (*recognise)(const uint8_t *bytes, size_t size); /* 12 bytes at least */
    pd_image_decoder *const *decode; /* where a NULL lies, this paydirt was built without the library */
};

enum { PD_IMAGE_FORMATS = 8 };
extern const struct pd_image_format pd_image_formats[PD_IMAGE_FORMATS];

extern pd_image_decoder *const pd_image_decode_bmp,
    *const pd_image_decode_dcmj2pnm, *const pd_image_decode_gif, *const pd_image_decode_heif,
                                                                     *const pd_image_decode_jpeg,
                                                                         *const pd_image_decode_png,
                                                                             *const pd_image_decode_tiff,
                                                                                 *const pd_image_decode_webp;

bool pd_image_is_bmp(const uint8_t *bytes, size_t size);

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
