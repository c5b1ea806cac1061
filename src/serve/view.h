/* Runs as they are looked at: read from their folders, which another process may be writing meanwhile. */
#ifndef PD_SERVE_VIEW_H
#define PD_SERVE_VIEW_H

#include "io/chart.h"
#include "run/folder.h"

#include <jansson.h>
#include <sys/stat.h>

/* A number over the epochs. */
struct pd_epoch_series {
    char name[96]; /* as in log.jsonl, or a metric's */
    double *x, *y; /* (n), x rising as in the file */
    size_t n, capacity;
    bool fraction; /* in [0, 1] */
};

/* A run of training, or of active learning with the training that is newest in it. */
struct pd_view {
    char path[PD_PATH_SIZE], training[PD_PATH_SIZE]; /* training: "": there is none yet */
    char name[128];
    bool active;
    struct pd_train_options o;      /* of the training */
    struct stat log, eval;          /* as they were read; zeroed: not there */
    struct pd_epoch_series *series; /* (count) */
    size_t count, capacity;
    int64_t epoch, step;
    double images_per_second;
    json_t *results;                /* the lines of eval.jsonl, or of an active run's rounds.jsonl */
    char (*pictures)[PD_PATH_SIZE]; /* (picture_count): sample grids by epoch, then queries by round */
    char (*captions)[64];
    size_t picture_count;
    uint64_t rounds; /* sum of what rounds.jsonl files were */
    char words[512]; /* why something of it cannot be read, or "" */
};

/* PD_ERR_USAGE, PD_ERR_IO: not a run. */
enum pd_status pd_view_open(const char *path, struct pd_view *out, struct pd_error *err);
void pd_view_close(struct pd_view *v); /* also a zeroed one */

/* Reads anew what has changed on disk. Returns whether anything has. */
bool pd_view_refresh(struct pd_view *v);

const struct pd_epoch_series *pd_view_series(const struct pd_view *v, const char *name); /* or NULL */

/* At most `most` of a series' points, real ones all: of each stretch the lowest and the highest, and the
 * ends. x, y: (most), most >= 4. Returns how many. */
size_t pd_series_thin(const struct pd_epoch_series *s, size_t most, double *x, double *y);

/* --- charts over several runs --- */

enum { PD_CURVE_POINTS = 1000, PD_CHARTS_MOST = 64 };

struct pd_view_chart {
    char name[96];  /* of the series; "losses": all of them, of a single run */
    bool by_labels; /* a study of active runs: pd_view_study */
    int study;      /* which */
};

/* What there is to draw of the runs, in order. Returns how many. */
struct pd_studies;
size_t pd_view_charts(const struct pd_view *views, size_t n, const struct pd_studies *studies,
                      struct pd_view_chart charts[PD_CHARTS_MOST]);

/* The picture, as SVG, into svg; its curves (name, x, y; by labels also error, the means' standard error, and
 * trials) into *curves, which may be NULL. PD_ERR_UNSUPPORTED: built without cairo; PD_ERR_MEMORY. */
enum pd_status pd_view_draw(const struct pd_view *views, size_t n, const struct pd_studies *studies,
                            const struct pd_view_chart *chart, struct pd_buffer *svg,
                            struct pd_chart_frame *frame, json_t **curves, struct pd_error *err);

#endif
