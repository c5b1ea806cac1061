/* The results of studies as CSV and JSON. */
#include "study/study.h"

#include "base/mem.h"
#include "io/csv.h"
#include "io/json.h"

#include <math.h>
#include <stddef.h>

static const char *const figure_names[PD_STUDY_FIGURES] = {"point", "last", "area"};

/* The columns of both: what they are called and where a row has them. */
static const struct column {
    const char *name;
    size_t offset;
    bool integer, pair; /* pair: only beside a baseline */
} columns[] = {
#define COLUMN(name, field, integer, pair)                                                                   \
    {                                                                                                        \
        name, offsetof(struct pd_study_row, field), integer, pair                                            \
    }
    COLUMN("x0", x0, false, false),
    COLUMN("x", x, false, false),
    COLUMN("trials", summary.n, true, false),
    COLUMN("mean", summary.mean, false, false),
    COLUMN("std", summary.deviation, false, false),
    COLUMN("stderr", summary.error, false, false),
    COLUMN("pairs", paired.difference.n, true, true),
    COLUMN("difference", paired.difference.mean, false, true),
    COLUMN("difference_stderr", paired.difference.error, false, true),
    COLUMN("p_t", paired.p_t, false, true),
    COLUMN("p_flip", paired.p_flip, false, true),
    COLUMN("saved", saved.saved, false, true),
    COLUMN("saved_low", saved.low, false, true),
    COLUMN("saved_high", saved.high, false, true),
    COLUMN("saved_from", saved.from, false, true),
    COLUMN("saved_to", saved.to, false, true),
#undef COLUMN
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* NAN: nothing to tell. */
static double cell(const struct column *c, const struct pd_study_row *row)
{
    const char *at = (const char *)row + c->offset;
    if (c->pair && !row->baseline)
        return NAN;
    return c->integer ? (double)*(const int64_t *)at : *(const double *)at;
}

struct sheet {
    const struct pd_study *study;
    struct pd_csv *csv;
    json_t *rows;
};

static enum pd_status write_row(void *context, const struct pd_study_row *row, struct pd_error *err)
{
    const struct sheet *s = context;
    (void)err;
    pd_csv_text(s->csv, s->study->measure);
    pd_csv_words(s->csv, row->curve->label);
    pd_csv_text(s->csv, figure_names[row->figure]);
    pd_csv_text(s->csv, s->study->x);
    for (int i = 0; i < COLUMNS; i++) {
        const double value = cell(&columns[i], row);
        if (isnan(value))
            pd_csv_text(s->csv, "");
        else if (columns[i].integer)
            pd_csv_integer(s->csv, (int64_t)value);
        else
            pd_csv_real(s->csv, value);
    }
    pd_csv_words(s->csv, row->baseline ? row->baseline->label : "");
    pd_csv_end_row(s->csv);
    return PD_OK;
}

enum pd_status pd_studies_write_csv(const char *path, const struct pd_studies *studies, const char *baseline,
                                    struct pd_error *err)
{
    struct sheet s = {NULL, NULL, NULL};
    enum pd_status status = pd_csv_create(path, &s.csv, err);
    if (status)
        return status;
    static const char *const first[] = {"metric", "name", "figure", "by"};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        pd_csv_text(s.csv, first[i]);
    for (int i = 0; i < COLUMNS; i++)
        pd_csv_text(s.csv, columns[i].name);
    pd_csv_text(s.csv, "baseline");
    pd_csv_end_row(s.csv);
    for (s.study = studies->first; !status && s.study; s.study = s.study->next)
        status = pd_study_rows(s.study, baseline, write_row, &s, err);
    if (!status)
        status = pd_csv_commit(s.csv, err);
    pd_csv_destroy(s.csv);
    return status;
}

static enum pd_status add_row(void *context, const struct pd_study_row *row, struct pd_error *err)
{
    const struct sheet *s = context;
    json_t *record = json_pack("{s:s, s:s, s:s, s:s}", "metric", s->study->measure, "name", row->curve->label,
                               "figure", figure_names[row->figure], "by", s->study->x);
    for (int i = 0; record && i < COLUMNS; i++) {
        const double value = cell(&columns[i], row);
        json_object_set_new(record, columns[i].name,
                            isnan(value)         ? json_null()
                            : columns[i].integer ? json_integer((json_int_t)value)
                                                 : json_real(value));
    }
    json_object_set_new(record, "baseline", row->baseline ? json_string(row->baseline->label) : json_null());
    if (json_array_append_new(s->rows, record))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the results");
    return PD_OK;
}

enum pd_status pd_studies_json(const struct pd_studies *studies, const char *baseline, char **text,
                               struct pd_error *err)
{
    *text = NULL;
    pd_mem_watch();
    struct sheet s = {.rows = json_array()};
    enum pd_status status = PD_OK;
    for (s.study = studies->first; !status && s.study; s.study = s.study->next)
        status = pd_study_rows(s.study, baseline, add_row, &s, err);
    if (!status)
        status = pd_json_text(s.rows, JSON_INDENT(1) | JSON_REAL_PRECISION(10), "the results", text, err);
    json_decref(s.rows);
    return status;
}
