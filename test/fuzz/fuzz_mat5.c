/* Any bytes as a MAT-file: arrays of the size that was said, or a refusal with a message. By the first byte
 * the rest is a file, or the content of a compressed element, so that mutations reach what lies below zlib.
 */
#include "data/readers/mat5.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t pack(const uint8_t *data, size_t size, uint8_t *file, size_t room)
{
    static const uint32_t y[] = {14, 48, 6, 8, 9, 0, 5, 8, 1, 1, 1 << 16 | 1, 'y', 1 << 16 | 2, 1};
    uLongf packed = room - 136 - sizeof y;
    memset(file, ' ', 124);
    memcpy(file + 124, "\0\1IM", 4);
    if (compress2(file + 136, &packed, data, size, 1) != Z_OK)
        abort();
    const uint32_t tag[2] = {15, (uint32_t)packed};
    memcpy(file + 128, tag, 8);
    memcpy(file + 136 + packed, y, sizeof y);
    return 136 + packed + sizeof y;
}

static void check(const uint8_t *data, size_t size)
{
    struct pd_mat5_array arrays[2] = {{.name = "X"}, {.name = "y"}};
    struct pd_error err = {.status = PD_OK};
    enum pd_status status = pd_mat5_parse(data, size, "fuzz", arrays, 2, &err);
    for (int i = 0; i < 2; i++) {
        if (!arrays[i].bytes != !!status)
            abort();
        unsigned sum = 0;
        for (uint64_t k = 0; !status && k < arrays[i].size; k++)
            sum += arrays[i].bytes[k] & 1;
        if (!status && (sum > arrays[i].size || arrays[i].rank < 2 || arrays[i].rank > PD_MAT5_RANK_MAX))
            abort();
    }
    if (status && (status != err.status || !err.message[0]))
        abort();
    pd_mat5_release(arrays, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[1 << 17];
    if (!size || size > 1 << 16)
        return 0;
    if (data[0] & 1)
        check(file, pack(data + 1, size - 1, file, sizeof file));
    else
        check(data + 1, size - 1);
    return 0;
}
