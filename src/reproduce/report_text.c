/* A report for people: a block for each column and metric. */
#include "reproduce/report.h"

#include <math.h>
#include <string.h>

static void print_number(struct pd_buffer *text, double value, double unit, const char *format)
{
    if (isnan(value))
        pd_buffer_printf(text, "%9s", "-");
    else
        pd_buffer_printf(text, format, unit * value);
}

static int name_width(const struct pd_report *report)
{
    int width = 12;
    for (int i = 0; i < report->r->p.row_count; i++) {
        const int n = (int)strlen(report->r->p.rows[i].title);
        width = n > width ? n : width;
    }
    return width < 40 ? width : 40;
}

static bool has_published(const struct pd_report *report, const struct pd_panel *panel)
{
    for (int row = 0; row < report->r->p.row_count; row++)
        if (!isnan(panel->cells[row].published.mean))
            return true;
    return false;
}

static void print_cell(const struct pd_report *report, const struct pd_panel *panel, int row, int width,
                       bool published, struct pd_buffer *text)
{
    const struct pd_cell *cell = &panel->cells[row];
    const double unit = pd_panel_unit(panel);
    const bool level = report->r->comparable && !*report->r->p.columns[panel->column].not_comparable;
    const double half = level ? pd_half_to_published(&cell->summary, &cell->published) : NAN;
    pd_buffer_printf(text, "  %-*s %6lld", width, report->r->p.rows[row].title, (long long)cell->summary.n);
    print_number(text, cell->summary.mean, unit, "%9.2f");
    print_number(text, cell->summary.deviation, unit, "%9.2f");
    if (published) {
        print_number(text, cell->published.mean, unit, "%9.2f");
        print_number(text, cell->published.deviation, unit, "%9.2f");
    }
    if (!isnan(half))
        pd_buffer_printf(text, "   %+.2f (%+.2f to %+.2f)",
                         unit * (cell->summary.mean - cell->published.mean),
                         unit * (cell->summary.mean - cell->published.mean - half),
                         unit * (cell->summary.mean - cell->published.mean + half));
    if (report->r->p.by == PD_BY_LABELS && cell->summary.n)
        pd_buffer_printf(text, "   at %g labels", cell->x);
    if (report->r->p.by == PD_BY_EPOCH && cell->summary.n)
        pd_buffer_printf(text, "   after epoch %g", cell->x);
    pd_buffer_printf(text, "\n");
}

static void print_contrast(const struct pd_report *report, const struct pd_panel *panel, int row,
                           const struct pd_contrast *c, const char *where, struct pd_buffer *text)
{
    const struct pd_protocol *p = &report->r->p;
    const double unit = pd_panel_unit(panel), d = unit * c->paired.difference.mean;
    char words[400];
    if (!c->paired.difference.n)
        return;
    pd_buffer_printf(text, "  %s against %s%s: %+.2f", p->rows[row].title,
                     p->rows[p->rows[row].against].title, where, d);
    if (!isnan(c->half))
        pd_buffer_printf(text, " (95 %%: %+.2f to %+.2f)", d - unit * c->half, d + unit * c->half);
    if (c->paired.difference.n > 1 && !isnan(pd_study_chance(&c->paired)))
        pd_buffer_printf(text, ", p = %.3g", pd_study_chance(&c->paired));
    pd_buffer_printf(text, ", %lld pair%s", (long long)c->paired.difference.n,
                     c->paired.difference.n == 1 ? "" : "s");
    if (!isnan(c->published))
        pd_buffer_printf(text, "; paper %+.2f", unit * c->published);
    pd_buffer_printf(text, "\n    %s\n", pd_contrast_words(c, unit, words, sizeof words));
}

static void print_panel(const struct pd_report *report, const struct pd_panel *panel, struct pd_buffer *text)
{
    const struct pd_protocol *p = &report->r->p;
    const struct pd_protocol_column *column = &p->columns[panel->column];
    const int width = name_width(report);
    const bool published = has_published(report, panel);
    char words[200];
    pd_buffer_printf(text, "\n%s, %s%s\n", column->title, p->metrics[panel->metric].name,
                     panel->study->fraction ? ", %" : "");
    if (*column->not_comparable && published)
        pd_buffer_printf(text, "  the paper's numbers are not comparable: %s\n", column->not_comparable);
    pd_buffer_printf(text, "  %-*s trials     mean  std dev%s\n", width, "",
                     !published              ? ""
                     : report->r->comparable ? "    paper  std dev   ours - paper (95 %)"
                                             : "    paper  std dev");
    for (int row = 0; row < p->row_count; row++)
        if (report->r->row_on[row])
            print_cell(report, panel, row, width, published, text);
    for (int row = 0; row < p->row_count; row++) {
        const struct pd_cell *cell = &panel->cells[row];
        if (cell->compared)
            print_contrast(report, panel, row, &cell->contrast, "", text);
        if (cell->compared && cell->has_area)
            print_contrast(report, panel, row, &cell->area_contrast, ", mean height of the curve", text);
        if (cell->compared && cell->saved.pairs > 1)
            pd_buffer_printf(
                text, "  %s %s\n", p->rows[row].title,
                pd_saved_words(&cell->saved, pd_panel_unit(panel), "labels", words, sizeof words));
    }
}

void pd_report_text(const struct pd_report *report, struct pd_buffer *text)
{
    const struct pd_reproduce *r = report->r;
    const char *line;
    pd_buffer_printf(text, "%s\n%s: %s\n", r->p.about, r->scale, pd_reproduce_scale_about(r, r->scale));
    if (!r->comparable)
        pd_buffer_printf(text, "This is not the paper's protocol: the direction of its differences alone is "
                               "compared, not levels or sizes.\n");
    for (size_t i = 0; (line = pd_reproduce_missing(r, i)); i++)
        pd_buffer_printf(text, "Not done: %s\n", line);
    for (size_t i = 0; (line = pd_reproduce_note(r, i)); i++)
        pd_buffer_printf(text, "Note: %s\n", line);
    for (int m = 0; m < r->p.metric_count; m++)
        if (!r->metric_on[m])
            pd_buffer_printf(text, "Not measured: %s, which needs the weights of Inception.\n",
                             r->p.metrics[m].name);
    pd_buffer_printf(text, "%lld of %lld runs are done.\n", (long long)report->done,
                     (long long)report->total);
    for (size_t i = 0; i < json_array_size(report->failed); i++)
        pd_buffer_printf(text, "Failed: %s (its log.txt says why): its seed is missing below.\n",
                         json_string_value(json_array_get(report->failed, i)));
    for (int i = 0; i < report->count; i++)
        print_panel(report, &report->panels[i], text);
    pd_buffer_printf(text,
                     "\nMeans over trials; differences are paired by seed; intervals and p by Student's t; "
                     "p is not corrected for the number of comparisons.\n");
}
