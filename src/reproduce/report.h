/* What the runs of a study have shown, in numbers. */
#ifndef PD_REPRODUCE_REPORT_H
#define PD_REPRODUCE_REPORT_H

#include "reproduce/reproduce.h"
#include "reproduce/verdict.h"
#include "study/study.h"

/* A row at its last point. */
struct pd_cell {
    struct pd_summary summary; /* n = 0: nothing is done yet */
    double x;
    struct pd_published_value published; /* fractions, where the metric is one */
    bool compared;                       /* with another row: */
    struct pd_contrast contrast;         /* at the last point */
    bool has_area;                       /* of a curve over labels: its mean height */
    double x0;
    struct pd_summary area;
    struct pd_contrast area_contrast;
    struct pd_saved saved; /* labels, against that row */
};

/* A column and a metric. */
struct pd_panel {
    int column, metric;
    struct pd_studies *studies; /* owned; one study of that measure, whose curves are the rows */
    struct pd_study *study;
    struct pd_cell cells[PD_PROTOCOL_ROWS];
};

struct pd_report {
    const struct pd_reproduce *r;
    struct pd_panel *panels; /* (count) */
    int count;
    int64_t done, total; /* runs */
    json_t *lines;       /* of results.jsonl, owned */
    json_t *seen;        /* of pd_result_note_data, owned */
    json_t *failed;      /* names of runs whose last try has ended badly, owned */
};

/* What numbers are shown times: 100 for fractions. */
double pd_panel_unit(const struct pd_panel *panel);

void pd_report_text(const struct pd_report *report, struct pd_buffer *text);
json_t *pd_report_json(const struct pd_report *report); /* NULL: out of memory */
enum pd_status pd_report_draw(const struct pd_report *report, struct pd_error *err);

#endif
