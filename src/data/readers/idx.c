#include "data/readers/idx.h"

#include "base/mem.h"
#include "data/readers/stream.h"

#include <inttypes.h>
#include <string.h>

enum { FIRST_BLOCK = 1 << 20 };

static const char *kind_word(uint32_t magic)
{
    return magic == PD_IDX_IMAGES ? " (images)" : magic == PD_IDX_LABELS ? " (labels)" : "";
}

static uint32_t big_endian(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static enum pd_status check_sizes(struct pd_stream *s, const struct pd_idx *idx, struct pd_error *err)
{
    const char *name = pd_stream_name(s), *where = pd_stream_where(s);
    if (!idx->count)
        return pd_fail(err, PD_ERR_FORMAT, 4, "'%s'%s: holds no items, expected at least 1", name, where);
    if (!idx->height || idx->height > PD_IDX_MAX_SIDE)
        return pd_fail(err, PD_ERR_FORMAT, 8, "'%s'%s: height %u, expected 1 to %d", name, where, idx->height,
                       PD_IDX_MAX_SIDE);
    if (!idx->width || idx->width > PD_IDX_MAX_SIDE)
        return pd_fail(err, PD_ERR_FORMAT, 12, "'%s'%s: width %u, expected 1 to %d", name, where, idx->width,
                       PD_IDX_MAX_SIDE);
    return PD_OK;
}

static enum pd_status read_header(struct pd_stream *s, enum pd_idx_kind kind, struct pd_idx *idx,
                                  struct pd_error *err)
{
    uint8_t header[16] = {0};
    size_t size = kind == PD_IDX_IMAGES ? 16 : 8, got;
    const char *name = pd_stream_name(s), *where = pd_stream_where(s);
    enum pd_status status = pd_stream_read(s, header, size, &got, err);
    if (status)
        return status;
    uint32_t magic = big_endian(header);
    if (got >= 4 && magic != (uint32_t)kind)
        return pd_fail(err, PD_ERR_FORMAT, 0, "'%s'%s: magic number 0x%08" PRIx32 "%s, expected 0x%08x%s",
                       name, where, magic, kind_word(magic), (unsigned)kind, kind_word(kind));
    if (got < size)
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)got, "'%s'%s ends within its header, expected %zu bytes",
                       name, where, size);
    idx->count = big_endian(header + 4);
    idx->height = kind == PD_IDX_IMAGES ? big_endian(header + 8) : 1;
    idx->width = kind == PD_IDX_IMAGES ? big_endian(header + 12) : 1;
    return check_sizes(s, idx, err);
}

/* Reads size bytes into a block that grows as they come. */
static enum pd_status read_bytes(struct pd_stream *s, uint64_t size, size_t header, struct pd_idx *idx,
                                 struct pd_error *err)
{
    uint64_t have = 0, room = 0;
    while (have < size) {
        room = room ? room * 2 : FIRST_BLOCK;
        room = room < size ? room : size;
        uint8_t *bytes = room <= SIZE_MAX ? pd_realloc(idx->bytes, (size_t)room) : NULL;
        if (!bytes)
            return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", pd_stream_name(s));
        idx->bytes = bytes;
        size_t got;
        enum pd_status status = pd_stream_read(s, bytes + have, (size_t)(room - have), &got, err);
        if (status)
            return status;
        have += got;
        if (have < room)
            return pd_fail(err, PD_ERR_FORMAT, (int64_t)(header + have),
                           "'%s'%s is cut off, expected %" PRIu64 " bytes (%u items of %u x %u)",
                           pd_stream_name(s), pd_stream_where(s), header + size, idx->count, idx->height,
                           idx->width);
    }
    return PD_OK;
}

/* Reading past the content also makes the stream check a gzip member's sum. */
static enum pd_status expect_end(struct pd_stream *s, uint64_t offset, struct pd_error *err)
{
    uint8_t extra;
    size_t got;
    enum pd_status status = pd_stream_read(s, &extra, 1, &got, err);
    if (status || !got)
        return status;
    return pd_fail(err, PD_ERR_FORMAT, (int64_t)offset, "'%s'%s: bytes left over, expected the end",
                   pd_stream_name(s), pd_stream_where(s));
}

static enum pd_status read_all(struct pd_stream *s, enum pd_idx_kind kind, struct pd_idx *out,
                               struct pd_error *err)
{
    enum pd_status status = read_header(s, kind, out, err);
    size_t header = kind == PD_IDX_IMAGES ? 16 : 8;
    uint64_t size = (uint64_t)out->count * out->height * out->width; /* below 2^56 after the header's check */
    if (!status)
        status = read_bytes(s, size, header, out, err);
    if (!status)
        status = expect_end(s, header + size, err);
    if (status)
        pd_idx_release(out);
    return status;
}

enum pd_status pd_idx_read(const char *path, enum pd_idx_kind kind, struct pd_idx *out, struct pd_error *err)
{
    *out = (struct pd_idx){0};
    struct pd_stream *s;
    enum pd_status status = pd_stream_open(path, &s, err);
    if (!status)
        status = read_all(s, kind, out, err);
    pd_stream_close(s);
    return status;
}

enum pd_status pd_idx_parse(const void *bytes, size_t size, const char *name, enum pd_idx_kind kind,
                            struct pd_idx *out, struct pd_error *err)
{
    *out = (struct pd_idx){0};
    struct pd_stream *s;
    enum pd_status status = pd_stream_open_memory(bytes, size, name, &s, err);
    if (!status)
        status = read_all(s, kind, out, err);
    pd_stream_close(s);
    return status;
}

void pd_idx_release(struct pd_idx *idx)
{
    pd_free(idx->bytes);
    *idx = (struct pd_idx){0};
}
