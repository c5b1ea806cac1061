#include "data/images/image.h"

#include "base/mem.h"
#include "data/images/resize.h"

#include <math.h>
#include <string.h>

enum { MAX_RATIO = 50 };

/* Resizes each plane and cuts its middle out. */
static void fit_planes(const struct pd_image *image, const struct pd_resize *resize, int height, int width,
                       int side, uint8_t *plane, uint8_t *scratch, uint8_t *pixels)
{
    const size_t area = (size_t)side * (size_t)side;
    const long top = lrint((height - side) / 2.0), left = lrint((width - side) / 2.0); /* as pd_transform's */
    for (size_t c = 0; c < 3; c++) {
        pd_resize_plane(resize, image->planes + c * (size_t)image->height * (size_t)image->width, plane,
                        scratch);
        for (int y = 0; y < side; y++)
            memcpy(pixels + c * area + (size_t)y * (size_t)side, plane + (top + y) * width + left,
                   (size_t)side);
    }
}

enum pd_status pd_image_check_sides(const struct pd_image *image, const char *name, struct pd_error *err)
{
    if (image->width / MAX_RATIO > image->height || image->height / MAX_RATIO > image->width)
        return pd_fail(err, PD_ERR_FORMAT, -1, "'%s': %d x %d pixels, expected sides of at most 1 to %d",
                       name, image->width, image->height, MAX_RATIO);
    return PD_OK;
}

bool pd_image_is_long(int height, int width)
{
    return width / 2.0 > height || height / 2.0 > width;
}

enum pd_status pd_image_fit(const struct pd_image *image, int side, const char *name, uint8_t *pixels,
                            struct pd_error *err)
{
    int height, width;
    struct pd_resize *resize;
    enum pd_status status = pd_image_check_sides(image, name, err);
    if (status)
        return status;
    pd_fit_short_side(image->height, image->width, side, &height, &width);
    status = pd_resize_create(image->height, image->width, height, width, &resize, err);
    if (status)
        return status;
    uint8_t *plane = pd_malloc((size_t)height * (size_t)width),
            *scratch = pd_malloc(pd_resize_scratch_size(resize));
    if (plane && scratch)
        fit_planes(image, resize, height, width, side, plane, scratch, pixels);
    else
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory resizing an image to %d x %d", height, width);
    pd_free(plane);
    pd_free(scratch);
    pd_resize_destroy(resize);
    return status;
}
