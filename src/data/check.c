/* paydirt/data_check.h: both splits of what people point at, surveyed. */
#include "base/mem.h"
#include "base/pass_on.h"
#include "base/words.h"
#include "data/find.h"
#include "data/survey.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

/* A split that is not there is told, one that is damaged is broken; all else, as a disc that fails, ends the
 * check. */
static enum pd_status take_failure(struct pd_survey *v, enum pd_split split, const struct pd_error *why,
                                   struct pd_error *err)
{
    struct pd_split_report *s = &v->report->splits[split];
    switch (why->status) {
    case PD_OK:
        return PD_OK;
    case PD_ERR_IO:
        if (!pd_is_missing(why))
            break;
        __attribute__((fallthrough));
    case PD_ERR_USAGE:
        snprintf(s->why_not, sizeof s->why_not, "%s", why->message);
        pd_make_printable(s->why_not);
        return PD_OK;
    case PD_ERR_FORMAT:
    case PD_ERR_MISMATCH:
        snprintf(s->why_not, sizeof s->why_not, "broken");
        return pd_survey_add_broken(v, pd_split_name(split), why->message, err);
    default:
        break;
    }
    return pd_pass_on(why, err);
}

static enum pd_status add_split(struct pd_survey *v, struct pd_data_found *f, enum pd_split split,
                                struct pd_error *err)
{
    struct pd_error why = {.status = PD_OK};
    if (f->folder)
        pd_survey_add_folder(v, split, &f->request, &why);
    else if (!f->data || f->request.split != split) {
        pd_dataset_destroy(f->data);
        f->request.split = split;
        pd_dataset_open(&f->request, &f->data, &why);
    }
    enum pd_status status = f->folder && why.status == PD_ERR_USAGE /* splits or classes? */
                                ? pd_pass_on(&why, err)
                                : take_failure(v, split, &why, err);
    if (!status && f->data)
        status = pd_survey_add(v, split, f->data, err);
    pd_dataset_destroy(f->data);
    f->data = NULL;
    return status;
}

/* The opened split first, so that nothing is read twice. */
static enum pd_status look(struct pd_survey *v, struct pd_data_found *f, struct pd_error *err)
{
    const enum pd_split first = f->data ? f->request.split : PD_SPLIT_TRAIN;
    const struct pd_split_report *splits = v->report->splits;
    enum pd_status status = add_split(v, f, first, err);
    if (!status)
        status = add_split(v, f, first == PD_SPLIT_TRAIN ? PD_SPLIT_TEST : PD_SPLIT_TRAIN, err);
    if (!status)
        status = pd_survey_finish(v, err);
    if (!status && !splits[0].there && !splits[1].there && !v->report->broken_count)
        status = pd_fail(err, PD_ERR_IO, -1, "%s%s", splits[PD_SPLIT_TRAIN].why_not,
                         f->folder ? ", nor the files of a known data set" : "");
    return status;
}

static const char *summary_of(const struct pd_data_found *f, const struct pd_data_source *s)
{
    if (f->by_names && !strcmp(s->name, "mnist"))
        return "or another set of IDX files that are called as MNIST's (Fashion-MNIST, Kuzushiji-MNIST)";
    return f->folder ? "images of your own" : s->summary;
}

enum pd_status pd_data_check(const struct pd_data_request *request, struct pd_data_report *out,
                             struct pd_error *err)
{
    struct pd_data_request whole = *request;
    struct pd_data_found found;
    const struct pd_data_source *source = NULL;
    struct pd_survey survey = {.report = out};
    whole.count = 0;
    whole.size = 0;
    *out = (struct pd_data_report){.set = NULL};
    enum pd_status status = pd_data_find(&whole, &found, err);
    if (status == PD_ERR_FORMAT || status == PD_ERR_MISMATCH) /* looking again will tell which split */
        status = PD_OK;
    if (!status)
        status = pd_data_source_find(found.request.name, &source, err);
    if (!status) {
        out->set = source->name;
        out->summary = summary_of(&found, source);
        out->dir = found.request.dir;
        status = look(&survey, &found, err);
    }
    pd_dataset_destroy(found.data);
    pd_survey_release(&survey);
    if (status)
        pd_data_report_release(out);
    return status;
}

static void release_split(struct pd_split_report *s)
{
    for (size_t i = 0; s->names && i < s->count; i++)
        pd_free(s->names[i]);
    for (size_t i = 0; i < s->passed_count; i++)
        pd_free(s->passed[i].first);
    pd_free(s->names);
    pd_free(s->of_class);
    pd_free(s->passed);
}

void pd_data_report_release(struct pd_data_report *r)
{
    for (int split = 0; split < PD_SPLITS; split++)
        release_split(&r->splits[split]);
    for (size_t i = 0; i < r->broken_count; i++) {
        pd_free(r->broken[i].file);
        pd_free(r->broken[i].why);
    }
    pd_free(r->broken);
    pd_free(r->copies);
    pd_free(r->class_names);
    *r = (struct pd_data_report){.set = NULL};
}
