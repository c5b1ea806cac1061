#include "io/rows_kind.h"

#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pd_rows pd_rows_begin(const struct pd_rows_kind *kind, const char *name,
                             const struct pd_rows_request *request)
{
    return (struct pd_rows){.kind = kind,
                            .name = pd_strdup(name),
                            .planes = 1,
                            .map = request->map,
                            .doubt = {.near = request->features},
                            .classes = request->classes,
                            .low = request->low,
                            .features = request->features && request->index != PD_ROWS_NO};
}

enum pd_status pd_rows_begin_doubt(struct pd_rows *rows, const char *name, struct pd_error *err)
{
    return (rows->classes || rows->low) && rows->width > 1
               ? PD_OK
               : pd_rows_doubt_init(&rows->doubt, name, rows->width, err);
}

void pd_rows_close(struct pd_rows *rows)
{
    if (!rows)
        return;
    rows->kind->close(rows);
    pd_rows_doubt_release(&rows->doubt);
    pd_free(rows->keys);
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

struct pd_rows_columns pd_rows_columns(const struct pd_rows *rows)
{
    return rows->columns;
}

/* At the end. */
static enum pd_status check(const struct pd_rows *rows, struct pd_error *err)
{
    const int64_t at = rows->features ? pd_rows_doubt_counter(&rows->doubt, rows->width) : -1;
    if (at < 0)
        return pd_rows_doubt_check(&rows->doubt, rows->name, rows->width, err);
    return pd_hint(
        err,
        pd_fail(err, PD_ERR_FORMAT, -1,
                "%s: column %lld of %lld counts the rows, as their numbers do, and would be a feature: "
                "leave it out",
                rows->name, (long long)at, (long long)rows->width),
        "to take it as the others: index=false");
}

enum pd_status pd_rows_read(struct pd_rows *rows, float *to, int64_t n, int64_t *got, struct pd_error *err)
{
    *got = 0;
    if (n < 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld rows are asked for", (long long)n);
    enum pd_status status = rows->kind->read(rows, to, n, got, err);
    rows->count += *got;
    if (rows->features)
        pd_rows_doubt_floats(&rows->doubt, *got, rows->width, to);
    return status || *got == n ? status : check(rows, err);
}

enum pd_status pd_rows_rewind(struct pd_rows *rows, struct pd_error *err)
{
    rows->count = 0;
    for (int64_t i = 0; i < rows->key_count; i++)
        pd_row_key_rewind(&rows->keys[i]);
    pd_rows_doubt_rewind(&rows->doubt, rows->width);
    return rows->kind->rewind(rows, err);
}

void pd_rows_describe(const struct pd_rows *rows, char *text, size_t size)
{
    snprintf(text, size, "%s", "");
    if (rows->kind->describe)
        rows->kind->describe(rows, text, size);
}

bool pd_rows_agree(const struct pd_rows *a, const struct pd_rows *b, const char *columns[2])
{
    return pd_row_keys_agree(a->keys, a->key_count, b->keys, b->key_count, columns);
}

/* What is neither text nor NumPy's, by its first bytes. */
static enum pd_status check_format(const char *path, const char *magic, size_t n, struct pd_error *err)
{
    static const struct {
        const char *bytes, *what;
    } all[] = {{"\x1f\x8b", "packed by gzip: unpack it first (gunzip)"},
               {"\xfd"
                "7zXZ",
                "packed by xz: unpack it first (unxz)"},
               {"\x28\xb5\x2f\xfd", "packed by zstd: unpack it first (unzstd)"},
               {"BZh", "packed by bzip2: unpack it first (bunzip2)"},
               {"PAR1\x15", "Parquet: write it as CSV first (pandas.read_parquet(f).to_csv(g, index=False))"},
               {"\x89HDF", "HDF5: write the array as .npy first (numpy.save(g, h5py.File(f)[NAME][:]))"},
               {"\x80", "a pickle: write the array as .npy first (numpy.save)"}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strlen(all[i].bytes) <= n && !memcmp(magic, all[i].bytes, strlen(all[i].bytes)))
            return pd_fail(err, PD_ERR_FORMAT, -1, "%s: %s", path, all[i].what);
    return PD_OK;
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
    const enum pd_status status = check_format(path, magic, n, err);
    if (!status && !npy && !npz && !request->planes)
        return pd_rows_open_csv(file, path, request, out, err);
    (void)fclose(file);
    if (status)
        return status;
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
