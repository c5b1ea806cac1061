#include "data/images/image_mates.h"

#include "base/words.h"
#include "data/labels/image_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PATH_SIZE = 4096, LOOKED_AT = 4096, KINDS = 16, KIND = 32, SHOWN = 120, SIBLINGS = 64 };

/* --- words --- */

/* Folders that are hardly called so for anything else; those, and beginnings of names, that are where an
 * image of the same name is there, too; and what that is called. In lower case with blanks around. */
static const char mask_folders[] = " masks mask annotations segmentation segmentations groundtruth "
                                   "ground_truth ground-truth segmentationclass segmentationobject "
                                   "thumbnails thumbnail label_images ";
static const char mate_words[] = " mask masks label labels labelstr labelsts gt gts groundtruth seg segs "
                                 "segmentation target targets thumb thumbs thumbnail ann ";
static const char image_words[] = " image images imagestr imagests img imgs im input inputs photo photos "
                                  "picture pictures source jpegimages ";

/* What is at the end of names of several photos of one thing, not of its bands. */
static const char view_words[] = " left right l r od os front back side top bottom ";

static bool is_among(const char *words, const char *word, size_t size)
{
    char lower[KIND] = " ";
    if (!size || size > KIND - 3 || memchr(word, ' ', size))
        return false;
    for (size_t i = 0; i < size; i++)
        lower[i + 1] = (char)tolower((unsigned char)word[i]);
    lower[size + 1] = ' ';
    return strstr(words, lower);
}

/* --- folders --- */

static bool is_mask_word(const char *word, size_t size)
{
    return is_among(mask_folders, word, size);
}

/* Bytes of the path up to the end of a folder that is called so; 0: in none. */
static size_t mask_folder(const char *path)
{
    for (const char *at = path, *slash; (slash = strchr(at, '/')); at = slash + 1)
        if (is_mask_word(at, (size_t)(slash - at)))
            return (size_t)(slash - path);
    return 0;
}

/* --- names --- */

/* The first image whose path does not come before these bytes. */
static size_t lower_bound(const struct pd_image_list *l, const char *bytes, size_t size)
{
    size_t low = 0, high = l->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strncmp(l->at[middle].path, bytes, size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first image beside that is called as these bytes and an ending; NULL: none but `except`. */
static const char *find_called(const struct pd_image_list *l, const char *bytes, size_t size,
                               const char *except)
{
    char stem[PATH_SIZE];
    if (size + 2 > sizeof stem)
        return NULL;
    memcpy(stem, bytes, size);
    stem[size++] = '.';
    for (size_t i = lower_bound(l, stem, size); i < l->count && !strncmp(l->at[i].path, stem, size); i++)
        if (!strpbrk(l->at[i].path + size, "./") && l->at[i].path != except)
            return l->at[i].path;
    return NULL;
}

/* The image called as these three parts and an ending. */
static const char *find_joined(const struct pd_image_list *l, const char *a, size_t a_size, const char *b,
                               size_t b_size, const char *c, size_t c_size)
{
    char path[PATH_SIZE];
    const int n = snprintf(path, sizeof path, "%.*s%.*s%.*s", (int)a_size, a, (int)b_size, b, (int)c_size, c);
    return n < (int)sizeof path ? find_called(l, path, (size_t)n, NULL) : NULL;
}

/* "a/img_1.png" or "a/1.png" of "a/mask_1.png". */
static const char *find_by_beginning(const struct pd_image_list *l, const char *path, char kind[KIND])
{
    const char *name = pd_path_name(path), *dot = strrchr(name, '.'), *rest = strpbrk(name, "_- ");
    if (!rest || rest + 1 >= dot || !is_among(mate_words, name, (size_t)(rest - name)))
        return NULL;
    const size_t folder = (size_t)(name - path), size = (size_t)(dot - rest);
    const char *mate = find_joined(l, path, folder, rest + 1, size - 1, "", 0);
    for (const char *word = image_words + 1; !mate && *word; word += strcspn(word, " ") + 1) {
        char own[KIND];
        snprintf(own, sizeof own, "%.*s", (int)strcspn(word, " "), word);
        own[0] = (char)(isupper((unsigned char)name[0]) ? toupper((unsigned char)own[0]) : own[0]);
        mate = find_joined(l, path, folder, own, strlen(own), rest, size);
    }
    snprintf(kind, KIND, "%.*s", (int)(rest + 1 - name), name);
    return mate;
}

/* The same path, in a folder of images beside the one that ends `outer` + `size` bytes in, or in the one
 * around it. */
static const char *find_in_siblings(const struct pd_image_list *l, const char *path, size_t outer,
                                    size_t size)
{
    const char *rest = path + outer + size; /* "/1.png" */
    const size_t stem = (size_t)(strrchr(rest, '.') - rest);
    const char *mate = find_joined(l, path, outer, rest + 1, stem - 1, "", 0);
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%.*s", (int)outer, path);
    for (int i = 0; !mate && i < SIBLINGS; i++) {
        const size_t at = lower_bound(l, folder, strlen(folder));
        if (at == l->count || strncmp(l->at[at].path, path, outer) != 0)
            break;
        const char *sibling = l->at[at].path;
        const size_t n = strcspn(sibling + outer, "/");
        const bool is_folder = sibling[outer + n];
        if (is_folder && is_among(image_words, sibling + outer, n)) {
            mate = find_joined(l, sibling, outer + n, rest, stem, "", 0);
            mate = mate ? mate : find_joined(l, sibling, outer + n, rest, stem, "_0000", 5); /* nnU-Net's */
        }
        /* what comes behind all of the folder: '0' follows on '/' */
        if (snprintf(folder, sizeof folder, "%.*s%s", (int)(outer + n), sibling, is_folder ? "0" : "\1") >=
            (int)sizeof folder)
            break;
    }
    return mate;
}

/* "images/1.png" of "labels/1.png", "a/1.png" of "a/thumbs/1.png". */
static const char *find_by_folder(const struct pd_image_list *l, const char *path, char kind[KIND])
{
    const char *mate = NULL;
    for (const char *at = path, *slash; !mate && (slash = strchr(at, '/')); at = slash + 1) {
        const size_t size = (size_t)(slash - at);
        if (is_mask_word(at, size) || !is_among(mate_words, at, size))
            continue;
        snprintf(kind, KIND, "%.*s/", (int)size, at);
        mate = find_in_siblings(l, path, (size_t)(at - path), size);
    }
    return mate;
}

/* The image that path is a mate of, or NULL: "a/1.png" of "a/1_mask.png" and, as it comes first, "a/1.jpg" of
 * "a/1.png". *kind: what is in its name beside, "_mask", ".png", "mask_" or "labels/". */
static const char *find_mate(const struct pd_image_list *l, const char *path, char kind[KIND])
{
    const char *name = pd_path_name(path), *dot = strrchr(name, '.');
    if (!dot || dot == name)
        return NULL;
    const char *mate = find_called(l, path, (size_t)(dot - path), path);
    snprintf(kind, KIND, "%s", dot);
    if (mate)
        return strcmp(mate, path) < 0 ? mate : NULL;
    for (const char *at = dot - 1; at > name; at--)
        if (strchr("_-. ", *at) && isalpha((unsigned char)at[1])) {
            snprintf(kind, KIND, "%.*s", (int)(dot - at), at);
            mate = find_called(l, path, (size_t)(at - path), path);
            if (mate)
                return mate;
        }
    mate = find_by_beginning(l, path, kind);
    return mate ? mate : find_by_folder(l, path, kind);
}

struct kind {
    char word[KIND];
    const char *path, *mate; /* the first */
    size_t count;
};

static void count_mate(struct kind kinds[KINDS], const char *word, const char *path, const char *mate)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].count && strcmp(kinds[i].word, word) != 0)
            continue;
        if (!kinds[i].count++) {
            snprintf(kinds[i].word, KIND, "%s", word);
            kinds[i].path = path;
            kinds[i].mate = mate;
        }
        return;
    }
}

/* --- parts of an image --- */

static const char *shown(const char *path, size_t size, char text[SHOWN])
{
    pd_image_name(text, SHOWN, path, size);
    return text;
}

/* Bytes of "a/t1" in "a/t1_B02.tif", and what follows up to the ending; 0: no letter stands there. */
static size_t cut(const char *path, char part[KIND])
{
    const char *name = pd_path_name(path), *dot = strrchr(name, '.'), *at = dot;
    bool letter = false;
    for (; at && at > name && !strchr("_-", *at); at--)
        letter = letter || (at < dot && isalpha((unsigned char)*at));
    if (!at || at <= name || !letter)
        return 0;
    snprintf(part, KIND, "%.*s", (int)(dot - at), at);
    return (size_t)(at - path);
}

/* Where nearly all files are one of the same few parts of something, each thing has all of them, and there
 * are several: bands of a tile, channels of a cell. They are neighbours. */
static void note_parts(const struct pd_image_list *l, const char *name, char note[PD_NOTE_SIZE])
{
    struct kind kinds[KINDS] = {{.count = 0}};
    const size_t n = l->count < LOOKED_AT ? l->count : LOOKED_AT;
    size_t things = 0, last = 0, different = 0;
    char part[KIND], a[SHOWN], b[SHOWN];
    for (size_t i = 0; i < n; i++) {
        const char *path = l->at[i].path;
        const size_t size = cut(path, part);
        if (!size)
            return;
        things += !i || size != last || strncmp(path, l->at[i - 1].path, size) != 0;
        last = size;
        count_mate(kinds, part, path, path);
    }
    while (different < KINDS && kinds[different].count)
        different++;
    bool views = true;
    for (size_t i = 0; i < different; i++) {
        if (10 * kinds[i].count < 9 * things)
            return;
        views = views && is_among(view_words, kinds[i].word + 1, strlen(kinds[i].word + 1));
    }
    if (views)
        return;
    if (things > 2 && different > 1 && different < KINDS && n <= things * different)
        pd_note_add(note, name,
                    "'%s', '%s' and others of the kind count as images of their own: if they are bands or "
                    "channels of one, put them into one file",
                    shown(kinds[0].path, strlen(kinds[0].path), a),
                    shown(kinds[1].path, strlen(kinds[1].path), b));
}

/* --- all --- */

void pd_image_mates_note(const struct pd_image_list *l, const char *name,
                         const char (*class_names)[PD_CLASS_NAME_SIZE], char note[PD_NOTE_SIZE])
{
    const size_t n = l->count < LOOKED_AT ? l->count : LOOKED_AT;
    struct kind kinds[KINDS] = {{.count = 0}}, *most = kinds;
    const char *in_masks = NULL;
    char word[KIND], a[SHOWN], b[SHOWN];
    for (size_t i = 0; i < n; i++) {
        const char *path = l->at[(size_t)((double)i * (double)l->count / (double)n)].path;
        const char *mate = find_mate(l, path, word);
        if (mate)
            count_mate(kinds, word, path, mate);
        in_masks = in_masks || !mask_folder(path) ? in_masks : path;
    }
    for (size_t i = 1; i < KINDS; i++)
        most = kinds[i].count > most->count ? &kinds[i] : most;
    if (most->count > 1 && 10 * most->count >= n)
        pd_note_add(note, name,
                    "'%s' beside '%s' and others of the kind count as images of their own: if they are masks "
                    "or copies, move them elsewhere",
                    shown(most->path, strlen(most->path), a), shown(most->mate, strlen(most->mate), b));
    note_parts(l, name, note);
    bool class = false;
    for (int k = 0; k < l->class_count; k++)
        if (is_mask_word(class_names[k], strlen(class_names[k]))) {
            pd_note_add(note, name, "'%s' is taken for a class: if its pictures are masks, move it elsewhere",
                        class_names[k]);
            class = true;
        }
    if (in_masks && !class)
        pd_note_add(
            note, name,
            "what lies in '%s/' counts as images: if they are masks or thumbnails, move them elsewhere",
            shown(in_masks, mask_folder(in_masks), a));
}
