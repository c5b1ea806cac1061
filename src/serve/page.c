#include "serve/page.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/words.h"
#include "io/json.h"
#include "serve/page_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_SECONDS  1.0 /* between looks at queries.csv */
#define AGAIN_SECONDS 2.0 /* before what could not be read is read again */
enum { PORT = 8765 };

/* --- files --- */

/* A page's files name each other with @TOKEN@ behind, for which the one stands that this was asked for with.
 */
static void append_with_token(struct pd_buffer *out, const char *text, size_t size, const char *token)
{
    static const char mark[] = "@TOKEN@";
    for (const char *end = text + size;;) {
        const char *at = memmem(text, (size_t)(end - text), mark, sizeof mark - 1);
        pd_buffer_append(out, text, (size_t)((at ? at : end) - text));
        if (!at)
            return;
        pd_buffer_append(out, token, strlen(token));
        text = at + sizeof mark - 1;
    }
}

static const char *type_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return !strcmp(dot, ".html")  ? "text/html; charset=utf-8"
           : !strcmp(dot, ".js")  ? "text/javascript; charset=utf-8"
           : !strcmp(dot, ".css") ? "text/css; charset=utf-8"
                                  : "image/svg+xml";
}

static bool get_file(const char *name, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    for (size_t i = 0; i < pd_page_file_count; i++) {
        const struct pd_page_file *f = &pd_page_files[i];
        if (strcmp(f->name, name) != 0)
            continue;
        reply->type = type_of(name);
        append_with_token(&reply->body, (const char *)f->text, f->size, r->token);
        return true;
    }
    return false;
}

/* --- requests --- */

static const char *front(const struct pd_page *p, const struct pd_http_request *r)
{
    const bool labels = p->label.open || p->label.busy || !p->watch.count;
    return r->watch || !labels ? "watch.html" : "label.html";
}

void pd_page_handle(void *page, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    struct pd_page *p = page;
    const bool get = !strcmp(r->method, "GET");
    if (get && !strcmp(r->path, "/api/events")) {
        reply->events = true;
        return;
    }
    if (pd_label_handle(&p->label, r, reply) || pd_watch_page_handle(&p->watch, r, reply))
        return;
    if (get && get_file(!strcmp(r->path, "/") ? front(p, r) : r->path + 1, r, reply))
        return;
    pd_reply_refuse(reply, 404, "no such page");
}

/* A listener learns that something has changed, and asks for what it needs. */
static void on_event(void *page, bool watch, struct pd_buffer *line)
{
    const struct pd_page *p = page;
    char *text = NULL;
    (void)watch;
    pd_mem_watch();
    json_t *value = json_pack("{s:I, s:I, s:b, s:b, s:s}", "watched", (json_int_t)p->watch.revision,
                              "revision", (json_int_t)p->label.revision, "open", (int)p->label.open, "busy",
                              (int)p->label.busy, "words", p->label.words);
    if (!pd_json_text(value, JSON_COMPACT, "event", &text, NULL))
        pd_buffer_append(line, text, strlen(text));
    free(text);
    json_decref(value);
}

static void on_tick(void *page)
{
    struct pd_page *p = page;
    const double now = pd_seconds();
    pd_watch_page_tick(&p->watch);
    if (p->label.revision != p->told || p->watch.revision != p->watched)
        pd_http_tell(p->http);
    p->told = p->label.revision;
    p->watched = p->watch.revision;
    if (p->label.open && now - p->looked > LOOK_SECONDS) {
        p->looked = now;
        p->old = pd_asked_is_old(&p->label.asked);
        if (!p->old && !p->label.busy && p->label.words[0]) { /* it is back as it was */
            p->label.words[0] = '\0';
            p->label.revision++;
        }
    }
}

/* --- life --- */

static enum pd_status check_place(const struct pd_page_place *place, struct pd_error *err)
{
    if (!place->certificate != !place->key)
        return pd_hint(err, pd_fail(err, PD_ERR_USAGE, -1, "a certificate and its key go together"),
                       place->key ? "certificate" : "key");
    if (place->port < 0 || place->port > UINT16_MAX)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1, "port %d, expected 0 to %d", place->port, UINT16_MAX),
                       "port");
    if (place->listen && pd_http_is_address(place->listen) && !pd_http_is_loopback(place->listen) &&
        !place->certificate && !place->insecure)
        return pd_hint(err,
                       pd_hint(err,
                               pd_hint(err,
                                       pd_fail(err, PD_ERR_USAGE, -1,
                                               "listen %.60s: without TLS everybody between reads along, the "
                                               "address included: expected a certificate and its key",
                                               place->listen),
                                       "listen"),
                               "certificate=FILE"),
                       "all the same: insecure=true");
    return PD_OK;
}

static enum pd_status start(struct pd_page *p, const struct pd_page_place *place, struct pd_error *err)
{
    struct pd_http_options o = {place->listen,
                                place->port ? place->port : PORT,
                                place->certificate,
                                place->key,
                                p,
                                pd_page_handle,
                                on_event,
                                on_tick};
    struct pd_error first;
    enum pd_status status = pd_http_start(&o, &p->http, &first);
    if (status == PD_ERR_IO && !place->port) {
        o.port = 0;
        return pd_http_start(&o, &p->http, err);
    }
    if (status && err)
        *err = first;
    return status;
}

enum pd_status pd_page_open(const struct pd_page_place *place, struct pd_page **out, struct pd_error *err)
{
    *out = NULL;
    enum pd_status status = check_place(place, err);
    struct pd_page *p = status ? NULL : pd_calloc(1, sizeof *p);
    if (!p)
        return status ? status : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a page");
    p->label.busy = true;
    p->label.lock.fd = -1;
    status = start(p, place, err);
    if (status) {
        pd_free(p);
        return status;
    }
    pd_http_address(p->http, false, p->address);
    pd_http_address(p->http, true, p->watch_address);
    *out = p;
    return PD_OK;
}

void pd_page_close(struct pd_page *p)
{
    if (!p)
        return;
    pd_http_stop(p->http);
    pd_label_close(&p->label);
    pd_watch_page_close(&p->watch);
    pd_free(p);
}

const char *pd_page_address(const struct pd_page *p)
{
    return p->address;
}

const char *pd_page_watch_address(const struct pd_page *p)
{
    return p->watch_address;
}

/* --- watching --- */

enum pd_status pd_page_watch(struct pd_page *p, char *const *runs, int count, struct pd_error *err)
{
    struct pd_watch_page *fresh = pd_calloc(1, sizeof *fresh);
    if (!fresh)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d runs", count);
    enum pd_status status = pd_watch_page_open(fresh, runs, count, err);
    pd_http_lock(p->http);
    if (!status) {
        fresh->revision += p->watch.revision;
        pd_watch_page_close(&p->watch);
        p->watch = *fresh;
        p->label.busy = p->label.busy && p->label.open; /* nobody is asked there */
    }
    pd_http_unlock(p->http);
    pd_free(fresh);
    return status;
}

/* --- answering --- */

static enum pd_status show(struct pd_page *p, struct pd_asked_images *asked, struct pd_error *err)
{
    pd_http_lock(p->http);
    const enum pd_status status = pd_label_open(&p->label, asked, p->people, err);
    p->label.busy = false;
    p->label.words[0] = '\0';
    p->old = false;
    pd_http_unlock(p->http);
    return status;
}

enum pd_status pd_page_ask(struct pd_page *p, const char *run, int people,
                           const struct pd_active_watch *watch, struct pd_error *err)
{
    struct pd_asked_images asked;
    if (people < 0 || people > PD_PEOPLE_MOST)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1, "people %d: expected 1 to %d, or 0: as before", people,
                               (int)PD_PEOPLE_MOST),
                       "people");
    enum pd_status status = pd_asked_open(run, watch, &asked, err);
    if (status)
        return status;
    p->people = people;
    p->asker = watch;
    status = show(p, &asked, err);
    pd_http_lock(p->http);
    const bool watched = p->watch.count;
    pd_http_unlock(p->http);
    return status || watched ? status : pd_page_watch(p, (char *[]){(char *)(uintptr_t)run}, 1, err);
}

/* Said once, here and on the page. */
static void say_trouble(struct pd_page *p, const char *words)
{
    char line[sizeof p->label.words];
    snprintf(line, sizeof line, "%.500s: what was asked before is still shown, and it is read again", words);
    pd_make_printable(line);
    pd_http_lock(p->http);
    const bool again = !strcmp(p->label.words, line);
    pd_http_unlock(p->http);
    if (!again && p->asker && p->asker->train && p->asker->train->note)
        p->asker->train->note(p->asker->train->context, line);
    pd_page_tell(p, false, line);
}

/* A file that somebody is writing, or a folder that is away, is there again in a moment; nobody's work is to
 * end with it. */
static enum pd_status ask_anew(struct pd_page *p, const char *run, struct pd_error *err)
{
    struct pd_asked_images asked;
    struct pd_error trouble;
    if (!pd_asked_open(run, NULL, &asked, &trouble))
        return show(p, &asked, err);
    say_trouble(p, trouble.message);
    pd_http_lock(p->http);
    p->old = false;
    p->looked = pd_seconds() + AGAIN_SECONDS - LOOK_SECONDS;
    pd_http_unlock(p->http);
    return PD_OK;
}

void pd_page_tell(struct pd_page *p, bool busy, const char *words)
{
    pd_http_lock(p->http);
    if (p->label.busy != busy || strcmp(p->label.words, words) != 0) {
        p->label.busy = busy;
        snprintf(p->label.words, sizeof p->label.words, "%s", words);
        p->label.revision++;
    }
    pd_http_unlock(p->http);
}

static bool is_done(struct pd_page *p, struct pd_page_count *count)
{
    pd_http_lock(p->http);
    const bool done = p->label.done;
    p->label.done = false;
    if (count)
        *count = pd_label_progress(&p->label);
    pd_http_unlock(p->http);
    return done;
}

enum pd_status pd_page_wait(struct pd_page *p, bool (*stop)(void *context), void *context,
                            struct pd_page_count *count, struct pd_error *err)
{
    const struct timespec pause = {0, 100000000};
    char run[PD_PATH_SIZE];
    snprintf(run, sizeof run, "%s", p->label.asked.run);
    for (;;) {
        if (is_done(p, NULL))
            break;
        if (stop && stop(context)) {
            is_done(p, count);
            return pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped");
        }
        if (p->old) {
            const enum pd_status status = ask_anew(p, run, err);
            if (status)
                return status;
        }
        nanosleep(&pause, NULL);
    }
    is_done(p, count);
    return PD_OK;
}
