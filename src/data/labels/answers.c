#include "data/labels/answers.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/words.h"
#include "data/labels/answers_reader.h"
#include "io/file.h"
#include "io/utf16.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MOST_BYTES = INT32_MAX };
enum { MOST_REFUSALS = 1000000 }; /* a file with more is about something else */

void pd_answers_refuse(struct pd_answers_reader *r, int64_t row, const char *format, ...)
{
    struct pd_answers *out = r->out;
    if (out->refused_count == MOST_REFUSALS)
        return;
    struct pd_refusal *refused =
        pd_grow(out->refused, out->refused_count, &r->refused_capacity, sizeof *refused);
    if (!refused) {
        r->oom = true;
        return;
    }
    out->refused = refused;
    refused += out->refused_count++;
    refused->row = row;
    refused->file = NULL;
    va_list args;
    va_start(args, format);
    vsnprintf(refused->words, sizeof refused->words, format, args);
    va_end(args);
    snprintf(refused->image, sizeof refused->image, "%s", r->image ? r->image : "");
    if (strstr(refused->words, refused->image))
        refused->image[0] = '\0';
    pd_make_printable(refused->image);
    pd_make_printable(refused->words);
}

char *pd_refusal_words(const struct pd_refusal *refusal, char text[PD_REFUSAL_SIZE])
{
    const int n = snprintf(text, PD_REFUSAL_SIZE, "row %" PRId64 ": %s", refusal->row, refusal->words);
    if (refusal->image[0])
        snprintf(text + n, PD_REFUSAL_SIZE - (size_t)n, " (image '%s')", refusal->image);
    return text;
}

/* rivals: two classes that it may be, or NULL. */
static bool refuse_class(struct pd_answers_reader *r, int64_t row, const char *label, const int32_t *rivals)
{
    const char *const *names = r->classes.names;
    const int classes = r->dataset->classes;
    const char *near = names ? pd_nearest_word(label, names, (size_t)classes + 1, sizeof *names) : NULL;
    if (rivals && names)
        pd_answers_refuse(
            r, row,
            "several classes may be '%.40s', as '%.40s' and '%.40s': expected one of them letter by letter",
            label, names[rivals[0]], names[rivals[1]]);
    else if (pd_is_word_for_nothing(label))
        pd_answers_refuse(
            r, row, "unknown class '%.60s': leave the label empty where there is no answer, or write skip",
            label);
    else if (near && strcasecmp(near, label) != 0)
        pd_answers_refuse(r, row, "unknown class '%.60s', did you mean '%.60s'?", label, near);
    else if (names)
        pd_answers_refuse(r, row,
                          "unknown class '%.60s', expected one of %d, from '%.60s' to '%.60s', or skip",
                          label, classes, names[0], names[classes - 1]);
    else
        pd_answers_refuse(r, row, "unknown class '%.60s', expected 0 to %d, or skip", label, classes - 1);
    return false;
}

/* Says once what a word was taken for, as far as there is room. */
static void note_class(struct pd_answers *out, const char *label, const char *name)
{
    char words[sizeof out->note];
    const size_t n = strlen(out->note), room = sizeof out->note - n;
    snprintf(words, sizeof words, "'%.60s' is '%.60s'", label, name);
    pd_make_printable(words);
    if (strstr(out->note, words))
        return;
    if (strlen(words) + sizeof ", ..." < room)
        snprintf(out->note + n, room, "%s%s", n ? ", " : "", words);
    else if (n < 3 || strcmp(out->note + n - 3, "...") != 0)
        snprintf(out->note + n, room, ", ...");
}

/* A class, PD_ANSWER_SKIP, or another negative number. label: text without blanks around it. */
static int32_t find_class(struct pd_answers_reader *r, const char *text, const char *label, bool *exactly,
                          int32_t rivals[2])
{
    const int32_t found = pd_class_find_rivals(&r->classes, text, exactly, rivals);
    const bool skip = !strcmp(label, "skip") || (!strcasecmp(label, "skip") && (found < 0 || !*exactly));
    return skip ? PD_ANSWER_SKIP : found;
}

void pd_answers_note(struct pd_answers *out, const char *format, ...)
{
    va_list args;
    if (out->note[0])
        return;
    va_start(args, format);
    vsnprintf(out->note, sizeof out->note, format, args);
    va_end(args);
    pd_make_printable(out->note);
}

bool pd_answers_reject(struct pd_answers *out, const char *answer)
{
    if (!pd_is_rejection(answer))
        return false;
    pd_answers_note(out, "rows whose 'answer' is '%.40s' have no label", answer);
    return true;
}

/* Counts it, and says the first. */
static void note_elsewhere(struct pd_answers *out, const char *text, const char *name)
{
    if (!out->elsewhere++) {
        snprintf(out->first_elsewhere, sizeof out->first_elsewhere, "'%.100s' for '%.100s'", text, name);
        pd_make_printable(out->first_elsewhere);
    }
}

static bool vote(struct pd_answers_reader *r, struct pd_vote vote)
{
    struct pd_vote *votes = pd_grow(r->votes, r->vote_count, &r->vote_capacity, sizeof *votes);
    if (!votes) {
        r->oom = true;
        return false;
    }
    r->votes = votes;
    votes[r->vote_count++] = vote;
    return true;
}

/* --- which image is meant --- */

static bool same_bytes(const char *a, const char *b)
{
    struct pd_buffer x = PD_BUFFER_INIT, y = PD_BUFFER_INIT;
    const bool read =
        !pd_file_read_most(a, MOST_BYTES, &x, NULL) && !pd_file_read_most(b, MOST_BYTES, &y, NULL);
    const bool same = read && x.size == y.size && !memcmp(x.data, y.data, x.size);
    pd_buffer_release(&x);
    pd_buffer_release(&y);
    return same;
}

/* Whether an absolute path is that of an image's file, or of a copy of it: 1; of another file: 0; -1: there
 * is none, or nobody can tell. */
static int is_file_of(const struct pd_dataset *d, int64_t image, const char *path)
{
    char name[4096], own[8192];
    struct stat there, ours;
    if (!d->folder || *path != '/')
        return -1;
    snprintf(own, sizeof own, "%s/%s", d->folder,
             pd_dataset_image_file(d, (uint32_t)image, name, sizeof name));
    if (stat(path, &there) || !S_ISREG(there.st_mode) || stat(own, &ours))
        return -1;
    return pd_file_is_same(&there, &ours) || (there.st_size == ours.st_size && same_bytes(path, own));
}

static const struct pd_image_index *files_of(const struct pd_answers_reader *r)
{
    return r->dataset->file_names ? &r->files : &r->images;
}

/* Whether text is what the image's file is called by now. */
static bool is_called_now(const struct pd_answers_reader *r, int64_t image, const char *text)
{
    return image >= 0 && pd_image_find(files_of(r), text) == image;
}

/* Another image's file is called now as this one was when its name was taken down. */
static bool is_taken_over(const struct pd_answers_reader *r, int64_t image)
{
    const char *const *names = r->dataset->image_names;
    const int64_t other = r->dataset->file_names ? pd_image_find_exactly(&r->files, names[image]) : image;
    return other >= 0 && other != image;
}

/* Names that the run knows; then what files are called by now, letter by letter or by a path that is there;
 * then either by the ends of names. */
static int64_t find_image(const struct pd_answers_reader *r, const char *text)
{
    const bool exactly = !r->dataset->file_names || pd_image_find_exactly(&r->images, text) >= 0;
    const int64_t now = exactly ? PD_IMAGE_UNKNOWN : pd_image_find(&r->files, text);
    if (now >= 0 && (pd_image_find_exactly(&r->files, text) == now || is_file_of(r->dataset, now, text) > 0))
        return now;
    const int64_t at = pd_image_find(&r->images, text);
    if (at < 0 || now == at || now == PD_IMAGE_UNKNOWN || is_taken_over(r, at))
        return at == PD_IMAGE_UNKNOWN ? now : at;
    return PD_IMAGE_AMBIGUOUS;
}

/* Whether a row may mean another image's file. */
static bool is_outdated(const struct pd_answers_reader *r, int64_t image, const char *text)
{
    return !r->shown && is_taken_over(r, image) && !is_called_now(r, image, text);
}

void pd_answers_begin_row(struct pd_answers_reader *r, const char *ours, const char *image, const char *path)
{
    const int64_t at = *ours ? find_image(r, ours) : PD_IMAGE_UNKNOWN;
    const int64_t now = *ours && *path && !r->own && !r->dataset->file_names
                            ? pd_image_find_exactly(&r->images, image)
                            : PD_IMAGE_UNKNOWN;
    r->by_file = now >= 0 && is_file_of(r->dataset, now, path) > 0;
    r->shown = r->own && is_called_now(r, at, image);
    const bool gone = *ours && !r->own && at == PD_IMAGE_UNKNOWN && find_image(r, image) != PD_IMAGE_UNKNOWN;
    r->image = r->by_file || gone || !*ours ? image : ours;
}

/* Rows of another run, or about what an image's file is called by now. */
static bool refuse_other_file(struct pd_answers_reader *r, int64_t row, const char *text, int64_t image)
{
    if (!is_file_of(r->dataset, image, text))
        pd_answers_refuse(r, row, "'%.100s' is there, and another picture than image '%.100s' of this run",
                          text, r->dataset->image_names[image]);
    else if (!r->own && is_outdated(r, image, text))
        pd_answers_refuse(r, row,
                          "'%.60s' was an image's name that is '%.60s' by now, and is another's: give the "
                          "full path of the one that is meant",
                          r->dataset->image_names[image], r->dataset->file_names[image]);
    else
        return false;
    return true;
}

bool pd_answers_refuse_apart(struct pd_answers_reader *r, int64_t row, const char *image, const char *other)
{
    const int64_t at = *other && !r->own && !r->by_file ? find_image(r, image) : PD_IMAGE_UNKNOWN;
    const int own = at < 0 ? -1 : is_file_of(r->dataset, at, other);
    const bool now = is_called_now(r, at, other);
    r->shown = r->shown || own > 0 || now;
    const int64_t found = at < 0 || now ? PD_IMAGE_UNKNOWN : find_image(r, other);
    if (!own && is_taken_over(r, at))
        pd_answers_refuse(r, row,
                          "the path '%.60s' is there, and another picture than image '%.40s' of this run, "
                          "which is '%.40s' by now",
                          other, image, r->dataset->file_names[at]);
    else if (!own)
        pd_answers_refuse(r, row,
                          "the path '%.100s' is there, and another picture than image '%.60s' of this run",
                          other, image);
    else if (found >= 0 && found != at)
        pd_answers_refuse(r, row, "image '%.60s' beside '%.100s': were the columns sorted apart?", image,
                          other);
    else
        return false;
    return true;
}

static bool refuse_image(struct pd_answers_reader *r, int64_t row, const char *image, bool ambiguous)
{
    const struct pd_dataset *d = r->dataset;
    if (!ambiguous && d->drawn_of)
        pd_answers_refuse(r, row, "unknown image '%.100s': not among the %" PRIu32 " drawn of %" PRIu32,
                          image, d->count, d->drawn_of);
    else
        pd_answers_refuse(r, row, ambiguous ? "several images may be '%.100s'" : "unknown image '%.100s'",
                          image);
    return false;
}

/* --- rows --- */

static bool is_number(const char *text, int64_t number)
{
    return isdigit((unsigned char)*text) && !text[strspn(text, "0123456789")] &&
           strtoll(text, NULL, 10) == number;
}

bool pd_answers_row(struct pd_answers_reader *r, int64_t row, const char *image, const char *text)
{
    int32_t rivals[2];
    bool exactly;
    size_t n;
    const char *label = pd_trim(text, &n);
    char word[PD_CLASS_NAME_SIZE * 2];
    if (!n) {
        r->out->blank++;
        return true;
    }
    const int64_t at = find_image(r, image);
    r->image_0 = r->image_0 || !at;
    r->image_beyond = r->image_beyond || (at == PD_IMAGE_UNKNOWN && is_number(image, r->dataset->count));
    if (at < 0)
        return refuse_image(r, row, image, at == PD_IMAGE_AMBIGUOUS);
    if (refuse_other_file(r, row, image, at))
        return false;
    snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word), label);
    const int32_t class = find_class(r, text, word, &exactly, rivals);
    const bool number = !word[strspn(word, "0123456789")], named = class >= 0 && r->dataset->class_names;
    const bool by_place = number && named && r->classes.indices;
    r->from_0 = r->from_0 || (by_place && !class);
    r->beyond = r->beyond || (class < 0 && is_number(word, r->dataset->classes));
    if (class < 0 && class != PD_ANSWER_SKIP)
        return refuse_class(r, row, word, class == PD_CLASS_AMBIGUOUS ? rivals : NULL);
    if (class >= 0 && !exactly && !by_place) /* else once all rows are known */
        note_class(r->out, word, r->dataset->class_names[class]);
    if (pd_image_is_elsewhere(&r->images, image, at) &&
        (!is_called_now(r, at, image) || pd_image_is_elsewhere(files_of(r), image, at)))
        note_elsewhere(r->out, image, r->dataset->image_names[at]);
    return vote(r, (struct pd_vote){row, (uint32_t)at, class, r->own && is_outdated(r, at, image), by_place});
}

/* What the votes on an image come to; votes counted from 1, 0: none. */
struct tally {
    size_t label; /* the first that names a class */
    size_t clash; /* the first that names another */
    bool answered, skipped;
};

static const char *label_words(const struct pd_answers_reader *r, size_t vote, char text[PD_CLASS_NAME_SIZE])
{
    return pd_dataset_class_name(r->dataset, r->votes[vote - 1].label, text, PD_CLASS_NAME_SIZE);
}

static void refuse_clash(struct pd_answers_reader *r, const struct pd_vote *vote, const struct tally *t)
{
    char a[PD_CLASS_NAME_SIZE], b[PD_CLASS_NAME_SIZE], image[64];
    const struct pd_answers *out = r->out;
    if (out->refused_count && out->refused[out->refused_count - 1].row == vote->row)
        return; /* several people in one task */
    pd_answers_refuse(
        r, vote->row, "image '%s' has conflicting labels: '%.40s' in %s %" PRId64 ", '%.40s' in %" PRId64,
        pd_dataset_image_name(r->dataset, vote->image, image, sizeof image), label_words(r, t->label, a),
        r->unit, r->votes[t->label - 1].row, label_words(r, t->clash, b), r->votes[t->clash - 1].row);
}

/* A class outranks a skip; two classes are a conflict. */
static void count_votes(const struct pd_answers_reader *r, struct tally *tallies)
{
    for (size_t i = 0; i < r->vote_count; i++) {
        struct tally *t = &tallies[r->votes[i].image];
        if (r->votes[i].label == PD_ANSWER_SKIP)
            t->skipped = true;
        else if (!t->label)
            t->label = i + 1;
        else if (!t->clash && r->votes[i].label != r->votes[t->label - 1].label)
            t->clash = i + 1;
    }
}

static int compare_rows(const void *a, const void *b)
{
    const struct pd_refusal *x = a, *y = b;
    return (x->row > y->row) - (x->row < y->row);
}

/* "1, 2, 3" for three classes, or for three images: all are one off, not the last alone. */
static void drop_places(struct pd_answers_reader *r)
{
    size_t kept = 0;
    const bool classes = r->beyond && !r->from_0;
    const bool images = !r->dataset->image_names && r->image_beyond && !r->image_0;
    for (size_t i = 0; i < r->vote_count; i++) {
        const struct pd_vote *v = &r->votes[i];
        if (images)
            pd_answers_refuse(r, v->row, "image %u: images are numbered from 0, and other rows from 1 to %u",
                              (unsigned)v->image, (unsigned)r->dataset->count);
        else if (classes && v->by_place)
            pd_answers_refuse(
                r, v->row,
                "the number %d: classes are numbered from 0, and other rows from 1 to %d: write names",
                (int)v->label, r->dataset->classes);
        else
            r->votes[kept++] = *v;
    }
    r->vote_count = kept;
}

static void note_places(const struct pd_answers_reader *r)
{
    char word[16];
    for (size_t i = 0; i < r->vote_count; i++) {
        const int32_t label = r->votes[i].label;
        snprintf(word, sizeof word, "%" PRId32, label);
        if (r->votes[i].by_place)
            note_class(r->out, word, r->dataset->class_names[label]);
    }
}

/* Counts an image that has both, and says the first. */
static void note_outranked(const struct pd_answers_reader *r, const struct tally *t,
                           const struct pd_answer *a)
{
    struct pd_answers *out = r->out;
    char image[128], label[PD_CLASS_NAME_SIZE];
    if (!t->skipped || !t->label || out->outranked++)
        return;
    snprintf(out->first_outranked, sizeof out->first_outranked, "'%.100s' as '%.60s'",
             pd_dataset_image_name(r->dataset, a->image, image, sizeof image),
             label_words(r, t->label, label));
    pd_make_printable(out->first_outranked);
}

static enum pd_status decide(struct pd_answers_reader *r, struct pd_error *err)
{
    drop_places(r);
    note_places(r);
    struct tally *tallies = pd_calloc(r->dataset->count, sizeof *tallies);
    r->out->at = pd_malloc((r->vote_count ? r->vote_count : 1) * sizeof *r->out->at);
    r->oom = r->oom || !tallies || !r->out->at;
    if (!r->oom)
        count_votes(r, tallies);
    for (size_t i = 0; !r->oom && i < r->vote_count; i++) {
        const struct pd_vote *vote = &r->votes[i];
        struct tally *t = &tallies[vote->image];
        int32_t label = t->label ? r->votes[t->label - 1].label : PD_ANSWER_SKIP;
        if (t->clash)
            refuse_clash(r, vote, t);
        else if (!t->answered) {
            r->out->at[r->out->count] = (struct pd_answer){vote->image, label, vote->row, vote->outdated};
            note_outranked(r, t, &r->out->at[r->out->count++]);
        }
        t->answered = true;
    }
    if (r->out->refused_count)
        qsort(r->out->refused, r->out->refused_count, sizeof *r->out->refused, compare_rows);
    pd_free(tallies);
    return r->oom ? pd_fail_memory(err, r->file) : PD_OK;
}

static enum pd_status reader_init(struct pd_answers_reader *r, struct pd_error *err)
{
    enum pd_status status = pd_class_words_init(&r->classes, r->dataset, err);
    if (!status)
        status = pd_image_index_init(&r->images, r->dataset, err);
    if (status || !r->dataset->file_names)
        return status;
    r->now = *r->dataset;
    r->now.image_names = r->dataset->file_names;
    return pd_image_index_init(&r->files, &r->now, err);
}

static void reader_release(struct pd_answers_reader *r)
{
    pd_class_words_release(&r->classes);
    pd_image_index_release(&r->images);
    pd_image_index_release(&r->files);
    pd_free(r->votes);
}

static enum pd_status parse(struct pd_answers_reader *r, const char *text, size_t size, struct pd_error *err)
{
    const char *zero = memchr(text, '\0', size);
    if (zero)
        return pd_fail(
            err, PD_ERR_FORMAT, zero - text,
            "%s: a zero byte: expected CSV or JSON, not a spreadsheet's own format: save it as CSV UTF-8",
            r->file);
    size_t space = strspn(text, " \t\r\n");
    bool json = text[space] == '[' || text[space] == '{';
    enum pd_status status = (json ? pd_answers_parse_label_studio : pd_answers_parse_csv)(r, text, size, err);
    r->image = NULL;
    return status;
}

static enum pd_status read_text(const struct pd_buffer *text, const char *name,
                                const struct pd_dataset *dataset, bool own, struct pd_answers *out,
                                struct pd_error *err)
{
    struct pd_answers_reader r = {.dataset = dataset, .file = name, .own = own, .out = out};
    *out = (struct pd_answers){.count = 0};
    enum pd_status status = reader_init(&r, err);
    if (!status)
        status = parse(&r, text->data ? text->data : "", text->size, err);
    if (!status)
        status = decide(&r, err);
    if (!status && out->refused_count == MOST_REFUSALS)
        status =
            pd_fail(err, PD_ERR_FORMAT, -1, "%s: %d rows are refused: expected answers about data set '%s'",
                    name, (int)MOST_REFUSALS, dataset->name);
    reader_release(&r);
    if (status)
        pd_answers_release(out);
    return status;
}

static enum pd_status parse_bytes(const void *bytes, size_t size, const char *name,
                                  const struct pd_dataset *dataset, bool own, struct pd_answers *out,
                                  struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT; /* a copy: it ends with a NUL */
    *out = (struct pd_answers){.count = 0};
    pd_append_utf8(&text, bytes, size);
    enum pd_status status =
        text.oom ? pd_fail_memory(err, name) : read_text(&text, name, dataset, own, out, err);
    pd_buffer_release(&text);
    return status;
}

enum pd_status pd_answers_parse(const void *bytes, size_t size, const char *name,
                                const struct pd_dataset *dataset, struct pd_answers *out,
                                struct pd_error *err)
{
    return parse_bytes(bytes, size, name, dataset, false, out, err);
}

static enum pd_status read_file(const char *path, const struct pd_dataset *dataset, bool own,
                                struct pd_answers *out, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    *out = (struct pd_answers){.count = 0};
    enum pd_status status = pd_file_read_most(path, MOST_BYTES, &text, err);
    if (!status)
        status = parse_bytes(text.data ? text.data : "", text.size, path, dataset, own, out, err);
    pd_buffer_release(&text);
    return status;
}

enum pd_status pd_answers_read(const char *path, const struct pd_dataset *dataset, struct pd_answers *out,
                               struct pd_error *err)
{
    return read_file(path, dataset, false, out, err);
}

void pd_answers_release(struct pd_answers *answers)
{
    pd_free(answers->at);
    pd_free(answers->refused);
    pd_free(answers->asked);
    *answers = (struct pd_answers){.count = 0};
}

static enum pd_status read_whole(const char *path, const struct pd_dataset *dataset, bool own,
                                 struct pd_answers *out, struct pd_error *err)
{
    char words[PD_REFUSAL_SIZE];
    enum pd_status status = read_file(path, dataset, own, out, err);
    if (status || !out->refused_count)
        return status;
    status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: %s", path, pd_refusal_words(&out->refused[0], words));
    pd_answers_release(out);
    return status;
}

enum pd_status pd_answers_read_whole(const char *path, const struct pd_dataset *dataset,
                                     struct pd_answers *out, struct pd_error *err)
{
    return read_whole(path, dataset, false, out, err);
}

enum pd_status pd_answers_read_own(const char *path, const struct pd_dataset *dataset, struct pd_answers *out,
                                   struct pd_error *err)
{
    return read_whole(path, dataset, true, out, err);
}
