/* People as the oracle: the answers that they bring, in files, and what they are asked next. */
#ifndef PD_ACTIVE_PEOPLE_H
#define PD_ACTIVE_PEOPLE_H

#include "active/steps.h"

#include <sys/stat.h>

/* What a page has handed over, in the run's folder. */
#define PD_PAGE_ANSWERS     "page.csv"
#define PD_PAGE_CORRECTIONS "page.correct.csv"

struct pd_people {
    const char *run; /* the active run's folder; borrowed, like watch and out */
    const struct pd_active_watch *watch;
    struct pd_active_outcome *out; /* its questions and where they stand */
    struct pd_intake intake;       /* of answers */
    struct stat sheet;             /* queries.csv as its answers were taken */
    struct pd_query *open;         /* (out->questions) without an answer, each image once; owned */
};

void pd_people_init(struct pd_people *p, const char *run, const struct pd_active_watch *watch,
                    struct pd_active_outcome *out);
void pd_people_release(struct pd_people *p);

/* What was changed in answers.csv, then the files, which are not to be taken again: *answers and *correct
 * become NULL; then page.correct.csv and page.csv, which are removed; then queries.csv. */
enum pd_status pd_people_take(struct pd_people *p, struct pd_ledger *l, const char **answers,
                              const char **correct, struct pd_error *err);

/* What was filled in in queries.csv itself, which will be written anew; once for each state of it. */
enum pd_status pd_people_take_sheet(struct pd_people *p, struct pd_ledger *l, struct pd_error *err);

/* A branch's questions: those without an answer, to the others. */
enum pd_status pd_people_list(struct pd_people *p, const struct pd_ledger *l, const struct pd_questions *q,
                              struct pd_error *err);

/* Writes what waits for an answer: queries.csv, queries.png and Label Studio's files; without, removes them.
 */
enum pd_status pd_people_ask(struct pd_people *p, const struct pd_trial *t, struct pd_error *err);

#endif
