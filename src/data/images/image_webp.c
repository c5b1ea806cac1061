#include "data/images/image_format.h"
#include "data/images/orientation.h"

#include <stdio.h>
#include <string.h>
#include <webp/decode.h>

/* Chunks: name, size, data, filled up to an even size. NULL: none of that name. */
static const uint8_t *find_chunk(const struct pd_image_work *w, const char *name, size_t *size)
{
    for (size_t at = 12; at + 8 <= w->size;) {
        const uint8_t *b = w->bytes + at;
        const size_t n = b[4] | (size_t)b[5] << 8 | (size_t)b[6] << 16 | (size_t)b[7] << 24;
        if (n > w->size - at - 8)
            break;
        *size = n;
        if (!memcmp(b, name, 4))
            return b + 8;
        at += 8 + n + n % 2;
    }
    return NULL;
}

static void orient(struct pd_image_work *w)
{
    size_t exif_size = 0, xmp_size = 0;
    const uint8_t *exif = find_chunk(w, "EXIF", &exif_size), *xmp = find_chunk(w, "XMP ", &xmp_size);
    w->orientation = pd_orientation(exif, exif_size, (const char *)xmp, xmp_size);
}

static enum pd_status decode(struct pd_image_work *w)
{
    WebPDecoderConfig c;
    if (!WebPInitDecoderConfig(&c) || WebPGetFeatures(w->bytes, w->size, &c.input) != VP8_STATUS_OK)
        return pd_image_broken(w, "bad header");
    if (c.input.has_animation)
        return pd_fail(w->err, PD_ERR_FORMAT, -1, "'%s': animated WebP, expected a still image", w->name);
    const bool alpha = c.input.has_alpha;
    enum pd_status status =
        pd_image_reserve(w, c.input.height, c.input.width, alpha ? PD_MIX_RGBA : PD_MIX_RGB);
    if (status)
        return status;
    const int stride = w->width * (alpha ? 4 : 3);
    c.output = (WebPDecBuffer){.colorspace = alpha ? MODE_RGBA : MODE_RGB, .is_external_memory = 1};
    c.output.u.RGBA = (WebPRGBABuffer){w->pixels, stride, (size_t)stride * (size_t)w->height};
    const VP8StatusCode code = WebPDecode(w->bytes, w->size, &c);
    if (code == VP8_STATUS_OUT_OF_MEMORY)
        return pd_image_no_memory(w);
    orient(w);
    return code == VP8_STATUS_OK ? PD_OK : pd_image_broken(w, "bad or missing data");
}

pd_image_decoder *const pd_image_decode_webp = decode;

const char *pd_library_webp(char *text)
{
    const int v = WebPGetDecoderVersion();
    snprintf(text, PD_LIBRARY_TEXT, "%d.%d.%d", v >> 16, v >> 8 & 255, v & 255);
    return text;
}
