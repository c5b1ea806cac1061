/* Images for the page: the file itself where a browser shows the picture that networks see, else its pixels
 * as PNG. */
#include "serve/label.h"

#include "base/mem.h"
#include "data/images/image.h"
#include "data/images/image_walk.h"
#include "data/labels/image_name.h"
#include "io/file.h"
#include "io/png.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 64 << 20, NAME_SIZE = 4097, THUMB = 160 };

/* Browsers play animations, lay what shows through on the page's own dark and turn images by Exif alone. */
enum { SHOWN_OTHERWISE = PD_IMAGE_FRAMES | PD_IMAGE_MIXED | PD_IMAGE_TURNED };

/* By the first bytes, as no name is to be believed. Nothing that could hold a script (SVG). */
static const char *shown_kind(const struct pd_buffer *b)
{
    static const struct {
        size_t at;
        const char *bytes, *type;
    } kinds[] = {{0, "\x89PNG\r\n\x1a\n", "image/png"},
                 {0, "\xff\xd8\xff", "image/jpeg"},
                 {0, "GIF87a", "image/gif"},
                 {0, "GIF89a", "image/gif"},
                 {8, "WEBP", "image/webp"},
                 {4, "ftypavif", "image/avif"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t n = strlen(kinds[i].bytes);
        if (b->size >= kinds[i].at + n && !memcmp(b->data + kinds[i].at, kinds[i].bytes, n))
            return kinds[i].type;
    }
    return NULL;
}

/* planes: (channels, height, width) */
static enum pd_status encode(const uint8_t *planes, int channels, int h, int w, struct pd_buffer *png)
{
    const size_t area = (size_t)h * (size_t)w;
    uint8_t *rgb = pd_malloc(3 * area);
    if (!rgb)
        return PD_ERR_MEMORY;
    for (size_t i = 0; i < area; i++)
        for (size_t c = 0; c < 3; c++)
            rgb[3 * i + c] = planes[(channels == 3 ? c : 0) * area + i];
    const enum pd_status status = pd_png_encode_rgb(png, rgb, w, h, NULL);
    pd_free(rgb);
    return status;
}

static enum pd_status encode_pixels(const struct pd_dataset *d, uint32_t image, struct pd_http_reply *reply)
{
    reply->type = "image/png";
    const enum pd_status status =
        encode(pd_dataset_image(d, image), d->channels, d->height, d->width, &reply->body);
    pd_dataset_let_go(d);
    return status;
}

/* What browsers do not show, or not so: as paydirt decodes it. */
static enum pd_status encode_decoded(struct pd_http_reply *reply, const char *path)
{
    struct pd_image image;
    struct pd_buffer png = PD_BUFFER_INIT;
    enum pd_status status = pd_image_decode(reply->body.data, reply->body.size, path, &image, NULL);
    if (status)
        return status;
    status = encode(image.planes, 3, image.height, image.width, &png);
    pd_image_release(&image);
    pd_buffer_release(&reply->body);
    reply->body = png;
    reply->type = "image/png";
    return status;
}

/* Whether a file's bytes decode to the pixels that the run has of the image: by now another photo may have
 * its name. *beyond: as in struct pd_image. */
static bool is_of_image(const struct pd_dataset *d, uint32_t image, const struct pd_buffer *file,
                        uint8_t *beyond)
{
    const size_t area = (size_t)d->height * (size_t)d->width;
    struct pd_image decoded = {0};
    uint8_t *planes = pd_malloc(3 * area);
    bool same = planes && !pd_image_decode(file->data, file->size, "", &decoded, NULL) &&
                !pd_image_fit(&decoded, d->height, "", planes, NULL);
    for (size_t c = 0; same && c < 3; c++)
        same =
            !memcmp(planes + c * area, pd_dataset_image(d, image) + (d->channels == 3 ? c : 0) * area, area);
    *beyond = decoded.beyond;
    pd_image_release(&decoded);
    pd_free(planes);
    return same;
}

/* The name is the data set's own, whatever the request said: a number. Compared once for each state of the
 * file. */
static enum pd_status read_file(const struct pd_asked_images *a, uint32_t image, struct pd_http_reply *reply)
{
    char name[NAME_SIZE], below[NAME_SIZE], path[2 * NAME_SIZE];
    pd_dataset_image_file(a->data, image, name, sizeof name);
    if (!a->data_folder[0] || !a->data->image_names || !pd_image_path(name, below, sizeof below) ||
        pd_path_join(path, sizeof path, a->data_folder, below, NULL))
        return PD_ERR_IO;
    struct stat st;
    struct pd_asked_file *file = &a->files[image];
    uint8_t beyond = 0;
    enum pd_status status = pd_file_look(path, &st, NULL);
    if (!status)
        status = pd_file_read_most(path, FILE_MOST, &reply->body, NULL);
    const bool other = !status && file->stamp != pd_image_stamp(&st);
    if (other && !is_of_image(a->data, image, &reply->body, &beyond))
        status = PD_ERR_MISMATCH;
    if (status)
        return status;
    if (other)
        *file = (struct pd_asked_file){pd_image_stamp(&st), beyond & SHOWN_OTHERWISE};
    reply->type = file->decode ? NULL : shown_kind(&reply->body);
    return reply->type ? PD_OK : encode_decoded(reply, path);
}

void pd_label_picture(const struct pd_asked_images *a, const char *number, bool small,
                      struct pd_http_reply *reply)
{
    char *end = NULL;
    const long long image = number ? strtoll(number, &end, 10) : -1;
    if (!number || end == number || *end || image < 0 || image >= (long long)a->data->count) {
        pd_reply_refuse(reply, 404, "no such image");
        return;
    }
    enum pd_status status =
        small && a->data->height >= THUMB / 4 ? PD_ERR_IO : read_file(a, (uint32_t)image, reply);
    if (status) { /* what cannot be read any more, or is another: as the networks see it */
        pd_buffer_release(&reply->body);
        status = encode_pixels(a->data, (uint32_t)image, reply);
    }
    if (status)
        reply->code = 500;
}
