/* Columns beside those that are taken, which may say something else of images: their folders ("dir,file"),
 * other names, a confidence. */
#include "data/labels/label_table_formats.h"

#include "base/words.h"
#include "data/images/image.h"
#include "data/labels/class_words.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PATH_SIZE = 4096 };

int pd_label_flag(const char *text, size_t size)
{
    static const char *const known[][5] = {{"0", "0.0", "0.00", "false", NULL},
                                           {"1", "1.0", "1.00", "true", NULL}};
    for (int flag = 0; flag < 2; flag++)
        for (const char *const *k = known[flag]; *k; k++)
            if (strlen(*k) == size && !strncasecmp(text, *k, size))
                return flag;
    return -1;
}

/* One of that name which is not taken, or -1. */
static int other_column(const struct pd_label_beside *b, const char *name)
{
    const int i = pd_label_named(b->names, b->count, name);
    for (int c = 0; c < PD_COLUMNS; c++)
        if (i == b->at[c])
            return -1;
    return i;
}

void pd_label_beside_find(struct pd_label_beside *b, const struct pd_label_parse *p, const char *const *names,
                          int count, const int at[PD_COLUMNS])
{
    static const char *const folders[] = {"dir", "directory", "folder", "subdir", "subfolder"};
    struct pd_label_table *out = p->out;
    *b = (struct pd_label_beside){.p = p, .names = names, .count = count, .at = at, .other = -1};
    for (size_t i = 0; !*p->columns && b->other < 0 && i < sizeof folders / sizeof *folders; i++)
        b->other = other_column(b, folders[i]);
    out->folders = b->other >= 0;
    if (out->folders)
        snprintf(out->other_like, sizeof out->other_like, "%s", names[b->other]);
    b->confidence = other_column(b, "confidence");
    b->answer = other_column(b, "answer");
}

/* "augmented_of", "mask", "image_right": of other images than the row's own. */
static bool is_relation(const char *name)
{
    static const char *const words[] = {"of",   "mask",     "masks", "thumb", "thumbnail", "left", "right",
                                        "next", "previous", "prev",  "pair",  "url",       "uri",  "link"};
    static const char between[] = "_- .";
    for (size_t n; *name; name += n) {
        name += strspn(name, between);
        n = strcspn(name, between);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strlen(words[i]) == n && !strncasecmp(name, words[i], n))
                return true;
    }
    return false;
}

/* A column of files' names as the images' has: rather one of other names ("image,new_name") than one of
 * relations, or of the same names in folders ("file_name,path"). */
static void look_for_other(struct pd_label_beside *b, const char *const *texts, const char *image)
{
    struct pd_label_table *out = b->p->out;
    for (int i = 0; (b->other < 0 || b->faint) && i < b->count; i++) {
        if (i == b->at[PD_COLUMN_IMAGE] || i == b->at[PD_COLUMN_LABEL] || !pd_image_is_ending(texts[i]) ||
            !strcmp(texts[i], image))
            continue;
        const bool relation = is_relation(b->names[i]),
                   faint = relation || !strcmp(pd_path_name(texts[i]), pd_path_name(image));
        if (b->other >= 0 && faint)
            continue;
        for (size_t r = 0; r < out->count; r++)
            out->at[r].other = NULL;
        b->other = i;
        b->faint = faint;
        out->relation = relation;
        snprintf(out->other_like, sizeof out->other_like, "%s", b->names[i]);
    }
}

/* What that column, or the one of folders, calls the image of the last row. */
static enum pd_status note_other(struct pd_label_beside *b, const char *const *texts)
{
    struct pd_label_table *out = b->p->out;
    struct pd_label_row *row = &out->at[out->count - 1];
    if (!out->folders)
        look_for_other(b, texts, row->image);
    if (b->other < 0)
        return PD_OK;
    const char *own = texts[b->other];
    char path[PATH_SIZE];
    const int n = out->folders ? snprintf(path, sizeof path, "%s/%s", own, row->image)
                               : snprintf(path, sizeof path, "%s", own);
    if (!*own || n < 0 || (size_t)n >= sizeof path)
        return PD_OK;
    row->other = pd_label_keep(&out->arena, path);
    return row->other ? PD_OK : pd_fail_memory(b->p->err, b->p->name);
}

/* Open Images: 0 says that the image is not what the label says. */
static void note_confidence(struct pd_label_beside *b, const char *text)
{
    const int flag = pd_label_flag(text, strlen(text));
    if (flag < 0)
        b->confidence = -1;
    b->p->out->unsure = flag < 0 ? 0 : b->p->out->unsure + !flag;
}

/* Prodigy: of the last row. */
static void take_answer(struct pd_label_beside *b, const char *text)
{
    struct pd_label_table *out = b->p->out;
    struct pd_label_row *row = &out->at[out->count - 1];
    if (!*row->label || !pd_is_rejection(text))
        return;
    row->label = "";
    out->rejected++;
}

enum pd_status pd_label_beside_row(struct pd_label_beside *b, const char *const *texts, bool added)
{
    if (!b->p)
        return PD_OK;
    if (b->confidence >= 0)
        note_confidence(b, texts[b->confidence]);
    if (added && b->answer >= 0)
        take_answer(b, texts[b->answer]);
    return added && !*b->p->columns ? note_other(b, texts) : PD_OK;
}

void pd_label_beside_end(const struct pd_label_beside *b)
{
    struct pd_label_table *out = b->p ? b->p->out : NULL;
    if (out && b->confidence >= 0 && out->unsure && out->unsure < out->count)
        snprintf(out->unsure_like, sizeof out->unsure_like, "%s", b->names[b->confidence]);
}
