/* Histograms over each other: what share of each series lies in each bin. */
#include "io/plot.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>

enum { WIDTH = 900, HEIGHT = 540, BINS_MOST = 500, KEYS_MOST = 12 };

/* (bins) shares of the values that can be plotted. */
static void count_shares(const struct pd_series *s, double low, double high, int bins, double *share)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++) {
        if (!pd_plottable(s->values[i]))
            continue;
        const int bin = (int)((s->values[i] - low) / (high - low) * bins);
        share[bin < bins ? bin : bins - 1]++;
        n++;
    }
    for (int b = 0; b < bins && n; b++)
        share[b] /= (double)n;
}

/* From the first bin that holds something to the last. */
static void outline(const struct pd_plot *p, double low, double high, int bins, const double *share)
{
    cairo_t *cr = p->canvas->cr;
    int first = 0, last = bins;
    while (first < bins && share[first] == 0)
        first++;
    while (last > first && share[last - 1] == 0)
        last--;
    cairo_new_path(cr);
    for (int b = first; b < last; b++) {
        const double left = pd_scale_at(&p->x, low + (high - low) * b / bins);
        const double right = pd_scale_at(&p->x, low + (high - low) * (b + 1) / bins);
        const double y = pd_scale_at(&p->y, share[b]);
        if (b == first)
            cairo_move_to(cr, left, p->bottom);
        cairo_line_to(cr, left, y);
        cairo_line_to(cr, right, y);
        if (b == last - 1)
            cairo_line_to(cr, right, p->bottom);
    }
}

static void draw_series(const struct pd_plot *p, int k, double low, double high, int bins,
                        const double *share)
{
    outline(p, low, high, bins, share);
    pd_canvas_colour(p->canvas, pd_palette(k), 0.3);
    cairo_fill_preserve(p->canvas->cr);
    pd_canvas_colour(p->canvas, pd_palette(k), 1);
    cairo_set_line_width(p->canvas->cr, 1.5);
    cairo_stroke(p->canvas->cr);
}

/* Draws the legend, or only finds where its last row ends. */
static double legend(const struct pd_plot *p, const struct pd_series *series, int count, double top,
                     bool draw)
{
    struct pd_keys keys = {p->left, p->right, p->left, top, draw};
    char more[32];
    int named = 0;
    for (int k = 0; k < count; k++)
        if (series[k].name && named++ < KEYS_MOST)
            pd_plot_key(p->canvas, &keys, series[k].name, pd_palette(k), 0.75);
    snprintf(more, sizeof more, "and %d more", named - KEYS_MOST);
    if (named > KEYS_MOST)
        pd_plot_key(p->canvas, &keys, more, PD_WHITE, 1);
    return named ? keys.y + 18 : top - 8;
}

struct bars {
    double low, high, most; /* range of values; highest share */
    int bins;
    double *share; /* (count, bins) */
};

static enum pd_status count_all(const struct pd_series *series, int count, struct bars *b,
                                struct pd_error *err)
{
    b->low = HUGE_VAL;
    b->high = -HUGE_VAL;
    b->most = 0;
    for (int k = 0; k < count; k++)
        for (int64_t i = 0; i < series[k].n; i++)
            pd_range_add(&b->low, &b->high, series[k].values[i]);
    struct pd_scale room;
    pd_scale_fit(&room, b->low, b->high, 1, false); /* makes some where all values are equal */
    b->low = room.low;
    b->high = room.high;
    b->share = pd_calloc((size_t)count * (size_t)b->bins, sizeof *b->share);
    if (!b->share)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    for (int k = 0; k < count; k++)
        count_shares(&series[k], b->low, b->high, b->bins, b->share + (ptrdiff_t)k * b->bins);
    for (int i = 0; i < count * b->bins; i++)
        b->most = fmax(b->most, b->share[i]);
    return PD_OK;
}

enum pd_status pd_chart_histogram(const struct pd_axes *axes, const struct pd_series *series, int count,
                                  int bins, struct pd_buffer *png, struct pd_error *err)
{
    struct pd_canvas c;
    struct pd_plot p = {.canvas = &c, .right = WIDTH - 26, .bottom = HEIGHT - (axes->x ? 60 : 38)};
    struct bars b = {.bins = bins < 1 ? 1 : bins < BINS_MOST ? bins : BINS_MOST};
    enum pd_status status = count_all(series, count, &b, err);
    if (!status)
        status = pd_canvas_begin(&c, WIDTH, HEIGHT, err);
    if (!status) {
        const double top = axes->title ? 60 : 28, margin = 0.02 * (b.high - b.low);
        pd_scale_fit(&p.y, 0, b.most > 0 ? b.most : 1, 7, true);
        p.left = pd_plot_left(&c, &p.y, axes);
        p.top = legend(&p, series, count, top, false);
        pd_plot_fit_x(&p, b.low - margin, b.high + margin, 10);
        pd_plot_axes(&p, axes);
        for (int k = 0; k < count; k++)
            draw_series(&p, k, b.low, b.high, b.bins, b.share + (ptrdiff_t)k * b.bins);
        legend(&p, series, count, top, true);
        status = pd_canvas_end(&c, png, err);
    }
    pd_free(b.share);
    return status;
}
