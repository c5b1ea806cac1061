#include "io/table.h"

#include "base/mem.h"
#include "base/real.h"
#include "io/csv.h"
#include "io/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_MOST = 1 << 24, NUMBER_MOST = 64 };

enum pd_status pd_table_init(struct pd_table *t, struct pd_error *err)
{
    t->separator = '\0';
    t->decimal = '.';
    return pd_table_rewind(t, err);
}

void pd_table_release(struct pd_table *t)
{
    pd_free(t->field);
    pd_buffer_release(&t->record);
    pd_buffer_release(&t->comment);
    (void)fclose(t->file);
}

enum pd_status pd_table_fail(const struct pd_table *t, struct pd_error *err, const char *what)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: line %lld: %s", t->name, (long long)t->line, what);
}

/* Behind a byte order mark. */
enum pd_status pd_table_rewind(struct pd_table *t, struct pd_error *err)
{
    char mark[3];
    if (fseek(t->file, 0, SEEK_SET))
        return pd_fail_io(err, t->name, "seek", errno);
    if ((fread(mark, 1, 3, t->file) != 3 || memcmp(mark, "\xEF\xBB\xBF", 3) != 0) &&
        fseek(t->file, 0, SEEK_SET))
        return pd_fail_io(err, t->name, "seek", errno);
    t->next_line = 1;
    t->records = t->gap = 0;
    return PD_OK;
}

/* --- lines --- */

/* The next byte; LF, CRLF and a CR alone are one '\n', and so is the "\r\r\n" of a text file that was
 * translated twice. */
static int next_byte(struct pd_table *t)
{
    const int c = getc_unlocked(t->file);
    if (c != '\r')
        return c;
    int next = getc_unlocked(t->file);
    if (next == '\r') {
        next = getc_unlocked(t->file);
        if (next == '\n')
            return '\n';
        if (next != EOF)
            (void)fseek(t->file, -1, SEEK_CUR);
        next = '\r';
    }
    if (next != '\n' && next != EOF)
        ungetc(next, t->file);
    return '\n';
}

static enum pd_status append(struct pd_table *t, int c, struct pd_error *err)
{
    const char byte = (char)c;
    if (!byte)
        return pd_table_fail(t, err, "a zero byte, expected text in UTF-8 (or an .npy or .npz)");
    pd_buffer_append(&t->record, &byte, 1);
    if (t->record.oom)
        return pd_fail_memory(err, t->name);
    return t->record.size > RECORD_MOST ? pd_table_fail(t, err, "longer than 16 MB") : PD_OK;
}

/* A line, or several where a quoted field holds line ends. A '#' line has no quotes. */
static enum pd_status read_line(struct pd_table *t, bool *got, struct pd_error *err)
{
    bool quoted = false;
    int c;
    t->record.size = 0;
    t->line = t->next_line;
    while ((c = next_byte(t)) != EOF) {
        t->next_line += c == '\n';
        if (c == '\n' && !quoted)
            break;
        enum pd_status status = append(t, c, err);
        if (status)
            return status;
        quoted ^= c == '"' && t->record.data[0] != '#';
    }
    if (ferror(t->file))
        return pd_fail_io(err, t->name, "read", errno);
    if (quoted)
        return pd_table_fail(t, err, "a quote that is not closed");
    *got = c != EOF || t->record.size;
    return PD_OK;
}

/* --- fields --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_field(const struct pd_table *t, char c)
{
    return !c || c == t->separator || (t->separator == ' ' && is_blank(c));
}

/* Takes the quotes off in place; returns what follows the field. */
static char *take_field(const struct pd_table *t, char *from)
{
    char *to = from;
    for (bool quoted = false; *from && (quoted || !ends_field(t, *from)); from++) {
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

static bool add_field(struct pd_table *t, char *field)
{
    if (t->fields == t->field_room) {
        const int64_t room = t->field_room ? 2 * t->field_room : 16;
        char **grown = pd_realloc(t->field, (size_t)room * sizeof *grown);
        if (!grown)
            return false;
        t->field = grown;
        t->field_room = room;
    }
    t->field[t->fields++] = field;
    return true;
}

enum pd_status pd_table_split(struct pd_table *t, char *at, struct pd_error *err)
{
    t->fields = 0;
    while (at) {
        while (t->separator == ' ' && is_blank(*at))
            at++;
        if (t->separator == ' ' && !*at)
            break;
        char *field = at;
        at = take_field(t, at);
        if (!add_field(t, field))
            return pd_fail_memory(err, t->name);
    }
    return PD_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool parse(const char *text, double *to)
{
    char *end;
    *to = pd_real_read(text, &end);
    if (end == text || memchr(text, 'x', (size_t)(end - text)) || memchr(text, 'X', (size_t)(end - text)))
        return false; /* hexadecimal digits */
    while (is_blank(*end))
        end++;
    return !*end;
}

bool pd_table_number(const struct pd_table *t, const char *text, double *to)
{
    char copy[NUMBER_MOST];
    if (t->decimal == '.')
        return parse(text, to);
    if (strlen(text) >= sizeof copy || strchr(text, '.'))
        return false;
    memcpy(copy, text, strlen(text) + 1);
    char *comma = strchr(copy, ',');
    if (comma && (comma == copy || !is_digit(comma[-1]) || !is_digit(comma[1])))
        return false;
    if (comma)
        *comma = '.';
    return parse(copy, to);
}

/* --- the separator --- */

/* Does the separator part the line into numbers, some of them with decimal commas? */
static enum pd_status parts_decimal_commas(const struct pd_table *t, char separator, bool *parts,
                                           struct pd_error *err)
{
    double number;
    struct pd_table commas = {.name = t->name, .separator = separator, .decimal = ','};
    char *copy = pd_strdup(t->record.data);
    enum pd_status status = copy ? pd_table_split(&commas, copy, err) : pd_fail_memory(err, t->name);
    *parts = !status && commas.fields > 1;
    for (int64_t i = 0; *parts && i < commas.fields; i++)
        *parts = pd_table_number(&commas, commas.field[i], &number);
    pd_free(copy);
    pd_free(commas.field);
    return status;
}

static enum pd_status find_separator(struct pd_table *t, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    t->separator = ' ';
    for (const char *s = "\t;,"; *s; s++) /* the last one found counts */
        if (strchr(t->record.data, *s))
            t->separator = *s;
    for (const char *s = " \t;"; t->separator == ',' && *s && !status; s++) {
        bool parts = false;
        if (strchr(t->record.data, *s))
            status = parts_decimal_commas(t, *s, &parts, err);
        if (parts)
            t->separator = *s;
    }
    return status;
}

/* --- records --- */

static bool is_empty(const struct pd_table *t)
{
    const size_t blanks = t->record.size ? strspn(t->record.data, t->separator == '\t' ? " " : " \t") : 0;
    return blanks == t->record.size;
}

/* An empty line, or a '#' line: above the first record, or perhaps below the last. */
static enum pd_status pass_over(struct pd_table *t, bool comment, struct pd_error *err)
{
    const int64_t fields = t->fields;
    if (!t->gap)
        t->gap = t->line;
    if (!comment)
        return PD_OK;
    if (t->records) {
        enum pd_status status = pd_table_split(t, t->record.data, err);
        if (!status && t->fields == fields)
            status = pd_table_fail(t, err,
                                   "begins with '#', with as many fields as a row has: take the line out, "
                                   "or the '#'");
        t->fields = fields;
        return status;
    }
    t->comment.size = 0;
    pd_buffer_append(&t->comment, t->record.data, t->record.size);
    return t->comment.oom ? pd_fail_memory(err, t->name) : PD_OK;
}

static enum pd_status fail_gap(struct pd_table *t, struct pd_error *err)
{
    t->line = t->gap;
    return pd_table_fail(t, err,
                         "empty, or a comment, between rows: it would shift the numbers of those below; "
                         "take it out, or fill it in");
}

enum pd_status pd_table_next(struct pd_table *t, bool *got, struct pd_error *err)
{
    for (;;) {
        enum pd_status status = read_line(t, got, err);
        if (status || !*got)
            return status;
        if (!t->records && t->record.size && pd_csv_separator_line(t->record.data)) { /* Excel's */
            t->separator = t->record.data[4];
            continue;
        }
        const bool comment = t->record.size && t->record.data[0] == '#';
        if (!comment && !is_empty(t))
            break;
        status = pass_over(t, comment, err);
        if (status)
            return status;
    }
    if (t->gap && t->records)
        return fail_gap(t, err);
    enum pd_status status = t->separator ? PD_OK : find_separator(t, err);
    t->gap = 0;
    t->records++;
    return status ? status : pd_table_split(t, t->record.data, err);
}
