/* A study as a file (doc/reproduce.md): which runs, by which recipes, what is measured of them, and what the
 * paper has for it. */
#ifndef PD_REPRODUCE_PROTOCOL_H
#define PD_REPRODUCE_PROTOCOL_H

#include "base/buffer.h"

#include <jansson.h>
#include <paydirt/error.h>
#include <paydirt/metric.h>

#include <stdbool.h>

enum { PD_PROTOCOL_COLUMNS = 64, PD_PROTOCOL_ROWS = 64, PD_PROTOCOL_METRICS = 8 };

/* What the points of a result stand over. */
enum pd_protocol_by { PD_BY_NOTHING, PD_BY_EPOCH, PD_BY_LABELS };
extern const char *const pd_protocol_bys[]; /* what they are called */

/* All texts and objects are the protocol's; NULL where the file has none, "" for a text. */
struct pd_protocol_column {
    const char *name, *title;
    const char *recipe;
    const char *not_comparable; /* why the paper's numbers are none to compare with */
    int64_t images;             /* that the training split has; 0: any number */
    int64_t trials;             /* 0: the row's */
    const json_t *options, *scales;
};

struct pd_protocol_row {
    const char *name, *title;
    int of;               /* the row whose run it is taken from; its own place where that is itself */
    int against;          /* the row that it is set against, or -1 */
    const char *strategy; /* of an active run with several, which */
    const char *like;     /* what recipes/like/ sets above the columns, or "" */
    bool better;          /* the paper says so, with or without numbers */
    int64_t trials;       /* 0: the study's */
    const json_t *options, *measure;
};

struct pd_protocol_metric {
    const char *name;
    const struct pd_metric *metric; /* NULL: a number of the training's log */
};

struct pd_protocol {
    char name[128]; /* a word for folders */
    json_t *all;    /* owned */
    const char *about;
    enum pd_protocol_by by;
    int64_t trials, published_trials;
    const json_t *scales, *published, *notes, *missing, *pictures;
    int column_count, row_count, metric_count;
    struct pd_protocol_column columns[PD_PROTOCOL_COLUMNS];
    struct pd_protocol_row rows[PD_PROTOCOL_ROWS];
    struct pd_protocol_metric metrics[PD_PROTOCOL_METRICS];
};

/* PD_ERR_FORMAT: not a study: the message names the file, what, and what was expected; PD_ERR_MEMORY. The
 * caller releases out, also after a failure. */
enum pd_status pd_protocol_parse(const char *name, const char *text, size_t size, struct pd_protocol *out,
                                 struct pd_error *err);
/* Of a name or a path, as a recipe's (active/recipe.h). */
enum pd_status pd_protocol_bytes(const char *name, struct pd_buffer *out, struct pd_error *err);
enum pd_status pd_protocol_read(const char *name, struct pd_protocol *out, struct pd_error *err);
void pd_protocol_release(struct pd_protocol *p); /* a zeroed one, too */

/* The paper's mean and deviation of a cell, or false. */
bool pd_protocol_published(const struct pd_protocol *p, int row, int column, double *mean, double *deviation);

/* The recipe of a column's run at a scale, whole: the column's recipe, over it the scale's options, the
 * column's, those of the column at that scale, and the row's. *recipe: {"command", "options"}, the caller's.
 * PD_ERR_FORMAT, PD_ERR_USAGE: no such recipe, or options that it refuses. */
enum pd_status pd_protocol_recipe(const struct pd_protocol *p, const char *scale, int column, int row,
                                  json_t **recipe, struct pd_error *err);

/* What a row measures, as options of eval by name and text, in order: false past the last. */
bool pd_protocol_measure(const struct pd_protocol_row *row, int i, const char **name, char *text,
                         size_t size);

#endif
