/* The page on which runs are watched: what its requests ask for. */
#ifndef PD_SERVE_WATCH_H
#define PD_SERVE_WATCH_H

#include "io/http.h"
#include "serve/view.h"

enum { PD_WATCH_RUNS = 32 };

struct pd_watch_page {
    struct pd_view views[PD_WATCH_RUNS];
    size_t count;
    struct pd_studies *studies; /* of the active runs among them, or NULL */
    double looked;              /* when the folders were last looked at */
    uint64_t revision;          /* rises with every change */
};

enum pd_status pd_watch_page_open(struct pd_watch_page *w, char *const *runs, int count,
                                  struct pd_error *err);
void pd_watch_page_close(struct pd_watch_page *w); /* also a zeroed one */

/* Looks at the folders, once a second. */
void pd_watch_page_tick(struct pd_watch_page *w);

/* Whether the path is one of this page's; then it is answered. */
bool pd_watch_page_handle(struct pd_watch_page *w, const struct pd_http_request *request,
                          struct pd_http_reply *reply);

#endif
