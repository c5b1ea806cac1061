/* HEIC and AVIF. */
#include "data/images/image_format.h"

#include <libheif/heif.h>
#include <string.h>

static enum pd_status fail(const struct pd_image_work *w, struct heif_error e)
{
    if (e.code == heif_error_Memory_allocation_error && e.subcode != heif_suberror_Security_limit_exceeded)
        return pd_image_no_memory(w);
    const bool unsupported =
        e.code == heif_error_Unsupported_filetype || e.code == heif_error_Unsupported_feature;
    return unsupported ? pd_image_unsupported(w, e.message) : pd_image_broken(w, e.message);
}

static enum pd_status copy_pixels(struct pd_image_work *w, const struct heif_image *image)
{
    int stride;
    const uint8_t *from = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    if (!from || heif_image_get_width(image, heif_channel_interleaved) != w->width ||
        heif_image_get_height(image, heif_channel_interleaved) != w->height)
        return pd_image_broken(w, "an image of another size than its header's");
    const size_t row = (size_t)w->width * (w->mix == PD_MIX_RGBA ? 4 : 3);
    for (int y = 0; y < w->height; y++)
        memcpy(w->pixels + (size_t)y * row, from + (ptrdiff_t)y * stride, row);
    return PD_OK;
}

/* libheif turns the image itself, as the file says; Exif's orientation doesn't count here. */
static enum pd_status decode_handle(struct pd_image_work *w, const struct heif_image_handle *handle)
{
    const bool alpha = heif_image_handle_has_alpha_channel(handle);
    enum pd_status status =
        pd_image_reserve(w, heif_image_handle_get_height(handle), heif_image_handle_get_width(handle),
                         alpha ? PD_MIX_RGBA : PD_MIX_RGB);
    if (status)
        return status;
    struct heif_image *image = NULL;
    const struct heif_error e =
        heif_decode_image(handle, &image, heif_colorspace_RGB,
                          alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, NULL);
    status = e.code ? fail(w, e) : copy_pixels(w, image);
    heif_image_release(image);
    return status;
}

static enum pd_status decode(struct pd_image_work *w)
{
    struct heif_image_handle *handle = NULL;
    struct heif_context *context = heif_context_alloc();
    if (!context)
        return pd_image_no_memory(w);
    heif_context_set_maximum_image_size_limit(context, PD_IMAGE_SIDE_MAX);
    struct heif_error e = heif_context_read_from_memory_without_copy(context, w->bytes, w->size, NULL);
    if (!e.code)
        e = heif_context_get_primary_image_handle(context, &handle);
    if (!e.code && heif_context_get_number_of_top_level_images(context) > 1)
        w->beyond |= PD_IMAGE_FRAMES;
    if (!e.code && heif_image_handle_get_luma_bits_per_pixel(handle) > 8)
        w->beyond |= PD_IMAGE_BITS;
    enum pd_status status = e.code ? fail(w, e) : decode_handle(w, handle);
    heif_image_handle_release(handle);
    heif_context_free(context);
    return status;
}

pd_image_decoder *const pd_image_decode_heif = decode;

const char *pd_library_heif(char *text)
{
    (void)text;
    return heif_get_version();
}
