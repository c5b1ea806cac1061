#include "data/readers/stream.h"

#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 1 << 16 };

struct pd_stream {
    char *name;
    FILE *file;            /* or NULL: the bytes are those left in memory */
    const uint8_t *memory; /* borrowed */
    size_t left;
    uint64_t taken;         /* bytes taken from the file or the memory so far */
    const uint8_t *pending; /* taken, not yet given away or inflated */
    size_t pending_size;
    bool gzip;
    bool member_open; /* inside a gzip member: the end of input here is a cut */
    z_stream z;
    uint8_t chunk[CHUNK];
};

/* Makes sure that something is pending, unless the input is at its end. */
static enum pd_status refill(struct pd_stream *s, struct pd_error *err)
{
    if (s->pending_size)
        return PD_OK;
    if (s->file) {
        s->pending = s->chunk;
        s->pending_size = fread(s->chunk, 1, CHUNK, s->file);
        if (ferror(s->file))
            return pd_fail_io(err, s->name, "read", errno);
    } else {
        s->pending = s->memory;
        s->pending_size = s->left;
        s->left = 0;
    }
    s->taken += s->pending_size;
    return PD_OK;
}

static enum pd_status out_of_memory(const char *name, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", name);
}

/* Looks at the first bytes, and prepares zlib when they are gzip's. */
static enum pd_status start(struct pd_stream *s, struct pd_error *err)
{
    enum pd_status status = refill(s, err);
    if (status)
        return status;
    if (s->pending_size < 2 || s->pending[0] != 0x1f || s->pending[1] != 0x8b)
        return PD_OK;
    if (inflateInit2(&s->z, 15 + 16) != Z_OK)
        return out_of_memory(s->name, err);
    s->gzip = true;
    s->member_open = true;
    return PD_OK;
}

static enum pd_status open_stream(const char *name, FILE *file, const void *bytes, size_t size,
                                  struct pd_stream **out, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    struct pd_stream *s = pd_calloc(1, sizeof *s);
    if (!s) {
        if (file)
            fclose(file);
        return out_of_memory(name, err);
    }
    s->file = file;
    s->memory = bytes;
    s->left = size;
    s->name = pd_strdup(name);
    status = s->name ? start(s, err) : out_of_memory(name, err);
    if (status) {
        pd_stream_close(s);
        return status;
    }
    *out = s;
    return PD_OK;
}

enum pd_status pd_stream_open(const char *path, struct pd_stream **out, struct pd_error *err)
{
    *out = NULL;
    int fd;
    enum pd_status status = pd_fd_open(path, &fd, err);
    if (status)
        return status;
    FILE *file = fdopen(fd, "rb");
    if (!file) {
        close(fd);
        return out_of_memory(path, err);
    }
    setvbuf(file, NULL, _IONBF, 0); /* we read whole chunks */
    return open_stream(path, file, NULL, 0, out, err);
}

enum pd_status pd_stream_open_memory(const void *bytes, size_t size, const char *name, struct pd_stream **out,
                                     struct pd_error *err)
{
    *out = NULL;
    return open_stream(name, NULL, bytes, size, out, err);
}

void pd_stream_close(struct pd_stream *s)
{
    if (!s)
        return;
    if (s->gzip)
        inflateEnd(&s->z);
    if (s->file)
        fclose(s->file);
    pd_free(s->name);
    pd_free(s);
}

static size_t copy_pending(struct pd_stream *s, uint8_t *bytes, size_t size)
{
    size_t n = s->pending_size < size ? s->pending_size : size;
    if (n)
        memcpy(bytes, s->pending, n);
    s->pending += n;
    s->pending_size -= n;
    return n;
}

/* Inflates what is pending into bytes; *n is what came out. Several gzip members may follow each other. */
static enum pd_status inflate_pending(struct pd_stream *s, uint8_t *bytes, size_t size, size_t *n,
                                      struct pd_error *err)
{
    if (!s->member_open) {
        inflateReset(&s->z);
        s->member_open = true;
    }
    unsigned in = (unsigned)(s->pending_size < CHUNK ? s->pending_size : CHUNK);
    unsigned room = (unsigned)(size < (1u << 30) ? size : 1u << 30);
    s->z.next_in = (Bytef *)s->pending;
    s->z.avail_in = in;
    s->z.next_out = bytes;
    s->z.avail_out = room;
    int code = inflate(&s->z, Z_NO_FLUSH);
    s->pending += in - s->z.avail_in;
    s->pending_size -= in - s->z.avail_in;
    *n = room - s->z.avail_out;
    if (code == Z_STREAM_END)
        s->member_open = false;
    else if (code == Z_MEM_ERROR)
        return out_of_memory(s->name, err);
    else if (code != Z_OK && code != Z_BUF_ERROR)
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)(s->taken - s->pending_size),
                       "'%s': damaged gzip data (%s)", s->name, s->z.msg ? s->z.msg : "dictionary needed");
    return PD_OK;
}

enum pd_status pd_stream_read(struct pd_stream *s, void *bytes, size_t size, size_t *got,
                              struct pd_error *err)
{
    *got = 0;
    while (*got < size) {
        size_t n = 0;
        enum pd_status status = refill(s, err);
        if (status)
            return status;
        if (!s->pending_size && s->gzip && s->member_open)
            return pd_fail(err, PD_ERR_FORMAT, (int64_t)s->taken, "'%s' is cut off: expected more gzip data",
                           s->name);
        if (!s->pending_size)
            break;
        if (s->gzip)
            status = inflate_pending(s, (uint8_t *)bytes + *got, size - *got, &n, err);
        else
            n = copy_pending(s, (uint8_t *)bytes + *got, size - *got);
        if (status)
            return status;
        *got += n;
    }
    return PD_OK;
}

const char *pd_stream_name(const struct pd_stream *s)
{
    return s->name;
}

const char *pd_stream_where(const struct pd_stream *s)
{
    return s->gzip ? " (of the inflated bytes)" : "";
}
