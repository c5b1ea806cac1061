/* Any bytes as an IDX file: the reader accepts or refuses them with a message. The first byte picks the kind,
 * and whether the rest is inflated as it stands or packed first, so that mutations reach the content of gzip
 * data. */
#include "data/readers/idx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t pack(const uint8_t *data, size_t size, uint8_t *packed, size_t room)
{
    z_stream z = {0};
    if (deflateInit2(&z, 1, Z_DEFLATED, 9 + 16, 1, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    z.next_in = (Bytef *)data;
    z.avail_in = (uInt)size;
    z.next_out = packed;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    deflateEnd(&z);
    return z.total_out;
}

/* plain: the content that data unpacks to. */
static void check(const uint8_t *data, size_t size, const uint8_t *plain, enum pd_idx_kind kind)
{
    struct pd_idx idx;
    struct pd_error err = {0};
    enum pd_status status = pd_idx_parse(data, size, "fuzz", kind, &idx, &err);
    if (status && (err.status != status || !err.message[0] || idx.bytes))
        abort();
    size_t content = status ? 0 : (size_t)idx.count * idx.height * idx.width;
    if (!status && !content)
        abort();
    if (content && plain && memcmp(idx.bytes, plain + (kind == PD_IDX_IMAGES ? 16 : 8), content))
        abort();
    pd_idx_release(&idx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t packed[1 << 17];
    if (!size || size > 1 << 16)
        return 0;
    enum pd_idx_kind kind = data[0] & 1 ? PD_IDX_IMAGES : PD_IDX_LABELS;
    if (data[0] & 2)
        check(packed, pack(data + 1, size - 1, packed, sizeof packed), data + 1, kind);
    else
        check(data + 1, size - 1, size > 1 && data[1] ? NULL : data + 1, kind);
    return 0;
}
