#include "io/rows_kind.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_MOST = 1 << 24 };

struct csv_rows {
    struct pd_rows base;
    FILE *file;
    locale_t c;              /* numbers have points, whatever the process's language */
    char separator;          /* ' ': runs of blanks */
    int64_t line, next_line; /* of the record, from 1, and of what follows it */
    struct pd_buffer record;
    char **field; /* into record, ended by NUL */
    int64_t fields, field_room;
    int64_t first_fields; /* how many every record must have */
    int64_t *column;      /* (width): fields that make a row */
    char **names;         /* (first_fields): of the columns, owned; NULL without a header */
    bool pending;         /* the record has been split, but not yet delivered */
};

static enum pd_status fail_line(const struct csv_rows *r, struct pd_error *err, const char *what)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: line %lld: %s", r->base.name, (long long)r->line, what);
}

/* --- a record: a line, or several where a quoted field holds line ends --- */

static void skip_line(struct csv_rows *r)
{
    for (int c; (c = getc_unlocked(r->file)) != EOF && c != '\n';)
        ;
    r->next_line++;
}

/* *got is false at the end of the file. Empty lines and comments are passed over. */
static enum pd_status read_record(struct csv_rows *r, bool *got, struct pd_error *err)
{
    bool quoted = false;
    int c;
    r->record.size = 0;
    r->line = r->next_line;
    while ((c = getc_unlocked(r->file)) != EOF) {
        if (c == '#' && !r->record.size) {
            skip_line(r);
            r->line = r->next_line;
            continue;
        }
        r->next_line += c == '\n';
        if (c == '\n' && !quoted) {
            if (r->record.size)
                break;
            r->line = r->next_line;
            continue;
        }
        if (!c)
            return fail_line(r, err, "a zero byte, expected text (or an .npy or .npz)");
        if (c == '\r' && !quoted)
            continue;
        quoted ^= c == '"';
        const char byte = (char)c;
        pd_buffer_append(&r->record, &byte, 1);
        if (r->record.oom)
            return pd_fail_memory(err, r->base.name);
        if (r->record.size > RECORD_MOST)
            return fail_line(r, err, "longer than 16 MB");
    }
    if (ferror(r->file))
        return pd_fail_io(err, r->base.name, "read", errno);
    if (quoted)
        return fail_line(r, err, "a quote that is not closed");
    *got = r->record.size > 0;
    return PD_OK;
}

/* --- its fields --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_field(const struct csv_rows *r, char c)
{
    return !c || c == r->separator || (r->separator == ' ' && is_blank(c));
}

/* Takes the quotes off in place; returns what follows the field. */
static char *take_field(const struct csv_rows *r, char *from)
{
    char *to = from;
    for (bool quoted = false; quoted || !ends_field(r, *from); from++) {
        if (*from != '"')
            *to++ = *from;
        else if (quoted && from[1] == '"')
            *to++ = *from++;
        else
            quoted = !quoted;
    }
    char *next = *from ? from + 1 : NULL;
    *to = '\0';
    return next;
}

static bool add_field(struct csv_rows *r, char *field)
{
    if (r->fields == r->field_room) {
        const int64_t room = r->field_room ? 2 * r->field_room : 16;
        char **grown = pd_realloc(r->field, (size_t)room * sizeof *grown);
        if (!grown)
            return false;
        r->field = grown;
        r->field_room = room;
    }
    r->field[r->fields++] = field;
    return true;
}

static enum pd_status split(struct csv_rows *r, struct pd_error *err)
{
    char *at = r->record.data;
    r->fields = 0;
    while (at) {
        while (r->separator == ' ' && is_blank(*at))
            at++;
        if (r->separator == ' ' && !*at)
            break;
        char *field = at;
        at = take_field(r, at);
        if (!add_field(r, field))
            return pd_fail_memory(err, r->base.name);
    }
    return PD_OK;
}

static bool parse_number(const struct csv_rows *r, const char *text, float *to)
{
    char *end;
    *to = (float)strtod_l(text, &end, r->c);
    if (end == text)
        return false;
    while (is_blank(*end))
        end++;
    return !*end;
}

/* --- rows --- */

static enum pd_status fail_count(const struct csv_rows *r, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: line %lld: %lld fields, expected %lld as in the first line",
                   r->base.name, (long long)r->line, (long long)r->fields, (long long)r->first_fields);
}

static enum pd_status fail_number(const struct csv_rows *r, int64_t column, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: line %lld, column %lld%s%.60s%s: '%.60s', expected a number",
                   r->base.name, (long long)r->line, (long long)column + 1, r->names ? " (" : "",
                   r->names ? r->names[column] : "", r->names ? ")" : "", r->field[column]);
}

static enum pd_status deliver(const struct csv_rows *r, float *to, struct pd_error *err)
{
    if (r->fields != r->first_fields)
        return fail_count(r, err);
    for (int64_t i = 0; i < r->base.width; i++)
        if (!parse_number(r, r->field[r->column[i]], &to[i]))
            return fail_number(r, r->column[i], err);
    return PD_OK;
}

static enum pd_status read_rows(struct pd_rows *rows, float *to, int64_t n, int64_t *got,
                                struct pd_error *err)
{
    struct csv_rows *r = (struct csv_rows *)rows;
    for (*got = 0; *got < n; ++*got) {
        bool more = r->pending;
        enum pd_status status = more ? PD_OK : read_record(r, &more, err);
        if (!status && more && !r->pending)
            status = split(r, err);
        if (!status && more)
            status = deliver(r, to + *got * rows->width, err);
        if (status || !more)
            return status;
        r->pending = false;
    }
    return PD_OK;
}

/* Behind a byte order mark. */
static enum pd_status to_begin(struct csv_rows *r, struct pd_error *err)
{
    char mark[3];
    if (fseek(r->file, 0, SEEK_SET))
        return pd_fail_io(err, r->base.name, "seek", errno);
    if ((fread(mark, 1, 3, r->file) != 3 || memcmp(mark, "\xEF\xBB\xBF", 3) != 0) &&
        fseek(r->file, 0, SEEK_SET))
        return pd_fail_io(err, r->base.name, "seek", errno);
    r->next_line = 1;
    r->pending = false;
    return PD_OK;
}

static enum pd_status rewind_rows(struct pd_rows *rows, struct pd_error *err)
{
    struct csv_rows *r = (struct csv_rows *)rows;
    bool more;
    enum pd_status status = to_begin(r, err);
    return status || !r->names ? status : read_record(r, &more, err);
}

static void close_rows(struct pd_rows *rows)
{
    struct csv_rows *r = (struct csv_rows *)rows;
    if (r->c)
        freelocale(r->c);
    for (int64_t i = 0; r->names && i < r->first_fields; i++)
        pd_free(r->names[i]);
    pd_free(r->names);
    pd_free(r->column);
    pd_free(r->field);
    pd_buffer_release(&r->record);
    (void)fclose(r->file);
}

static const struct pd_rows_kind kind = {read_rows, rewind_rows, close_rows};

/* --- columns --- */

static void find_separator(struct csv_rows *r)
{
    r->separator = ' ';
    for (const char *s = "\t;,"; *s; s++) /* the last one found counts */
        if (strchr(r->record.data, *s))
            r->separator = *s;
}

static bool is_header(const struct csv_rows *r)
{
    float number;
    for (int64_t i = 0; i < r->fields; i++)
        if (!parse_number(r, r->field[i], &number))
            return true;
    return false;
}

static enum pd_status keep_names(struct csv_rows *r, struct pd_error *err)
{
    r->names = pd_calloc((size_t)r->fields, sizeof *r->names);
    bool kept = r->names;
    for (int64_t i = 0; kept && i < r->fields; i++)
        kept = (r->names[i] = pd_strdup(r->field[i]));
    return kept ? PD_OK : pd_fail_memory(err, r->base.name);
}

static int64_t find_name(const struct csv_rows *r, const char *name)
{
    for (int64_t i = 0; i < r->first_fields; i++)
        if (!strcmp(r->names[i], name))
            return i;
    return -1;
}

/* name, or name_0, name_1, ... */
static void find_columns(struct csv_rows *r, const char *name)
{
    char numbered[256];
    r->base.width = 0;
    r->column[0] = find_name(r, name);
    if (r->column[0] >= 0) {
        r->base.width = 1;
        return;
    }
    for (int64_t at; r->base.width < r->first_fields; r->column[r->base.width++] = at) {
        snprintf(numbered, sizeof numbered, "%.200s_%lld", name, (long long)r->base.width);
        at = find_name(r, numbered);
        if (at < 0)
            return;
    }
}

static enum pd_status fail_no_column(const struct csv_rows *r, const char *name, struct pd_error *err)
{
    char known[256] = "";
    size_t used = 0;
    for (int64_t i = 0; i < r->first_fields && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", r->names[i]);
    return pd_fail(err, PD_ERR_USAGE, -1, "%s: no column '%s' or '%s_0' (it has: %s)", r->base.name, name,
                   name, known);
}

static enum pd_status choose_columns(struct csv_rows *r, const char *const *names, struct pd_error *err)
{
    r->column = pd_calloc((size_t)r->fields, sizeof *r->column);
    if (!r->column)
        return pd_fail_memory(err, r->base.name);
    if (r->names) {
        for (int i = 0; names[i] && !r->base.width; i++)
            find_columns(r, names[i]);
        return r->base.width ? PD_OK : fail_no_column(r, names[0], err);
    }
    r->base.width = r->fields;
    for (int64_t i = 0; i < r->fields; i++)
        r->column[i] = i;
    return PD_OK;
}

static enum pd_status read_head(struct csv_rows *r, const char *const *names, struct pd_error *err)
{
    bool got = false;
    enum pd_status status = to_begin(r, err);
    if (!status)
        status = read_record(r, &got, err);
    if (!status && !got)
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: empty, expected rows of numbers", r->base.name);
    if (status)
        return status;
    find_separator(r);
    status = split(r, err);
    if (!status && !r->fields)
        status = fail_line(r, err, "nothing but blanks");
    if (status)
        return status;
    r->first_fields = r->fields;
    r->pending = !is_header(r);
    if (!r->pending)
        status = keep_names(r, err);
    return status ? status : choose_columns(r, names, err);
}

enum pd_status pd_rows_open_csv(FILE *file, const char *name, const char *const *names, struct pd_rows **out,
                                struct pd_error *err)
{
    struct csv_rows *r = pd_calloc(1, sizeof *r);
    *out = NULL;
    if (!r) {
        (void)fclose(file);
        return pd_fail_memory(err, name);
    }
    *r = (struct csv_rows){.base = {&kind, pd_strdup(name), 0}, .file = file};
    r->c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    enum pd_status status = r->base.name && r->c ? read_head(r, names, err) : pd_fail_memory(err, name);
    if (status)
        pd_rows_close(&r->base);
    else
        *out = &r->base;
    return status;
}
