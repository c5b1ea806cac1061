/* The page on which people answer: what its requests ask for, and what they get. */
#ifndef PD_SERVE_LABEL_H
#define PD_SERVE_LABEL_H

#include "io/http.h"
#include "io/lock.h"
#include "serve/book.h"
#include "serve/windows.h"

#include <paydirt/page.h>

struct pd_label {
    struct pd_asked_images asked;
    struct pd_book book;
    struct pd_windows windows;
    struct pd_lock lock; /* one server for a run */
    bool open;           /* the above are there */
    bool busy;           /* it is not waited for people */
    bool done;           /* somebody pressed "go on" */
    char words[640];     /* what goes on; where it is not busy: what is wrong */
    uint64_t revision;   /* rises with every change */
};

/* Takes over asked, in the place of what was there before. people: that must answer each image. PD_ERR_IO:
 * another process serves this run's page; after a failure there is nothing to show. */
enum pd_status pd_label_open(struct pd_label *l, struct pd_asked_images *asked, int people,
                             struct pd_error *err);
void pd_label_close(struct pd_label *l); /* also a zeroed one */

/* Whether the path is one of this page's; then it is answered. */
bool pd_label_handle(struct pd_label *l, const struct pd_http_request *request, struct pd_http_reply *reply);

struct pd_page_count pd_label_progress(const struct pd_label *l);

/* --- for the pages' files --- */

/* A text for people that a request is refused with: {"error": words}. */
void pd_reply_refuse(struct pd_http_reply *reply, int code, const char *words);
/* Takes over value; NULL: out of memory. */
struct json_t;
void pd_reply_json(struct pd_http_reply *reply, struct json_t *value);

/* What stands in an image's file, where that is still the image, or its pixels as PNG. small: those as the
 * networks see them. */
void pd_label_picture(const struct pd_asked_images *asked, const char *number, bool small,
                      struct pd_http_reply *reply);

#endif
