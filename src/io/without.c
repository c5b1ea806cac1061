/* What stands in for files of this folder whose libraries were not there as paydirt was built: clear
 * refusals. */
#include "base/library.h"
#include "io/chart.h"
#include "io/download.h"
#include "io/unpack.h"

#ifdef PD_WITHOUT_curl
PD_LIBRARY_MISSING(curl)

enum pd_status pd_download(const struct pd_download *d, bool *fetched, struct pd_error *err)
{
    *fetched = false;
    return pd_without(PD_LIBRARY_curl, d->path, err);
}
#endif

#ifdef PD_WITHOUT_archive
PD_LIBRARY_MISSING(archive)

enum pd_status pd_unpack(const char *archive, const char *folder, const char *name, int64_t most,
                         const struct pd_watch *watch, struct pd_error *err)
{
    (void)folder, (void)name, (void)most, (void)watch;
    return pd_without(PD_LIBRARY_archive, archive, err);
}

enum pd_status pd_unpack_all(const char *archive, const char *to, int64_t most, const struct pd_watch *watch,
                             struct pd_error *err)
{
    (void)to, (void)most, (void)watch;
    return pd_without(PD_LIBRARY_archive, archive, err);
}
#endif

#ifdef PD_WITHOUT_cairo
PD_LIBRARY_MISSING(cairo)

enum pd_status pd_chart_curves(const struct pd_axes *axes, const struct pd_level *level,
                               const struct pd_curve *curves, int count, struct pd_buffer *png,
                               struct pd_error *err)
{
    (void)axes, (void)level, (void)curves, (void)count, (void)png;
    return pd_without(PD_LIBRARY_cairo, NULL, err);
}

enum pd_status pd_chart_histogram(const struct pd_axes *axes, const struct pd_series *series, int count,
                                  int bins, struct pd_buffer *png, struct pd_error *err)
{
    (void)axes, (void)series, (void)count, (void)bins, (void)png;
    return pd_without(PD_LIBRARY_cairo, NULL, err);
}

enum pd_status pd_chart_field(const struct pd_axes *axes, const struct pd_field *field, struct pd_buffer *png,
                              struct pd_error *err)
{
    (void)axes, (void)field, (void)png;
    return pd_without(PD_LIBRARY_cairo, NULL, err);
}

enum pd_status pd_chart_matrix(const struct pd_axes *axes, const struct pd_counts *counts,
                               struct pd_buffer *png, struct pd_error *err)
{
    (void)axes, (void)counts, (void)png;
    return pd_without(PD_LIBRARY_cairo, NULL, err);
}

enum pd_status pd_chart_sheet(const struct pd_sheet *sheet, struct pd_buffer *png, struct pd_error *err)
{
    (void)sheet, (void)png;
    return pd_without(PD_LIBRARY_cairo, NULL, err);
}

/* As one that is too large for words. */
enum pd_status pd_chart_grid(const struct pd_buffer *grid, const struct pd_grid_words *words,
                             struct pd_buffer *png, struct pd_error *err)
{
    (void)words;
    pd_buffer_append(png, grid->data, grid->size);
    return png->oom ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture") : PD_OK;
}
#endif
