#include "io/plot.h"

#include <math.h>
#include <stdio.h>

/* --- numbers --- */

bool pd_plottable(double value)
{
    return fabs(value) <= 1e100; /* false for NaN */
}

void pd_range_add(double *low, double *high, double value)
{
    if (!pd_plottable(value))
        return;
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

/* The least of 1, 2, 5 times a power of ten that is not below x. */
static double round_up(double x)
{
    const double power = pow(10, floor(log10(x)));
    const double part = x / power;
    return power * (part <= 1.0001 ? 1 : part <= 2.0001 ? 2 : part <= 5.0001 ? 5 : 10);
}

static void make_room(double *low, double *high)
{
    if (*low > *high) {
        *low = 0;
        *high = 1;
    }
    const double size = fmax(fabs(*low), fabs(*high));
    if (*high - *low > 1e-6 * size)
        return;
    const double room = size > 1e-100 ? 0.05 * size : 1;
    *low -= room;
    *high += room;
}

void pd_scale_fit(struct pd_scale *s, double low, double high, int about, bool snap)
{
    make_room(&low, &high);
    const double step = round_up((high - low) / about);
    double first = ceil(low / step - 1e-6), last = floor(high / step + 1e-6);
    if (snap) {
        first = floor(low / step + 1e-6);
        last = ceil(high / step - 1e-6);
        low = first * step;
        high = last * step;
    }
    s->low = low;
    s->high = high;
    s->logarithmic = false;
    s->ticks = 0;
    for (double i = first; i <= last && s->ticks < PD_TICKS; i++)
        s->tick[s->ticks++] = i * step + 0.; /* no -0 */
    const int decimals = (int)-floor(log10(step) + 1e-9);
    s->decimals = decimals > 6 || fmax(fabs(low), fabs(high)) >= 1e7 ? -1 : decimals > 0 ? decimals : 0;
}

static void tick_powers(struct pd_scale *s, int every, double low, double high)
{
    static const int parts[] = {1, 2, 5};
    s->ticks = 0;
    s->decimals = -1;
    for (int power = (int)floor(log10(low)); power <= log10(high); power++)
        for (int i = 0; i < 3 && s->ticks < PD_TICKS; i += every) {
            const double tick = parts[i] * pow(10, power);
            if (tick >= low && tick <= high)
                s->tick[s->ticks++] = tick;
        }
}

void pd_scale_fit_falling(struct pd_scale *s, double low, double high)
{
    const double margin = high > low ? pow(high / low, 0.03) : 1.5;
    low /= margin;
    high *= margin;
    if (high < 5 * low)
        pd_scale_fit(s, low, high, 5, false);
    else
        tick_powers(s, high > 1e4 * low ? 3 : 1, low, high);
    s->low = log10(high);
    s->high = log10(low);
    s->logarithmic = true;
}

double pd_scale_at(const struct pd_scale *s, double value)
{
    value = s->logarithmic ? log10(value) : value;
    return s->from + (value - s->low) / (s->high - s->low) * (s->to - s->from);
}

void pd_scale_text(const struct pd_scale *s, int tick, char text[32])
{
    const double value = s->tick[tick];
    const char *sign = value < 0 ? "\xe2\x88\x92" : ""; /* a minus, not a hyphen */
    if (s->decimals < 0)
        snprintf(text, 32, "%s%.8g", sign, fabs(value));
    else
        snprintf(text, 32, "%s%.*f", sign, s->decimals, fabs(value));
}

/* --- axes --- */

enum { NUMBER = 12, LABEL = 13, TITLE = 16 };

static void line(const struct pd_plot *p, double x0, double y0, double x1, double y1)
{
    cairo_move_to(p->canvas->cr, x0, y0);
    cairo_line_to(p->canvas->cr, x1, y1);
    cairo_stroke(p->canvas->cr);
}

static double crisp(double at)
{
    return floor(at) + 0.5; /* lines one pixel wide lie on pixels */
}

static void draw_x(const struct pd_plot *p)
{
    char text[32];
    for (int i = 0; i < p->x.ticks; i++) {
        const double x = crisp(pd_scale_at(&p->x, p->x.tick[i]));
        pd_canvas_colour(p->canvas, PD_FAINT, 1);
        line(p, x, p->top, x, p->bottom);
        pd_scale_text(&p->x, i, text);
        pd_canvas_colour(p->canvas, PD_SOFT, 1);
        pd_canvas_text(p->canvas, x, p->bottom + 19, PD_CENTRE, 0, text);
    }
}

static void draw_y(const struct pd_plot *p)
{
    char text[32];
    for (int i = 0; i < p->y.ticks; i++) {
        const double y = crisp(pd_scale_at(&p->y, p->y.tick[i]));
        pd_canvas_colour(p->canvas, PD_FAINT, 1);
        line(p, p->left, y, p->right, y);
        pd_scale_text(&p->y, i, text);
        pd_canvas_colour(p->canvas, PD_SOFT, 1);
        pd_canvas_text(p->canvas, p->left - 9, y + 4, PD_RIGHT, 0, text);
    }
}

static void draw_words(const struct pd_plot *p, const struct pd_axes *axes)
{
    const struct pd_canvas *c = p->canvas;
    pd_canvas_colour(c, PD_INK, 1);
    pd_canvas_font(c, LABEL, false);
    if (axes->x)
        pd_canvas_text(c, (p->left + p->right) / 2, p->bottom + 44, PD_CENTRE, p->right - p->left, axes->x);
    if (axes->y) {
        cairo_save(c->cr);
        cairo_translate(c->cr, 24, (p->top + p->bottom) / 2);
        cairo_rotate(c->cr, -acos(0));
        pd_canvas_text(c, 0, 0, PD_CENTRE, p->bottom - p->top, axes->y);
        cairo_restore(c->cr);
    }
    pd_canvas_font(c, TITLE, true);
    if (axes->title)
        pd_canvas_text(c, 18, 32, PD_LEFT, c->width - 36, axes->title);
    pd_canvas_font(c, LABEL, false);
    if (axes->note)
        pd_canvas_text(c, 18, 54, PD_LEFT, c->width - 36, axes->note);
}

double pd_plot_left(const struct pd_canvas *c, const struct pd_scale *y, const struct pd_axes *axes)
{
    char text[32];
    double widest = 0;
    pd_canvas_font(c, NUMBER, false);
    for (int i = 0; i < y->ticks; i++) {
        pd_scale_text(y, i, text);
        widest = fmax(widest, pd_canvas_text_width(c, text));
    }
    return ceil(widest) + 9 + (axes->y ? 36 : 18);
}

/* The widest numbers decide how many there is room for. */
void pd_plot_fit_x(struct pd_plot *p, double low, double high, int most)
{
    char text[32];
    pd_canvas_font(p->canvas, NUMBER, false);
    for (int about = most;; about--) {
        double widest = 0;
        pd_scale_fit(&p->x, low, high, about, false);
        for (int i = 0; i < p->x.ticks; i++) {
            pd_scale_text(&p->x, i, text);
            widest = fmax(widest, pd_canvas_text_width(p->canvas, text));
        }
        if (about <= 1 || (widest + 14) * p->x.ticks <= p->right - p->left)
            return;
    }
}

void pd_plot_axes(struct pd_plot *p, const struct pd_axes *axes)
{
    p->x.from = p->left;
    p->x.to = p->right;
    p->y.from = p->bottom;
    p->y.to = p->top;
    cairo_set_line_width(p->canvas->cr, 1);
    pd_canvas_font(p->canvas, NUMBER, false);
    draw_x(p);
    draw_y(p);
    pd_canvas_colour(p->canvas, PD_SOFT, 1);
    line(p, p->left, crisp(p->bottom), p->right, crisp(p->bottom));
    draw_words(p, axes);
}

/* --- legend --- */

enum { KEY = 12, KEY_LINE = 20, KEY_MOST = 300 };

void pd_plot_key(const struct pd_canvas *c, struct pd_keys *keys, const char *name, uint32_t rgb,
                 double alpha)
{
    char text[PD_CANVAS_TEXT];
    pd_canvas_font(c, LABEL, false);
    const double width = KEY + 6 + pd_canvas_text_width(c, pd_canvas_fit(c, name, KEY_MOST, text)) + 22;
    if (keys->x > keys->left && keys->x + width - 22 > keys->right) {
        keys->x = keys->left;
        keys->y += KEY_LINE;
    }
    if (keys->draw) {
        pd_canvas_colour(c, rgb, alpha);
        cairo_rectangle(c->cr, keys->x, keys->y - KEY + 1, KEY, KEY);
        cairo_fill(c->cr);
        pd_canvas_colour(c, PD_INK, 1);
        pd_canvas_text(c, keys->x + KEY + 6, keys->y, PD_LEFT, 0, text);
    }
    keys->x += width;
}
