/* CSV with a header, as spreadsheets, pandas and Kaggle write it: ',', ';' or tabs between; with a label in
 * one column or, one-hot, 1 in one of several. A list of two columns, names of files and labels, needs no
 * header. */
#include "data/labels/label_table_formats.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/words.h"
#include "data/images/image.h"
#include "io/csv.h"
#include "io/file.h"

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_COLUMNS = 4096, NOTHING_SAID = -2, PATH_SIZE = 4096 };

/* What a column says. */
struct column {
    bool other, train; /* something that names no split; a training split */
    bool words_alone;  /* something that is no split, no flag and no number */
    bool filled;       /* anything */
    int64_t words;     /* line of the first that is neither 0 nor 1; 0: none */
};

struct table {
    const struct pd_label_parse *p;
    enum pd_status status;
    struct pd_buffer row, header; /* the fields of the current row, of the first, each with its NUL */
    int fields, columns;          /* columns: of the header; 0: it has not been read */
    int at[PD_COLUMNS];
    struct column *column; /* (columns) */
    const char **names;    /* (columns) of the header, trimmed */
    struct pd_buffer ones; /* (int) where no column is the label's: note_ones */
    int64_t line, begin;
    const char **texts; /* (columns) of the current row */
    struct pd_label_beside beside;
    char separator;
    bool after_return, empty;
};

static int not_a_space(unsigned char c)
{
    (void)c;
    return 0;
}

/* Of a field of several lines: rows, if images are called so. */
static enum pd_status note_swallowed(struct table *t, const char *field)
{
    struct pd_label_table *out = t->p->out;
    char image[PATH_SIZE];
    struct pd_csv_swallowed lines = {field,       t->fields, t->fields, t->columns, t->at[PD_COLUMN_IMAGE],
                                     t->separator};
    while (t->columns && pd_csv_next_swallowed(&lines, image, sizeof image)) {
        const size_t n = out->swallowed_count;
        struct pd_label_swallowed *more = pd_grow(out->swallowed, n, &out->swallowed_capacity, sizeof *more);
        out->swallowed = more ? more : out->swallowed;
        if (!more || !(more[n].image = pd_label_keep(&out->arena, image)))
            return pd_fail_memory(t->p->err, t->p->name);
        more[n].line = t->begin;
        out->swallowed_count++;
    }
    return PD_OK;
}

static void end_field(void *field, size_t size, void *table)
{
    struct table *t = table;
    if (!t->fields)
        t->begin = t->line;
    t->after_return = false;
    for (const char *p = field; (p = memchr(p, '\n', size - (size_t)(p - (const char *)field))); p++)
        t->line++;
    if (!t->status)
        t->status = note_swallowed(t, field);
    t->empty = t->empty && !size;
    pd_buffer_append(&t->row, field, size + 1); /* with its NUL */
    t->fields++;
}

/* Field i of the row, or "". */
static const char *field_at(const struct table *t, int i)
{
    const char *text = t->row.data;
    if (i < 0)
        return "";
    while (i--)
        text += strlen(text) + 1;
    return text;
}

/* Whether a column may be a class: it has a name, which is none of those that say the image or the split. */
static bool is_free(const struct table *t, int i)
{
    return i != t->at[PD_COLUMN_SPLIT] && *t->names[i] && !pd_label_is_usual(PD_COLUMN_IMAGE, t->names[i]);
}

/* "Casual" */
static bool is_word_alone(const char *text)
{
    static const char *const flags[] = {"true", "false", "yes", "no", "t", "f", "y", "n"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (!strcasecmp(text, flags[i]))
            return false;
    return text[strspn(text, "0123456789.")] && !pd_label_names_split(text);
}

static void look_for_split(struct table *t)
{
    const char *text = t->row.data;
    for (int i = 0; i < t->columns; i++, text += strlen(text) + 1) {
        struct column *c = &t->column[i];
        c->words_alone = c->words_alone || is_word_alone(text);
        if (c->other)
            continue;
        c->other = *text && !pd_label_names_split(text);
        c->train = c->train || strcasestr(text, "train");
    }
}

/* Of the row, for label_by_ones: two columns, or fewer, that hold 1, then -1, or NOTHING_SAID where all are
 * empty. */
static void note_ones(struct table *t)
{
    const char *text = t->row.data;
    int end = NOTHING_SAID, ones = 0;
    for (int i = 0; i < t->columns; i++, text += strlen(text) + 1) {
        struct column *c = &t->column[i];
        size_t size;
        const char *own = pd_trim(text, &size);
        const int flag = pd_label_flag(own, size);
        if (!size || !is_free(t, i))
            continue;
        end = -1;
        c->filled = true;
        if (flag < 0 && !c->words)
            c->words = t->begin;
        if (flag == 1 && ones++ < 2)
            pd_buffer_append(&t->ones, &i, sizeof i);
    }
    pd_buffer_append(&t->ones, &end, sizeof end);
}

/* One that is only called as a split: "usage" of clothes. */
static void check_split_like(struct table *t)
{
    char *like = t->p->out->split_like;
    const int i = *like && t->names ? pd_label_named(t->names, t->columns, like) : -1;
    if (i >= 0 && t->column[i].words_alone && !pd_label_is_usual(PD_COLUMN_SPLIT, like))
        *like = '\0';
}

/* The first column that nobody asked for and that may say the split by all that stands in it. */
static void find_split(struct table *t)
{
    const char *name = t->header.data;
    if (t->at[PD_COLUMN_SPLIT] >= 0)
        return;
    for (int i = 0; i < t->columns && !*t->p->out->split_like; i++, name += strlen(name) + 1) {
        const bool taken = i == t->at[PD_COLUMN_IMAGE] || i == t->at[PD_COLUMN_LABEL];
        if (!taken && t->column[i].train && !t->column[i].other)
            snprintf(t->p->out->split_like, sizeof t->p->out->split_like, "%s", name);
    }
    pd_make_printable(t->p->out->split_like);
}

/* A column of files' names where the one that is taken has none: "id,photo,label". Of the first row. */
static void look_for_names(struct table *t)
{
    char *out = t->p->out->image_like;
    const char *text = t->row.data, *name = t->header.data;
    if (t->p->out->count || *t->p->columns || pd_image_is_ending(field_at(t, t->at[PD_COLUMN_IMAGE])))
        return;
    for (int i = 0; i < t->columns && !*out; i++, text += strlen(text) + 1, name += strlen(name) + 1)
        if (pd_image_is_ending(text) && !strstr(text, "://"))
            snprintf(out, sizeof t->p->out->image_like, "%s", name);
    pd_make_printable(out);
}

/* Columns as "1,3", from 1: of a file without a header. */
static bool are_numbers(const char *columns)
{
    return *columns && !columns[strspn(columns, "0123456789,")];
}

/* "cat/0001.jpg 3": a list without a header. */
static bool is_list(const struct table *t)
{
    return are_numbers(t->p->columns) ||
           (t->fields == 2 && !*t->p->columns && pd_image_is_ending(field_at(t, 0)) &&
            !pd_image_is_ending(field_at(t, 1)));
}

static enum pd_status take_header(struct table *t)
{
    struct pd_arena *arena = &t->p->out->arena;
    bool room = true;
    if (t->fields > MOST_COLUMNS)
        return pd_fail(t->p->err, PD_ERR_FORMAT, -1, "%s: %d columns, expected at most %d", t->p->name,
                       t->fields, (int)MOST_COLUMNS);
    t->columns = t->fields;
    pd_buffer_append(&t->header, t->row.data, t->row.size);
    t->column = pd_calloc((size_t)t->columns, sizeof *t->column);
    t->names = pd_arena_alloc(arena, (size_t)t->columns * sizeof *t->names);
    t->texts = pd_arena_alloc(arena, (size_t)t->columns * sizeof *t->texts);
    for (int i = 0; t->names && i < t->columns; i++)
        room = (t->names[i] = pd_label_keep(arena, field_at(t, i))) && room;
    if (!t->column || !t->names || !t->texts || !room || t->header.oom)
        return pd_fail_memory(t->p->err, t->p->name);
    enum pd_status status = pd_label_choose(t->p, t->names, t->columns, t->at);
    if (!status)
        pd_label_beside_find(&t->beside, t->p, t->names, t->columns, t->at);
    return status;
}

/* Whether the row has the header's names, as a file that was put behind another; *moved: in another order. */
static bool is_header(const struct table *t, bool *moved)
{
    const char *text = t->row.data;
    *moved = false;
    if (t->row.size == t->header.size && !memcmp(text, t->header.data, t->row.size))
        return true;
    if (!t->names || pd_label_named(t->names, t->columns, field_at(t, t->at[PD_COLUMN_IMAGE])) < 0)
        return false;
    for (int i = 0; i < t->columns; i++, text += strlen(text) + 1) {
        const int named = pd_label_named(t->names, t->columns, text);
        if (named < 0)
            return false;
        *moved = *moved || named != i;
    }
    return true;
}

/* "a.jpg golden retriever": with blanks between, all behind the image is the label. */
static void join_label(struct table *t)
{
    char *label = t->row.data + strlen(t->row.data) + 1, *end = t->row.data + t->row.size - 1;
    if (t->separator != ' ' || t->columns != 2 || t->fields < 3 || t->at[PD_COLUMN_LABEL] != 1)
        return;
    for (char *at = label; at < end; at += strlen(at) + 1)
        if (pd_image_is_ending(at)) /* it is the image's name that has blanks */
            return;
    for (char *at = label; at < end; at++)
        *at = (char)(*at ? *at : ' ');
    t->fields = 2;
}

static enum pd_status take_row(struct table *t)
{
    const size_t rows = t->p->out->count;
    bool moved;
    join_label(t);
    if (t->fields != t->columns)
        return pd_fail(t->p->err, PD_ERR_FORMAT, -1, "%s: line %lld: %d columns, expected %d%s", t->p->name,
                       (long long)t->begin, t->fields, t->columns,
                       t->separator == ' ' ? ": where names or labels have blanks, put commas between" : "");
    if (is_header(t, &moved))
        return !moved
                   ? PD_OK
                   : pd_fail(
                         t->p->err, PD_ERR_FORMAT, -1,
                         "%s: line %lld: the header once more, its columns in another order: put the tables "
                         "together by their columns' names",
                         t->p->name, (long long)t->begin);
    look_for_split(t);
    look_for_names(t);
    if (!pd_label_add(t->p->out, field_at(t, t->at[PD_COLUMN_IMAGE]),
                      pd_csv_unguarded(field_at(t, t->at[PD_COLUMN_LABEL])),
                      field_at(t, t->at[PD_COLUMN_SPLIT]), t->begin))
        return pd_fail_memory(t->p->err, t->p->name);
    const bool added = t->p->out->count > rows;
    if (added && t->at[PD_COLUMN_LABEL] < 0)
        note_ones(t);
    const char *text = t->row.data;
    for (int i = 0; t->texts && i < t->columns; i++, text += strlen(text) + 1)
        t->texts[i] = text;
    return pd_label_beside_row(&t->beside, t->texts, added);
}

/* Lines that begin with '#' may stand above it, or, where columns have numbers, a header. */
static enum pd_status take_list(struct table *t)
{
    const char *word = *t->p->columns ? t->p->columns : "1,2";
    char *said = t->p->out->columns;
    const size_t size = sizeof t->p->out->columns;
    if (*field_at(t, 0) == '#')
        return PD_OK;
    for (int c = 0; c < PD_COLUMNS; c++) {
        const long number = *word ? strtol(word, NULL, 10) : 0;
        if (*word && (number < 1 || number > t->fields))
            return pd_fail(t->p->err, PD_ERR_USAGE, -1, "%s: line %lld: no column %.10s among %d", t->p->name,
                           (long long)t->begin, word, t->fields);
        t->at[c] = (int)number - 1;
        word += strcspn(word, ",");
        word += *word == ',';
    }
    t->columns = t->fields;
    t->column = pd_calloc((size_t)t->columns, sizeof *t->column);
    if (!t->column)
        return pd_fail_memory(t->p->err, t->p->name);
    if (t->at[PD_COLUMN_LABEL] < 0)
        return pd_fail(t->p->err, PD_ERR_USAGE, -1,
                       "%s: column '%s' is the image's, expected one for the label, too", t->p->name,
                       t->p->columns);
    const bool cut = t->separator == ' ' && t->at[PD_COLUMN_LABEL] == 1 && t->at[PD_COLUMN_SPLIT] < 0 &&
                     t->fields > 2; /* "0034312 Boeing 707" */
    const int n = snprintf(said, size, "no header: image from column %d, label from column %d%s",
                           t->at[PD_COLUMN_IMAGE] + 1, t->at[PD_COLUMN_LABEL] + 1,
                           cut ? ", of several words the first alone" : "");
    if (t->at[PD_COLUMN_SPLIT] >= 0)
        snprintf(said + n, size - (size_t)n, ", split from column %d", t->at[PD_COLUMN_SPLIT] + 1);
    const bool header = pd_label_is_usual(PD_COLUMN_IMAGE, field_at(t, t->at[PD_COLUMN_IMAGE]));
    return header ? PD_OK : take_row(t);
}

/* Whether the free columns, two or more, hold nothing but 0 and 1: "MEL,NV,BCC". */
static enum pd_status check_one_hot(const struct table *t)
{
    const struct pd_label_parse *p = t->p;
    int flags = 0, odd = -1;
    for (int i = 0; i < t->columns; i++) {
        if (!is_free(t, i) || !t->column[i].filled)
            continue;
        if (!t->column[i].words)
            flags++;
        else if (odd < 0)
            odd = i;
    }
    char what[160] = "label";
    enum pd_status status = PD_OK;
    if (flags > 1 && odd >= 0)
        snprintf(what, sizeof what, "label (nor are they one-hot: line %lld has neither 0 nor 1 in '%.40s')",
                 (long long)t->column[odd].words, t->names[odd]);
    if (flags < 2 || odd >= 0 || *p->out->split_like)
        status = pd_label_no_column(p, what, t->names, t->columns);
    for (int i = 0; !status && i < t->columns; i++)
        for (int k = i + 1; !status && k < t->columns && is_free(t, i); k++)
            if (!strcasecmp(t->names[i], t->names[k]))
                status = pd_label_several(p, t->names[k]);
    return status;
}

/* One-hot: a row's class is the column that holds 1. */
static enum pd_status label_by_ones(struct table *t)
{
    struct pd_label_table *out = t->p->out;
    if (t->ones.oom)
        return pd_fail_memory(t->p->err, t->p->name);
    enum pd_status status = check_one_hot(t);
    const int *one = (const int *)(const void *)t->ones.data;
    for (size_t r = 0; !status && r < out->count; r++) {
        const int first = *one++, second = first < 0 ? first : *one++;
        if (first == NOTHING_SAID)
            continue;
        if (first < 0)
            status = pd_fail(
                t->p->err, PD_ERR_FORMAT, -1,
                "%s: line %lld: no column holds 1: expected one class for each image, or empty fields",
                t->p->name, (long long)out->at[r].row);
        else if (second >= 0)
            status = pd_fail(t->p->err, PD_ERR_FORMAT, -1,
                             "%s: line %lld: 1 in '%.40s' and in '%.40s': expected one class for each image",
                             t->p->name, (long long)out->at[r].row, t->names[first], t->names[second]);
        else if (!(out->at[r].label = pd_label_keep(&out->arena, t->names[first])))
            status = pd_fail_memory(t->p->err, t->p->name);
    }
    return status;
}

static void end_row(int terminator, void *table)
{
    struct table *t = table;
    if (!t->status && t->row.oom)
        t->status = pd_fail_memory(t->p->err, t->p->name);
    if (!t->status && t->fields && !t->empty)
        t->status = t->columns ? take_row(t) : is_list(t) ? take_list(t) : take_header(t);
    t->line += terminator == '\r' || (terminator == '\n' && !t->after_return);
    t->after_return = terminator == '\r';
    t->fields = 0;
    t->empty = true;
    t->row.size = 0;
}

/* Labels that differ in other bytes alone would be one class. */
static enum pd_status check_letters(const struct pd_label_parse *p)
{
    long long line = 1;
    for (size_t at = 0, n; at < p->size; at += n) {
        line += p->text[at] == '\n';
        n = pd_utf8_letter(p->text + at);
        if (!n)
            return pd_fail(p->err, PD_ERR_FORMAT, (int64_t)at,
                           "%s: line %lld: no UTF-8 text: save it as UTF-8", p->name, line);
    }
    return PD_OK;
}

/* What stands most often in the header. */
static unsigned char separator(const char *text, bool list)
{
    static const char known[] = ",;\t";
    const size_t said = pd_csv_separator_line(text);
    if (said)
        return (unsigned char)text[said - 1];
    const size_t header = strcspn(text, "\r\n"), name = strcspn(text, " ,;\t\r\n"),
                 rest = name + strspn(text + name, " ");
    size_t best = 0, n[3] = {0};
    for (size_t i = 0; i < header; i++)
        for (size_t k = 0; k < 3; k++)
            n[k] += text[i] == known[k];
    for (size_t k = 1; k < 3; k++)
        best = n[k] > n[best] ? k : best;
    if (!n[best] && text[name] == ' ' && (list || !memchr(text + rest, ' ', header - rest)))
        return ' '; /* a list: it has no header of one word alone */
    return (unsigned char)known[best];
}

/* Columns are often aligned: several blanks are one, but for those in quotes; one behind the first word says
 * that there is no label. */
static void squeeze(const char *text, size_t counted, struct pd_buffer *out)
{
    if (counted)
        pd_buffer_append(out, "\n", 1);
    text += counted;
    bool quoted = false;
    size_t words = 0;
    for (const char *at = text; *at; at++) {
        const bool ends = strchr("\r\n", at[1]); /* of the line, or of all */
        const bool begins = at == text || strchr(" \r\n", at[-1]);
        quoted = *at == '"' ? !quoted && begins : quoted;
        if (*at == '\r' || *at == '\n')
            words = 0;
        else if (*at != ' ')
            words += begins;
        else if (!quoted && (at[1] == ' ' || !words || (ends && words > 1)))
            continue;
        pd_buffer_append(out, at, 1);
    }
    pd_buffer_append(out, "", 1);
}

/* "202599" alone in the first line: how many rows there are. */
static size_t count_line(const char *text)
{
    const size_t digits = strspn(text, "0123456789"), end = digits + strspn(text + digits, " \r");
    return digits && text[end] == '\n' && text[end + 1] ? end + 1 : 0;
}

enum pd_status pd_label_parse_csv(const struct pd_label_parse *p)
{
    struct csv_parser csv;
    struct table t = {.p = p, .line = 1, .empty = true};
    struct pd_buffer squeezed = PD_BUFFER_INIT;
    const char *text = p->text;
    const size_t counted = count_line(text), empty = strspn(text + counted, "\r\n");
    t.status = check_letters(p);
    if (t.status)
        return t.status;
    p->out->format = "CSV";
    const unsigned char delim = separator(text + counted + empty, are_numbers(p->columns));
    t.separator = (char)delim;
    if (delim == ' ') {
        squeeze(text, counted, &squeezed);
        text = squeezed.data ? squeezed.data : "";
    }
    text += pd_csv_separator_line(text);
    const size_t size = strlen(text);
    t.status = squeezed.oom ? pd_fail_memory(p->err, p->name)
                            : pd_csv_check_quotes(text, (char)delim, p->name, p->err);
    if (t.status) {
        pd_buffer_release(&squeezed);
        return t.status;
    }
    csv_init(&csv, CSV_APPEND_NULL | CSV_REPALL_NL);
    csv_set_delim(&csv, delim);
    csv_set_space_func(&csv, not_a_space);
    csv_set_realloc_func(&csv, pd_realloc);
    csv_set_free_func(&csv, pd_free);
    if (csv_parse(&csv, text, size, end_field, end_row, &t) != size && !t.status)
        t.status = pd_fail_memory(p->err, p->name);
    csv_set_opts(&csv, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI);
    if (!t.status && csv_fini(&csv, end_field, end_row, &t) && csv_error(&csv) == CSV_EPARSE)
        t.status = pd_fail(p->err, PD_ERR_FORMAT, -1, "%s: line %lld: a quote is opened and never closed",
                           p->name, (long long)t.begin);
    csv_free(&csv);
    pd_buffer_release(&squeezed);
    if (!t.status)
        check_split_like(&t);
    if (!t.status && t.columns && t.at[PD_COLUMN_LABEL] < 0)
        t.status = label_by_ones(&t);
    if (!t.status && t.header.data)
        find_split(&t);
    pd_label_beside_end(&t.beside);
    pd_buffer_release(&t.ones);
    pd_buffer_release(&t.row);
    pd_buffer_release(&t.header);
    pd_free(t.column);
    if (!t.status && !t.columns)
        t.status =
            pd_fail(p->err, PD_ERR_FORMAT, -1, "%s: expected a header with the columns' names", p->name);
    return t.status;
}
