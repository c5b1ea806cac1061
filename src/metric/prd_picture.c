#include "metric/features.h"

#include "io/chart.h"
#include "io/png.h"

#include <stdio.h>

enum pd_status pd_prd_picture(const struct pd_prd_result *prd, const char *path, struct pd_error *err)
{
    char note[128];
    struct pd_buffer png = PD_BUFFER_INIT;
    double recall[PD_PRD_ANGLES],
        precision[PD_PRD_ANGLES]; /* to the right: a curve's name stands at its end */
    for (int a = 0; a < PD_PRD_ANGLES; a++) {
        recall[a] = prd->recall[PD_PRD_ANGLES - 1 - a];
        precision[a] = prd->precision[PD_PRD_ANGLES - 1 - a];
    }
    const struct pd_curve curve = {"PRD", PD_PRD_ANGLES, recall, precision, NULL};
    const struct pd_axes axes = {
        .title = "precision and recall for distributions", .x = "recall", .y = "precision", .note = note};
    snprintf(note, sizeof note, "F8 %.4f, F1/8 %.4f", prd->f8, prd->f1_8);
    return pd_png_write(path, pd_chart_curves(&axes, NULL, &curve, 1, &png, err), &png, err);
}
