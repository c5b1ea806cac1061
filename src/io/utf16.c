#include "io/utf16.h"

#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

static uint32_t unit_at(const uint8_t *at, int big)
{
    return (uint32_t)(at[!big] << 8 | at[big]);
}

static void decode(struct pd_buffer *out, const uint8_t *at, const uint8_t *end, int big)
{
    while (end - at > 1) {
        uint32_t point = unit_at(at, big);
        const uint32_t next = end - at > 3 ? unit_at(at + 2, big) : 0;
        const bool pair = point >> 10 == 0xd800 >> 10 && next >> 10 == 0xdc00 >> 10;
        if (pair)
            point = 0x10000 + ((point & 0x3ff) << 10 | (next & 0x3ff));
        at += pair ? 4 : 2;
        uint8_t letter[4] = {0xff};
        const bool half = point >> 11 == 0xd800 >> 11;
        pd_buffer_append(out, letter,
                         half ? 1 : (size_t)utf8proc_encode_char((utf8proc_int32_t)point, letter));
    }
    if (at < end)
        pd_buffer_append(out, "\xff", 1);
}

void pd_append_utf8(struct pd_buffer *out, const void *bytes, size_t size)
{
    const uint8_t *text = bytes;
    const bool wide = size > 1 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2));
    const size_t mark = size > 2 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
    if (wide)
        decode(out, text + 2, text + size, *text == 0xfe);
    else
        pd_buffer_append(out, text + mark, size - mark);
}
