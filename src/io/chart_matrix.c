/* A table of counts, cells the darker the larger their share of the row: confusion matrices. */
#include "io/canvas.h"
#include "io/chart.h"

#include <stdio.h>

enum { CELL = 46, LEFT = 150, TOP = 130, EDGE = 24, SMALL = 12, CLASSES_MOST = 600 };

struct matrix {
    struct pd_canvas c;
    const struct pd_counts *m;
    double cell;
};

static double share(const struct pd_counts *m, int row, int column)
{
    double sum = 0;
    for (int k = 0; k < m->n; k++)
        sum += (double)m->counts[(int64_t)row * m->n + k];
    return sum > 0 ? (double)m->counts[(int64_t)row * m->n + column] / sum : 0;
}

static void draw_cell(const struct matrix *d, int row, int column)
{
    const double x = LEFT + column * d->cell, y = TOP + row * d->cell, part = share(d->m, row, column);
    char text[24];
    pd_canvas_colour(&d->c, pd_palette(0), part);
    cairo_rectangle(d->c.cr, x, y, d->cell, d->cell);
    cairo_fill(d->c.cr);
    pd_canvas_colour(&d->c, PD_FAINT, 1);
    cairo_rectangle(d->c.cr, x, y, d->cell, d->cell);
    cairo_set_line_width(d->c.cr, 1);
    cairo_stroke(d->c.cr);
    if (d->cell < CELL)
        return;
    snprintf(text, sizeof text, "%lld", (long long)d->m->counts[(int64_t)row * d->m->n + column]);
    pd_canvas_font(&d->c, SMALL, row == column);
    pd_canvas_colour(&d->c, part > 0.6 ? PD_WHITE : part > 0 ? PD_INK : PD_SOFT, 1);
    pd_canvas_text(&d->c, x + d->cell / 2, y + d->cell / 2 + 4, PD_CENTRE, d->cell - 2, text);
}

/* Of a row at its left, of a column above it, upright. */
static void draw_name(const struct matrix *d, int i)
{
    const double middle = (i + 0.5) * d->cell;
    pd_canvas_font(&d->c, SMALL, false);
    pd_canvas_colour(&d->c, PD_INK, 1);
    pd_canvas_text(&d->c, LEFT - 8, TOP + middle + 4, PD_RIGHT, LEFT - 40, d->m->names[i]);
    cairo_save(d->c.cr);
    cairo_translate(d->c.cr, LEFT + middle + 4, TOP - 8);
    cairo_rotate(d->c.cr, -1.5707963267948966);
    pd_canvas_text(&d->c, 0, 0, PD_LEFT, TOP - 64, d->m->names[i]);
    cairo_restore(d->c.cr);
}

static void draw_words(const struct matrix *d, const struct pd_axes *axes)
{
    const double middle = d->m->n * d->cell / 2;
    pd_canvas_colour(&d->c, PD_INK, 1);
    pd_canvas_font(&d->c, 16, true);
    if (axes->title)
        pd_canvas_text(&d->c, EDGE, 28, PD_LEFT, d->c.width - 2 * EDGE, axes->title);
    pd_canvas_colour(&d->c, PD_SOFT, 1);
    pd_canvas_font(&d->c, 13, false);
    if (axes->x)
        pd_canvas_text(&d->c, LEFT + middle, 52, PD_CENTRE, d->c.width, axes->x);
    if (!axes->y)
        return;
    cairo_save(d->c.cr);
    cairo_translate(d->c.cr, EDGE, TOP + middle);
    cairo_rotate(d->c.cr, -1.5707963267948966);
    pd_canvas_text(&d->c, 0, 0, PD_CENTRE, d->c.height, axes->y);
    cairo_restore(d->c.cr);
}

enum pd_status pd_chart_matrix(const struct pd_axes *axes, const struct pd_counts *counts,
                               struct pd_buffer *png, struct pd_error *err)
{
    struct matrix d = {.m = counts, .cell = counts->n <= 24 ? CELL : counts->n <= 100 ? 14 : 4};
    if (counts->n < 1 || counts->n > CLASSES_MOST)
        return pd_fail(err, PD_ERR_USAGE, -1, "a table of %d classes: a picture has 1 to %d", counts->n,
                       CLASSES_MOST);
    const int64_t side = (int64_t)(counts->n * d.cell);
    const int64_t width = LEFT + side + EDGE;
    enum pd_status status = pd_canvas_begin(&d.c, width > 480 ? width : 480, TOP + side + EDGE, err);
    if (status)
        return status;
    for (int row = 0; row < counts->n; row++)
        for (int column = 0; column < counts->n; column++)
            draw_cell(&d, row, column);
    for (int i = 0; i < counts->n && d.cell >= SMALL; i++)
        draw_name(&d, i);
    draw_words(&d, axes);
    return pd_canvas_end(&d.c, png, err);
}
