#include "io/download.h"

#include "base/library.h"
#include "base/buffer.h"
#include "base/words.h"
#include "io/file.h"
#include "io/sha256.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATH_SIZE = 4096,
    BLOCK = 1 << 16,
    STALL_SECONDS = 30,
    STALL_BYTES = 100, /* a second: slower is no better than nothing */
    TRIES = 20,        /* of one mirror that breaks off again and again */
    REDIRECTS = 10,
};

/* PATH.part and the mirror that fills it. */
struct transfer {
    const struct pd_download *d;
    char part[PATH_SIZE];
    int fd;
    int64_t have; /* bytes in it */
    CURL *curl;
    const char *url;
    bool answered; /* the answer to this request has begun */
    bool stalled;  /* it gave no more bytes */
    bool stop;     /* the failure is on our side: another mirror would not help */
    size_t unreachable;
    struct pd_error *err;
};

/* --- is it the right one? --- */

static enum pd_status sum_of(int fd, const char *path, const struct pd_watch *watch, char hex[PD_SHA256_HEX],
                             struct pd_error *err)
{
    struct sha256_ctx sha;
    uint8_t block[BLOCK];
    int64_t done = 0;
    ssize_t n;
    sha256_init(&sha);
    while ((n = pread(fd, block, sizeof block, done))) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return pd_fail_io(err, path, "read", errno);
        sha256_update(&sha, (size_t)n, block);
        done += n;
        if (!pd_watch_go_on(watch, done))
            return pd_fail(err, PD_ERR_INTERRUPTED, -1, "'%s': interrupted while it was checked", path);
    }
    pd_sha256_hex(&sha, hex);
    return PD_OK;
}

/* PD_ERR_FORMAT, with what is wrong, when it is not the published file. */
static enum pd_status check_file(const struct pd_download *d, int fd, const char *path, struct pd_error *err)
{
    char hex[PD_SHA256_HEX];
    struct stat info;
    if (fstat(fd, &info))
        return pd_fail_io(err, path, "read", errno);
    if (info.st_size != d->size)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%lld bytes, expected %lld", (long long)info.st_size,
                       (long long)d->size);
    enum pd_status status = sum_of(fd, path, &d->watch, hex, err);
    if (!status && strcmp(hex, d->sha256) != 0)
        status = pd_fail(err, PD_ERR_FORMAT, -1, "SHA-256 %.12s..., expected %.12s...", hex, d->sha256);
    return status;
}

/* A file of that name: there and right, not there (*there is false), or another one, which is not ours to
 * replace. */
static enum pd_status look(const struct pd_download *d, bool *there, struct pd_error *err)
{
    struct pd_error why;
    int fd;
    *there = access(d->path, F_OK) == 0 || errno != ENOENT;
    enum pd_status status = *there ? pd_fd_open(d->path, &fd, err) : PD_OK;
    if (status || !*there)
        return status;
    status = check_file(d, fd, d->path, &why);
    close(fd);
    if (status == PD_ERR_FORMAT)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "'%s' is there, but is not the published file: %s; move it away to fetch that",
                       d->path, why.message);
    return status ? pd_fail(err, status, why.offset, "%s", why.message) : PD_OK;
}

/* --- the part --- */

static enum pd_status empty_part(struct transfer *t, struct pd_error *err)
{
    t->have = 0;
    if (ftruncate(t->fd, 0) || lseek(t->fd, 0, SEEK_SET)) {
        t->stop = true;
        return pd_fail_io(err, t->part, "write", errno);
    }
    return PD_OK;
}

static enum pd_status open_part(struct transfer *t, struct pd_error *err)
{
    const int n = snprintf(t->part, sizeof t->part, "%s.part", t->d->path);
    if (n < 0 || (size_t)n >= sizeof t->part)
        return pd_fail(err, PD_ERR_USAGE, -1, "%.200s: path is longer than %zu bytes", t->d->path,
                       sizeof t->part - 1);
    enum pd_status status = pd_fd_open_log(t->part, &t->fd, err);
    if (status)
        return status;
    if (flock(t->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        return pd_fail(err, PD_ERR_IO, -1, "'%s': another process is fetching it", t->d->path);
    t->have = lseek(t->fd, 0, SEEK_END);
    return t->have <= t->d->size ? PD_OK : empty_part(t, err);
}

static enum pd_status check_part(struct transfer *t, struct pd_error *err)
{
    enum pd_status status = check_file(t->d, t->fd, t->part, err);
    t->stop = status && status != PD_ERR_FORMAT;
    if (status == PD_ERR_FORMAT && empty_part(t, err))
        return PD_ERR_IO;
    return status;
}

static enum pd_status keep_part(struct transfer *t, struct pd_error *err)
{
    if (fsync(t->fd))
        return pd_fail_io(err, t->part, "write", errno);
    return pd_file_rename(t->part, t->d->path, err);
}

/* --- one request --- */

/* What the server is about to send must be what is asked for: not a page that says "log in first". */
static bool begin_answer(struct transfer *t)
{
    long code = 0;
    curl_off_t length = -1;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    const bool goes_on = code == 206;
    const int64_t wanted = t->d->size - (goes_on ? t->have : 0);
    t->answered = true;
    if (length < 0 && !goes_on && t->have > 0)
        pd_fail(t->err, PD_ERR_IO, -1, "does not say how many bytes come, so '%s' stays", t->part);
    else if (length >= 0 && length != wanted)
        pd_fail(t->err, PD_ERR_FORMAT, -1, "offers %lld bytes, expected %lld", (long long)length,
                (long long)wanted);
    else
        return goes_on || !t->have || !empty_part(t, t->err);
    return false;
}

static size_t receive(char *bytes, size_t one, size_t count, void *context)
{
    struct transfer *t = context;
    const size_t size = one * count;
    if (!t->answered && !begin_answer(t))
        return 0;
    if ((int64_t)size > t->d->size - t->have) {
        pd_fail(t->err, PD_ERR_FORMAT, -1, "sends more than %lld bytes", (long long)t->d->size);
        return 0;
    }
    t->stop = pd_fd_append(t->fd, t->part, bytes, size, t->err);
    if (t->stop)
        return 0;
    t->have += (int64_t)size;
    return size;
}

static int watch(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
    struct transfer *t = context;
    (void)total, (void)now, (void)up_total, (void)up;
    t->stop = t->stop || !pd_watch_go_on(&t->d->watch, t->have);
    return t->stop;
}

static void set_options(struct transfer *t, char words[CURL_ERROR_SIZE])
{
    char range[32];
    const long stall = (long)(t->d->stall ? t->d->stall : STALL_SECONDS);
    snprintf(range, sizeof range, "%lld-", (long long)t->have);
    curl_easy_reset(t->curl);
    curl_easy_setopt(t->curl, CURLOPT_URL, t->url);
    curl_easy_setopt(t->curl, CURLOPT_RANGE, t->have ? range : NULL);
    curl_easy_setopt(t->curl, CURLOPT_USERAGENT, "paydirt");
    curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(t->curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(t->curl, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    curl_easy_setopt(t->curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT, stall);
    curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES);
    curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_TIME, stall);
    curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(t->curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(t->curl, CURLOPT_XFERINFODATA, t);
}

static enum pd_status interrupted(const struct transfer *t, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_INTERRUPTED, -1, "interrupted; '%s' has %lld of %lld bytes for the next time",
                   t->part, (long long)t->have, (long long)t->d->size);
}

/* The rest of the file, if all goes well. */
static enum pd_status request(struct transfer *t, struct pd_error *err)
{
    char words[CURL_ERROR_SIZE] = "";
    *err = (struct pd_error){.status = PD_OK};
    t->err = err;
    t->answered = false;
    set_options(t, words);
    const CURLcode code = curl_easy_perform(t->curl);
    const bool silent = code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
                        code == CURLE_COULDNT_CONNECT;
    t->unreachable += silent;
    t->stalled = code == CURLE_OPERATION_TIMEDOUT;
    if (err->status)
        return err->status;
    if (t->stop)
        return interrupted(t, err);
    if (code != CURLE_OK)
        return pd_fail(err, PD_ERR_IO, -1, "%s", *words ? words : curl_easy_strerror(code));
    if (t->have < t->d->size)
        return pd_fail(err, PD_ERR_FORMAT, -1, "ends after %lld bytes, expected %lld", (long long)t->have,
                       (long long)t->d->size);
    return PD_OK;
}

/* --- mirrors --- */

/* A connection that breaks is taken up again as long as bytes come; one that stalls is not. When bytes from
 * before and those of this mirror make no right file, this mirror's alone may. */
static enum pd_status try_mirror(struct transfer *t, struct pd_error *err)
{
    bool mixed = t->have > 0;
    enum pd_status status = PD_OK;
    for (int i = 0; i < TRIES; i++) {
        const int64_t before = t->have;
        status = request(t, err);
        if (!status) {
            status = check_part(t, err);
            if (!status || t->stop || !mixed)
                return status;
            mixed = false;
        } else if (t->stop || t->stalled || t->have <= before) {
            return status;
        }
    }
    return status;
}

static enum pd_status all_failed(const struct transfer *t, const struct pd_buffer *reasons,
                                 enum pd_status status, struct pd_error *err)
{
    const size_t n = t->d->mirrors;
    if (!reasons->oom)
        pd_hide_passwords(reasons->data); /* before the message is cut off, perhaps inside one */
    if (reasons->oom)
        return pd_fail_memory(err, t->d->path);
    if (t->unreachable == n)
        return pd_fail(err, PD_ERR_IO, -1,
                       "'%s': no mirror can be reached, perhaps this machine is offline%s", t->d->path,
                       reasons->data);
    return pd_fail(err, status, -1, "'%s': no mirror gave the file of %lld bytes%s", t->d->path,
                   (long long)t->d->size, reasons->data);
}

static enum pd_status try_mirrors(struct transfer *t, struct pd_error *err)
{
    struct pd_buffer reasons = PD_BUFFER_INIT;
    struct pd_error why;
    enum pd_status status = PD_ERR_IO;
    pd_buffer_append(&reasons, "", 0);
    for (size_t i = 0; status && !t->stop && i < t->d->mirrors; i++) {
        t->url = t->d->urls[i];
        status = try_mirror(t, &why);
        if (status)
            pd_buffer_printf(&reasons, "; %s: %s", t->url, why.message);
    }
    if (t->stop)
        pd_fail(err, status, why.offset, "%s", why.message);
    else if (status)
        status = all_failed(t, &reasons, status, err);
    pd_buffer_release(&reasons);
    return status;
}

static enum pd_status fetch(struct transfer *t, struct pd_error *err)
{
    enum pd_status status = t->have == t->d->size ? check_part(t, err) : PD_ERR_FORMAT;
    if (status && t->stop)
        return status;
    if (status) {
        t->curl = curl_easy_init();
        status = t->curl ? try_mirrors(t, err) : pd_fail_memory(err, t->d->path);
        curl_easy_cleanup(t->curl);
    }
    return status ? status : keep_part(t, err);
}

enum pd_status pd_download(const struct pd_download *d, bool *fetched, struct pd_error *err)
{
    struct transfer t = {.d = d, .fd = -1};
    bool there;
    *fetched = false;
    enum pd_status status = look(d, &there, err);
    if (status || there)
        return status;
    status = open_part(&t, err);
    const bool ours = !status;
    if (!status)
        status = fetch(&t, err);
    if (ours && !t.have)
        unlink(t.part);
    if (t.fd >= 0)
        close(t.fd);
    *fetched = !status;
    return status;
}

const char *pd_library_curl(char *text)
{
    (void)text;
    return curl_version_info(CURLVERSION_NOW)->version;
}
