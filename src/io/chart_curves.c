/* Lines with error bars, each named where it ends. */
#include "io/plot.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WIDTH = 900,
    HEIGHT = 540,
    NAME_MOST = 250,
    NAME_LINE = 18,
    MARKERS_MOST = 60,
    BARS_MOST = 40,
    SPREAD = 30,
    NOTE_LINE = 20,
    LEVEL_FAR = 3 /* times the height of the curves: a level beyond would flatten them */
};

static double error_of(const struct pd_curve *c, int64_t i)
{
    return c->error && pd_plottable(c->error[i]) ? fabs(c->error[i]) : 0;
}

static bool shown(const struct pd_curve *c, int64_t i)
{
    return pd_plottable(c->x[i]) && pd_plottable(c->y[i]);
}

/* --- the frame --- */

struct range {
    double x0, x1, y0, y1;
    bool whole;     /* every x is a whole number */
    bool bars;      /* there are errors */
    int64_t points; /* of the longest curve */
};

static struct range range_of(const struct pd_curve *curves, int count)
{
    struct range r = {HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL, true, false, 1};
    for (int k = 0; k < count; k++) {
        const struct pd_curve *c = &curves[k];
        r.points = c->n > r.points ? c->n : r.points;
        for (int64_t i = 0; i < c->n; i++) {
            if (!shown(c, i))
                continue;
            pd_range_add(&r.x0, &r.x1, c->x[i]);
            pd_range_add(&r.y0, &r.y1, c->y[i] - error_of(c, i));
            pd_range_add(&r.y0, &r.y1, c->y[i] + error_of(c, i));
            r.bars = r.bars || error_of(c, i) > 0;
            r.whole = r.whole && c->x[i] == floor(c->x[i]);
        }
    }
    return r;
}

/* Takes the level into the range where it lies near enough. */
static bool reach(struct range *r, const struct pd_level *level)
{
    if (!level || !pd_plottable(level->y))
        return false;
    const double y0 = fmin(r->y0, level->y), y1 = fmax(r->y1, level->y);
    if (r->y1 > r->y0 && y1 - y0 > LEVEL_FAR * (r->y1 - r->y0))
        return false;
    r->y0 = y0;
    r->y1 = y1;
    return true;
}

static double name_room(const struct pd_canvas *c, const struct pd_curve *curves, int count)
{
    double most = 0;
    pd_canvas_font(c, 13, true);
    for (int k = 0; k < count; k++)
        if (curves[k].name)
            most = fmax(most, pd_canvas_text_width(c, curves[k].name));
    return most > 0 ? fmin(ceil(most), NAME_MOST) + 44 : 26;
}

static void fit(struct pd_plot *p, const struct range *r, double room, const struct pd_axes *axes)
{
    double x0 = r->x0, x1 = r->x1, y0 = r->y0, y1 = r->y1;
    if (x1 > x0 && !axes->falling) {
        const double margin = 0.03 * (x1 - x0);
        x0 -= margin;
        x1 += margin;
    }
    if (y1 > y0) {
        const double margin = 0.05 * (y1 - y0);
        y0 -= margin;
        y1 += margin;
    }
    p->top = (axes->title ? 56 : 24) + (axes->note ? NOTE_LINE : 0);
    p->bottom = HEIGHT - (axes->x ? 60 : 38);
    pd_scale_fit(&p->y, y0, y1, 7, false);
    p->left = pd_plot_left(p->canvas, &p->y, axes);
    p->right = WIDTH - room;
    if (axes->falling && x1 >= x0) {
        pd_scale_fit_falling(&p->x, x0, x1);
        return;
    }
    int most = 10;
    if (r->whole && x1 - x0 < most)
        most = x1 - x0 >= 1 ? (int)(x1 - x0) : 1; /* no half labels */
    pd_plot_fit_x(p, x0, x1, most);
}

/* Bars of several curves at one x stand side by side, where there is room. */
static double shift_of(const struct pd_plot *p, const struct range *r, int k, int count)
{
    const double room = (p->right - p->left) / (double)(r->points + 1) / 2;
    const double spread = fmin(room, SPREAD) / count;
    return r->bars && spread >= 1 ? (k - (count - 1) / 2.) * fmin(spread, 4) : 0;
}

static void draw_level(const struct pd_plot *p, const struct pd_level *level, bool near)
{
    cairo_t *cr = p->canvas->cr;
    const bool below = level->y < p->y.low;
    const double dashes[] = {4, 4}, at = pd_scale_at(&p->y, level->y);
    char text[PD_CANVAS_TEXT];
    snprintf(text, sizeof text, "%s%s",
             near    ? ""
             : below ? "\xe2\x86\x93 "
                     : "\xe2\x86\x91 ",
             level->name ? level->name : "");
    pd_canvas_colour(p->canvas, PD_SOFT, 1);
    pd_canvas_font(p->canvas, 12, false);
    pd_canvas_text(p->canvas, p->right - 4,
                   near    ? at - 5
                   : below ? p->bottom - 6
                           : p->top + 12,
                   PD_RIGHT, p->right - p->left - 8, text);
    if (!near)
        return;
    cairo_set_line_width(cr, 1.4);
    cairo_set_dash(cr, dashes, 2, 0);
    cairo_move_to(cr, p->left, at);
    cairo_line_to(cr, p->right, at);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
}

/* --- the curves --- */

static void marker(cairo_t *cr, int shape, double x, double y, double r)
{
    static const struct {
        int n;
        double at[4][2];
    } shapes[] = {{0, {{0}}}, /* a disc */
                  {4, {{-.9, -.9}, {.9, -.9}, {.9, .9}, {-.9, .9}}},
                  {3, {{0, -1.25}, {1.15, .85}, {-1.15, .85}}},
                  {4, {{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}}},
                  {3, {{0, 1.25}, {1.15, -.85}, {-1.15, -.85}}}};
    const int s = shape % (int)(sizeof shapes / sizeof shapes[0]);
    cairo_new_path(cr);
    if (s == 0)
        cairo_arc(cr, x, y, r, 0, 4 * acos(0));
    for (int i = 0; i < shapes[s].n; i++)
        cairo_line_to(cr, x + r * shapes[s].at[i][0], y + r * shapes[s].at[i][1]);
    cairo_close_path(cr);
    cairo_fill(cr);
}

static void draw_bars(const struct pd_plot *p, const struct pd_curve *c, double shift)
{
    cairo_t *cr = p->canvas->cr;
    const int64_t every = (c->n + BARS_MOST - 1) / BARS_MOST;
    cairo_set_line_width(cr, 1.4);
    for (int64_t i = 0; i < c->n; i += every) {
        const double e = error_of(c, i);
        if (!shown(c, i) || e == 0)
            continue;
        const double x = pd_scale_at(&p->x, c->x[i]) + shift;
        const double ends[] = {pd_scale_at(&p->y, c->y[i] - e), pd_scale_at(&p->y, c->y[i] + e)};
        cairo_move_to(cr, x, ends[0]);
        cairo_line_to(cr, x, ends[1]);
        for (int k = 0; k < 2; k++) {
            cairo_move_to(cr, x - 4, ends[k]);
            cairo_line_to(cr, x + 4, ends[k]);
        }
    }
    cairo_stroke(cr);
}

static void draw_curve(const struct pd_plot *p, const struct pd_curve *c, int k, double shift)
{
    cairo_t *cr = p->canvas->cr;
    const double dashes[] = {7, 3};
    pd_canvas_colour(p->canvas, pd_palette(k), 0.75);
    draw_bars(p, c, shift);
    pd_canvas_colour(p->canvas, pd_palette(k), 1);
    cairo_set_line_width(cr, 2);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_dash(cr, dashes, k / PD_PALETTE % 2 ? 2 : 0, 0); /* the colours' second turn is dashed */
    for (int64_t i = 0; i < c->n; i++)
        if (shown(c, i))
            cairo_line_to(cr, pd_scale_at(&p->x, c->x[i]) + shift, pd_scale_at(&p->y, c->y[i]));
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
    for (int64_t i = 0; i < c->n && c->n <= MARKERS_MOST; i++)
        if (shown(c, i))
            marker(cr, k, pd_scale_at(&p->x, c->x[i]) + shift, pd_scale_at(&p->y, c->y[i]), 4);
}

/* --- the names --- */

struct name {
    int curve;
    double x, y, at; /* end of the curve; height of the name */
    bool empty;
};

static int by_height(const void *a, const void *b)
{
    const struct name *p = a, *q = b;
    return p->y != q->y ? (p->y > q->y) - (p->y < q->y) : p->curve - q->curve;
}

static int collect_names(const struct pd_plot *p, const struct range *r, const struct pd_curve *curves,
                         int count, struct name *names)
{
    int n = 0;
    for (int k = 0; k < count; k++) {
        const struct pd_curve *c = &curves[k];
        int64_t last = c->n - 1;
        if (!c->name)
            continue;
        while (last >= 0 && !shown(c, last))
            last--;
        names[n] = (struct name){k, p->right, p->bottom, 0, last < 0};
        if (last >= 0) {
            names[n].x = pd_scale_at(&p->x, c->x[last]) + shift_of(p, r, k, count);
            names[n].y = pd_scale_at(&p->y, c->y[last]);
        }
        n++;
    }
    qsort(names, (size_t)n, sizeof *names, by_height);
    return n;
}

/* Each name as near to its curve's end as the others let it. */
static void spread(const struct pd_plot *p, struct name *names, int n)
{
    double least = p->top + 4;
    for (int i = 0; i < n; i++) {
        names[i].at = fmax(names[i].y, least);
        least = names[i].at + NAME_LINE;
    }
    double most = p->bottom - 4;
    for (int i = n - 1; i >= 0; i--) {
        names[i].at = fmin(names[i].at, most);
        most = names[i].at - NAME_LINE;
    }
}

static void draw_names(const struct pd_plot *p, const struct pd_curve *curves, struct name *names, int n)
{
    const struct pd_canvas *c = p->canvas;
    const int fit = (int)((p->bottom - p->top) / NAME_LINE);
    const double x = p->right + 24;
    char text[PD_CANVAS_TEXT];
    const int drawn = n > fit ? fit - 1 : n;
    spread(p, names, n > fit ? fit : n);
    cairo_set_line_width(c->cr, 1);
    for (int i = 0; i < drawn; i++) {
        const struct name *e = &names[i];
        pd_canvas_colour(c, pd_palette(e->curve), 0.5);
        if (!e->empty) {
            cairo_move_to(c->cr, e->x + 7, e->y);
            cairo_line_to(c->cr, p->right + 6, e->y);
            cairo_line_to(c->cr, x - 4, e->at);
            cairo_stroke(c->cr);
        }
        pd_canvas_colour(c, e->empty ? PD_SOFT : pd_palette(e->curve), 1);
        pd_canvas_font(c, 13, true);
        pd_canvas_text(c, x, e->at + 4.5, PD_LEFT, WIDTH - x - 12, curves[e->curve].name);
    }
    if (drawn == n)
        return;
    snprintf(text, sizeof text, "and %d more", n - drawn);
    pd_canvas_colour(c, PD_SOFT, 1);
    pd_canvas_font(c, 13, false);
    pd_canvas_text(c, x, names[drawn].at + 4.5, PD_LEFT, 0, text);
}

enum pd_status pd_chart_curves(const struct pd_axes *axes, const struct pd_level *level,
                               const struct pd_curve *curves, int count, struct pd_buffer *png,
                               struct pd_error *err)
{
    struct pd_canvas c;
    struct pd_plot p = {.canvas = &c};
    struct name *names = pd_calloc((size_t)count, sizeof *names);
    if (!names)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    enum pd_status status = axes->svg ? pd_canvas_begin_svg(&c, WIDTH, HEIGHT, png, err)
                                      : pd_canvas_begin(&c, WIDTH, HEIGHT, err);
    if (!status) {
        struct range r = range_of(curves, count);
        const bool near = reach(&r, level);
        fit(&p, &r, name_room(&c, curves, count), axes);
        pd_plot_axes(&p, axes);
        if (axes->frame)
            *axes->frame = (struct pd_chart_frame){p.left,   p.right, p.top,    p.bottom, p.x.low,
                                                   p.x.high, p.y.low, p.y.high, WIDTH,    HEIGHT};
        if (level && pd_plottable(level->y))
            draw_level(&p, level, near);
        for (int k = 0; k < count; k++)
            draw_curve(&p, &curves[k], k, shift_of(&p, &r, k, count));
        draw_names(&p, curves, names, collect_names(&p, &r, curves, count, names));
        status = pd_canvas_end(&c, png, err);
    }
    pd_free(names);
    return status;
}
