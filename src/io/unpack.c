#include "io/unpack.h"

#include "base/library.h"
#include "io/aside.h"
#include "io/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK = 1 << 16,
    RECORD = 10240,
    MOST_TAIL = 16 * RECORD,     /* zeros behind a tar's last entry */
    LARGEST_RECORD = 2048 * 512, /* as tar -b 2048 writes */
    SECURE = ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_UNLINK,
};

struct unpacking {
    const char *path; /* of the archive */
    int fd;
    struct archive *in, *out;
    char into[PATH_MAX]; /* resolved: no link and no ".." that libarchive would stumble over is ours */
    int64_t done, most;  /* bytes written */
    const struct pd_watch *watch;
};

static enum pd_status fail_read(const struct unpacking *u, struct pd_error *err)
{
    if (archive_errno(u->in) == ENOMEM)
        return pd_fail_memory(err, u->path);
    const char *words = archive_error_string(u->in);
    return pd_fail(err, PD_ERR_FORMAT, -1, "'%s': no archive that can be unpacked: %s", u->path,
                   words ? words : "damaged");
}

static enum pd_status fail_write(const struct unpacking *u, struct archive_entry *e, struct pd_error *err)
{
    const int code = archive_errno(u->out);
    const enum pd_status status = code == ENOMEM ? PD_ERR_MEMORY : code > 0 ? PD_ERR_IO : PD_ERR_FORMAT;
    return pd_fail(err, status, -1, "'%s': cannot unpack '%.200s': %s", u->path, archive_entry_pathname(e),
                   archive_error_string(u->out));
}

/* --- one entry --- */

/* Puts the entry below our folder, as a plain file or folder of whoever unpacks. */
static enum pd_status take_entry(const struct unpacking *u, struct archive_entry *e, struct pd_error *err)
{
    char path[2 * PATH_MAX];
    const char *name = archive_entry_pathname(e);
    const unsigned type = archive_entry_filetype(e);
    if (!name || name[0] == '/')
        return pd_fail(err, PD_ERR_FORMAT, -1, "'%s': entry '%.200s' lies outside, expected a path within",
                       u->path, name ? name : "");
    if ((type != AE_IFREG && type != AE_IFDIR) || archive_entry_hardlink(e))
        return pd_fail(err, PD_ERR_FORMAT, -1, "'%s': entry '%.200s' is a link or device, expected a file",
                       u->path, name);
    struct stat info;
    enum pd_status status = pd_path_join(path, sizeof path, u->into, name, err);
    if (status)
        return status;
    if (type == AE_IFREG && !lstat(path, &info))
        return pd_fail(
            err, PD_ERR_FORMAT, -1,
            "'%s': '%.200s' is in it twice (accents may be written in two ways), expected each name "
            "once: unpack it yourself, and give the folder",
            u->path, name);
    archive_entry_copy_pathname(e, path);
    archive_entry_set_perm(e, type == AE_IFDIR ? 0777 : 0666); /* less the process's umask */
    return PD_OK;
}

static enum pd_status copy_block(struct unpacking *u, struct archive_entry *e, bool *end,
                                 struct pd_error *err)
{
    const void *bytes;
    size_t size;
    la_int64_t offset;
    const int code = archive_read_data_block(u->in, &bytes, &size, &offset);
    *end = code == ARCHIVE_EOF;
    if (*end)
        return PD_OK;
    if (code != ARCHIVE_OK)
        return fail_read(u, err);
    if (offset > u->most || (int64_t)size > u->most - u->done)
        return pd_fail(err, PD_ERR_FORMAT, -1, "'%s': unpacks to more than %lld bytes", u->path,
                       (long long)u->most);
    u->done += (int64_t)size;
    if (!pd_watch_go_on(u->watch, archive_filter_bytes(u->in, -1)))
        return pd_fail(err, PD_ERR_INTERRUPTED, -1, "'%s': interrupted while it was unpacked", u->path);
    return archive_write_data_block(u->out, bytes, size, offset) < 0 ? fail_write(u, e, err) : PD_OK;
}

static enum pd_status copy_entry(struct unpacking *u, struct archive_entry *e, struct pd_error *err)
{
    bool end = archive_entry_filetype(e) == AE_IFDIR;
    enum pd_status status = take_entry(u, e, err);
    if (!status && archive_write_header(u->out, e) != ARCHIVE_OK)
        status = fail_write(u, e, err);
    while (!status && !end)
        status = copy_block(u, e, &end, err);
    if (!status && archive_write_finish_entry(u->out) != ARCHIVE_OK)
        status = fail_write(u, e, err);
    return status;
}

/* --- all --- */

/* Larger records are powers of two, and the archive consists of them: a download that stopped in a file of
 * the whole size has zeros, too, but megabytes, or is of common records. */
static bool is_one_record(int64_t tail, int64_t all)
{
    int64_t record = LARGEST_RECORD;
    while (record > MOST_TAIL && all % record)
        record /= 2;
    return record > MOST_TAIL && tail <= record + 512; /* its end may begin the record before */
}

/* A tar ends with two blocks of zeros, and its last record is filled with them: one that is cut off where an
 * entry begins, or whose end was never written, looks like a shorter one. */
static enum pd_status check_end(const struct unpacking *u, struct pd_error *err)
{
    if ((archive_format(u->in) & ARCHIVE_FORMAT_BASE_MASK) != ARCHIVE_FORMAT_TAR)
        return PD_OK;
    const int64_t last = archive_read_header_position(u->in), all = archive_filter_bytes(u->in, 0),
                  tail = all - last;
    if (tail > 0 && (tail <= MOST_TAIL || is_one_record(tail, all)))
        return PD_OK;
    return pd_fail(
        err, PD_ERR_FORMAT, last,
        "'%s': its last entry ends at byte %lld, and %lld bytes of zeros follow, expected %d to %d "
        "(is it whole?)",
        u->path, (long long)last, (long long)tail, 512, MOST_TAIL);
}

static enum pd_status copy_all(struct unpacking *u, struct pd_error *err)
{
    struct archive_entry *e;
    int code;
    enum pd_status status = PD_OK;
    archive_read_support_filter_gzip(u->in); /* not all: some run programs */
    archive_read_support_filter_bzip2(u->in);
    archive_read_support_filter_xz(u->in);
    archive_read_support_filter_zstd(u->in);
    archive_read_support_format_tar(u->in);
    archive_read_support_format_zip(u->in);
    archive_read_set_format_option(u->in, "tar", "read_concatenated_archives", "1"); /* shards by cat */
    archive_write_disk_set_options(u->out, SECURE);
    if (archive_read_open_fd(u->in, u->fd, BLOCK) != ARCHIVE_OK)
        return fail_read(u, err);
    while (!status && (code = archive_read_next_header(u->in, &e)) != ARCHIVE_EOF)
        status = code == ARCHIVE_OK ? copy_entry(u, e, err) : fail_read(u, err);
    if (!status)
        status = check_end(u, err);
    if (!status && archive_write_close(u->out) != ARCHIVE_OK)
        status = pd_fail(err, PD_ERR_IO, -1, "'%s': %s", u->into, archive_error_string(u->out));
    return status;
}

/* libarchive converts names to the thread's character set, and refuses those that it does not have. */
static enum pd_status copy(struct unpacking *u, struct pd_error *err)
{
    const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    const locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    u->in = archive_read_new();
    u->out = archive_write_disk_new();
    enum pd_status status = u->in && u->out ? copy_all(u, err) : pd_fail_memory(err, u->path);
    archive_write_free(u->out);
    archive_read_free(u->in);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    return status;
}

/* Everything is on the disk before the folder has its name. */
static enum pd_status keep(const struct unpacking *u, const char *name, const char *to, struct pd_error *err)
{
    char from[2 * PATH_MAX];
    struct stat info;
    enum pd_status status = pd_path_join(from, sizeof from, u->into, *name ? name : u->into, err);
    if (status)
        return status;
    if (lstat(from, &info) || !S_ISDIR(info.st_mode))
        return pd_fail(err, PD_ERR_FORMAT, -1, "'%s': holds no folder '%s'", u->path, name);
    return pd_folder_keep(from, to, err);
}

static enum pd_status unpack_aside(struct unpacking *u, const char *name, char *aside, const char *to,
                                   struct pd_error *err)
{
    enum pd_status status = pd_folder_remove(aside, err); /* of a killed process */
    if (status)
        return status;
    if (mkdir(aside, 0777) || !realpath(aside, u->into))
        return pd_fail_io(err, aside, "make folder", errno);
    status = copy(u, err);
    if (!status)
        status = keep(u, name, to, err);
    const enum pd_status removed = pd_folder_remove(aside, status ? NULL : err);
    return status ? status : removed;
}

/* name: the archive's folder that is kept, or "" for all. */
static enum pd_status unpack_to(const char *archive, const char *to, const char *name, int64_t most,
                                const struct pd_watch *watch, struct pd_error *err)
{
    char aside[PATH_MAX + sizeof ".unpacking"];
    struct unpacking u = {.path = archive, .most = most, .watch = watch};
    enum pd_status status;
    snprintf(aside, sizeof aside, "%s.unpacking", to);
    status = pd_fd_open(archive, &u.fd, err);
    if (status)
        return status;
    if (flock(u.fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        status = pd_fail(err, PD_ERR_IO, -1, "'%s': another process unpacks it", archive);
    else
        status = unpack_aside(&u, name, aside, to, err);
    close(u.fd);
    return status;
}

enum pd_status pd_unpack(const char *archive, const char *folder, const char *name, int64_t most,
                         const struct pd_watch *watch, struct pd_error *err)
{
    char to[PATH_MAX];
    enum pd_status status = pd_path_join(to, sizeof to, folder, name, err);
    return status ? status : unpack_to(archive, to, name, most, watch, err);
}

enum pd_status pd_unpack_all(const char *archive, const char *to, int64_t most, const struct pd_watch *watch,
                             struct pd_error *err)
{
    return unpack_to(archive, to, "", most, watch, err);
}

const char *pd_library_archive(char *text)
{
    snprintf(text, PD_LIBRARY_TEXT, "%d.%d.%d", archive_version_number() / 1000000,
             archive_version_number() / 1000 % 1000, archive_version_number() % 1000);
    return text;
}
