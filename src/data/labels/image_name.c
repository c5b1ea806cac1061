#include "data/labels/image_name.h"

#include "base/words.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ESCAPED = 4 }; /* \xE9 */

static int digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The byte that "\xE9" stands for, or -1. text ends in a NUL or has ESCAPED bytes. */
static int escaped(const char *text)
{
    if (text[0] != '\\' || text[1] != 'x' || digit(text[2]) < 0 || digit(text[3]) < 0)
        return -1;
    return 16 * digit(text[2]) + digit(text[3]);
}

/* Bytes of the path at text that stand in a name as they are; 0: the first needs an escape. */
static size_t plain(const char *text, size_t size)
{
    char letter[ESCAPED + 1] = "";
    memcpy(letter, text, size < ESCAPED ? size : ESCAPED);
    return escaped(letter) < 0 ? pd_printable_letter(letter) : 0;
}

/* One step: what stands in the name for the first bytes of the path. Returns how many those are. */
static size_t step(char text[ESCAPED + 1], const char *path, size_t size)
{
    const size_t n = plain(path, size);
    if (n)
        snprintf(text, ESCAPED + 1, "%.*s", (int)n, path);
    else
        snprintf(text, ESCAPED + 1, "\\x%02X", (unsigned char)*path);
    return n ? n : 1;
}

void pd_image_name_append(struct pd_buffer *out, const char *path, size_t size)
{
    char text[ESCAPED + 1];
    for (size_t at = 0; at < size;) {
        at += step(text, path + at, size - at);
        pd_buffer_append(out, text, strlen(text));
    }
}

size_t pd_image_name(char *name, size_t room, const char *path, size_t size)
{
    size_t used = 0;
    bool fits = true;
    if (room)
        *name = '\0';
    for (size_t at = 0; at < size;) {
        char text[ESCAPED + 1];
        at += step(text, path + at, size - at);
        fits = fits && used + strlen(text) < room;
        if (fits)
            memcpy(name + used, text, strlen(text) + 1);
        used += strlen(text);
    }
    return used;
}

bool pd_image_path(const char *name, char *path, size_t room)
{
    size_t used = 0;
    for (size_t n; *name && used + 1 < room; name += n) {
        const int byte = escaped(name);
        n = byte < 0 ? 1 : ESCAPED;
        path[used++] = (char)(byte < 0 ? *name : byte);
    }
    if (room)
        path[used] = '\0';
    return !*name && room;
}
