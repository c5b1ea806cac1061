#include "metric/features.h"

#include "io/chart.h"
#include "io/file.h"

#include <stdio.h>

enum pd_status pd_prd_picture(const struct pd_prd_result *prd, const char *path, struct pd_error *err)
{
    char note[128];
    struct pd_buffer png = PD_BUFFER_INIT;
    const struct pd_curve curve = {"", PD_PRD_ANGLES, prd->recall, prd->precision, NULL};
    const struct pd_axes axes = {"precision and recall for distributions", "recall", "precision", note};
    snprintf(note, sizeof note, "F8 %.4f, F1/8 %.4f", prd->f8, prd->f1_8);
    enum pd_status status = pd_chart_curves(&axes, NULL, &curve, 1, &png, err);
    if (!status)
        status = pd_file_write_atomic(path, png.data, png.size, err);
    pd_buffer_release(&png);
    return status;
}
