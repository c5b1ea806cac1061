#include "io/rows_head.h"

#include "base/mem.h"
#include "base/words.h"
#include "io/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PEEK = 100, ROWS_TO_TELL = 3, ROWS_TO_DOUBT = 10, SUM_ROUNDED = 2 };

/* What the records below the first one look like; a field is whole where it is written as a whole number. */
struct facts {
    int64_t records, fields;
    int64_t all_whole;        /* records of whole numbers only, the first column aside */
    int64_t whole_with_first; /* ... all columns counted */
    bool tail;                /* all end with an empty field */
    bool commas;              /* some are numbers with a decimal comma */
    bool others_whole;        /* some column but the first is whole */
    bool first_whole;         /* the first column by its values: 12.0, 1.2e+01 */
    bool first_fractions;     /* some of it are fractions */
    bool fractions;           /* some of the others */
    int64_t halves;           /* records that "1,5,-0,25" cut into whole numbers would look like */
    double sum;               /* of the first of them */
    bool sums_differ;         /* of others: no percentages, nor votes */
    size_t digits;            /* most of them behind what may be a decimal comma */
    double first[PEEK + 1];   /* the first column: of the first record, then of the others */
    bool *whole;              /* (fields): of the column so far */
    unsigned char *points;    /* (fields): bits of points_of */
};

/* --- fields --- */

static bool is_whole(const char *text, double *value)
{
    char *end;
    *value = (double)strtoll(text, &end, 10);
    return end > text && end - text < 16 && !end[strspn(end, " \t")];
}

static bool is_missing(const char *text)
{
    static const char *const words[] = {"", "na", "n/a", "null", "none", "?", "-"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcasecmp(text, words[i]))
            return true;
    return false;
}

static bool is_number(const struct pd_table *t, const char *text)
{
    double number;
    return pd_table_number(t, text, &number);
}

static bool has_decimal_comma(const struct pd_table *t, const char *text)
{
    struct pd_table commas = *t;
    commas.decimal = ',';
    return t->separator != ',' && strchr(text, ',') && is_number(&commas, text);
}

/* "1.643", which is 1643 in German; 0 to 999; other numbers. */
enum { THOUSANDS = 1, UNITS = 2, OTHERS = 4 };

static int points_of(const char *text)
{
    static const char digit[] = "0123456789";
    text += *text == '-' || *text == '+';
    const size_t n = strspn(text, digit);
    if (!n || n > 3 || (text[n] && *text == '0'))
        return OTHERS;
    return !text[n]                                                             ? UNITS
           : text[n] == '.' && strspn(text + n + 1, digit) == 3 && !text[n + 4] ? THOUSANDS
                                                                                : OTHERS;
}

/* Fields by their values, of a record. */
static void look_at_values(const struct pd_table *t, char *const *field, int64_t fields, struct facts *f,
                           double *first)
{
    double number;
    for (int64_t i = 0; i < fields; i++) {
        const bool is = pd_table_number(t, field[i], &number), whole = is && number == floor(number);
        if (i)
            f->fractions = f->fractions || (is && !whole);
        else {
            *first = is ? number : -1;
            f->first_whole = f->first_whole && whole;
            f->first_fractions = f->first_fractions || (is && !whole);
        }
        if (is && i < f->fields)
            f->points[i] |= (unsigned char)points_of(field[i]);
    }
}

/* --- looking ahead --- */

/* All whole, every second one without a sign: decimal commas between commas. */
static void look_for_halves(char *const *field, int64_t fields, struct facts *f)
{
    double value, sum = 0;
    for (int64_t i = 0; i < fields; i++, sum += value) {
        const size_t n = strlen(field[i]);
        if (fields % 2 || !is_whole(field[i], &value) || (i % 2 && strspn(field[i], "0123456789") < n))
            return;
        f->digits = i % 2 && n > f->digits ? n : f->digits;
    }
    f->sum = f->halves ? f->sum : sum;
    f->sums_differ = f->sums_differ || fabs(sum - f->sum) > SUM_ROUNDED;
    f->halves++;
}

static enum pd_status keep_first(struct pd_rows_head *h, const struct pd_table *t, struct pd_error *err)
{
    h->line = t->line;
    h->fields = t->fields;
    h->names = pd_calloc((size_t)t->fields, sizeof *h->names);
    bool kept = h->names;
    for (int64_t i = 0; kept && i < t->fields; i++) {
        size_t size; /* "a, b" */
        const char *name = pd_trim(t->field[i], &size);
        kept = (h->names[i] = pd_strdup(name));
        if (kept)
            h->names[i][size] = '\0';
    }
    return kept ? PD_OK : pd_fail_memory(err, t->name);
}

static void look_at(const struct pd_rows_head *h, const struct pd_table *t, struct facts *f)
{
    int64_t whole = 0, first = 0;
    double value;
    const int64_t used = t->fields - (t->fields > 1 && !*t->field[t->fields - 1]);
    f->tail = f->tail && used < t->fields;
    for (int64_t i = 0; i < used; i++) {
        const bool is = is_whole(t->field[i], &value);
        whole += is;
        first += is && !i;
        if (i < h->fields)
            f->whole[i] = f->whole[i] && is;
        f->commas = f->commas || (!is && has_decimal_comma(t, t->field[i]));
    }
    look_at_values(t, t->field, used, f, &f->first[1 + f->records]);
    look_for_halves(t->field, used, f);
    f->all_whole += used > 1 && whole - first == used - 1;
    f->whole_with_first += whole == used;
    f->records++;
}

static enum pd_status look_ahead(struct pd_rows_head *h, struct pd_table *t, struct facts *f,
                                 struct pd_error *err)
{
    bool got = false;
    enum pd_status status = pd_table_next(t, &got, err);
    if (!status && !got)
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: empty, expected rows of numbers", t->name);
    if (!status)
        status = keep_first(h, t, err);
    if (status)
        return status;
    f->tail = h->fields > 1 && !*h->names[h->fields - 1];
    f->whole = pd_calloc((size_t)h->fields, sizeof *f->whole);
    f->points = pd_calloc((size_t)h->fields, 1);
    f->fields = h->fields;
    if (!f->whole || !f->points)
        return pd_fail_memory(err, t->name);
    memset(f->whole, true, (size_t)h->fields);
    f->first_whole = true;
    while (!status && got && f->records < PEEK) {
        status = pd_table_next(t, &got, err);
        if (!status && got)
            look_at(h, t, f);
    }
    for (int64_t i = 1; i < h->fields; i++)
        f->others_whole = f->others_whole || f->whole[i];
    return status;
}

/* --- header --- */

struct kinds {
    int64_t words, whole, other, missing; /* other: numbers that are not written as whole ones */
    bool counts, differ;                  /* 0, 1, 2, ...; all different */
};

static struct kinds kinds_of(const struct pd_rows_head *h, const struct pd_table *t, int64_t from, int64_t to)
{
    struct kinds k = {.counts = true, .differ = true};
    for (int64_t i = from; i < to; i++) {
        double value = 0, ignored;
        const bool missing = is_missing(h->names[i]), whole = is_whole(h->names[i], &ignored),
                   number = pd_table_number(t, h->names[i], &value);
        k.missing += missing;
        k.whole += whole;
        k.other += number && !whole;
        k.words += !missing && !number;
        k.counts = k.counts && number && value == (double)(i - from);
        for (int64_t j = from; j < i && j < PEEK; j++)
            k.differ = k.differ && strcmp(h->names[i], h->names[j]) != 0;
    }
    return k;
}

static enum pd_status fail_header(const struct pd_rows_head *h, const struct pd_table *t,
                                  struct pd_error *err, const char *what)
{
    pd_fail(err, PD_ERR_FORMAT, -1, "%s: line %lld: %s", t->name, (long long)h->line, what);
    pd_hint(err, PD_ERR_FORMAT, "to take it as the names of columns: header");
    return pd_hint(err, PD_ERR_FORMAT, "to take it as a row: header=false");
}

bool pd_rows_names_index(const char *name)
{
    return !*name || !strcmp(name, "Unnamed: 0") || !strcasecmp(name, "index");
}

/* Whole numbers alone: names that pandas gives, or a row? */
static enum pd_status judge_numbers(struct pd_rows_head *h, const struct pd_table *t, const struct facts *f,
                                    const struct kinds *k, int64_t n, struct pd_error *err)
{
    const bool fractions_below = f->records && !f->whole_with_first;
    if (k->whole == n && k->counts && fractions_below)
        h->header = true;
    else if ((k->whole == n && k->counts) || (k->counts && n > 2))
        return fail_header(h, t, err,
                           "counts 0, 1, 2, ... as pandas's names of columns do, but may be a row");
    else if (k->whole == n && k->differ && fractions_below && f->records >= ROWS_TO_TELL)
        return fail_header(h, t, err, "whole numbers above fractions may be names of columns, or a row");
    return PD_OK;
}

static enum pd_status judge_header(struct pd_rows_head *h, const struct pd_table *t, const struct facts *f,
                                   struct pd_error *err)
{
    const int64_t used = h->fields - h->tail;
    const struct kinds k = kinds_of(h, t, 0, used), behind = kinds_of(h, t, 1, used);
    if (k.whole + k.other == used)
        return judge_numbers(h, t, f, &k, used, err);
    if (used > 1 && pd_rows_names_index(h->names[0]) && behind.whole + behind.words == used - 1 &&
        (behind.words || behind.counts))
        h->header = h->index = true;
    else if (k.words && !k.other && (!k.missing || k.words + k.missing == used))
        h->header = true;
    else
        return fail_header(h, t, err, "neither names of columns nor a row of numbers");
    return PD_OK;
}

/* --- index --- */

static bool counts_from(const struct facts *f, int64_t from, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++)
        if (f->first[from + i] != f->first[from] + (double)i)
            return false;
    return f->first[from] == 0 || f->first[from] == 1;
}

static bool all_differ(const struct facts *f, int64_t from, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < i; j++)
            if (f->first[from + i] == f->first[from + j])
                return false;
    return true;
}

/* Where nothing but the numbers can tell: the first column counts the rows, or may number them out of order.
 */
static void judge_index(struct pd_rows_head *h, const struct pd_rows_request *request, const struct facts *f)
{
    double value;
    const int64_t from = h->header, rows = f->records + !h->header;
    const bool whole = f->whole[0] && (h->header || is_whole(h->names[0], &value));
    if (h->fields - h->tail < 2 || rows < ROWS_TO_TELL || !f->first_whole || !all_differ(f, from, rows))
        return;
    if (!whole) { /* np.savetxt writes all numbers alike */
        h->index_doubt = request->features && f->fractions && rows >= ROWS_TO_DOUBT &&
                         !counts_from(f, from, rows); /* pd_rows_doubt_counter names those */
        return;
    }
    h->counts = !f->others_whole && counts_from(f, from, rows);
    h->index = h->counts;
    h->index_from = (int64_t)f->first[from];
    h->index_doubt = !h->counts && (f->others_whole ? counts_from(f, from, rows) : !f->all_whole);
}

/* --- names above the rows, behind a '#' --- */

static void release_names(struct pd_rows_head *h)
{
    for (int64_t i = 0; h->names && i < h->fields; i++)
        pd_free(h->names[i]);
    pd_free(h->names);
    h->names = NULL;
}

/* Numbers that are not all whole: hardly names. */
static bool is_row(const struct pd_table *t)
{
    double value;
    int64_t whole = 0, numbers = 0;
    for (int64_t i = 0; i < t->fields; i++) {
        whole += is_whole(t->field[i], &value);
        numbers += is_number(t, t->field[i]);
    }
    return numbers == t->fields && whole < numbers;
}

static enum pd_status take_comment(struct pd_rows_head *h, struct pd_table *t, struct pd_error *err)
{
    const int64_t line = h->line;
    char *text = t->comment.size ? t->comment.data + strspn(t->comment.data, "# ") : NULL;
    enum pd_status status = text ? pd_table_split(t, text, err) : PD_OK;
    if (status || !text || t->fields != h->fields)
        return status;
    if (is_row(t))
        return fail_header(h, t, err,
                           "stands below a '#' line of as many numbers, which may be row 0 or names");
    release_names(h);
    status = keep_first(h, t, err);
    h->line = line;
    h->named = true;
    return status;
}

/* --- all --- */

/* Fractions of this many digits are no row of whole numbers that happens to look so. */
enum { DIGITS_TO_TELL = 3 };

static enum pd_status check_commas(const struct pd_rows_head *h, const struct pd_table *t, struct facts *f,
                                   struct pd_error *err)
{
    const int64_t rows = f->records + !h->header;
    if (!h->header)
        look_for_halves(h->names, h->fields - h->tail, f);
    return t->separator != ',' || f->halves < rows || rows < ROWS_TO_TELL || f->digits < DIGITS_TO_TELL ||
                   !f->sums_differ
               ? PD_OK
               : pd_fail(err, PD_ERR_FORMAT, -1,
                         "%s: line %lld: whole numbers alone, as decimal commas between commas give them: "
                         "expected fractions with a point, or semicolons between",
                         t->name, (long long)h->line);
}

static enum pd_status check_thousands(const struct pd_rows_head *h, const struct pd_table *t,
                                      const struct facts *f, struct pd_error *err)
{
    bool mixed = false;
    int all = 0;
    for (int64_t i = 0; i < f->fields; i++) {
        mixed = mixed || f->points[i] == (THOUSANDS | UNITS);
        all |= f->points[i];
    }
    return t->separator != ';' || !mixed || all & OTHERS
               ? PD_OK
               : pd_fail(err, PD_ERR_FORMAT, -1,
                         "%s: line %lld: fractions of three digits each beside whole numbers below 1000, as "
                         "points "
                         "between thousands give them (1.643 for 1643): expected no points, or 512.0 beside "
                         "1.643",
                         t->name, (long long)h->line);
}

static enum pd_status judge(struct pd_rows_head *h, struct pd_table *t, struct facts *f,
                            const struct pd_rows_request *request, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int64_t i = 0; i < h->fields; i++)
        f->commas = f->commas || has_decimal_comma(t, h->names[i]);
    t->decimal = f->commas ? ',' : '.';
    h->tail = f->tail;
    h->header = request->header == PD_ROWS_YES;
    h->index = h->header && pd_rows_names_index(h->names[0]);
    if (request->header == PD_ROWS_AUTO)
        status = judge_header(h, t, f, err);
    h->named = h->header;
    if (!h->header)
        look_at_values(t, h->names, h->fields - h->tail, f, &f->first[0]);
    if (request->index == PD_ROWS_AUTO && !h->index)
        judge_index(h, request, f);
    if (request->index != PD_ROWS_AUTO)
        h->index = request->index == PD_ROWS_YES && h->fields - h->tail > 1; /* of other files */
    h->index_fractions =
        h->index && f->first_fractions && !pd_rows_names_index(h->header ? h->names[0] : "-");
    if (!status && !request->whole)
        status = check_commas(h, t, f, err);
    if (!status)
        status = check_thousands(h, t, f, err);
    if (!status && request->header == PD_ROWS_AUTO && !h->header)
        status = take_comment(h, t, err);
    return status;
}

enum pd_status pd_rows_head_read(struct pd_rows_head *h, struct pd_table *t,
                                 const struct pd_rows_request *request, struct pd_error *err)
{
    struct facts *f = pd_calloc(1, sizeof *f);
    bool got;
    if (!f)
        return pd_fail_memory(err, t->name);
    enum pd_status status = look_ahead(h, t, f, err);
    if (!status)
        status = judge(h, t, f, request, err);
    if (!status)
        status = pd_table_rewind(t, err);
    if (!status && h->header)
        status = pd_table_next(t, &got, err);
    pd_free(f->whole);
    pd_free(f->points);
    pd_free(f);
    return status;
}

void pd_rows_head_release(struct pd_rows_head *h)
{
    release_names(h);
}
