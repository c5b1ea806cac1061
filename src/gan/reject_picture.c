#include "gan/reject.h"

#include "base/mem.h"
#include "io/chart.h"
#include "io/png.h"
#include "io/scatter.h"

#include <string.h>

enum { PAD = 2 };

static const float white = 1;

static int64_t shown(const struct pd_rejection *r)
{
    return r->show < r->kept.per_class ? r->show : r->kept.per_class;
}

/* One row a class; what is missing stays white, and so does a column between the two. */
static enum pd_status encode_images(const struct pd_rejection *r, const struct pd_class_names *classes,
                                    struct pd_buffer *png, struct pd_error *err)
{
    const int64_t *dim = r->kept.shape.dim, left = shown(r), columns = left + 1 + r->show;
    const size_t image = (size_t)(dim[1] * dim[2] * dim[3]);
    const size_t all = (size_t)(columns * r->kept.classes) * image;
    float *sheet = pd_malloc(all * sizeof *sheet);
    if (!sheet)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    for (size_t i = 0; i < all; i++)
        sheet[i] = white;
    for (int64_t c = 0; c < r->kept.classes; c++) {
        float *row = sheet + (size_t)(c * columns) * image;
        memcpy(row, r->kept.images + (size_t)(c * r->kept.per_class) * image,
               (size_t)left * image * sizeof *row);
        memcpy(row + (size_t)(left + 1) * image, r->refused + (size_t)(c * r->show) * image,
               (size_t)r->classes[c].refused * image * sizeof *row);
    }
    const struct pd_png_grid grid = {columns * r->kept.classes, dim[1], dim[2], dim[3], columns, PAD};
    const struct pd_grid_heading headings[] = {{0, "kept"},
                                               {(double)(left + 1) / (double)columns, "refused"}};
    struct pd_buffer raw = PD_BUFFER_INIT;
    enum pd_status status = pd_png_encode_grid(&raw, sheet, &grid, err);
    pd_free(sheet);
    if (!status)
        status = pd_grid_with_classes(&raw, classes, r->kept.classes, headings, 2, png, err);
    pd_buffer_release(&raw);
    return status;
}

/* The colour of class 0 for what was kept, of class 1 for what was refused, which lies below. Returns how
 * many points there are. */
static int64_t collect(const struct pd_rejection *r, float *points, int32_t *labels)
{
    int64_t n = 0;
    for (int64_t c = 0; c < r->kept.classes; c++)
        for (int64_t i = 0; i < r->classes[c].refused; i++, n++) {
            memcpy(points + 2 * n, r->refused + 2 * (c * r->show + i), 2 * sizeof *points);
            labels[n] = 1;
        }
    for (int64_t c = 0; c < r->kept.classes; c++)
        for (int64_t i = 0; i < shown(r); i++, n++) {
            memcpy(points + 2 * n, r->kept.images + 2 * (c * r->kept.per_class + i), 2 * sizeof *points);
            labels[n] = 0;
        }
    return n;
}

static enum pd_status encode_points(const struct pd_rejection *r, const struct pd_points *real,
                                    struct pd_buffer *png, struct pd_error *err)
{
    const size_t most = (size_t)r->kept.classes * (size_t)(shown(r) + r->show) + 1;
    float *points = pd_calloc(most, 2 * sizeof *points);
    int32_t *labels = pd_calloc(most, sizeof *labels);
    enum pd_status status;
    if (points && labels)
        status = pd_scatter_encode(png, points, labels, collect(r, points, labels), real ? real->at : NULL,
                                   real ? real->count : 0, err);
    else
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    pd_free(points);
    pd_free(labels);
    return status;
}

enum pd_status pd_rejection_encode(const struct pd_rejection *r, const struct pd_class_names *classes,
                                   const struct pd_points *real, struct pd_buffer *png, struct pd_error *err)
{
    return r->kept.shape.rank == 2 ? encode_points(r, real, png, err) : encode_images(r, classes, png, err);
}
