/* Which data set a folder holds. */
#include "cli/data.h"

#include "data/readers/archive.h"
#include "data/downloads.h"
#include "io/file.h"

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

static enum pd_status open_any(struct data_found *f, struct pd_error *err)
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

static enum pd_status look_into(const char *folder, struct data_found *f, struct pd_error *err)
{
    size_t count;
    const struct pd_data_source *sources = pd_data_sources(&count);
    f->request.dir = folder;
    for (int like = 2; like >= 0; like--)
        for (size_t i = 0; i < count; i++) {
            if (has_no_files(&sources[i]) || likeliness(&sources[i], folder) != like)
                continue;
            f->request.name = sources[i].name;
            const enum pd_status status = open_any(f, err);
            if (!status || !is_missing(err))
                return status;
        }
    f->request.name = folder;
    f->request.dir = NULL;
    f->request.split = PD_SPLIT_TRAIN;
    bool archives;
    enum pd_status status = pd_archive_is_folder_of(folder, &archives, err);
    f->folder = !archives;
    return status || f->folder ? status : open_any(f, err);
}

enum pd_status data_find(const char *what, const char *dir, struct data_found *f, struct pd_error *err)
{
    f->request.name = what;
    f->request.dir = *dir ? dir : NULL;
    errno = 0;
    if (!pd_data_source_named(what) && pd_is_folder(what))
        return look_into(what, f, err);
    if (errno && errno != ENOENT && errno != ENOTDIR)
        return pd_fail_io(err, what, "look at", errno);
    if (!strcmp(what, "folder") && f->request.dir)
        return look_into(f->request.dir, f, err);
    return open_any(f, err);
}
