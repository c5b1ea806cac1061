/* A grid of images with words beside and above it. */
#include "io/canvas.h"
#include "io/chart.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { FONT = 11, LEAST = 8, NAME_MOST = 160, GAP = 6, HEADING = 18, ROW_LEAST = 10 };

struct stream {
    const struct pd_buffer *bytes;
    size_t at;
};

static cairo_status_t read_bytes(void *closure, unsigned char *out, unsigned size)
{
    struct stream *s = closure;
    if (size > s->bytes->size - s->at)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(out, s->bytes->data + s->at, size);
    s->at += size;
    return CAIRO_STATUS_SUCCESS;
}

/* In pixels. */
struct layout {
    double left, top, width, height, row, font;
    int scale; /* small images are enlarged, so that a word fits beside them */
};

static double widest(const struct pd_canvas *c, const struct pd_grid_words *w)
{
    double most = 0;
    for (int64_t i = 0; w->rows && i < w->n_rows; i++)
        most = fmax(most, pd_canvas_text_width(c, w->rows[i]));
    return fmin(ceil(most), NAME_MOST);
}

static void arrange(const struct pd_canvas *measure, const struct pd_grid_words *w, cairo_surface_t *image,
                    struct layout *l)
{
    const double height = cairo_image_surface_get_height(image), rows = (double)w->n_rows;
    l->scale = 1;
    while (l->scale * height / rows < ROW_LEAST)
        l->scale++;
    l->row = l->scale * height / rows;
    l->font = fmax(fmin(FONT, l->row - 2), LEAST);
    pd_canvas_font(measure, l->font, false);
    const double names = widest(measure, w);
    l->left = names > 0 ? names + 2 * GAP : 0;
    l->top = w->n_headings ? HEADING : 0;
    l->width = l->left + l->scale * (double)cairo_image_surface_get_width(image);
    l->height = l->top + l->scale * height;
}

static void draw(const struct pd_canvas *c, const struct pd_grid_words *w, const struct layout *l,
                 cairo_surface_t *image)
{
    cairo_save(c->cr);
    cairo_translate(c->cr, l->left, l->top);
    cairo_scale(c->cr, l->scale, l->scale);
    cairo_set_source_surface(c->cr, image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(c->cr), CAIRO_FILTER_NEAREST);
    cairo_paint(c->cr);
    cairo_restore(c->cr);
    pd_canvas_colour(c, PD_INK, 1);
    pd_canvas_font(c, l->font, false);
    for (int64_t i = 0; w->rows && i < w->n_rows; i++)
        pd_canvas_text(c, l->left - GAP, l->top + ((double)i + 0.5) * l->row + l->font * 0.35, PD_RIGHT,
                       NAME_MOST, w->rows[i]);
    pd_canvas_font(c, FONT, true);
    for (int i = 0; i < w->n_headings; i++)
        pd_canvas_text(c, l->left + (l->width - l->left) * w->headings[i].at + 2, HEADING - 5, PD_LEFT, 0,
                       w->headings[i].text);
}

static enum pd_status compose(const struct pd_grid_words *w, cairo_surface_t *image, struct pd_buffer *png,
                              struct pd_error *err)
{
    struct pd_canvas measure, c;
    struct layout l;
    enum pd_status status = pd_canvas_begin(&measure, 1, 1, err);
    if (status)
        return status;
    arrange(&measure, w, image, &l);
    pd_canvas_end(&measure, NULL, NULL);
    status = pd_canvas_begin(&c, (int64_t)l.width, (int64_t)l.height, err);
    if (status)
        return status;
    draw(&c, w, &l, image);
    return pd_canvas_end(&c, png, err);
}

/* Whether a canvas can hold it; a PNG has its sides at bytes 16 and 20. */
static bool fits(const struct pd_buffer *png)
{
    const unsigned char *at = (const unsigned char *)png->data + 16;
    for (int i = 0; i < 2; i++, at += 4)
        if (at[0] || at[1] || (at[2] << 8 | at[3]) > PD_CANVAS_SIDE_MAX - NAME_MOST - 2 * GAP)
            return false;
    return true;
}

enum pd_status pd_chart_grid(const struct pd_buffer *grid, const struct pd_grid_words *words,
                             struct pd_buffer *png, struct pd_error *err)
{
    struct stream stream = {grid, 0};
    if (!fits(grid)) {
        pd_buffer_append(png, grid->data, grid->size);
        return png->oom ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture") : PD_OK;
    }
    cairo_surface_t *image = cairo_image_surface_create_from_png_stream(read_bytes, &stream);
    enum pd_status status = cairo_surface_status(image)
                                ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture")
                                : compose(words, image, png, err);
    cairo_surface_destroy(image);
    return status;
}
