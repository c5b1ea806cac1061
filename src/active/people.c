#include "active/people.h"

#include "base/library.h"
#include "base/mem.h"
#include "gan/pictures.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

static void say(void *people, const char *words)
{
    pd_active_note(((const struct pd_people *)people)->watch, "%s", words);
}

static void refuse(void *people, const struct pd_refusal *refusal)
{
    const struct pd_active_watch *watch = ((const struct pd_people *)people)->watch;
    if (watch->refused)
        watch->refused(watch->context, refusal);
}

void pd_people_init(struct pd_people *p, const char *run, const struct pd_active_watch *watch,
                    struct pd_active_outcome *out)
{
    *p = (struct pd_people){.run = run, .watch = watch, .out = out};
    p->intake = (struct pd_intake){.context = p, .refuse = refuse, .say = say};
}

void pd_people_release(struct pd_people *p)
{
    pd_free(p->open);
    p->open = NULL;
}

static enum pd_status path_in(const struct pd_people *p, const char *name, char *path, struct pd_error *err)
{
    return pd_path_inside(path, PD_PATH_SIZE, p->run, name, err);
}

/* --- their sheet --- */

/* To queries.refused.csv or, where that is there, queries.refused-2.csv and so on. */
static enum pd_status copy_sheet(const struct pd_people *p, const char *sheet, char copy[PD_PATH_SIZE],
                                 struct pd_error *err)
{
    char name[64] = "queries.refused.csv";
    struct pd_buffer text = PD_BUFFER_INIT;
    enum pd_status status = pd_file_read(sheet, &text, err);
    if (!status)
        status = path_in(p, name, copy, err);
    for (int i = 2; !status && !pd_is_absent(copy); i++) {
        snprintf(name, sizeof name, "queries.refused-%d.csv", i);
        status = path_in(p, name, copy, err);
    }
    if (!status)
        status = pd_file_write_atomic(copy, text.data, text.size, err);
    pd_buffer_release(&text);
    return status;
}

/* A sheet is written anew without what was refused of it and columns of people's own: those stay beside it.
 */
static enum pd_status keep_sheet(const struct pd_people *p, const char *sheet, const struct pd_intake *before,
                                 struct pd_error *err)
{
    char copy[PD_PATH_SIZE];
    const struct pd_intake *in = &p->intake;
    const bool refused = in->refused > before->refused;
    if (!refused && in->own_columns == before->own_columns)
        return PD_OK;
    enum pd_status status = copy_sheet(p, sheet, copy, err);
    if (!status)
        pd_active_note(p->watch, "what was %s stays in %s%s",
                       refused ? "refused" : "written in other columns", copy,
                       refused ? "\tto take it once it is mended there: labels" : "");
    return status;
}

enum pd_status pd_people_take_sheet(struct pd_people *p, struct pd_ledger *l, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct stat now;
    enum pd_status status = path_in(p, "queries.csv", path, err);
    if (status || stat(path, &now) || pd_file_is_same(&now, &p->sheet))
        return status;
    const struct pd_intake before = p->intake;
    p->sheet = now;
    status = pd_ledger_take(l, path, false, &p->intake, err);
    return status ? status : keep_sheet(p, path, &before, err);
}

/* --- files that they bring --- */

static size_t answers_in(const struct pd_intake *in)
{
    return in->taken + in->again + in->corrected + in->refused;
}

/* It may be queries.csv. */
static enum pd_status take_file(struct pd_people *p, struct pd_ledger *l, const char *file, bool correct,
                                struct pd_error *err)
{
    struct pd_intake *in = &p->intake;
    const struct pd_intake before = *in;
    char path[PD_PATH_SIZE];
    struct stat sheet, given;
    if (!file)
        return PD_OK;
    enum pd_status status = pd_ledger_take(l, file, correct, in, err);
    if (!status && answers_in(in) == answers_in(&before)) {
        p->out->unanswered = file;
        p->out->blank = in->blank - before.blank;
        p->out->predicted = in->predicted - before.predicted;
    }
    if (!status)
        status = path_in(p, "queries.csv", path, err);
    if (status || stat(path, &sheet) || stat(file, &given) || !pd_file_is_same(&sheet, &given))
        return status;
    p->sheet = given;
    return keep_sheet(p, path, &before, err);
}

/* Answers of the page, which serve/hand_over.c has written for us; what was taken stays in the journal. */
static enum pd_status take_page(struct pd_people *p, struct pd_ledger *l, const char *name, bool correct,
                                struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = path_in(p, name, path, err);
    if (status || pd_is_absent(path))
        return status;
    status = pd_ledger_take(l, path, correct, &p->intake, err);
    return status ? status : pd_file_remove(path, err);
}

enum pd_status pd_people_take(struct pd_people *p, struct pd_ledger *l, const char **answers,
                              const char **correct, struct pd_error *err)
{
    enum pd_status status = pd_ledger_check_answers(l, &p->intake, err);
    if (!status)
        status = take_file(p, l, *correct, true, err);
    if (!status)
        status = take_file(p, l, *answers, false, err);
    *correct = *answers = NULL;
    if (!status)
        status = take_page(p, l, PD_PAGE_CORRECTIONS, true, err);
    if (!status)
        status = take_page(p, l, PD_PAGE_ANSWERS, false, err);
    return status ? status : pd_people_take_sheet(p, l, err);
}

/* --- what they are asked --- */

static bool is_listed(const struct pd_people *p, uint32_t image)
{
    for (size_t i = 0; i < p->out->questions; i++)
        if (p->open[i].image == image)
            return true;
    return false;
}

enum pd_status pd_people_list(struct pd_people *p, const struct pd_ledger *l, const struct pd_questions *q,
                              struct pd_error *err)
{
    struct pd_query *more = pd_realloc(p->open, (p->out->questions + q->count + 1) * sizeof *more);
    if (!more)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu queries", q->count);
    p->open = more;
    for (size_t i = 0; i < q->count; i++)
        if (pd_ledger_ask(l, q->at[i].image) == PD_NOT_ANSWERED && !is_listed(p, q->at[i].image))
            p->open[p->out->questions++] = q->at[i];
    return PD_OK;
}

static enum pd_status write_label_studio(struct pd_people *p, const struct pd_trial *t, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = path_in(p, "label-studio.xml", path, err);
    if (!status)
        status = pd_label_studio_config(path, t->data, err);
    if (!status)
        status = path_in(p, "queries.json", p->out->tasks, err);
    if (!status)
        status = pd_queries_write_label_studio(p->out->tasks, t->data, t->a->url[0] ? t->a->url : NULL,
                                               p->open, p->out->questions, err);
    return status;
}

static enum pd_status remove_questions(const struct pd_people *p, struct pd_error *err)
{
    static const char *const names[] = {"queries.csv", "queries.json", "queries.png"};
    char path[PD_PATH_SIZE];
    enum pd_status status = PD_OK;
    for (int i = 0; i < 3 && !status; i++) {
        status = path_in(p, names[i], path, err);
        if (!status)
            status = pd_file_remove(path, err);
    }
    return status;
}

enum pd_status pd_people_ask(struct pd_people *p, const struct pd_trial *t, struct pd_error *err)
{
    struct pd_active_outcome *out = p->out;
    if (!out->questions)
        return remove_questions(p, err);
    enum pd_status status = PD_OK;
    if (t->data->pixels && pd_library_is_in(pd_library_cairo)) {
        status = path_in(p, "queries.png", out->sheet, err);
        if (!status)
            status = pd_picture_queries(out->sheet, t->data, p->open, out->questions, "To be labelled", err);
    }
    if (!status && !strcmp(t->a->oracle, "label-studio"))
        status = write_label_studio(p, t, err);
    if (!status)
        status = path_in(p, "queries.csv", out->queries, err);
    return status ? status
                  : pd_queries_write_csv(out->queries, t->data, t->o.data, p->open, out->questions, err);
}
