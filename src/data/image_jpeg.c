#include "data/image_format.h"

#include <string.h>
#include <turbojpeg.h>

static bool recognise(const uint8_t *bytes, size_t size)
{
    (void)size;
    return !memcmp(bytes, "\xff\xd8\xff", 3);
}

/* Some cameras leave stray bytes between the parts of a file; nothing of the image is missing then. */
static bool harmless(tjhandle tj)
{
    return tjGetErrorCode(tj) == TJERR_WARNING && strstr(tjGetErrorStr2(tj), "extraneous bytes");
}

static enum pd_status decode(struct pd_image_work *w)
{
    int width, height, subsampling, space;
    tjhandle tj = tjInitDecompress();
    if (!tj)
        return pd_fail(w->err, PD_ERR_MEMORY, -1, "out of memory decoding '%s'", w->name);
    enum pd_status status = PD_OK;
    if (tjDecompressHeader3(tj, w->bytes, w->size, &width, &height, &subsampling, &space) && !harmless(tj))
        status = pd_image_broken(w, tjGetErrorStr2(tj));
    const bool cmyk = !status && (space == TJCS_CMYK || space == TJCS_YCCK);
    if (!status)
        status = pd_image_reserve(w, height, width, cmyk ? PD_MIX_CMYK : PD_MIX_RGB);
    if (!status &&
        tjDecompress2(tj, w->bytes, w->size, w->pixels, width, 0, height, cmyk ? TJPF_CMYK : TJPF_RGB,
                      TJFLAG_LIMITSCANS) &&
        !harmless(tj))
        status = pd_image_broken(w, tjGetErrorStr2(tj));
    tjDestroy(tj);
    return status;
}

const struct pd_image_format pd_image_jpeg = {"JPEG", "jpg jpeg jpe jfif jfi jif pjpeg pjp", recognise,
                                              decode};
