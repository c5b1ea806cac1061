#include "data/exif.h"

#include <stdbool.h>
#include <string.h>

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY = 12 };

/* A number of n bytes, most or least significant first. */
static uint32_t number(const uint8_t *b, int n, bool big)
{
    uint32_t value = 0;
    for (int i = 0; i < n; i++)
        value = value << 8 | b[big ? i : n - 1 - i];
    return value;
}

/* t: a TIFF file with one directory, which is what Exif data are. */
static int tiff_orientation(const uint8_t *t, size_t size)
{
    if (size >= 6 && !memcmp(t, "Exif\0", 6)) { /* JPEG's prefix; some WebP files have it, too */
        t += 6;
        size -= 6;
    }
    if (size < 10 || (memcmp(t, "MM\0*", 4) != 0 && memcmp(t, "II*\0", 4) != 0))
        return 1;
    const bool big = t[0] == 'M';
    const size_t directory = number(t + 4, 4, big);
    if (directory > size - 2)
        return 1;
    size_t entries = number(t + directory, 2, big);
    for (const uint8_t *e = t + directory + 2; entries && (size_t)(t + size - e) >= ENTRY;
         entries--, e += ENTRY)
        if (number(e, 2, big) == TAG_ORIENTATION && number(e + 2, 2, big) == TYPE_SHORT) {
            const uint32_t value = number(e + 8, 2, big);
            return value >= 1 && value <= 8 ? (int)value : 1;
        }
    return 1;
}

/* Segments: 0xff, marker, size (itself included), data. Exif's is an APP1 before the first scan. */
static int jpeg_orientation(const uint8_t *b, size_t size)
{
    for (size_t at = 2; at + 4 <= size && b[at] == 0xff && b[at + 1] != 0xda;) {
        const size_t n = number(b + at + 2, 2, true), left = size - at - 2;
        if (n < 2 || n > left)
            break;
        if (b[at + 1] == 0xe1 && n >= 8 && !memcmp(b + at + 4, "Exif\0", 6))
            return tiff_orientation(b + at + 4, n - 2);
        at += 2 + n;
    }
    return 1;
}

/* Chunks: size, name, data, check sum. */
static int png_orientation(const uint8_t *b, size_t size)
{
    for (size_t at = 8; at + 12 <= size;) {
        const size_t n = number(b + at, 4, true);
        if (n > size - at - 12)
            break;
        if (!memcmp(b + at + 4, "eXIf", 4))
            return tiff_orientation(b + at + 8, n);
        at += 12 + n;
    }
    return 1;
}

/* Chunks: name, size, data, filled up to an even size. */
static int webp_orientation(const uint8_t *b, size_t size)
{
    for (size_t at = 12; at + 8 <= size;) {
        const size_t n = number(b + at + 4, 4, false);
        if (n > size - at - 8)
            break;
        if (!memcmp(b + at, "EXIF", 4))
            return tiff_orientation(b + at + 8, n);
        at += 8 + n + n % 2;
    }
    return 1;
}

int pd_exif_orientation(const uint8_t *bytes, size_t size)
{
    if (size < 12)
        return 1;
    return bytes[0] == 0xff   ? jpeg_orientation(bytes, size)
           : bytes[0] == 0x89 ? png_orientation(bytes, size)
                              : webp_orientation(bytes, size);
}
