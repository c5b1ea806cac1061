/* Axes for charts: round numbers at the ticks, a light grid, words around it. Pixels; y grows downwards. */
#ifndef PD_IO_PLOT_H
#define PD_IO_PLOT_H

#include "io/canvas.h"
#include "io/chart.h"

enum { PD_TICKS = 16 };

/* One direction of a plot: values between low and high on pixels between from and to. */
struct pd_scale {
    double low, high;
    double from, to;
    double tick[PD_TICKS];
    int ticks, decimals; /* decimals < 0: in the %g way */
    bool logarithmic;    /* low and high, too */
};

/* What lies within +-1e100; beyond, sums and differences would not be safe. */
bool pd_plottable(double value);

/* Ticks at 1, 2 or 5 times a power of ten, `about` of them. Where low == high, or nearly, some room is made
 * around them; where low > high (there are no values) the scale is 0 to 1. snap: low and high move outwards
 * to ticks. */
void pd_scale_fit(struct pd_scale *s, double low, double high, int about, bool snap);
/* A logarithmic one that falls from high to low, 0 < low <= high: ticks at 1, 2 or 5 times powers of ten, at
 * these powers alone where the others would be too many, within a few times anywhere round. */
void pd_scale_fit_falling(struct pd_scale *s, double low, double high);
double pd_scale_at(const struct pd_scale *s, double value);
void pd_scale_text(const struct pd_scale *s, int tick, char text[32]);

/* The range of what is plottable in n values, added to low and high, which begin as HUGE_VAL and -HUGE_VAL.
 */
void pd_range_add(double *low, double *high, double value);

struct pd_plot {
    struct pd_canvas *canvas;
    double left, right, top, bottom; /* the frame */
    struct pd_scale x, y;
};

/* Room for the numbers and words left of the plot. */
double pd_plot_left(const struct pd_canvas *c, const struct pd_scale *y, const struct pd_axes *axes);

/* The scale of x, with as many ticks, `most` about, as there is room for between left and right. */
void pd_plot_fit_x(struct pd_plot *p, double low, double high, int most);

/* Sets the scales' pixels by the frame; grid lines, numbers and the words of axes, the title at the top. */
void pd_plot_axes(struct pd_plot *p, const struct pd_axes *axes);

/* A legend in rows between left and right. x, y: where the next entry goes. draw false: only to learn how
 * many rows there will be. */
struct pd_keys {
    double left, right, x, y;
    bool draw;
};
void pd_plot_key(const struct pd_canvas *c, struct pd_keys *keys, const char *name, uint32_t rgb,
                 double alpha);

#endif
