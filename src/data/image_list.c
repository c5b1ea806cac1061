#include "data/image_list.h"

#include "base/mem.h"
#include "data/image.h"
#include "io/file.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

/* --- which files --- */

/* FNV-1a, a number at a time. */
uint64_t pd_image_stamp(const struct stat *st)
{
    uint64_t h = 0xcbf29ce484222325u;
    if (!st)
        return 1;
    const int64_t parts[] = {st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec, st->st_ctim.tv_sec,
                             st->st_ctim.tv_nsec};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        h = (h ^ (uint64_t)parts[i]) * 0x100000001b3u;
        h ^= h >> 32;
    }
    return h ? h : 1;
}

static bool is_hidden(const char *name)
{
    return name[0] == '.' || !strcmp(name, "__MACOSX");
}

static enum pd_status add(struct pd_image_file **at, size_t *count, const char *path, const struct stat *st,
                          struct pd_error *err)
{
    if ((*count & (*count + 1)) == 0) { /* full: room for 1, 3, 7, ... files */
        struct pd_image_file *more = pd_realloc(*at, (2 * *count + 1) * sizeof *more);
        if (!more)
            return pd_fail_memory(err, path);
        *at = more;
    }
    char *copy = pd_strdup(path);
    if (!copy)
        return pd_fail_memory(err, path);
    (*at)[(*count)++] = (struct pd_image_file){copy, -1, pd_image_stamp(st)};
    return PD_OK;
}

static enum pd_status add_image(struct pd_image_list *l, const FTSENT *e, size_t skip, struct pd_error *err)
{
    const struct stat *st = e->fts_info == FTS_F ? e->fts_statp : NULL;
    l->bytes += st ? (uint64_t)st->st_size : 0;
    return add(&l->at, &l->count, e->fts_path + skip, st, err);
}

/* One entry of the walk; skip: bytes of its path up to the folder. */
static enum pd_status visit(struct pd_image_list *l, FTS *walk, FTSENT *e, size_t skip, struct pd_error *err)
{
    switch (e->fts_info) {
    case FTS_D:
        if (e->fts_level == 0 || !is_hidden(e->fts_name))
            return add(&l->others, &l->other_count, e->fts_path + skip, e->fts_statp, err);
        fts_set(walk, e, FTS_SKIP);
        return PD_OK;
    case FTS_DNR:
    case FTS_ERR:
        return pd_fail_io(err, e->fts_path, "read", e->fts_errno);
    case FTS_DP:
    case FTS_DC: /* a link back up */
        return PD_OK;
    default: /* a dangling link, too: reading it will tell */
        return pd_image_is_ending(e->fts_name) && !is_hidden(e->fts_name) ? add_image(l, e, skip, err)
                                                                          : PD_OK;
    }
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct pd_image_file *)a)->path, ((const struct pd_image_file *)b)->path);
}

/* Adds the images in folder/below, sorted. */
static enum pd_status walk_folder(struct pd_image_list *l, const char *folder, const char *below,
                                  struct pd_error *err)
{
    char path[PATH_SIZE];
    enum pd_status status = pd_path_join(path, sizeof path, folder, below, err);
    if (status)
        return status;
    char *const roots[] = {path, NULL};
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    if (!walk)
        return pd_fail_memory(err, path);
    const size_t skip = strlen(path) - strlen(below);
    for (FTSENT *e; !status && (e = fts_read(walk));)
        status = visit(l, walk, e, skip, err);
    fts_close(walk);
    if (!status && l->count)
        qsort(l->at, l->count, sizeof *l->at, by_path);
    if (!status && !l->count) {
        char kinds[80];
        status = pd_fail(err, PD_ERR_IO, -1, "'%s': no image in it (%s)", path,
                         pd_image_kinds(kinds, sizeof kinds));
    }
    return status;
}

static void forget(struct pd_image_file **at, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        pd_free((*at)[i].path);
    pd_free(*at);
    *at = NULL;
    *count = 0;
}

/* --- which classes --- */

/* The subfolder's name, as text and size; size 0: none that could be a class. below: "train", "test" or "".
 */
static const char *class_of(const struct pd_image_file *f, const char *below, size_t *size)
{
    const char *name = f->path + strlen(below) + (*below != '\0'), *slash = strchr(name, '/');
    *size = slash ? (size_t)(slash - name) : 0;
    if (*size == 10 && (!memcmp(name, "unlabelled", 10)))
        *size = 0;
    if (*size == 9 && !memcmp(name, "unlabeled", 9))
        *size = 0;
    return name;
}

static int find_class(const struct pd_image_list *l, const char *name, size_t size)
{
    for (int k = 0; k < l->class_count; k++)
        if (!strncmp(l->classes[k], name, size) && !l->classes[k][size])
            return k;
    return -1;
}

static enum pd_status add_class(struct pd_image_list *l, const char *name, size_t size, struct pd_error *err)
{
    if (size >= PD_CLASS_NAME_SIZE)
        return pd_fail(err, PD_ERR_FORMAT, -1, "class name '%.200s' is longer than %d bytes", name,
                       PD_CLASS_NAME_SIZE - 1);
    void *more = pd_realloc(l->classes, ((size_t)l->class_count + 1) * sizeof *l->classes);
    if (!more)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the names of classes");
    l->classes = more;
    memcpy(l->classes[l->class_count], name, size);
    l->classes[l->class_count++][size] = '\0';
    return PD_OK;
}

static enum pd_status take_given(struct pd_image_list *l, const char *list, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (const char *at = list; !status;) {
        const size_t n = strcspn(at, ",");
        if (!n || find_class(l, at, n) >= 0)
            return pd_fail(err, PD_ERR_USAGE, -1, "--classes '%.200s': %s", list,
                           n ? "a name stands there twice" : "expected names with one comma between");
        status = add_class(l, at, n, err);
        at += n;
        if (!*at++)
            break;
    }
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The files are sorted, so a subfolder's come one after the other. */
static enum pd_status take_subfolders(struct pd_image_list *l, const char *below, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (size_t i = 0; !status && i < l->count; i++) {
        size_t n;
        const char *name = class_of(&l->at[i], below, &n);
        const bool last = l->class_count && n && !strncmp(l->classes[l->class_count - 1], name, n) &&
                          !l->classes[l->class_count - 1][n];
        if (n && !last)
            status = add_class(l, name, n, err);
    }
    if (l->class_count) /* "a-b/" lies before "a/", but "a" before "a-b" */
        qsort(l->classes, (size_t)l->class_count, sizeof *l->classes, by_name);
    return status;
}

/* Looks over the training files: do subfolders stand for given classes, and which of these has none? */
static bool match_given(struct pd_image_list *l, const char *below)
{
    bool any = false, subfolders = false;
    for (size_t i = 0; !subfolders && i < l->count; i++) {
        size_t n;
        class_of(&l->at[i], below, &n);
        subfolders = n > 0;
    }
    for (int k = l->class_count - 1; k >= 0; k--) {
        bool found = false;
        for (size_t i = 0; !found && i < l->count; i++) {
            size_t n;
            const char *name = class_of(&l->at[i], below, &n);
            found = n && !strncmp(l->classes[k], name, n) && !l->classes[k][n];
        }
        any = any || found;
        l->first_empty = found ? l->first_empty : k;
    }
    if (!any)
        l->first_empty = -1;
    l->unmatched = subfolders && !any;
    return any;
}

/* Sets the labels; a file of another class is refused, or left out where the classes were given. */
static enum pd_status label_files(struct pd_image_list *l, const char *below, bool given,
                                  struct pd_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        struct pd_image_file f = l->at[i];
        size_t n;
        const char *name = class_of(&f, below, &n);
        f.label = n ? find_class(l, name, n) : -1;
        if (n && f.label < 0 && !given)
            return pd_fail(err, PD_ERR_MISMATCH, -1, "'%s': class '%.*s' is not in train/", f.path,
                           (int)(n % 200), name);
        if (n && f.label < 0) {
            pd_free(f.path);
            l->left_out++;
        } else {
            l->at[kept++] = f;
        }
    }
    l->count = kept;
    return kept ? PD_OK : pd_fail(err, PD_ERR_IO, -1, "all images are of other classes than those given");
}

/* --- all --- */

static bool is_folder(const char *folder, const char *below)
{
    char path[PATH_SIZE];
    return !pd_path_join(path, sizeof path, folder, below, NULL) && pd_is_folder(path);
}

static enum pd_status read_list(struct pd_image_list *l, const char *folder, enum pd_split split,
                                const char *classes, struct pd_error *err)
{
    const bool given = classes && *classes;
    const char *train = is_folder(folder, "train") ? "train" : "", *below = train;
    if (split == PD_SPLIT_TEST && (!*train || !is_folder(folder, "test")))
        return pd_fail(err, PD_ERR_IO, -1,
                       "'%s' has no test split: that would be the images in its test/, beside train/",
                       folder);
    enum pd_status status = given ? take_given(l, classes, err) : PD_OK;
    if (!status)
        status = walk_folder(l, folder, train, err);
    if (!status && !given)
        status = take_subfolders(l, train, err);
    const bool labelled = !status && (given ? match_given(l, train) : l->class_count > 0);
    if (!status && split == PD_SPLIT_TEST) {
        forget(&l->at, &l->count);
        l->bytes = 0;
        below = "test";
        status = walk_folder(l, folder, below, err);
    }
    return !status && labelled ? label_files(l, below, given, err) : status;
}

enum pd_status pd_image_list_read(const char *folder, enum pd_split split, const char *classes,
                                  struct pd_image_list *out, struct pd_error *err)
{
    *out = (struct pd_image_list){.first_empty = -1};
    enum pd_status status = read_list(out, folder, split, classes, err);
    if (status)
        pd_image_list_release(out);
    return status;
}

static const struct stat *look(const char *folder, const char *name, struct stat *st)
{
    char path[PATH_SIZE];
    return pd_path_join(path, sizeof path, folder, name, NULL) || stat(path, st) ? NULL : st;
}

enum pd_status pd_image_list_stamp(struct pd_image_list *l, const char *folder, const char *other,
                                   struct pd_error *err)
{
    struct stat st;
    for (size_t i = 0; i < l->count; i++) {
        const struct stat *found = look(folder, l->at[i].path, &st);
        l->at[i].stamp = pd_image_stamp(found);
        l->bytes += found ? (uint64_t)found->st_size : 0;
    }
    return add(&l->others, &l->other_count, other, look(folder, other, &st), err);
}

void pd_image_list_release(struct pd_image_list *l)
{
    forget(&l->at, &l->count);
    forget(&l->others, &l->other_count);
    pd_free(l->classes);
    *l = (struct pd_image_list){.first_empty = -1};
}
