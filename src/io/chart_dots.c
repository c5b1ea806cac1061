/* Rows of values with error bars: a table as a picture. */
#include "io/plot.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 900, ROW = 24, HEADING = 30, NAMES = 190, DOTS_MOST = 1000 };
#define RADIUS 4.5

static bool begins_group(const struct pd_dot *dots, int i)
{
    return dots[i].group && (i == 0 || !dots[i - 1].group || strcmp(dots[i].group, dots[i - 1].group) != 0);
}

static int64_t rows_height(const struct pd_dot *dots, int count)
{
    int64_t height = (int64_t)count * ROW;
    for (int i = 0; i < count; i++)
        height += begins_group(dots, i) ? HEADING : 0;
    return height;
}

static void widen(double *low, double *high, double value, double error)
{
    const double half = pd_plottable(error) ? fabs(error) : 0;
    if (pd_plottable(value)) {
        pd_range_add(low, high, value - half);
        pd_range_add(low, high, value + half);
    }
}

/* A bar and a dot on it. */
static void draw_dot(const struct pd_plot *p, double y, double value, double error, int colour, bool hollow)
{
    cairo_t *cr = p->canvas->cr;
    if (!pd_plottable(value))
        return;
    const double x = pd_scale_at(&p->x, value);
    pd_canvas_colour(p->canvas, pd_palette(colour), 1);
    cairo_set_line_width(cr, 1.5);
    if (pd_plottable(error)) {
        cairo_move_to(cr, pd_scale_at(&p->x, value - error), y);
        cairo_line_to(cr, pd_scale_at(&p->x, value + error), y);
        cairo_stroke(cr);
    }
    cairo_arc(cr, x, y, RADIUS, 0, 2 * acos(-1));
    if (hollow) {
        pd_canvas_colour(p->canvas, PD_WHITE, 1);
        cairo_fill_preserve(cr);
        pd_canvas_colour(p->canvas, pd_palette(colour), 1);
        cairo_stroke(cr);
    } else
        cairo_fill(cr);
}

static void draw_rows(const struct pd_plot *p, const struct pd_dot *dots, int count)
{
    double y = p->top;
    for (int i = 0; i < count; i++) {
        if (begins_group(dots, i)) {
            y += HEADING;
            pd_canvas_font(p->canvas, 13, true);
            pd_canvas_colour(p->canvas, PD_INK, 1);
            pd_canvas_text(p->canvas, p->left - 10, y - 8, PD_RIGHT, p->left - 20, dots[i].group);
        }
        y += ROW;
        pd_canvas_font(p->canvas, 13, false);
        pd_canvas_colour(p->canvas, PD_SOFT, 1);
        pd_canvas_text(p->canvas, p->left - 10, y - 7, PD_RIGHT, p->left - 20, dots[i].name);
        draw_dot(p, y - ROW / 2. - 3, dots[i].other, dots[i].other_error, 1, true);
        draw_dot(p, y - ROW / 2. + 3, dots[i].value, dots[i].error, 0, false);
    }
}

static void fit(struct pd_plot *p, const struct pd_dot *dots, int count)
{
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int i = 0; i < count; i++) {
        widen(&low, &high, dots[i].value, dots[i].error);
        widen(&low, &high, dots[i].other, dots[i].other_error);
    }
    const double margin = low <= high ? 0.03 * (high - low) : 0;
    pd_plot_fit_x(p, low - margin, high + margin, 10);
    pd_scale_fit(&p->y, 0, 1, 1, false);
    p->y.ticks = 0;
}

enum pd_status pd_chart_dots(const struct pd_axes *axes, const char *own, const char *other,
                             const struct pd_dot *dots, int count, struct pd_buffer *png,
                             struct pd_error *err)
{
    struct pd_canvas c;
    struct pd_plot p = {.canvas = &c, .left = NAMES, .right = WIDTH - 26};
    if (count < 1 || count > DOTS_MOST)
        return pd_fail(err, PD_ERR_USAGE, -1, "a chart of %d dots: expected 1 to %d", count, DOTS_MOST);
    const double top = axes->title ? 60 : 28;
    const int64_t height = (int64_t)top + 24 + rows_height(dots, count) + 76;
    const enum pd_status status = pd_canvas_begin(&c, WIDTH, height, err);
    if (status)
        return status;
    const struct pd_axes words = {.title = axes->title, .x = axes->x};
    struct pd_keys keys = {p.left, p.right, p.left, top, true};
    p.top = top + 16;
    p.bottom = (double)height - 60;
    fit(&p, dots, count);
    pd_plot_axes(&p, &words);
    pd_plot_key(&c, &keys, own, pd_palette(0), 1);
    if (other)
        pd_plot_key(&c, &keys, other, pd_palette(1), 1);
    draw_rows(&p, dots, count);
    return pd_canvas_end(&c, png, err);
}
