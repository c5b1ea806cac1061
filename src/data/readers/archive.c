#include "data/readers/archive.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/words.h"
#include "data/images/image.h"
#include "data/images/image_cache.h"
#include "data/images/image_layout.h"
#include "data/images/image_walk.h"
#include "data/labels/image_name.h"
#include "data/readers/readers.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/machine.h"
#include "io/unpack.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096, MOST_LABEL = 1 << 20 };

/* Pictures hardly shrink: what grows by more is no archive of them. */
#define GROWTH      20.0
#define FREE_GROWTH 268435456.0 /* bytes that any archive may unpack to */

/* --- names --- */

static bool ends_with(const char *name, const char *ending)
{
    const size_t n = strlen(name), m = strlen(ending);
    return n > m && !strcasecmp(name + n - m, ending);
}

bool pd_archive_is(const char *name)
{
    static const char *const endings[] = {".zip",  ".tar",    ".tar.gz", ".tgz",     ".tar.bz2",
                                          ".tbz2", ".tar.xz", ".txz",    ".tar.zst", ".tzst"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (ends_with(name, endings[i]))
            return true;
    return false;
}

/* --- where it is unpacked --- */

/* Archives by name; one alone is its own list. */
struct archives {
    char **at;
    size_t count;
};

static void release(struct archives *a)
{
    for (size_t i = 0; i < a->count; i++)
        pd_free(a->at[i]);
    pd_free(a->at);
}

static enum pd_status add(struct archives *a, const char *path, struct pd_error *err)
{
    char **more = pd_realloc(a->at, (a->count + 1) * sizeof *more);
    a->at = more ? more : a->at;
    if (!more || !(more[a->count] = pd_strdup(path)))
        return pd_fail_memory(err, path);
    a->count++;
    return PD_OK;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static enum pd_status list_folder(const char *path, struct archives *a, struct pd_error *err)
{
    char *const roots[] = {(char *)(uintptr_t)path, NULL};
    enum pd_status status = PD_OK;
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    if (!walk)
        return pd_fail_memory(err, path);
    for (FTSENT *e; !status && (errno = 0, e = fts_read(walk));) {
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR)
            status = pd_fail_io(err, e->fts_path, "list", e->fts_errno);
        if (e->fts_info == FTS_D && e->fts_level > 0)
            fts_set(walk, e, FTS_SKIP);
        if (e->fts_info == FTS_F && pd_archive_is(e->fts_name))
            status = add(a, e->fts_path, err);
    }
    if (!status && errno) /* not the end */
        status = pd_fail_io(err, path, "list", errno);
    fts_close(walk);
    return status;
}

enum pd_status pd_archive_is_folder_of(const char *folder, bool *is, struct pd_error *err)
{
    size_t archives = 0;
    bool others = false;
    DIR *dir = opendir(folder);
    *is = false;
    if (!dir)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES
                   ? PD_OK
                   : pd_fail_io(err, folder, "read", errno);
    errno = 0;
    for (struct dirent *e; !others && (e = readdir(dir)); errno = 0) {
        archives += pd_archive_is(e->d_name);
        others = e->d_name[0] != '.' && (e->d_type == DT_DIR || pd_image_is_ending(e->d_name));
    }
    enum pd_status status = !others && errno ? pd_fail_io(err, folder, "list", errno) : PD_OK;
    closedir(dir);
    *is = archives && !others;
    return status;
}

/* "imagenet-train-000017" of the archive of that name. */
static void name_of(const char *archive, char name[PATH_SIZE])
{
    snprintf(name, PATH_SIZE, "%s", pd_path_name(archive));
    char *ending = strcasestr(name, ".tar");
    *(ending ? ending : strrchr(name, '.')) = '\0';
}

/* Whether all are called as splits of one thing, for training and testing: "train-0.tar", "val-0.tar". */
static bool are_splits(const struct archives *a)
{
    char name[PATH_SIZE], first[PD_SPLIT_REST] = "", rest[PD_SPLIT_REST];
    size_t train = 0;
    for (size_t i = 0; i < a->count; i++) {
        name_of(a->at[i], name);
        const char *split = pd_image_split_within(name, strlen(name), i ? rest : first);
        if (!split || (i && strcasecmp(first, rest) != 0))
            return false;
        train += !strcmp(split, "train");
    }
    return train && train < a->count;
}

/* What the archives are, so that changed ones are unpacked anew. */
static enum pd_status write_key(const struct archives *a, struct pd_buffer *key, struct pd_error *err)
{
    pd_buffer_append(key, "splits\n", are_splits(a) ? sizeof "splits\n" - 1 : 0); /* lie elsewhere */
    for (size_t i = 0; i < a->count; i++) {
        struct stat st;
        char *real = realpath(a->at[i], NULL);
        if (!real || stat(real, &st)) {
            free(real);
            return pd_fail_io(err, a->at[i], "open", errno);
        }
        pd_buffer_printf(key, "archive %s %llx\n", real, (unsigned long long)pd_image_stamp(&st));
        free(real);
    }
    return key->oom ? pd_fail_memory(err, a->at[0]) : PD_OK;
}

static enum pd_status find_place(const struct archives *a, const char *path,
                                 const struct pd_data_request *request, char *folder, size_t size,
                                 struct pd_error *err)
{
    struct pd_buffer key = PD_BUFFER_INIT;
    char word[64];
    enum pd_status status = write_key(a, &key, err);
    if (!status)
        status = pd_image_cache_path(request->cache_dir, pd_path_word(word, sizeof word, path), key.data,
                                     folder, size, err);
    pd_buffer_release(&key);
    if (!status) /* a folder beside the caches */
        memcpy(strrchr(folder, '.'), ".files", sizeof ".files" - 1 + 1);
    return status;
}

/* --- unpacking --- */

struct unpacking {
    const struct pd_data_watch *watch; /* or NULL */
    uint64_t size;                     /* of the archive, in MB, at least 1 */
};

static bool go_on(void *context, int64_t done)
{
    const struct unpacking *u = context;
    const uint64_t mb = (uint64_t)done >> 20;
    return !u->watch || !u->watch->decoding ||
           !u->watch->decoding(u->watch->context, "MB", mb < u->size ? mb : u->size, u->size);
}

static enum pd_status unpack_one(const char *archive, const char *to, const struct pd_data_request *request,
                                 struct pd_error *err)
{
    struct stat st;
    enum pd_status status = pd_file_look(archive, &st, err);
    if (status)
        return status;
    struct unpacking u = {request->watch, ((uint64_t)st.st_size >> 20) + 1};
    const struct pd_watch watch = {go_on, &u};
    const double most = fmin(FREE_GROWTH + GROWTH * (double)st.st_size, 0.9 * pd_disk_free(to));
    go_on(&u, 0);
    status = pd_unpack_all(archive, to, (int64_t)fmin(most, 9e18), &watch, err);
    go_on(&u, INT64_MAX);
    return status;
}

/* A shard's name without its ending is the folder of its files; of splits those lie in theirs. */
static enum pd_status unpack_shards(const struct archives *a, const char *folder,
                                    const struct pd_data_request *request, struct pd_error *err)
{
    const bool splits = are_splits(a);
    enum pd_status status = pd_make_dirs(folder, err);
    for (size_t i = 0; i < a->count && !status; i++) {
        char to[PATH_SIZE], name[PATH_SIZE], in[PATH_SIZE], rest[PD_SPLIT_REST];
        name_of(a->at[i], name);
        status = pd_path_join(in, sizeof in, splits ? folder : "",
                              splits ? pd_image_split_within(name, strlen(name), rest) : folder, err);
        if (!status)
            status = pd_make_dirs(in, err);
        if (!status)
            status = pd_path_join(to, sizeof to, in, name, err);
        if (!status && !pd_is_folder(to))
            status = unpack_one(a->at[i], to, request, err);
    }
    return status;
}

/* --- WebDataset's labels --- */

/* Of JSON: "label", "cls" or "class", a text or a whole number. */
static bool read_json_label(const struct pd_buffer *text, char label[PD_CLASS_NAME_SIZE])
{
    static const char *const keys[] = {"label", "cls", "class"};
    json_t *root = json_loadb(text->data, text->size, 0, NULL), *value = NULL;
    for (size_t i = 0; i < 3 && !value; i++)
        value = json_object_get(root, keys[i]);
    if (json_is_string(value))
        snprintf(label, PD_CLASS_NAME_SIZE, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(label, PD_CLASS_NAME_SIZE, "%lld", (long long)json_integer_value(value));
    const bool found = json_is_string(value) || json_is_integer(value);
    json_decref(root);
    return found;
}

/* The label beside an image: WebDataset's key is the name up to its first dot. */
static enum pd_status read_label(const char *image, char label[PD_CLASS_NAME_SIZE], bool *found,
                                 struct pd_error *err)
{
    static const char *const endings[] = {".cls", ".cls.txt", ".json"};
    const char *slash = strrchr(image, '/'), *dot = strchr(slash ? slash : image, '.');
    enum pd_status status = PD_OK;
    *found = false;
    for (size_t i = 0; i < 3 && dot && !*found && !status; i++) {
        char path[PATH_SIZE];
        struct pd_error why;
        struct pd_buffer text = PD_BUFFER_INIT;
        snprintf(path, sizeof path, "%.*s%s", (int)(dot - image), image, endings[i]);
        status = pd_file_read_most(path, MOST_LABEL, &text, &why);
        if (!status && text.size) {
            if (i < 2)
                snprintf(label, PD_CLASS_NAME_SIZE, "%.*s", (int)strcspn(text.data, "\r\n"), text.data);
            *found = i < 2 || read_json_label(&text, label);
        }
        if (status == PD_ERR_FORMAT || (status && pd_is_missing(&why)))
            status = PD_OK;
        if (status && err)
            *err = why;
        pd_buffer_release(&text);
    }
    return status;
}

static enum pd_status write_labels(const char *folder, struct pd_csv *csv, size_t *found,
                                   struct pd_error *err)
{
    char *const roots[] = {(char *)(uintptr_t)folder, NULL};
    const size_t skip = strlen(folder) + 1;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (!walk)
        return pd_fail_memory(err, folder);
    pd_csv_text(csv, "file_name");
    pd_csv_text(csv, "label");
    pd_csv_end_row(csv);
    enum pd_status status = PD_OK;
    for (FTSENT *e; !status && (errno = 0, e = fts_read(walk));) {
        char label[PD_CLASS_NAME_SIZE], name[PATH_SIZE];
        bool labelled = false;
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
            status = pd_fail_io(err, e->fts_path, "list", e->fts_errno);
        if (!status && e->fts_info == FTS_F && pd_image_is_ending(e->fts_name))
            status = read_label(e->fts_path, label, &labelled, err);
        if (status || !labelled)
            continue;
        pd_image_name(name, sizeof name, e->fts_path + skip, strlen(e->fts_path + skip));
        pd_csv_text(csv, name);
        pd_csv_text(csv, label);
        pd_csv_end_row(csv);
        ++*found;
    }
    if (!status && errno) /* not the end */
        status = pd_fail_io(err, folder, "list", errno);
    fts_close(walk);
    return status;
}

static enum pd_status gather_labels(const char *folder, struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_csv *csv;
    size_t found = 0;
    enum pd_status status = pd_path_join(path, sizeof path, folder, "metadata.csv", err);
    struct stat st;
    if (status || !stat(path, &st))
        return status;
    if (errno != ENOENT)
        return pd_fail_io(err, path, "look at", errno);
    status = pd_csv_create(path, &csv, err);
    if (!status)
        status = write_labels(folder, csv, &found, err);
    if (!status && found)
        status = pd_csv_commit(csv, err);
    pd_csv_destroy(csv);
    return status;
}

enum pd_status pd_archive_unpack(const char *path, const struct pd_data_request *request, char *folder,
                                 size_t size, struct pd_error *err)
{
    struct archives a = {NULL, 0};
    const bool shards = pd_is_folder(path);
    enum pd_status status = shards ? list_folder(path, &a, err) : add(&a, path, err);
    if (!status && !a.count)
        status = pd_fail(err, PD_ERR_IO, -1, "'%.200s': no archive in it", path);
    if (!status)
        status = find_place(&a, path, request, folder, size, err);
    if (!status && shards)
        status = unpack_shards(&a, folder, request, err);
    else if (!status && !pd_is_folder(folder)) {
        char parent[PATH_SIZE];
        snprintf(parent, sizeof parent, "%s", folder);
        *strrchr(parent, '/') = '\0';
        status = pd_make_dirs(parent, err);
        if (!status)
            status = unpack_one(path, folder, request, err);
    }
    if (!status && chmod(folder, S_IRWXU))
        status = pd_fail_io(err, folder, "change", errno);
    if (!status)
        status = gather_labels(folder, err);
    release(&a);
    return status;
}
