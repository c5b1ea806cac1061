#include "data/labels/answers_reader.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/real.h"
#include "base/words.h"
#include "io/csv.h"
#include "io/file.h"

#include <csv.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A line of a quoted field that may be another image's row. */
struct swallowed {
    int64_t image, line; /* line: where the quote is opened */
};

/* Columns that say something, by what they are. */
enum cell { IMAGE, OUR_IMAGE, LABEL, PATH, ANSWER, SCORE, GUESS, GUESS_P, CELLS };

struct table {
    struct pd_answers_reader *reader;
    int columns;   /* of the header; 0: it has not been read */
    int at[CELLS]; /* the columns, or -1 */
    int others;    /* columns that are neither ours nor Label Studio's, and the first of them */
    int other;
    bool exported; /* by Label Studio */
    bool scored;   /* has a column 'class', as scores have for what a network thinks */
    bool twice;    /* two columns may be the image's, or the label's */
    int column;    /* of the current row; once it has ended, how many it has */
    struct pd_buffer text[CELLS];
    bool empty;          /* nothing but separators so far */
    int64_t line, begin; /* the current line and that of the row's beginning */
    char separator;
    struct pd_buffer swallowed; /* (struct swallowed) */
    uint8_t *named;             /* (images) 1: a row names it */
    size_t asked_capacity;
    bool after_return; /* the last line ended with CR: an LF belongs to it */
};

static int not_a_space(unsigned char c)
{
    (void)c;
    return 0; /* RFC 4180: spaces are part of a field */
}

/* The word, without spaces around it and whatever its case, is `name`. */
static bool is_word(const char *text, const char *name)
{
    size_t n = strlen(text);
    const char *own = pd_trim(text, &n);
    return n == strlen(name) && !strncasecmp(own, name, n);
}

/* "label2", "status"; "split": some rows may be of test images. */
static void note_unread(struct pd_answers *out, const char *text)
{
    size_t n = strlen(text);
    const char *own = pd_trim(text, &n);
    static const char *const splits[] = {"split", "subset", "set", "fold", "partition", "usage", "is_test"};
    bool doubtful = pd_is_word_beside_label(own, n);
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
        doubtful = doubtful || is_word(text, splits[i]);
    if (doubtful)
        pd_answers_note(out, "column '%.60s' is not read", own);
}

static const struct {
    const char *name;
    enum cell cell;
} headings[] = {{"image", IMAGE},    {"paydirt_image", OUR_IMAGE}, {"label", LABEL}, {"choice", LABEL},
                {"path", PATH},      {"answer", ANSWER},           {"score", SCORE}, {"guess", GUESS},
                {"guess_p", GUESS_P}};

enum { HEADINGS = sizeof headings / sizeof headings[0] };

static bool is_heading(const char *text, enum cell cell)
{
    for (size_t i = 0; i < HEADINGS; i++)
        if (headings[i].cell == cell && is_word(text, headings[i].name))
            return true;
    return false;
}

static void take_heading(struct table *t, const char *text)
{
    for (size_t i = 0; i < HEADINGS; i++)
        if (is_word(text, headings[i].name)) {
            const enum cell cell = headings[i].cell;
            t->twice = t->twice || (t->at[cell] >= 0 && cell < PATH);
            t->at[cell] = t->column;
        }
    bool known_one = !*text || is_word(text, "number") || pd_label_studio_own_key(text); /* queries.c */
    for (size_t i = 0; i < HEADINGS; i++)
        known_one = known_one || (headings[i].cell != ANSWER && is_word(text, headings[i].name));
    t->reader->out->own_columns += !known_one;
    if (!known_one)
        note_unread(t->reader->out, text);
    t->exported = t->exported || is_word(text, "annotation_id");
    t->scored = t->scored || is_word(text, "class");
    if (!pd_label_studio_own_key(text) && !t->others++)
        t->other = t->column;
}

/* A note may have several lines; a row is none of them. */
static void look_for_swallowed(struct table *t, const char *field)
{
    char image[4096];
    const int column = t->at[OUR_IMAGE] < 0 ? t->at[IMAGE] : t->at[OUR_IMAGE];
    struct pd_csv_swallowed lines = {field, t->column, t->column, t->columns, column, t->separator};
    while (t->columns && column >= 0 && pd_csv_next_swallowed(&lines, image, sizeof image)) {
        const struct swallowed s = {pd_image_find(&t->reader->images, image), t->begin};
        if (s.image >= 0)
            pd_buffer_append(&t->swallowed, &s, sizeof s);
    }
}

/* Where a quote is opened that goes on over the row of an image that no other row names; 0: nowhere. */
static int64_t swallowed_at(const struct table *t)
{
    const struct swallowed *s = (const void *)t->swallowed.data;
    for (size_t i = 0; i < t->swallowed.size / sizeof *s; i++)
        if (!t->named[s[i].image])
            return s[i].line;
    return 0;
}

static void end_field(void *field, size_t size, void *table)
{
    struct table *t = table;
    const char *text = field;
    if (!t->column)
        t->begin = t->line;
    t->after_return = false;
    for (const char *p = text; (p = memchr(p, '\n', size - (size_t)(p - text))); p++)
        t->line++;
    t->empty = t->empty && !size;
    look_for_swallowed(t, text);
    if (!t->columns)
        take_heading(t, text);
    for (int i = 0; t->columns && i < CELLS; i++)
        if (t->at[i] == t->column)
            pd_buffer_append(&t->text[i], text, size + 1); /* with its NUL */
    t->column++;
}

static bool begins(const char *text, const char *name)
{
    size_t n = strlen(text);
    return !strncmp(text, name, n) && name[n];
}

/* Whether `text` may be the beginning of a longer name or number, so that a file which ends here may have
 * been cut. */
static bool may_be_cut(const struct pd_answers_reader *r, enum cell cell, const char *text)
{
    const struct pd_dataset *d = r->dataset;
    char name[4096];
    if (cell == LABEL)
        return pd_class_may_go_on(&r->classes, text);
    size_t n = strlen(text);
    text = pd_trim(text, &n);
    for (uint32_t i = 0; i < d->count; i++)
        if (begins(text, pd_dataset_image_name(d, i, name, sizeof name)))
            return true;
    return false;
}

static bool refuse_cut(struct table *t)
{
    const struct pd_answers_reader *r = t->reader;
    for (int i = 0; i <= PATH; i++) {
        if (t->at[i] != t->column - 1 || !*t->text[i].data || !may_be_cut(r, i, t->text[i].data))
            continue;
        pd_answers_refuse(t->reader, t->begin,
                          "may be cut off: no line end after '%.60s', which begins longer names",
                          t->text[i].data);
        return true;
    }
    return false;
}

/* "" also where the row ends before it. */
static const char *cell_text(const struct table *t, enum cell cell)
{
    return t->text[cell].size ? t->text[cell].data : "";
}

/* The header once more, as of a file that was put behind another. */
static bool is_header(const struct table *t)
{
    for (int i = 0; i < CELLS; i++)
        if (t->at[i] >= 0 && !is_heading(cell_text(t, i), i) && (i != LABEL || t->at[i] != t->other))
            return false;
    return true;
}

static bool is_rejected(const struct table *t)
{
    return t->at[ANSWER] != t->at[LABEL] && pd_answers_reject(t->reader->out, cell_text(t, ANSWER));
}

/* Another image's path or name beside it. */
static bool refuse_apart(struct table *t)
{
    struct pd_answers_reader *r = t->reader;
    return *t->text[LABEL].data && (pd_answers_refuse_apart(r, t->begin, r->image, cell_text(t, PATH)) ||
                                    pd_answers_refuse_apart(r, t->begin, r->image, cell_text(t, IMAGE)));
}

static double number_in(const struct table *t, enum cell cell)
{
    char *end;
    const char *text = cell_text(t, cell);
    const double value = pd_real_read(text, &end);
    return end > text && !*end ? value : NAN;
}

/* What a sheet of ours says of an image that it asks for. */
static void note_asked(struct table *t, int64_t image)
{
    bool exactly;
    struct pd_answers *out = t->reader->out;
    const char *guess = cell_text(t, GUESS);
    struct pd_query *asked = pd_grow(out->asked, out->asked_count, &t->asked_capacity, sizeof *asked);
    if (!asked) {
        t->reader->oom = true;
        return;
    }
    const int32_t class = *guess ? pd_class_find(&t->reader->classes, guess, &exactly) : -1;
    out->asked = asked;
    asked[out->asked_count++] = (struct pd_query){(uint32_t)image, number_in(t, SCORE),
                                                  class < 0 ? -1 : class, number_in(t, GUESS_P)};
}

static void take_row(struct table *t, bool ended)
{
    struct pd_answers_reader *r = t->reader;
    for (int i = 0; i < CELLS; i++)
        r->oom = r->oom || t->text[i].oom;
    if (r->oom)
        return;
    if (t->column == t->columns && is_header(t))
        return;
    pd_answers_begin_row(r, cell_text(t, OUR_IMAGE), cell_text(t, IMAGE), cell_text(t, PATH));
    const int64_t image = pd_image_find(&r->images, r->image);
    if (image >= 0 && !t->named[image])
        note_asked(t, image);
    if (image >= 0)
        t->named[image] = 1;
    if (t->column != t->columns)
        pd_answers_refuse(r, t->begin, "%s%d column%s, expected %d", ended ? "" : "cut off: ", t->column,
                          pd_plural((size_t)t->column), t->columns);
    else if ((ended || !refuse_cut(t)) && !refuse_apart(t))
        pd_answers_row(r, t->begin, r->image, is_rejected(t) ? "" : t->text[LABEL].data);
    r->image = NULL; /* what follows may be half a row */
}

static void take_header(struct table *t)
{
    t->columns = t->column;
    t->reader->out->run_names = t->at[OUR_IMAGE] >= 0;
    if (t->at[LABEL] < 0 && t->exported && t->others == 1)
        t->at[LABEL] = t->other; /* the project's own name for it */
}

static bool is_usable(const struct table *t)
{
    return !t->twice && t->at[LABEL] >= 0 && (t->at[IMAGE] >= 0 || t->at[OUR_IMAGE] >= 0);
}

static void end_row(int terminator, void *table)
{
    struct table *t = table;
    if (t->column && !t->columns && !t->empty)
        take_header(t);
    else if (!t->empty && is_usable(t))
        take_row(t, terminator >= 0);
    t->line += terminator == '\r' || (terminator == '\n' && !t->after_return);
    t->after_return = terminator == '\r';
    t->column = 0;
    t->empty = true;
    for (int i = 0; i < CELLS; i++)
        t->text[i].size = 0;
}

/* Spreadsheets write ';' where ',' is the decimal point. */
static unsigned char separator(const char *text)
{
    const size_t said = pd_csv_separator_line(text);
    if (said)
        return (unsigned char)text[said - 1];
    text += strspn(text, "\r\n");
    size_t header = strcspn(text, "\r\n");
    if (memchr(text, ',', header))
        return ',';
    return memchr(text, ';', header) ? ';' : '\t';
}

/* What stands behind the quote is not read. */
static void refuse_open(struct table *t, const char *text, size_t size)
{
    static const char words[] = "cut off: a quote is opened and never closed";
    const int64_t begin = t->column ? t->begin : t->line;
    int64_t last = 1;
    for (size_t i = 0; i + 1 < size; i++)
        last += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
    if (last > begin)
        pd_answers_refuse(t->reader, begin, "%s: nothing from there to line %lld, the last, is read", words,
                          (long long)last);
    else
        pd_answers_refuse(t->reader, begin, "%s", words);
}

static void run(struct table *t, struct csv_parser *csv, const char *text, size_t size)
{
    csv_set_space_func(csv, not_a_space);
    csv_set_realloc_func(csv, pd_realloc);
    csv_set_free_func(csv, pd_free);
    const size_t skip = pd_csv_separator_line(text);
    text += skip;
    size -= skip;
    if (csv_parse(csv, text, size, end_field, end_row, t) != size)
        t->reader->oom = true; /* the only way to fail, but for strict readers */
    csv_set_opts(csv, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI);
    if (csv_fini(csv, end_field, end_row, t) && csv_error(csv) == CSV_EPARSE)
        refuse_open(t, text, size);
}

enum pd_status pd_answers_parse_csv(struct pd_answers_reader *r, const char *text, size_t size,
                                    struct pd_error *err)
{
    struct csv_parser csv;
    struct table t = {.reader = r, .at = {-1, -1, -1, -1, -1, -1, -1, -1}, .empty = true, .line = 1};
    const unsigned char delim = separator(text);
    t.separator = (char)delim;
    const enum pd_status status = pd_csv_check_quotes(text, (char)delim, r->file, err);
    if (status)
        return status;
    t.named = pd_calloc((size_t)r->dataset->count + 1, 1);
    if (!t.named)
        return pd_fail_memory(err, r->file);
    r->unit = "line";
    csv_init(&csv, CSV_APPEND_NULL | CSV_REPALL_NL);
    csv_set_delim(&csv, delim);
    run(&t, &csv, text, size);
    csv_free(&csv);
    for (int i = 0; i < CELLS; i++)
        pd_buffer_release(&t.text[i]);
    const int64_t swallowed = swallowed_at(&t);
    r->oom = r->oom || t.swallowed.oom;
    pd_buffer_release(&t.swallowed);
    pd_free(t.named);
    if (r->oom)
        return pd_fail_memory(err, r->file);
    if (swallowed)
        return pd_csv_fail_swallowed(r->file, swallowed, err);
    if (t.twice)
        return pd_fail(err, PD_ERR_FORMAT, -1,
                       "%s: several columns 'image', or 'label' and 'choice': keep the one that counts",
                       r->file);
    if (!is_usable(&t))
        return pd_fail(
            err, PD_ERR_FORMAT, -1,
            "%s: expected CSV with the columns 'image' and 'label', or a JSON export of Label Studio",
            r->file);
    if (t.scored && !r->vote_count && r->out->blank)
        pd_answers_note(r->out,
                        "column 'class' is not read, and 'label' is empty: to take what it says, call "
                        "it 'label', and that otherwise");
    return PD_OK;
}
