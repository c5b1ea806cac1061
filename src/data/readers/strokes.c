/* Digits drawn with a shaky pen: glyph, knots, slant, size, place, width and strength of the ink are all
 * random. Image i of a split is a function of (seed, split, i) alone; its digit is i mod 10. Lengths are in
 * pixels of a 32 x 32 image and grow with the size. */
#include "data/readers/readers.h"

#include "base/mem.h"
#include "base/rng.h"
#include "data/readers/glyphs.h"
#include "base/streams.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    CLASSES = 10,
    DEFAULT_TRAIN = 10000,
    DEFAULT_TEST = 2000,
    DEFAULT_SIZE = 32,
    MIN_SIZE = 8,
    MAX_SIZE = 1024,
    PIECES = 6, /* straight pieces of a curve between two knots */
    MAX_POINTS = 16,
};

struct point {
    float x, y;
};

/* Random numbers of one image, taken one after the other. */
struct dice {
    struct pd_rng rng;
    uint64_t next;
    uint32_t block[4];
};

/* One image in the making. */
struct sheet {
    struct dice dice;
    int size;
    float *ink;                         /* (size, size), 0 .. 1 */
    float half_width;                   /* of the pen, pixels of this image */
    struct point knots[PD_GLYPH_KNOTS]; /* where they came to lie, pixels of this image */
};

static uint32_t throw_word(struct dice *dice)
{
    if (dice->next % 4 == 0)
        pd_rng_block(&dice->rng, dice->next / 4, dice->block);
    return dice->block[dice->next++ % 4];
}

/* Uniform in [low, high). */
static float between(struct dice *dice, float low, float high)
{
    return low + (high - low) * (float)(throw_word(dice) * 0x1p-32);
}

/* A bell from four uniform numbers, of standard deviation 1, never beyond 3.5. */
static float bell(struct dice *dice)
{
    float sum = 0;
    for (int i = 0; i < 4; i++)
        sum += between(dice, -1, 1);
    return sum * 0.8660254f;
}

static const struct pd_glyph *pick_glyph(struct dice *dice, int digit)
{
    size_t count, first = 0, ways = 0;
    const struct pd_glyph *glyphs = pd_glyphs(&count);
    while (glyphs[first].digit != digit)
        first++;
    while (first + ways < count && glyphs[first + ways].digit == digit)
        ways++;
    return &glyphs[first + ((uint64_t)throw_word(dice) * ways >> 32)];
}

/* Shakes the knots and lays them on the sheet: slant, turn, scale, shift. */
static void place_knots(struct sheet *s, const struct pd_glyph *glyph)
{
    struct dice *dice = &s->dice;
    float unit = (float)s->size / 32;
    float turn = 0.14f * bell(dice), slant = 0.18f * bell(dice), shake = between(dice, 0.01f, 0.075f);
    float height = unit * between(dice, 15, 25), width = height * between(dice, 0.45f, 0.85f);
    float x0 = unit * (16 + 1.1f * bell(dice)), y0 = unit * (16 + 1.1f * bell(dice));
    float c = cosf(turn), n = sinf(turn);
    for (int k = 0; k < PD_GLYPH_KNOTS; k++) {
        float x = width * ((float)glyph->knots[k][0] / 100 - 0.5f + shake * bell(dice));
        float y = height * ((float)glyph->knots[k][1] / 100 - 0.5f + shake * bell(dice));
        x -= slant * y;
        s->knots[k] = (struct point){x0 + c * x - n * y, y0 + n * x + c * y};
    }
}

/* Columns (or rows) from *low to below *high of which a part lies within reach of both ends a and b. */
static void clip(float a, float b, float reach, int size, int *low, int *high)
{
    float least = fminf(a, b) - reach, most = fmaxf(a, b) + reach + 1;
    *low = least < 0 ? 0 : least > (float)size ? size : (int)least;
    *high = most < 0 ? 0 : most > (float)size ? size : (int)most;
}

/* Inks what lies within half the pen's width of the line from a to b, with edges one pixel soft. */
static void draw_line(struct sheet *s, struct point a, struct point b)
{
    int left, right, top, bottom;
    float dx = b.x - a.x, dy = b.y - a.y, reach = s->half_width + 0.5f;
    float scale = 1 / fmaxf(dx * dx + dy * dy, 1e-6f);
    clip(a.x, b.x, reach, s->size, &left, &right);
    clip(a.y, b.y, reach, s->size, &top, &bottom);
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            float px = (float)x + 0.5f - a.x, py = (float)y + 0.5f - a.y;
            float along = fminf(fmaxf((px * dx + py * dy) * scale, 0), 1);
            float ex = px - along * dx, ey = py - along * dy, square = ex * ex + ey * ey;
            if (square >= reach * reach)
                continue;
            float *ink = &s->ink[y * s->size + x];
            *ink = fmaxf(*ink, fminf(reach - sqrtf(square), 1));
        }
    }
}

/* Catmull and Rom's curve between b and c, whose neighbours are a and d. */
static struct point spline(const struct point p[4], float t)
{
    float u = t * t, v = u * t;
    float wa = -t + 2 * u - v, wb = 2 - 5 * u + 3 * v, wc = t + 4 * u - 3 * v, wd = v - u;
    return (struct point){0.5f * (wa * p[0].x + wb * p[1].x + wc * p[2].x + wd * p[3].x),
                          0.5f * (wa * p[0].y + wb * p[1].y + wc * p[2].y + wd * p[3].y)};
}

static void draw_curve(struct sheet *s, const struct point *p, int n, bool closed)
{
    for (int i = 0; i + 1 < n; i++) {
        const struct point around[4] = {i        ? p[i - 1]
                                        : closed ? p[n - 2]
                                                 : p[0],
                                        p[i], p[i + 1],
                                        i + 2 < n ? p[i + 2]
                                        : closed  ? p[1]
                                                  : p[n - 1]};
        struct point from = p[i];
        for (int k = 1; k <= PIECES; k++) {
            struct point to = spline(around, (float)k / PIECES);
            draw_line(s, from, to);
            from = to;
        }
    }
}

/* Draws the stroke at text; returns what comes after it. */
static const char *draw_stroke(struct sheet *s, const char *text)
{
    struct point p[MAX_POINTS];
    bool smooth = *text++ == '~';
    const char *first = text;
    int n = 0;
    for (; *text && *text != ' '; text++)
        p[n++] = s->knots[*text - 'A'];
    if (smooth)
        draw_curve(s, p, n, *first == text[-1]);
    for (int i = 0; !smooth && i + 1 < n; i++)
        draw_line(s, p[i], p[i + 1]);
    return *text ? text + 1 : text;
}

/* Ink to grey: its strength, less up to a tenth at random, as paper takes it. Where there is none it stays
 * black. */
static void develop(struct sheet *s, uint8_t *pixels)
{
    float strength = between(&s->dice, 150, 255) / 255;
    for (int i = 0; i < s->size * s->size; i++) {
        if (s->ink[i] <= 0) {
            pixels[i] = 0;
            continue;
        }
        float grain = 255 - (float)(throw_word(&s->dice) >> 24) * 0.1f;
        pixels[i] = (uint8_t)(s->ink[i] * strength * grain + 0.5f);
    }
}

static void draw_digit(struct sheet *s, int digit, uint8_t *pixels)
{
    const struct pd_glyph *glyph = pick_glyph(&s->dice, digit);
    memset(s->ink, 0, (size_t)s->size * (size_t)s->size * sizeof *s->ink);
    place_knots(s, glyph);
    s->half_width = (float)s->size / 32 * between(&s->dice, 0.5f, 1.6f);
    for (const char *stroke = glyph->strokes; *stroke;)
        stroke = draw_stroke(s, stroke);
    develop(s, pixels);
}

enum pd_status pd_open_strokes(const struct pd_data_source *source, const struct pd_data_request *request,
                               struct pd_dataset *d, struct pd_error *err)
{
    bool test = request->split == PD_SPLIT_TEST;
    uint32_t count = request->count ? request->count : test ? DEFAULT_TEST : DEFAULT_TRAIN;
    int size = request->size ? request->size : DEFAULT_SIZE;
    if (size < MIN_SIZE || size > MAX_SIZE)
        return pd_fail(err, PD_ERR_USAGE, -1, "data set '%s': image size %d, expected %d to %d", source->name,
                       size, MIN_SIZE, MAX_SIZE);
    enum pd_status status = pd_dataset_reserve(d, count, 1, size, size, err);
    if (status)
        return status;
    struct sheet sheet = {.size = size, .ink = pd_malloc((size_t)size * (size_t)size * sizeof(float))};
    if (!sheet.ink)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory drawing data set '%s'", source->name);
    d->classes = CLASSES;
    for (uint32_t i = 0; i < count; i++) {
        sheet.dice =
            (struct dice){.rng = {request->seed, test ? PD_STREAM_STROKES_TEST : PD_STREAM_STROKES_TRAIN, i}};
        d->labels[i] = (int32_t)(i % CLASSES);
        draw_digit(&sheet, d->labels[i], d->pixels + i * pd_dataset_image_size(d));
    }
    pd_free(sheet.ink);
    return PD_OK;
}
