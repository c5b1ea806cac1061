#include "data/labels/label_table_formats.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/words.h"
#include "data/labels/class_words.h"
#include "io/file.h"
#include "io/utf16.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MOST_BYTES = 1 << 30 };

/* --- rows --- */

char *pd_label_keep(struct pd_arena *arena, const char *text)
{
    size_t size;
    char *kept = pd_arena_strdup(arena, pd_trim(text, &size));
    if (kept)
        kept[size] = '\0';
    return kept ? pd_make_printable(kept) : NULL;
}

bool pd_label_add(struct pd_label_table *t, const char *image, const char *label, const char *split,
                  int64_t row)
{
    if (t->count == t->capacity) {
        const size_t capacity = t->capacity ? 2 * t->capacity : 256;
        struct pd_label_row *more = pd_realloc(t->at, capacity * sizeof *more);
        if (!more)
            return false;
        t->at = more;
        t->capacity = capacity;
    }
    if (!strcasecmp(split, "default")) /* CVAT's and Datumaro's word for none */
        split = "";
    const struct pd_label_row r = {pd_label_keep(&t->arena, image), pd_label_keep(&t->arena, label),
                                   pd_label_keep(&t->arena, split), NULL, row};
    if (!r.image || !r.label || !r.split)
        return false;
    if (*r.image)
        t->at[t->count++] = r;
    else if (!t->nameless++)
        t->first_nameless = row;
    return true;
}

/* --- columns --- */

/* The usual names, likeliest first. */
static const char *const usual[PD_COLUMNS][12] = {
    [PD_COLUMN_IMAGE] = {"file_name", "filename", "image", "file", "path", "image_path", "filepath", "img",
                         "name", "image_name", "image_id", "id"},
    [PD_COLUMN_LABEL] = {"label", "class", "category", "class_name", "label_name", "target", "diagnosis",
                         "dx", "species", "choice", "cls", "y"},
    [PD_COLUMN_SPLIT] = {"split", "subset", "partition", "fold"},
};

static int find_name(const char *const *names, int count, const char *name, size_t length)
{
    for (int i = 0; i < count; i++) {
        size_t size;
        const char *own = pd_trim(names[i], &size);
        if (size == length && !strncasecmp(own, name, length))
            return i;
    }
    return -1;
}

int pd_label_named(const char *const *names, int count, const char *name)
{
    size_t size;
    name = pd_trim(name, &size);
    return find_name(names, count, name, size);
}

enum pd_status pd_label_no_column(const struct pd_label_parse *p, const char *what, const char *const *names,
                                  int count)
{
    char list[240] = "";
    for (int i = 0, n = 0; i < count && n < (int)sizeof list; i++)
        n += snprintf(list + n, sizeof list - (size_t)n, "%s%s", i ? ", " : "", names[i]);
    pd_make_printable(list);
    pd_fail(p->err, PD_ERR_USAGE, -1, "%s: no column for the %s among '%s': name them", p->name, what, list);
    pd_hint(p->err, PD_ERR_USAGE, "metadata-columns=IMAGE,LABEL");
    return pd_hint(p->err, PD_ERR_USAGE, "where there is no header: metadata-columns=1,2");
}

enum pd_status pd_label_several(const struct pd_label_parse *p, const char *name)
{
    return pd_fail(p->err, PD_ERR_FORMAT, -1, "%s: several columns '%.60s': keep the one that counts",
                   p->name, name);
}

/* As asked for: names with commas between. */
static enum pd_status choose_given(const struct pd_label_parse *p, const char *const *names, int count,
                                   int at[PD_COLUMNS])
{
    const char *word = p->columns;
    for (int c = 0; c < PD_COLUMNS && *word; c++) {
        const size_t n = strcspn(word, ",");
        at[c] = find_name(names, count, word, n);
        if (at[c] < 0) {
            char asked[80];
            snprintf(asked, sizeof asked, "'%.*s'", (int)(n < 60 ? n : 60), word);
            return pd_label_no_column(p, asked, names, count);
        }
        word += n + (word[n] == ',');
    }
    return PD_OK;
}

static void choose_usual(const char *const *names, int count, int at[PD_COLUMNS])
{
    for (int c = 0; c < PD_COLUMNS; c++)
        for (int i = 0; i < 12 && usual[c][i] && at[c] < 0; i++)
            at[c] = find_name(names, count, usual[c][i], strlen(usual[c][i]));
    const int label = at[PD_COLUMN_LABEL];
    if (label >= 0 && !strcasecmp(names[label], "y") && find_name(names, count, "x", 1) >= 0)
        at[PD_COLUMN_LABEL] = -1; /* x and y are a place */
}

bool pd_label_is_usual(enum pd_label_column column, const char *name)
{
    for (int i = 0; i < 12 && usual[column][i]; i++)
        if (!strcasecmp(name, usual[column][i]))
            return true;
    return false;
}

/* "train", "PublicTest", "val_2", but no path. */
bool pd_label_names_split(const char *text)
{
    const bool split = strcasestr(text, "train") || strcasestr(text, "test") || strcasestr(text, "val");
    return (split || !strcasecmp(text, "dev")) && !strpbrk(text, "./\\");
}

/* "train", "test_set", "Usage", "is_test" */
static bool may_be_split(const char *name)
{
    static const char *const begin[] = {"train", "test"}, *const whole[] = {"val", "valid", "validation",
                                                                            "usage", "phase"};
    if (!strncasecmp(name, "is_", 3))
        return pd_label_names_split(name + 3);
    for (size_t i = 0; i < sizeof begin / sizeof begin[0]; i++)
        if (!strncasecmp(name, begin[i], strlen(begin[i])))
            return true;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (!strcasecmp(name, whole[i]))
            return true;
    return pd_label_is_usual(PD_COLUMN_SPLIT, name);
}

/* One that nobody took. */
static void find_flag(const char *const *names, int count, const int at[PD_COLUMNS], struct pd_label_table *t)
{
    for (int i = 0; at[PD_COLUMN_SPLIT] < 0 && i < count && !*t->split_like; i++)
        if (i != at[PD_COLUMN_IMAGE] && i != at[PD_COLUMN_LABEL] && may_be_split(names[i]))
            snprintf(t->split_like, sizeof t->split_like, "%s", names[i]);
    pd_make_printable(t->split_like);
}

/* "label2", "status", "ClassName" (of the numbers) beside the label's. */
static void find_beside_label(const char *const *names, int count, const int at[PD_COLUMNS],
                              struct pd_label_table *t)
{
    for (int i = 0; i < count && !*t->label_like; i++) {
        size_t size;
        const char *own = pd_trim(names[i], &size);
        bool taken = false;
        for (int c = 0; c < PD_COLUMNS; c++)
            taken = taken || i == at[c];
        if (!taken && (!strncasecmp(own, "class", strlen("class")) || pd_is_word_beside_label(own, size)))
            snprintf(t->label_like, sizeof t->label_like, "%.*s", (int)size, own);
    }
    pd_make_printable(t->label_like);
}

enum pd_status pd_label_choose(const struct pd_label_parse *p, const char *const *names, int count,
                               int at[PD_COLUMNS])
{
    struct pd_label_table *t = p->out;
    for (int c = 0; c < PD_COLUMNS; c++)
        at[c] = -1;
    if (*p->columns) {
        enum pd_status status = choose_given(p, names, count, at);
        if (status)
            return status;
    } else {
        choose_usual(names, count, at);
    }
    if (at[PD_COLUMN_IMAGE] < 0)
        return pd_label_no_column(p, "image's name", names, count);
    for (int c = 0; c < PD_COLUMNS; c++)
        for (int i = at[c] < 0 ? count : at[c] + 1; i < count; i++)
            if (!strcasecmp(names[i], names[at[c]]))
                return pd_label_several(p, names[i]);
    find_flag(names, count, at, t);
    if (!*p->columns && at[PD_COLUMN_LABEL] >= 0)
        find_beside_label(names, count, at, t);
    const int split = at[PD_COLUMN_SPLIT];
    const int label = at[PD_COLUMN_LABEL];
    snprintf(t->columns, sizeof t->columns, "image from '%.32s', label from %s%.32s%s%s%.32s%s",
             names[at[PD_COLUMN_IMAGE]], label < 0 ? "the column that holds 1" : "'",
             label < 0 ? "" : names[label], label < 0 ? "" : "'", split < 0 ? "" : ", split from '",
             split < 0 ? "" : names[split], split < 0 ? "" : "'");
    pd_make_printable(t->columns);
    return PD_OK;
}

/* Folds by number, of a cross-validation, are no splits. A column that somebody asked for is what they say.
 */
static void drop_folds(const struct pd_label_parse *p)
{
    struct pd_label_table *t = p->out;
    static const char begin[] = ", split from '";
    char *said = strcasestr(t->columns, ", split from 'fold'");
    if (*p->columns || !said)
        return;
    for (size_t i = 0; i < t->count; i++)
        if (t->at[i].split[strspn(t->at[i].split, "0123456789.")])
            return;
    for (size_t i = 0; i < t->count; i++)
        t->at[i].split = "";
    *said = '\0';
    snprintf(t->split_like, sizeof t->split_like, "%.4s", said + sizeof begin - 1);
}

/* --- the file --- */

static bool is_coco(const struct pd_label_parse *p)
{
    return strstr(p->text, "\"annotations\"") && strstr(p->text, "\"categories\"");
}

static enum pd_status parse(const struct pd_label_parse *p)
{
    const char first = p->text[strspn(p->text, " \t\r\n")];
    if (first == '<')
        return pd_label_parse_cvat(p);
    if (first == '{' || first == '[')
        return is_coco(p) ? pd_label_parse_coco(p) : pd_label_parse_json_lines(p);
    return pd_label_parse_csv(p);
}

enum pd_status pd_label_table_parse(const void *bytes, size_t size, const char *name, const char *columns,
                                    struct pd_label_table *out, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT; /* a copy: it ends with a NUL */
    *out = (struct pd_label_table){.count = 0};
    pd_append_utf8(&text, bytes, size);
    if (text.oom)
        return pd_fail_memory(err, name);
    const struct pd_label_parse p = {name, text.data ? text.data : "", text.size, columns ? columns : "", out,
                                     err};
    const char *zero = memchr(p.text, '\0', p.size);
    enum pd_status status =
        zero ? pd_fail(err, PD_ERR_FORMAT, zero - p.text,
                       "%s: a zero byte: expected text, not a spreadsheet's own format: save it as CSV UTF-8",
                       name)
             : parse(&p);
    if (!status)
        drop_folds(&p);
    if (!status && !out->count)
        status =
            pd_fail(err, PD_ERR_FORMAT, -1, "%s: %s without a row that names an image", name, out->format);
    pd_buffer_release(&text);
    if (status)
        pd_label_table_release(out);
    return status;
}

enum pd_status pd_label_table_read(const char *path, const char *columns, struct pd_label_table *out,
                                   struct pd_error *err)
{
    struct pd_buffer bytes = PD_BUFFER_INIT;
    *out = (struct pd_label_table){.count = 0};
    enum pd_status status = pd_file_read_most(path, MOST_BYTES, &bytes, err);
    if (!status)
        status = pd_label_table_parse(bytes.data ? bytes.data : "", bytes.size, path, columns, out, err);
    pd_buffer_release(&bytes);
    return status;
}

void pd_label_table_release(struct pd_label_table *t)
{
    pd_free(t->at);
    pd_free(t->swallowed);
    pd_arena_release(&t->arena);
    *t = (struct pd_label_table){.count = 0};
}
