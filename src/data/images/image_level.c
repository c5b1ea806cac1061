/* Folders of the same names within each folder of a level. */
#include "data/images/image_layout.h"

#include "base/mem.h"
#include "data/images/image_words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct name {
    const char *at;
    size_t size;
};

/* The folders of a level, and those within them, one for each in which it is. */
struct names {
    struct name *outer, *inner;
    size_t outers, inners;
    bool images;       /* some lie directly in one */
    struct name split; /* a folder that holds a training split; size 0: none */
};

static struct name first_folder(const char *path)
{
    const char *slash = strchr(path, '/');
    return (struct name){path, slash ? (size_t)(slash - path) : 0};
}

static int compare(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    const int d = memcmp(x->at, y->at, x->size < y->size ? x->size : y->size);
    return d ? d : (x->size > y->size) - (x->size < y->size);
}

/* Whether a folder for testing lies in the same folder as that of file i whose name begins at `own`; what
 * lies in one is neighbours. */
static bool has_test_beside(const struct pd_image_file *files, struct pd_image_level level, size_t i,
                            const char *own)
{
    const size_t size = (size_t)(own - files[i].path);
    size_t first = i;
    while (first > level.begin && !strncmp(files[first - 1].path, files[i].path, size))
        first--;
    for (size_t k = first; k < level.end && !strncmp(files[k].path, files[i].path, size); k++) {
        const struct name beside = first_folder(files[k].path + size);
        if (pd_image_may_test(beside.at, beside.size))
            return true;
    }
    return false;
}

/* The folder that holds a training split somewhere below `inner`, beside one for testing. */
static void find_deep_split(const struct pd_image_file *files, struct pd_image_level level, size_t i,
                            struct name outer, struct name inner, struct names *n)
{
    for (struct name at = inner; at.size && !n->split.size; at = first_folder(at.at + at.size + 1)) {
        const bool again = i > level.begin && !strncmp(files[i - 1].path, files[i].path,
                                                       (size_t)(at.at + at.size + 1 - files[i].path));
        if (!again && pd_image_may_train(at.at, at.size) && has_test_beside(files, level, i, at.at))
            n->split = (struct name){outer.at, (size_t)(at.at - 1 - outer.at)};
    }
}

/* A folder's files are neighbours. */
static void collect(const struct pd_image_file *files, struct pd_image_level level, struct names *n)
{
    for (size_t i = level.begin; i < level.end; i++) {
        const struct name outer = first_folder(files[i].path + level.prefix);
        if (!outer.size || pd_image_is_unlabelled(outer.at, outer.size))
            continue;
        struct name inner = first_folder(outer.at + outer.size + 1);
        if (!compare(&inner, &outer)) /* "photos/photos", as unpacked */
            inner = first_folder(inner.at + inner.size + 1);
        const bool same = n->outers && !compare(&n->outer[n->outers - 1], &outer);
        n->images = n->images || !inner.size;
        if (!n->split.size && pd_image_is_training(inner.at, inner.size))
            n->split = outer;
        find_deep_split(files, level, i, outer, inner, n);
        if (!same || !n->inners || compare(&n->inner[n->inners - 1], &inner) != 0)
            n->inner[n->inners++] = inner;
        if (!same)
            n->outer[n->outers++] = outer;
    }
}

/* Keeps each name once, those that were there several times first; returns how many these are. */
static size_t sort_names(struct names *n)
{
    size_t several = 0, kept = 0;
    qsort(n->inner, n->inners, sizeof *n->inner, compare);
    for (size_t i = 0, end; i < n->inners; i = end) {
        for (end = i + 1; end < n->inners && !compare(&n->inner[i], &n->inner[end]);)
            end++;
        const struct name name = n->inner[i];
        n->inner[kept] = n->inner[several];
        n->inner[end > i + 1 ? several++ : kept] = name;
        kept++;
    }
    n->inners = kept;
    return several;
}

static bool all_numbered(const struct name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < names[i].size && !isdigit((unsigned char)names[i].at[at]))
            at++;
        if (at == names[i].size)
            return false;
    }
    return true;
}

static void list(const struct name *names, size_t count, char text[PD_IMAGE_WORDS])
{
    size_t n = 0;
    *text = '\0';
    for (size_t i = 0; i < count; i++)
        pd_image_words_name(text, &n, names[i].at, names[i].size);
}

/* As --classes takes them. */
static char *without_blanks(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++)
        if (*at != ' ' || at == text || at[-1] != ',')
            *to++ = *at;
    *to = '\0';
    return text;
}

static enum pd_status fail_split(const char *folder, struct pd_image_level level, const struct names *n,
                                 struct pd_error *err)
{
    char outer[PD_IMAGE_WORDS], first[PD_IMAGE_WORDS] = "";
    size_t one = 0;
    list(n->outer, n->outers, outer);
    pd_image_words_name(first, &one, n->split.at - level.prefix, level.prefix + n->split.size);
    pd_fail(err, PD_ERR_USAGE, -1, "'%.100s': there is a training split in '%.80s'", folder, first);
    pd_hint(err, PD_ERR_USAGE, "to read it: data=%s/%s", folder, first);
    return pd_hint(err, PD_ERR_USAGE, "where the folders are classes: classes=%s", without_blanks(outer));
}

static enum pd_status same_names(const char *folder, const char *inner, const char *outer, const char *first,
                                 struct pd_error *err)
{
    pd_fail(err, PD_ERR_USAGE, -1,
            "'%.100s': folders of the same names (%.120s) lie in %.120s: which are the classes?", folder,
            inner, outer);
    pd_hint(err, PD_ERR_USAGE, "those: classes=%s", inner);
    pd_hint(err, PD_ERR_USAGE, "these: classes=%s", outer);
    return pd_hint(err, PD_ERR_USAGE, "one alone: data=%s/%s", folder, first);
}

static enum pd_status judge(const char *folder, struct pd_image_level level, struct names *n,
                            char note[PD_LAYOUT_WORDS], struct pd_error *err)
{
    char outer[PD_IMAGE_WORDS], inner[PD_IMAGE_WORDS], first[PD_IMAGE_WORDS] = "";
    const size_t several = n->outers > 1 && !n->images ? sort_names(n) : 0;
    size_t one = 0;
    if (!several && n->outers > 1 && n->split.size)
        return fail_split(folder, level, n, err);
    const bool same = several && 2 * several >= n->inners;
    if (!same && (n->images || n->inners <= n->outers))
        return PD_OK;
    list(n->outer, n->outers, outer);
    list(n->inner, n->inners, inner);
    pd_image_words_name(first, &one, n->outer[0].at - level.prefix, level.prefix + n->outer[0].size);
    const bool numbers = all_numbered(n->inner, n->inners) && !all_numbered(n->outer, n->outers);
    if (n->inners > 1 && !numbers && same)
        return same_names(folder, without_blanks(inner), without_blanks(outer), first, err);
    const int used = snprintf(note, PD_LAYOUT_WORDS,
                              n->outers == 1 ? "'%.150s' is a class, not what lies in it (%.100s)"
                                             : "%.150s are the classes, not what lies in them (%.100s)",
                              outer, inner);
    if (n->inners == 1)
        snprintf(note + used, PD_LAYOUT_WORDS - (size_t)used, "\tone of them alone: data=%.100s/%.80s",
                 folder, first);
    else if (!same && !numbers && n->inners <= 10)
        snprintf(note + used, PD_LAYOUT_WORDS - (size_t)used, "\twhere those are: classes=%.200s",
                 without_blanks(inner));
    return PD_OK;
}

/* "backup/cat" and "backup/dog" beside cat/ and dog/. */
static void note_within(const struct pd_image_file *files, struct pd_image_level level, const struct names *n,
                        char note[PD_LAYOUT_WORDS])
{
    char in[PD_IMAGE_WORDS] = "", within[PD_IMAGE_WORDS] = "";
    size_t one = 0, count = 0;
    struct name holder = {NULL, 0};
    for (size_t i = level.begin; i < level.end; i++) {
        const struct name outer = first_folder(files[i].path + level.prefix),
                          inner = first_folder(outer.at + outer.size + (outer.size > 0));
        const bool again = i > level.begin && !strncmp(files[i - 1].path + level.prefix, outer.at,
                                                       (size_t)(inner.at - outer.at) + inner.size + 1);
        if (!outer.size || !inner.size || again || !compare(&outer, &inner) ||
            (holder.size && compare(&holder, &outer) != 0) ||
            !bsearch(&inner, n->outer, n->outers, sizeof inner, compare))
            continue;
        holder = outer;
        pd_image_words_name(within, &count, inner.at, inner.size);
    }
    if (count < 2)
        return;
    pd_image_words_name(in, &one, holder.at, holder.size);
    snprintf(note, PD_LAYOUT_WORDS, "'%.100s' is a class, though folders in it are called as others (%.200s)",
             in, within);
}

/* "data/cat" and "data/dog" beside docs/, which has images. */
static void note_holder(const char *folder, const struct pd_image_file *files, struct pd_image_level level,
                        char note[PD_LAYOUT_WORDS])
{
    for (size_t i = level.begin, end; i < level.end && !*note; i = end) {
        const struct name outer = first_folder(files[i].path + level.prefix);
        char in[PD_IMAGE_WORDS] = "", within[PD_IMAGE_WORDS] = "";
        size_t one = 0, count = 0;
        struct name last = {NULL, 0};
        bool direct = !outer.size || pd_image_is_unlabelled(outer.at, outer.size);
        for (end = i; end < level.end; end++) {
            const struct name own = first_folder(files[end].path + level.prefix);
            if (compare(&own, &outer) != 0)
                break;
            const struct name inner = first_folder(own.at + own.size + (own.size > 0));
            direct = direct || !inner.size;
            if (!direct && (!last.at || compare(&last, &inner) != 0))
                pd_image_words_name(within, &count, inner.at, inner.size);
            last = inner;
        }
        if (direct || count < 2)
            continue;
        pd_image_words_name(in, &one, outer.at, outer.size);
        snprintf(note, PD_LAYOUT_WORDS,
                 "'%.100s' is a class, not what lies in it (%.150s)\twhere those are: data=%.100s/%.80s", in,
                 within, folder, in);
    }
}

enum pd_status pd_image_layout_check_level(const char *folder, const struct pd_image_file *files,
                                           struct pd_image_level level, char note[PD_LAYOUT_WORDS],
                                           struct pd_error *err)
{
    const size_t count = level.end - level.begin;
    struct names n = {
        pd_calloc(count + 1, sizeof *n.outer), pd_calloc(count + 1, sizeof *n.inner), 0, 0, false, {NULL, 0}};
    *note = '\0';
    enum pd_status status = PD_ERR_MEMORY;
    if (n.outer && n.inner) {
        collect(files, level, &n);
        status = judge(folder, level, &n, note, err);
        if (!status && !*note)
            note_within(files, level, &n, note);
        if (!status && !*note && n.outers > 1 && n.images)
            note_holder(folder, files, level, note);
    } else
        pd_fail(err, status, -1, "out of memory for the folders of '%.200s'", folder);
    pd_free(n.outer);
    pd_free(n.inner);
    return status;
}
