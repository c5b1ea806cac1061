#include "data/images/image_mates.h"

#include "base/words.h"
#include "data/labels/image_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PATH_SIZE = 4096, LOOKED_AT = 4096, KINDS = 16, KIND = 32, SHOWN = 120 };

/* --- folders --- */

static bool is_mask_word(const char *word, size_t size)
{
    static const char *const masks[] = {
        "masks",       "mask",         "annotations",       "segmentation",       "segmentations",
        "groundtruth", "ground_truth", "SegmentationClass", "SegmentationObject", "thumbnails",
        "thumbnail",   "label_images"};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++)
        if (strlen(masks[i]) == size && !strncasecmp(masks[i], word, size))
            return true;
    return false;
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

/* The image that path is a mate of, or NULL: "a/1.png" of "a/1_mask.png" and, as it comes first, "a/1.jpg" of
 * "a/1.png". *kind: what is in its name beside, "_mask" or ".png". */
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
    return NULL;
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
    for (size_t i = 0; i < different; i++)
        if (10 * kinds[i].count < 9 * things)
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
