/* What has happened in an active run, RUN/journal.jsonl: one JSON object a line, only ever appended to, and
 * on disk before anything relies on it. It alone is the truth: answers.csv and every strategy's labels.csv,
 * queries-01.json and rounds.jsonl are made from it, and made anew where they differ.
 *
 * Each line has "event" and "time" (UTC), images and classes by name:
 *
 *     begin    oracle, strategy, baseline, trials, init, query, final, data, classes
 *     set      option, was, value: changed on resuming
 *     query    branch ("gold-1"), round, images: [{image, score, guess, guess_p}]
 *     answer   image, label, file, row, asked: whether it had been asked for, copies that share it
 *     correct  the same with was: the label until then
 *     train    branch, round, given: images labelled without having been asked for
 *     round    branch, line: of rounds.jsonl; the round is finished */
#ifndef PD_ACTIVE_LEDGER_H
#define PD_ACTIVE_LEDGER_H

#include "base/buffer.h"
#include "data/labels/answers.h"
#include "data/labels/class_words.h"
#include "data/labels/image_index.h"
#include "run/folder.h"

#include <jansson.h>
#include <stdbool.h>

enum { PD_NOT_ANSWERED = -1 };
enum { PD_IMAGE_ASKED = 1, PD_IMAGE_GIVEN = 2 }; /* asked for; answered before it was */

struct pd_ledger_round {
    char branch[64];
    int64_t round;
    struct pd_query *queries;
    size_t n_queries;
    uint32_t *given;
    size_t n_given;
    bool begun;   /* its labels are settled, but for corrections */
    json_t *line; /* NULL: it is not finished */
};

struct pd_ledger {
    bool simulated; /* the data's own labels answer; an image without one is skipped */
    const struct pd_dataset *data;
    char folder[PD_PATH_SIZE], path[PD_PATH_SIZE];
    struct pd_jsonl *log;
    struct pd_class_words classes;
    struct pd_image_index images;
    uint32_t *first, *next; /* (count): the first of an image's copies, the next or 0; NULL: there are none */
    uint32_t copies;        /* images that have an earlier one */
    char note[256];         /* of the copies; "": there are none */
    int32_t *own;           /* (count), at the first of copies: the data's label */
    int32_t *answers;       /* (count): people's, or PD_ANSWER_SKIP, or PD_NOT_ANSWERED */
    int32_t *shared;        /* (count), at the first of copies: the first answer to one of them */
    uint8_t *marks;         /* (count): PD_IMAGE_ASKED, PD_IMAGE_GIVEN */
    struct pd_answer *past; /* all answers and corrections, in their order */
    size_t n_past, past_capacity;
    struct pd_ledger_round *rounds;
    size_t n_rounds, rounds_capacity;
};

/* near: images that look the same count as copies, too (data/near_copies.h).
 * folder: the run's; "": nothing has happened yet. A run that was made before there was a journal gets one.
 * begin: its first line; borrowed. PD_ERR_MISMATCH: an image or class of the journal is not in the data set;
 * PD_ERR_FORMAT, PD_ERR_IO, PD_ERR_MEMORY. data is borrowed. */
enum pd_status pd_ledger_open(bool simulated, const struct pd_dataset *data, bool near, int threads,
                              const char *folder, json_t *begin, struct pd_ledger *out, struct pd_error *err);
void pd_ledger_close(struct pd_ledger *l); /* also a zeroed one */

/* Lines of a journal, of which nothing is known yet. */
enum pd_status pd_ledger_read(struct pd_ledger *l, const char *text, size_t size, struct pd_error *err);

/* A label, PD_ANSWER_SKIP or PD_NOT_ANSWERED. */
int32_t pd_ledger_ask(const struct pd_ledger *l, uint32_t image);

/* Whether people ever gave that label, to one of its copies. */
bool pd_ledger_was_ever(const struct pd_ledger *l, uint32_t image, int32_t label);

/* The first of an image's copies, which stands for all of them. */
uint32_t pd_ledger_first(const struct pd_ledger *l, uint32_t image);

/* NULL: it has not been asked for. */
struct pd_ledger_round *pd_ledger_find(const struct pd_ledger *l, const char *branch, int64_t round);

/* queries is copied; replaces the round's earlier ones. */
enum pd_status pd_ledger_query(struct pd_ledger *l, const char *branch, int64_t round,
                               const struct pd_query *queries, size_t n, struct pd_error *err);
enum pd_status pd_ledger_train(struct pd_ledger *l, struct pd_ledger_round *round, const uint32_t *given,
                               size_t n, struct pd_error *err);
enum pd_status pd_ledger_finish(struct pd_ledger *l, struct pd_ledger_round *round, json_t *line,
                                struct pd_error *err);

/* A list of them as in the journal: {image (its name), score, guess (a class's number), guess_p}. NULL: out
 * of memory. */
json_t *pd_query_list(const struct pd_dataset *data, const struct pd_query *queries, size_t n);

/* --- for ledger_*.c --- */

/* Takes over event, adds its time, writes; sync before relying on it. */
enum pd_status pd_ledger_write(struct pd_ledger *l, json_t *event, struct pd_error *err);
enum pd_status pd_ledger_sync(struct pd_ledger *l, struct pd_error *err);
/* The same, as a line for a journal that is yet to be made. */
enum pd_status pd_ledger_add_line(const struct pd_ledger *l, json_t *event, struct pd_buffer *lines,
                                  struct pd_error *err);

/* What the journal has already, into memory. NULL: out of memory. */
enum pd_status pd_ledger_remember(struct pd_ledger *l, const struct pd_answer *answer, struct pd_error *err);
struct pd_ledger_round *pd_ledger_find_or_add(struct pd_ledger *l, const char *branch, int64_t round);
enum pd_status pd_ledger_keep_queries(struct pd_ledger *l, struct pd_ledger_round *r,
                                      const struct pd_query *queries, size_t n, struct pd_error *err);

/* Fills in first, next and copies; once own is there, note. */
enum pd_status pd_ledger_find_copies(struct pd_ledger *l, bool near, int threads, struct pd_error *err);
void pd_ledger_note_copies(struct pd_ledger *l, bool near);

/* The events of a run without a journal, as lines. */
enum pd_status pd_ledger_take_over(const struct pd_ledger *l, struct pd_buffer *lines, struct pd_error *err);

/* --- answers of people --- */

/* What became of the rows of files of answers. */
struct pd_intake {
    size_t taken, again; /* answers that were new; that said the same again */
    size_t corrected, refused, blank;
    size_t predicted;   /* of the blank ones: by a model alone */
    size_t copies;      /* images that got the label of one of their copies */
    size_t own_columns; /* of the files: beside those that are known */
    const char *file;   /* being read; set by those who read it */
    size_t unasked;     /* of those taken: nobody had asked about them */
    void *context;
    void (*refuse)(void *context, const struct pd_refusal *refusal); /* a row that was not taken */
    void (*say)(void *context, const char *words);                   /* what people should know */
};

/* Takes the rows of a file that are new or say the same again, and writes answers.csv. correct: those that
 * say something else, too, but of images that were never answered only what has been asked for, aloud. Adds
 * to what *in counts. */
enum pd_status pd_ledger_take(struct pd_ledger *l, const char *file, bool correct, struct pd_intake *in,
                              struct pd_error *err);

/* Takes what was changed by hand in answers.csv as corrections, aloud, and writes it anew where it is not
 * what the journal says. */
enum pd_status pd_ledger_check_answers(struct pd_ledger *l, struct pd_intake *in, struct pd_error *err);

#endif
