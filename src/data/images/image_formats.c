/* The formats of images: how each is told by its first bytes, and who decodes it. */
#include "data/images/image_format.h"

#include <string.h>

static bool is_png(const uint8_t *bytes, size_t size)
{
    (void)size;
    return !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8);
}

static bool is_jpeg(const uint8_t *bytes, size_t size)
{
    (void)size;
    return !memcmp(bytes, "\xff\xd8\xff", 3);
}

static bool is_webp(const uint8_t *bytes, size_t size)
{
    return size >= 15 && !memcmp(bytes + 8, "WEBPVP8", 7);
}

static bool is_gif(const uint8_t *bytes, size_t size)
{
    (void)size;
    return !memcmp(bytes, "GIF87a", 6) || !memcmp(bytes, "GIF89a", 6);
}

static bool is_tiff(const uint8_t *bytes, size_t size)
{
    (void)size;
    static const char *const starts[] = {"II*\0", "MM\0*", "II+\0", "MM\0+"}; /* the last two: BigTIFF */
    for (int i = 0; i < 4; i++)
        if (!memcmp(bytes, starts[i], 4))
            return true;
    return false;
}

static bool is_heif(const uint8_t *bytes, size_t size)
{
    static const char brands[] = "heic heix heim heis hevc hevx hevm hevs mif1 msf1 avif avis ";
    const uint8_t *brand = bytes + 8;
    (void)size;
    return !memcmp(bytes + 4, "ftyp", 4) && brand[0] > ' ' && memmem(brands, sizeof brands - 1, brand, 4);
}

static bool is_dicom(const uint8_t *bytes, size_t size)
{
    return size > 132 && !memcmp(bytes + 128, "DICM", 4);
}

const struct pd_image_format pd_image_formats[PD_IMAGE_FORMATS] = {
    {"PNG", "png apng", PD_LIBRARY_png, is_png, &pd_image_decode_png},
    {"JPEG", "jpg jpeg jpe jfif jfi jif pjpeg pjp", PD_LIBRARY_jpeg, is_jpeg, &pd_image_decode_jpeg},
    {"WebP", "webp", PD_LIBRARY_webp, is_webp, &pd_image_decode_webp},
    {"GIF", "gif", PD_LIBRARY_gif, is_gif, &pd_image_decode_gif},
    {"TIFF", "tif tiff", PD_LIBRARY_tiff, is_tiff, &pd_image_decode_tiff},
    {"BMP", "bmp dib", PD_LIBRARIES, pd_image_is_bmp, &pd_image_decode_bmp},
    {"HEIF", "heic heif hif avif", PD_LIBRARY_heif, is_heif, &pd_image_decode_heif},
    {"DICOM", "dcm dicom", PD_LIBRARY_dcmj2pnm, is_dicom, &pd_image_decode_dcmj2pnm},
};
