/* Answers of people into the journal, and answers.csv out of it. */
#include "active/ledger.h"

#include "base/mem.h"
#include "base/words.h"
#include "io/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAME_SIZE = 200 };

/* The next of an image's copies, from the first on; 0: there is none. */
static uint32_t next_copy(const struct pd_ledger *l, uint32_t image)
{
    return l->next ? l->next[image] : 0;
}

/* Those that share its label. */
static json_t *copies(const struct pd_ledger *l, uint32_t first)
{
    char name[4096];
    json_t *names = json_array();
    for (uint32_t i = next_copy(l, first); i; i = next_copy(l, i))
        json_array_append_new(names, json_string(pd_dataset_image_name(l->data, i, name, sizeof name)));
    return names;
}

/* One answer into the journal, and from there into memory. */
static enum pd_status note_answer(struct pd_ledger *l, const struct pd_answer *a, const char *file,
                                  struct pd_error *err)
{
    char name[4096], label[PD_CLASS_NAME_SIZE], was[PD_CLASS_NAME_SIZE];
    const uint32_t first = pd_ledger_first(l, a->image);
    const int32_t before = l->answers[a->image];
    pd_mem_watch();
    json_t *event =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:b}", "event", before == PD_NOT_ANSWERED ? "answer" : "correct",
                  "image", pd_dataset_image_name(l->data, a->image, name, sizeof name), "label",
                  pd_answer_text(l->data, a->label, label), "file", file, "row", (json_int_t)a->row, "asked",
                  (l->marks[first] & PD_IMAGE_ASKED) != 0);
    if (before != PD_NOT_ANSWERED)
        json_object_set_new(event, "was", json_string(pd_answer_text(l->data, before, was)));
    if (l->next && l->next[first])
        json_object_set_new(event, "copies", copies(l, first));
    enum pd_status status = pd_ledger_write(l, event, err);
    return status ? status : pd_ledger_remember(l, a, err);
}

/* --- answers.csv --- */

static enum pd_status answers_path(const struct pd_ledger *l, char path[PD_PATH_SIZE], struct pd_error *err)
{
    return pd_path_inside(path, PD_PATH_SIZE, l->folder, "answers.csv", err);
}

static enum pd_status write_answers(const struct pd_ledger *l, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    size_t n = 0;
    struct pd_answer *all = pd_malloc(l->data->count * sizeof *all);
    if (!all)
        return pd_fail_memory(err, l->path);
    enum pd_status status = answers_path(l, path, err);
    for (uint32_t i = 0; !status && i < l->data->count; i++)
        if (l->answers[i] != PD_NOT_ANSWERED)
            all[n++] = (struct pd_answer){.image = i, .label = l->answers[i]};
    if (!status)
        status = pd_answers_write_by_now(path, l->data, all, n, err);
    pd_free(all);
    return status;
}

/* --- files of answers --- */

static void say(const struct pd_intake *in, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct pd_intake *in, const char *format, ...)
{
    char words[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (in->say)
        in->say(in->context, words);
}

static void refuse(struct pd_intake *in, int64_t row, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void refuse(struct pd_intake *in, int64_t row, const char *format, ...)
{
    struct pd_refusal refusal = {.row = row, .file = in->file};
    va_list args;
    va_start(args, format);
    vsnprintf(refusal.words, sizeof refusal.words, format, args);
    va_end(args);
    in->refused++;
    in->refuse(in->context, &refusal);
}

/* before: what an answer said, or else the data set. */
static void refuse_contradiction(const struct pd_ledger *l, const struct pd_answer *a, int32_t before,
                                 struct pd_intake *in)
{
    char image[NAME_SIZE], was[PD_CLASS_NAME_SIZE], now[PD_CLASS_NAME_SIZE];
    refuse(in, a->row, "image '%.95s': '%.40s', but %s '%.40s'\tto replace it: correct=FILE",
           pd_dataset_image_name(l->data, a->image, image, sizeof image),
           pd_answer_text(l->data, a->label, now),
           l->answers[a->image] == before ? "it was answered before as" : "in the data set it is",
           pd_answer_text(l->data, before, was));
}

/* Whether there is something to correct. A question that waits may be answered on the way. */
static bool is_correction(const struct pd_ledger *l, const struct pd_answer *a, struct pd_intake *in)
{
    char image[NAME_SIZE], now[PD_CLASS_NAME_SIZE], own[PD_CLASS_NAME_SIZE];
    const uint32_t first = pd_ledger_first(l, a->image);
    if (l->answers[a->image] != PD_NOT_ANSWERED || l->shared[first] != PD_NOT_ANSWERED)
        return true;
    pd_dataset_image_name(l->data, a->image, image, sizeof image);
    pd_answer_text(l->data, a->label, now);
    if (l->own[first] == a->label) {
        in->again++;
        return false;
    }
    if (l->own[first] >= 0)
        say(in, "image '%s' is '%.60s' from here on, and '%.60s' in the data set", image, now,
            pd_answer_text(l->data, l->own[first], own));
    else if (l->marks[first] & PD_IMAGE_ASKED)
        say(in, "image '%s' had no answer to correct: '%.60s' is taken as the answer that it waits for",
            image, now);
    else {
        refuse(in, a->row,
               "image '%.95s': '%.40s' corrects nothing: neither asked about nor answered\tfor such answers: "
               "labels=FILE",
               image, now);
        return false;
    }
    return true;
}

/* Copies may have different answers: each keeps its own. */
static void say_clash(const struct pd_ledger *l, const struct pd_answer *a, const struct pd_intake *in)
{
    char image[NAME_SIZE], before[PD_CLASS_NAME_SIZE], now[PD_CLASS_NAME_SIZE];
    const int32_t shared = l->shared[pd_ledger_first(l, a->image)];
    if (shared != PD_NOT_ANSWERED && shared != a->label)
        say(in, "image '%s' is '%.60s', and a copy of it '%.60s'\tto set both: correct=FILE",
            pd_dataset_image_name(l->data, a->image, image, sizeof image),
            pd_answer_text(l->data, a->label, now), pd_answer_text(l->data, shared, before));
}

/* All copies that were answered otherwise. */
static enum pd_status correct_copies(struct pd_ledger *l, const struct pd_answer *a, const char *file,
                                     struct pd_intake *in, bool *any, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    uint32_t i = pd_ledger_first(l, a->image);
    *any = false;
    do {
        if (l->answers[i] != PD_NOT_ANSWERED && l->answers[i] != a->label) {
            status =
                note_answer(l, &(struct pd_answer){.image = i, .label = a->label, .row = a->row}, file, err);
            *any = true;
        }
    } while (!status && (i = next_copy(l, i)));
    in->corrected += *any;
    return status;
}

static enum pd_status take_one(struct pd_ledger *l, const struct pd_answer *a, const char *file, bool correct,
                               struct pd_intake *in, struct pd_error *err)
{
    const uint32_t first = pd_ledger_first(l, a->image);
    const bool own = !correct && l->answers[a->image] == PD_NOT_ANSWERED &&
                     l->shared[first] == PD_NOT_ANSWERED && l->own[first] != a->label;
    const int32_t before = own ? l->own[first] : l->answers[a->image];
    bool corrected;
    enum pd_status status = correct ? correct_copies(l, a, file, in, &corrected, err) : PD_OK;
    if (status || (correct && corrected))
        return status;
    /* a correction that a killed process had taken must not become an answer of the copy's own */
    const bool shared = before == PD_NOT_ANSWERED && l->shared[first] == a->label;
    if (before == a->label || (correct && shared)) {
        in->again++;
        return PD_OK;
    }
    if (before != PD_NOT_ANSWERED) {
        refuse_contradiction(l, a, before, in);
        return PD_OK;
    }
    say_clash(l, a, in);
    if (correct && l->own[first] >= 0)
        in->corrected++;
    else
        in->taken++;
    in->unasked += !(l->marks[first] & PD_IMAGE_ASKED);
    for (uint32_t i = next_copy(l, first); i; i = next_copy(l, i))
        in->copies += l->answers[i] == PD_NOT_ANSWERED && i != a->image;
    return note_answer(l, a, file, err);
}

enum pd_status pd_ledger_take(struct pd_ledger *l, const char *file, bool correct, struct pd_intake *in,
                              struct pd_error *err)
{
    struct pd_answers a;
    const size_t before = in->taken + in->corrected;
    enum pd_status status = pd_answers_read(file, l->data, &a, err);
    if (status)
        return status;
    if (a.note[0])
        say(in, "%s: %s", file, a.note);
    if (correct && a.blank)
        say(in, "%s: %zu row%s without a label correct%s nothing: an answer can be replaced, also by skip",
            file, a.blank, pd_plural(a.blank), a.blank == 1 ? "s" : "");
    if (a.elsewhere)
        say(in, "%s: %zu row%s an image in another folder, taken for the one here: %s", file, a.elsewhere,
            a.elsewhere > 1 ? "s name" : " names", a.first_elsewhere);
    if (a.outranked)
        say(in, "%s: %zu image%s with a class and a skip, of which the class counts, the first: %s", file,
            a.outranked, pd_plural(a.outranked), a.first_outranked);
    in->file = file;
    for (size_t i = 0; i < a.refused_count; i++) {
        a.refused[i].file = file;
        in->refuse(in->context, &a.refused[i]);
    }
    in->refused += a.refused_count;
    in->blank += a.blank;
    in->predicted += a.predicted;
    in->own_columns += a.own_columns;
    const size_t copies = in->copies, unasked = in->unasked;
    for (size_t i = 0; i < a.count && !status; i++)
        if (!correct || is_correction(l, &a.at[i], in))
            status = take_one(l, &a.at[i], file, correct, in, err);
    pd_answers_release(&a);
    if (in->copies > copies)
        say(in,
            in->copies - copies == 1 ? "%s: %zu copy shares the label" : "%s: %zu copies share the labels",
            file, in->copies - copies);
    if (in->unasked > unasked && l->n_rounds)
        say(in,
            "%s: %zu answer%s about images that were not asked for, which count in the next round that is "
            "trained",
            file, in->unasked - unasked, in->unasked - unasked == 1 ? " is" : "s are");
    if (!status)
        status = pd_ledger_sync(l, err);
    return status || in->taken + in->corrected == before ? status : write_answers(l, err);
}

/* --- answers.csv, changed by hand --- */

/* A row that is not what the journal says: what it said before a correction, after a kill, or a hand's. */
static enum pd_status take_change(struct pd_ledger *l, const struct pd_answer *a, struct pd_intake *in,
                                  struct pd_error *err)
{
    char image[NAME_SIZE], before[PD_CLASS_NAME_SIZE], now[PD_CLASS_NAME_SIZE];
    const int32_t known = l->answers[a->image];
    pd_dataset_image_name(l->data, a->image, image, sizeof image);
    pd_answer_text(l->data, a->label, now);
    if (known != PD_NOT_ANSWERED && pd_ledger_was_ever(l, a->image, a->label)) {
        say(in,
            "answers.csv: image '%s' is '%.60s' there, but was corrected to '%.60s', which stands\tto change "
            "it: correct=FILE",
            image, pd_answer_text(l->data, a->label, now), pd_answer_text(l->data, known, before));
        return PD_OK;
    }
    if (a->outdated) {
        refuse(in, a->row,
               "image '%.95s' is '%.40s' there, but another image's file has that name by now\tto "
               "say it of either: correct=FILE",
               image, now);
        return PD_OK;
    }
    if (known == PD_NOT_ANSWERED)
        say(in, "answers.csv: image '%s' is taken as '%.60s'", image, pd_answer_text(l->data, a->label, now));
    else
        say(in, "answers.csv: image '%s' is corrected from '%.60s' to '%.60s'", image,
            pd_answer_text(l->data, known, before), pd_answer_text(l->data, a->label, now));
    return take_one(l, a, "answers.csv", true, in, err);
}

static enum pd_status compare(struct pd_ledger *l, const struct pd_answers *a, struct pd_intake *in,
                              bool *same, struct pd_error *err)
{
    size_t answered = 0, rows = 0;
    enum pd_status status = PD_OK;
    for (uint32_t i = 0; i < l->data->count; i++)
        answered += l->answers[i] != PD_NOT_ANSWERED;
    for (size_t i = 0; i < a->count && !status; i++) {
        const int32_t known = l->answers[a->at[i].image];
        rows += known != PD_NOT_ANSWERED;
        *same = *same && known == a->at[i].label;
        if (known != a->at[i].label)
            status = take_change(l, &a->at[i], in, err);
    }
    if (!status && rows < answered)
        say(in, "answers.csv: %zu answer%s of the journal %s missing there", answered - rows,
            pd_plural(answered - rows), answered - rows == 1 ? "was" : "were");
    *same = *same && rows == answered && !l->data->file_names && !a->run_names;
    return status;
}

static enum pd_status check(struct pd_ledger *l, const char *path, struct pd_intake *in, bool *same,
                            struct pd_error *err)
{
    struct pd_answers a;
    in->file = "answers.csv";
    enum pd_status status = pd_answers_read_own(path, l->data, &a, err);
    if (status == PD_ERR_FORMAT && err)
        status =
            pd_fail(err, status, -1, "%.400s; mend it, or remove the file, which is made from journal.jsonl",
                    err->message);
    if (!status)
        status = compare(l, &a, in, same, err);
    pd_answers_release(&a);
    return status ? status : pd_ledger_sync(l, err);
}

enum pd_status pd_ledger_check_answers(struct pd_ledger *l, struct pd_intake *in, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = answers_path(l, path, err);
    bool there = !pd_is_absent(path), same = there || !l->n_past;
    if (!status && there)
        status = check(l, path, in, &same, err);
    return status || same ? status : write_answers(l, err);
}
