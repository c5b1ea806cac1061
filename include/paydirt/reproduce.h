/* Studies: experiments of many runs, as files (doc/reproduce.md), in a folder where one process or several do
 * the runs, killed and begun again as often as need be.
 *
 *     pd_reproduce_open("gold-table1", &options, &r, &err);
 *     for (each run of pd_reproduce_run_count)
 *         pd_reproduce_claim(r, run, &claim, &err);         it is ours, or NULL
 *         while (!pd_reproduce_step(claim, &step, &err) && step.kind != PD_STEP_NONE)
 *             do it, as another process of the program;     pd_reproduce_done(claim, seconds, &err);
 *         pd_reproduce_release(claim);
 *     pd_reproduce_report(r, &text, &err);
 *
 * The folder: OUT/STUDY-SCALE/runs/COLUMN-ROW-SEED/ of each run; report.txt, report.json, results.jsonl and
 * pictures of all that is done. */
#ifndef PAYDIRT_REPRODUCE_H
#define PAYDIRT_REPRODUCE_H

#include <paydirt/bench.h>
#include <paydirt/option.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pd_reproduce;

/* The names of the library's own, in order; NULL past the last. */
const char *pd_reproduce_at(size_t index);

struct pd_reproduce_options {
    const char *out;            /* folder of all studies */
    const char *scale;          /* one of the study's; NULL or "": its first */
    const char *columns, *rows; /* names with commas between; NULL or "": all */
    const char *data_dir;       /* where the data lie; NULL or "": known places */
    const char *weights;        /* Inception's, for metrics that need them; NULL or "": those are left out */
    int64_t trials;             /* 0: as the study says */
    int64_t seed;               /* of the first trial */
    int threads;                /* of a run */
    bool keep;                  /* the networks of finished runs */
};

/* name: one of these, or a path, with a '/' in it or .json at its end. Nothing is written. PD_ERR_USAGE: no
 * such study, scale, column or row, with the nearest right one; a number below 0; PD_ERR_FORMAT: not a study;
 * PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_reproduce_open(const char *name, const struct pd_reproduce_options *options,
                                 struct pd_reproduce **out, struct pd_error *err);
void pd_reproduce_close(struct pd_reproduce *r); /* also NULL */

/* Its bytes as they are; as pd_recipe_text. */
enum pd_status pd_reproduce_text(const char *name, char **text, size_t *size, struct pd_error *err);

/* Of the study, borrowed. */
const char *pd_reproduce_name(const struct pd_reproduce *r);
const char *pd_reproduce_about(const struct pd_reproduce *r);
const char *pd_reproduce_scale(const struct pd_reproduce *r);
const char *pd_reproduce_scale_about(const struct pd_reproduce *r,
                                     const char *scale);                       /* NULL: none of that name */
const char *pd_reproduce_scale_at(const struct pd_reproduce *r, size_t index); /* NULL past the last */
const char *pd_reproduce_note(const struct pd_reproduce *r, size_t index); /* one line; NULL past the last */
const char *pd_reproduce_missing(const struct pd_reproduce *r,
                                 size_t index);                /* what it cannot do, a line each */
const char *pd_reproduce_folder(const struct pd_reproduce *r); /* OUT/STUDY-SCALE */

/* Results that were made elsewhere, from the results.jsonl of that folder: the runs asked for that it tells
 * of count as done here, with what was measured there, unless there is a result already. PD_ERR_FORMAT: a
 * line that is not JSON; PD_ERR_MISMATCH: a result here is of other options, two lines have two values of one
 * run, row and metric, or runs that differ in the seed alone are of other data; PD_ERR_IO, PD_ERR_MEMORY. */
struct pd_reproduce_taken {
    int64_t runs;   /* taken */
    int64_t here;   /* that had a result here, which stays */
    int64_t differ; /* of these, with other values there */
    int64_t others; /* lines of other options (also of the measurement), scales, columns, rows or seeds, or
                     * without a value */
};
enum pd_status pd_reproduce_take(struct pd_reproduce *r, const char *path, struct pd_reproduce_taken *out,
                                 struct pd_error *err);

/* Whether the data of all columns that are asked for are there: opens each set, without decoding its images.
 * PD_ERR_USAGE: nothing can be measured without weights; PD_ERR_IO, PD_ERR_FORMAT, PD_ERR_MISMATCH: what is
 * missing first and what brings it, and which columns could be done without. */
enum pd_status pd_reproduce_check_data(const struct pd_reproduce *r, struct pd_error *err);

/* --- its runs --- */

int64_t pd_reproduce_run_count(const struct pd_reproduce *r); /* a run below: 0 .. this - 1 */

struct pd_reproduce_run {
    const char *column, *row, *command, *data; /* command: "train" or "active" */
    int64_t seed;
    bool done; /* it has a result with all rows and metrics that are asked for */
};
void pd_reproduce_run_at(const struct pd_reproduce *r, int64_t run, struct pd_reproduce_run *out);

/* What it takes, begun anew: so many of these steps, and so many images that the classifiers which measure it
 * are trained on. */
struct pd_reproduce_cost {
    struct pd_bench_options step; /* texts are the study's */
    double steps, images;
};
void pd_reproduce_cost(const struct pd_reproduce *r, int64_t run, struct pd_reproduce_cost *out);

struct pd_reproduce_claim;

/* The run is this process's until it is released or the process ends: *out NULL: it is done, or at work
 * elsewhere (*busy). PD_ERR_USAGE: no such run; PD_ERR_MISMATCH: its folder is that of a run with other
 * options. PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_reproduce_claim(struct pd_reproduce *r, int64_t run, struct pd_reproduce_claim **out,
                                  bool *busy, struct pd_error *err);
void pd_reproduce_release(struct pd_reproduce_claim *claim); /* also NULL */

/* The lock's descriptor: a child that keeps it open keeps the run, even where its parent is killed. -1: the
 * file system has no locks, and nothing keeps others away. */
int pd_reproduce_claim_lock(const struct pd_reproduce_claim *claim);

enum pd_step_kind { PD_STEP_NONE, PD_STEP_BEGIN, PD_STEP_RESUME, PD_STEP_MEASURE, PD_STEP_PICTURE };

/* What is to be done next. Borrowed until the next step. */
struct pd_reproduce_step {
    enum pd_step_kind kind;
    const char *name;     /* of the run, for people */
    const char *command;  /* "train", "active", "eval", "score", "sample" */
    const char *recipe;   /* its file, of a run that begins */
    const char *folder;   /* the run's to go on with or to measure; a new one's parent */
    const char *output;   /* of a measurement: the file for its standard output; of a picture: its own */
    const char *picture;  /* "terms", "sheet", "certainty", "plane", "samples", "generated" */
    const char *log;      /* file that takes all else, appended */
    const char *metrics;  /* of a measurement */
    const char *data_dir; /* where its data lie; "": known places */
    int64_t seed;
    bool
        again; /* the run was finished, more of it is asked for, and its networks are gone: it is done anew */
};

/* Where nothing is left to do the result is written, and the kind is PD_STEP_NONE. */
enum pd_status pd_reproduce_step(struct pd_reproduce_claim *claim, struct pd_reproduce_step *out,
                                 struct pd_error *err);
/* Further options of a measurement, by name and text; false past the last. */
bool pd_reproduce_step_option(const struct pd_reproduce_claim *claim, int index, const char **name,
                              char *text, size_t size);

/* The step that was asked for last has ended, well or not (*well), after so many seconds. */
enum pd_status pd_reproduce_done(struct pd_reproduce_claim *claim, bool well, double seconds,
                                 struct pd_error *err);

/* It ended badly and was not stopped: the report names the run, until it is tried again. */
enum pd_status pd_reproduce_failed(struct pd_reproduce_claim *claim, struct pd_error *err);

/* --- what came of it --- */

/* What is done so far, as text for people (*text: to be freed), beside the published values; where the study
 * has a folder into that, too: report.txt, report.json, results.jsonl, and a PNG for each chart, where they
 * can be drawn. PD_ERR_IO, PD_ERR_FORMAT: a result that is none; PD_ERR_MISMATCH: one of other options, or
 * with two values; PD_ERR_MEMORY. */
enum pd_status pd_reproduce_report(struct pd_reproduce *r, char **text, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
