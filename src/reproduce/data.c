/* Whether the data of a study's columns are there, before anything is trained. */
#include "reproduce/reproduce.h"

#include "io/file.h"

#include <paydirt/data.h>
#include <paydirt/download.h>

#include <stdio.h>
#include <string.h>

const char *pd_reproduce_data_dir(const struct pd_reproduce *r, const char *data)
{
    const struct pd_data_source *source;
    const struct pd_published *published = pd_published_find(data, NULL);
    if (pd_data_source_find(data, &source, NULL) || !source->installed || !pd_is_folder(source->installed))
        return r->data_dir;
    return published && r->data_dir[0] && pd_published_is_there(published, r->data_dir) ? r->data_dir : "";
}

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
        .name = name, .dir = pd_reproduce_data_dir(r, name), .split = split, .watch = &watch};
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

/* Why a column's data will not do, into why. */
static enum pd_status look_at_column(const struct pd_reproduce *r, const struct pd_run_kind *k,
                                     struct pd_error *why)
{
    const int64_t expected = r->p.columns[k->column].images;
    struct look look;
    enum pd_status status = look_at(r, k->data, PD_SPLIT_TEST, &look, why);
    if (!status)
        status = look_at(r, k->data, PD_SPLIT_TRAIN, &look, why);
    if (!status && expected && look.images != expected)
        status = pd_fail(why, PD_ERR_MISMATCH, -1, "data set '%s': %lld training images, expected all %lld",
                         k->data, (long long)look.images, (long long)expected);
    return status;
}

static void add_name(char *list, size_t size, const char *name)
{
    const size_t n = strlen(list);
    snprintf(list + n, size - n, "%s%s", n ? "," : "", name);
}

enum pd_status pd_reproduce_check_data(const struct pd_reproduce *r, struct pd_error *err)
{
    struct pd_error why, first = {.message = ""};
    enum pd_status status = PD_OK;
    const struct pd_run_kind *missing = NULL;
    char words[256], there[300] = "";
    bool any = false;
    for (int i = 0; i < r->p.metric_count; i++)
        any = any || r->metric_on[i];
    if (!any)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1,
                               "study %s: all that it measures needs the weights of Inception", r->p.name),
                       "weights=FILE");
    for (int k = 0; k < r->kind_count; k++) {
        if (k && r->kinds[k].column == r->kinds[k - 1].column)
            continue;
        const enum pd_status looked = look_at_column(r, &r->kinds[k], &why);
        if (!looked)
            add_name(there, sizeof there, r->p.columns[r->kinds[k].column].name);
        else if (!missing) {
            missing = &r->kinds[k];
            first = why;
            status = looked;
        }
    }
    if (!missing)
        return PD_OK;
    bring_words(missing->data, words, sizeof words);
    if (strstr(first.message, "paydirt data get")) /* it says so itself */
        *words = '\0';
    pd_fail(err, status, -1, "column %s: %.250s%s", r->p.columns[missing->column].name, first.message, words);
    return *there ? pd_hint(err, status, "what is there: columns=%s", there) : status;
}
