/* paydirt/download.h; the table is downloads.def. */
#include "base/words.h"
#include "data/dataset.h"
#include "io/download.h"
#include "io/file.h"
#include "io/unpack.h"

#include <paydirt/download.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, URL_SIZE = 2048, MOST_GROWTH = 16 };

static const struct pd_published sets[] = {
#include "data/downloads.def"
};

enum { SETS = sizeof sets / sizeof sets[0] };

const struct pd_published *pd_published_at(int index)
{
    return index >= 0 && index < SETS ? &sets[index] : NULL;
}

const struct pd_published *pd_published_find(const char *name, struct pd_error *err)
{
    const int at = pd_word_at(name, &sets[0].name, SETS, sizeof sets[0]);
    if (at >= 0)
        return &sets[at];
    if (pd_data_source_named(name))
        pd_fail(err, PD_ERR_USAGE, -1, "data set '%s' is not among those that paydirt fetches", name);
    else
        pd_unknown_word(err, "published data set", name, &sets[0].name, SETS, sizeof sets[0]);
    return NULL;
}

/* dir/[folder/]name */
static enum pd_status path_of(const struct pd_published *p, const char *dir, const char *name,
                              char path[PATH_SIZE], struct pd_error *err)
{
    char folder[PATH_SIZE];
    enum pd_status status = pd_path_join(folder, sizeof folder, *dir ? dir : ".", p->folder, err);
    return status ? status : pd_path_join(path, PATH_SIZE, folder, name, err);
}

/* In its folder or right in the data folder, as the readers look for it. */
static bool file_is_there(const struct pd_published *p, const struct pd_published_file *f, const char *dir)
{
    char path[PATH_SIZE];
    struct stat info;
    if (!path_of(p, dir, f->name, path, NULL) && !pd_file_look(path, &info, NULL) && info.st_size == f->size)
        return true;
    return !pd_path_join(path, sizeof path, dir, f->name, NULL) && !pd_file_look(path, &info, NULL) &&
           info.st_size == f->size;
}

bool pd_published_is_there(const struct pd_published *p, const char *dir)
{
    char path[PATH_SIZE];
    if (p->unpacked)
        return !path_of(p, dir, p->unpacked, path, NULL) && pd_is_folder(path);
    for (const struct pd_published_file *f = p->files; f->name; f++)
        if (!file_is_there(p, f, dir))
            return false;
    return true;
}

/* The addresses to try, each mirror's with the file's name behind it. */
struct addresses {
    char text[PD_DOWNLOAD_MIRRORS][URL_SIZE];
    const char *list[PD_DOWNLOAD_MIRRORS];
    size_t count;
};

static enum pd_status add_address(struct addresses *a, const char *mirror, const char *name,
                                  struct pd_error *err)
{
    const size_t n = strlen(mirror);
    const char *slash = n && mirror[n - 1] == '/' ? "" : "/";
    const int need = snprintf(a->text[a->count], URL_SIZE, "%s%s%s", mirror, slash, name);
    if (need < 0 || need >= URL_SIZE)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: address is longer than %d bytes", name, URL_SIZE - 1);
    a->list[a->count] = a->text[a->count];
    a->count++;
    return PD_OK;
}

static enum pd_status list_addresses(struct addresses *a, const struct pd_published *p, const char *name,
                                     const char *mirror, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    a->count = 0;
    if (mirror)
        return add_address(a, mirror, name, err);
    for (int i = 0; !status && p->mirrors[i]; i++)
        status = add_address(a, p->mirrors[i], name, err);
    return status;
}

static enum pd_status make_folder(const struct pd_published *p, const struct pd_fetch *how,
                                  char folder[PATH_SIZE], struct pd_error *err)
{
    enum pd_status status = path_of(p, how->dir, "", folder, err);
    return status ? status : pd_make_dirs(folder, err);
}

/* The archive was checked, so it is no bomb; the bound is for the day when it was not. */
static enum pd_status unpack(const struct pd_published *p, const struct pd_published_file *file,
                             const struct pd_fetch *how, const char *archive, const char *folder,
                             struct pd_error *err)
{
    const struct pd_watch watch = {how->unpacking, how->context};
    enum pd_status status = pd_unpack(archive, folder, p->unpacked, MOST_GROWTH * file->size, &watch, err);
    if (!status && !how->keep && unlink(archive))
        status = pd_fail(err, PD_ERR_IO, -1, "%s: cannot remove after it was unpacked", archive);
    return status;
}

enum pd_status pd_published_fetch(const struct pd_published *p, const struct pd_published_file *file,
                                  const struct pd_fetch *how, bool *fetched, struct pd_error *err)
{
    char folder[PATH_SIZE], path[PATH_SIZE];
    struct addresses addresses;
    *fetched = false;
    if (p->unpacked && pd_published_is_there(p, how->dir))
        return PD_OK;
    enum pd_status status = make_folder(p, how, folder, err);
    if (!status)
        status = path_of(p, how->dir, file->name, path, err);
    if (!status)
        status = list_addresses(&addresses, p, file->name, how->mirror, err);
    if (status)
        return status;
    const struct pd_download d = {path,
                                  addresses.list,
                                  addresses.count,
                                  file->size,
                                  file->sha256,
                                  how->stall,
                                  {how->fetching, how->context}};
    status = pd_download(&d, fetched, err);
    if (!status && p->unpacked) {
        status = unpack(p, file, how, path, folder, err);
        *fetched = true;
    }
    return status;
}
