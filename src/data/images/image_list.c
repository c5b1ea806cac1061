#include "data/images/image_list.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/images/image.h"
#include "data/images/image_layout.h"
#include "data/labels/class_words.h"
#include "data/labels/image_name.h"
#include "data/images/image_words.h"
#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

struct reader {
    struct pd_image_list *out;
    const char *folder;
    struct pd_image_walk walk;
    struct pd_image_layout layout;
    struct pd_buffer notes;
    bool given; /* the classes */
    bool plain; /* subfolders are no classes */
};

/* --- which classes --- */

/* The subfolder's name, as text and size; size 0: none that could be a class. */
static const char *class_of(const struct pd_image_file *f, struct pd_image_level level, size_t *size)
{
    const char *name = f->path + level.prefix, *slash = strchr(name, '/');
    *size = slash ? (size_t)(slash - name) : 0;
    if (pd_image_is_unlabelled(name, *size))
        *size = 0;
    return name;
}

static int find_class(const struct pd_image_list *l, const char *name)
{
    for (int k = 0; k < l->class_count; k++)
        if (!strcmp(l->classes[k], name))
            return k;
    return -1;
}

enum pd_status pd_image_list_add_class(struct pd_image_list *l, const char *name, size_t size,
                                       struct pd_error *err)
{
    char text[PD_CLASS_NAME_SIZE] = ""; /* all of it goes into the cache */
    if (pd_image_name(text, sizeof text, name, size) >= sizeof text)
        return pd_fail(err, PD_ERR_FORMAT, -1, "class name '%.200s' is longer than %d bytes", name,
                       PD_CLASS_NAME_SIZE - 1);
    void *more = pd_realloc(l->classes, ((size_t)l->class_count + 1) * sizeof *l->classes);
    if (!more)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the names of classes");
    l->classes = more;
    memcpy(l->classes[l->class_count++], text, sizeof text);
    return PD_OK;
}

static enum pd_status fail_given(const char *list, const char *why, struct pd_error *err)
{
    return pd_hint(err, pd_fail(err, PD_ERR_USAGE, -1, "classes '%.200s': %s", list, why), "classes");
}

/* People write a folder's name as it was shown, or byte for byte. */
static enum pd_status take_given(struct pd_image_list *l, const char *list, struct pd_error *err)
{
    char path[PATH_SIZE], one[PATH_SIZE];
    for (const char *at = list;;) {
        const size_t n = strcspn(at, ",");
        snprintf(one, sizeof one, "%.*s", (int)(n < sizeof one ? n : sizeof one - 1), at);
        pd_image_path(one, path, sizeof path);
        const int before = l->class_count;
        enum pd_status status = n ? pd_image_list_add_class(l, path, strlen(path), err) : PD_OK;
        if (status)
            return status;
        if (!n || find_class(l, l->classes[before]) != before)
            return fail_given(list, n ? "a name stands there twice" : "expected names with one comma between",
                              err);
        at += n;
        if (!*at++)
            return PD_OK;
    }
}

/* Whether a folder, at whatever depth, is called so. */
static bool is_folder(const struct reader *r, const char *name)
{
    char text[PD_CLASS_NAME_SIZE];
    for (size_t i = 0; i < r->walk.folder_count; i++) {
        const char *own = pd_path_name(r->walk.folders[i].path);
        pd_image_name(text, sizeof text, own, strlen(own));
        if (!strcmp(text, name))
            return true;
    }
    return false;
}

/* "cat, dog": the blank is no part of a class's name, unless a folder is called so. Labels of tables have
 * none around them. */
static enum pd_status trim_given(struct reader *r, const char *list, struct pd_error *err)
{
    struct pd_image_list *l = r->out;
    for (int k = 0; k < l->class_count; k++) {
        char name[PD_CLASS_NAME_SIZE] = ""; /* all of it goes into the cache */
        size_t size;
        const char *own = pd_trim(l->classes[k], &size);
        snprintf(name, sizeof name, "%.*s", (int)size, own);
        if (!size || size == strlen(l->classes[k]) ||
            !(r->plain || (!is_folder(r, l->classes[k]) && is_folder(r, name))))
            continue;
        if (find_class(l, name) >= 0)
            return fail_given(list, "a name stands there twice", err);
        memcpy(l->classes[k], name, sizeof name);
    }
    return PD_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A subfolder's files come one after the other. */
static bool is_same_class(const char *name, size_t size, const char *last, size_t last_size)
{
    return last && size == last_size && !memcmp(name, last, size);
}

static enum pd_status take_subfolders(struct reader *r, struct pd_error *err)
{
    struct pd_image_list *l = r->out;
    const struct pd_image_level level = r->layout.train;
    enum pd_status status = PD_OK;
    const char *last = NULL;
    size_t last_size = 0;
    for (size_t i = level.begin; !status && i < level.end; i++) {
        size_t n;
        const char *name = class_of(&r->walk.files[i], level, &n);
        if (n && !is_same_class(name, n, last, last_size))
            status = pd_image_list_add_class(l, name, n, err);
        last = name;
        last_size = n;
    }
    if (l->class_count) /* "a-b/" lies before "a/", but "a" before "a-b" */
        qsort(l->classes, (size_t)l->class_count, sizeof *l->classes, by_name);
    return status;
}

/* What a label of -1 says of a file in a subfolder: it is of another class. */
enum { OTHER_CLASS = -2 };

/* Sets labels; returns how many are of a class. */
static size_t label_files(struct reader *r, struct pd_image_level level, bool *subfolders)
{
    const char *last = NULL;
    size_t last_size = 0, labelled = 0;
    int32_t label = -1;
    for (size_t i = level.begin; i < level.end; i++) {
        struct pd_image_file *f = &r->walk.files[i];
        char text[PD_CLASS_NAME_SIZE];
        size_t n;
        const char *name = class_of(f, level, &n);
        if (!is_same_class(name, n, last, last_size)) {
            pd_image_name(text, sizeof text, name, n);
            label = n ? find_class(r->out, text) : -1;
            label = n && label < 0 ? OTHER_CLASS : label;
        }
        last = name;
        last_size = n;
        f->label = label;
        labelled += label >= 0;
        *subfolders = *subfolders || n;
    }
    return labelled;
}

/* The class of the first folder in a path that has a given one's name, or -1. */
static int32_t class_below(const struct pd_image_list *l, const char *path)
{
    char text[PD_CLASS_NAME_SIZE];
    int label = -1;
    for (const char *slash; label < 0 && (slash = strchr(path, '/')); path = slash + 1) {
        pd_image_name(text, sizeof text, path, (size_t)(slash - path));
        label = find_class(l, text);
    }
    return label;
}

/* Where years or sites lie above the classes. */
static size_t label_deeper(struct reader *r, struct pd_image_level level)
{
    size_t labelled = 0;
    for (size_t i = level.begin; i < level.end; i++) {
        struct pd_image_file *f = &r->walk.files[i];
        f->label = class_below(r->out, f->path + level.prefix);
        labelled += f->label >= 0;
    }
    return labelled;
}

/* --- words --- */

static void note(struct reader *r, const char *words)
{
    if (*words)
        pd_buffer_printf(&r->notes, "%s\n", words);
}

static bool is_below(const char *path, const char *folder, size_t size)
{
    return !strncmp(path, folder, size) && (!path[size] || path[size] == '/' || !size);
}

/* Whether an image, or a run, lies below the folder. */
static bool is_empty(const struct reader *r, const char *folder)
{
    const size_t size = strlen(folder);
    size_t low = 0, high = r->walk.file_count;
    while (low < high) { /* the first file that does not come before "folder/" */
        const size_t middle = low + (high - low) / 2;
        const int d = strncmp(r->walk.files[middle].path, folder, size);
        if (d < 0 || (!d && (unsigned char)r->walk.files[middle].path[size] < '/'))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < r->walk.file_count && is_below(r->walk.files[low].path, folder, size))
        return false;
    for (size_t i = 0; i < r->walk.passed_count; i++) {
        const char *kind = r->walk.passed[i].kind;
        if ((!strcmp(kind, pd_passed_run) || !strcmp(kind, pd_passed_samples)) &&
            is_below(r->walk.passed[i].path, folder, size))
            return false;
    }
    return true;
}

/* Folders beside those of the classes in which no image is. */
static void note_empty(struct reader *r, struct pd_image_level level)
{
    char names[PD_IMAGE_WORDS] = "", words[PD_IMAGE_WORDS + 64];
    size_t count = 0;
    const char *some = r->walk.files[level.begin].path;
    for (size_t i = 0; i < r->walk.folder_count; i++) {
        const char *path = r->walk.folders[i].path;
        if (strlen(path) <= level.prefix || strncmp(path, some, level.prefix) != 0 ||
            strchr(path + level.prefix, '/') || !is_empty(r, path))
            continue;
        pd_image_words_name(names, &count, path + level.prefix, strlen(path + level.prefix));
    }
    snprintf(words, sizeof words, "no image in %s, so no class is made of %s", names,
             count > 1 ? "them" : "it");
    note(r, count ? words : "");
}

static void note_left_out(struct reader *r, struct pd_image_level level)
{
    char names[PD_IMAGE_WORDS] = "", words[PD_IMAGE_WORDS + 96];
    const char *last = NULL;
    size_t count = 0, last_size = 0;
    for (size_t i = level.begin; i < level.end; i++) {
        size_t n;
        const char *name = class_of(&r->walk.files[i], level, &n);
        if (n && (r->walk.files[i].label == OTHER_CLASS || r->out->unmatched) &&
            !is_same_class(name, n, last, last_size))
            pd_image_words_name(names, &count, name, n);
        last = name;
        last_size = n;
    }
    if (r->out->unmatched)
        snprintf(words, sizeof words,
                 "no folder is called as one of the classes, so no image has a label (folders: %s)", names);
    else
        snprintf(words, sizeof words, "%zu images of other classes left out (%s)", r->out->left_out, names);
    note(r, count ? words : "");
}

/* --- what was passed over --- */

static int by_count(const void *a, const void *b)
{
    const struct pd_passed_kind *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : strcmp(x->kind, y->kind);
}

/* Whether a path lies in the folder of the other split, or not in that of the test split. */
static bool is_elsewhere(const struct reader *r, enum pd_split split, const char *path)
{
    const struct pd_image_level test = r->layout.test_in;
    if (!test.prefix)
        return false;
    const bool in_test = is_below(path, r->walk.files[test.begin].path, test.prefix - 1);
    return split == PD_SPLIT_TEST ? !in_test : in_test;
}

static enum pd_status take_passed(struct reader *r, enum pd_split split, struct pd_error *err)
{
    struct pd_image_list *l = r->out;
    enum pd_status status = PD_OK;
    for (size_t i = 0; !status && i < r->walk.passed_count; i++) {
        const struct pd_passed *p = &r->walk.passed[i];
        if (!is_elsewhere(r, split, p->path))
            status = pd_image_list_pass(l, p->kind, p->path, p->count, err);
    }
    if (l->passed_count)
        qsort(l->passed, l->passed_count, sizeof *l->passed, by_count);
    return status;
}

/* --- all --- */

/* *bytes more; a file that is gone by now has a stamp, too. */
static enum pd_status stamp_of(const char *folder, const char *name, uint64_t *stamp, uint64_t *bytes,
                               struct pd_error *err)
{
    char path[PATH_SIZE];
    struct stat st;
    struct pd_error why;
    enum pd_status status = pd_path_join(path, sizeof path, folder, name, &why);
    if (!status)
        status = pd_file_look(path, &st, &why);
    *stamp = pd_image_stamp(status ? NULL : &st);
    *bytes += status ? 0 : (uint64_t)st.st_size;
    return status == PD_ERR_IO && !pd_is_missing(&why) ? pd_fail_io(err, path, "look at", why.code) : PD_OK;
}

static enum pd_status stamp(struct pd_image_list *l, const char *folder, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (size_t i = 0; !status && i < l->count; i++)
        status = stamp_of(folder, l->at[i].path, &l->at[i].stamp, &l->bytes, err);
    return status;
}

/* Moves the split's files, but those of other classes, and the folders that decide on them. */
static enum pd_status take_files(struct reader *r, enum pd_split split, struct pd_image_level level,
                                 struct pd_error *err)
{
    struct pd_image_list *l = r->out;
    l->at = pd_calloc(level.end - level.begin, sizeof *l->at);
    l->others = pd_calloc(r->walk.folder_count + 1, sizeof *l->others); /* a table of labels may join them */
    if (!l->at || !l->others)
        return pd_fail_memory(err, r->folder);
    for (size_t i = level.begin; i < level.end; i++) {
        struct pd_image_file *f = &r->walk.files[i];
        if (f->label == OTHER_CLASS)
            continue;
        l->at[l->count++] = *f;
        f->path = NULL;
    }
    for (size_t i = 0; i < r->walk.folder_count; i++) {
        if (split == PD_SPLIT_TRAIN && is_elsewhere(r, split, r->walk.folders[i].path))
            continue;
        l->others[l->other_count++] = r->walk.folders[i];
        r->walk.folders[i].path = NULL;
    }
    return l->count ? PD_OK : pd_fail(err, PD_ERR_IO, -1, "all images are of other classes than those given");
}

/* The class of the training split whose name is nearly the same; "" where there is none. */
static const char *find_alike(const struct pd_image_list *l, const char *text)
{
    struct pd_dataset d = {.classes = l->class_count, .class_names = l->classes};
    struct pd_class_words words;
    bool exactly;
    int32_t found = -1;
    if (l->class_count && !pd_class_words_init(&words, &d, NULL)) {
        words.indices = false; /* a folder called 1 is not the second */
        found = pd_class_find(&words, text, &exactly);
        pd_class_words_release(&words);
    }
    return found < 0 ? "" : l->classes[found];
}

/* As classes are given; false: there is no room. */
static bool list_class(char list[PD_IMAGE_WORDS], const char *name)
{
    const size_t used = strlen(list), room = PD_IMAGE_WORDS - used;
    return !strchr(name, ',') && snprintf(list + used, room, "%s%s", used ? "," : "", name) < (int)room;
}

/* Of those of both splits, where they are few. A folder's files come one after the other. */
static enum pd_status advise_classes(const struct reader *r, struct pd_image_level level,
                                     struct pd_error *err)
{
    char text[PD_CLASS_NAME_SIZE], list[PD_IMAGE_WORDS] = "";
    const char *last = NULL;
    size_t last_size = 0, size;
    bool fits = true;
    for (int k = 0; fits && k < r->out->class_count; k++)
        fits = list_class(list, r->out->classes[k]);
    for (size_t i = level.begin; fits && i < level.end; i++) {
        const char *name = class_of(&r->walk.files[i], level, &size);
        if (r->walk.files[i].label != OTHER_CLASS || is_same_class(name, size, last, last_size))
            continue;
        last = name;
        last_size = size;
        pd_image_name(text, sizeof text, name, size);
        fits = list_class(list, text);
    }
    return fits ? pd_hint(err, PD_ERR_MISMATCH, "the classes of both: classes=%s", list) : PD_ERR_MISMATCH;
}

static enum pd_status fail_strange_class(const struct reader *r, struct pd_image_level level,
                                         struct pd_error *err)
{
    char text[PD_CLASS_NAME_SIZE];
    for (size_t i = level.begin; i < level.end; i++) {
        const struct pd_image_file *f = &r->walk.files[i];
        size_t n;
        const char *name = class_of(f, level, &n);
        if (f->label != OTHER_CLASS)
            continue;
        pd_image_name(text, sizeof text, name, n);
        const char *alike = find_alike(r->out, text);
        pd_fail(err, PD_ERR_MISMATCH, -1, "'%.250s': class '%.100s' is not in the training split%s%.100s%s",
                f->path, text, *alike ? ", which has '" : "", alike, *alike ? "': rename either" : "");
        return *alike ? PD_ERR_MISMATCH : advise_classes(r, level, err);
    }
    return PD_OK;
}

static void forget_labels(struct reader *r, struct pd_image_level level)
{
    for (size_t i = level.begin; i < level.end; i++)
        r->walk.files[i].label = -1;
}

/* "test/test/": one folder of test images whose name is no class's, nor like one. */
static void pass_only_folder(struct reader *r, struct pd_image_level level)
{
    char text[PD_CLASS_NAME_SIZE], words[2 * PD_CLASS_NAME_SIZE];
    size_t n, size;
    const char *first = class_of(&r->walk.files[level.begin], level, &n);
    pd_image_name(text, sizeof text, first, n);
    for (size_t i = level.begin; i < level.end; i++) {
        const char *name = class_of(&r->walk.files[i], level, &size);
        if (r->walk.files[i].label != OTHER_CLASS || !is_same_class(name, size, first, n))
            return;
    }
    if (*find_alike(r->out, text))
        return;
    forget_labels(r, level);
    snprintf(words, sizeof words, "'%s' is the only folder of the test split and no class: no label", text);
    note(r, words);
}

static enum pd_status label(struct reader *r, enum pd_split split, struct pd_error *err)
{
    const struct pd_image_level train = r->layout.train,
                                level = split == PD_SPLIT_TEST ? r->layout.test : train;
    bool subfolders = false, others = false;
    bool any = label_files(r, train, &subfolders);
    if (split == PD_SPLIT_TEST)
        label_files(r, level, &others);
    if (!any && r->given) { /* subfolders mean something else */
        any = label_deeper(r, train);
        if (split == PD_SPLIT_TEST)
            label_deeper(r, level);
        note(r, any ? "the classes are folders within other folders" : "");
    }
    if (split == PD_SPLIT_TEST && !r->given && any)
        pass_only_folder(r, level);
    r->out->unmatched = r->given && subfolders && !any;
    enum pd_status status = r->given ? PD_OK : fail_strange_class(r, level, err);
    if (!status)
        status = take_passed(r, split, err);
    if (!status && !r->given && any)
        note_empty(r, level);
    for (size_t i = level.begin; i < level.end; i++)
        r->out->left_out += r->walk.files[i].label == OTHER_CLASS;
    if (!status)
        note_left_out(r, level);
    return status ? status : take_files(r, split, level, err);
}

static enum pd_status take_plain(struct reader *r, enum pd_split split, struct pd_error *err)
{
    const struct pd_image_level level = split == PD_SPLIT_TEST ? r->layout.test_in : r->layout.train_in;
    forget_labels(r, level);
    enum pd_status status = take_passed(r, split, err);
    return status ? status : take_files(r, split, level, err);
}

static enum pd_status fail_no_image(struct reader *r, struct pd_error *err)
{
    char kinds[80], passed[PD_IMAGE_WORDS];
    enum pd_status status = take_passed(r, PD_SPLIT_TRAIN, err);
    if (status)
        return status;
    pd_image_words_passed(r->out, passed);
    return pd_fail(err, PD_ERR_IO, -1, "'%.200s': no image in it (%s)%s%.150s", r->folder,
                   pd_image_kinds(kinds, sizeof kinds), *passed ? "; passed over: " : "", passed);
}

static enum pd_status read_list(struct reader *r, enum pd_split split, const char *classes,
                                struct pd_error *err)
{
    struct pd_image_list *l = r->out;
    char levels[PD_LAYOUT_WORDS] = "";
    enum pd_status status = r->given ? take_given(l, classes, err) : PD_OK;
    if (!status)
        status = pd_image_walk(r->folder, &r->walk, err);
    if (!status && !r->walk.file_count)
        return fail_no_image(r, err);
    if (!status && r->given)
        status = trim_given(r, classes, err);
    if (!status)
        status = pd_image_layout(r->folder, r->walk.files, r->walk.file_count,
                                 (const char(*)[PD_CLASS_NAME_SIZE])l->classes, r->plain ? 0 : l->class_count,
                                 split, &r->layout, err);
    if (!status && split == PD_SPLIT_TEST && !r->layout.test_in.prefix)
        return pd_fail(err, PD_ERR_IO, -1,
                       "'%s' has no test split: that would be the images in its test/, beside train/",
                       r->folder);
    if (!status && !r->given && !r->plain)
        status = take_subfolders(r, err);
    if (!status && !r->given && !r->plain)
        status = pd_image_layout_check_level(r->folder, r->walk.files, r->layout.train, levels, err);
    if (status)
        return status;
    note(r, r->layout.read);
    note(r, levels);
    note(r, r->layout.notes[1]);
    note(r, r->layout.notes[0]);
    return r->plain ? take_plain(r, split, err) : label(r, split, err);
}

static enum pd_status read(struct reader *r, enum pd_split split, const char *classes, struct pd_error *err)
{
    *r->out = (struct pd_image_list){.at = NULL};
    r->given = classes && *classes;
    enum pd_status status = read_list(r, split, classes, err);
    if (!status)
        status = stamp(r->out, r->folder, err);
    pd_buffer_append(&r->notes, "", 1);
    r->out->notes = r->notes.data;
    if (!status && r->notes.oom)
        status = pd_fail_memory(err, r->folder);
    pd_image_walk_release(&r->walk);
    if (status)
        pd_image_list_release(r->out);
    return status;
}

enum pd_status pd_image_list_read(const char *folder, enum pd_split split, const char *classes,
                                  struct pd_image_list *out, struct pd_error *err)
{
    struct reader r = {.out = out, .folder = folder, .notes = PD_BUFFER_INIT};
    return read(&r, split, classes, err);
}

enum pd_status pd_image_list_read_plain(const char *folder, enum pd_split split, const char *classes,
                                        struct pd_image_list *out, struct pd_error *err)
{
    struct reader r = {.out = out, .folder = folder, .notes = PD_BUFFER_INIT, .plain = true};
    return read(&r, split, classes, err);
}

enum pd_status pd_image_list_note(struct pd_image_list *l, const char *words, struct pd_error *err)
{
    const size_t used = strlen(l->notes), size = strlen(words);
    char *longer = pd_realloc(l->notes, used + size + 2);
    if (!longer)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for notes");
    memcpy(longer + used, words, size + 1);
    memcpy(longer + used + size, "\n", 2);
    l->notes = longer;
    return PD_OK;
}

enum pd_status pd_image_list_stamp(struct pd_image_list *l, const char *folder, const char *other,
                                   struct pd_error *err)
{
    uint64_t stamp_of_other, bytes = 0;
    enum pd_status status = stamp(l, folder, err);
    if (!status)
        status = stamp_of(folder, other, &stamp_of_other, &bytes, err);
    return status ? status : pd_image_file_add(&l->others, &l->other_count, other, stamp_of_other, err);
}

void pd_image_list_release(struct pd_image_list *l)
{
    pd_image_files_release(&l->at, &l->count);
    pd_image_files_release(&l->others, &l->other_count);
    for (size_t i = 0; i < l->passed_count; i++)
        pd_free(l->passed[i].first);
    pd_free(l->passed);
    pd_free(l->notes);
    pd_free(l->classes);
    *l = (struct pd_image_list){.at = NULL};
}
