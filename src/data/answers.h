/* What people are asked about images, and what they answer: queries out, labels in, as CSV or in Label
 * Studio's JSON. */
#ifndef PD_DATA_ANSWERS_H
#define PD_DATA_ANSWERS_H

#include "data/dataset.h"

enum { PD_ANSWER_SKIP = -2 }; /* "skip" is an answer: no label, and not asked again */

struct pd_answer {
    uint32_t image;
    int32_t label; /* 0 .. classes - 1, or PD_ANSWER_SKIP */
};

/* A row that was not taken, and why, in one line: "unknown class 'dgo', did you mean 'dog'?" */
struct pd_refusal {
    int64_t row; /* line of a CSV file, task of a JSON file; from 1 */
    char words[160];
};

/* All blocks owned: pd_answers_release. */
struct pd_answers {
    struct pd_answer *at; /* each image once, in the order of the file */
    size_t count;
    struct pd_refusal *refused;
    size_t refused_count;
    size_t blank; /* rows without an answer yet */
};

/* Reads answers in any of: CSV with a header that has the columns "image" and "label" (others are passed
 * over; Label Studio's CSV: "image" and "choice"), Label Studio's JSON and JSON-MIN. Images by name or, where
 * the data set has no names, by number; for Label Studio also by the "paydirt_image" that our tasks carry.
 * Labels by class name or number, or "skip"; empty: no answer yet. Refused row by row: unknown image, unknown
 * class, an image whose rows contradict each other (all of them), a row cut off; the good rows are kept.
 * PD_ERR_IO, PD_ERR_MEMORY; PD_ERR_FORMAT: not such a file at all. */
enum pd_status pd_answers_read(const char *path, const struct pd_dataset *dataset, struct pd_answers *out,
                               struct pd_error *err);
enum pd_status pd_answers_parse(const void *bytes, size_t size, const char *name,
                                const struct pd_dataset *dataset, struct pd_answers *out,
                                struct pd_error *err);
void pd_answers_release(struct pd_answers *answers);

/* One CSV that pd_answers_read takes: image,label. Written aside, synced, renamed. PD_ERR_IO, PD_ERR_MEMORY.
 */
enum pd_status pd_answers_write(const char *path, const struct pd_dataset *dataset,
                                const struct pd_answer *answers, size_t count, struct pd_error *err);

/* An image to be labelled, best first. */
struct pd_query {
    uint32_t image;
    double score;
    int32_t guess; /* the class that the model thinks likeliest, and its probability */
    double guess_p;
};

/* queries.csv: image,label (empty, to be filled in),score,guess,guess_p. */
enum pd_status pd_queries_write_csv(const char *path, const struct pd_dataset *dataset,
                                    const struct pd_query *queries, size_t count, struct pd_error *err);

/* Tasks for Label Studio, with the guess as a prediction and its probability as the score. url: what is put
 * before an image's name in data.image ("/data/local-files/?d=photos/"); NULL: nothing. */
enum pd_status pd_queries_write_label_studio(const char *path, const struct pd_dataset *dataset,
                                             const char *url, const struct pd_query *queries, size_t count,
                                             struct pd_error *err);

#endif
