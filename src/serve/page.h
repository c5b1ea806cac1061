/* What a server shows: files of the pages, the page on which people answer, the page on which runs are
 * watched. */
#ifndef PD_SERVE_PAGE_H
#define PD_SERVE_PAGE_H

#include "serve/label.h"
#include "serve/watch.h"

#include <stdatomic.h>

struct pd_page {
    struct pd_http *http;
    struct pd_label label;      /* under the server's lock */
    struct pd_watch_page watch; /* under the server's lock, too */
    int people;
    const struct pd_active_watch *asker; /* hears of what goes wrong; borrowed, or NULL */
    uint64_t told, watched;              /* the revisions that listeners know */
    double looked;                       /* when queries.csv was last looked at */
    atomic_bool old;                     /* it is another now */
    char address[PD_HTTP_ADDRESS], watch_address[PD_HTTP_ADDRESS];
};

/* Answers any request; for the server, and for those who try it without one. */
void pd_page_handle(void *page, const struct pd_http_request *request, struct pd_http_reply *reply);

#endif
