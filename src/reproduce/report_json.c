/* A report as JSON: numbers as they are, fractions too. null: there is none. */
#include "reproduce/report.h"

#include "io/json.h"

static json_t *summary_json(const struct pd_summary *s)
{
    return json_pack("{s:I, s:o, s:o, s:o}", "trials", (json_int_t)s->n, "mean", pd_json_real(s->mean), "std",
                     pd_json_real(s->deviation), "half95", pd_json_real(pd_half_interval(s, 0.95)));
}

static json_t *contrast_json(const struct pd_contrast *c, double unit, const char *against)
{
    char words[400];
    return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:I, s:s}", "against", against,
                     "pairs", (json_int_t)c->paired.difference.n, "pairs_planned", (json_int_t)c->planned,
                     "difference", pd_json_real(c->paired.difference.mean), "half95", pd_json_real(c->half),
                     "p_t", pd_json_real(c->paired.p_t), "p_flip", pd_json_real(c->paired.p_flip),
                     "published", pd_json_real(c->published), "verdict", pd_verdict_name(c->verdict),
                     "visible", pd_json_real(c->visible), "pairs_needed", (json_int_t)c->needed, "words",
                     pd_contrast_words(c, unit, words, sizeof words));
}

static json_t *cell_json(const struct pd_report *report, const struct pd_panel *panel, int row)
{
    const struct pd_protocol *p = &report->r->p;
    const struct pd_cell *cell = &panel->cells[row];
    json_t *o = summary_json(&cell->summary);
    json_object_set_new(o, "row", json_string(p->rows[row].name));
    json_object_set_new(o, "x", pd_json_real(cell->x));
    json_object_set_new(o, "published_mean", pd_json_real(cell->published.mean));
    json_object_set_new(o, "published_std", pd_json_real(cell->published.deviation));
    if (cell->has_area)
        json_object_set_new(o, "area", summary_json(&cell->area));
    if (cell->compared)
        json_object_set_new(
            o, "comparison",
            contrast_json(&cell->contrast, pd_panel_unit(panel), p->rows[p->rows[row].against].name));
    if (cell->compared && cell->has_area)
        json_object_set_new(
            o, "area_comparison",
            contrast_json(&cell->area_contrast, pd_panel_unit(panel), p->rows[p->rows[row].against].name));
    if (cell->compared && cell->saved.pairs)
        json_object_set_new(o, "saved",
                            json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "pairs",
                                      (json_int_t)cell->saved.pairs, "labels",
                                      pd_json_real(cell->saved.saved), "low", pd_json_real(cell->saved.low),
                                      "high", pd_json_real(cell->saved.high), "from",
                                      pd_json_real(cell->saved.from), "to", pd_json_real(cell->saved.to)));
    return o;
}

static json_t *panel_json(const struct pd_report *report, const struct pd_panel *panel)
{
    const struct pd_protocol *p = &report->r->p;
    json_t *rows = json_array();
    for (int row = 0; row < p->row_count; row++)
        if (report->r->row_on[row])
            json_array_append_new(rows, cell_json(report, panel, row));
    return json_pack("{s:s, s:s, s:b, s:b, s:o}", "column", p->columns[panel->column].name, "metric",
                     p->metrics[panel->metric].name, "fraction", panel->study->fraction, "comparable",
                     report->r->comparable && !*p->columns[panel->column].not_comparable, "rows", rows);
}

json_t *pd_report_json(const struct pd_report *report)
{
    json_t *panels = json_array();
    for (int i = 0; i < report->count; i++)
        json_array_append_new(panels, panel_json(report, &report->panels[i]));
    return json_pack("{s:s, s:s, s:I, s:I, s:O, s:o}", "study", report->r->p.name, "scale", report->r->scale,
                     "done", (json_int_t)report->done, "runs", (json_int_t)report->total, "failed",
                     report->failed, "panels", panels);
}
