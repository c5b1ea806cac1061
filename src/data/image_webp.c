#include "data/image_format.h"

#include <string.h>
#include <webp/decode.h>

static bool recognise(const uint8_t *bytes, size_t size)
{
    return size >= 15 && !memcmp(bytes + 8, "WEBPVP8", 7);
}

static enum pd_status decode(struct pd_image_work *w)
{
    WebPBitstreamFeatures f;
    if (WebPGetFeatures(w->bytes, w->size, &f) != VP8_STATUS_OK)
        return pd_image_broken(w, "bad header");
    if (f.has_animation)
        return pd_fail(w->err, PD_ERR_FORMAT, -1, "'%s': animated WebP, expected a still image", w->name);
    enum pd_status status = pd_image_reserve(w, f.height, f.width, f.has_alpha ? PD_MIX_RGBA : PD_MIX_RGB);
    if (status)
        return status;
    const int stride = w->width * (f.has_alpha ? 4 : 3);
    const size_t room = (size_t)stride * (size_t)w->height;
    const uint8_t *done = f.has_alpha ? WebPDecodeRGBAInto(w->bytes, w->size, w->pixels, room, stride)
                                      : WebPDecodeRGBInto(w->bytes, w->size, w->pixels, room, stride);
    return done ? PD_OK : pd_image_broken(w, "bad or missing data");
}

const struct pd_image_format pd_image_webp = {"WebP", "webp", recognise, decode};
