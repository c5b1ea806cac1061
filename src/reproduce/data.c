/* Whether the data of a study's columns are there, before anything is trained. */
#include "reproduce/reproduce.h"

#include <paydirt/data.h>
#include <paydirt/download.h>

#include <stdio.h>
#include <string.h>

/* The list of images is enough: none is decoded. */
struct look {
    int64_t images;
    bool listed;
};

static bool never(void *context, const char *unit, uint64_t done, uint64_t count)
{
    (void)context, (void)unit, (void)done, (void)count;
    return false;
}

static enum pd_status on_list(void *context, const struct pd_dataset *data, struct pd_error *err)
{
    struct look *look = context;
    look->images = pd_dataset_count(data);
    look->listed = true;
    return pd_fail(err, PD_ERR_INTERRUPTED, -1, "listed");
}

static enum pd_status look_at(const struct pd_reproduce *r, const char *name, enum pd_split split,
                              struct look *look, struct pd_error *err)
{
    const struct pd_data_watch watch = {look, never, on_list};
    const struct pd_data_request request = {
        .name = name, .dir = r->data_dir, .split = split, .watch = &watch};
    struct pd_dataset *data;
    *look = (struct look){.images = 0};
    const enum pd_status status = pd_dataset_open(&request, &data, err);
    if (!status)
        look->images = pd_dataset_count(data);
    pd_dataset_destroy(data);
    return look->listed ? PD_OK : status;
}

/* What brings a set, into words. */
static void bring_words(const char *name, char *words, size_t size)
{
    const struct pd_data_source *source;
    const struct pd_published *published = pd_published_find(name, NULL);
    *words = '\0';
    if (pd_data_source_find(name, &source, NULL))
        return;
    if (source->package)
        snprintf(words, size, "; the package %s brings it%s%s", source->package,
                 published ? ", or 'paydirt data get " : "", published ? name : "");
    else if (published)
        snprintf(words, size, "; 'paydirt data get %s", name);
    if (published)
        snprintf(words + strlen(words), size - strlen(words), "' fetches it");
}

static enum pd_status check_column(const struct pd_reproduce *r, const struct pd_run_kind *k,
                                   struct pd_error *err)
{
    const struct pd_protocol_column *column = &r->p.columns[k->column];
    struct pd_error why = {.message = ""};
    struct look look;
    char words[256];
    enum pd_status status = look_at(r, k->data, PD_SPLIT_TEST, &look, &why);
    if (!status)
        status = look_at(r, k->data, PD_SPLIT_TRAIN, &look, &why);
    if (!status && column->images && look.images != column->images)
        status = pd_fail(&why, PD_ERR_MISMATCH, -1, "data set '%s': %lld training images, expected all %lld",
                         k->data, (long long)look.images, (long long)column->images);
    if (!status)
        return PD_OK;
    bring_words(k->data, words, sizeof words);
    pd_fail(err, status, -1, "column %s: %.300s%s", column->name, why.message, words);
    pd_hint(err, status, "data-dir=DIR");
    return pd_hint(err, status, "to leave it out: columns=LIST");
}

enum pd_status pd_reproduce_check_data(const struct pd_reproduce *r, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int k = 0; k < r->kind_count && !status; k++)
        if (k == 0 || r->kinds[k].column != r->kinds[k - 1].column)
            status = check_column(r, &r->kinds[k], err);
    return status;
}
