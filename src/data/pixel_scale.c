/* What the numbers of images mean (paydirt/data.h). */
#include <paydirt/data.h>

#include <string.h>

#define NEAR 0.005 /* a value may lie as far outside: rounding, resizing */
#define END  0.02  /* what lies as near to black reaches it */

enum { MANY = 16 }; /* images: hardly all of them are dark, or all light */

enum { UNIT, SIGNED, LEVELS, SIXTEEN, MEANINGS };

#define BY_UNIT    0, 1, 0, 255
#define BY_SIGNED  -1, 1, 1, 127.5
#define BY_LEVELS  0, 255, 0, 1
#define BY_SIXTEEN 0, 65535, 0, 1 / 257.0

static const struct pd_pixel_facts facts[PD_NUMBER_KINDS][MEANINGS] = {
    [PD_FLOATS] = {{"unit", PD_FLOATS, BY_UNIT},
                   {"signed", PD_FLOATS, BY_SIGNED},
                   {"levels", PD_FLOATS, BY_LEVELS},
                   {"sixteen", PD_FLOATS, BY_SIXTEEN}},
    [PD_BYTES] = {[UNIT] = {"bits", PD_BYTES, BY_UNIT}, [LEVELS] = {"bytes", PD_BYTES, BY_LEVELS}},
    [PD_WHOLE] = {{"whole-unit", PD_WHOLE, BY_UNIT},
                  {"whole-signed", PD_WHOLE, BY_SIGNED},
                  {"whole-levels", PD_WHOLE, BY_LEVELS},
                  {"whole-sixteen", PD_WHOLE, BY_SIXTEEN}},
};

_Static_assert(PD_PIXELS_SIGNED == 1 + MEANINGS * PD_FLOATS + SIGNED &&
                   PD_PIXELS_BYTES == 1 + MEANINGS * PD_BYTES + LEVELS,
               "as facts has them");

static enum pd_pixel_scale scale_of(enum pd_number_kind kind, int meaning)
{
    return (enum pd_pixel_scale)(1 + MEANINGS * (int)kind + meaning);
}

const struct pd_pixel_facts *pd_pixel_scale_at(enum pd_pixel_scale scale)
{
    const int at = (int)scale - 1;
    if (at < 0 || at >= PD_NUMBER_KINDS * MEANINGS || !facts[at / MEANINGS][at % MEANINGS].name)
        return NULL;
    return &facts[at / MEANINGS][at % MEANINGS];
}

enum pd_pixel_scale pd_pixel_scale_named(const char *name)
{
    for (int at = 1; name && at <= PD_NUMBER_KINDS * MEANINGS; at++) {
        const struct pd_pixel_facts *f = pd_pixel_scale_at((enum pd_pixel_scale)at);
        if (f && !strcmp(f->name, name))
            return (enum pd_pixel_scale)at;
    }
    return PD_PIXELS_UNKNOWN;
}

static bool is_within(const struct pd_numbers *n, double least, double most)
{
    return n->least >= least - NEAR && n->most <= most + NEAR;
}

/* Fractions of which none is above 1 are no levels. */
static bool fits(const struct pd_pixel_facts *f, const struct pd_numbers *n)
{
    if (f->kind != n->kind)
        return false;
    if (f->white <= 1)
        return is_within(n, f->black, f->white);
    return n->least >= -0.5 && n->most <= f->white + 0.5 && (n->whole || n->most > 1 + NEAR);
}

static enum pd_pixel_scale by_values(const struct pd_numbers *n)
{
    const bool halved = is_within(n, -0.5, 0.5); /* x / 255 - 0.5 */
    if (is_within(n, 0, 1))
        return scale_of(n->kind, UNIT);
    if (n->kind == PD_BYTES)
        return PD_PIXELS_BYTES;
    if (is_within(n, -1, 1) && n->least <= -0.5 && !halved)
        return scale_of(n->kind, SIGNED);
    if (n->least >= -0.5 && n->most >= 128 && n->most <= 255.5)
        return scale_of(n->kind, LEVELS);
    return n->whole && n->least >= 0 && n->most >= 32768 && n->most <= 65535 ? scale_of(n->kind, SIXTEEN)
                                                                             : PD_PIXELS_UNKNOWN;
}

/* Images that are within `like`, but fill their own scale. Of [-1, 1] bright ones may be in [0.3, 1] by
 * chance, but many hardly begin at 0. */
static bool fill(const struct pd_pixel_facts *own, const struct pd_pixel_facts *like,
                 const struct pd_numbers *n)
{
    return own && n->images >= MANY && n->most >= (own->white <= 1 ? 0.9 : 128) &&
           (like->black >= 0 || n->least <= END);
}

enum pd_pixel_scale pd_pixel_scale_of(const struct pd_numbers *numbers, enum pd_pixel_scale like)
{
    const struct pd_pixel_facts *f = pd_pixel_scale_at(like);
    const enum pd_pixel_scale own = by_values(numbers);
    return f && fits(f, numbers) && !fill(pd_pixel_scale_at(own), f, numbers) ? like : own;
}
