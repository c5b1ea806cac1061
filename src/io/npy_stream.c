#include "io/npy_header.h"
#include "io/npy_open.h"

#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_MOST = 1 << 16, UNPACKS_TO_MOST = 32 };
#define SMALL_ENTRY (64u << 20) /* what may unpack from next to nothing */

struct pd_npy_stream {
    struct pd_npy *npy;
    char *name;
    const struct pd_npy_entry *from;
    zip_file_t *entry; /* of an .npz, else NULL */
    uint64_t size;     /* of the .npy, bytes */
    uint64_t at;       /* the next byte */
    struct pd_io_array array;
    struct pd_npy_layout layout;
    int64_t rows, width, done; /* done: elements */
    char *whole;               /* data in Fortran order of an .npz, which has no way back and forth */
    char *column;              /* of a block in Fortran order */
    size_t column_room;
};

/* --- bytes --- */

static enum pd_status fail_entry(const struct pd_npy_stream *s, zip_error_t *why, struct pd_error *err)
{
    return pd_npy_fail_zip(s->npy, s->name, "cannot read", why, err);
}

static enum pd_status read_some(struct pd_npy_stream *s, void *to, size_t size, uint64_t at, size_t *got,
                                struct pd_error *err)
{
    zip_int64_t n;
    int tries = 0;
    do
        n = s->entry ? zip_fread(s->entry, to, size) : pread(s->npy->fd, to, size, (off_t)at);
    while (n < 0 && !s->entry && pd_may_pass(&tries));
    *got = n > 0 ? (size_t)n : 0;
    if (n >= 0)
        return PD_OK;
    return s->entry ? fail_entry(s, zip_file_get_error(s->entry), err)
                    : pd_fail_io(err, s->name, "read", errno);
}

/* Up to size bytes from a place (an .npz: from where it is); *total is less only at the end. */
static enum pd_status read_at(struct pd_npy_stream *s, void *to, size_t size, uint64_t at, size_t *total,
                              struct pd_error *err)
{
    enum pd_status status = PD_OK;
    *total = 0;
    if (s->npy->memory && !s->entry) {
        *total = at < s->size ? (size < s->size - at ? size : (size_t)(s->size - at)) : 0;
        if (*total)
            memcpy(to, s->npy->memory + at, *total);
        return PD_OK;
    }
    for (size_t got = 1; got && *total < size && !status; *total += got)
        status = read_some(s, (char *)to + *total, size - *total, at + *total, &got, err);
    return status;
}

static enum pd_status read_all(struct pd_npy_stream *s, void *to, size_t size, uint64_t at,
                               struct pd_error *err)
{
    size_t got;
    enum pd_status status = read_at(s, to, size, at, &got, err);
    return !status && got < size ? pd_fail(err, PD_ERR_FORMAT, -1, "%s: truncated while it was read", s->name)
                                 : status;
}

static enum pd_status to_begin(struct pd_npy_stream *s, struct pd_error *err)
{
    if (!s->npy->zip)
        return PD_OK;
    if (s->entry)
        zip_fclose(s->entry);
    s->entry = zip_fopen_index(s->npy->zip, s->from->index, 0);
    return s->entry ? PD_OK : fail_entry(s, zip_get_error(s->npy->zip), err);
}

/* libzip compares the checksum when it comes to the end. */
static enum pd_status check_end(struct pd_npy_stream *s, struct pd_error *err)
{
    char byte;
    size_t got;
    return s->entry ? read_some(s, &byte, 1, 0, &got, err) : PD_OK;
}

/* --- Fortran order --- */

/* Where a column of rows in C order begins, in columns. */
static int64_t fortran_column(const struct pd_io_array *a, int64_t column)
{
    int64_t index[PD_IO_MAX_RANK], at = 0;
    for (int i = a->rank; --i > 0; column /= a->dims[i])
        index[i] = column % a->dims[i];
    for (int i = a->rank; --i > 0;)
        at = at * a->dims[i] + index[i];
    return at;
}

static enum pd_status load_whole(struct pd_npy_stream *s, struct pd_error *err)
{
    int64_t bytes = 0;
    pd_io_array_bytes(&s->array, &bytes);
    s->whole = pd_malloc((size_t)bytes + !bytes);
    if (!s->whole)
        return pd_fail_memory(err, s->name);
    enum pd_status status = read_all(s, s->whole, (size_t)bytes, s->at, err);
    return status ? status : check_end(s, err);
}

static enum pd_status reserve_column(struct pd_npy_stream *s, size_t bytes, struct pd_error *err)
{
    if (bytes <= s->column_room)
        return PD_OK;
    pd_free(s->column);
    s->column = pd_malloc(bytes);
    s->column_room = s->column ? bytes : 0;
    return s->column ? PD_OK : pd_fail_memory(err, s->name);
}

static void scatter(char *to, const char *from, size_t element, size_t step, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(to + (size_t)i * step, from + (size_t)i * element, element);
}

/* A run of a column, from element `at` of the data on. */
static enum pd_status read_run(struct pd_npy_stream *s, int64_t at, int64_t n, const char **run,
                               struct pd_error *err)
{
    const size_t element = pd_io_dtype_size(s->array.dtype);
    *run = s->whole ? s->whole + (size_t)at * element : s->column;
    return s->whole
               ? PD_OK
               : read_all(s, s->column, (size_t)n * element, s->layout.data_at + (uint64_t)at * element, err);
}

/* Of whole rows the columns are read one by one, else element by element. */
static enum pd_status read_fortran(struct pd_npy_stream *s, char *to, int64_t n, struct pd_error *err)
{
    const size_t element = pd_io_dtype_size(s->array.dtype);
    const int64_t run = n % s->width || s->done % s->width ? 1 : n / s->width;
    enum pd_status status = s->entry && !s->whole ? load_whole(s, err) : PD_OK;
    if (!status && !s->whole)
        status = reserve_column(s, (size_t)run * element, err);
    for (int64_t i = 0; i < n / run && !status; i++) {
        const char *from;
        const int64_t row = (s->done + (run == 1 ? i : 0)) / s->width, column = (s->done + i) % s->width;
        status = read_run(s, fortran_column(&s->array, column) * s->rows + row, run, &from, err);
        if (!status)
            scatter(to + (size_t)i * element, from, element, (size_t)s->width * element, run);
    }
    return status;
}

/* --- in order --- */

static void swap(char *bytes, size_t element, size_t count)
{
    for (size_t i = 0; i < count; i++, bytes += element)
        for (size_t a = 0, b = element - 1; a < b; a++, b--) {
            const char kept = bytes[a];
            bytes[a] = bytes[b];
            bytes[b] = kept;
        }
}

enum pd_status pd_npy_stream_read(struct pd_npy_stream *s, void *to, int64_t n, struct pd_error *err)
{
    const size_t element = pd_io_dtype_size(s->array.dtype), bytes = (size_t)n * element;
    enum pd_status status = PD_OK;
    if (s->layout.fortran && n)
        status = read_fortran(s, to, n, err);
    else
        status = read_all(s, to, bytes, s->at, err);
    s->at += bytes;
    if (!status && s->layout.swapped)
        swap(to, element, (size_t)n);
    s->done += n;
    return !status && s->done == s->rows * s->width && !s->whole ? check_end(s, err) : status;
}

enum pd_status pd_npy_stream_rewind(struct pd_npy_stream *s, struct pd_error *err)
{
    char skipped[4096];
    enum pd_status status = s->whole ? PD_OK : to_begin(s, err);
    for (size_t left = s->entry && !s->whole ? s->layout.data_at : 0, n; left && !status; left -= n) {
        n = left < sizeof skipped ? left : sizeof skipped;
        status = read_all(s, skipped, n, 0, err);
    }
    s->at = s->layout.data_at;
    s->done = 0;
    return status;
}

/* --- opening --- */

static enum pd_status check_entry(struct pd_npy_stream *s, struct pd_error *err)
{
    zip_stat_t st;
    if (!s->npy->zip)
        return PD_OK;
    if (zip_stat_index(s->npy->zip, s->from->index, 0, &st) || !(st.valid & ZIP_STAT_SIZE) ||
        !(st.valid & ZIP_STAT_COMP_SIZE))
        return fail_entry(s, zip_get_error(s->npy->zip), err);
    s->size = st.size;
    const uint64_t packed = st.comp_size < s->npy->size ? st.comp_size : s->npy->size;
    if (st.size <= SMALL_ENTRY || st.size / UNPACKS_TO_MOST <= packed)
        return PD_OK;
    return pd_fail(err, PD_ERR_FORMAT, -1,
                   "%s: unpacks from %llu bytes to %llu, more than %d times as many: numpy.savez in place of "
                   "savez_compressed saves it so that it is read",
                   s->name, (unsigned long long)packed, (unsigned long long)st.size, UNPACKS_TO_MOST);
}

static enum pd_status count_rows(struct pd_npy_stream *s, struct pd_error *err)
{
    const struct pd_io_array *a = &s->array;
    s->rows = a->rank ? a->dims[0] : 1;
    s->width = 1;
    for (int i = 1; i < a->rank; i++)
        if (__builtin_mul_overflow(s->width, a->dims[i], &s->width)) /* of an array without elements */
            return pd_fail(err, PD_ERR_FORMAT, -1, "%s: the npy's shape is too large", s->name);
    return PD_OK;
}

static enum pd_status read_header(struct pd_npy_stream *s, struct pd_error *err)
{
    size_t got = 0;
    char *bytes = pd_malloc(HEADER_MOST);
    if (!bytes)
        return pd_fail_memory(err, s->name);
    enum pd_status status = to_begin(s, err);
    if (!status)
        status = read_at(s, bytes, HEADER_MOST, 0, &got, err);
    if (!status)
        status = pd_npy_decode_header(bytes, got, s->name, &s->array, &s->layout, err);
    pd_free(bytes);
    if (!status)
        status = pd_npy_check_size(&s->array, s->layout.data_at, s->size, s->name, err);
    return status;
}

static enum pd_status start(struct pd_npy_stream *s, struct pd_error *err)
{
    struct pd_buffer name = PD_BUFFER_INIT;
    pd_buffer_printf(&name, s->npy->zip ? "%s:%.100s" : "%s", s->npy->path, s->from->name);
    s->name = name.data;
    if (name.oom)
        return pd_fail_memory(err, s->npy->path);
    enum pd_status status = check_entry(s, err);
    if (!status)
        status = read_header(s, err);
    if (!status)
        status = count_rows(s, err);
    return status ? status : pd_npy_stream_rewind(s, err);
}

static enum pd_status open_stream(struct pd_npy *npy, size_t index, bool text, struct pd_npy_stream **out,
                                  struct pd_error *err)
{
    struct pd_npy_stream *s = pd_calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return pd_fail_memory(err, npy->path);
    *s = (struct pd_npy_stream){.npy = npy,
                                .from = &npy->entries[index],
                                .size = npy->size,
                                .array.dtype = text ? PD_IO_TEXT : PD_IO_F32};
    enum pd_status status = start(s, err);
    if (status)
        pd_npy_stream_close(s);
    else
        *out = s;
    return status;
}

enum pd_status pd_npy_stream_open(struct pd_npy *npy, size_t index, struct pd_npy_stream **out,
                                  struct pd_error *err)
{
    return open_stream(npy, index, false, out, err);
}

enum pd_status pd_npy_stream_open_text(struct pd_npy *npy, size_t index, struct pd_npy_stream **out,
                                       struct pd_error *err)
{
    return open_stream(npy, index, true, out, err);
}

void pd_npy_stream_close(struct pd_npy_stream *s)
{
    if (!s)
        return;
    if (s->entry)
        zip_fclose(s->entry);
    pd_free(s->whole);
    pd_free(s->column);
    pd_free(s->name);
    pd_free(s);
}

const char *pd_npy_stream_name(const struct pd_npy_stream *s)
{
    return s->name;
}

const struct pd_io_array *pd_npy_stream_array(const struct pd_npy_stream *s)
{
    return &s->array;
}

int64_t pd_npy_stream_width(const struct pd_npy_stream *s)
{
    return s->width;
}
