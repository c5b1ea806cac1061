/* What people are asked about images, and what they answer: queries out, labels in, as CSV or in Label
 * Studio's JSON. */
#ifndef PD_DATA_LABELS_ANSWERS_H
#define PD_DATA_LABELS_ANSWERS_H

#include "data/dataset.h"

#include <paydirt/active.h>

enum { PD_ANSWER_SKIP = -2 }; /* "skip" is an answer: no label, and not asked again */

struct pd_answer {
    uint32_t image;
    int32_t label; /* 0 .. classes - 1, or PD_ANSWER_SKIP */
    int64_t row;   /* where it was read, as in struct pd_refusal */
    bool outdated; /* of the run's own file: it names the image as another one's file is called by now */
};

/* An image to be labelled, best first. */
struct pd_query {
    uint32_t image;
    double score;
    int32_t guess;  /* the class that the model thinks likeliest, or -1: there is no model yet */
    double guess_p; /* its probability */
};

/* All blocks owned: pd_answers_release. */
struct pd_answers {
    struct pd_answer *at; /* each image once, in the order of the file */
    size_t count;
    struct pd_refusal *refused;
    size_t refused_count;
    struct pd_query *asked; /* of a CSV: the images that its rows name, answered or not, in their order, each
                               once; score and guess_p NAN, guess -1 where it does not say them */
    size_t asked_count;
    size_t blank;       /* rows without an answer yet */
    size_t predicted;   /* of these: tasks that a model has answered, and nobody else */
    bool run_names;     /* of a CSV: it has paydirt_image */
    size_t own_columns; /* of a CSV: that are neither ours nor Label Studio's */
    size_t
        elsewhere; /* rows that say another folder of their image, and the first: "'a/1.png' for '1.png'" */
    char first_elsewhere[256];
    size_t outranked; /* images with a class and a skip, of which the class counts; the first: "'a.png' as
                         'cat'" */
    char first_outranked[256];
    char note[256]; /* a second column of labels, which is not read, and classes that were not named letter by
                       letter: "'Cat ' is 'cat', '1' is '001'"; or "" */
};

/* Reads answers in any of: CSV with a header that has the columns "image" and "label" (others are passed
 * over; Label Studio's CSV: "image" and "choice"; separated by ',', ';' or tabs), Label Studio's JSON and
 * JSON-MIN. Images by name, path or URL (image_index.h) or, where the data set has no names, by number; first
 * of all by the "paydirt_image" that our tasks carry. Labels by what people write for a class
 * (class_words.h), or "skip", which no class may be named; empty: no answer yet. Refused row by row: unknown
 * image, unknown class, an image whose rows name different classes (all of them; a class outranks a skip), a
 * row cut off; the good rows are kept. PD_ERR_IO, PD_ERR_MEMORY; PD_ERR_FORMAT: not such a file at all, or
 * half a JSON file. */
enum pd_status pd_answers_read(const char *path, const struct pd_dataset *dataset, struct pd_answers *out,
                               struct pd_error *err);
enum pd_status pd_answers_parse(const void *bytes, size_t size, const char *name,
                                const struct pd_dataset *dataset, struct pd_answers *out,
                                struct pd_error *err);
void pd_answers_release(struct pd_answers *answers);

/* The same where the first refusal is PD_ERR_FORMAT, with nothing left to release. */
enum pd_status pd_answers_read_whole(const char *path, const struct pd_dataset *dataset,
                                     struct pd_answers *out, struct pd_error *err);

/* The same of a file that the run itself has written: its names (paydirt_image, else image) are those that
 * the run knows, whatever files are called by now. */
enum pd_status pd_answers_read_own(const char *path, const struct pd_dataset *dataset, struct pd_answers *out,
                                   struct pd_error *err);

/* A class's name or number, or "skip", as pd_answers_read takes it; may use text. */
const char *pd_answer_text(const struct pd_dataset *dataset, int32_t label, char text[PD_CLASS_NAME_SIZE]);

/* One CSV that pd_answers_read takes: image,label. Written aside, synced, renamed. PD_ERR_IO, PD_ERR_MEMORY.
 */
enum pd_status pd_answers_write(const char *path, const struct pd_dataset *dataset,
                                const struct pd_answer *answers, size_t count, struct pd_error *err);

/* The same for people, who look at files: where some were renamed, image is the name by now, and beside it
 * are path and paydirt_image, the run's name. */
enum pd_status pd_answers_write_by_now(const char *path, const struct pd_dataset *dataset,
                                       const struct pd_answer *answers, size_t count, struct pd_error *err);

/* queries.csv: image,label (empty, to be filled in),score,guess,guess_p,number (from 1),path (of the image's
 * file below that folder, where it can be read; else its name by now, where some were renamed; folder NULL:
 * none). */
enum pd_status pd_queries_write_csv(const char *path, const struct pd_dataset *dataset, const char *folder,
                                    const struct pd_query *queries, size_t count, struct pd_error *err);

/* Tasks for Label Studio, with the guess as a prediction and its probability as the score. url: what is put
 * before the name of an image's file by now in data.image ("/data/local-files/?d=photos/"; the name is then
 * percent-encoded); NULL: nothing. Each carries the image's name or number as data.paydirt_image.
 * PD_ERR_UNSUPPORTED: a name that is not UTF-8. */
enum pd_status pd_queries_write_label_studio(const char *path, const struct pd_dataset *dataset,
                                             const char *url, const struct pd_query *queries, size_t count,
                                             struct pd_error *err);

/* The labeling configuration, in XML, that those tasks need: one choice for each class. */
enum pd_status pd_label_studio_config(const char *path, const struct pd_dataset *dataset,
                                      struct pd_error *err);

#endif
