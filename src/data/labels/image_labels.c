#include "data/labels/image_labels.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/words.h"
#include "data/labels/image_index.h"
#include "data/labels/image_name.h"
#include "data/labels/label_table.h"
#include "io/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096, MANY_CLASSES = 200 };

struct labelling {
    struct pd_image_list *list;
    struct pd_label_table table;
    char path[PATH_SIZE]; /* of the table; "": there is none */
    enum pd_split split;
    bool by_column;           /* the table says which split */
    struct pd_buffer names;   /* of the images, one behind the other */
    struct pd_dataset images; /* them, for the index */
    struct pd_image_index index;
    const struct pd_label_row **row_of; /* (list->count): what the table says about each image, or NULL */
    size_t unknown;                     /* rows that name no image, and the first of them */
    const char *first_unknown;
    size_t clashes; /* images that rows give different classes */
};

/* --- which file --- */

/* In the folder, or in a split's own. */
static bool find_usual(const char *folder, const char *below, char path[PATH_SIZE])
{
    static const char *const usual[] = {"metadata.csv", "metadata.jsonl"};
    for (int i = 0; i < 2; i++) {
        const int n = snprintf(path, PATH_SIZE, "%s/%s%s%s", folder, below, *below ? "/" : "", usual[i]);
        if (n > 0 && n < PATH_SIZE && pd_is_file(path))
            return true;
    }
    *path = '\0';
    return false;
}

static void find_table(const char *folder, const struct pd_data_request *request, char path[PATH_SIZE])
{
    static const char *const below[2][4] = {[PD_SPLIT_TRAIN] = {"", "train", "Training", "training"},
                                            [PD_SPLIT_TEST] = {"", "test", "Testing", "testing"}};
    if (request->metadata && *request->metadata) {
        snprintf(path, PATH_SIZE, "%s", request->metadata);
        return;
    }
    for (int i = 0; i < 4; i++)
        if (find_usual(folder, below[request->split][i], path))
            return;
}

/* --- which row is about which image --- */

static enum pd_status open_index(struct labelling *l, struct pd_error *err)
{
    for (size_t i = 0; i < l->list->count; i++) {
        const char *path = l->list->at[i].path;
        pd_image_name_append(&l->names, path, strlen(path));
        pd_buffer_append(&l->names, "", 1);
    }
    l->row_of = pd_calloc(l->list->count, sizeof *l->row_of);
    if (l->names.oom || !l->row_of || l->list->count > UINT32_MAX)
        return pd_fail_memory(err, l->path);
    snprintf(l->images.name, sizeof l->images.name, "images");
    l->images.count = (uint32_t)l->list->count;
    enum pd_status status = pd_dataset_name_images(&l->images, l->names.data, err);
    return status ? status : pd_image_index_init(&l->index, &l->images, err);
}

/* Kaggle's tables leave the ending out. */
static int64_t find_image(const struct labelling *l, const char *name)
{
    static const char *const endings[] = {".png",  ".jpg", ".jpeg", ".webp", ".tif",
                                          ".tiff", ".bmp", ".gif",  ".JPG"};
    int64_t found = pd_image_find(&l->index, name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0] && found < 0; i++) {
        char longer[PATH_SIZE];
        if (snprintf(longer, sizeof longer, "%s%s", name, endings[i]) < (int)sizeof longer)
            found = pd_image_find(&l->index, longer);
    }
    return found;
}

static void match_rows(struct labelling *l)
{
    for (size_t i = 0; i < l->table.count; i++) {
        const struct pd_label_row *row = &l->table.at[i];
        const int64_t image = find_image(l, row->image);
        if (image < 0) {
            l->first_unknown = l->unknown++ ? l->first_unknown : row->image;
            continue;
        }
        const struct pd_label_row *before = l->row_of[image];
        l->clashes += before && *before->label && strcmp(before->label, row->label) != 0;
        if (!before || !*before->label)
            l->row_of[image] = row;
        else if (strcmp(before->label, row->label) != 0)
            l->row_of[image] = NULL; /* nobody knows */
    }
}

/* --- splits by a column --- */

static bool begins(const char *text, const char *word)
{
    return !strncasecmp(text, word, strlen(word));
}

static bool any_row(const struct labelling *l, const char *word)
{
    for (size_t i = 0; i < l->table.count; i++)
        if (begins(l->table.at[i].split, word))
            return true;
    return false;
}

/* Validation images serve where there are no test images. */
static const char *split_word(const struct labelling *l)
{
    static const char *const tests[] = {"test", "val", "dev", "eval"};
    for (size_t i = 0; i < 4 && l->split == PD_SPLIT_TEST; i++)
        if (any_row(l, tests[i]))
            return tests[i];
    return l->split == PD_SPLIT_TEST ? "test" : "train";
}

/* Images of another split leave the list. */
static void keep_split(struct labelling *l)
{
    const char *word = split_word(l);
    size_t kept = 0;
    for (size_t i = 0; i < l->list->count; i++) {
        const struct pd_label_row *row = l->row_of[i];
        if (row && !begins(row->split, word)) {
            pd_free(l->list->at[i].path);
            continue;
        }
        if (!row && l->split == PD_SPLIT_TEST) {
            pd_free(l->list->at[i].path);
            continue;
        }
        l->list->at[kept] = l->list->at[i];
        l->row_of[kept++] = row;
    }
    l->list->count = kept;
}

/* --- classes --- */

static bool all_numbers(const struct pd_label_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->at[i].label[strspn(t->at[i].label, "0123456789")] || strlen(t->at[i].label) > 9)
            return false;
    return true;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_number(const void *a, const void *b)
{
    const long x = strtol(*(const char *const *)a, NULL, 10), y = strtol(*(const char *const *)b, NULL, 10);
    return x != y ? (x > y) - (x < y) : by_bytes(a, b);
}

static enum pd_status add_classes(struct labelling *l, struct pd_error *err)
{
    const struct pd_label_table *t = &l->table;
    const char **labels = pd_malloc((t->count + 1) * sizeof *labels), *last = "";
    size_t n = 0, different = 0;
    enum pd_status status = PD_OK;
    if (!labels)
        return pd_fail_memory(err, l->path);
    for (size_t i = 0; i < t->count; i++)
        if (*t->at[i].label)
            labels[n++] = t->at[i].label;
    qsort(labels, n, sizeof *labels, all_numbers(t) ? by_number : by_bytes);
    for (size_t i = 0; i < n; last = labels[i++])
        different += strcmp(labels[i], last) != 0;
    if (different > MANY_CLASSES && 2 * different > n)
        status = pd_hint(err,
                         pd_fail(err, PD_ERR_MISMATCH, -1,
                                 "%s: %zu different labels in %zu rows (%s): name the label's column",
                                 l->path, different, n, l->table.columns),
                         "metadata-columns=IMAGE,LABEL");
    last = "";
    for (size_t i = 0; !status && i < n; last = labels[i++])
        if (strcmp(labels[i], last) != 0)
            status = pd_image_list_add_class(l->list, labels[i], strlen(labels[i]), err);
    pd_free(labels);
    return status;
}

static void label_images(struct labelling *l)
{
    struct pd_image_list *list = l->list;
    for (size_t i = 0; i < list->count; i++) {
        list->at[i].label = -1;
        for (int k = 0; l->row_of[i] && k < list->class_count && list->at[i].label < 0; k++)
            if (!strcmp(list->classes[k], l->row_of[i]->label))
                list->at[i].label = k;
    }
}

/* --- what is said of it --- */

static enum pd_status tell(const struct labelling *l, struct pd_error *err)
{
    struct pd_buffer words = PD_BUFFER_INIT;
    size_t labelled = 0;
    for (size_t i = 0; i < l->list->count; i++)
        labelled += l->list->at[i].label >= 0;
    pd_buffer_printf(&words, "labels of %zu images from %s (%s%s%s)", labelled, l->path, l->table.format,
                     *l->table.columns ? ", " : "", l->table.columns);
    if (l->unknown)
        pd_buffer_printf(&words, "; %zu of its rows name no image here, the first: '%.100s'", l->unknown,
                         l->first_unknown);
    if (l->table.several + l->clashes)
        pd_buffer_printf(&words, "; %zu images have several classes there, so none",
                         l->table.several + l->clashes);
    if (l->by_column) {
        l->list->notes[0] = '\0'; /* that there is no test split */
        pd_buffer_printf(&words, "; its '%s' rows are this split", split_word(l));
    }
    pd_buffer_append(&words, "", 1);
    enum pd_status status = words.oom ? pd_fail_memory(err, l->path)
                                      : pd_image_list_note(l->list, pd_make_printable(words.data), err);
    pd_buffer_release(&words);
    return status;
}

/* --- all --- */

/* The file is one that the list is from, so that a cache knows when it has changed. */
static enum pd_status stamp_table(const struct labelling *l, const char *folder, struct pd_error *err)
{
    char *real = realpath(l->path, NULL), *root = realpath(folder, NULL);
    struct stat st;
    const size_t n = root ? strlen(root) : 0;
    enum pd_status status =
        real && root ? pd_file_look(real, &st, err) : pd_fail_io(err, l->path, "look at", errno);
    if (!status && real && root) {
        const bool within = !strncmp(real, root, n) && real[n] == '/';
        status = pd_image_file_add(&l->list->others, &l->list->other_count, within ? real + n + 1 : real,
                                   pd_image_stamp(&st), err);
    }
    free(real);
    free(root);
    return status;
}

static enum pd_status label(struct labelling *l, const char *folder, struct pd_error *err)
{
    enum pd_status status = open_index(l, err);
    if (status)
        return status;
    match_rows(l);
    if (l->unknown == l->table.count)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s: none of its %zu rows names an image in '%.200s' (the first: '%.100s'); %s",
                       l->path, l->table.count, folder, l->first_unknown, l->table.columns);
    if (l->by_column)
        keep_split(l);
    if (!l->list->count)
        return pd_fail(err, PD_ERR_IO, -1, "%s: no row of the %s split", l->path,
                       l->split == PD_SPLIT_TEST ? "test" : "training");
    status = l->list->class_count ? PD_OK : add_classes(l, err);
    if (status)
        return status;
    label_images(l);
    status = stamp_table(l, folder, err);
    return status ? status : tell(l, err);
}

static bool says_split(const struct pd_label_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (*t->at[i].split)
            return true;
    return false;
}

/* Folders of splits come before a column that names them. */
static enum pd_status list_images(struct labelling *l, const char *folder,
                                  const struct pd_data_request *request, struct pd_error *err)
{
    struct pd_error why = {.status = PD_OK};
    enum pd_status status = pd_image_list_read_plain(folder, PD_SPLIT_TEST, request->classes, l->list, &why);
    l->by_column = status == PD_ERR_IO && says_split(&l->table);
    if (l->by_column || request->split == PD_SPLIT_TRAIN) {
        if (!status)
            pd_image_list_release(l->list);
        status = pd_image_list_read_plain(folder, PD_SPLIT_TRAIN, request->classes, l->list, err);
    } else if (status && err) {
        *err = why;
    }
    return status;
}

static void close_index(struct labelling *l)
{
    pd_image_index_release(&l->index);
    pd_free(l->images.image_names);
    pd_free(l->row_of);
    pd_buffer_release(&l->names);
    pd_label_table_release(&l->table);
}

enum pd_status pd_image_labels_list(const char *folder, const struct pd_data_request *request,
                                    struct pd_image_list *out, struct pd_error *err)
{
    struct labelling l = {.list = out, .split = request->split};
    find_table(folder, request, l.path);
    if (!*l.path)
        return pd_image_list_read(folder, request->split, request->classes, out, err);
    *out = (struct pd_image_list){.at = NULL};
    enum pd_status status = pd_label_table_read(l.path, request->metadata_columns, &l.table, err);
    if (!status)
        status = list_images(&l, folder, request, err);
    if (!status) {
        status = label(&l, folder, err);
        if (status)
            pd_image_list_release(out);
    }
    close_index(&l);
    return status;
}
