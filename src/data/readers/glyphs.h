/* How a pen draws the digits: knots and the strokes through them. */
#ifndef PD_DATA_READERS_GLYPHS_H
#define PD_DATA_READERS_GLYPHS_H

#include <stddef.h>
#include <stdint.h>

enum { PD_GLYPH_KNOTS = 10 };

struct pd_glyph {
    int digit;
    /* Strokes apart by blanks: '|' straight from knot to knot or '~' a smooth curve through them, then the
     * knots' letters. A smooth stroke that ends where it began is closed smoothly. */
    const char *strokes;
    uint8_t knots[PD_GLYPH_KNOTS]
                 [2]; /* A, B, C, ...: x to the right, y down, in percent of the digit's box */
};

/* Several ways to write each digit, those of one digit next to each other. */
const struct pd_glyph *pd_glyphs(size_t *count);

#endif
