#include "io/canvas.h"

#include "base/library.h"
#include "io/png.h"

#include <cairo-svg.h>
#include <stdio.h>
#include <string.h>

/* --- the picture --- */

static cairo_status_t append(void *to, const unsigned char *bytes, unsigned size)
{
    struct pd_buffer *out = to;
    pd_buffer_append(out, bytes, size);
    return out->oom ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *make_svg(struct pd_buffer *svg, int width, int height)
{
    cairo_surface_t *s = cairo_svg_surface_create_for_stream(append, svg, width, height);
    cairo_svg_surface_set_document_unit(s, CAIRO_SVG_UNIT_PX);
    return s;
}

static enum pd_status begin(struct pd_canvas *c, int64_t width, int64_t height, struct pd_buffer *svg,
                            struct pd_error *err)
{
    *c = (struct pd_canvas){.width = (int)width, .height = (int)height, .svg = svg};
    if (width < 1 || height < 1 || width > PD_CANVAS_SIDE_MAX || height > PD_CANVAS_SIDE_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "picture of %lld x %lld pixels, expected 1 to %d a side",
                       (long long)width, (long long)height, (int)PD_CANVAS_SIDE_MAX);
    c->surface = svg ? make_svg(svg, c->width, c->height)
                     : cairo_image_surface_create(CAIRO_FORMAT_RGB24, c->width, c->height);
    c->cr = cairo_create(c->surface);
    if (cairo_status(c->cr)) {
        pd_canvas_end(c, NULL, NULL);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    }
    /* Hints would tie the picture to the screen of the machine. */
    cairo_font_options_t *font = cairo_font_options_create();
    cairo_font_options_set_antialias(font, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(font, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(font, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(c->cr, font);
    cairo_font_options_destroy(font);
    pd_canvas_colour(c, PD_WHITE, 1);
    cairo_paint(c->cr);
    pd_canvas_colour(c, PD_INK, 1);
    return PD_OK;
}

enum pd_status pd_canvas_begin(struct pd_canvas *c, int64_t width, int64_t height, struct pd_error *err)
{
    return begin(c, width, height, NULL, err);
}

enum pd_status pd_canvas_begin_svg(struct pd_canvas *c, int64_t width, int64_t height, struct pd_buffer *svg,
                                   struct pd_error *err)
{
    return begin(c, width, height, svg, err);
}

/* What the surface still holds goes to its buffer. */
static cairo_status_t finish_svg(struct pd_canvas *c)
{
    cairo_surface_finish(c->surface);
    return cairo_surface_status(c->surface);
}

enum pd_status pd_canvas_end(struct pd_canvas *c, struct pd_buffer *png, struct pd_error *err)
{
    cairo_status_t failure = CAIRO_STATUS_SUCCESS;
    const size_t begin = png ? png->size : 0;
    if (png)
        failure = cairo_status(c->cr);
    if (png && !failure)
        failure = c->svg ? finish_svg(c) : cairo_surface_write_to_png_stream(c->surface, append, png);
    if (png && !failure && !c->svg)
        pd_png_sign(png, begin);
    if (png && png->oom)
        failure = CAIRO_STATUS_NO_MEMORY;
    cairo_destroy(c->cr);
    cairo_surface_destroy(c->surface);
    *c = (struct pd_canvas){.width = 0};
    if (failure)
        return pd_fail(err, PD_ERR_MEMORY, -1, "cannot draw a picture: %s", cairo_status_to_string(failure));
    return PD_OK;
}

void pd_canvas_colour(const struct pd_canvas *c, uint32_t rgb, double alpha)
{
    cairo_set_source_rgba(c->cr, (rgb >> 16) / 255., (rgb >> 8 & 255) / 255., (rgb & 255) / 255., alpha);
}

uint32_t pd_palette(int i)
{
    static const uint32_t colours[PD_PALETTE] = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7,
                                                 0x56b4e9, 0xe69f00, 0x000000};
    return colours[i < 0 ? PD_PALETTE - 1 : i % PD_PALETTE];
}

/* --- words --- */

/* Bytes of the character that begins here, 0 where it is not well formed (RFC 3629). */
static size_t character(const unsigned char *s)
{
    static const struct {
        unsigned char low, high; /* of the first byte */
        unsigned char from, to;  /* of the second: neither surrogates nor longer forms than needed */
        size_t size;
    } forms[] = {{0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (s[0] < forms[i].low || s[0] > forms[i].high)
            continue;
        if (forms[i].size > 1 && (s[1] < forms[i].from || s[1] > forms[i].to))
            return 0;
        for (size_t k = 2; k < forms[i].size; k++)
            if (s[k] < 0x80 || s[k] > 0xbf)
                return 0;
        return forms[i].size;
    }
    return 0;
}

/* cairo stops drawing at bytes that are not UTF-8. Leaves room for an ellipsis. */
static void clean(const char *text, char *out)
{
    size_t n = 0;
    for (const unsigned char *s = (const unsigned char *)text; *s && n + 8 < PD_CANVAS_TEXT;) {
        const size_t size = character(s);
        const bool control = *s < 0x20 || *s == 0x7f;
        const char *source = size == 0 ? "\xef\xbf\xbd" : control ? " " : (const char *)s;
        const size_t bytes = size ? size : 3;
        memcpy(out + n, source, bytes);
        n += bytes;
        s += size ? size : 1;
    }
    out[n] = '\0';
}

static double width_of(const struct pd_canvas *c, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(c->cr, text, &extents);
    return extents.x_advance;
}

static bool inside_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The first `keep` bytes and the last `keep`, at the borders of characters, with an ellipsis between. */
static void squeeze(const char *text, size_t size, size_t keep, char *out)
{
    size_t head = keep, tail = size - keep;
    while (head > 0 && inside_character(text[head]))
        head--;
    while (tail < size && inside_character(text[tail]))
        tail++;
    snprintf(out, PD_CANVAS_TEXT, "%.*s\xe2\x80\xa6%s", (int)head, text, text + tail);
}

char *pd_canvas_fit(const struct pd_canvas *c, const char *text, double most, char *out)
{
    char whole[PD_CANVAS_TEXT];
    clean(text, whole);
    snprintf(out, PD_CANVAS_TEXT, "%s", whole);
    const size_t size = strlen(whole);
    if (most <= 0 || width_of(c, whole) <= most)
        return out;
    for (size_t keep = size > 2 ? (size - 1) / 2 : 0;; keep--) {
        squeeze(whole, size, keep, out);
        if (keep == 0 || width_of(c, out) <= most)
            return out;
    }
}

size_t pd_canvas_fitting(const struct pd_canvas *c, const char *text, double most)
{
    char begin[PD_CANVAS_TEXT];
    size_t n = strlen(text);
    n = n < sizeof begin ? n : sizeof begin - 1;
    for (;; n--) {
        while (n && inside_character(text[n]))
            n--;
        snprintf(begin, sizeof begin, "%.*s", (int)n, text);
        if (!n || pd_canvas_text_width(c, begin) <= most)
            return n;
    }
}

void pd_canvas_font(const struct pd_canvas *c, double size, bool bold)
{
    cairo_select_font_face(c->cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c->cr, size);
}

double pd_canvas_text_width(const struct pd_canvas *c, const char *text)
{
    char out[PD_CANVAS_TEXT];
    return width_of(c, pd_canvas_fit(c, text, 0, out));
}

void pd_canvas_text(const struct pd_canvas *c, double x, double baseline, enum pd_align align, double most,
                    const char *text)
{
    static const double part[] = {[PD_LEFT] = 0, [PD_CENTRE] = 0.5, [PD_RIGHT] = 1};
    char out[PD_CANVAS_TEXT];
    pd_canvas_fit(c, text, most, out);
    cairo_move_to(c->cr, x - part[align] * width_of(c, out), baseline);
    cairo_show_text(c->cr, out);
    cairo_new_path(c->cr);
}

const char *pd_library_cairo(char *text)
{
    (void)text;
    return cairo_version_string();
}
