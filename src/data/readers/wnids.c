#include "data/readers/wnids.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The line at *at, without its end; moves on to the next. */
static const char *next_line(const char *text, size_t size, size_t *at, size_t *n)
{
    const char *line = text + *at, *end = memchr(line, '\n', size - *at);
    *n = end ? (size_t)(end - line) : size - *at;
    *at += *n + (end != NULL);
    *n -= *n && line[*n - 1] == '\r';
    return line;
}

static bool is_wnid(const char *line, size_t n)
{
    bool good = n == PD_WNID_SIZE - 1 && line[0] == 'n';
    for (size_t i = 1; good && i < n; i++)
        good = isdigit((unsigned char)line[i]);
    return good;
}

enum pd_status pd_wnids_parse(const char *text, size_t size, const char *name, struct pd_wnids *out,
                              struct pd_error *err)
{
    out->count = 0;
    for (size_t at = 0, n; at < size;) {
        const int64_t begin = (int64_t)at;
        const char *line = next_line(text, size, &at, &n);
        if (!is_wnid(line, n))
            return pd_fail(err, PD_ERR_FORMAT, begin, "'%s': expected an id such as n01443537", name);
        for (int i = 0; i < out->count; i++)
            if (!memcmp(out->at[i], line, n))
                return pd_fail(err, PD_ERR_FORMAT, begin, "'%s': %s stands there twice", name, out->at[i]);
        if (out->count == PD_WNIDS_MAX)
            return pd_fail(err, PD_ERR_FORMAT, begin, "'%s': more than %d ids", name, PD_WNIDS_MAX);
        memcpy(out->at[out->count], line, n);
        out->at[out->count++][n] = '\0';
    }
    return out->count ? PD_OK : pd_fail(err, PD_ERR_FORMAT, 0, "'%s' holds no id", name);
}

void pd_wnid_word(const char *text, size_t size, const char *wnid, char *word, size_t room)
{
    const size_t id = strlen(wnid);
    snprintf(word, room, "%s", wnid);
    for (size_t at = 0, n; at < size;) {
        const char *line = next_line(text, size, &at, &n);
        if (n <= id + 1 || memcmp(line, wnid, id) != 0 || line[id] != '\t')
            continue;
        const char *first = line + id + 1, *comma = memchr(first, ',', n - id - 1);
        n = comma ? (size_t)(comma - first) : n - id - 1;
        if (n && !memchr(first, '\0', n))
            snprintf(word, room, "%.*s", (int)(n < room ? n : room), first);
        return;
    }
}
