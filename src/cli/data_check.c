/* paydirt data check: what a data set is, what is in it, and what is wrong with it. */
#include "cli/data_check.h"

#include "cli/args.h"
#include "cli/data.h"
#include "cli/progress.h"
#include "cli/say.h"

#include "data/downloads.h"
#include "io/file.h"

#include <paydirt/words.h>

#include <stdio.h>
#include <string.h>

static const char usage[] = "NAME|DIR [options]";

static const char about[] =
    "Says which data set it is and what is in it: images of each split and class, sizes, mean and standard\n"
    "deviation of the channels (of 0 to 1), images that are there more than once, pixel for pixel, and "
    "files\n"
    "that are broken. A folder is looked into: it may hold one of the sets of 'paydirt data list', or be a\n"
    "folder of images. Exit code 0: usable, 1: something is broken.";

static const char examples[] = "data check ./photos\n"
                               "data check photos.zip\n"
                               "data check ./scans --metadata labels.csv\n"
                               "data check mnist --data-dir data\n"
                               "data check strokes --json";

struct options {
    char data_dir[1024], classes[2048], metadata[1024], metadata_columns[256];
    bool json;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"data_dir", PD_OPTION_TEXT, FIELD(data_dir), 0, 0, "DIR", "where the files of NAME lie"},
    {"classes", PD_OPTION_TEXT, FIELD(classes), 0, 0, "LIST",
     "of a folder: these classes, with commas between"},
    {"metadata", PD_OPTION_TEXT, FIELD(metadata), 0, 0, "FILE", "of a folder: the file of its labels"},
    {"metadata_columns", PD_OPTION_TEXT, FIELD(metadata_columns), 0, 0, "LIST", "of it: IMAGE,LABEL[,SPLIT]"},
    {"json", PD_OPTION_BOOL, FIELD(json), 0, 1, NULL, "print JSON"},
};
#undef FIELD

char *data_report_image(const struct data_report *r, enum pd_split split, uint32_t image, char *text,
                        size_t size)
{
    const char *name = r->survey->splits[split].names[image];
    if (name)
        snprintf(text, size, "%s", name);
    else
        snprintf(text, size, "%s %u", data_split_names[split], image);
    return text;
}

/* --- looking --- */

struct looking {
    struct progress progress;
    struct pd_survey survey;
};

static bool while_looking(void *context, int64_t done)
{
    struct looking *l = context;
    if (l->progress.last != l->survey.to_decode)
        progress_begin(&l->progress, 0, l->survey.to_decode, 1, "images");
    progress_update(&l->progress, (uint64_t)done, "decoding");
    return true;
}

/* A split that is not there is told, one that is damaged is broken; all else, as a disc that fails, ends the
 * check. */
static enum pd_status take_failure(struct data_report *r, struct pd_survey *v, enum pd_split split,
                                   const struct pd_error *why, struct pd_error *err)
{
    switch (why->status) {
    case PD_OK:
        return PD_OK;
    case PD_ERR_IO:
        if (!pd_is_missing(why))
            break;
        __attribute__((fallthrough));
    case PD_ERR_USAGE:
        snprintf(r->why_not[split], sizeof r->why_not[split], "%s", why->message);
        pd_make_printable(r->why_not[split]);
        return PD_OK;
    case PD_ERR_FORMAT:
    case PD_ERR_MISMATCH:
        snprintf(r->why_not[split], sizeof r->why_not[split], "broken");
        return pd_survey_add_broken(v, data_split_names[split], why->message, err);
    default:
        break;
    }
    *err = *why;
    return why->status;
}

static enum pd_status add_split(struct data_report *r, struct pd_survey *v, struct data_found *f,
                                enum pd_split split, struct pd_error *err)
{
    struct pd_error why = {.status = PD_OK};
    if (f->folder)
        pd_survey_add_folder(v, split, &f->request, &why);
    else if (!f->data || f->request.split != split) {
        pd_dataset_destroy(f->data);
        f->request.split = split;
        pd_dataset_open(&f->request, &f->data, &why);
    }
    if (f->folder && why.status == PD_ERR_USAGE) /* splits or classes? */
        return pd_fail(err, why.status, why.offset, "%s", why.message);
    enum pd_status status = take_failure(r, v, split, &why, err);
    if (!status && f->data)
        status = pd_survey_add(v, split, f->data, err);
    pd_dataset_destroy(f->data);
    f->data = NULL;
    return status;
}

/* The opened split first, so that nothing is read twice. */
static enum pd_status look(struct data_report *r, struct pd_survey *v, struct data_found *f,
                           struct pd_error *err)
{
    const enum pd_split first = f->data ? f->request.split : PD_SPLIT_TRAIN;
    enum pd_status status = add_split(r, v, f, first, err);
    if (!status)
        status = add_split(r, v, f, first == PD_SPLIT_TRAIN ? PD_SPLIT_TEST : PD_SPLIT_TRAIN, err);
    if (!status)
        status = pd_survey_finish(v, err);
    if (!status && !v->splits[0].there && !v->splits[1].there && !v->broken_count)
        status = pd_fail(err, PD_ERR_IO, -1, "%s%s", r->why_not[PD_SPLIT_TRAIN],
                         f->folder ? ", nor the files of a known data set" : "");
    return status;
}

/* --- saying --- */

/* Other sets in the same folder, which --data-dir would find. */
static void print_others(const struct data_report *r, const char *dir)
{
    size_t count;
    const struct pd_published *sets = pd_published_sets(&count);
    for (size_t i = 0; dir && i < count; i++)
        if (strcmp(sets[i].name, r->what) != 0 && pd_published_is_there(&sets[i], dir))
            say(stdout, "%-10spaydirt data check %s --data-dir %s\n", "there too", sets[i].name, dir);
}

static enum pd_status tell(const struct data_report *r, const char *dir, bool json, struct pd_error *err)
{
    const struct pd_survey *v = r->survey;
    enum pd_status status = PD_OK;
    if (json)
        status = data_report_print_json(r, err);
    else {
        data_report_print(r);
        print_others(r, dir);
    }
    if (status || !v->broken_count)
        return status;
    return pd_fail(err, PD_ERR_BROKEN, -1, "'%.200s': %zu broken, the first: %.200s", r->where,
                   v->broken_count, v->broken[0].why);
}

static enum pd_status check(const char *what, const struct options *o, struct pd_error *err)
{
    struct data_found found = {
        .request = {.classes = o->classes, .metadata = o->metadata, .metadata_columns = o->metadata_columns}};
    struct looking looking = {.survey = {.watch = {while_looking, &looking}}};
    struct data_report report = {.where = what, .survey = &looking.survey};
    enum pd_status status = data_find(what, o->data_dir, &found, err);
    if (status == PD_ERR_FORMAT || status == PD_ERR_MISMATCH) /* looking again will tell which split */
        status = PD_OK;
    if (!status) {
        const struct pd_data_source *source;
        status = pd_data_source_find(found.request.name, &source, err);
        if (!status) {
            report.what = source->name;
            report.summary = found.folder ? "images of your own" : source->summary;
            status = look(&report, &looking.survey, &found, err);
        }
    }
    progress_end(&looking.progress);
    if (!status)
        status = tell(&report, found.request.dir, o->json, err);
    pd_dataset_destroy(found.data);
    pd_survey_release(&looking.survey);
    return status;
}

enum pd_status data_check(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.json = false};
    const struct args_command command = {
        "data check", usage,      about,
        examples,     "NAME|DIR", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    return status ? status : check(args.operand, &o, err);
}
