#include "base/words.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 63 }; /* longer words are no option's or data set's name */

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Optimal string alignment: Levenshtein's distance with swaps of neighbours. */
static size_t edits(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    size_t rows[3][LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return SIZE_MAX;
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]))
                row[j] = min3(row[j], before[j - 2] + 1, row[j]);
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[m];
}

static const char *word_at(const char *const *first, size_t i, size_t stride)
{
    return *(const char *const *)(const void *)((const char *)first + i * stride);
}

const char *pd_nearest_word(const char *word, const char *const *first, size_t count, size_t stride)
{
    const char *best = NULL;
    size_t least = strlen(word) / 3 + 2;
    for (size_t i = 0; i < count; i++) {
        size_t distance = edits(word, word_at(first, i, stride));
        if (distance < least) {
            least = distance;
            best = word_at(first, i, stride);
        }
    }
    return best;
}

char *pd_join_words(char *text, size_t size, const char *const *first, size_t count, size_t stride)
{
    size_t used = 0;
    if (size)
        text[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", word_at(first, i, stride));
    return text;
}

const char *pd_plural(size_t n)
{
    return n == 1 ? "" : "s";
}

enum pd_status pd_unknown_word(struct pd_error *err, const char *what, const char *word,
                               const char *const *first, size_t count, size_t stride)
{
    char known[256];
    pd_join_words(known, sizeof known, first, count, stride);
    const char *near = pd_nearest_word(word, first, count, stride);
    if (near)
        return pd_fail(err, PD_ERR_USAGE, -1, "unknown %s '%s', did you mean '%s'? (known: %s)", what, word,
                       near, known);
    return pd_fail(err, PD_ERR_USAGE, -1, "unknown %s '%s' (known: %s)", what, word, known);
}

int pd_word_at(const char *word, const char *const *first, size_t count, size_t stride)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(word, word_at(first, i, stride)))
            return (int)i;
    return -1;
}

int pd_find_word(const char *what, const char *word, const char *const *first, size_t count, size_t stride,
                 struct pd_error *err)
{
    const int at = pd_word_at(word, first, count, stride);
    if (at < 0)
        pd_unknown_word(err, what, word, first, count, stride);
    return at;
}

/* Bytes of the valid UTF-8 letter at text and its code point; 0 where there is none. */
static size_t letter_at(const unsigned char *text, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by bytes; smaller ones are overlong */
    const unsigned char first = text[0];
    const size_t n = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    *point = n == 1 ? first : first & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (text[i] & 0x3f);
    }
    const bool surrogate = *point >= 0xd800 && *point <= 0xdfff;
    return first < 0xf8 && *point >= least[n] && *point <= 0x10ffff && !surrogate ? n : 0;
}

static bool is_printable(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } not [] = {
        {0, 0x1f},          {0x7f, 0x9f},                                         /* controls */
        {0x61c, 0x61c},     {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}, /* direction of writing */
        {0x2028, 0x2029},   {0xfff9, 0xfffb}, /* ends of lines, annotations */
        {0xe0000, 0xe007f},                   /* invisible tags */
    };
    for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
        if (point >= not [i].first && point <= not [i].last)
            return false;
    return true;
}

size_t pd_utf8_letter(const char *text)
{
    uint32_t point;
    return letter_at((const unsigned char *)text, &point);
}

size_t pd_printable_letter(const char *text)
{
    uint32_t point;
    const size_t n = letter_at((const unsigned char *)text, &point);
    return n && is_printable(point) ? n : 0;
}

char *pd_make_printable(char *text)
{
    char *to = text;
    uint32_t point;
    for (size_t at = 0, n; text[at]; at += n) {
        n = letter_at((const unsigned char *)text + at, &point);
        const bool good = n && is_printable(point);
        n = n ? n : 1;
        memmove(to, good ? text + at : "?", good ? n : 1);
        to += good ? n : 1;
    }
    *to = '\0';
    return text;
}

/* Bytes of an address, behind its "//", up to the last '@' of the part that names user and host; 0: none. A
 * password may hold a '/' that should have been written as %2F: then what ends at it is no port. */
static size_t user_bytes(const char *address)
{
    static const char spaces[] = " \t\n'\"";
    size_t end = strcspn(address, "/?# \t\n'\"");
    const char *colon = memchr(address, ':', end);
    if (!memrchr(address, '@', end) && colon && colon[1 + strspn(colon + 1, "0123456789")] != address[end])
        end = strcspn(address, spaces);
    const char *at = memrchr(address, '@', end);
    return at ? (size_t)(at - address) : 0;
}

char *pd_hide_passwords(char *text)
{
    for (char *at = text; (at = strstr(at, "://"));) {
        at += 3;
        const size_t n = user_bytes(at), stars = n < 3 ? n : 3;
        memset(at, '*', stars);
        memmove(at + stars, at + n, strlen(at + n) + 1);
    }
    return text;
}

const char *pd_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *pd_path_word(char *text, size_t size, const char *path)
{
    size_t end = strlen(path), n = 0;
    while (end && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start && path[start - 1] != '/')
        start--;
    if (end - start > 4 && !strncmp(path + end - 4, ".npz", 4))
        end -= 4;
    for (size_t i = start; i < end && n + 1 < size; i++)
        if (isalnum((unsigned char)path[i]))
            text[n++] = path[i];
    text[n] = '\0';
    if (!n)
        snprintf(text, size, "folder");
    return text;
}

void pd_add_hint(char *text, size_t size, const char *format, va_list args)
{
    char hint[512];
    const size_t n = strlen(text);
    const int length = vsnprintf(hint, sizeof hint, format, args);
    if (length < 0 || (size_t)length >= sizeof hint)
        return; /* half a list of classes would be another */
    pd_make_printable(pd_hide_passwords(hint));
    if (n + strlen(hint) + 2 <= size)
        snprintf(text + n, size - n, "%s%s", n ? "\t" : "", hint);
}

size_t pd_blank(const char *text)
{
    static const char *const blanks[] = {"\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x8b", "\xef\xbb\xbf"};
    if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
        return 1;
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
        if (!strncmp(text, blanks[i], strlen(blanks[i])))
            return strlen(blanks[i]);
    return 0;
}

const char *pd_trim(const char *text, size_t *size)
{
    for (size_t n; (n = pd_blank(text)); text += n)
        ;
    *size = 0;
    for (size_t i = 0, n; text[i]; i += n ? n : 1) {
        n = pd_blank(text + i);
        if (!n)
            *size = i + 1;
    }
    return text;
}
