#include "data/images/image_walk.h"

#include "base/mem.h"
#include "data/images/image.h"
#include "base/words.h"
#include "io/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, LONGEST_ENDING = 10 };

const char pd_passed_system_file[] = "system file";
const char pd_passed_system_folder[] = "system folder";
const char pd_passed_run[] = "run of paydirt";
const char pd_passed_samples[] = "folder of samples";
const char pd_passed_picture[] = "picture of paydirt";

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

/* --- lists --- */

/* Room for one more: full with 0, 1, 3, 7, ... of them. */
static bool grow(void **at, size_t count, size_t size)
{
    void *more = count & (count + 1) ? *at : pd_realloc(*at, (2 * count + 1) * size);
    if (more)
        *at = more;
    return more != NULL;
}

enum pd_status pd_image_file_add(struct pd_image_file **at, size_t *count, const char *path, uint64_t stamp,
                                 struct pd_error *err)
{
    void *more = *at;
    const bool room = grow(&more, *count, sizeof **at);
    *at = more;
    char *copy = room ? pd_strdup(path) : NULL;
    if (!copy)
        return pd_fail_memory(err, path);
    (*at)[(*count)++] = (struct pd_image_file){copy, -1, stamp};
    return PD_OK;
}

void pd_image_files_release(struct pd_image_file **at, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        pd_free((*at)[i].path);
    pd_free(*at);
    *at = NULL;
    *count = 0;
}

/* --- the walk --- */

/* A folder that is being read, and those around it: a link may lead back to one. */
struct around {
    const struct around *above;
    dev_t device;
    ino_t number;
};

struct walk {
    struct pd_image_walk *out;
    char path[PATH_SIZE];
    size_t size, skip;   /* bytes of path, and of the folder in front with its '/' */
    size_t first_passed; /* of this folder */
    const struct around *around;
};

static const char *below(const struct walk *w)
{
    return w->size < w->skip ? "" : w->path + w->skip;
}

/* This folder's record of that kind; a new one has no path yet. NULL: no memory. */
static struct pd_passed *record_of(struct walk *w, const char *kind)
{
    struct pd_image_walk *out = w->out;
    for (size_t i = w->first_passed; i < out->passed_count; i++)
        if (!strcmp(out->passed[i].kind, kind))
            return &out->passed[i];
    void *more = out->passed;
    const bool room = grow(&more, out->passed_count, sizeof *out->passed);
    out->passed = more;
    if (!room)
        return NULL;
    struct pd_passed *p = &out->passed[out->passed_count++];
    *p = (struct pd_passed){.path = NULL};
    snprintf(p->kind, sizeof p->kind, "%s", kind);
    return p;
}

int pd_passed_table_rank(const char *path)
{
    static const struct {
        const char *word;
        int rank;
    } words[] = {{"submission", 0}, {"test", 1},       {"train", 4},
                 {"label", 3},      {"annotation", 3}, {"metadata", 3}};
    const char *name = pd_path_name(path);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasestr(name, words[i].word))
            return words[i].rank;
    return 2;
}

/* Whether it is shown rather than another of its kind. */
static bool comes_before(const char *name, const char *other)
{
    const int rank = pd_passed_table_rank(name), beside = pd_passed_table_rank(other);
    return rank != beside ? rank > beside : strcmp(name, other) < 0;
}

/* Entries come in any order: the likeliest table of labels, and the first by name, is kept. */
static enum pd_status pass(struct walk *w, const char *kind, const char *name, struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_passed *p = record_of(w, kind);
    if (!p)
        return pd_fail_memory(err, w->path);
    p->count++;
    if (p->path && !comes_before(name, pd_path_name(p->path)))
        return PD_OK;
    enum pd_status status = pd_path_join(path, sizeof path, below(w), name, err);
    char *copy = status ? NULL : pd_strdup(path);
    if (!copy)
        return status ? status : pd_fail_memory(err, w->path);
    pd_free(p->path);
    p->path = copy;
    return PD_OK;
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcasecmp(name, names[i]))
            return true;
    return false;
}

/* What no person has put there. "._x.jpg" beside x.jpg is its Mac's, and no image. */
static bool is_system_name(const char *name, bool folder)
{
    static const char *const folders[] = {
        "__MACOSX",        "@eaDir",      "@tmp",      "@Recycle",   "@Recently-Snapshot",
        "@SynoResource",   "#recycle",    "#snapshot", "lost+found", "System Volume Information",
        "$RECYCLE.BIN",    "RECYCLER",    "RECYCLED",  "$Extend",    "Network Trash Folder",
        "Temporary Items", "__pycache__", "FOUND.000",
    };
    static const char *const files[] = {"Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r"};
    const char *ending = strrchr(name, '.');
    if (name[0] == '.')
        return strcmp(ending, ".icloud") != 0; /* .1.jpg.icloud stands for a picture that is elsewhere */
    return folder ? is_among(name, folders, sizeof folders / sizeof folders[0])
                  : is_among(name, files, sizeof files / sizeof files[0]);
}

/* By what train and active leave in a folder. */
static bool is_run(int folder)
{
    static const char *const others[] = {"log.jsonl", "active.json", "checkpoint.safetensors"};
    if (faccessat(folder, "options.json", F_OK, 0))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (!faccessat(folder, others[i], F_OK, 0))
            return true;
    return false;
}

/* By the table that export --samples leaves there. */
static bool is_samples(int folder)
{
    static const char columns[] = "file,class,label,number,seed,logit,log_p_class,d";
    char head[sizeof columns - 1];
    const int fd = openat(folder, "manifest.csv", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)sizeof head && !memcmp(head, columns, sizeof head);
}

/* ".heic" of "A.HEIC", ".nii.gz" of "a.nii.gz". */
static enum pd_status pass_file(struct walk *w, const char *name, struct pd_error *err)
{
    char kind[PD_PASSED_KIND] = "file of no ending";
    const char *dot = strrchr(name, '.');
    const bool packed = dot && !strcasecmp(dot, ".gz") && pd_image_unread(name);
    size_t n = 0;
    while (packed && dot > name && *--dot != '.') {
    }
    while (dot && n <= LONGEST_ENDING &&
           (isalnum((unsigned char)dot[n + 1]) || (packed && dot[n + 1] == '.')))
        n++;
    if (n && n <= LONGEST_ENDING && !dot[n + 1])
        for (size_t i = 0; i <= n + 1; i++)
            kind[i] = (char)tolower((unsigned char)dot[i]);
    return pass(w, kind, name, err);
}

static enum pd_status take_file(struct walk *w, const char *name, struct pd_error *err)
{
    char path[PATH_SIZE];
    if (!pd_image_is_ending(name))
        return pass_file(w, name, err);
    enum pd_status status = pd_path_join(path, sizeof path, below(w), name, err);
    return status ? status : pd_image_file_add(&w->out->files, &w->out->file_count, path, 0, err);
}

/* A name in a folder; mode: of what it leads to, 0 where that is nothing. */
static enum pd_status take_entry(struct walk *w, const char *name, mode_t mode,
                                 struct pd_image_file **folders, size_t *folder_count, struct pd_error *err)
{
    static const struct {
        mode_t mode;
        const char *kind;
    } others[] = {{S_IFIFO, "pipe"}, {S_IFSOCK, "socket"}, {S_IFCHR, "device"}, {S_IFBLK, "device"}};
    if (w->size + strlen(name) + 2 > sizeof w->path)
        return pass(w, "path of too many bytes", "", err);
    if (is_system_name(name, S_ISDIR(mode)))
        return pass(w, S_ISDIR(mode) ? pd_passed_system_folder : pd_passed_system_file, name, err);
    if (S_ISDIR(mode))
        return pd_image_file_add(folders, folder_count, name, 0, err);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if ((mode & S_IFMT) == others[i].mode)
            return pass(w, others[i].kind, name, err);
    if (!mode && !pd_image_is_ending(name))
        return pass(w, "broken link", name, err);
    return take_file(w, name, err);
}

/* What the entry leads to, 0: nothing. false: that cannot be told, or it is gone by now (errno is ENOENT). */
static bool find_mode(int folder, const struct dirent *e, mode_t *mode)
{
    struct stat st;
    *mode = e->d_type == DT_REG ? S_IFREG : e->d_type == DT_DIR ? S_IFDIR : 0;
    if (*mode)
        return true;
    if (!fstatat(folder, e->d_name, &st, 0)) {
        *mode = st.st_mode & S_IFMT;
        return true;
    }
    const int why = errno;
    const bool link = !fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode);
    errno = why;
    return link && (why == ENOENT || why == ELOOP || why == ENOTDIR || why == EACCES);
}

static enum pd_status take_entries(struct walk *w, DIR *dir, struct pd_image_file **folders,
                                   size_t *folder_count, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    struct dirent *e;
    while (!status && (errno = 0, e = readdir(dir))) {
        mode_t mode;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        if (find_mode(dirfd(dir), e, &mode))
            status = take_entry(w, e->d_name, mode, folders, folder_count, err);
        else if (errno != ENOENT)
            status = pd_fail_io(err, w->path, "look at what is in it", errno);
    }
    return status || !errno ? status : pd_fail_io(err, w->path, "list", errno);
}

static bool is_around(const struct around *a, const struct stat *st)
{
    for (; a; a = a->above)
        if (a->device == st->st_dev && a->number == st->st_ino)
            return true;
    return false;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct pd_image_file *)a)->path, ((const struct pd_image_file *)b)->path);
}

/* No deeper than w->path has room for: take_entry sees to it. NOLINTBEGIN(misc-no-recursion) */
static enum pd_status walk(struct walk *w, struct pd_error *err);

static enum pd_status walk_into(struct walk *w, const char *name, struct pd_error *err)
{
    const size_t size = w->size;
    w->size += (size_t)snprintf(w->path + size, sizeof w->path - size, "/%s", name);
    enum pd_status status = walk(w, err);
    w->size = size;
    w->path[size] = '\0';
    return status;
}

/* The folder's own entries, then what lies in its folders; it is closed by then, so that no depth needs
 * more descriptors than there are. */
static enum pd_status walk_open(struct walk *w, DIR *dir, const struct stat *st, struct pd_error *err)
{
    const struct around here = {w->around, st->st_dev, st->st_ino};
    struct pd_image_file *folders = NULL;
    size_t count = 0;
    w->first_passed = w->out->passed_count;
    enum pd_status status =
        pd_image_file_add(&w->out->folders, &w->out->folder_count, below(w), pd_image_stamp(st), err);
    if (!status)
        status = take_entries(w, dir, &folders, &count, err);
    closedir(dir);
    if (count)
        qsort(folders, count, sizeof *folders, by_path); /* so that the first of a kind is always the same */
    w->around = &here;
    for (size_t i = 0; !status && i < count; i++)
        status = walk_into(w, folders[i].path, err);
    w->around = here.above;
    pd_image_files_release(&folders, &count);
    return status;
}

static enum pd_status walk(struct walk *w, struct pd_error *err)
{
    struct stat st;
    DIR *dir = opendir(w->path);
    if (!dir || fstat(dirfd(dir), &st)) {
        const int why = errno;
        if (dir)
            closedir(dir);
        return pd_fail_io(err, w->path, "read", why);
    }
    const bool again = is_around(w->around, &st), run = !again && is_run(dirfd(dir));
    const bool samples = !again && w->around && is_samples(dirfd(dir)); /* alone they may be data */
    if (!again && !run && !samples)
        return walk_open(w, dir, &st, err);
    closedir(dir);
    if (again)
        return PD_OK;
    w->first_passed = w->out->passed_count; /* each by its own name */
    return w->around ? pass(w, run ? pd_passed_run : pd_passed_samples, "", err)
                     : pd_fail(err, PD_ERR_IO, -1, "'%s' is a run of paydirt, no folder of images", w->path);
}
/* NOLINTEND(misc-no-recursion) */

enum pd_status pd_image_walk(const char *folder, struct pd_image_walk *out, struct pd_error *err)
{
    struct walk w = {.out = out};
    *out = (struct pd_image_walk){.files = NULL};
    enum pd_status status = pd_path_join(w.path, sizeof w.path, "", folder, err);
    w.size = strlen(w.path);
    w.skip = w.size + 1;
    if (!status)
        status = walk(&w, err);
    if (!status && out->file_count)
        qsort(out->files, out->file_count, sizeof *out->files, by_path);
    return status;
}

void pd_image_walk_release(struct pd_image_walk *walk)
{
    for (size_t i = 0; i < walk->passed_count; i++)
        pd_free(walk->passed[i].path);
    pd_free(walk->passed);
    pd_image_files_release(&walk->files, &walk->file_count);
    pd_image_files_release(&walk->folders, &walk->folder_count);
    *walk = (struct pd_image_walk){.files = NULL};
}
