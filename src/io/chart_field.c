/* The plane of 2-D data: a field, points, and numbered marks. */
#include "io/plot.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIDE = 640, EDGE = 26, BAR = 14, BAR_ROOM = 96, MARK = 6, NUMBER_SIZE = 12, CLASSES_MOST = 20 };
static const uint32_t GREY = 0x6e6e6e;

/* --- the field --- */

/* ColorBrewer's Purples without the darkest: part in [0, 1]. */
static uint32_t shade(double part)
{
    static const uint8_t stops[][3] = {
        {252, 251, 253}, {218, 218, 235}, {158, 154, 200}, {117, 107, 177}, {84, 39, 143}};
    const int last = (int)(sizeof stops / sizeof stops[0]) - 1;
    const double at = fmin(fmax(part, 0), 1) * last;
    const int i = at < last ? (int)at : last - 1;
    uint32_t rgb = 0;
    for (int k = 0; k < 3; k++)
        rgb = rgb << 8 | (uint32_t)lround(stops[i][k] + (at - i) * (stops[i + 1][k] - stops[i][k]));
    return rgb;
}

static void field_range(const struct pd_field *f, double *low, double *high)
{
    *low = HUGE_VAL;
    *high = -HUGE_VAL;
    for (int64_t i = 0; i < f->rows * f->columns; i++)
        pd_range_add(low, high, (double)f->values[i]);
}

/* One colour from tick to tick: bands as of a map, whose borders are lines of equal value. */
static uint32_t band(const struct pd_scale *s, double value)
{
    const int bands = s->ticks - 1;
    if (!pd_plottable(value) || bands < 1)
        return PD_WHITE;
    const double at = floor((value - s->low) / (s->high - s->low) * bands);
    return bands > 1 ? shade(at / (bands - 1)) : shade(0.5);
}

/* Where a pixel's middle lies in a grid of n cells: between the middles of cells i and i + 1. */
static int64_t cell(double part, int64_t n, double *rest)
{
    const double at = fmin(fmax(part * (double)n - 0.5, 0), (double)(n - 1));
    const int64_t i = at < (double)(n - 1) ? (int64_t)at : n > 1 ? n - 2 : 0;
    *rest = n > 1 ? at - (double)i : 0;
    return i;
}

/* Bilinear; x and y in [0, 1], from x0 and y0. */
static double value_at(const struct pd_field *f, double x, double y)
{
    double dx, dy;
    const int64_t i = cell(x, f->columns, &dx), j = cell(y, f->rows, &dy);
    const int64_t right = f->columns > 1, up = f->rows > 1 ? f->columns : 0;
    const float *v = f->values + j * f->columns + i;
    return (1 - dy) * ((1 - dx) * (double)v[0] + dx * (double)v[right]) +
           dy * ((1 - dx) * (double)v[up] + dx * (double)v[up + right]);
}

static void fill_field(cairo_surface_t *surface, const struct pd_field *f, const struct pd_scale *s)
{
    const int w = cairo_image_surface_get_width(surface), h = cairo_image_surface_get_height(surface);
    cairo_surface_flush(surface);
    for (int y = 0; y < h; y++) {
        unsigned char *row =
            cairo_image_surface_get_data(surface) + y * (ptrdiff_t)cairo_image_surface_get_stride(surface);
        for (int x = 0; x < w; x++) {
            const uint32_t rgb = band(s, value_at(f, (x + 0.5) / w, (h - y - 0.5) / h));
            memcpy(row + (ptrdiff_t)4 * x, &rgb, sizeof rgb);
        }
    }
    cairo_surface_mark_dirty(surface);
}

static enum pd_status draw_field(const struct pd_plot *p, const struct pd_field *f, const struct pd_scale *s,
                                 struct pd_error *err)
{
    cairo_t *cr = p->canvas->cr;
    const int w = (int)lround(p->right - p->left), h = (int)lround(p->bottom - p->top);
    cairo_surface_t *plane = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    if (cairo_surface_status(plane)) {
        cairo_surface_destroy(plane);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    }
    fill_field(plane, f, s);
    cairo_set_source_surface(cr, plane, p->left, p->top);
    cairo_paint(cr);
    cairo_surface_destroy(plane);
    return PD_OK;
}

/* What the bands mean, right of the plane. */
static void draw_bar(const struct pd_plot *p, struct pd_scale *s)
{
    const struct pd_canvas *c = p->canvas;
    char text[32];
    s->from = p->bottom;
    s->to = p->top;
    pd_canvas_font(c, 12, false);
    for (int i = 0; i < s->ticks; i++) {
        const double y = pd_scale_at(s, s->tick[i]);
        if (i + 1 < s->ticks) {
            const double next = pd_scale_at(s, s->tick[i + 1]);
            pd_canvas_colour(c, band(s, (s->tick[i] + s->tick[i + 1]) / 2), 1);
            cairo_rectangle(c->cr, p->right + 16, round(next), BAR, round(y) - round(next));
            cairo_fill(c->cr);
        }
        pd_scale_text(s, i, text);
        pd_canvas_colour(c, PD_SOFT, 1);
        pd_canvas_text(c, p->right + 16 + BAR + 6, y + 4, PD_LEFT, BAR_ROOM - BAR - 26, text);
    }
}

/* --- points and marks --- */

static bool place(const struct pd_plot *p, const float *point, double *x, double *y)
{
    if (!pd_plottable((double)point[0]) || !pd_plottable((double)point[1]))
        return false;
    *x = pd_scale_at(&p->x, (double)point[0]);
    *y = pd_scale_at(&p->y, (double)point[1]);
    return *x >= p->left && *x <= p->right && *y >= p->top && *y <= p->bottom;
}

static void disc(const struct pd_canvas *c, double x, double y, double r)
{
    cairo_new_path(c->cr);
    cairo_arc(c->cr, x, y, r, 0, 4 * acos(0));
    cairo_fill(c->cr);
}

static void draw_points(const struct pd_plot *p, const struct pd_field *f)
{
    double x, y;
    pd_canvas_colour(p->canvas, GREY, 0.6);
    for (int64_t i = 0; i < f->points; i++)
        if (place(p, f->at + 2 * i, &x, &y))
            disc(p->canvas, x, y, 1.8);
}

static int class_of(const struct pd_field *f, int64_t i)
{
    return f->mark_class ? f->mark_class[i] : 0;
}

static void draw_marks(const struct pd_plot *p, const struct pd_field *f)
{
    double x, y;
    for (int64_t i = 0; i < f->marks; i++)
        if (place(p, f->mark_at + 2 * i, &x, &y)) {
            pd_canvas_colour(p->canvas, PD_WHITE, 1);
            disc(p->canvas, x, y, MARK + 1.5);
            pd_canvas_colour(p->canvas, pd_palette(class_of(f, i)), 1);
            disc(p->canvas, x, y, MARK);
        }
}

struct box {
    double x, y, w, h;
};

static bool apart(struct box a, struct box b)
{
    return a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
}

/* Whether a box is within the plane and off the n taken ones. */
static bool is_free(const struct pd_plot *p, struct box b, const struct box *taken, int64_t n)
{
    bool ok = b.x >= p->left && b.y >= p->top && b.x + b.w <= p->right && b.y + b.h <= p->bottom;
    for (int64_t i = 0; ok && i < n; i++)
        ok = apart(b, taken[i]);
    return ok;
}

/* Where a number of width w may stand beside a mark: near first, all around. */
static bool find_room(const struct pd_plot *p, double x, double y, double w, const struct box *taken,
                      int64_t n, struct box *room)
{
    static const double around[][2] = {{1, -.7}, {1, .7}, {-1, -.7}, {-1, .7},
                                       {0, -1},  {0, 1},  {1, 0},    {-1, 0}};
    for (int distance = 0; distance < 4; distance++)
        for (size_t k = 0; k < sizeof around / sizeof around[0]; k++) {
            const double far = MARK + 3 + 9 * distance, dx = around[k][0], dy = around[k][1];
            *room = (struct box){x + dx * (far + w / 2) - w / 2,
                                 y + dy * (far + NUMBER_SIZE / 2.) - NUMBER_SIZE / 2., w, NUMBER_SIZE};
            if (is_free(p, *room, taken, n))
                return true;
        }
    return false;
}

static void draw_number(const struct pd_canvas *c, double x, double y, struct box room, const char *text)
{
    const double cx = room.x + room.w / 2, cy = room.y + room.h / 2;
    pd_canvas_colour(c, PD_INK, 0.6);
    cairo_set_line_width(c->cr, 1);
    if (hypot(cx - x, cy - y) > 2 * MARK + room.w) {
        cairo_move_to(c->cr, x, y);
        cairo_line_to(c->cr, cx, cy);
        cairo_stroke(c->cr);
    }
    cairo_move_to(c->cr, room.x, room.y + room.h - 1.5);
    cairo_text_path(c->cr, text);
    pd_canvas_colour(c, PD_WHITE, 1);
    cairo_set_line_width(c->cr, 3.5);
    cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke_preserve(c->cr);
    pd_canvas_colour(c, PD_INK, 1);
    cairo_fill(c->cr);
}

/* Numbers keep off the marks and each other; one that finds no room is left out. taken: (2 marks). */
static void draw_numbers(const struct pd_plot *p, const struct pd_field *f, struct box *taken)
{
    const double r = MARK + 1;
    double x, y;
    int64_t n = 0;
    char text[16];
    pd_canvas_font(p->canvas, NUMBER_SIZE, true);
    for (int64_t i = 0; i < f->marks; i++)
        if (place(p, f->mark_at + 2 * i, &x, &y))
            taken[n++] = (struct box){x - r, y - r, 2 * r, 2 * r};
    for (int64_t i = 0; f->mark_number && i < f->marks; i++) {
        if (f->mark_number[i] < 0 || !place(p, f->mark_at + 2 * i, &x, &y))
            continue;
        snprintf(text, sizeof text, "%d", f->mark_number[i]);
        if (find_room(p, x, y, pd_canvas_text_width(p->canvas, text) + 2, taken, n, &taken[n]))
            draw_number(p->canvas, x, y, taken[n++], text);
    }
}

/* --- all of it --- */

static double legend(const struct pd_plot *p, const struct pd_field *f, double top, bool draw)
{
    struct pd_keys keys = {p->left, p->right, p->left, top, draw};
    char name[32];
    for (int k = 0; k < CLASSES_MOST; k++)
        for (int64_t i = 0; i < f->marks; i++)
            if (class_of(f, i) == k) {
                snprintf(name, sizeof name, "class %d", k);
                pd_plot_key(p->canvas, &keys, name, pd_palette(k), 1);
                break;
            }
    if (f->points)
        pd_plot_key(p->canvas, &keys, "data", GREY, 0.8);
    return keys.x > keys.left || keys.y > top ? keys.y + 14 : top - 10;
}

/* Both axes to one scale, unless the plane is a thin strip. */
static void fit_side(const struct pd_scale *x, const struct pd_scale *y, double *width, double *height)
{
    const double ratio = (y->high - y->low) / (x->high - x->low);
    *width = ratio > 1 && ratio <= 3 ? SIDE / ratio : SIDE;
    *height = ratio < 1 && ratio >= 1 / 3. ? SIDE * ratio : SIDE;
}

static enum pd_status check(const struct pd_field *f, struct pd_error *err)
{
    if (f->rows < 0 || f->columns < 0 || f->rows > PD_CANVAS_SIDE_MAX || f->columns > PD_CANVAS_SIDE_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "field of %lld x %lld values is out of range",
                       (long long)f->columns, (long long)f->rows);
    if (!pd_plottable(f->x0) || !pd_plottable(f->x1) || !pd_plottable(f->y0) || !pd_plottable(f->y1))
        return pd_fail(err, PD_ERR_USAGE, -1, "frame of a field is not finite");
    return PD_OK;
}

static enum pd_status draw(struct pd_plot *p, const struct pd_axes *axes, const struct pd_field *f,
                           double top, struct box *taken, struct pd_error *err)
{
    double low, high;
    struct pd_scale s;
    field_range(f, &low, &high);
    pd_plot_axes(p, axes);
    if (low <= high) {
        pd_scale_fit(&s, low, high, 10, true);
        enum pd_status status = draw_field(p, f, &s, err);
        if (status)
            return status;
        draw_bar(p, &s);
    }
    draw_points(p, f);
    draw_marks(p, f);
    draw_numbers(p, f, taken);
    legend(p, f, top, true);
    return PD_OK;
}

enum pd_status pd_chart_field(const struct pd_axes *axes, const struct pd_field *f, struct pd_buffer *png,
                              struct pd_error *err)
{
    struct pd_canvas measure, c;
    struct pd_plot p = {.canvas = &measure};
    double width, height;
    enum pd_status status = check(f, err);
    struct box *taken = NULL;
    if (!status)
        status = pd_canvas_begin(&measure, 1, 1, err);
    if (status)
        return status;
    pd_scale_fit(&p.x, fmin(f->x0, f->x1), fmax(f->x0, f->x1), 8, false);
    pd_scale_fit(&p.y, fmin(f->y0, f->y1), fmax(f->y0, f->y1), 8, false);
    fit_side(&p.x, &p.y, &width, &height);
    p.left = pd_plot_left(&measure, &p.y, axes);
    p.right = p.left + width;
    const double top = axes->title ? 62 : 30;
    p.top = legend(&p, f, top, false);
    p.bottom = p.top + height;
    pd_plot_fit_x(&p, p.x.low, p.x.high, 8);
    pd_canvas_end(&measure, NULL, NULL);
    taken = pd_calloc((size_t)f->marks, 2 * sizeof *taken);
    if (!taken)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    p.canvas = &c;
    status = pd_canvas_begin(&c, (int64_t)(p.right + (f->rows && f->columns ? BAR_ROOM : EDGE)),
                             (int64_t)(p.bottom + (axes->x ? 60 : 38)), err);
    if (!status) {
        status = draw(&p, axes, f, top, taken, err);
        const enum pd_status ended = pd_canvas_end(&c, status ? NULL : png, err);
        status = status ? status : ended;
    }
    pd_free(taken);
    return status;
}
