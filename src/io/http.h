/* A small web server for one person's browser, on a thread of its own: HTTP/1.1 by libmicrohttpd, over TLS
 * where it has a certificate. Nothing is answered without a token, nor to pages of other hosts (DNS
 * rebinding); what a request may cost is bounded: its head, its body, its time, how many there are.
 *
 * A handler sees one request at a time, on the server's thread; pd_http_lock keeps it from running while
 * another thread changes what it looks at. */
#ifndef PD_IO_HTTP_H
#define PD_IO_HTTP_H

#include "base/buffer.h"

#include <paydirt/error.h>

#include <stdbool.h>
#include <stdint.h>

enum { PD_HTTP_TOKEN = 33, PD_HTTP_BODY_MOST = 64 * 1024, PD_HTTP_ADDRESS = 160 };

/* --- who may ask --- */

/* What a request is let in by. */
struct pd_http_gate {
    bool loopback; /* only hosts of this machine may be named */
    bool tls;
    int port;
    char host[128];            /* another name that stands for us, such as this machine's; or "" */
    char full[PD_HTTP_TOKEN];  /* the token that may all */
    char watch[PD_HTTP_TOKEN]; /* the one that may look */
};

/* host, origin, token: as the request has them, or NULL. *watch: it may only look. 0, or the HTTP status to
 * refuse it with: 400 without host, 421 a host that is not us, 403 of another page, or a change with the
 * token that may look; 401 without a token. */
int pd_http_admit(const struct pd_http_gate *gate, const char *method, const char *host, const char *origin,
                  const char *token, bool *watch);

/* --- requests --- */

struct pd_http_request {
    const char *method, *path; /* the path without what follows '?' */
    const char *body;          /* (size), no more than PD_HTTP_BODY_MOST */
    size_t size;
    const char *token;                                           /* that it came with */
    bool watch;                                                  /* it may only look */
    const char *(*query)(const void *context, const char *name); /* after '?', decoded; or NULL */
    const void *context;
};

struct pd_http_reply {
    int code;         /* 200 where nothing is said */
    const char *type; /* "application/json" where nothing is said */
    char file[64];    /* to be saved under this name; "": to be shown */
    bool events;      /* goes on: server-sent events, whenever pd_http_tell is called */
    struct pd_buffer body;
};

struct pd_http_options {
    const char *listen;            /* an address; NULL: 127.0.0.1 */
    int port;                      /* 0: any that is free */
    const char *certificate, *key; /* PEM files; NULL: none */
    void *context;
    void (*handle)(void *context, const struct pd_http_request *request, struct pd_http_reply *reply);
    /* The data of an event, one line; for the first, too. May be NULL. */
    void (*event)(void *context, bool watch, struct pd_buffer *line);
    void (*tick)(void *context); /* some times a second; may be NULL */
};

struct pd_http;

/* PD_ERR_IO: the port is taken, or the address not ours; PD_ERR_FORMAT: certificate and key are none;
 * PD_ERR_MEMORY; PD_ERR_UNSUPPORTED: built without libmicrohttpd. */
enum pd_status pd_http_start(const struct pd_http_options *o, struct pd_http **out, struct pd_error *err);
void pd_http_stop(struct pd_http *http); /* also NULL; waits for the thread */

const struct pd_http_gate *pd_http_gate(const struct pd_http *http);
/* "http://127.0.0.1:8765/?token=…", into text; returns text. */
char *pd_http_address(const struct pd_http *http, bool watch, char text[PD_HTTP_ADDRESS]);

void pd_http_lock(struct pd_http *http);
void pd_http_unlock(struct pd_http *http);
void pd_http_tell(struct pd_http *http); /* an event for all who listen; any thread */

/* Whether the address is this machine's own, which nobody else can reach. */
bool pd_http_is_loopback(const char *address);
bool pd_http_is_address(const char *text); /* of IPv4 or IPv6, and no name */

#endif
