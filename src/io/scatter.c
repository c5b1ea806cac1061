#include "io/scatter.h"

#include "base/mem.h"
#include "io/png.h"

#include <math.h>
#include <string.h>

/* Okabe and Ito's colours: told apart by colour-blind eyes, too. */
static const uint8_t colours[8][3] = {{0, 114, 178},  {213, 94, 0},  {0, 158, 115},  {204, 121, 167},
                                      {86, 180, 233}, {230, 159, 0}, {240, 228, 66}, {0, 0, 0}};
static const uint8_t grey[3] = {205, 205, 205};

struct frame {
    float low[2], high[2];
    uint8_t *rgb; /* (SIDE, SIDE, 3) */
};

static void fit(struct frame *f, const float *points, int64_t count)
{
    for (int axis = 0; axis < 2; axis++) {
        float low = -1, high = 1;
        for (int64_t i = 0; i < count; i++) {
            float x = points[2 * i + axis];
            if (!isfinite(x))
                continue;
            low = i == 0 || x < low ? x : low;
            high = i == 0 || x > high ? x : high;
        }
        float margin = 0.1f * (high - low) + 1e-3f;
        f->low[axis] = low - margin;
        f->high[axis] = high + margin;
    }
}

static void dot(struct frame *f, const float *point, int radius, const uint8_t *colour)
{
    float x = (point[0] - f->low[0]) / (f->high[0] - f->low[0]) * PD_SCATTER_SIDE;
    float y = (f->high[1] - point[1]) / (f->high[1] - f->low[1]) * PD_SCATTER_SIDE;
    if (!(x >= 0 && x < PD_SCATTER_SIDE && y >= 0 && y < PD_SCATTER_SIDE))
        return;
    for (int i = (int)y - radius; i <= (int)y + radius; i++)
        for (int j = (int)x - radius; j <= (int)x + radius; j++) {
            int di = i - (int)y, dj = j - (int)x;
            if (i >= 0 && i < PD_SCATTER_SIDE && j >= 0 && j < PD_SCATTER_SIDE &&
                di * di + dj * dj <= radius * radius)
                memcpy(f->rgb + 3 * ((size_t)i * PD_SCATTER_SIDE + (size_t)j), colour, 3);
        }
}

enum pd_status pd_scatter_encode(struct pd_buffer *png, const float *points, const int32_t *labels,
                                 int64_t count, const float *real, int64_t real_count, struct pd_error *err)
{
    const size_t size = (size_t)PD_SCATTER_SIDE * PD_SCATTER_SIDE * 3;
    struct frame f = {.rgb = pd_malloc(size)};
    if (!f.rgb)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    memset(f.rgb, 255, size);
    if (real)
        fit(&f, real, real_count);
    else
        fit(&f, points, count);
    for (int64_t i = 0; real && i < real_count; i++)
        dot(&f, real + 2 * i, 2, grey);
    for (int64_t i = 0; i < count; i++)
        dot(&f, points + 2 * i, 1, colours[labels && labels[i] >= 0 ? labels[i] % 8 : 7]);
    const size_t begin = png->size;
    enum pd_status status = pd_png_encode_rgb(png, f.rgb, PD_SCATTER_SIDE, PD_SCATTER_SIDE, err);
    if (!status)
        pd_png_sign(png, begin);
    if (!status && png->oom)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    pd_free(f.rgb);
    return status;
}
