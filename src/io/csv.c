#include "io/csv.h"

#include "base/mem.h"
#include "base/real.h"
#include "io/file.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FLUSH_BYTES = 1 << 16 };

struct pd_csv {
    struct pd_atomic_file file;
    struct pd_buffer pending; /* not yet written; keeps its memory between flushes */
    bool inside;              /* the row has a field already */
    enum pd_status status;    /* the first failure */
    struct pd_error err;
};

enum pd_status pd_csv_create(const char *path, struct pd_csv **out, struct pd_error *err)
{
    struct pd_csv *csv = pd_calloc(1, sizeof *csv);
    *out = NULL;
    if (!csv)
        return pd_fail_memory(err, path);
    enum pd_status status = pd_atomic_file_begin(&csv->file, path, err);
    if (status == PD_OK)
        *out = csv;
    else
        pd_csv_destroy(csv);
    return status;
}

static void separate(struct pd_csv *csv)
{
    if (csv->inside)
        pd_buffer_append(&csv->pending, ",", 1);
    csv->inside = true;
}

static void quote(struct pd_buffer *out, const char *before, const char *text)
{
    pd_buffer_printf(out, "\"%s", before);
    for (size_t n; *text; text += n) {
        n = strcspn(text, "\"");
        n += text[n] == '"';
        pd_buffer_append(out, text, n);
        if (text[n - 1] == '"')
            pd_buffer_append(out, "\"", 1);
    }
    pd_buffer_append(out, "\"", 1);
}

static void write_field(struct pd_buffer *out, const char *text)
{
    if (text[strcspn(text, ",\"\r\n")])
        quote(out, "", text);
    else
        pd_buffer_append(out, text, strlen(text));
}

bool pd_csv_is_formula(const char *text)
{
    return *text && strchr("=+-@\t\r\n", *text);
}

const char *pd_csv_unguarded(const char *words)
{
    return words + (*words == '\'' && pd_csv_is_formula(words + 1));
}

static bool has_separator(const char *text)
{
    return text[strcspn(text, ",;\t\"\r\n")];
}

void pd_csv_field_words(struct pd_buffer *out, const char *words)
{
    const bool formula = pd_csv_is_formula(words);
    if (formula || has_separator(words))
        quote(out, formula ? "'" : "", words);
    else
        pd_buffer_append(out, words, strlen(words));
}

void pd_csv_field_path(struct pd_buffer *out, const char *path)
{
    const char *before = pd_csv_is_formula(path) ? "./" : "";
    if (has_separator(path))
        quote(out, before, path);
    else
        pd_buffer_printf(out, "%s%s", before, path);
}

size_t pd_csv_separator_line(const char *text)
{
    return !strncasecmp(text, "sep=", 4) && text[4] && strcspn(text, "\r\n") == 5 ? 5 : 0;
}

void pd_csv_text(struct pd_csv *csv, const char *text)
{
    separate(csv);
    write_field(&csv->pending, text);
}

void pd_csv_words(struct pd_csv *csv, const char *words)
{
    separate(csv);
    pd_csv_field_words(&csv->pending, words);
}

void pd_csv_path(struct pd_csv *csv, const char *path)
{
    separate(csv);
    pd_csv_field_path(&csv->pending, path);
}

void pd_csv_real(struct pd_csv *csv, double value)
{
    char text[32];
    pd_csv_text(csv, pd_real_text(text, sizeof text, 9, value));
}

void pd_csv_integer(struct pd_csv *csv, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    pd_csv_text(csv, text);
}

static void flush(struct pd_csv *csv)
{
    if (csv->status == PD_OK && csv->pending.oom)
        csv->status = pd_fail_memory(&csv->err, csv->file.path);
    if (csv->status == PD_OK)
        csv->status = pd_atomic_file_append(&csv->file, csv->pending.data, csv->pending.size, &csv->err);
    csv->pending.size = 0;
}

void pd_csv_end_row(struct pd_csv *csv)
{
    pd_buffer_append(&csv->pending, "\n", 1);
    csv->inside = false;
    if (csv->pending.size >= FLUSH_BYTES)
        flush(csv);
}

enum pd_status pd_csv_commit(struct pd_csv *csv, struct pd_error *err)
{
    flush(csv);
    if (csv->status == PD_OK)
        csv->status = pd_atomic_file_commit(&csv->file, &csv->err);
    else
        pd_atomic_file_abort(&csv->file);
    if (csv->status != PD_OK && err)
        *err = csv->err;
    return csv->status;
}

void pd_csv_destroy(struct pd_csv *csv)
{
    if (!csv)
        return;
    pd_atomic_file_abort(&csv->file);
    pd_buffer_release(&csv->pending);
    pd_free(csv);
}

/* Whether a quote there ends its field, as libcsv sees it: one with anything else behind it is part of the
 * text ("cat \"big\"" as MySQL writes it). */
static bool is_end(const char *quote, char separator)
{
    return !quote[1] || quote[1] == separator || strchr("\r\n", quote[1]);
}

enum pd_status pd_csv_check_quotes(const char *text, char separator, const char *name, struct pd_error *err)
{
    int64_t line = 1;
    for (const char *p = text; *p;) {
        const int64_t begin = line;
        if (*p == '"') {
            for (p++; *p && (*p != '"' || !is_end(p, separator)); p++) {
                line += *p == '\n';
                if (*p == '"' && p[1] == '"')
                    p++;
                else if (*p == '"' && line > begin)
                    return pd_csv_fail_swallowed(name, begin, err);
            }
            p += *p == '"';
        }
        while (*p && *p != separator && *p != '\n')
            p++;
        line += *p == '\n';
        p += *p != '\0';
    }
    return PD_OK;
}

enum pd_status pd_csv_fail_swallowed(const char *name, int64_t line, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1,
                   "%s: line %lld: a quote is opened there and not closed before rows further down", name,
                   (long long)line);
}

bool pd_csv_next_swallowed(struct pd_csv_swallowed *s, char *out, size_t size)
{
    const char end[] = {s->separator, '\r', '\n', '\0'};
    while (s->line) {
        const char *text = s->line, *next = strchr(text, '\n'), *field = s->before ? NULL : text;
        const int before = s->before;
        int count = before;
        if (!next && before == s->field) /* one line alone */
            return false;
        for (const char *p = text; *p && p != next; p++) {
            count += *p == s->separator;
            field = *p == s->separator && count == s->column ? p + 1 : field;
        }
        field = before == s->column ? text : field;
        s->line = next ? next + 1 : NULL;
        s->before = 0;
        if (count < s->column || !field || count != (next ? s->columns - 1 : s->field))
            continue;
        const int m = snprintf(out, size, "%.*s", (int)strcspn(field, end), field);
        if (m > 0 && (size_t)m < size)
            return true;
    }
    return false;
}
