/* Images in rows with a caption below each. */
#include "io/canvas.h"
#include "io/chart.h"

#include "base/mem.h"
#include "io/level.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    EDGE = 18,
    WIDE = 1000,
    CELL_LEAST = 76,
    CELL_MOST = 152,
    GAP = 10,
    ROW_GAP = 16,
    LINE = 14,
    LINES = 4
};
enum { TITLE = 34, HEADING = 24, FONT = 11, ROOM = 6 /* between captions */ };

/* Where things go. A row: its heading, the images, the lines of their captions. */
struct layout {
    int64_t columns, rows;
    double cell, image_w, image_h, scale; /* scale: pixels of the sheet to one of the image */
    int lines, name_lines;                /* of captions; of these for the first one, a name */
    double top, row;                      /* of the first row; from row to row */
    double width, height;
};

static int count_lines(const char *text)
{
    int n = *text != '\0';
    for (; *text; text++)
        n += *text == '\n' && text[1]; /* none after the last line's end */
    return n < LINES ? n : LINES;
}

/* Small images grow by whole factors, so that their pixels stay squares. */
static double scale_to(double side, int64_t pixels)
{
    const double scale = side / (double)pixels;
    return scale > 1 ? floor(scale) : scale;
}

static void arrange(const struct pd_sheet *s, struct layout *l)
{
    l->columns = s->columns > 0 ? s->columns : 1;
    while (s->columns == 0 && l->columns * l->columns < s->n)
        l->columns++;
    if (l->columns > s->n && !s->headings)
        l->columns = s->n > 0 ? s->n : 1;
    l->rows = (s->n + l->columns - 1) / l->columns;
    l->cell = fmin(fmax(floor((double)(WIDE - 2 * EDGE) / (double)l->columns), CELL_LEAST), CELL_MOST);
    l->scale = scale_to(l->cell - GAP, s->h > s->w ? s->h : s->w);
    l->image_w = fmax(floor((double)s->w * l->scale), 1);
    l->image_h = fmax(floor((double)s->h * l->scale), 1);
    l->lines = 0;
    for (int64_t i = 0; s->captions && i < s->n; i++)
        if (s->captions[i] && count_lines(s->captions[i]) > l->lines)
            l->lines = count_lines(s->captions[i]);
    l->name_lines = 1;
    l->top = EDGE + (s->title ? TITLE : 0);
    l->row = (s->headings ? HEADING : 0) + l->image_h + l->lines * LINE + ROW_GAP;
    l->width = (double)l->columns * l->cell - GAP + 2 * EDGE;
    l->height = l->top + (l->rows ? (double)l->rows * l->row - ROW_GAP : LINE) + EDGE;
}

/* Names that are cut look alike: where one is too long for a line, all have two. */
static void wrap(const struct pd_canvas *c, const struct pd_sheet *s, struct layout *l)
{
    char name[PD_CANVAS_TEXT];
    pd_canvas_font(c, FONT, false);
    for (int64_t i = 0; s->captions && i < s->n && l->name_lines == 1; i++) {
        const char *text = s->captions[i] ? s->captions[i] : "";
        snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "\n"), text);
        l->name_lines += pd_canvas_text_width(c, name) > l->cell - ROOM;
    }
    if (l->name_lines == 1)
        return;
    l->lines++;
    l->row += LINE;
    l->height += (double)l->rows * LINE;
}

/* Titles and headings may be longer than the row of images. */
static void widen(const struct pd_canvas *c, const struct pd_sheet *s, struct layout *l)
{
    pd_canvas_font(c, 16, true);
    double most = s->title ? pd_canvas_text_width(c, s->title) : 0;
    pd_canvas_font(c, 13, true);
    for (int64_t r = 0; s->headings && r < l->rows; r++)
        if (s->headings[r])
            most = fmax(most, pd_canvas_text_width(c, s->headings[r]));
    l->width = fmax(l->width, fmin(ceil(most) + 2 * EDGE, WIDE));
}

/* image: (c, h, w) into rows of 0x00RRGGBB. */
static void fill(cairo_surface_t *surface, const struct pd_sheet *s, const float *image)
{
    const int64_t plane = s->h * s->w, green = s->c == 3 ? plane : 0;
    cairo_surface_flush(surface);
    for (int64_t y = 0; y < s->h; y++) {
        unsigned char *row =
            cairo_image_surface_get_data(surface) + y * (int64_t)cairo_image_surface_get_stride(surface);
        for (int64_t x = 0; x < s->w; x++) {
            const float *pixel = image + y * s->w + x;
            const uint32_t rgb = (uint32_t)pd_pixel_level(pixel[0]) << 16 |
                                 (uint32_t)pd_pixel_level(pixel[green]) << 8 |
                                 pd_pixel_level(pixel[2 * green]);
            memcpy(row + 4 * x, &rgb, sizeof rgb);
        }
    }
    cairo_surface_mark_dirty(surface);
}

static void draw_image(const struct pd_canvas *c, const struct layout *l, cairo_surface_t *image, double x,
                       double y)
{
    cairo_save(c->cr);
    cairo_rectangle(c->cr, x, y, l->image_w, l->image_h);
    cairo_clip(c->cr);
    cairo_translate(c->cr, x, y);
    cairo_scale(c->cr, l->scale, l->scale);
    cairo_set_source_surface(c->cr, image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(c->cr),
                             l->scale < 1 ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
    cairo_pattern_set_extend(cairo_get_source(c->cr), CAIRO_EXTEND_PAD);
    cairo_paint(c->cr);
    cairo_restore(c->cr);
}

static void draw_caption(const struct pd_canvas *c, const struct layout *l, const char *text, double x,
                         double y)
{
    char line[PD_CANVAS_TEXT];
    pd_canvas_font(c, FONT, false);
    for (int i = 0; i < l->lines && *text; i++) {
        const bool is_name = i < l->name_lines;
        size_t n = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        if (i + 1 < l->name_lines)
            n = pd_canvas_fitting(c, line, l->cell - ROOM);
        line[n < sizeof line ? n : sizeof line - 1] = '\0';
        pd_canvas_colour(c, is_name ? PD_INK : PD_SOFT, 1);
        pd_canvas_text(c, x + l->image_w / 2, y + (i + 1) * LINE - 1, PD_CENTRE, l->cell - ROOM, line);
        text += n;
        if (*text == '\n') {
            text++;
            i = is_name ? l->name_lines - 1 : i; /* a short name leaves its second line empty */
        }
    }
}

static void draw_words(const struct pd_canvas *c, const struct pd_sheet *s, const struct layout *l)
{
    pd_canvas_colour(c, PD_INK, 1);
    pd_canvas_font(c, 16, true);
    if (s->title)
        pd_canvas_text(c, EDGE, EDGE + 14, PD_LEFT, l->width - 2 * EDGE, s->title);
    pd_canvas_font(c, 13, true);
    for (int64_t r = 0; s->headings && r < l->rows; r++)
        if (s->headings[r])
            pd_canvas_text(c, EDGE, l->top + (double)r * l->row + 13, PD_LEFT, l->width - 2 * EDGE,
                           s->headings[r]);
    if (s->n > 0)
        return;
    pd_canvas_colour(c, PD_SOFT, 1);
    pd_canvas_font(c, FONT, false);
    pd_canvas_text(c, EDGE, l->top + LINE, PD_LEFT, 0, "no images");
}

static void draw(const struct pd_canvas *c, const struct pd_sheet *s, const struct layout *l,
                 cairo_surface_t *image)
{
    const double indent = floor((l->cell - GAP - l->image_w) / 2);
    draw_words(c, s, l);
    for (int64_t i = 0; i < s->n; i++) {
        const int64_t row = i / l->columns, column = i % l->columns;
        const double x = EDGE + indent + (double)column * l->cell;
        const double y = l->top + (double)row * l->row + (s->headings ? HEADING : 0);
        fill(image, s, s->images + i * s->c * s->h * s->w);
        draw_image(c, l, image, x, y);
        if (s->captions && s->captions[i])
            draw_caption(c, l, s->captions[i], x, y + l->image_h);
    }
}

static enum pd_status check(const struct pd_sheet *s, struct pd_error *err)
{
    if (s->c != 1 && s->c != 3)
        return pd_fail(err, PD_ERR_USAGE, -1, "sheet of images with %lld channels, expected 1 or 3",
                       (long long)s->c);
    if (s->n < 0 || s->n > INT32_MAX || s->columns < 0 || s->columns > PD_CANVAS_SIDE_MAX || s->h < 1 ||
        s->w < 1 || s->h > PD_CANVAS_SIDE_MAX || s->w > PD_CANVAS_SIDE_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "sheet of %lld images of %lld x %lld pixels is out of range",
                       (long long)s->n, (long long)s->w, (long long)s->h);
    return PD_OK;
}

enum pd_status pd_chart_sheet(const struct pd_sheet *s, struct pd_buffer *png, struct pd_error *err)
{
    struct pd_canvas measure, c;
    struct layout l;
    enum pd_status status = check(s, err);
    if (!status)
        status = pd_canvas_begin(&measure, 1, 1, err);
    if (status)
        return status;
    arrange(s, &l);
    wrap(&measure, s, &l);
    widen(&measure, s, &l);
    pd_canvas_end(&measure, NULL, NULL);
    status = pd_canvas_begin(&c, (int64_t)l.width, (int64_t)l.height, err);
    if (status)
        return status;
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)s->w, (int)s->h);
    if (cairo_surface_status(image))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    else
        draw(&c, s, &l, image);
    cairo_surface_destroy(image);
    const enum pd_status ended = pd_canvas_end(&c, status ? NULL : png, err);
    return status ? status : ended;
}
