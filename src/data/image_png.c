#include "data/image_format.h"

#include <png.h>
#include <string.h>

static bool recognise(const uint8_t *bytes, size_t size)
{
    (void)size;
    return !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8);
}

static enum pd_status decode(struct pd_image_work *w)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&png, w->bytes, w->size))
        return pd_image_broken(w, png.message);
    const bool alpha = png.format & PNG_FORMAT_FLAG_ALPHA;
    png.format = alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB; /* as with 8 bits, and as others read them */
    enum pd_status status = pd_image_reserve(w, png.height, png.width, alpha ? PD_MIX_RGBA : PD_MIX_RGB);
    if (!status && !png_image_finish_read(&png, NULL, w->pixels, 0, NULL))
        status = pd_image_broken(w, png.message);
    png_image_free(&png);
    return status;
}

const struct pd_image_format pd_image_png = {"PNG", "png apng", recognise, decode};
