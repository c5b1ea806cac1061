/* What the readers of answers have in common: rows of an image's name and a label's, taken or refused. */
#ifndef PD_DATA_LABELS_ANSWERS_READER_H
#define PD_DATA_LABELS_ANSWERS_READER_H

#include "data/labels/answers.h"
#include "data/labels/class_words.h"
#include "data/labels/image_index.h"

#include <stdbool.h>

struct pd_vote {
    int64_t row;
    uint32_t image;
    int32_t label; /* or PD_ANSWER_SKIP */
    bool outdated; /* as in struct pd_answer */
    bool by_place; /* the number of the class's place, which is not its name */
};

struct pd_answers_reader {
    const struct pd_dataset *dataset;
    const char *file; /* its name */
    const char *unit; /* what a row is called: "line", "task" */
    struct pd_class_words classes;
    struct pd_image_index images;
    struct pd_dataset now; /* the same under the names of its files by now, where some were renamed */
    struct pd_image_index files;
    bool own;          /* the file is the run's: its names are those that the run knows */
    bool shown;        /* the row says what its image's file is called by now */
    bool by_file;      /* another run's: its image and path are the same file, whatever paydirt_image is */
    const char *image; /* what the row being read calls its image, for refusals; NULL: not known */
    struct pd_vote *votes;
    size_t vote_count, vote_capacity, refused_capacity;
    struct pd_answers *out;
    bool from_0, beyond;        /* rows say the place 0, or the number of classes, which is no place */
    bool image_0, image_beyond; /* the same of images that have no names */
    bool has_choice;            /* of JSON: some row has 'choice', or a flat one 'label' */
    char sets[2][64];           /* (set_count) the first two other names for it that the file has */
    int set_count;
    bool oom;
};

/* Begins a row by the names that it has, "" for those that it has not: r->image is the one that counts.
 * ours: paydirt_image. */
void pd_answers_begin_row(struct pd_answers_reader *r, const char *ours, const char *image, const char *path);

/* Takes a row: counts it where label is "" (spaces aside), refuses it, or notes what it says. False: refused.
 */
bool pd_answers_row(struct pd_answers_reader *r, int64_t row, const char *image, const char *label);

/* Whether what else the row calls its image is another one of the run's, which is refused: columns were
 * sorted apart, or tools showed another picture. A name that the image's file has by now is its own. */
bool pd_answers_refuse_apart(struct pd_answers_reader *r, int64_t row, const char *image, const char *other);

/* Refuses a row, in words. */
void pd_answers_refuse(struct pd_answers_reader *r, int64_t row, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says it once: the first such line stays. */
void pd_answers_note(struct pd_answers *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether Prodigy's 'answer' says that the row's label is none, which is noted. */
bool pd_answers_reject(struct pd_answers *out, const char *answer);

/* The formats. text is NUL-terminated and holds no other NUL; neither has a byte order mark. PD_ERR_FORMAT,
 * PD_ERR_MEMORY. */
enum pd_status pd_answers_parse_csv(struct pd_answers_reader *r, const char *text, size_t size,
                                    struct pd_error *err);
enum pd_status pd_answers_parse_label_studio(struct pd_answers_reader *r, const char *text, size_t size,
                                             struct pd_error *err);

/* Keys of an export by Label Studio, JSON-MIN or CSV, that hold no label. */
bool pd_label_studio_own_key(const char *key);

#endif
