/* Inception at work: images in batches, resized, to features. */
#include "metric/inception.h"

#include "base/mem.h"
#include "io/safetensors.h"
#include "metric/features.h"

#include <string.h>

enum { BATCH = PD_INCEPTION_BATCH, SIDE = PD_INCEPTION_SIDE, PIXELS = PD_INCEPTION_PIXELS };

struct pd_inception {
    int threads;
    struct pd_backend *backend;
    struct pd_vars *vars;
    struct pd_plan *plan;
    char checksum[65];
    float bias[PD_INCEPTION_CLASSES];
    float *images; /* (BATCH, 3, side, side) */
};

const char *pd_inception_checksum(const struct pd_inception *net)
{
    return net->checksum;
}

const float *pd_inception_bias(const struct pd_inception *net)
{
    return net->bias;
}

void pd_inception_destroy(struct pd_inception *net)
{
    if (!net)
        return;
    pd_plan_destroy(net->plan);
    pd_vars_destroy(net->vars);
    pd_backend_destroy(net->backend);
    pd_free(net->images);
    pd_free(net);
}

static enum pd_status compile(struct pd_inception *net, struct pd_error *err)
{
    struct pd_graph *g = pd_graph_create();
    struct pd_node *x = g ? pd_input(g, "images", PD_REAL, pd_shape4(BATCH, 3, SIDE, SIDE)) : NULL;
    pd_inception_record(net->vars, x);
    enum pd_status status = pd_compile(g, net->backend, &net->plan, err);
    pd_graph_destroy(g);
    return status;
}

static enum pd_status get(void *context, const struct pd_inception_tensor *t, const float **values,
                          struct pd_error *err)
{
    return pd_safetensors_get(context, t->name, PD_IO_F32, t->rank, t->dims, (const void **)values, err);
}

static enum pd_status load(struct pd_inception *net, const char *path, struct pd_error *err)
{
    struct pd_safetensors *st;
    enum pd_status status = pd_safetensors_open(path, &st, err);
    if (status)
        return status;
    const struct pd_inception_source from = {st, get};
    status = pd_inception_load(net->vars, &from, path, net->checksum, net->bias, err);
    pd_safetensors_destroy(st);
    return status;
}

enum pd_status pd_inception_open(const char *weights, int threads, struct pd_inception **out,
                                 struct pd_error *err)
{
    struct pd_inception *net = pd_calloc(1, sizeof *net);
    enum pd_status status = net ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a network");
    *out = NULL;
    if (net) {
        net->threads = pd_work_threads(&(struct pd_feature_work){.threads = threads});
        status = pd_backend_create("onednn", net->threads, &net->backend, err);
    }
    if (!status) {
        net->vars = pd_vars_create(net->backend, 0);
        net->images = pd_calloc(BATCH, PIXELS * sizeof *net->images);
        if (!net->vars || !net->images)
            status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a network");
    }
    if (!status)
        status = compile(net, err);
    if (!status)
        status = load(net, weights, err);
    if (status)
        pd_inception_destroy(net);
    else
        *out = net;
    return status;
}

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

int pd_inception_threads(const struct pd_inception *net)
{
    return net->threads;
}

float *pd_inception_room(struct pd_inception *net)
{
    return net->images;
}

enum pd_status pd_inception_run_room(struct pd_inception *net, int64_t n, float *features, float *logits,
                                     struct pd_error *err)
{
    enum pd_status status = pd_plan_write(net->plan, "images", net->images, n * PIXELS, err);
    if (!status)
        status = pd_plan_run(net->plan, 0, 0, err);
    if (!status && features)
        status = pd_plan_read(net->plan, "features", features, n * PD_INCEPTION_FEATURES, err);
    if (!status && logits)
        status = pd_plan_read(net->plan, "logits", logits, n * PD_INCEPTION_CLASSES, err);
    return status;
}

static enum pd_status run_batch(struct pd_inception *net, const struct pd_inception_images *images,
                                const uint8_t *pixels, int64_t n, float *features, float *logits,
                                struct pd_error *err)
{
    const int64_t image = (int64_t)images->channels * images->height * images->width;
#pragma omp parallel for schedule(static) num_threads(net->threads)
    for (int64_t i = 0; i < n; i++)
        pd_inception_resize(images->channels, images->height, images->width, pixels + i * image,
                            net->images + i * PIXELS);
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
