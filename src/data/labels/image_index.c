#include "data/labels/image_index.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/words.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <utf8proc.h>

enum { LONGEST = 4096 }; /* bytes of a path */

struct pd_indexed_name {
    const char *name;
    uint32_t length, image;
};

/* Order by the bytes from the last to the first: names with a common end are neighbours. */
static int compare_ends(const char *a, size_t n, const char *b, size_t m)
{
    while (n && m) {
        int d = (unsigned char)a[--n] - (unsigned char)b[--m];
        if (d)
            return d;
    }
    return (n > 0) - (m > 0);
}

static int compare_names(const void *a, const void *b)
{
    const struct pd_indexed_name *x = a, *y = b;
    return compare_ends(x->name, x->length, y->name, y->length);
}

/* --- Unicode's composed form --- */

enum { COMPOSED = 4 * (LONGEST + 1) };

/* Of size bytes of text into out[COMPOSED], or text as it is. Returns the bytes there, without the NUL. */
static size_t compose(const char *text, size_t size, char out[COMPOSED])
{
    utf8proc_int32_t points[LONGEST + 1];
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    const utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)size, points, LONGEST, options);
    const utf8proc_ssize_t bytes =
        count >= 0 && count <= LONGEST ? utf8proc_reencode(points, count, options) : -1;
    const size_t n = bytes >= 0 ? (size_t)bytes : size;
    memcpy(out, bytes >= 0 ? (const char *)points : text, n);
    out[n] = '\0';
    return n;
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

/* The second index, where some name has letters that may be written in two ways. */
static enum pd_status add_composed(struct pd_image_index *index, struct pd_error *err)
{
    const struct pd_dataset *d = index->dataset;
    struct pd_buffer texts = PD_BUFFER_INIT;
    bool ascii = true;
    for (uint32_t i = 0; i < d->count; i++)
        ascii = ascii && is_ascii(d->image_names[i]);
    if (ascii)
        return PD_OK;
    for (uint32_t i = 0; i < d->count; i++) {
        char text[COMPOSED];
        const size_t size = strlen(d->image_names[i]);
        if (size <= LONGEST)
            pd_buffer_append(&texts, text, compose(d->image_names[i], size, text));
        pd_buffer_append(&texts, "", 1);
    }
    index->composed = pd_malloc(d->count * sizeof *index->composed);
    index->texts = texts.data;
    if (texts.oom || !index->composed) {
        pd_image_index_release(index);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the names of data set '%s'", d->name);
    }
    const char *text = index->texts;
    for (uint32_t i = 0; i < d->count; i++, text += strlen(text) + 1)
        index->composed[i] = (struct pd_indexed_name){text, (uint32_t)strlen(text), i};
    qsort(index->composed, d->count, sizeof *index->composed, compare_names);
    return PD_OK;
}

/* Bytes of a name without its ending. */
static size_t stem_size(const char *name)
{
    const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
    return dot && dot > slash ? (size_t)(dot - name) : strlen(name);
}

static void note_ending(struct pd_image_index *index, const char *name)
{
    const char *ending = name + stem_size(name);
    if (*ending && index->ending_count < PD_IMAGE_ENDINGS &&
        pd_word_at(ending, index->endings, (size_t)index->ending_count, sizeof index->endings[0]) < 0)
        index->endings[index->ending_count++] = ending;
}

enum pd_status pd_image_index_init(struct pd_image_index *index, const struct pd_dataset *d,
                                   struct pd_error *err)
{
    *index = (struct pd_image_index){.dataset = d};
    if (!d->image_names)
        return PD_OK;
    index->sorted = pd_malloc(d->count * sizeof *index->sorted);
    if (!index->sorted)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the names of data set '%s'", d->name);
    for (uint32_t i = 0; i < d->count; i++) {
        index->sorted[i] =
            (struct pd_indexed_name){d->image_names[i], (uint32_t)strlen(d->image_names[i]), i};
        note_ending(index, d->image_names[i]);
    }
    qsort(index->sorted, d->count, sizeof *index->sorted, compare_names);
    return add_composed(index, err);
}

void pd_image_index_release(struct pd_image_index *index)
{
    pd_free(index->sorted);
    pd_free(index->composed);
    pd_free(index->texts);
    *index = (struct pd_image_index){.dataset = index->dataset};
}

/* The first of the sorted names that does not come before text. */
static uint32_t lower_bound(const struct pd_image_index *index, const char *text, size_t size)
{
    uint32_t low = 0, high = index->dataset->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct pd_indexed_name *n = &index->sorted[middle];
        if (compare_ends(n->name, n->length, text, size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t find_exactly(const struct pd_image_index *index, const char *text, size_t size)
{
    uint32_t i = lower_bound(index, text, size);
    if (i == index->dataset->count ||
        compare_names(&index->sorted[i], &(struct pd_indexed_name){text, (uint32_t)size, 0}))
        return PD_IMAGE_UNKNOWN;
    const bool twice = i + 1 < index->dataset->count &&
                       !compare_names(&index->sorted[i], &index->sorted[i + 1]); /* once composed */
    return twice ? PD_IMAGE_AMBIGUOUS : (int64_t)index->sorted[i].image;
}

/* One of two findings, where no more than one may be. */
static int64_t either(int64_t a, int64_t b)
{
    if (a == PD_IMAGE_UNKNOWN || a == b)
        return b;
    return b == PD_IMAGE_UNKNOWN ? a : PD_IMAGE_AMBIGUOUS;
}

/* The longest name that text ends with: of "/photos/sub/x.png" rather "sub/x.png" than "x.png". */
static int64_t find_within(const struct pd_image_index *index, const char *text, size_t size)
{
    int64_t found = PD_IMAGE_UNKNOWN;
    for (size_t i = 0; i < size && found == PD_IMAGE_UNKNOWN; i++)
        if (text[i] == '/')
            found = find_exactly(index, text + i + 1, size - i - 1);
    return found;
}

/* Names that end with text. */
static int64_t find_around(const struct pd_image_index *index, const char *text, size_t size)
{
    char end[LONGEST + 2] = "/";
    int64_t found = PD_IMAGE_UNKNOWN;
    memcpy(end + 1, text, size++);
    for (uint32_t i = lower_bound(index, end, size); i < index->dataset->count; i++) {
        const struct pd_indexed_name *n = &index->sorted[i];
        if (n->length < size || memcmp(n->name + n->length - size, end, size) != 0 ||
            found == PD_IMAGE_AMBIGUOUS)
            break;
        found = either(found, n->image);
    }
    return found;
}

static int64_t find_path(const struct pd_image_index *index, const char *text, size_t size)
{
    int64_t found = find_exactly(index, text, size);
    if (found == PD_IMAGE_UNKNOWN)
        found = find_within(index, text, size);
    return found == PD_IMAGE_UNKNOWN ? find_around(index, text, size) : found;
}

/* The byte that "%41" stands for, or -1. */
static int percent(const char *text)
{
    if (text[0] != '%' || !isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
        return -1;
    const char digits[] = {text[1], text[2], '\0'};
    int byte = (int)strtol(digits, NULL, 16);
    return byte ? byte : -1;
}

/* "a//b/./c" as "a/b/c". Returns its length. */
static size_t tidy(char *path)
{
    char *to = path;
    for (const char *from = path; *from; from++) {
        const bool idle = to > path && to[-1] == '/' && (*from == '/' || (from[0] == '.' && from[1] == '/'));
        from += idle && *from == '.';
        if (!idle)
            *to++ = *from;
    }
    *to = '\0';
    return (size_t)(to - path);
}

/* The path in a URL, or a Windows path with '/'; without spaces around it. Returns its length. */
static size_t decode(const char *text, char path[LONGEST + 1])
{
    const char *query = strstr(text, "?d=");
    const char *from = query ? query + 3 : text;
    const char *end = from + strcspn(from, query ? "&#" : "?#");
    size_t n = 0;
    while (isspace((unsigned char)*from))
        from++;
    while (end > from && isspace((unsigned char)end[-1]))
        end--;
    while (from < end) {
        int byte = percent(from);
        from += byte < 0 ? 1 : 3;
        byte = byte < 0 ? from[-1] : byte;
        path[n++] = (char)(byte == '\\' ? '/' : byte);
    }
    path[n] = '\0';
    return tidy(path);
}

static bool is_url(const char *text)
{
    return strstr(text, "://") || strstr(text, "?d=");
}

/* The name behind what Label Studio puts before the name of an uploaded file, or NULL. */
static const char *uploaded_name(const char *path)
{
    enum { PREFIX = 8 };
    const char *name = pd_path_name(path);
    const bool dated =
        strspn(name, "0123456789") == PREFIX && !strstr(path, "upload/"); /* "20240131-1.png" */
    const bool prefixed = !dated && strspn(name, "0123456789abcdef") == PREFIX && name[PREFIX] == '-';
    return prefixed ? name + PREFIX + 1 : NULL;
}

static int64_t find_number(const struct pd_image_index *index, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (!digits || digits > 10 || text[digits])
        return PD_IMAGE_UNKNOWN;
    int64_t number = strtoll(text, NULL, 10);
    return number < index->dataset->count ? number : PD_IMAGE_UNKNOWN;
}

static int64_t find_decoded(const struct pd_image_index *index, const char *text)
{
    char path[LONGEST + 1] = "";
    size_t size = decode(text, path);
    if (!index->sorted)
        return find_number(index, path);
    int64_t found = size ? find_path(index, path, size) : PD_IMAGE_UNKNOWN;
    const char *name = uploaded_name(path);
    if (found != PD_IMAGE_UNKNOWN || !name || !*name)
        return found;
    return either(find_exactly(index, name, strlen(name)), find_around(index, name, strlen(name)));
}

static int64_t find_composed(const struct pd_image_index *index, const char *text, size_t size)
{
    const struct pd_image_index other = {.dataset = index->dataset, .sorted = index->composed};
    char path[LONGEST + 1], composed[COMPOSED];
    size_t n = compose(text, size, composed);
    int64_t found = n <= LONGEST ? find_path(&other, composed, n) : PD_IMAGE_UNKNOWN;
    if (found != PD_IMAGE_UNKNOWN)
        return found;
    n = compose(path, decode(text, path), composed);
    return n && n <= LONGEST ? find_decoded(&other, composed) : PD_IMAGE_UNKNOWN;
}

int64_t pd_image_find(const struct pd_image_index *index, const char *text)
{
    size_t size = strlen(text);
    if (!size || size > LONGEST)
        return PD_IMAGE_UNKNOWN;
    char path[LONGEST + 1];
    int64_t found = index->sorted ? find_exactly(index, text, size) : find_number(index, text);
    if (found == PD_IMAGE_UNKNOWN && is_url(text))
        found = find_decoded(index, text);
    if (found == PD_IMAGE_UNKNOWN && index->sorted) {
        memcpy(path, text, size + 1);
        found = find_path(index, path, tidy(path));
    }
    if (found == PD_IMAGE_UNKNOWN)
        found = find_decoded(index, text);
    return found == PD_IMAGE_UNKNOWN && index->composed ? find_composed(index, text, size) : found;
}

int64_t pd_image_find_exactly(const struct pd_image_index *index, const char *text)
{
    char path[LONGEST + 1];
    const size_t size = strlen(text);
    if (!size || size > LONGEST)
        return PD_IMAGE_UNKNOWN;
    memcpy(path, text, size + 1);
    return index->sorted ? find_exactly(index, path, tidy(path)) : find_number(index, text);
}

int64_t pd_image_find_stem(const struct pd_image_index *index, const char *text, size_t size)
{
    int64_t found = PD_IMAGE_UNKNOWN;
    for (int i = 0; i < index->ending_count; i++) {
        char longer[LONGEST];
        if (snprintf(longer, sizeof longer, "%.*s%s", (int)size, text, index->endings[i]) >=
            (int)sizeof longer)
            break;
        const int64_t other = pd_image_find(index, longer);
        if (other != PD_IMAGE_UNKNOWN && found != PD_IMAGE_UNKNOWN && other != found)
            return PD_IMAGE_AMBIGUOUS;
        found = other != PD_IMAGE_UNKNOWN ? other : found;
    }
    return found;
}

/* Where the `n` bytes of a name begin that end `size` bytes of a path, behind a '/'; 0: nowhere. */
static size_t name_in(const char *path, size_t size, const char *name, size_t n)
{
    return size > n + 1 && path[size - n - 1] == '/' && !memcmp(path + size - n, name, n) ? size - n : 0;
}

bool pd_image_is_elsewhere(const struct pd_image_index *index, const char *text, int64_t image)
{
    char path[LONGEST + 1], folder[sizeof index->dataset->name];
    if (!index->sorted || strlen(text) > LONGEST || strstr(text, "://"))
        return false;
    const char *name = index->dataset->image_names[image];
    const size_t size = decode(text, path), stem = stem_size(name);
    size_t at = name_in(path, size, name, strlen(name));
    at = at ? at : name_in(path, size, name, stem);
    at = at ? at : name_in(path, stem_size(path), name, stem);
    if (!at)
        return false;
    path[at - 1] = '\0';
    return strcmp(path, ".") != 0 &&
           strcasecmp(pd_path_word(folder, sizeof folder, path), index->dataset->name) != 0;
}
