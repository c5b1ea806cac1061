#include "serve/asked.h"

#include "active/changes.h"
#include "active/given.h"
#include "active/people.h"
#include "active/trial.h"
#include "base/mem.h"
#include "base/words.h"
#include "data/labels/class_words.h"
#include "io/file.h"
#include "run/data.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- queries.csv --- */

/* What was filled in there is answered; what would be refused of it is not. */
static enum pd_status take_open(struct pd_asked_images *a, const struct pd_answers *sheet, const char *path,
                                struct pd_error *err)
{
    a->at = pd_malloc((sheet->asked_count + 1) * sizeof *a->at);
    uint8_t *answered = pd_calloc((size_t)a->data->count + 1, 1);
    enum pd_status status = a->at && answered ? PD_OK : pd_fail_memory(err, path);
    for (size_t i = 0; i < sheet->count && !status; i++)
        answered[sheet->at[i].image] = 1;
    for (size_t i = 0; i < sheet->asked_count && !status; i++) {
        const struct pd_query *q = &sheet->asked[i];
        if (answered[q->image])
            continue;
        a->at[a->count] = *q;
        a->place[q->image] = (uint32_t)++a->count;
    }
    pd_free(answered);
    return status;
}

/* By the reader of answers, as the run will take it. */
static enum pd_status read_sheet(struct pd_asked_images *a, const char *path, struct pd_error *err)
{
    struct pd_answers sheet;
    if (stat(path, &a->sheet)) /* before: what is written meanwhile is read again */
        return pd_fail_io(err, path, "read", errno);
    enum pd_status status = pd_answers_read(path, a->data, &sheet, err);
    if (status)
        return status;
    status = take_open(a, &sheet, path, err);
    pd_answers_release(&sheet);
    return status;
}

/* --- journal.jsonl --- */

static int64_t read_time(const char *text)
{
    struct tm utc = {.tm_isdst = 0};
    return strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc) ? (int64_t)timegm(&utc) * 1000 : 0;
}

static bool is_of_page(const struct pd_given *given)
{
    const char *name = pd_path_name(given->file);
    return !strcmp(name, PD_PAGE_ANSWERS) || !strcmp(name, PD_PAGE_CORRECTIONS);
}

/* Names are the data set's own: one that is gone is no other's. */
static void take_given(struct pd_asked_images *a, const struct pd_class_words *classes,
                       const struct pd_given *given)
{
    bool exactly;
    const int64_t image = pd_image_find(&a->index, given->image);
    if (image < 0 || (a->data->image_names && strcmp(a->data->image_names[image], given->image) != 0))
        return;
    const int32_t class = pd_class_find(classes, given->label, &exactly),
                  label = !strcmp(given->label, "skip") ? PD_ANSWER_SKIP
                          : class < 0                   ? -1
                                                        : class;
    if (is_of_page(given)) {
        a->heard[image] = PD_RUN_HEARD;
        a->paged[image] = label;
        a->page_times[image] = read_time(given->time);
    } else if (a->heard[image])
        a->heard[image] |= PD_RUN_CORRECTED;
    if (given->stale)
        return;
    a->answers[image] = label;
    a->times[image] = read_time(given->time);
}

static enum pd_status read_answers(struct pd_asked_images *a, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_class_words classes = {.names = NULL};
    struct pd_given_list given = {.count = 0};
    enum pd_status status = pd_path_inside(path, sizeof path, a->run, "journal.jsonl", err);
    if (status || pd_is_absent(path))
        return status;
    status = pd_given_read(path, &given, err);
    if (!status)
        status = pd_class_words_init(&classes, a->data, err);
    for (size_t i = 0; !status && i < given.count; i++)
        take_given(a, &classes, &given.at[i]);
    pd_class_words_release(&classes);
    pd_given_release(&given);
    return status;
}

enum pd_status pd_asked_read(struct pd_asked_images *a, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    const size_t n = a->data->count;
    a->place = pd_calloc(n, sizeof *a->place);
    a->answers = pd_malloc(n * sizeof *a->answers);
    a->times = pd_calloc(n, sizeof *a->times);
    a->heard = pd_calloc(n, 1);
    a->paged = pd_calloc(n, sizeof *a->paged);
    a->page_times = pd_calloc(n, sizeof *a->page_times);
    a->files = pd_calloc(n, sizeof *a->files);
    if (!a->place || !a->answers || !a->times || !a->heard || !a->paged || !a->page_times || !a->files)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the answers to %zu images", n);
    for (size_t i = 0; i < n; i++)
        a->answers[i] = -1;
    enum pd_status status = pd_image_index_init(&a->index, a->data, err);
    if (!status)
        status = read_answers(a, err);
    if (!status)
        status = pd_path_inside(path, sizeof path, a->run, "queries.csv", err);
    return status || pd_is_absent(path) ? status : read_sheet(a, path, err);
}

/* --- life --- */

static enum pd_status open_data(struct pd_asked_images *a, struct pd_train_options *o,
                                const struct pd_active_watch *watch, struct pd_error *err)
{
    char folder[PD_PATH_SIZE];
    const struct pd_data_source *source;
    const struct pd_data_watch decoding =
        watch ? pd_active_decoding(watch) : (struct pd_data_watch){.context = NULL};
    o->data_seed = (int64_t)pd_trial_seed(o, 1);
    enum pd_status status = pd_trial_start_folder(a->run, 1, folder, err);
    if (!status)
        status = pd_run_dataset_again(o, folder, true, watch ? &decoding : NULL, &a->data, err);
    if (!status)
        status = pd_data_source_find(o->data, &source, err);
    if (status)
        return pd_run_say_moved(o, true, status, err);
    const bool folder_of_images = !strcmp(source->name, "folder");
    a->may_add_classes = folder_of_images && a->data->class_names;
    if (folder_of_images)
        snprintf(a->data_folder, sizeof a->data_folder, "%s", o->data);
    return a->data->points ? pd_fail(err, PD_ERR_USAGE, -1,
                                     "%s: its data are points of the plane, and a page shows images", a->run)
                           : PD_OK;
}

enum pd_status pd_asked_open(const char *run, const struct pd_active_watch *watch,
                             struct pd_asked_images *out, struct pd_error *err)
{
    struct pd_active_options a;
    struct pd_train_options o;
    memset(out, 0, sizeof *out);
    if (strlen(run) >= sizeof out->run)
        return pd_fail(err, PD_ERR_USAGE, -1, "'%.80s...': the path is too long", run);
    snprintf(out->run, sizeof out->run, "%s", run);
    enum pd_status status = pd_active_read(run, &a, &o, err);
    if (!status && pd_active_is_simulated(&a))
        status = pd_fail(err, PD_ERR_USAGE, -1,
                         "%s: the data's own labels answer there, and nobody is asked (its oracle is '%s')",
                         run, a.oracle);
    if (status)
        return status;
    snprintf(out->strategy, sizeof out->strategy, "%s", a.strategy);
    status = open_data(out, &o, watch, err);
    if (!status)
        status = pd_asked_read(out, err);
    if (status)
        pd_asked_close(out);
    return status;
}

void pd_asked_close(struct pd_asked_images *a)
{
    pd_image_index_release(&a->index);
    pd_dataset_destroy(a->data);
    pd_free(a->at);
    pd_free(a->place);
    pd_free(a->answers);
    pd_free(a->times);
    pd_free(a->heard);
    pd_free(a->paged);
    pd_free(a->page_times);
    pd_free(a->files);
    memset(a, 0, sizeof *a);
}

bool pd_asked_is_old(const struct pd_asked_images *a)
{
    char path[PD_PATH_SIZE];
    struct stat now;
    if (pd_path_join(path, sizeof path, a->run, "queries.csv", NULL) || stat(path, &now))
        return a->sheet.st_ino != 0;
    return !pd_file_is_same(&now, &a->sheet);
}
