/* A study at one scale, opened (paydirt/reproduce.h). */
#ifndef PD_REPRODUCE_REPRODUCE_H
#define PD_REPRODUCE_REPRODUCE_H

#include "reproduce/protocol.h"
#include "run/folder.h"

#include <paydirt/reproduce.h>

/* The runs of a row in a column: they differ in the seed alone. */
struct pd_run_kind {
    int column, row;
    bool active;
    int64_t trials;
    json_t *recipe;   /* owned */
    const char *data; /* the recipe's */
    char model[32], loss[32];
    struct pd_reproduce_cost cost;
};

struct pd_reproduce {
    struct pd_protocol p;
    char scale[48], folder[PD_PATH_SIZE], data_dir[1024], weights[1024];
    bool column_on[PD_PROTOCOL_COLUMNS], row_on[PD_PROTOCOL_ROWS];
    bool metric_on[PD_PROTOCOL_METRICS]; /* without weights not those that need them */
    bool comparable;                     /* the scale is the paper's own */
    int64_t trials, seed;
    int threads;
    bool keep;
    struct pd_run_kind *kinds;
    int kind_count;
    struct pd_job {
        int kind;
        int64_t seed;
    } * jobs;
    int64_t job_count;
};

/* Where a set is looked for: in the data folder, or, where that has it not and a package has, there (""). */
const char *pd_reproduce_data_dir(const struct pd_reproduce *r, const char *data);

/* OUT/STUDY-SCALE/runs/COLUMN-ROW-SEED, and a file in it. path[PD_PATH_SIZE]. */
enum pd_status pd_job_folder(const struct pd_reproduce *r, int64_t job, char *path, struct pd_error *err);
enum pd_status pd_job_path(const struct pd_reproduce *r, int64_t job, const char *name, char *path,
                           struct pd_error *err);

/* A metric's list "gan-test,fid" of those that are measured. Into text[size]; returns text. */
const char *pd_reproduce_metrics(const struct pd_reproduce *r, char *text, size_t size);

/* result.json from all that a run has left: kept whole or not at all. seconds: NAN: not known. */
enum pd_status pd_result_write(const struct pd_reproduce *r, int64_t job, const char *run, double seconds,
                               struct pd_error *err);
/* The record, to be given back, with those lines of "results" that count;
 * NULL where it is not there yet. PD_ERR_MISMATCH: of other options, or two values of one row and metric. */
enum pd_status pd_result_read(const struct pd_reproduce *r, int64_t job, json_t **out, struct pd_error *err);
/* Whether a line, of "results" or of results.jsonl, has points, measured with its row's options. */
bool pd_result_counts(const struct pd_reproduce *r, const json_t *line);
/* Adds a line to "results" unless it is there. path: of the file that it stands in. PD_ERR_MISMATCH: it is
 * there with other points; the message names run, row and metric. */
enum pd_status pd_result_add(const struct pd_reproduce *r, int64_t job, const char *path, json_t *line,
                             json_t *results, struct pd_error *err);
/* That a result's data are those of the others of its kind; seen: an object, empty at first. One without a
 * fingerprint, of an older version, is taken as alike. path: for the message. PD_ERR_MISMATCH: of other data.
 */
enum pd_status pd_result_note_data(const struct pd_reproduce *r, int64_t job, const char *path,
                                   const json_t *result, json_t *seen, struct pd_error *err);
/* Whether it has every row and metric that is asked for; NULL has none. */
bool pd_result_is_whole(const struct pd_reproduce *r, int64_t job, const json_t *result);

/* Whether the last try has ended badly. */
bool pd_job_failed(const struct pd_reproduce *r, int64_t job);

#endif
