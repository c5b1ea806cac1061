#include "data/images/orientation.h"

#include <stdbool.h>
#include <string.h>

enum { TAG_ORIENTATION = 0x0112, ENTRY = 12 };

/* A number of n bytes, most or least significant first. */
static uint32_t number(const uint8_t *b, int n, bool big)
{
    uint32_t value = 0;
    for (int i = 0; i < n; i++)
        value = value << 8 | b[big ? i : n - 1 - i];
    return value;
}

/* An entry: tag, type, count, values (the first counts). The standard's type is SHORT, but integers of all
 * sizes are written. 0: it is no integer, or doesn't lie in the entry. */
static int entry_value(const uint8_t *e, bool big)
{
    static const uint8_t sizes[] = {[1] = 1, [3] = 2, [4] = 4, [6] = 1, [8] = 2, [9] = 4};
    const uint32_t type = number(e + 2, 2, big), count = number(e + 4, 4, big);
    const uint32_t size = type < sizeof sizes ? sizes[type] : 0;
    const uint32_t value = count && count <= 4 && size * count <= 4 ? number(e + 8, (int)size, big) : 0;
    return value <= 8 ? (int)value : 0;
}

/* t: a TIFF file with one directory, which is what Exif data are. -1: it has no such tag. */
static int exif_orientation(const uint8_t *t, size_t size)
{
    if (size >= 6 && !memcmp(t, "Exif\0", 6)) {
        t += 6;
        size -= 6;
    }
    if (size < 10 || (memcmp(t, "MM\0*", 4) != 0 && memcmp(t, "II*\0", 4) != 0))
        return -1;
    const bool big = t[0] == 'M';
    const size_t directory = number(t + 4, 4, big);
    if (directory > size - 2)
        return -1;
    size_t entries = number(t + directory, 2, big);
    for (const uint8_t *e = t + directory + 2; entries && (size_t)(t + size - e) >= ENTRY;
         entries--, e += ENTRY)
        if (number(e, 2, big) == TAG_ORIENTATION)
            return entry_value(e, big);
    return -1;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* at: behind the name; an attribute (="6") or an element (>6). */
static int xmp_value(const char *at, const char *end)
{
    at = skip_blanks(at, end);
    const bool attribute = at < end && *at == '=';
    if (attribute)
        at = skip_blanks(at + 1, end);
    if (at == end || (attribute ? *at != '"' && *at != '\'' : *at != '>'))
        return -1;
    at = skip_blanks(at + 1, end);
    return at < end && *at >= '0' && *at <= '9' ? *at - '0' : -1;
}

static int xmp_orientation(const char *xmp, size_t size)
{
    static const char name[] = "tiff:Orientation";
    const char *end = xmp + size;
    int value = -1;
    for (const char *at = xmp; value < 0 && (at = memmem(at, (size_t)(end - at), name, sizeof name - 1));) {
        at += sizeof name - 1;
        value = xmp_value(at, end);
    }
    return value;
}

int pd_orientation(const uint8_t *exif, size_t exif_size, const char *xmp, size_t xmp_size)
{
    int value = exif ? exif_orientation(exif, exif_size) : -1;
    if (value < 0 && xmp)
        value = xmp_orientation(xmp, xmp_size);
    return value >= 1 && value <= 8 ? value : 1;
}
