/* From the page's book into files that a run takes, as it takes any answers. The run's journal says what it
 * has; the later word counts. */
#include "serve/export.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/jsonl.h"

#include <paydirt/page.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What the run's journal says last of each image. */
struct known {
    const struct pd_book *book;
    int64_t *time;  /* (data->count), in milliseconds */
    int32_t *label; /* (data->count), PD_ANSWER_SKIP, or -1 */
};

static int64_t read_time(const char *text)
{
    struct tm utc = {.tm_isdst = 0};
    return text && strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc) ? (int64_t)timegm(&utc) * 1000 : 0;
}

static enum pd_status take_event(void *context, const json_t *event, int64_t line, struct pd_error *err)
{
    struct known *k = context;
    const char *kind = json_string_value(json_object_get(event, "event"));
    const char *name = json_string_value(json_object_get(event, "image"));
    const char *label = json_string_value(json_object_get(event, "label"));
    (void)line, (void)err;
    if (!kind || !name || !label || (strcmp(kind, "answer") != 0 && strcmp(kind, "correct") != 0))
        return PD_OK;
    const int64_t image = pd_image_find(&k->book->asked->index, name);
    if (image < 0)
        return PD_OK;
    k->label[image] = pd_book_class(k->book, label);
    k->time[image] = read_time(json_string_value(json_object_get(event, "time")));
    return PD_OK;
}

static enum pd_status read_journal(struct known *k, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    const uint32_t n = k->book->asked->data->count;
    k->time = pd_calloc(n, sizeof *k->time);
    k->label = pd_malloc(n * sizeof *k->label);
    if (!k->time || !k->label)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u answers", n);
    for (uint32_t i = 0; i < n; i++)
        k->label[i] = -1;
    const enum pd_status status = pd_path_join(path, sizeof path, k->book->asked->run, "journal.jsonl", err);
    return status || pd_is_absent(path) ? status : pd_jsonl_each(path, take_event, k, err);
}

/* --- what is new --- */

enum news { NOTHING, NEW, CHANGED };

/* What the run has otherwise stands where it is newer than the page. Where it is older and the page knew of
 * it, the page has changed its mind; where the page did not, the run will name both. */
static enum news judge(const struct known *k, uint32_t image, const struct pd_verdict *v)
{
    const int32_t has = k->label[image];
    if (v->label == -1 || v->label == has)
        return NOTHING;
    if (has == -1)
        return NEW;
    if (k->time[image] > v->time)
        return NOTHING;
    return pd_book_ever(k->book, image, has) ? CHANGED : NEW;
}

static void sort_out(const struct known *k, int32_t *fresh, int32_t *changed, struct pd_page_handed *out)
{
    const struct pd_book *b = k->book;
    for (uint32_t i = 0; i < b->asked->data->count; i++) {
        fresh[i] = changed[i] = -1;
        if (!b->last[i])
            continue;
        const struct pd_verdict v = pd_book_verdict(b, i);
        out->disputed += v.disputed;
        out->waiting += v.people && !v.disputed && !pd_verdict_is_final(b, &v);
        if (!pd_verdict_is_final(b, &v))
            continue;
        const enum news news = judge(k, i, &v);
        fresh[i] = news == NEW ? v.label : -1;
        changed[i] = news == CHANGED ? v.label : -1;
    }
}

/* Counts each image whose answer the run has and that was taken back here since: no file of answers says
 * "not any more". Ends the use of k->label. */
static void count_taken_back(const struct known *k, struct pd_page_handed *out)
{
    const struct pd_book *b = k->book;
    for (size_t i = 0; i < b->count; i++) {
        const struct pd_press *undo = &b->at[i];
        const struct pd_press *p = undo->kind == PD_PRESS_UNDO ? pd_book_find(b, undo->was) : NULL;
        if (!p || k->label[p->image] != p->label || k->time[p->image] > undo->time)
            continue;
        const struct pd_verdict v = pd_book_verdict(b, p->image);
        out->taken_back += !v.people && !v.settled;
        k->label[p->image] = -1; /* once */
    }
}

/* --- the files --- */

static enum pd_status write_rows(const struct pd_book *b, const char *name, const int32_t *labels, int64_t *n,
                                 struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_buffer text = PD_BUFFER_INIT;
    pd_export_rows(b, labels, &text, n);
    enum pd_status status = text.oom ? pd_fail_memory(err, name) : PD_OK;
    if (!status)
        status = pd_path_inside(path, sizeof path, b->asked->run, name, err);
    if (!status)
        status = *n ? pd_file_write_atomic(path, text.data, text.size, err) : pd_file_remove(path, err);
    pd_buffer_release(&text);
    return status;
}

static enum pd_status list_classes(const struct pd_book *b, struct pd_page_handed *out, struct pd_error *err)
{
    size_t used = 0;
    for (int i = b->run_classes; i < b->class_count; i++) {
        used += (size_t)snprintf(out->add_class + used, sizeof out->add_class - used, "%s%s", used ? "," : "",
                                 b->classes[i].name);
        if (used >= sizeof out->add_class)
            return pd_fail(err, PD_ERR_USAGE, -1,
                           "%s: the names of the added classes are longer than %zu bytes", b->asked->run,
                           sizeof out->add_class - 1);
    }
    return PD_OK;
}

static enum pd_status hand_over(const struct pd_book *b, struct pd_page_handed *out, struct pd_error *err)
{
    struct known k = {.book = b};
    const uint32_t n = b->asked->data->count;
    int32_t *labels = pd_calloc(n, 2 * sizeof *labels);
    enum pd_status status =
        labels ? read_journal(&k, err) : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u answers", n);
    if (!status) {
        sort_out(&k, labels, labels + n, out);
        count_taken_back(&k, out);
        status = write_rows(b, "page.csv", labels, &out->answers, err);
    }
    if (!status)
        status = write_rows(b, "page.correct.csv", labels + n, &out->corrections, err);
    if (!status)
        status = list_classes(b, out, err);
    pd_free(labels);
    pd_free(k.time);
    pd_free(k.label);
    return status;
}

enum pd_status pd_page_hand_over(const char *run, struct pd_page_handed *out, struct pd_error *err)
{
    struct pd_asked_images asked;
    struct pd_book book;
    memset(out, 0, sizeof *out);
    if (!pd_book_is_there(run))
        return PD_OK;
    enum pd_status status = pd_asked_open(run, NULL, &asked, err);
    if (status)
        return status;
    status = pd_book_open(&asked, false, &book, err);
    if (!status)
        status = hand_over(&book, out, err);
    pd_book_close(&book);
    pd_asked_close(&asked);
    return status;
}
