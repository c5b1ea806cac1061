#include "io/rows_head.h"
#include "io/rows_round.h"

#include "base/cache.h"
#include "base/mem.h"
#include "base/words.h"
#include "io/file.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

struct csv_rows {
    struct pd_rows base;
    struct pd_table table;
    struct pd_rows_head head;
    int64_t *column; /* (width): fields that make a row */
    double *doubles; /* (width) */
    bool by_name;    /* they are not simply all of them */
    int64_t astray;  /* the first row whose index is not its number */
    char index[32];  /* what it is; "": all are */
};

static enum pd_status fail_count(const struct csv_rows *r, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: line %lld: %lld fields, expected %lld as in the first line",
                   r->base.name, (long long)r->table.line, (long long)r->table.fields,
                   (long long)r->head.fields);
}

/* expected: a number, of which kind. */
static enum pd_status fail_number(const struct csv_rows *r, int64_t column, const char *expected,
                                  struct pd_error *err)
{
    const bool named = r->head.named;
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: line %lld, column %lld%s%.60s%s: '%.60s', expected %s%s",
                   r->base.name, (long long)r->table.line, (long long)column + 1, named ? " (" : "",
                   named ? r->head.names[column] : "", named ? ")" : "", r->table.field[column], expected,
                   r->table.decimal == ',' ? " with a decimal comma" : "");
}

/* Behind a failure that an index may be behind. */
static enum pd_status hint_index(enum pd_status status, struct pd_error *err)
{
    pd_hint(err, status, "to leave it out: index");
    return pd_hint(err, status, "to take it as the others: index=false");
}

/* A file that was put behind another brings its header along, which may be numbers: ",0,1,2,3". */
static bool is_header(const struct csv_rows *r)
{
    for (int64_t i = 0; i < r->head.fields; i++) {
        size_t size;
        const char *own = pd_trim(r->table.field[i], &size), *name = r->head.names[i];
        if (strlen(name) != size || strncmp(own, name, size) != 0)
            return false;
    }
    return true;
}

/* An index must go on as it began, and an empty last column stay empty. */
static enum pd_status check_rest(const struct csv_rows *r, int64_t row, struct pd_error *err)
{
    double number;
    const struct pd_table *t = &r->table;
    if (r->head.tail && *t->field[t->fields - 1])
        return pd_table_fail(t, err, "a last field, which is empty in the lines above");
    if (r->by_name || !r->head.index || !r->head.counts)
        return PD_OK;
    if (!pd_table_number(t, t->field[0], &number) || number != (double)(r->head.index_from + row))
        return hint_index(pd_table_fail(t, err, "the first column counts the rows above, but not this one"),
                          err);
    return PD_OK;
}

static void note_keys(struct csv_rows *r, int64_t row)
{
    double number;
    for (int64_t i = 0; i < r->base.key_count; i++) {
        struct pd_row_key *key = &r->base.keys[i];
        const bool is_number = pd_table_number(&r->table, r->table.field[key->column], &number);
        pd_row_key_note(key, r->table.field[key->column], is_number ? &number : NULL);
        if (!key->column && r->head.index && !*r->index && is_number && !key->fractions &&
            number != (double)row) {
            r->astray = row;
            snprintf(r->index, sizeof r->index, "%.17g", number);
        }
    }
}

static enum pd_status deliver(struct csv_rows *r, int64_t row, float *to, struct pd_error *err)
{
    if (r->table.fields != r->head.fields)
        return fail_count(r, err);
    if (r->head.header && is_header(r))
        return pd_table_fail(&r->table, err, "the header once more: take the line out");
    for (int64_t i = 0; i < r->base.width; i++) {
        double number;
        if (!pd_table_number(&r->table, r->table.field[r->column[i]], &number))
            return fail_number(r, r->column[i], "a number", err);
        r->doubles[i] = r->base.map ? r->base.map(number) : number;
    }
    const int64_t at = pd_rows_to_floats(&r->base, 1, r->doubles, to);
    if (at >= 0)
        return fail_number(r, r->column[at], "at most 3.4e38, float32's largest number", err);
    note_keys(r, row);
    return r->head.tail || r->head.counts ? check_rest(r, row, err) : PD_OK;
}

static enum pd_status read_rows(struct pd_rows *rows, float *to, int64_t n, int64_t *got,
                                struct pd_error *err)
{
    struct csv_rows *r = (struct csv_rows *)rows;
    for (*got = 0; *got < n; ++*got) {
        bool more;
        enum pd_status status = pd_table_next(&r->table, &more, err);
        if (!status && more)
            status = deliver(r, rows->count + *got, to + *got * rows->width, err);
        if (status || !more)
            return status;
    }
    return PD_OK;
}

static enum pd_status rewind_rows(struct pd_rows *rows, struct pd_error *err)
{
    struct csv_rows *r = (struct csv_rows *)rows;
    bool more;
    enum pd_status status = pd_table_rewind(&r->table, err);
    return status || !r->head.header ? status : pd_table_next(&r->table, &more, err);
}

static void close_rows(struct pd_rows *rows)
{
    struct csv_rows *r = (struct csv_rows *)rows;
    pd_rows_head_release(&r->head);
    pd_free(r->column);
    pd_free(r->doubles);
    pd_table_release(&r->table);
}

/* "t.csv: 50 rows x 4 columns, line 1 taken as a header", and a hint behind a tab. */
static void describe(const struct pd_rows *rows, char *text, size_t size)
{
    const struct csv_rows *r = (const struct csv_rows *)rows;
    const struct pd_rows_head *h = &r->head;
    const bool index = h->index && !r->by_name;
    char astray[96] = "";
    if (*r->index)
        snprintf(astray, sizeof astray, ", rows counted as they stand: row %lld has the index %s",
                 (long long)r->astray, r->index);
    snprintf(text, size, "%.200s: %lld row%s x %lld column%s, line %lld taken as %s%s%s%s%s", rows->name,
             (long long)rows->count, rows->count == 1 ? "" : "s", (long long)rows->width,
             rows->width == 1 ? "" : "s", (long long)h->line, h->header ? "a header" : "a row",
             index ? ", the first column as an index" : "", astray,
             h->tail ? ", the last column, empty, left out" : "",
             r->table.decimal == ',' ? ", numbers with decimal commas" : "");
    const size_t n = strlen(pd_make_printable(text)); /* a name may have a tab */
    snprintf(text + n, size - n, "%s%s",
             h->header ? "\tto take it as a row: header=false" : "\tif it holds names: header",
             index ? "\tto keep the index: index=false" : "");
}

static const struct pd_rows_kind kind = {read_rows, rewind_rows, close_rows, describe};

/* --- columns --- */

/* -1: there is none; -2: there are two. */
static int64_t find_name(const struct csv_rows *r, const char *name)
{
    int64_t at = -1;
    for (int64_t i = 0; i < r->head.fields; i++)
        if (!strcmp(r->head.names[i], name))
            at = at == -1 ? i : -2;
    return at;
}

static enum pd_status fail_twice(const struct csv_rows *r, const char *name, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: two columns are called '%.100s'", r->base.name, name);
}

/* How many columns are called name_0, name_1, ..., name_17. */
static int64_t count_numbered(const struct csv_rows *r, const char *name)
{
    const size_t length = strlen(name);
    int64_t count = 0;
    for (int64_t i = 0; i < r->head.fields; i++) {
        const char *number = r->head.names[i] + length + 1;
        if (!strncmp(r->head.names[i], name, length) && r->head.names[i][length] == '_' &&
            isdigit((unsigned char)*number))
            count += !number[strspn(number, "0123456789")];
    }
    return count;
}

/* They mostly stand side by side. One that is there twice leaves another one out of the count. */
static enum pd_status find_numbered(struct csv_rows *r, const char *name, struct pd_error *err)
{
    char numbered[256];
    int64_t at = -1;
    const int64_t count = count_numbered(r, name);
    for (r->base.width = 0; r->base.width < count; r->base.width++) {
        snprintf(numbered, sizeof numbered, "%.200s_%lld", name, (long long)r->base.width);
        at = at + 1 < r->head.fields && !strcmp(r->head.names[at + 1], numbered) ? at + 1
                                                                                 : find_name(r, numbered);
        if (at == -2)
            return fail_twice(r, numbered, err);
        if (at == -1)
            return pd_fail(err, PD_ERR_FORMAT, -1,
                           "%s: %lld columns %.100s_N, but none of them is %.100s: expected %.100s_0, "
                           "%.100s_1, ..., each once",
                           r->base.name, (long long)count, name, numbered, name, name);
        r->column[r->base.width] = at;
    }
    return PD_OK;
}

/* A,B,C */
static enum pd_status find_list(struct csv_rows *r, const char *names, struct pd_error *err)
{
    char name[256];
    for (r->base.width = 0; *names && r->base.width < r->head.fields; names += *names == ',') {
        const size_t n = strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), names);
        const int64_t at = find_name(r, name);
        if (at < 0) {
            r->base.width = 0;
            return at == -2 ? fail_twice(r, name, err) : PD_OK;
        }
        for (int64_t i = 0; i < r->base.width; i++)
            if (r->column[i] == at)
                return pd_fail(err, PD_ERR_USAGE, -1, "%s: column '%.100s' is asked for twice", r->base.name,
                               name);
        r->column[r->base.width++] = at;
        names += n;
    }
    return PD_OK;
}

/* Those that begin so, in the file's order; returns how many. */
static int64_t find_begun(struct csv_rows *r, const char *begin, size_t size)
{
    int64_t n = 0;
    for (int64_t i = 0; i < r->head.fields; i++)
        if (!strncmp(r->head.names[i], begin, size))
            r->column[n++] = i;
    return n;
}

/* name; or name_0, name_1, ...; or begin*; or a list of names. width stays 0 where there is none. */
static enum pd_status find_columns(struct csv_rows *r, const char *name, struct pd_error *err)
{
    char begin[256];
    const int64_t at = find_name(r, name);
    if (at == -2)
        return fail_twice(r, name, err);
    const size_t size = strlen(name);
    snprintf(begin, sizeof begin, "%.200s_", name);
    r->base.beside = at >= 0 ? find_begun(r, begin, strlen(begin)) : 0;
    r->base.width = at >= 0;
    r->column[0] = at;
    if (at < 0 && size > 1 && name[size - 1] == '*')
        r->base.width = find_begun(r, name, size - 1);
    if (r->base.width)
        return PD_OK;
    enum pd_status status = find_numbered(r, name, err);
    return status || r->base.width || !strchr(name, ',') ? status : find_list(r, name, err);
}

/* The first of A,B,C that is not there; size: of its name. */
static const char *find_missing(const struct csv_rows *r, const char *names, int *size)
{
    char name[256];
    for (;; names += *size + 1) {
        *size = (int)strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", *size, names);
        if (find_name(r, name) < 0 || !names[*size])
            return names;
    }
}

/* names: the caller's own one, or those that would do: the shorter one numbered. */
static enum pd_status fail_no_column(const struct csv_rows *r, const char *const *names, struct pd_error *err)
{
    char known[256] = "";
    size_t used = 0;
    int size;
    const char *name = names[0] ? names[0] : "", *missing = find_missing(r, name, &size),
               *stem = names[1] && strlen(names[1]) < strlen(name) ? names[1] : name;
    for (int64_t i = 0; i < r->head.fields && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", r->head.names[i]);
    if (strchr(name, ','))
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: no column '%.*s' of '%.100s' (it has: %s)", r->base.name,
                       size, missing, name, known);
    return pd_fail(err, PD_ERR_USAGE, -1,
                   "%s: no column '%s' or '%s_0' (it has: %s): name one with %.100s:NAME, several with "
                   "%.100s:NAME,NAME,... or NAME*, all with *",
                   r->base.name, name, stem, known, r->base.name, r->base.name);
}

/* Numbers as names, or none: nothing says which columns are meant, so all are. */
static bool names_say_nothing(const struct csv_rows *r)
{
    double number;
    const int64_t used = r->head.fields - r->head.tail;
    for (int64_t i = r->head.index; r->head.header && i < used; i++)
        if (*r->head.names[i] && !pd_table_number(&r->table, r->head.names[i], &number))
            return false;
    return true;
}

static enum pd_status take_all(struct csv_rows *r, struct pd_error *err)
{
    if (r->head.index_doubt && !r->head.index)
        return hint_index(pd_fail(err, PD_ERR_FORMAT, -1,
                                  "%s: the first column, whole numbers that all differ, may be an index",
                                  r->base.name),
                          err);
    if (r->head.index_fractions)
        return pd_hint(
            err,
            pd_fail(err, PD_ERR_FORMAT, -1,
                    "%s: the first column holds fractions and would be left out as an index: expected "
                    "one in every file of several columns, or in none",
                    r->base.name),
            "index");
    const int64_t first = r->head.index, end = r->head.fields - r->head.tail;
    for (int64_t i = first; i < end; i++)
        r->column[i - first] = i;
    r->base.width = end - first;
    return r->base.width ? PD_OK : pd_table_fail(&r->table, err, "no column but an index");
}

static enum pd_status choose_columns(struct csv_rows *r, const char *const *names, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    r->column = pd_calloc((size_t)r->head.fields, sizeof *r->column);
    if (!r->column)
        return pd_fail_memory(err, r->base.name);
    if (!strcmp(names[0], "*")) /* classes called by words */
        return take_all(r, err);
    for (int i = 0; r->head.named && names[i] && !r->base.width && !status; i++)
        status = find_columns(r, names[i], err);
    r->by_name = r->base.width;
    if (status || r->by_name)
        return status;
    if (!names[1] || !names_say_nothing(r)) /* one name: the caller's own */
        return r->head.named
                   ? fail_no_column(r, names, err)
                   : pd_hint(
                         err,
                         pd_fail(err, PD_ERR_USAGE, -1,
                                 "%s: no column '%.100s': line %lld holds no names; without ':%.100s' all "
                                 "columns are taken",
                                 r->base.name, names[0], (long long)r->head.line, names[0]),
                         "it does: header");
    return take_all(r, err);
}

/* Columns of a name, or an index, that are not among those taken. */
static void find_keys(struct csv_rows *r)
{
    const int64_t fields = r->head.fields - r->head.tail;
    bool *taken = (bool *)r->doubles; /* not in use yet */
    memset(taken, 0, (size_t)fields);
    for (int64_t i = 0; i < r->base.width; i++)
        taken[r->column[i]] = true;
    for (int64_t i = 0; i < fields; i++) {
        const bool index = !i && r->head.index;
        if (taken[i] || (!index && (!r->head.named || !*r->head.names[i])))
            continue;
        const bool nameless = index && (!r->head.named || pd_rows_names_index(r->head.names[i]));
        r->base.keys[r->base.key_count] =
            (struct pd_row_key){.name = nameless ? "index" : r->head.names[i], .column = i};
        pd_row_key_rewind(&r->base.keys[r->base.key_count++]);
    }
}

/* What the columns taken are called. */
static void name_columns(struct csv_rows *r)
{
    struct pd_rows_columns *c = &r->base.columns;
    c->order = PD_HASH_START;
    for (int64_t i = 0; i < r->base.width; i++) {
        const char *name = r->head.names[r->column[i]];
        const uint64_t own = pd_hash(PD_HASH_START, name, strlen(name) + 1);
        c->order = pd_hash(c->order, name, strlen(name) + 1);
        c->any_order += own * own;
    }
}

static enum pd_status reserve(struct csv_rows *r, struct pd_error *err)
{
    r->base.keys = pd_calloc((size_t)r->head.fields, sizeof *r->base.keys);
    r->doubles = pd_calloc((size_t)r->head.fields, sizeof *r->doubles);
    if (!r->base.keys || !r->doubles)
        return pd_fail_memory(err, r->base.name);
    find_keys(r);
    if (r->by_name)
        name_columns(r);
    return pd_rows_begin_doubt(&r->base, r->base.name, err);
}

enum pd_status pd_rows_open_csv(FILE *file, const char *name, const struct pd_rows_request *request,
                                struct pd_rows **out, struct pd_error *err)
{
    struct csv_rows *r = pd_calloc(1, sizeof *r);
    *out = NULL;
    if (!r) {
        (void)fclose(file);
        return pd_fail_memory(err, name);
    }
    r->base = pd_rows_begin(&kind, name, request);
    r->table = (struct pd_table){.file = file, .name = r->base.name};
    enum pd_status status = r->base.name ? pd_table_init(&r->table, err) : pd_fail_memory(err, name);
    if (!status)
        status = pd_rows_head_read(&r->head, &r->table, request, err);
    if (!status)
        status = choose_columns(r, request->names, err);
    if (!status)
        status = reserve(r, err);
    if (status)
        pd_rows_close(&r->base);
    else
        *out = &r->base;
    return status;
}
