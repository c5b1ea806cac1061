/* What charts are drawn on: white, with words, cut to fit, in one typeface. All sizes in pixels. */
#ifndef PD_IO_CANVAS_H
#define PD_IO_CANVAS_H

#include "base/buffer.h"

#include <paydirt/error.h>

#include <cairo.h>
#include <stdbool.h>
#include <stdint.h>

/* 0xRRGGBB */
enum {
    PD_INK = 0x262626,
    PD_SOFT = 0x6b6b6b,  /* words of the second rank */
    PD_FAINT = 0xe4e4e4, /* grid lines */
    PD_WHITE = 0xffffff
};

enum { PD_CANVAS_SIDE_MAX = 32767, PD_PALETTE = 7, PD_CANVAS_TEXT = 512 };

struct pd_canvas {
    cairo_surface_t *surface;
    cairo_t *cr;
    int width, height;
    struct pd_buffer *svg; /* where it is drawn as SVG; NULL: pixels */
};

/* A white canvas. PD_ERR_USAGE: more than 32,767 pixels a side; PD_ERR_MEMORY. To be ended. */
enum pd_status pd_canvas_begin(struct pd_canvas *c, int64_t width, int64_t height, struct pd_error *err);

/* The same as SVG, which goes to *svg; pd_canvas_end's buffer is the same, or NULL. */
enum pd_status pd_canvas_begin_svg(struct pd_canvas *c, int64_t width, int64_t height, struct pd_buffer *svg,
                                   struct pd_error *err);

/* Appends the picture to png as RGB, unless png is NULL, and gives the canvas back. PD_ERR_MEMORY. */
enum pd_status pd_canvas_end(struct pd_canvas *c, struct pd_buffer *png, struct pd_error *err);

void pd_canvas_colour(const struct pd_canvas *c, uint32_t rgb, double alpha);

/* Okabe and Ito's colours, told apart by colour-blind eyes, too; without yellow, which is pale on white.
 * Repeats after PD_PALETTE. */
uint32_t pd_palette(int i);

/* Words in the present font. Bytes that are not UTF-8 show as U+FFFD, control characters as spaces. Words
 * wider than `most` lose their middle: "IMG_20…3.jpg"; most <= 0: no bound. */
enum pd_align { PD_LEFT, PD_CENTRE, PD_RIGHT };
void pd_canvas_font(const struct pd_canvas *c, double size, bool bold);
double pd_canvas_text_width(const struct pd_canvas *c, const char *text);
void pd_canvas_text(const struct pd_canvas *c, double x, double baseline, enum pd_align align, double most,
                    const char *text);

/* What pd_canvas_text would draw, into out[PD_CANVAS_TEXT]; returns out. */
char *pd_canvas_fit(const struct pd_canvas *c, const char *text, double most, char *out);

/* Bytes at the beginning of text that fit, at the border of a character; all of them where all do. */
size_t pd_canvas_fitting(const struct pd_canvas *c, const char *text, double most);

#endif
