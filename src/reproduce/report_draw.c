/* A report as pictures: a PNG for each column and metric whose results are curves. */
#include "reproduce/report.h"

#include "base/library.h"
#include "io/file.h"

#include <stdio.h>

static enum pd_status draw_panel(const struct pd_report *report, const struct pd_panel *panel,
                                 struct pd_error *err)
{
    const struct pd_protocol *p = &report->r->p;
    char path[PD_PATH_SIZE], name[128];
    int row = 0;
    while (row < p->row_count && p->rows[row].against < 0)
        row++;
    snprintf(name, sizeof name, "%s-%s.png", p->columns[panel->column].name, p->metrics[panel->metric].name);
    const enum pd_status status = pd_path_inside(path, sizeof path, report->r->folder, name, err);
    return status ? status
                  : pd_study_draw(path, panel->study,
                                  row < p->row_count ? p->rows[p->rows[row].against].name : "", err);
}

enum pd_status pd_report_draw(const struct pd_report *report, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    if (!pd_library_is_in(pd_library_cairo) || !report->done)
        return PD_OK;
    for (int i = 0; i < report->count && !status; i++)
        if (report->r->p.by != PD_BY_NOTHING)
            status = draw_panel(report, &report->panels[i], err);
    return status;
}
