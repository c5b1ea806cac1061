#include "data/readers/mat5.h"

#include "base/mem.h"
#include "data/readers/stream.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

enum {
    HEADER = 128,
    CHUNK = 1 << 16,
    FIRST_BLOCK = 1 << 20,
    SMALL_MAX = 128, /* bytes of flags, dims or a name */
    COMPLEX = 0x800,
};

/* Types of elements, and classes of arrays that hold numbers: mxDOUBLE_CLASS .. mxUINT64_CLASS. */
enum { INT8 = 1, UINT8 = 2, INT32 = 5, UINT32 = 6, MATRIX = 14, COMPRESSED = 15 };
enum { CLASS_FIRST = 6, CLASS_LAST = 15 };

/* The element at the top of the file that is open, and how far it has been read. */
struct reader {
    struct pd_stream *s;
    struct pd_error *err;
    uint64_t at;      /* bytes of the file read so far */
    uint64_t element; /* where the element begins */
    uint64_t left;    /* compressed: its bytes that are still in the file */
    uint64_t room;    /* bytes of content that it may still have */
    bool packed, ended;
    z_stream z;
    uint8_t chunk[CHUNK];
};

static enum pd_status bad(const struct reader *r, const char *words)
{
    return pd_fail(r->err, PD_ERR_FORMAT, (int64_t)r->element, "'%s'%s: the element that begins there %s",
                   pd_stream_name(r->s), pd_stream_where(r->s), words);
}

/* --- bytes --- */

/* Exactly size bytes of the file; less is a cut. */
static enum pd_status take_raw(struct reader *r, void *bytes, size_t size, uint64_t missing)
{
    size_t got;
    enum pd_status status = pd_stream_read(r->s, bytes, size, &got, r->err);
    r->at += got;
    if (status || got == size)
        return status;
    return pd_fail(r->err, PD_ERR_FORMAT, (int64_t)r->at,
                   "'%s'%s is cut off within the element at %" PRIu64 ", expected at least %" PRIu64 " bytes",
                   pd_stream_name(r->s), pd_stream_where(r->s), r->element, r->at - got + missing);
}

static enum pd_status refill(struct reader *r)
{
    const size_t n = r->left < CHUNK ? (size_t)r->left : CHUNK;
    if (!n)
        return bad(r, "ends before its compressed data do");
    enum pd_status status = take_raw(r, r->chunk, n, r->left);
    r->left -= n;
    r->z.next_in = r->chunk;
    r->z.avail_in = (unsigned)n;
    return status;
}

/* Up to room bytes of the compressed element's content; none is its end, checksum and all. */
static enum pd_status inflate_some(struct reader *r, uint8_t *bytes, size_t room, size_t *got)
{
    const unsigned want = (unsigned)(room < (1U << 30) ? room : 1U << 30);
    enum pd_status status = PD_OK;
    r->z.next_out = bytes;
    r->z.avail_out = want;
    while (!status && !r->ended && r->z.avail_out == want) {
        const int code = inflate(&r->z, Z_NO_FLUSH);
        r->ended = code == Z_STREAM_END;
        if (code == Z_BUF_ERROR && !r->z.avail_in)
            status = refill(r);
        else if (code == Z_MEM_ERROR)
            status = pd_fail(r->err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", pd_stream_name(r->s));
        else if (code != Z_OK && code != Z_STREAM_END)
            status = bad(r, "has damaged compressed data");
    }
    *got = want - r->z.avail_out;
    return status;
}

static enum pd_status take_inflated(struct reader *r, uint8_t *bytes, size_t size)
{
    enum pd_status status = PD_OK;
    for (size_t got; !status && size; bytes += got, size -= got) {
        status = inflate_some(r, bytes, size, &got);
        if (!status && !got)
            status = bad(r, "has less content than it says");
    }
    return status;
}

static enum pd_status take(struct reader *r, void *bytes, size_t size)
{
    if (size > r->room)
        return bad(r, "has parts that are larger than it is");
    r->room -= size;
    return r->packed ? take_inflated(r, bytes, size) : take_raw(r, bytes, size, size);
}

/* The rest of the element, whatever it holds. */
static enum pd_status pass_over(struct reader *r)
{
    uint64_t rest = r->packed ? r->left : r->room;
    enum pd_status status = PD_OK;
    for (size_t n; !status && rest; rest -= n) {
        n = rest < CHUNK ? (size_t)rest : CHUNK;
        status = take_raw(r, r->chunk, n, rest);
    }
    return status;
}

/* --- parts of a matrix --- */

struct part {
    uint32_t type, size;
    bool small; /* its bytes lie within its tag */
    uint8_t bytes[SMALL_MAX];
};

/* A tag; a small part is read with it. */
static enum pd_status take_tag(struct reader *r, struct part *p)
{
    uint32_t words[2] = {0};
    enum pd_status status = take(r, words, sizeof words);
    if (status)
        return status;
    p->small = words[0] >> 16;
    p->type = p->small ? words[0] & 0xffff : words[0];
    p->size = p->small ? words[0] >> 16 : words[1];
    if (p->small && p->size > 4)
        return bad(r, "has a small part of more than 4 bytes");
    if (p->small)
        memcpy(p->bytes, &words[1], 4);
    return PD_OK;
}

/* A whole part of few bytes, with what fills it up to a multiple of 8. */
static enum pd_status take_part(struct reader *r, uint32_t type, struct part *p)
{
    enum pd_status status = take_tag(r, p);
    if (status)
        return status;
    if (p->type != type || p->size > SMALL_MAX)
        return bad(r, "is no array: its flags, dimensions and name are not where they should be");
    return p->small ? PD_OK : take(r, p->bytes, ((size_t)p->size + 7) / 8 * 8);
}

static struct pd_mat5_array *find(struct pd_mat5_array *wanted, size_t n, const struct part *name)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(wanted[i].name) == name->size && !memcmp(wanted[i].name, name->bytes, name->size))
            return &wanted[i];
    return NULL;
}

static enum pd_status bad_array(const struct reader *r, const struct pd_mat5_array *a, const char *words)
{
    return pd_fail(r->err, PD_ERR_FORMAT, (int64_t)r->element, "'%s'%s: array %s, which begins there, %s",
                   pd_stream_name(r->s), pd_stream_where(r->s), a->name, words);
}

static enum pd_status set_shape(struct reader *r, const struct part *flags, const struct part *dims,
                                struct pd_mat5_array *a)
{
    uint32_t word;
    memcpy(&word, flags->bytes, 4);
    if (a->bytes)
        return bad_array(r, a, "is there twice");
    if (flags->size != 8 || (word & 0xff) < CLASS_FIRST || (word & 0xff) > CLASS_LAST || word & COMPLEX)
        return bad_array(r, a, "is not an array of real numbers");
    if (dims->size % 4 || dims->size < 8 || dims->size > 4 * PD_MAT5_RANK_MAX)
        return bad_array(r, a, "has an odd number of dimensions, expected 2 to 4");
    a->rank = (int)(dims->size / 4);
    memcpy(a->dims, dims->bytes, dims->size);
    a->size = 1;
    for (int i = 0; i < a->rank; i++)
        if (a->dims[i] > INT32_MAX || __builtin_mul_overflow(a->size, a->dims[i], &a->size))
            return bad_array(r, a, "has more elements than any file can hold");
    return a->size ? PD_OK : bad_array(r, a, "is empty");
}

/* The elements, into a block that grows as they come. */
static enum pd_status take_elements(struct reader *r, struct pd_mat5_array *a)
{
    uint64_t have = 0, room = 0;
    enum pd_status status = PD_OK;
    while (!status && have < a->size) {
        room = room ? room * 2 : FIRST_BLOCK;
        room = room < a->size ? room : a->size;
        uint8_t *bytes = pd_realloc(a->bytes, (size_t)room);
        if (!bytes)
            return pd_fail(r->err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", pd_stream_name(r->s));
        a->bytes = bytes;
        status = take(r, bytes + have, (size_t)(room - have));
        have = room;
    }
    return status;
}

/* After the elements: up to 7 bytes that fill up, then the end. */
static enum pd_status expect_end(struct reader *r, const struct pd_mat5_array *a)
{
    uint8_t filler[8];
    size_t more = r->room > 7;
    enum pd_status status = more ? PD_OK : take(r, filler, (size_t)r->room);
    if (!status && r->packed && !more)
        status = inflate_some(r, filler, 1, &more);
    if (!status && (more || (r->packed && (r->left || r->z.avail_in))))
        status = bad_array(r, a, "has bytes left over");
    return status;
}

static enum pd_status take_array(struct reader *r, const struct part *flags, const struct part *dims,
                                 struct pd_mat5_array *a)
{
    struct part data;
    enum pd_status status = set_shape(r, flags, dims, a);
    if (!status)
        status = take_tag(r, &data);
    if (!status && (data.type != UINT8 || data.size != a->size))
        status = bad_array(r, a, "is not stored as bytes, or not as many as its dimensions say");
    if (status || !data.small) {
        status = status ? status : take_elements(r, a);
    } else {
        a->bytes = pd_malloc((size_t)a->size);
        if (!a->bytes)
            return pd_fail(r->err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", pd_stream_name(r->s));
        memcpy(a->bytes, data.bytes, (size_t)a->size);
    }
    return status ? status : expect_end(r, a);
}

static enum pd_status take_matrix(struct reader *r, struct pd_mat5_array *wanted, size_t n)
{
    struct part flags, dims, name;
    enum pd_status status = take_part(r, UINT32, &flags);
    if (!status)
        status = take_part(r, INT32, &dims);
    if (!status)
        status = take_part(r, INT8, &name);
    if (status)
        return status;
    struct pd_mat5_array *a = find(wanted, n, &name);
    return a ? take_array(r, &flags, &dims, a) : pass_over(r);
}

/* --- the file --- */

static enum pd_status take_compressed(struct reader *r, uint32_t size, struct pd_mat5_array *wanted, size_t n)
{
    struct part tag = {.size = 0};
    r->z = (z_stream){0};
    if (inflateInit(&r->z) != Z_OK)
        return pd_fail(r->err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", pd_stream_name(r->s));
    r->packed = true;
    r->ended = false;
    r->left = size;
    r->room = 8;
    enum pd_status status = take_tag(r, &tag);
    if (!status && (tag.small || tag.type != MATRIX))
        status = bad(r, "is compressed, but no array");
    r->room = tag.size;
    if (!status)
        status = take_matrix(r, wanted, n);
    inflateEnd(&r->z);
    r->packed = false;
    return status;
}

static enum pd_status take_element(struct reader *r, const uint32_t tag[2], struct pd_mat5_array *wanted,
                                   size_t n)
{
    r->room = tag[1];
    if (tag[0] == COMPRESSED)
        return take_compressed(r, tag[1], wanted, n);
    if (tag[0] == MATRIX)
        return take_matrix(r, wanted, n);
    return bad(r, "is neither an array nor compressed");
}

static enum pd_status check_header(struct reader *r)
{
    uint8_t header[HEADER];
    size_t got;
    enum pd_status status = pd_stream_read(r->s, header, sizeof header, &got, r->err);
    const char *name = pd_stream_name(r->s), *where = pd_stream_where(r->s);
    r->at = HEADER;
    if (status)
        return status;
    if (got >= 10 && !memcmp(header, "MATLAB 7.3", 10))
        return pd_fail(r->err, PD_ERR_UNSUPPORTED, 0,
                       "'%s'%s: MAT-file of version 7.3, expected 5 (save it with -v7)", name, where);
    if (got < HEADER || memcmp(header + 124, "\0\1IM", 4) != 0)
        return pd_fail(r->err, PD_ERR_FORMAT, got < HEADER ? (int64_t)got : 124,
                       "'%s'%s: no little-endian MAT-file of version 5", name, where);
    return PD_OK;
}

static enum pd_status take_file(struct reader *r, struct pd_mat5_array *wanted, size_t n)
{
    enum pd_status status = check_header(r);
    while (!status) {
        uint32_t tag[2];
        size_t got;
        r->element = r->at;
        status = pd_stream_read(r->s, tag, sizeof tag, &got, r->err);
        if (status || !got)
            break;
        r->at += got;
        status = got == sizeof tag ? take_element(r, tag, wanted, n) : bad(r, "is cut off within its tag");
    }
    for (size_t i = 0; !status && i < n; i++)
        if (!wanted[i].bytes)
            status = pd_fail(r->err, PD_ERR_FORMAT, (int64_t)r->at, "'%s'%s ends, and no array %s was in it",
                             pd_stream_name(r->s), pd_stream_where(r->s), wanted[i].name);
    return status;
}

/* Takes over the stream. */
static enum pd_status read_stream(struct pd_stream *s, const char *name, struct pd_mat5_array *wanted,
                                  size_t n, struct pd_error *err)
{
    struct reader *r = pd_calloc(1, sizeof *r);
    enum pd_status status = PD_ERR_MEMORY;
    if (r) {
        r->s = s;
        r->err = err;
        status = take_file(r, wanted, n);
    } else {
        pd_fail(err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", name);
    }
    if (status)
        pd_mat5_release(wanted, n);
    pd_free(r);
    pd_stream_close(s);
    return status;
}

enum pd_status pd_mat5_read(const char *path, struct pd_mat5_array *wanted, size_t n, struct pd_error *err)
{
    struct pd_stream *s;
    enum pd_status status = pd_stream_open(path, &s, err);
    return status ? status : read_stream(s, path, wanted, n, err);
}

enum pd_status pd_mat5_parse(const void *bytes, size_t size, const char *name, struct pd_mat5_array *wanted,
                             size_t n, struct pd_error *err)
{
    struct pd_stream *s;
    enum pd_status status = pd_stream_open_memory(bytes, size, name, &s, err);
    return status ? status : read_stream(s, name, wanted, n, err);
}

void pd_mat5_release(struct pd_mat5_array *arrays, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pd_free(arrays[i].bytes);
        arrays[i].bytes = NULL;
    }
}
