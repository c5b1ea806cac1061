#include "io/rows_kind.h"

#include "base/cache.h"
#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void pd_rows_close(struct pd_rows *rows)
{
    if (!rows)
        return;
    rows->kind->close(rows);
    pd_free(rows->name);
    pd_free(rows);
}

const char *pd_rows_name(const struct pd_rows *rows)
{
    return rows->name;
}

int64_t pd_rows_width(const struct pd_rows *rows)
{
    return rows->width;
}

int64_t pd_rows_beside(const struct pd_rows *rows)
{
    return rows->beside;
}

int64_t pd_rows_planes(const struct pd_rows *rows)
{
    return rows->planes;
}

enum pd_status pd_rows_read(struct pd_rows *rows, float *to, int64_t n, int64_t *got, struct pd_error *err)
{
    *got = 0;
    if (n < 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld rows are asked for", (long long)n);
    enum pd_status status = rows->kind->read(rows, to, n, got, err);
    rows->count += *got;
    return status;
}

enum pd_status pd_rows_rewind(struct pd_rows *rows, struct pd_error *err)
{
    rows->count = 0;
    rows->keys = PD_HASH_START;
    return rows->kind->rewind(rows, err);
}

void pd_rows_describe(const struct pd_rows *rows, char *text, size_t size)
{
    snprintf(text, size, "%s", "");
    if (rows->kind->describe)
        rows->kind->describe(rows, text, size);
}

bool pd_rows_agree(const struct pd_rows *a, const struct pd_rows *b)
{
    return !a->key || !b->key || strcmp(a->key, b->key) != 0 || a->keys == b->keys;
}

static enum pd_status open_by_first_bytes(const char *path, const struct pd_rows_request *request,
                                          struct pd_rows **out, struct pd_error *err)
{
    char magic[6] = "";
    struct stat info;
    int fd, tries = 0;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
    while (fd < 0 && pd_may_pass(&tries));
    FILE *file = fd < 0 || fstat(fd, &info) ? NULL : fdopen(fd, "rb");
    if (!file) {
        const int code = errno;
        if (fd >= 0)
            close(fd);
        return pd_fail_io(err, path, "open", code);
    }
    if (!S_ISREG(info.st_mode)) {
        (void)fclose(file);
        return pd_fail(err, PD_ERR_IO, -1, "%s: not a regular file, which can be read twice: save it first",
                       path);
    }
    const size_t n = fread(magic, 1, sizeof magic, file);
    if (ferror(file) || fseek(file, 0, SEEK_SET)) {
        const int code = errno;
        (void)fclose(file);
        return pd_fail_io(err, path, "read", code);
    }
    const bool npy = n == sizeof magic && !memcmp(magic, "\x93NUMPY", 6);
    const bool npz = n >= 4 && (!memcmp(magic, "PK\3\4", 4) || !memcmp(magic, "PK\5\6", 4));
    if (!npy && !npz && !request->planes)
        return pd_rows_open_csv(file, path, request, out, err);
    (void)fclose(file);
    if (!npy && !npz)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: expected an .npy or .npz, an array of three dimensions",
                       path);
    return pd_rows_open_npy(path, request, out, err);
}

enum pd_status pd_rows_open(const char *path, const struct pd_rows_request *request, struct pd_rows **out,
                            struct pd_error *err)
{
    static const char *const none[] = {"", NULL}; /* as one that nothing is called */
    const char *colon = strrchr(path, ':');
    struct pd_rows_request named = *request;
    named.names = request->names ? request->names : none;
    *out = NULL;
    if (!colon || !colon[1] || !pd_is_absent(path))
        return open_by_first_bytes(path, &named, out, err);
    char *file = pd_strdup(path);
    if (!file)
        return pd_fail_memory(err, path);
    const char *const name[] = {colon + 1, NULL};
    named.names = name;
    file[colon - path] = '\0';
    enum pd_status status = open_by_first_bytes(file, &named, out, err);
    pd_free(file);
    return status;
}

/* --- some of them --- */

enum { BLOCK_FLOATS = 1 << 19 };

struct place {
    int64_t row, at;
};

static int by_row(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* places (n) by row; block: for most rows. */
static enum pd_status gather(struct pd_rows *rows, int64_t n, const struct place *places, float *block,
                             int64_t most, float *to, int64_t *count, struct pd_error *err)
{
    const int64_t width = rows->width;
    int64_t taken = 0;
    for (int64_t got = 1; got; *count += got) {
        enum pd_status status = pd_rows_read(rows, block, most, &got, err);
        if (status)
            return status;
        for (; taken < n && places[taken].row < *count + got; taken++)
            memcpy(to + places[taken].at * width, block + (places[taken].row - *count) * width,
                   (size_t)width * sizeof *to);
    }
    return PD_OK;
}

enum pd_status pd_rows_gather(struct pd_rows *rows, int64_t n, const int64_t *numbers, float *to,
                              int64_t *count, struct pd_error *err)
{
    const int64_t fit = BLOCK_FLOATS / rows->width, most = fit ? fit : 1;
    *count = 0;
    for (int64_t i = 0; i < n; i++)
        if (numbers[i] < 0)
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld is asked for", (long long)numbers[i]);
    struct place *places = pd_calloc((size_t)n + 1, sizeof *places);
    float *block = pd_calloc((size_t)most, (size_t)rows->width * sizeof *block);
    enum pd_status status = PD_OK;
    for (int64_t i = 0; places && i < n; i++)
        places[i] = (struct place){numbers[i], i};
    if (places && block) {
        qsort(places, (size_t)n, sizeof *places, by_row);
        status = gather(rows, n, places, block, most, to, count, err);
    } else
        status = pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for %lld rows", rows->name, (long long)n);
    pd_free(places);
    pd_free(block);
    return status;
}
