#include "io/level.h"

#include <math.h>

/* Whether x is in [-1, 1], or so little beyond as resizing and rounding go. */
static bool is_pixel(float x)
{
    return x >= -1.01F && x <= 1.01F;
}

enum pd_status pd_check_rows(const char *what, int64_t first, const float *rows, int64_t n, int64_t width,
                             bool pixels, struct pd_error *err)
{
    for (int64_t i = 0; i < n * width; i++)
        if (pixels ? !is_pixel(rows[i]) : !isfinite(rows[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "%s %lld: %g, expected %s", what,
                           (long long)(first + i / width), (double)rows[i],
                           pixels ? "-1 to 1" : "finite numbers");
    return PD_OK;
}
