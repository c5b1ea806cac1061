#include "io/jsonl.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 28 }; /* a million epochs */

struct pd_jsonl {
    char *path;
    int fd;
    off_t lasting; /* bytes that are on disk */
};

/* Bytes up to and with the last newline. */
static enum pd_status whole_lines(const char *path, size_t *size, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    enum pd_status status = pd_file_read_most(path, MOST_BYTES, &text, err);
    if (status == PD_OK) {
        const char *last = text.size ? memrchr(text.data, '\n', text.size) : NULL;
        *size = last ? (size_t)(last + 1 - text.data) : 0;
    }
    pd_buffer_release(&text);
    return status;
}

/* A record appended to half a line would spoil both. */
static enum pd_status cut_half_line(int fd, const char *path, struct pd_error *err)
{
    char last = '\n';
    int tries = 0;
    ssize_t got = 0;
    off_t end = lseek(fd, 0, SEEK_END);
    if (end > 0)
        do
            got = pread(fd, &last, 1, end - 1);
        while (got < 0 && pd_may_pass(&tries));
    if (got < 0)
        return pd_fail_io(err, path, "read", errno);
    if (last == '\n')
        return PD_OK;
    size_t keep = 0;
    enum pd_status status = whole_lines(path, &keep, err);
    if (status == PD_OK && ftruncate(fd, (off_t)keep))
        status = pd_fail_io(err, path, "truncate", errno);
    return status;
}

enum pd_status pd_jsonl_open(const char *path, struct pd_jsonl **out, struct pd_error *err)
{
    struct pd_jsonl *log = pd_calloc(1, sizeof *log);
    enum pd_status status = PD_OK;
    *out = NULL;
    if (!log)
        return pd_fail_memory(err, path);
    log->path = pd_strdup(path);
    status = pd_fd_open_log(path, &log->fd, err);
    if (!status && !log->path)
        status = pd_fail_memory(err, path);
    if (!status)
        status = cut_half_line(log->fd, path, err);
    if (status == PD_OK)
        status = pd_sync_folder_of(path, err);
    if (status == PD_OK) {
        log->lasting = lseek(log->fd, 0, SEEK_END);
        *out = log;
    } else
        pd_jsonl_destroy(log);
    return status;
}

void pd_jsonl_destroy(struct pd_jsonl *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    pd_free(log->path);
    pd_free(log);
}

enum pd_status pd_jsonl_write_line(struct pd_jsonl *log, const char *line, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    pd_buffer_append(&text, line, strlen(line));
    pd_buffer_append(&text, "\n", 1);
    enum pd_status status = text.oom ? pd_fail_memory(err, log->path)
                                     : pd_fd_append(log->fd, log->path, text.data, text.size, err);
    pd_buffer_release(&text);
    return status;
}

enum pd_status pd_jsonl_write(struct pd_jsonl *log, const json_t *record, struct pd_error *err)
{
    char *line;
    enum pd_status status = pd_json_text(record, JSON_COMPACT, log->path, &line, err);
    if (!status)
        status = pd_jsonl_write_line(log, line, err);
    free(line);
    return status;
}

enum pd_status pd_jsonl_sync(struct pd_jsonl *log, struct pd_error *err)
{
    if (fdatasync(log->fd) == 0) {
        log->lasting = lseek(log->fd, 0, SEEK_END);
        return PD_OK;
    }
    enum pd_status status = pd_fail_io(err, log->path, "sync", errno);
    if (log->lasting >= 0 && ftruncate(log->fd, log->lasting))
        return status; /* the line may stay */
    return status;
}

static enum pd_status take_line(const char *path, const char *line, size_t size, int64_t number,
                                pd_jsonl_function *take, void *context, struct pd_error *err)
{
    json_error_t error;
    pd_mem_watch();
    json_t *record = json_loadb(line, size, 0, &error);
    enum pd_status status;
    if (json_is_object(record))
        status = take(context, record, number, err);
    else if (!record && pd_mem_ran_short())
        status = pd_fail_memory(err, path);
    else
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: line %lld is not a JSON object: %s", path,
                         (long long)number, record ? "another kind of value" : error.text);
    json_decref(record);
    return status;
}

enum pd_status pd_jsonl_each_in(const char *text, size_t size, const char *path, pd_jsonl_function *take,
                                void *context, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const char *at = text, *newline;
    for (int64_t number = 1; !status && (newline = memchr(at, '\n', size - (size_t)(at - text))); number++) {
        status = take_line(path, at, (size_t)(newline - at), number, take, context, err);
        at = newline + 1;
    }
    return status;
}

enum pd_status pd_jsonl_each(const char *path, pd_jsonl_function *take, void *context, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    enum pd_status status = pd_file_read_most(path, MOST_BYTES, &text, err);
    if (!status && text.size)
        status = pd_jsonl_each_in(text.data, text.size, path, take, context, err);
    pd_buffer_release(&text);
    return status;
}

/* Whether the line has its place before `value`. PD_ERR_FORMAT: it is not JSON. */
static enum pd_status judge_line(const char *line, size_t size, const char *key, double value, bool *keep)
{
    pd_mem_watch();
    json_t *record = json_loadb(line, size, 0, NULL);
    if (!record)
        return pd_mem_ran_short() ? PD_ERR_MEMORY : PD_ERR_FORMAT;
    const json_t *number = json_object_get(record, key);
    *keep = !(json_is_number(number) && json_number_value(number) > value);
    json_decref(record);
    return PD_OK;
}

static enum pd_status filter(const struct pd_buffer *text, struct pd_buffer *kept, const char *path,
                             const char *key, double value, struct pd_error *err)
{
    const char *at = text->data, *end = text->data + text->size, *newline;
    while (at < end && (newline = memchr(at, '\n', (size_t)(end - at)))) {
        bool keep = false;
        const bool last = newline + 1 == end;
        const enum pd_status judged = judge_line(at, (size_t)(newline - at), key, value, &keep);
        if (judged == PD_ERR_MEMORY)
            return pd_fail_memory(err, path);
        if (judged && !last)
            return pd_fail(err, PD_ERR_FORMAT, at - text->data, "%s: expected one JSON value a line", path);
        if (keep)
            pd_buffer_append(kept, at, (size_t)(newline + 1 - at));
        at = newline + 1;
    }
    return kept->oom ? pd_fail_memory(err, path) : PD_OK;
}

enum pd_status pd_jsonl_truncate_after(const char *path, const char *key, double value, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT, kept = PD_BUFFER_INIT;
    if (pd_is_absent(path))
        return PD_OK;
    enum pd_status status = pd_file_read_most(path, MOST_BYTES, &text, err);
    if (status == PD_OK)
        status = filter(&text, &kept, path, key, value, err);
    if (status == PD_OK && kept.size != text.size)
        status = pd_file_write_atomic(path, kept.data, kept.size, err);
    pd_buffer_release(&text);
    pd_buffer_release(&kept);
    return status;
}
