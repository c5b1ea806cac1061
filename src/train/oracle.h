/* Who knows the label of an image: the data set itself, or people, whose answers are kept in a file. */
#ifndef PD_TRAIN_ORACLE_H
#define PD_TRAIN_ORACLE_H

#include "data/answers.h"

#include <stdbool.h>

enum { PD_NOT_ANSWERED = -1 };

struct pd_oracle {
    bool simulated; /* the data's own labels; an image without one is skipped */
    const struct pd_dataset *data;
    int32_t *answers; /* (count): a label, PD_ANSWER_SKIP or PD_NOT_ANSWERED; of people */
};

/* path: of the answers so far; it may be missing. data is borrowed. */
enum pd_status pd_oracle_open(bool simulated, const struct pd_dataset *data, const char *path,
                              struct pd_oracle *out, struct pd_error *err);
void pd_oracle_close(struct pd_oracle *o); /* also a zeroed one */

/* A label, PD_ANSWER_SKIP or PD_NOT_ANSWERED. */
int32_t pd_oracle_ask(const struct pd_oracle *o, uint32_t image);

/* What became of the rows of files of answers. */
struct pd_intake {
    size_t taken, again; /* answers that were new; that said the same again */
    size_t refused, blank;
    char note[256]; /* of the last file: struct pd_answers' */
};

/* Takes the rows of a file that are new or say the same again, and writes all answers to path.
 * refuse(context, row, words) hears of the others. Adds to what *in counts. */
enum pd_status pd_oracle_take(struct pd_oracle *o, const char *file, const char *path,
                              void (*refuse)(void *context, int64_t row, const char *words), void *context,
                              struct pd_intake *in, struct pd_error *err);

#endif
