/* What is measured of a run, and where it stands. */
#ifndef PD_REPRODUCE_ITEMS_H
#define PD_REPRODUCE_ITEMS_H

#include "reproduce/reproduce.h"

/* Whether a row's values come from this run, asked for or not: all of them are measured, because its
 * networks go afterwards. */
bool pd_row_is_in(const struct pd_reproduce *r, int64_t job, int row);

/* The lines of a file as an array, the caller's; without one, none. */
enum pd_status pd_lines_load(const char *path, json_t **out, struct pd_error *err);
/* Those of rounds.jsonl of the row's strategy. run: the run's folder. */
enum pd_status pd_rounds_load(const struct pd_reproduce *r, int64_t job, int row, const char *run,
                              json_t **out, struct pd_error *err);
bool pd_rounds_suffice(const struct pd_reproduce *r, int row); /* nothing else is to be measured */

/* A measurement of a run or of one of its rounds; or a picture. */
struct pd_item {
    int row;
    int64_t round;       /* < 0: of the run itself */
    const char *picture; /* NULL: a measurement */
    double x;            /* labels of the round; 0 */
    char folder[PD_PATH_SIZE];
    char name[96]; /* of its file: "measure-gold-round-02" */
};

/* The n-th of a run that is trained; *there false past the last. run: its folder. */
enum pd_status pd_item_at(const struct pd_reproduce *r, int64_t job, const char *run, int n, bool *there,
                          struct pd_item *out, struct pd_error *err);

/* Its file in the run's folder: "measure-gold.json", "terms.png". path[PD_PATH_SIZE]. */
enum pd_status pd_item_path(const struct pd_reproduce *r, int64_t job, const struct pd_item *item, char *path,
                            struct pd_error *err);

/* What it is measured with, for its file; the caller's. NULL: out of memory. */
json_t *pd_item_options(const struct pd_reproduce *r, const struct pd_item *item);

#endif
