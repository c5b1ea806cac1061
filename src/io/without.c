/* What stands in for files of this folder whose libraries were not there as paydirt was built: clear
 * refusals. */
#include "base/library.h"
#include "io/chart.h"
#include "io/download.h"
#include "io/http.h"
#include "io/store.h"
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

enum pd_status pd_chart_dots(const struct pd_axes *axes, const char *own, const char *other,
                             const struct pd_dot *dots, int count, struct pd_buffer *png,
                             struct pd_error *err)
{
    (void)axes, (void)own, (void)other, (void)dots, (void)count, (void)png;
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

#ifdef PD_WITHOUT_microhttpd
PD_LIBRARY_MISSING(microhttpd)

enum pd_status pd_http_start(const struct pd_http_options *o, struct pd_http **out, struct pd_error *err)
{
    (void)o;
    *out = NULL;
    return pd_without(PD_LIBRARY_microhttpd, NULL, err);
}

/* There is none to be called with. */
void pd_http_stop(struct pd_http *http)
{
    (void)http;
}

const struct pd_http_gate *pd_http_gate(const struct pd_http *http)
{
    (void)http;
    return NULL;
}

char *pd_http_address(const struct pd_http *http, bool watch, char text[PD_HTTP_ADDRESS])
{
    (void)http, (void)watch;
    text[0] = '\0';
    return text;
}

void pd_http_lock(struct pd_http *http)
{
    (void)http;
}

void pd_http_unlock(struct pd_http *http)
{
    (void)http;
}

void pd_http_tell(struct pd_http *http)
{
    (void)http;
}
#endif

#ifdef PD_WITHOUT_sqlite
PD_LIBRARY_MISSING(sqlite)

enum pd_status pd_store_open(const char *path, bool write, int32_t id, const char *schema,
                             struct pd_store **out, struct pd_error *err)
{
    (void)write, (void)id, (void)schema;
    *out = NULL;
    return pd_without(PD_LIBRARY_sqlite, path, err);
}

/* There is none to be called with. */
void pd_store_close(struct pd_store *store)
{
    (void)store;
}

enum pd_status pd_store_begin(struct pd_store *store, struct pd_error *err)
{
    (void)store;
    return pd_without(PD_LIBRARY_sqlite, NULL, err);
}

enum pd_status pd_store_commit(struct pd_store *store, struct pd_error *err)
{
    (void)store;
    return pd_without(PD_LIBRARY_sqlite, NULL, err);
}

void pd_store_roll_back(struct pd_store *store)
{
    (void)store;
}

enum pd_status pd_store_put(struct pd_store *store, const char *sql, const struct pd_cell *cells, int n,
                            int64_t *id, struct pd_error *err)
{
    (void)store, (void)sql, (void)cells, (void)n, (void)id;
    return pd_without(PD_LIBRARY_sqlite, NULL, err);
}

enum pd_status pd_store_number(struct pd_store *store, const char *sql, const struct pd_cell *cells, int n,
                               int64_t *number, bool *found, struct pd_error *err)
{
    (void)store, (void)sql, (void)cells, (void)n, (void)number;
    *found = false;
    return pd_without(PD_LIBRARY_sqlite, NULL, err);
}

enum pd_status pd_store_each(struct pd_store *store, const char *sql,
                             enum pd_status (*take)(void *context, const struct pd_cell *cells, int n,
                                                    struct pd_error *err),
                             void *context, struct pd_error *err)
{
    (void)store, (void)sql, (void)take, (void)context;
    return pd_without(PD_LIBRARY_sqlite, NULL, err);
}
#endif
