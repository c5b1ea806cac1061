/* Charts and captioned sheets as PNG (RGB), or curves as SVG, drawn with cairo. Encode functions append to
 * png; the same input gives the same bytes on one machine. Values that are not finite (or beyond 1e100) are
 * left out; names are UTF-8, cut in their middle where they do not fit. PD_ERR_USAGE: sizes out of range;
 * PD_ERR_MEMORY. */
#ifndef PD_IO_CHART_H
#define PD_IO_CHART_H

#include "base/buffer.h"

#include <paydirt/error.h>

#include <stdbool.h>
#include <stdint.h>

/* A line with error bars through n points, named where it ends. All borrowed. */
struct pd_curve {
    const char *name; /* for the legend */
    int64_t n;
    const double *x, *y;
    const double *error; /* (n): half the bar's length, or NULL */
};

/* Where a chart's plot lies in its picture, in pixels, and which values its edges stand for. */
struct pd_chart_frame {
    double left, right, top, bottom;
    double x0, x1, y0, y1; /* at left, right, bottom, top */
    int width, height;     /* of the picture */
};

struct pd_axes {
    const char *title, *x, *y;    /* words; NULL: none */
    const char *note;             /* a line under the title, of curves alone; NULL: none */
    bool svg;                     /* of curves alone: SVG in place of PNG */
    struct pd_chart_frame *frame; /* of curves alone, to be filled; NULL: nobody asks */
    bool falling;                 /* of curves alone: x, all above 0, on a logarithmic scale, largest first */
};

/* A dashed line across, such as chance; where it lies far from all curves, its name with an arrow instead. */
struct pd_level {
    double y;
    const char *name;
};

/* level: NULL or one that is not finite: none. */
enum pd_status pd_chart_curves(const struct pd_axes *axes, const struct pd_level *level,
                               const struct pd_curve *curves, int count, struct pd_buffer *png,
                               struct pd_error *err);

/* Histograms of count series over each other, with shared bins: what share of a series lies in each. */
struct pd_series {
    const char *name;
    int64_t n;
    const double *values;
};
enum pd_status pd_chart_histogram(const struct pd_axes *axes, const struct pd_series *series, int count,
                                  int bins, struct pd_buffer *png, struct pd_error *err);

/* Rows of values with error bars over one axis: each a dot, beside it a hollow one of another source, in
 * groups with a heading. 1 <= count <= 1000. axes: x of the values; y is not looked at. */
struct pd_dot {
    const char *group, *name; /* a group is a run of dots with the same word; NULL: none */
    double value, error;      /* error: half the bar's length; not finite: none of either */
    double other, other_error;
};
enum pd_status pd_chart_dots(const struct pd_axes *axes, const char *own, const char *other,
                             const struct pd_dot *dots, int count, struct pd_buffer *png,
                             struct pd_error *err);

/* The plane of 2-D data: a field of values on a grid, in bands of colour as on a map, under points (GOLD
 * figure 3). A value stands for the middle of its cell; between them it is interpolated. Numbers that find no
 * room beside their marks are left out. */
struct pd_field {
    double x0, x1, y0, y1;      /* the frame */
    int64_t columns, rows;      /* of the grid; 0: no field */
    const float *values;        /* (rows, columns), first row at y0; larger is darker */
    int64_t points;             /* in the background, small and grey */
    const float *at;            /* (points, 2) */
    int64_t marks;              /* in front: those labelled */
    const float *mark_at;       /* (marks, 2) */
    const int32_t *mark_class;  /* (marks): colour */
    const int32_t *mark_number; /* (marks): a number beside it, such as the round; negative: none */
};
enum pd_status pd_chart_field(const struct pd_axes *axes, const struct pd_field *field, struct pd_buffer *png,
                              struct pd_error *err);

/* A table of counts (n, n), 1 <= n <= 600: rows and columns have the same names; up to 24 show their numbers,
 * up to 100 their names. axes: x of the columns, y of the rows. */
struct pd_counts {
    int n;
    const int64_t *counts;
    const char *const *names; /* (n) */
};
enum pd_status pd_chart_matrix(const struct pd_axes *axes, const struct pd_counts *counts,
                               struct pd_buffer *png, struct pd_error *err);

/* Images with a caption below each, in rows; rows may have a heading. A caption has up to four lines, the
 * first in ink, the others in grey. Images up to 142 pixels grow by whole factors. */
struct pd_sheet {
    int64_t n, c, h, w; /* images (n, c, h, w) in [-1, 1], c = 1 or 3 */
    const float *images;
    const char *const *captions; /* (n), or NULL */
    int64_t columns;             /* 0: as square as possible */
    const char *const *headings; /* one a row, or NULL */
    const char *title;           /* or NULL */
};
enum pd_status pd_chart_sheet(const struct pd_sheet *sheet, struct pd_buffer *png, struct pd_error *err);

/* Words beside and above a grid of images. */
struct pd_grid_heading {
    double at; /* where it begins, as a part of the grid's width */
    const char *text;
};
struct pd_grid_words {
    const char *const *rows; /* (n_rows), or NULL */
    int64_t n_rows;
    const struct pd_grid_heading *headings;
    int n_headings;
};

/* grid: a PNG of ours. Small images are enlarged, so that words fit beside them; a grid too large for a
 * canvas stays without words. PD_ERR_MEMORY. */
enum pd_status pd_chart_grid(const struct pd_buffer *grid, const struct pd_grid_words *words,
                             struct pd_buffer *png, struct pd_error *err);

#endif
