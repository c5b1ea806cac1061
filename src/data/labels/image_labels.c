#include "data/labels/image_labels.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/pass_on.h"
#include "base/real.h"
#include "base/sort.h"
#include "base/words.h"
#include "data/images/image_words.h"
#include "data/labels/class_words.h"
#include "data/labels/label_doubts.h"
#include "data/labels/label_names.h"
#include "data/labels/label_place.h"
#include "data/labels/label_table.h"
#include "io/csv.h"
#include "io/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096, MANY_CLASSES = 200, FEW_ROWS = 10, WORDS = 160 };

/* The first row with a label, or the first; rows that differ clash: nobody knows. */
struct said {
    const struct pd_label_row *row; /* or NULL */
    bool clash, elsewhere;          /* elsewhere: in a folder that is not called as this one */
};

struct labelling {
    struct pd_image_list *list;
    struct pd_label_table table;
    char path[PATH_SIZE];   /* of the table; "": there is none */
    char second[PATH_SIZE]; /* one that it outranks, or "" */
    enum pd_split split;
    bool asked;                         /* somebody named it */
    bool by_column;                     /* the table says which split */
    bool one_split;                     /* nothing does */
    struct pd_label_names names, other; /* of the images, and of those in the other split's folder */
    bool joined;                        /* a column says the folders of the images */
    bool shared;                        /* the table is for both folders */
    size_t in_both, told_apart; /* rows about either of two images; and that say which by their split */
    struct said *said;          /* (list->count): what the table says about each image */
    size_t unknown;             /* rows that name no image, and the first of them */
    const char *first_unknown;
    const char *other_name, *own_name; /* of the first row in which another column names another image, and
                                      what the one that is taken calls it */
    size_t converted;                  /* rows with another ending than the image, and the first */
    const char *first_converted;
    size_t elsewhere; /* rows about images of another folder, and the first */
    const char *first_elsewhere;
    bool ambiguous;   /* that first one: several images are called so */
    size_t clashes;   /* images that rows give different classes */
    size_t outranked; /* rows of another folder that say other classes than one of this, and the first */
    const char *first_outranked;
    size_t moved;          /* rows that give an image another split than one before */
    size_t strange_labels; /* images whose label is none of the classes, and the first label */
    const char *strange_label;
    size_t spelt; /* images whose label is not letter by letter its class, the first label and its class */
    const char *first_spelt, *first_meant;
    size_t strange_splits; /* images whose split is none, and the first word for one */
    const char *strange_split;
    size_t unused_splits; /* images of a split that is neither for training nor for testing, and its word */
    const char *unused_split;
    char doubts[WORDS]; /* about the labels, or "" */
};

/* --- which row is about which image --- */

static bool begins(const char *text, const char *word)
{
    return !strncasecmp(text, word, strlen(word));
}

/* Whether a row is about an image of the other split's folder: one of that name lies there alone, or in both
 * and the row says which. Where it does not, it is for training, rather than labels of test images that are
 * others'. */
static bool is_of_other(struct labelling *l, const struct pd_label_row *row, int64_t image)
{
    bool converted;
    const bool other =
        l->shared && (image < 0 ? pd_label_names_find(&l->other, row->image, &converted) >= 0
                                : pd_label_names_has(&l->other, row->image, l->list->at[image].path));
    if (!other || image < 0)
        return other;
    *(*row->split ? &l->told_apart : &l->in_both) += 1;
    return (*row->split && !begins(row->split, "train")) != (l->split == PD_SPLIT_TEST);
}

/* A row that says this folder may have others of its name beside it; one that says none may be of the same
 * image as one that does. */
static void note_outranked(struct labelling *l, const struct pd_label_row *row,
                           const struct pd_label_row *other, size_t image)
{
    const bool bare = strlen(row->image) <= strlen(l->list->at[image].path);
    if (bare && *row->label && *other->label && strcmp(row->label, other->label) != 0)
        l->first_outranked = l->outranked++ ? l->first_outranked : other->image;
}

/* Rows that say this folder outrank those that say others. */
static void take_row(struct labelling *l, const struct pd_label_row *row, size_t image, bool elsewhere)
{
    struct said *said = &l->said[image];
    if (said->row && said->elsewhere != elsewhere) {
        note_outranked(l, elsewhere ? said->row : row, elsewhere ? row : said->row, image);
        if (elsewhere)
            return;
        l->clashes -= said->clash;
        *said = (struct said){.row = NULL};
    }
    said->elsewhere = elsewhere;
    if (!said->row || !*said->row->label)
        said->row = row;
    l->moved += strcmp(said->row->split, row->split) != 0;
    const bool differs = *row->label && strcmp(said->row->label, row->label) != 0;
    l->clashes += differs && !said->clash;
    said->clash = said->clash || differs;
}

/* Whether another column names another image than the one that is taken, or a folder where none is. */
static bool names_another(const struct labelling *l, const struct pd_label_row *row, int64_t image)
{
    bool converted;
    if (!row->other)
        return false;
    const int64_t other = pd_label_names_find(&l->names, row->other, &converted);
    return l->table.folders ? other < 0 && image >= 0 : other >= 0 && other != image;
}

/* "dir,file": where a row's folder and name are those of an image they are read as one, in all rows. */
static void join_folders(struct labelling *l)
{
    bool converted;
    for (size_t i = 0; l->table.folders && !l->joined && i < l->table.count; i++) {
        const char *path = l->table.at[i].other;
        const int64_t image = path ? pd_label_names_find(&l->names, path, &converted) : -1;
        l->joined = image >= 0 && (strchr(l->list->at[image].path, '/') ||
                                   !pd_image_is_elsewhere(&l->names.index, path, image));
    }
    for (size_t i = 0; l->joined && i < l->table.count; i++)
        if (l->table.at[i].other) {
            l->table.at[i].image = l->table.at[i].other;
            l->table.at[i].other = NULL;
        }
}

static void match_row(struct labelling *l, const struct pd_label_row *row)
{
    bool converted;
    const int64_t image = pd_label_names_find(&l->names, row->image, &converted);
    if (!l->other_name && names_another(l, row, image)) {
        l->other_name = row->other;
        l->own_name = row->image;
    }
    if (is_of_other(l, row, image))
        return;
    if (image < 0) {
        if (!l->unknown++) {
            l->first_unknown = row->image;
            l->ambiguous = image == PD_IMAGE_AMBIGUOUS;
        }
        return;
    }
    if (converted)
        l->first_converted = l->converted++ ? l->first_converted : row->image;
    take_row(l, row, (size_t)image, pd_image_is_elsewhere(&l->names.index, row->image, image));
}

static void match_rows(struct labelling *l)
{
    join_folders(l);
    for (size_t i = 0; i < l->table.count; i++)
        match_row(l, &l->table.at[i]);
    for (size_t i = 0; i < l->list->count; i++)
        if (l->said[i].row && l->said[i].elsewhere)
            l->first_elsewhere = l->elsewhere++ ? l->first_elsewhere : l->said[i].row->image;
}

/* --- splits by a column --- */

static bool any_row(const struct labelling *l, const char *word)
{
    for (size_t i = 0; i < l->table.count; i++)
        if (begins(l->table.at[i].split, word))
            return true;
    return false;
}

/* The first serves for training; the others in this order for testing: validation images where there are no
 * test images. */
static const char *const split_words[] = {"train", "test", "eval", "val", "dev"};

enum { SPLIT_WORDS = sizeof split_words / sizeof split_words[0] };

static const char *split_word(const struct labelling *l, enum pd_split split)
{
    for (size_t i = 1; i < SPLIT_WORDS && split == PD_SPLIT_TEST; i++)
        if (any_row(l, split_words[i]))
            return split_words[i];
    return split_words[split == PD_SPLIT_TEST];
}

/* Those that are in neither split. */
static void count_split(struct labelling *l, const char *split, const char *test)
{
    if (begins(split, split_words[PD_SPLIT_TRAIN]) || begins(split, test))
        return;
    for (size_t i = 0; i < SPLIT_WORDS; i++)
        if (begins(split, split_words[i])) {
            l->unused_split = l->unused_splits++ ? l->unused_split : split;
            return;
        }
    l->strange_split = l->strange_splits++ ? l->strange_split : split;
}

/* Images of another split leave the list. */
static void keep_split(struct labelling *l)
{
    const char *word = split_word(l, l->split), *test = split_word(l, PD_SPLIT_TEST);
    size_t kept = 0;
    for (size_t i = 0; i < l->list->count; i++) {
        const struct said said = l->said[i];
        if (said.row)
            count_split(l, said.row->split, test);
        if (said.row ? !begins(said.row->split, word) : l->split == PD_SPLIT_TEST) {
            pd_free(l->list->at[i].path);
            continue;
        }
        l->list->at[kept] = l->list->at[i];
        l->said[kept++] = said;
    }
    l->list->count = kept;
}

/* --- classes --- */

/* "7", "-1", "1.0", as pandas writes it. */
static bool all_numbers(const char *const *labels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *end;
        pd_real_read(labels[i], &end);
        if (*end || end - labels[i] > 15 || labels[i][strspn(labels[i], "-0123456789.")])
            return false;
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    const double x = pd_real_read(*(const char *const *)a, NULL),
                 y = pd_real_read(*(const char *const *)b, NULL);
    return x != y ? (x > y) - (x < y) : pd_by_bytes(a, b);
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
    if (!n && *t->columns)
        status = pd_hint(err,
                         pd_fail(err, PD_ERR_MISMATCH, -1, "%s: no label in its %zu rows; %s", l->path,
                                 t->count, t->columns),
                         "metadata-columns=IMAGE,%s", *t->label_like ? t->label_like : "LABEL");
    qsort(labels, n, sizeof *labels, all_numbers(labels, n) ? by_number : pd_by_bytes);
    for (size_t i = 0; i < n; last = labels[i++])
        different += strcmp(labels[i], last) != 0;
    if (different > MANY_CLASSES && 2 * different > n)
        status = pd_hint(err,
                         pd_fail(err, PD_ERR_MISMATCH, -1,
                                 "%s: %zu different labels in %zu rows (%s): name the label's column",
                                 l->path, different, n, l->table.columns),
                         "metadata-columns=IMAGE,LABEL");
    const bool many = n >= FEW_ROWS && 2 * different > n;
    last = "";
    size_t kept = 0;
    for (size_t i = 0; i < n; last = labels[i++])
        if (strcmp(labels[i], last) != 0)
            labels[kept++] = labels[i];
    for (size_t i = 0; !status && i < kept; i++)
        status = pd_image_list_add_class(l->list, labels[i], strlen(labels[i]), err);
    if (!status)
        pd_label_doubts(labels, kept, l->doubts, sizeof l->doubts);
    if (!status && many && !*l->doubts)
        snprintf(l->doubts, sizeof l->doubts,
                 "%zu different labels in %zu rows: do they name classes?\tmetadata-columns=IMAGE,LABEL",
                 different, n);
    pd_free(labels);
    return status;
}

/* Of a label as answers have it ("Cat", "1.0"), but a number is no class's place. */
static int32_t class_of(struct labelling *l, const struct pd_class_words *words, const char *label)
{
    bool exactly;
    const int32_t class = *label ? pd_class_find(words, label, &exactly) : -1;
    if (*label && class < 0)
        l->strange_label = l->strange_labels++ ? l->strange_label : label;
    else if (*label && !exactly && !l->spelt++) {
        l->first_spelt = label;
        l->first_meant = l->list->classes[class];
    }
    return class < 0 ? -1 : class;
}

static enum pd_status label_images(struct labelling *l, struct pd_error *err)
{
    const struct pd_dataset d = {
        .name = "labels", .classes = l->list->class_count, .class_names = l->list->classes};
    struct pd_class_words words;
    enum pd_status status = pd_class_words_init(&words, &d, NULL);
    if (status)
        return pd_fail_memory(err, l->path);
    words.indices = false;
    for (size_t i = 0; i < l->list->count; i++) {
        const struct said *said = &l->said[i];
        l->list->at[i].label = class_of(l, &words, said->row && !said->clash ? said->row->label : "");
    }
    pd_class_words_release(&words);
    return PD_OK;
}

/* --- what is said of it --- */

static bool says_split(const struct pd_label_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (*t->at[i].split)
            return true;
    return false;
}

/* Of what the table leaves without a label or out. */
static void say_losses(const struct labelling *l, struct pd_buffer *words)
{
    if (l->unknown)
        pd_buffer_printf(words, "; %zu of its rows name %s image here, the first: '%.100s'", l->unknown,
                         l->ambiguous ? "no single" : "no", l->first_unknown);
    if (l->table.nameless)
        pd_buffer_printf(words, "; %zu rows have no image's name, the first in line %lld", l->table.nameless,
                         (long long)l->table.first_nameless);
    if (l->table.other_keys)
        pd_buffer_printf(words, "; %zu have no label but '%.60s' or the like", l->table.other_keys,
                         l->table.other_key);
    if (l->converted)
        pd_buffer_printf(words, "; %zu give an image another ending than it has, the first: '%.100s'",
                         l->converted, l->first_converted);
    if (l->in_both)
        pd_buffer_printf(words, "; %zu may be about an image in either split, taken for the training split's",
                         l->in_both);
    if (l->elsewhere)
        pd_buffer_printf(words,
                         "; %zu name images of another folder, taken for those here, the first: '%.100s'",
                         l->elsewhere, l->first_elsewhere);
    if (l->outranked)
        pd_buffer_printf(
            words,
            "; %zu rows of another folder say another class than one without a folder, which counts, the "
            "first: '%.100s'",
            l->outranked, l->first_outranked);
    if (l->table.rejected)
        pd_buffer_printf(words, "; %zu are rejected or ignored by 'answer', so without a label",
                         l->table.rejected);
    if (l->table.several + l->clashes)
        pd_buffer_printf(words, "; %zu images have several classes there, so none",
                         l->table.several + l->clashes);
    if (l->table.stray)
        pd_buffer_printf(words, "; %zu annotations are of an image or a category that it does not list",
                         l->table.stray);
    if (l->spelt)
        pd_buffer_printf(words,
                         "; %zu labels are written otherwise than their class, the first: '%.60s' is '%.60s'",
                         l->spelt, l->first_spelt, l->first_meant);
    if (l->strange_labels)
        pd_buffer_printf(words, "; %zu have a label that is none of the classes, the first: '%.60s'",
                         l->strange_labels, l->strange_label);
    if (l->strange_splits)
        pd_buffer_printf(words, "; %zu are of no split, the first: '%.60s', expected train, test or val",
                         l->strange_splits, l->strange_split);
    if (l->unused_splits)
        pd_buffer_printf(words, "; %zu of '%.60s' are not used", l->unused_splits, l->unused_split);
}

/* The folder that an image lies in: its path's bytes. */
static size_t folder_size(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

/* Where a folder's images are of several classes, or none has a label: the first folders' names; else "". */
static void list_folders(const struct pd_image_list *list, char words[PD_IMAGE_WORDS])
{
    size_t count = 0;
    bool mixed = false, labelled = false;
    *words = '\0';
    for (size_t i = 0; i < list->count; i++) {
        const char *path = list->at[i].path;
        const size_t n = folder_size(path);
        const bool same =
            i && folder_size(list->at[i - 1].path) == n && !strncmp(list->at[i - 1].path, path, n);
        mixed = mixed || (same && list->at[i].label != list->at[i - 1].label);
        labelled = labelled || list->at[i].label >= 0;
        if (!same)
            pd_image_words_name(words, &count, path, n);
    }
    if ((!mixed && labelled) || count < 2)
        *words = '\0';
}

/* "dir,file", "image,new_name" */
static enum pd_status tell_other(const struct labelling *l, struct pd_error *err)
{
    char words[PD_IMAGE_WORDS];
    const char *column = l->table.other_like;
    const bool good = 10 * l->unknown <= l->table.count; /* the column that is taken names images */
    if (good && l->table.relation)
        return PD_OK;
    if (l->table.folders)
        snprintf(words, sizeof words,
                 "column '%s' is not used: no image is '%.100s', so labels go by '%.60s' alone", column,
                 l->other_name, l->own_name);
    else
        snprintf(words, sizeof words,
                 "column '%s' names other images ('%.60s' where the one that is taken has '%.60s') and is "
                 "not used%s%s%s",
                 column, l->other_name, l->own_name, good ? "" : "\tmetadata-columns=", good ? "" : column,
                 good ? "" : ",LABEL");
    return pd_image_list_note(l->list, words, err);
}

/* Of what may be meant otherwise, a line each. */
static enum pd_status tell_doubts(const struct labelling *l, struct pd_error *err)
{
    char words[PD_NOTE_SIZE], folders[PD_IMAGE_WORDS] = "";
    const char *column = l->one_split ? l->table.split_like : "";
    snprintf(words, sizeof words,
             "column '%s' looks like a split and is not used: one that says train, test or val is"
             "\tmetadata-columns=IMAGE,LABEL,SPLIT",
             column);
    enum pd_status status = *column ? pd_image_list_note(l->list, words, err) : PD_OK;
    bool labelled = false;
    for (size_t i = 0; i < l->list->count && !labelled; i++)
        labelled = l->list->at[i].label >= 0;
    snprintf(words, sizeof words, "column '%s' is not read%s%s", l->table.label_like,
             labelled ? "" : "\tmetadata-columns=IMAGE,", labelled ? "" : l->table.label_like);
    if (!status && *l->table.label_like)
        status = pd_image_list_note(l->list, words, err);
    snprintf(words, sizeof words, "%.400s is not read, as that table comes first\tmetadata=FILE", l->second);
    if (!status && *l->second)
        status = pd_image_list_note(l->list, words, err);
    snprintf(words, sizeof words,
             "column '%s' has names of files, too, and is not used\tmetadata-columns=%s,LABEL",
             l->table.image_like, l->table.image_like);
    if (!status && *l->table.image_like)
        status = pd_image_list_note(l->list, words, err);
    if (!status && l->other_name && !*l->table.image_like)
        status = tell_other(l, err);
    snprintf(words, sizeof words, "column '%s' is not used: labels of %zu rows that hold 0 there count, too",
             l->table.unsure_like, l->table.unsure);
    if (!status && *l->table.unsure_like)
        status = pd_image_list_note(l->list, words, err);
    if (!l->asked)
        list_folders(l->list, folders);
    snprintf(words, sizeof words, "the folders (%.160s) are not the classes: %.100s says them", folders,
             pd_path_name(l->path));
    if (!status && *folders)
        status = pd_image_list_note(l->list, words, err);
    return !status && *l->doubts ? pd_image_list_note(l->list, l->doubts, err) : status;
}

static enum pd_status tell(const struct labelling *l, struct pd_error *err)
{
    struct pd_buffer words = PD_BUFFER_INIT;
    size_t labelled = 0;
    for (size_t i = 0; i < l->list->count; i++)
        labelled += l->list->at[i].label >= 0;
    pd_buffer_printf(&words, "labels of %zu images from %s (%s%s%s)", labelled, l->path, l->table.format,
                     *l->table.columns ? ", " : "", l->table.columns);
    if (l->joined)
        pd_buffer_printf(&words, "; their folders from '%s'", l->table.other_like);
    say_losses(l, &words);
    if (l->by_column) {
        l->list->notes[0] = '\0'; /* that there is no test split */
        pd_buffer_printf(&words, "; its '%s' rows are this split", split_word(l, l->split));
        if (l->moved)
            pd_buffer_printf(&words, "; %zu rows say another split of an image than one above, which counts",
                             l->moved);
    } else if (!l->one_split && !l->told_apart && says_split(&l->table))
        pd_buffer_printf(&words, "; its splits are not used, as folders say them");
    pd_buffer_append(&words, "", 1);
    enum pd_status status = words.oom ? pd_fail_memory(err, l->path)
                                      : pd_image_list_note(l->list, pd_make_printable(words.data), err);
    pd_buffer_release(&words);
    return status ? status : tell_doubts(l, err);
}

/* --- all --- */

/* Whether the table at path, below the folder, is among what was passed over of this split. */
static bool is_passed(const struct labelling *l, const char *path)
{
    const size_t n = strcspn(path, "/");
    return l->by_column || l->split == PD_SPLIT_TRAIN ||
           (path[n] && !strncmp(path, l->list->at[0].path, n + 1));
}

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
        if (within && l->table.count && is_passed(l, real + n + 1))
            pd_image_list_unpass(l->list, real + n + 1);
    }
    free(real);
    free(root);
    return status;
}

static enum pd_status no_images(const struct labelling *l, struct pd_error *err)
{
    const char *split = l->split == PD_SPLIT_TEST ? "test" : "training", *columns = l->table.columns,
               *before = *columns ? "; " : "";
    /* no missing split, which others may do without */
    const enum pd_status strange = l->split == PD_SPLIT_TEST ? PD_ERR_IO : PD_ERR_USAGE;
    return l->strange_splits
               ? pd_hint(err,
                         pd_fail(err, strange, -1,
                                 "%s: no row of the %s split; %zu say '%.60s' and the like, expected train, "
                                 "test or val%s%s",
                                 l->path, split, l->strange_splits, l->strange_split, before, columns),
                         "without it: metadata-columns=IMAGE,LABEL")
               : pd_fail(err, PD_ERR_IO, -1, "%s: no row of the %s split%s%s", l->path, split, before,
                         columns);
}

/* A caption may have several lines; a row about an image that no other row names is none of them. */
static enum pd_status check_quotes(const struct labelling *l, struct pd_error *err)
{
    bool converted;
    for (size_t i = 0; i < l->table.swallowed_count; i++) {
        const int64_t image = pd_label_names_find(&l->names, l->table.swallowed[i].image, &converted);
        if (image >= 0 && !l->said[image].row)
            return pd_csv_fail_swallowed(l->path, l->table.swallowed[i].line, err);
    }
    return PD_OK;
}

static enum pd_status label(struct labelling *l, const char *folder, struct pd_error *err)
{
    enum pd_status status = pd_label_names_init(&l->names, l->list, folder, err);
    l->said = status ? NULL : pd_calloc(l->list->count, sizeof *l->said);
    if (!l->said)
        return status ? status : pd_fail_memory(err, l->path);
    match_rows(l);
    status = check_quotes(l, err);
    if (status)
        return status;
    if (l->unknown == l->table.count) {
        pd_fail(err, PD_ERR_MISMATCH, -1,
                "%s: none of its %zu rows names %s image in '%.200s' (the first: '%.100s'%s)%s%s", l->path,
                l->table.count, l->ambiguous ? "one" : "an", folder, l->first_unknown,
                l->ambiguous ? ", as several are called" : "", *l->table.columns ? "; " : "",
                l->table.columns);
        return l->ambiguous
                   ? pd_hint(err, PD_ERR_MISMATCH, "the folder of the images alone: data=%s/FOLDER", folder)
                   : PD_ERR_MISMATCH;
    }
    if (l->by_column)
        keep_split(l);
    if (!l->list->count)
        return no_images(l, err);
    status = l->list->class_count ? PD_OK : add_classes(l, err);
    if (status)
        return status;
    status = label_images(l, err);
    if (!status)
        status = stamp_table(l, folder, err);
    return status ? status : tell(l, err);
}

/* Folders of splits come before a column that names them. */
static enum pd_status list_images(struct labelling *l, const char *folder,
                                  const struct pd_data_request *request, struct pd_error *err)
{
    struct pd_error why = {.status = PD_OK};
    struct pd_image_list test, train = {.at = NULL};
    enum pd_status status = pd_image_list_read_plain(folder, PD_SPLIT_TEST, request->classes, &test, &why);
    bool both = !status && l->shared;
    l->by_column = status == PD_ERR_IO && says_split(&l->table);
    l->one_split = status == PD_ERR_IO && !l->by_column;
    l->shared = both;
    if (l->by_column || request->split == PD_SPLIT_TRAIN)
        status = PD_OK;
    else if (status && err)
        *err = why;
    if (!status && (l->by_column || both || request->split == PD_SPLIT_TRAIN)) {
        status = pd_image_list_read_plain(folder, PD_SPLIT_TRAIN, request->classes, &train, &why);
        if (status == PD_ERR_USAGE && both && request->split == PD_SPLIT_TEST) { /* test images alone */
            status = PD_OK;
            both = l->shared = false;
        } else if (status)
            pd_pass_on(&why, err);
    }
    const bool takes_test = !l->by_column && request->split == PD_SPLIT_TEST;
    if (!status && both)
        status = pd_label_names_init(&l->other, takes_test ? &train : &test, folder, err);
    *l->list = takes_test ? test : train;
    pd_image_list_release(takes_test ? &train : &test);
    return status;
}

/* Folders say the classes of the test split, but not where a table of its own says those of the training
 * split.
 */
static enum pd_status read_folders(const char *folder, const struct pd_data_request *request,
                                   struct pd_image_list *out, struct pd_error *err)
{
    char path[PATH_SIZE], second[PATH_SIZE];
    struct pd_data_request train = *request;
    struct pd_label_table table = {.count = 0};
    struct pd_error why = {.status = PD_OK};
    pd_image_list_read(folder, request->split, request->classes, out, &why);
    train.split = PD_SPLIT_TRAIN;
    *path = '\0';
    if (why.status == PD_ERR_MISMATCH)
        pd_label_table_find(folder, &train, path, second, sizeof path);
    const bool mixed = *path && !pd_label_table_read(path, request->metadata_columns, &table, NULL);
    pd_label_table_release(&table);
    if (!mixed)
        return why.status ? pd_pass_on(&why, err) : PD_OK;
    return pd_fail(err, PD_ERR_MISMATCH, -1,
                   "%s says the classes of the training split, expected such a file for the test split, too: "
                   "its folders are not read as classes beside it",
                   path);
}

/* The file that lies there says no label, as one of captions: folders do, where there are such; else that is
 * why. */
static enum pd_status pass_table(struct labelling *l, const char *folder,
                                 const struct pd_data_request *request, const struct pd_error *why,
                                 struct pd_error *err)
{
    char words[WORDS + 160];
    enum pd_status status = pd_image_list_read(folder, request->split, request->classes, l->list, err);
    if (!status && (l->list->class_count < 2 || l->list->unmatched))
        return pd_pass_on(why, err);
    snprintf(words, sizeof words,
             "%.100s has no columns of images and their labels, so the folders are the classes"
             "\tmetadata-columns=IMAGE,LABEL",
             pd_path_name(l->path));
    if (!status)
        status = pd_image_list_note(l->list, words, err);
    return status ? status : stamp_table(l, folder, err);
}

static void close_index(struct labelling *l)
{
    pd_label_names_release(&l->names);
    pd_label_names_release(&l->other);
    pd_free(l->said);
    pd_label_table_release(&l->table);
}

enum pd_status pd_image_labels_list(const char *folder, const struct pd_data_request *request,
                                    struct pd_image_list *out, struct pd_error *err)
{
    struct labelling l = {
        .list = out, .split = request->split, .asked = request->metadata && *request->metadata};
    l.shared = pd_label_table_find(folder, request, l.path, l.second, sizeof l.path);
    pd_make_printable(l.second);
    const bool columns = request->metadata_columns && *request->metadata_columns;
    if (!*l.path) {
        const enum pd_status read = read_folders(folder, request, out, err);
        return read || !columns ? read
                                : pd_image_list_note(out,
                                                     "no table of labels lies there, so no columns are read"
                                                     "\tmetadata=FILE",
                                                     err);
    }
    *out = (struct pd_image_list){.at = NULL};
    struct pd_error why;
    enum pd_status status = pd_label_table_read(l.path, request->metadata_columns, &l.table, &why);
    if (status)
        status = status == PD_ERR_USAGE && !l.asked && !columns ? pass_table(&l, folder, request, &why, err)
                                                                : pd_pass_on(&why, err);
    else
        status = list_images(&l, folder, request, err);
    if (!status && l.table.count)
        status = label(&l, folder, err);
    if (status)
        pd_image_list_release(out);
    close_index(&l);
    return status;
}
