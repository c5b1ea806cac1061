/* What people have answered, for other programs (paydirt/active.h). */
#include "active/changes.h"
#include "active/given.h"
#include "active/trial.h"

#include "data/labels/image_index.h"
#include "io/csv.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

/* The run's data as they lie now; of a run that has none any more, nothing. */
struct place {
    struct pd_dataset *data;
    struct pd_image_index index;
    const char *folder;
};

/* Images may have been renamed since: their names of now, and their paths, are known where the data are
 * there. why: what stands against it. */
static enum pd_status open_place(const char *run, struct pd_train_options *o, struct place *p,
                                 struct pd_error *why)
{
    char start[PD_PATH_SIZE];
    p->folder = o->data;
    o->data_seed = (int64_t)pd_trial_seed(o, 1);
    enum pd_status status = pd_trial_start_folder(run, 1, start, why);
    if (!status)
        status = pd_run_dataset_again(o, start, true, NULL, &p->data, why);
    if (!status)
        status = pd_image_index_init(&p->index, p->data, why);
    return status;
}

static void close_place(struct place *p)
{
    if (p->data)
        pd_image_index_release(&p->index);
    pd_dataset_destroy(p->data);
}

static bool are_renamed(const struct place *p)
{
    return p->data && p->data->file_names;
}

static void write_row(struct pd_csv *csv, const struct pd_given *g, const struct place *p)
{
    char name[PD_PATH_SIZE], path[2 * PD_PATH_SIZE] = "";
    const int64_t image = p->data ? pd_image_find(&p->index, g->image) : PD_IMAGE_UNKNOWN;
    if (image >= 0)
        pd_dataset_image_path(p->data, p->folder, (uint32_t)image, path, sizeof path);
    pd_csv_path(csv,
                image >= 0 ? pd_dataset_image_file(p->data, (uint32_t)image, name, sizeof name) : g->image);
    pd_csv_words(csv, g->label);
    pd_csv_words(csv, g->time);
    pd_csv_words(csv, g->file);
    if (g->row)
        pd_csv_integer(csv, g->row);
    else
        pd_csv_text(csv, "");
    pd_csv_path(csv, path);
    if (are_renamed(p))
        pd_csv_path(csv, g->image);
    pd_csv_end_row(csv);
}

static enum pd_status write_table(const char *path, const struct pd_given_list *given, const struct place *p,
                                  struct pd_error *err)
{
    static const char *const columns[] = {"image", "label", "time", "file", "row", "path", "paydirt_image"};
    struct pd_csv *csv;
    enum pd_status status = pd_csv_create(path, &csv, err);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0] - !are_renamed(p); i++)
        pd_csv_text(csv, columns[i]);
    pd_csv_end_row(csv);
    for (size_t i = 0; i < given->count; i++)
        if (!given->at[i].stale && strcmp(given->at[i].label, "skip") != 0)
            write_row(csv, &given->at[i], p);
    status = pd_csv_commit(csv, err);
    pd_csv_destroy(csv);
    return status;
}

static struct pd_labels_written count(const struct pd_given_list *given)
{
    struct pd_labels_written n = {0};
    for (size_t i = 0; i < given->count; i++) {
        const struct pd_given *g = &given->at[i];
        const bool skip = !strcmp(g->label, "skip");
        n.stale += g->stale;
        n.skipped += !g->stale && skip;
        n.labels += !g->stale && !skip;
        n.quoted += !g->stale && !skip && pd_csv_is_formula(g->label);
    }
    return n;
}

enum pd_status pd_active_write_labels(const char *run, const char *path, struct pd_labels_written *out,
                                      struct pd_error *err)
{
    struct pd_active_options a;
    struct pd_train_options o;
    struct pd_given_list given = {.count = 0};
    struct place place = {.data = NULL};
    struct pd_error why;
    char journal[PD_PATH_SIZE];
    *out = (struct pd_labels_written){0};
    enum pd_status status = pd_active_read(run, &a, &o, err);
    if (!status && !strcmp(a.oracle, "labels"))
        status =
            pd_fail(err, PD_ERR_MISMATCH, -1, "%s: the data's own labels answered, nobody was asked", run);
    if (!status)
        status = pd_path_inside(journal, sizeof journal, run, "journal.jsonl", err);
    if (!status)
        status = pd_given_read(journal, &given, err);
    if (!status) {
        *out = count(&given);
        if (!out->labels)
            status = pd_fail(err, PD_ERR_MISMATCH, -1, "%s: nobody has answered yet", run);
    }
    if (!status && open_place(run, &o, &place, &why))
        snprintf(out->unseen, sizeof out->unseen, "%s", why.message);
    if (!status) {
        out->renamed = are_renamed(&place);
        status = write_table(path, &given, &place, err);
    }
    close_place(&place);
    pd_given_release(&given);
    return status;
}
