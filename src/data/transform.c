#include "data/transform.h"

#include "base/mem.h"
#include "data/images/resize.h"

#include <math.h>
#include <string.h>

enum { MAX_SIZE = 4096, STORED_MIN = 8, STORED_MAX = 1024, STORED_DEFAULT = 32 };

struct pd_transform {
    const struct pd_dataset *dataset;
    struct pd_transform_options options;
    struct pd_resize *resize;
    int height, width; /* after the resize */
    uint8_t *plane;    /* (height, width) */
    uint8_t *scratch;
    float unit[256]; /* grey level to [-1, 1] */
};

/* Length of the short side after the resize. */
static int side_of(int size, bool random_crop)
{
    return random_crop ? (int)lround(1.1 * size) : size;
}

enum pd_status pd_transform_stored_side(const struct pd_data_request *request, int *side,
                                        struct pd_error *err)
{
    const int size = request->size ? request->size : STORED_DEFAULT;
    if (size < STORED_MIN || size > STORED_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "'%.200s': image size %d, expected %d to %d", request->name,
                       size, STORED_MIN, STORED_MAX);
    *side = side_of(size, request->random_crop);
    return PD_OK;
}

static enum pd_status prepare(struct pd_transform *t, struct pd_error *err)
{
    const struct pd_dataset *d = t->dataset;
    const int side = side_of(t->options.size, t->options.random_crop);
    pd_fit_short_side(d->height, d->width, side, &t->height, &t->width);
    enum pd_status status = pd_resize_create(d->height, d->width, t->height, t->width, &t->resize, err);
    if (status)
        return status;
    t->plane = pd_malloc((size_t)t->height * (size_t)t->width);
    t->scratch = pd_malloc(pd_resize_scratch_size(t->resize));
    if (!t->plane || !t->scratch)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for resizing images to %d x %d", t->height,
                       t->width);
    for (int i = 0; i < 256; i++)
        t->unit[i] = (float)(i / 127.5 - 1);
    return PD_OK;
}

enum pd_status pd_transform_create(const struct pd_dataset *dataset,
                                   const struct pd_transform_options *options, struct pd_transform **out,
                                   struct pd_error *err)
{
    *out = NULL;
    if (!dataset->points && (options->size < 1 || options->size > MAX_SIZE))
        return pd_fail(err, PD_ERR_USAGE, -1, "image size %d, expected 1 to %d", options->size, MAX_SIZE);
    struct pd_transform *t = pd_calloc(1, sizeof *t);
    if (!t)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for an image transform");
    t->dataset = dataset;
    t->options = *options;
    enum pd_status status = dataset->points ? PD_OK : prepare(t, err);
    if (status) {
        pd_transform_destroy(t);
        return status;
    }
    *out = t;
    return PD_OK;
}

void pd_transform_destroy(struct pd_transform *t)
{
    if (!t)
        return;
    pd_resize_destroy(t->resize);
    pd_free(t->plane);
    pd_free(t->scratch);
    pd_free(t);
}

size_t pd_transform_image_size(const struct pd_transform *t)
{
    /* clang-tidy takes pd_fail() for one that may return PD_OK.
     * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    if (t->dataset->points)
        return 2;
    return (size_t)t->dataset->channels * (size_t)t->options.size * (size_t)t->options.size;
}

/* A place in 0 .. slack: the word's share of it, or the middle (halves to the even side, as torchvision's).
 */
static int slot(const struct pd_transform *t, int slack, uint32_t word)
{
    if (!t->options.random_crop)
        return (int)lrint(slack / 2.0);
    return (int)(((uint64_t)word * (uint32_t)(slack + 1)) >> 32);
}

void pd_transform_stored_size(const struct pd_transform *t, int *height, int *width)
{
    *height = t->height;
    *width = t->width;
}

static void make_plane(const struct pd_transform *t, uint32_t index, int channel, uint8_t *plane)
{
    const struct pd_dataset *d = t->dataset;
    const size_t stored = (size_t)d->height * (size_t)d->width;
    pd_resize_plane(t->resize, pd_dataset_image(d, index) + (size_t)channel * stored, plane, t->scratch);
}

void pd_transform_pixels(const struct pd_transform *t, uint32_t index, uint8_t *pixels)
{
    const size_t plane = (size_t)t->height * (size_t)t->width;
    for (int c = 0; c < t->dataset->channels; c++)
        make_plane(t, index, c, pixels + (size_t)c * plane);
}

void pd_transform_place(const struct pd_transform *t, const uint32_t random[4], int32_t place[3])
{
    const int size = t->options.size;
    place[0] = slot(t, t->height - size, random[0]);
    place[1] = slot(t, t->width - size, random[1]);
    place[2] = t->options.flip && random[2] >> 31;
}

static void cut(const struct pd_transform *t, const int32_t place[3], float *out)
{
    int size = t->options.size;
    for (int y = 0; y < size; y++, out += size) {
        const uint8_t *row = t->plane + (size_t)(place[0] + y) * (size_t)t->width + place[1];
        for (int x = 0; x < size; x++)
            out[x] = t->unit[row[place[2] ? size - 1 - x : x]];
    }
}

void pd_transform_image(struct pd_transform *t, uint32_t index, const uint32_t random[4], float *image)
{
    const struct pd_dataset *d = t->dataset;
    if (d->points) {
        memcpy(image, d->points + 2 * (size_t)index, 2 * sizeof *image);
        return;
    }
    const size_t size = (size_t)t->options.size;
    int32_t place[3];
    pd_transform_place(t, random, place);
    for (int c = 0; c < d->channels; c++) {
        make_plane(t, index, c, t->plane);
        cut(t, place, image + (size_t)c * size * size);
    }
}

enum pd_status pd_transform_eval(const struct pd_dataset *dataset, const uint32_t *indices, uint32_t n,
                                 int size, float *images, struct pd_error *err)
{
    const struct pd_transform_options options = {.size = size};
    const uint32_t unused[4] = {0};
    struct pd_transform *t;
    enum pd_status status = pd_transform_create(dataset, &options, &t, err);
    if (status)
        return status;
    for (uint32_t i = 0; i < n; i++)
        pd_transform_image(t, indices ? indices[i] : i, unused, images + i * pd_transform_image_size(t));
    pd_transform_destroy(t);
    return PD_OK;
}
