#include "serve/watch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/threads.h"
#include "io/file.h"
#include "io/json.h"
#include "io/machine.h"
#include "serve/label.h"
#include "study/study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_SECONDS 1.0
enum { PICTURE_MOST = 32 << 20 };

/* --- a run --- */

/* Seconds since its log last grew, or NAN. */
static double quiet_seconds(const struct pd_view *v)
{
    return v->log.st_mtim.tv_sec ? difftime(time(NULL), v->log.st_mtim.tv_sec) : NAN;
}

static double epoch_seconds(const struct pd_view *v)
{
    const double images = v->epoch > 0 ? (double)v->step / (double)v->epoch * (double)v->o.batch : NAN;
    return v->images_per_second > 0 ? images / v->images_per_second : NAN;
}

/* By its files alone: a run leaves no word when it is killed. */
static const char *state_of(const struct pd_view *v)
{
    const double epoch = epoch_seconds(v);
    if (v->words[0])
        return "cannot be read";
    if (!v->training[0] || !v->epoch)
        return "nothing yet";
    if (v->epoch >= v->o.epochs)
        return v->active ? "round trained" : "finished";
    const double patience = v->active ? 1800 : 60; /* between rounds it scores and measures */
    return quiet_seconds(v) > patience + 3 * (isfinite(epoch) ? epoch : 600) ? "silent" : "running";
}

static json_t *latest_json(const struct pd_view *v)
{
    json_t *all = json_object();
    for (size_t i = 0; i < v->count; i++)
        json_object_set_new(all, v->series[i].name, pd_json_real(v->series[i].y[v->series[i].n - 1]));
    return all;
}

static json_t *captions_json(const struct pd_view *v)
{
    json_t *all = json_array();
    for (size_t i = 0; i < v->picture_count; i++)
        json_array_append_new(all, json_string(v->captions[i]));
    return all;
}

static json_t *run_json(const struct pd_view *v)
{
    const double left = (double)(v->o.epochs - v->epoch) * epoch_seconds(v);
    const char *round = v->active && v->training[0] ? v->training + strlen(v->path) + 1 : "";
    return json_pack(
        "{s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:O, s:o, s:s}", "name",
        v->name, "path", v->path, "active", (int)v->active, "round", round, "state", state_of(v), "data",
        v->o.data, "model", v->o.model, "epoch", (json_int_t)v->epoch, "epochs", (json_int_t)v->o.epochs,
        "step", (json_int_t)v->step, "seed", (json_int_t)v->o.seed, "images_per_second",
        pd_json_real(v->images_per_second), "left", pd_json_real(left > 0 ? left : 0), "quiet",
        pd_json_real(quiet_seconds(v)), "latest", latest_json(v), "results", v->results, "pictures",
        captions_json(v), "words", v->words);
}

static json_t *machine_json(const struct pd_watch_page *w)
{
    double load = NAN;
    getloadavg(&load, 1);
    return json_pack("{s:i, s:o, s:o, s:o}", "processors", pd_threads_available(), "load", pd_json_real(load),
                     "memory_free", pd_json_real(pd_memory_free()), "disk_free",
                     pd_json_real(w->count ? pd_disk_free(w->views[0].path) : NAN));
}

static void get_watch(struct pd_watch_page *w, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    struct pd_view_chart charts[PD_CHARTS_MOST];
    const size_t n = pd_view_charts(w->views, w->count, w->studies, charts);
    (void)r;
    pd_mem_watch();
    json_t *runs = json_array(), *names = json_array();
    for (size_t i = 0; i < w->count; i++)
        json_array_append_new(runs, run_json(&w->views[i]));
    for (size_t i = 0; i < n; i++)
        json_array_append_new(names, json_string(charts[i].name));
    pd_reply_json(reply, json_pack("{s:o, s:o, s:o, s:I}", "runs", runs, "charts", names, "machine",
                                   machine_json(w), "revision", (json_int_t)w->revision));
}

/* --- charts and pictures, by their numbers --- */

static long number_of(const struct pd_http_request *r, const char *name, size_t count)
{
    char *end = NULL;
    const char *text = r->query(r->context, name);
    const long value = text ? strtol(text, &end, 10) : -1;
    return text && end != text && !*end && value >= 0 && value < (long)count ? value : -1;
}

static json_t *frame_json(const struct pd_chart_frame *f)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:i}", "left", f->left, "right", f->right,
                     "top", f->top, "bottom", f->bottom, "x0", f->x0, "x1", f->x1, "y0", f->y0, "y1", f->y1,
                     "width", f->width, "height", f->height);
}

static void get_chart(struct pd_watch_page *w, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    struct pd_view_chart charts[PD_CHARTS_MOST];
    struct pd_chart_frame frame = {.width = 0};
    struct pd_buffer svg = PD_BUFFER_INIT;
    struct pd_error err = {.message = ""};
    json_t *curves = NULL;
    const long at = number_of(r, "n", pd_view_charts(w->views, w->count, w->studies, charts));
    if (at < 0) {
        pd_reply_refuse(reply, 404, "no such chart");
        return;
    }
    pd_mem_watch();
    if (pd_view_draw(w->views, w->count, w->studies, &charts[at], &svg, &frame, &curves, &err))
        pd_reply_refuse(reply, 500, err.message);
    else
        pd_reply_json(reply, json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", charts[at].name, "x",
                                       charts[at].by_labels ? "labels" : "epoch", "svg", svg.data, "frame",
                                       frame_json(&frame), "curves", curves ? curves : json_array()));
    pd_buffer_release(&svg);
}

static void get_picture(struct pd_watch_page *w, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    const long run = number_of(r, "run", w->count);
    const long at = run < 0 ? -1 : number_of(r, "n", w->views[run].picture_count);
    if (at < 0 || pd_file_read_most(w->views[run].pictures[at], PICTURE_MOST, &reply->body, NULL)) {
        pd_buffer_release(&reply->body);
        pd_reply_refuse(reply, 404, "no such picture");
        return;
    }
    reply->type = "image/png";
}

static const struct {
    const char *path;
    void (*handle)(struct pd_watch_page *w, const struct pd_http_request *r, struct pd_http_reply *reply);
} handlers[] = {{"/api/watch", get_watch}, {"/api/chart", get_chart}, {"/api/picture", get_picture}};

bool pd_watch_page_handle(struct pd_watch_page *w, const struct pd_http_request *r,
                          struct pd_http_reply *reply)
{
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
        if (!strcmp(r->path, handlers[i].path) && !strcmp(r->method, "GET")) {
            handlers[i].handle(w, r, reply);
            return true;
        }
    return false;
}

/* --- life --- */

/* Label-efficiency curves, where there are some yet. */
static void read_studies(struct pd_watch_page *w)
{
    char *runs[PD_WATCH_RUNS];
    int n = 0;
    for (size_t i = 0; i < w->count; i++)
        if (w->views[i].active)
            runs[n++] = w->views[i].path;
    pd_studies_destroy(w->studies);
    w->studies = NULL;
    if (n && pd_studies_read(runs, n, false, &w->studies, NULL))
        w->studies = NULL;
}

enum pd_status pd_watch_page_open(struct pd_watch_page *w, char *const *runs, int count, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    memset(w, 0, sizeof *w);
    if (count > PD_WATCH_RUNS)
        return pd_fail(err, PD_ERR_USAGE, -1, "%d runs, expected at most %d", count, (int)PD_WATCH_RUNS);
    for (int i = 0; i < count && !status; i++) {
        status = pd_view_open(runs[i], &w->views[w->count], err);
        w->count += !status;
    }
    if (status)
        pd_watch_page_close(w);
    else
        read_studies(w);
    w->revision++;
    return status;
}

void pd_watch_page_close(struct pd_watch_page *w)
{
    for (size_t i = 0; i < w->count; i++)
        pd_view_close(&w->views[i]);
    pd_studies_destroy(w->studies);
    w->studies = NULL;
    w->count = 0;
}

void pd_watch_page_tick(struct pd_watch_page *w)
{
    const double now = pd_seconds();
    bool changed = false, rounds = false;
    if (!w->count || now - w->looked < LOOK_SECONDS)
        return;
    w->looked = now;
    for (size_t i = 0; i < w->count; i++) {
        const uint64_t before = w->views[i].rounds;
        changed = pd_view_refresh(&w->views[i]) || changed;
        rounds = rounds || before != w->views[i].rounds;
    }
    if (rounds)
        read_studies(w);
    w->revision += changed;
}
