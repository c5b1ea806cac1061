/* A report: one HTML file with all its pictures in it. */
#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"
#include "serve/html.h"
#include "serve/page_files.h"
#include "serve/queries.h"
#include "serve/view.h"
#include "study/study.h"

#include <paydirt/page.h>
#include <paydirt/version.h>

#include <math.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PICTURE_MOST = 8 << 20, PICTURES_MOST = 40, QUERIES_MOST = 50, ROWS_MOST = 100 };

struct report {
    struct pd_view *views; /* (n) */
    size_t n;
    struct pd_studies *studies; /* NULL: nothing is measured yet */
    char why[512];              /* why not */
    const char *baseline;
    struct pd_buffer out;
};

/* --- pictures in the file --- */

static enum pd_status image(struct report *r, const char *type, const struct pd_buffer *bytes,
                            const char *alt, struct pd_error *err)
{
    const size_t size = BASE64_ENCODE_RAW_LENGTH(bytes->size);
    char *coded = pd_malloc(size + 1);
    if (!coded)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture of the report");
    base64_encode_raw(coded, bytes->size, (const uint8_t *)bytes->data);
    pd_buffer_printf(&r->out, "<figure><img src=\"data:%s;base64,", type);
    pd_buffer_append(&r->out, coded, size);
    pd_html(&r->out, "\" alt=\"");
    pd_html_text(&r->out, alt);
    pd_html(&r->out, "\">");
    if (strcmp(type, "image/png") == 0) /* charts have their titles in them */
        pd_html_tag(&r->out, "figcaption", alt);
    pd_html(&r->out, "</figure>\n");
    pd_free(coded);
    return PD_OK;
}

/* --- what was run --- */

/* Options that are not as they are by default; where all is set, the rest is folded away. */
static void options(struct report *r, const struct pd_view *v)
{
    struct pd_train_options plain;
    int count;
    char value[2048], usual[2048];
    const struct pd_option *all = pd_train_option_table(&count);
    pd_train_options_init(&plain);
    for (int folded = 0; folded < 2; folded++) {
        pd_html(&r->out,
                folded
                    ? "<details><summary>all other options, as they are by default</summary><table><tbody>\n"
                    : "<table><tbody>\n");
        for (int i = 0; i < count; i++) {
            pd_option_text(&all[i], &v->o, value, sizeof value);
            pd_option_text(&all[i], &plain, usual, sizeof usual);
            if ((strcmp(value, usual) == 0) != folded)
                continue;
            pd_html(&r->out, "<tr><th scope=\"row\">");
            pd_html_text(&r->out, all[i].name);
            pd_html(&r->out, "</th>");
            pd_html_tag(&r->out, "td", value);
            pd_html(&r->out, "</tr>\n");
        }
        pd_html(&r->out, folded ? "</tbody></table></details>\n" : "</tbody></table>\n");
    }
}

static void runs(struct report *r)
{
    pd_html(&r->out, "<section><h2>What was run</h2>\n");
    for (size_t i = 0; i < r->n; i++) {
        const struct pd_view *v = &r->views[i];
        pd_html_tag(&r->out, "h3", v->name);
        pd_buffer_printf(&r->out, "<p>%s; ", v->active ? "active learning" : "training");
        if (v->training[0])
            pd_buffer_printf(&r->out, "epoch %lld of %lld, step %lld", (long long)v->epoch,
                             (long long)v->o.epochs, (long long)v->step);
        if (v->active && v->training[0]) {
            pd_html(&r->out, " of ");
            pd_html_text(&r->out, v->training + strlen(v->path) + 1);
        }
        pd_html(&r->out, "</p>\n");
        options(r, v);
    }
    pd_html(&r->out, "</section>\n");
}

/* --- curves and pictures --- */

static enum pd_status curves(struct report *r, struct pd_error *err)
{
    struct pd_view_chart charts[PD_CHARTS_MOST];
    const size_t n = pd_view_charts(r->views, r->n, r->studies, charts);
    enum pd_status status = PD_OK;
    pd_html(&r->out, "<section class=\"figures\"><h2>Curves</h2>\n");
    for (size_t i = 0; i < n && !status; i++) {
        struct pd_buffer svg = PD_BUFFER_INIT;
        status = pd_view_draw(r->views, r->n, r->studies, &charts[i], &svg, NULL, NULL, err);
        if (!status)
            status = image(r, "image/svg+xml", &svg, charts[i].name, err);
        pd_buffer_release(&svg);
    }
    pd_html(&r->out, "</section>\n");
    return status;
}

/* Of a run the first grid and the last, and all queries. */
static bool is_shown(const struct pd_view *v, size_t i)
{
    const bool grid = !strncmp(v->captions[i], "epoch ", 6);
    const bool last = i + 1 == v->picture_count || strncmp(v->captions[i + 1], "epoch ", 6) != 0;
    return !grid || i == 0 || last;
}

static enum pd_status pictures(struct report *r, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    int shown = 0;
    char alt[256];
    pd_html(&r->out, "<section class=\"figures\"><h2>Pictures</h2>\n");
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < r->views[i].picture_count && !status && shown < PICTURES_MOST; k++) {
            struct pd_buffer png = PD_BUFFER_INIT;
            const struct pd_view *v = &r->views[i];
            if (!is_shown(v, k))
                continue;
            snprintf(alt, sizeof alt, "%s, %s", v->name, v->captions[k]);
            if (!pd_file_read_most(v->pictures[k], PICTURE_MOST, &png, NULL)) {
                status = image(r, "image/png", &png, alt, err);
                shown++;
            }
            pd_buffer_release(&png);
        }
    pd_html(&r->out, shown ? "</section>\n" : "<p>None.</p></section>\n");
    return status;
}

/* --- tables --- */

/* Of very many rows, such as each epoch's, what they come to; all of them folded away. */
static void compared_rows(struct report *r, const json_t *rows)
{
    static const char caption[] = "mean, standard deviation, standard error";
    json_t *row, *some = json_array();
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        const char *figure = json_string_value(json_object_get(row, "figure"));
        if (figure && strcmp(figure, "point") != 0)
            json_array_append(some, row);
    }
    const bool many = json_array_size(rows) > ROWS_MOST;
    pd_html_table(&r->out, caption, many ? some : rows);
    if (many) {
        pd_buffer_printf(&r->out, "<details><summary>all %zu rows</summary>\n", json_array_size(rows));
        pd_html_table(&r->out, caption, rows);
        pd_html(&r->out, "</details>\n");
    }
    json_decref(some);
}

static void unlike(struct report *r)
{
    char words[700];
    for (const struct pd_study *s = pd_studies_first(r->studies); s; s = s->next)
        if (s->unlike) {
            snprintf(words, sizeof words, "%.100s: not all were measured alike: %s", s->measure, s->unlike);
            pd_html_tag(&r->out, "p", words);
        }
}

/* The numbers of `paydirt compare --json`, as it prints them. */
static enum pd_status compared(struct report *r, struct pd_error *err)
{
    char *json = NULL;
    pd_html(&r->out, "<section><h2>Compared</h2>\n");
    if (!r->studies) {
        pd_html_tag(&r->out, "p", r->why);
        pd_html(&r->out, "</section>\n");
        return PD_OK;
    }
    enum pd_status status = pd_studies_json(r->studies, r->baseline, &json, err);
    json_t *rows = status ? NULL : json_loads(json, 0, NULL);
    if (!status) {
        pd_buffer_printf(&r->out,
                         "<p>Means over trials, and paired differences to the baseline over trials with the "
                         "same seed: p of a paired t-test and of sign flips, not corrected for the number "
                         "of comparisons. Accuracies are parts of 1.</p>\n");
        unlike(r);
        compared_rows(r, rows);
        pd_html(&r->out, "<script type=\"application/json\" id=\"compare\">");
        for (char *at = json, *end; *at; at = end) { /* nothing in it may end the script */
            end = at + strcspn(at, "<");
            pd_buffer_append(&r->out, at, (size_t)(end - at));
            if (*end)
                pd_html(&r->out, "\\u003c");
            end += *end != '\0';
        }
        pd_html(&r->out, "</script></section>\n");
    }
    json_decref(rows);
    free(json);
    return status;
}

static void results(struct report *r)
{
    pd_html(&r->out, "<section><h2>Results</h2>\n");
    for (size_t i = 0; i < r->n; i++)
        if (json_array_size(r->views[i].results)) {
            char caption[192];
            snprintf(caption, sizeof caption, "%s: %s", r->views[i].name,
                     r->views[i].active ? "rounds" : "what was measured");
            pd_html_table(&r->out, caption, r->views[i].results);
        }
    pd_html(&r->out, "</section>\n");
}

/* By round: how many, and folded away the first of each. */
static enum pd_status queries(struct report *r, const struct pd_view *v, struct pd_error *err)
{
    json_t *rounds, *round;
    char caption[256];
    size_t i;
    const enum pd_status status = pd_queries_read(v->path, QUERIES_MOST, &rounds, err);
    if (status || !json_array_size(rounds)) {
        json_decref(rounds);
        return status;
    }
    snprintf(caption, sizeof caption, "%s: what was asked", v->name);
    pd_html_table(&r->out, caption, rounds);
    pd_html(&r->out, "<details><summary>the images that were asked about</summary>\n");
    json_array_foreach(rounds, i, round)
    {
        const json_t *images = json_object_get(round, "images");
        const json_int_t asked = json_integer_value(json_object_get(round, "asked"));
        snprintf(caption, sizeof caption,
                 "%.100s, round %" JSON_INTEGER_FORMAT ": the first %zu of %" JSON_INTEGER_FORMAT,
                 json_string_value(json_object_get(round, "branch")),
                 json_integer_value(json_object_get(round, "round")), json_array_size(images), asked);
        pd_html_table(&r->out, caption, images);
    }
    pd_html(&r->out, "</details>\n");
    json_decref(rounds);
    return PD_OK;
}

static enum pd_status all_queries(struct report *r, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const size_t before = r->out.size;
    pd_html(&r->out, "<section><h2>Queries</h2>\n");
    const size_t begun = r->out.size;
    for (size_t i = 0; i < r->n && !status; i++)
        if (r->views[i].active)
            status = queries(r, &r->views[i], err);
    if (r->out.size == begun)
        r->out.size = before; /* there are none */
    else
        pd_html(&r->out, "</section>\n");
    return status;
}

/* --- all of it --- */

static void begin(struct report *r)
{
    char date[32];
    struct tm utc;
    const time_t now = time(NULL);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &utc));
    pd_html(
        &r->out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
        "'unsafe-inline'\">\n<title>");
    pd_html_text(&r->out, r->views[0].name);
    pd_html(&r->out, ": report</title>\n<style>\n");
    for (size_t i = 0; i < pd_page_file_count; i++)
        if (!strcmp(pd_page_files[i].name, "report.css"))
            pd_buffer_append(&r->out, pd_page_files[i].text, pd_page_files[i].size);
    pd_html(&r->out, "</style></head><body><main><h1>");
    for (size_t i = 0; i < r->n; i++) {
        pd_html_text(&r->out, i ? ", " : "");
        pd_html_text(&r->out, r->views[i].name);
    }
    pd_buffer_printf(&r->out, "</h1><p class=\"soft\">paydirt %s, %s</p>\n", pd_version(), date);
}

static enum pd_status write_all(struct report *r, const char *path, struct pd_error *err)
{
    begin(r);
    enum pd_status status = compared(r, err);
    if (!status)
        status = curves(r, err);
    if (!status)
        results(r);
    if (!status)
        status = all_queries(r, err);
    if (!status)
        status = pictures(r, err);
    if (!status)
        runs(r);
    pd_html(&r->out, "</main></body></html>\n");
    if (!status && r->out.oom)
        status = pd_fail_memory(err, path);
    return status ? status : pd_file_write_atomic(path, r->out.data, r->out.size, err);
}

/* What has nothing to compare yet has the rest. */
static enum pd_status read_studies(struct report *r, char *const *names, struct pd_error *err)
{
    struct pd_error why = {.message = ""};
    enum pd_status status = pd_studies_read(names, (int)r->n, false, &r->studies, &why);
    if (status == PD_ERR_MISMATCH) {
        snprintf(r->why, sizeof r->why, "%s", why.message);
        r->studies = NULL;
        return PD_OK;
    }
    if (status && err)
        *err = why;
    if (status)
        r->studies = NULL;
    return status || strcmp(r->baseline, "random") == 0
               ? status
               : pd_studies_check_baseline(r->studies, r->baseline, err);
}

enum pd_status pd_report_write(char *const *names, int count, const char *baseline, const char *path,
                               struct pd_error *err)
{
    struct report r = {.baseline = baseline, .views = pd_calloc((size_t)count, sizeof *r.views)};
    enum pd_status status =
        r.views ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d runs", count);
    for (int i = 0; i < count && !status; i++) {
        status = pd_view_open(names[i], &r.views[r.n], err);
        r.n += !status;
    }
    if (!status)
        status = read_studies(&r, names, err);
    if (!status)
        status = write_all(&r, path, err);
    pd_buffer_release(&r.out);
    pd_studies_destroy(r.studies);
    for (size_t i = 0; i < r.n; i++)
        pd_view_close(&r.views[i]);
    pd_free(r.views);
    return status;
}
