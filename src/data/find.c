/* Which data set a folder holds. */
#include "data/find.h"

#include "data/readers/archive.h"
#include "io/file.h"

#include <paydirt/download.h>

#include <errno.h>
#include <string.h>

/* Sets that no files in a folder stand for: made by paydirt, or given by a path of their own. */
static bool has_no_files(const struct pd_data_source *s)
{
    static const char *const names[] = {"folder", "archive", "npz", "strokes", "synthetic"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(s->name, names[i]))
            return true;
    return false;
}

/* Several sets have files of the same names: what is called like one or has its files' sizes is rather that.
 */
static int likeliness(const struct pd_data_source *s, const char *folder)
{
    const struct pd_published *p = pd_published_find(s->name, NULL);
    size_t n = strlen(folder), m = strlen(s->name);
    while (n && folder[n - 1] == '/')
        n--;
    const bool called =
        n >= m && !strncmp(folder + n - m, s->name, m) && (n == m || folder[n - m - 1] == '/');
    if (called || (s->installed && !strncmp(folder, s->installed, n) && !s->installed[n]))
        return 2;
    return p && pd_published_is_there(p, folder);
}

/* Not there is no failure: another split or set may be. */
static bool is_missing(const struct pd_error *err)
{
    return err->status == PD_ERR_USAGE || pd_is_missing(err);
}

static enum pd_status open_any(struct pd_data_found *f, struct pd_error *err)
{
    struct pd_error why;
    f->request.split = PD_SPLIT_TRAIN;
    enum pd_status status = pd_dataset_open(&f->request, &f->data, err);
    if (!status || !is_missing(err))
        return status;
    f->request.split = PD_SPLIT_TEST;
    const enum pd_status other = pd_dataset_open(&f->request, &f->data, &why);
    if (!other)
        return PD_OK;
    if (!is_missing(&why))
        *err = why;
    return err->status;
}

static enum pd_status look_into(const char *folder, struct pd_data_found *f, struct pd_error *err)
{
    const struct pd_data_source *source;
    f->request.dir = folder;
    for (int like = 2; like >= 0; like--)
        for (int i = 0; (source = pd_data_source_at(i)); i++) {
            if (has_no_files(source) || likeliness(source, folder) != like)
                continue;
            f->request.name = source->name;
            f->by_names = like == 0;
            const enum pd_status status = open_any(f, err);
            if (!status || !is_missing(err))
                return status;
        }
    f->by_names = false;
    f->request.name = folder;
    f->request.dir = NULL;
    f->request.split = PD_SPLIT_TRAIN;
    bool archives;
    enum pd_status status = pd_archive_is_folder_of(folder, &archives, err);
    f->folder = !archives;
    f->archive = archives;
    return status;
}

/* Folders of images and archives stay closed. */
static enum pd_status find(const struct pd_data_request *request, struct pd_data_found *f,
                           struct pd_error *err)
{
    const char *what = request->name, *dir = request->dir;
    *f = (struct pd_data_found){.request = *request};
    if (dir && !*dir)
        f->request.dir = dir = NULL;
    errno = 0;
    if (!pd_data_source_named(what) && pd_is_folder(what))
        return look_into(what, f, err);
    if (errno && errno != ENOENT && errno != ENOTDIR)
        return pd_fail_io(err, what, "look at", errno);
    if (!strcmp(what, "folder") && dir)
        return look_into(dir, f, err);
    f->archive = (!strcmp(what, "archive") && dir) || (pd_archive_is(what) && pd_is_file(what));
    return f->archive ? PD_OK : open_any(f, err);
}

enum pd_status pd_data_find(const struct pd_data_request *request, struct pd_data_found *f,
                            struct pd_error *err)
{
    struct pd_error own;
    err = err ? err : &own;
    enum pd_status status = find(request, f, err);
    const bool archive = f->archive;
    f->archive = false;
    return status || !archive ? status : open_any(f, err);
}

static enum pd_status open_split(struct pd_data_found *f, enum pd_split split, struct pd_error *err)
{
    if (f->data && f->request.split == split)
        return PD_OK;
    pd_dataset_destroy(f->data);
    f->request.split = split;
    return pd_dataset_open(&f->request, &f->data, err);
}

enum pd_status pd_data_find_files(const struct pd_data_request *request, struct pd_data_found *f,
                                  struct pd_error *err)
{
    struct pd_error own;
    err = err ? err : &own;
    enum pd_status status = find(request, f, err);
    f->request.split = f->data ? f->request.split : request->split;
    return status || f->folder || f->archive ? status : open_split(f, request->split, err);
}

enum pd_status pd_dataset_open_any(const struct pd_data_request *request, struct pd_dataset **out,
                                   struct pd_error *err)
{
    struct pd_data_found f;
    enum pd_status status = pd_data_find(request, &f, err);
    if (!status)
        status = open_split(&f, request->split, err);
    *out = f.data;
    return status;
}
