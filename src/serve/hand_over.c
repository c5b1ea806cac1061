/* From the page's book into files that a run takes, as it takes any answers. The run's journal says what it
 * has; the later word counts. */
#include "serve/export.h"

#include "active/people.h"
#include "base/mem.h"
#include "io/file.h"

#include <paydirt/page.h>

#include <stdio.h>
#include <string.h>

/* --- what is new --- */

enum news { NOTHING, NEW, CHANGED };

/* What the run has is older, or the verdict would be the same. Where the page knew of it, the page has
 * changed its mind; where the page did not, the run will name both. */
static enum news judge(const struct pd_book *b, uint32_t image, const struct pd_verdict *v)
{
    const int32_t has = b->asked->answers[image];
    if (v->label == -1 || v->label == has)
        return NOTHING;
    return has != -1 && pd_book_ever(b, image, has) ? CHANGED : NEW;
}

static void sort_out(const struct pd_book *b, int32_t *fresh, int32_t *changed, struct pd_page_handed *out)
{
    for (uint32_t i = 0; i < b->asked->data->count; i++) {
        fresh[i] = changed[i] = -1;
        if (!b->last[i])
            continue;
        const struct pd_verdict v = pd_book_verdict(b, i);
        out->disputed += v.disputed;
        out->waiting += pd_verdict_waits(b, &v);
        if (!pd_verdict_is_final(b, &v))
            continue;
        const enum news news = judge(b, i, &v);
        fresh[i] = news == NEW ? v.label : -1;
        changed[i] = news == CHANGED ? v.label : -1;
    }
}

/* Counts each image whose answer the run has and that was taken back here since: no file of answers says
 * "not any more". counted (data->count): all false. */
static void count_taken_back(const struct pd_book *b, bool *counted, struct pd_page_handed *out)
{
    const struct pd_asked_images *a = b->asked;
    for (size_t i = 0; i < b->count; i++) {
        const struct pd_press *undo = &b->at[i];
        const struct pd_press *p = undo->kind == PD_PRESS_UNDO ? pd_book_find(b, undo->was) : NULL;
        if (!p || counted[p->image] || a->answers[p->image] != p->label || a->times[p->image] > undo->time)
            continue;
        const struct pd_verdict v = pd_book_verdict(b, p->image);
        out->taken_back += !v.people && !v.settled;
        counted[p->image] = true;
    }
}

/* --- the files --- */

static enum pd_status write_rows(const struct pd_book *b, const char *name, const int32_t *labels, bool write,
                                 int64_t *n, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_buffer text = PD_BUFFER_INIT;
    pd_export_rows(b, labels, &text, n);
    enum pd_status status = text.oom ? pd_fail_memory(err, name) : PD_OK;
    if (!status)
        status = pd_path_inside(path, sizeof path, b->asked->run, name, err);
    if (!status && write)
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

static enum pd_status hand_over(const struct pd_book *b, bool write, struct pd_page_handed *out,
                                struct pd_error *err)
{
    const uint32_t n = b->asked->data->count;
    int32_t *labels = pd_calloc(n, 2 * sizeof *labels);
    bool *counted = pd_calloc(n, sizeof *counted);
    enum pd_status status =
        labels && counted ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u answers", n);
    if (!status) {
        sort_out(b, labels, labels + n, out);
        count_taken_back(b, counted, out);
        status = write_rows(b, PD_PAGE_ANSWERS, labels, write, &out->answers, err);
    }
    if (!status)
        status = write_rows(b, PD_PAGE_CORRECTIONS, labels + n, write, &out->corrections, err);
    if (!status)
        status = list_classes(b, out, err);
    pd_free(labels);
    pd_free(counted);
    return status;
}

/* write: else there are no files. */
static enum pd_status open_and_hand_over(const char *run, const char *more, bool write,
                                         struct pd_page_handed *out, struct pd_error *err)
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
        status = pd_book_check_more(&book, more, err);
    if (!status)
        status = hand_over(&book, write, out, err);
    pd_book_close(&book);
    pd_asked_close(&asked);
    return status;
}

enum pd_status pd_page_hand_over(const char *run, const char *more, struct pd_page_handed *out,
                                 struct pd_error *err)
{
    return open_and_hand_over(run, more, true, out, err);
}

enum pd_status pd_page_look(const char *run, struct pd_page_handed *out, struct pd_error *err)
{
    return open_and_hand_over(run, NULL, false, out, err);
}
