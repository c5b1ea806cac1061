/* Images to features: in batches, resized. */
#include "metric/inception.h"

#include "base/mem.h"
#include "metric/features.h"

enum { BATCH = PD_INCEPTION_BATCH, SIDE = PD_INCEPTION_SIDE, PIXELS = PD_INCEPTION_PIXELS };

/* --- resizing --- */

/* Where a row or column of the result lies between two of the image; float32, as TensorFlow has it. */
struct place {
    int low, high;
    float part;
};

static void find_places(int side, struct place *places)
{
    const float scale = (float)((double)side / SIDE);
    for (int i = 0; i < SIDE; i++) {
        const float at = (float)i * scale;
        const int low = (int)at < side ? (int)at : side - 1;
        places[i] = (struct place){low, low + 1 < side ? low + 1 : low, at - (float)low};
    }
}

static void resize_plane(const uint8_t *pixels, int width, const struct place *rows,
                         const struct place *columns, float *out)
{
    for (int i = 0; i < SIDE; i++) {
        const uint8_t *top = pixels + (ptrdiff_t)rows[i].low * width,
                      *bottom = pixels + (ptrdiff_t)rows[i].high * width;
        for (int j = 0; j < SIDE; j++) {
            const struct place x = columns[j];
            const float above = (float)top[x.low] + (float)(top[x.high] - top[x.low]) * x.part;
            const float below = (float)bottom[x.low] + (float)(bottom[x.high] - bottom[x.low]) * x.part;
            *out++ = (above + (below - above) * rows[i].part - 128) / 128;
        }
    }
}

void pd_inception_resize(int channels, int height, int width, const uint8_t *pixels, float *out)
{
    struct place rows[SIDE], columns[SIDE];
    find_places(height, rows);
    find_places(width, columns);
    for (int c = 0; c < 3; c++)
        resize_plane(pixels + (c < channels ? (ptrdiff_t)c * height * width : 0), width, rows, columns,
                     out + (ptrdiff_t)c * SIDE * SIDE);
}

/* --- batches --- */

static enum pd_status run_batch(struct pd_inception *net, const struct pd_inception_images *images,
                                const uint8_t *pixels, int64_t n, float *features, float *logits,
                                struct pd_error *err)
{
    const int64_t image = (int64_t)images->channels * images->height * images->width;
    float *room = pd_inception_room(net);
#pragma omp parallel for schedule(static) num_threads(pd_inception_threads(net))
    for (int64_t i = 0; i < n; i++)
        pd_inception_resize(images->channels, images->height, images->width, pixels + i * image,
                            room + i * PIXELS);
    return pd_inception_run_room(net, n, features, logits, err);
}

enum pd_status pd_inception_run(struct pd_inception *net, const struct pd_inception_images *images,
                                const struct pd_feature_work *work, float *features, float *logits,
                                struct pd_error *err)
{
    if (images->n < 0 || (images->channels != 1 && images->channels != 3) || images->height < 1 ||
        images->width < 1 || images->height > 1 << 14 || images->width > 1 << 14)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%lld images of %d channels, %d x %d pixels, expected 1 or 3 channels and 1 to 16384",
                       (long long)images->n, images->channels, images->height, images->width);
    const size_t image = (size_t)images->channels * (size_t)images->height * (size_t)images->width;
    uint8_t *room = images->pixels ? NULL : pd_malloc(BATCH * image);
    enum pd_status status = images->pixels || room
                                ? PD_OK
                                : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a batch of images");
    for (int64_t at = 0; at < images->n && !status; at += BATCH) {
        const int64_t n = images->n - at < BATCH ? images->n - at : BATCH;
        const uint8_t *pixels = room ? room : images->pixels + (size_t)at * image;
        if (room)
            status = images->get(images->context, at, n, room, err);
        if (!status)
            status =
                run_batch(net, images, pixels, n, features ? features + at * PD_INCEPTION_FEATURES : NULL,
                          logits ? logits + at * PD_INCEPTION_CLASSES : NULL, err);
        if (!status)
            status = pd_work_step(work, (uint64_t)(at + n), (uint64_t)images->n, err);
    }
    pd_free(room);
    return status;
}
