/* What people have answered, for other programs (paydirt/active.h). */
#include "active/given.h"
#include "active/changes.h"

#include "data/labels/image_name.h"
#include "io/csv.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

/* Where the image itself lies; nothing where it is in no file of its own. */
static void write_path(struct pd_csv *csv, const char *folder, const char *name)
{
    char within[PD_PATH_SIZE], path[2 * PD_PATH_SIZE];
    const bool fits =
        pd_image_path(name, within, sizeof within) && !pd_path_join(path, sizeof path, folder, within, NULL);
    pd_csv_words(csv, fits && name[0] != '/' && pd_is_folder(folder) && pd_is_file(path) ? path : "");
}

static void write_row(struct pd_csv *csv, const struct pd_given *g, const char *folder)
{
    pd_csv_path(csv, g->image);
    pd_csv_words(csv, g->label);
    pd_csv_words(csv, g->time);
    pd_csv_words(csv, g->file);
    if (g->row)
        pd_csv_integer(csv, g->row);
    else
        pd_csv_text(csv, "");
    write_path(csv, folder, g->image);
    pd_csv_end_row(csv);
}

static enum pd_status write_table(const char *path, const struct pd_given_list *given, const char *folder,
                                  struct pd_error *err)
{
    static const char *const columns[] = {"image", "label", "time", "file", "row", "path"};
    struct pd_csv *csv;
    enum pd_status status = pd_csv_create(path, &csv, err);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        pd_csv_text(csv, columns[i]);
    pd_csv_end_row(csv);
    for (size_t i = 0; i < given->count; i++)
        if (!given->at[i].stale && strcmp(given->at[i].label, "skip") != 0)
            write_row(csv, &given->at[i], folder);
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
        status = out->labels ? write_table(path, &given, o.data, err)
                             : pd_fail(err, PD_ERR_MISMATCH, -1, "%s: nobody has answered yet", run);
    }
    pd_given_release(&given);
    return status;
}
