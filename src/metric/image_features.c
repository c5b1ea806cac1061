/* Inception's features of what people point at: images of any kind, or what was kept of them. */
#include "base/mem.h"
#include "data/digest.h"
#include "data/find.h"
#include "data/images/image_cache.h"
#include "data/readers/image_folder.h"
#include "io/file.h"
#include "io/npy.h"
#include "metric/feature_cache.h"
#include "metric/image_files.h"
#include "metric/inception.h"

#include <paydirt/version.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096, KEYS = 5, SAMPLES_SIZE = PD_SHA256_HEX + 16, MOST_SIDE = 1024 };

struct reading {
    struct pd_inception *net;
    const struct pd_data_request *request;
    const struct pd_feature_work *work;
    struct pd_image_features *out;
    const char *samples; /* the path that the request names; NULL: a set's name */
    bool logits;
    char size[16];
    struct pd_st_meta meta[KEYS];
    struct pd_feature_cache_key key;
    char path[PATH_SIZE];          /* where features are to be kept; "": nowhere */
    struct pd_feature_cache cache; /* what lies there, so far as it fits */
};

void pd_image_features_release(struct pd_image_features *f)
{
    pd_feature_file_release(&f->file);
    pd_free(f->logits);
    f->logits = NULL;
}

/* --- results --- */

static void take(struct pd_image_features *out, const char *name, int64_t n, float *features, float *logits)
{
    snprintf(out->file.name, sizeof out->file.name, "%s", name);
    out->file.count = n;
    out->file.width = PD_INCEPTION_FEATURES;
    out->file.set = (struct pd_feature_set){n, PD_INCEPTION_FEATURES, features};
    out->logits = logits;
}

/* Room for n images' numbers, taken. */
static enum pd_status reserve(struct pd_image_features *out, const char *name, int64_t n, bool logits,
                              float **features, struct pd_error *err)
{
    *features = pd_calloc((size_t)n, PD_INCEPTION_FEATURES * sizeof **features);
    take(out, name, n, *features,
         logits ? pd_calloc((size_t)n, PD_INCEPTION_CLASSES * sizeof *out->logits) : NULL);
    return *features && (out->logits || !logits)
               ? PD_OK
               : pd_fail(err, PD_ERR_MEMORY, -1, "%.200s: out of memory for the features of %lld images",
                         name, (long long)n);
}

#define SAY(r, ...) pd_note_add((r)->out->note, (r)->request->name, __VA_ARGS__)

/* --- where they are kept --- */

/* "photos/" and "photos" are photos.inception.safetensors; "." has a name elsewhere. */
static enum pd_status place_beside(struct reading *r, struct pd_error *err)
{
    size_t n = strlen(r->samples);
    while (n > 1 && r->samples[n - 1] == '/')
        n--;
    const char *split = r->request->split == PD_SPLIT_TEST ? ".test" : "";
    const bool dots =
        r->samples[n - 1] == '.' && (n == 1 || r->samples[n - 2] == '/' ||
                                     (r->samples[n - 2] == '.' && (n == 2 || r->samples[n - 3] == '/')));
    pd_mem_watch();
    char *real = dots ? realpath(r->samples, NULL) : NULL;
    if (dots && !real)
        return errno == ENOMEM ? pd_fail_memory(err, r->samples) : pd_fail_io(err, r->samples, "find", errno);
    char path[PATH_SIZE];
    const int need = snprintf(path, sizeof path, "%.*s%s.inception.safetensors",
                              dots ? (int)strlen(real) : (int)n, dots ? real : r->samples, split);
    free(real);
    return need >= (int)sizeof path ? pd_fail(err, PD_ERR_USAGE, -1, "%.200s: path is longer than %zu bytes",
                                              r->samples, sizeof path - 1)
                                    : pd_path_inside(r->path, sizeof r->path, "", path, err);
}

static enum pd_status place_in_cache(struct reading *r, struct pd_error *err)
{
    static const char ending[] = ".inception.safetensors";
    struct pd_buffer key = PD_BUFFER_INIT;
    char path[PATH_SIZE - sizeof ending];
    pd_buffer_printf(&key, "inception %s\nsplit %d\nsize %d\ndir %s\nweights %s", r->request->name,
                     r->request->split, r->request->size, r->request->dir ? r->request->dir : "",
                     pd_inception_checksum(r->net));
    enum pd_status status = key.oom ? pd_fail_memory(err, r->request->name)
                                    : pd_image_cache_path(r->request->cache_dir, r->request->name, key.data,
                                                          path, sizeof path, err);
    pd_buffer_release(&key);
    if (status)
        return status;
    char *slash = strrchr(path, '/');
    *slash = '\0';
    status = pd_make_dirs(path, err);
    *slash = '/';
    if (status)
        return status;
    *strrchr(path, '.') = '\0';
    snprintf(r->path, sizeof r->path, "%s%s", path, ending);
    return PD_OK;
}

static void say_kept_nowhere(struct reading *r, const char *why)
{
    r->path[0] = '\0';
    SAY(r, "its features are not kept: %s", why);
}

/* Looks for what was kept. Memory alone is a failure. */
static enum pd_status open_cache(struct reading *r, struct pd_error *err)
{
    struct pd_error why = {.status = PD_OK};
    if (!r->request->cache || (r->samples && pd_is_device_path(r->samples)))
        return PD_OK;
    enum pd_status status = r->samples ? place_beside(r, &why) : place_in_cache(r, &why);
    if (status == PD_ERR_MEMORY)
        return pd_fail(err, status, -1, "%s", why.message);
    if (status) {
        say_kept_nowhere(r, why.message);
        return PD_OK;
    }
    status = pd_feature_cache_open(r->path, &r->key, &r->cache, &why);
    if (status == PD_ERR_MEMORY)
        return pd_fail(err, status, -1, "%s", why.message);
    if (status == PD_ERR_MISMATCH)
        SAY(r, "%s: measured anew", why.message);
    else if (status && !(status == PD_ERR_IO && why.code == ENOENT))
        say_kept_nowhere(r, why.message);
    return PD_OK;
}

/* What was kept is of so many of these samples: it serves. */
static enum pd_status take_kept(struct reading *r, const char *samples, int64_t least, int64_t most,
                                struct pd_error *err)
{
    const struct pd_feature_cache *c = &r->cache;
    float *features;
    if (!c->st)
        return PD_OK;
    if (strcmp(c->samples, samples) != 0 || c->n < least || c->n > most) {
        SAY(r, "%s: is of other images: measured anew", r->path);
        return PD_OK;
    }
    enum pd_status status = reserve(r->out, r->request->name, c->n, r->logits, &features, err);
    if (status)
        return status;
    memcpy(features, c->features, (size_t)c->n * PD_INCEPTION_FEATURES * sizeof *features);
    if (r->logits)
        memcpy(r->out->logits, c->logits, (size_t)c->n * PD_INCEPTION_CLASSES * sizeof *c->logits);
    r->out->kept = true;
    SAY(r, "features from %s", r->path);
    return PD_OK;
}

static void keep(struct reading *r, const char *samples)
{
    struct pd_error why = {.message = ""};
    const struct pd_feature_file *f = &r->out->file;
    if (!r->path[0])
        return;
    if (pd_feature_cache_write(r->path, &r->key, samples, f->count, f->set.values, r->out->logits, &why))
        say_kept_nowhere(r, why.message);
    else
        SAY(r, "features kept in %s", r->path);
}

/* --- data sets --- */

static enum pd_status sum_pixels(const struct reading *r, const struct pd_dataset *data,
                                 char samples[SAMPLES_SIZE], struct pd_error *err)
{
    struct sha256_ctx sha;
    struct pd_digest *digests;
    char hex[PD_SHA256_HEX];
    enum pd_status status = pd_dataset_digests(data, r->request->threads, &digests, err);
    if (status)
        return status;
    sha256_init(&sha);
    sha256_update(&sha, data->count * sizeof *digests, digests->bytes);
    pd_sha256_hex(&sha, hex);
    snprintf(samples, SAMPLES_SIZE, "pixels %s", hex);
    pd_free(digests);
    return PD_OK;
}

static enum pd_status run_data(struct reading *r, const struct pd_dataset *data, struct pd_error *err)
{
    float *features;
    enum pd_status status =
        reserve(r->out, r->request->name, pd_dataset_count(data), r->logits, &features, err);
    return status ? status : pd_inception_run_data(r->net, data, r->work, features, r->out->logits, err);
}

static enum pd_status read_data(struct reading *r, const struct pd_dataset *data, struct pd_error *err)
{
    char samples[SAMPLES_SIZE];
    const int64_t n = pd_dataset_count(data);
    snprintf(r->out->note, sizeof r->out->note, "%s", pd_dataset_note(data));
    SAY(r, "%lld images of the %s split, %d x %d x %d", (long long)n, pd_split_name(r->request->split),
        data->channels, data->height, data->width);
    enum pd_status status = open_cache(r, err);
    if (!status && r->path[0])
        status = sum_pixels(r, data, samples, err);
    if (!status)
        status = take_kept(r, samples, n, n, err);
    if (status || r->out->kept)
        return status;
    status = run_data(r, data, err);
    if (!status)
        keep(r, samples);
    return status;
}

/* --- image files --- */

static enum pd_status say_files(struct reading *r, struct pd_image_list *list,
                                const struct pd_inception_found *found, struct pd_error *err)
{
    const char(*classes)[PD_CLASS_NAME_SIZE] = (const char(*)[PD_CLASS_NAME_SIZE])list->classes;
    enum pd_status status =
        found->drawn ? pd_image_list_pass(list, pd_passed_picture, list->at[0].path, found->drawn, err)
                     : PD_OK;
    if (!status)
        status = pd_image_list_tell(list, r->request->name, classes, found->good, r->out->note, err);
    if (!status && found->bad)
        SAY(r, "%zu of %zu images left out, as they cannot be read; the first: %s", found->bad, list->count,
            found->first_bad.message);
    return status;
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* A sheet of samples among them: most have one size, a few another. */
static enum pd_status say_others(struct reading *r, const struct pd_image_list *list, const uint64_t *sizes,
                                 int64_t count, struct pd_error *err)
{
    const size_t n = list->count;
    uint64_t *sorted = pd_malloc(n * sizeof *sorted), usual = 0;
    size_t most = 0, first = 0;
    if (!sorted)
        return pd_fail_memory(err, r->request->name);
    memcpy(sorted, sizes, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    for (size_t i = 0, from = 0; i < n; i++) {
        from = sorted[i] == sorted[from] ? from : i;
        if (sorted[i] && i + 1 - from > most) {
            most = i + 1 - from;
            usual = sorted[i];
        }
    }
    pd_free(sorted);
    const size_t others = (size_t)count - most;
    while (first < n && (!sizes[first] || sizes[first] == usual))
        first++;
    if (others && most > others) /* else people's pictures, each of its own size */
        SAY(r, "%zu of %lld images %s another size than the most, %u x %u; the first: %s, %u x %u", others,
            (long long)count, others > 1 ? "have" : "has", (unsigned)(usual >> 32), (unsigned)usual,
            list->at[first].path, (unsigned)(sizes[first] >> 32), (unsigned)sizes[first]);
    return PD_OK;
}

static void say_sizes(struct reading *r, size_t files)
{
    const int side = r->request->size;
    char first[64] = "each resized from its own size";
    if (side)
        snprintf(first, sizeof first, "each brought to %d x %d first", side, side);
    SAY(r, "%lld images of the %s split, %s", (long long)r->out->file.count, pd_split_name(r->request->split),
        first);
    if (r->out->kept && (size_t)r->out->file.count < files)
        SAY(r, "%zu of %zu files left out, as they were when the features were kept",
            files - (size_t)r->out->file.count, files);
}

static enum pd_status run_files(struct reading *r, const struct pd_inception_files *files,
                                struct pd_image_list *list, struct pd_error *err)
{
    struct pd_inception_found found;
    char samples[SAMPLES_SIZE];
    enum pd_status status = pd_inception_run_files(r->net, files, r->work, &found, err);
    if (!status)
        status = say_files(r, list, &found, err);
    if (!status)
        status = say_others(r, list, found.sizes, found.count, err);
    if (!status) {
        take(r->out, r->request->name, found.count, found.features, found.logits);
        found.features = found.logits = NULL;
        snprintf(samples, sizeof samples, "files %s", found.digest);
        keep(r, samples);
    }
    pd_inception_found_release(&found);
    return status;
}

static enum pd_status take_kept_files(struct reading *r, const struct pd_inception_files *files,
                                      struct pd_error *err)
{
    char samples[SAMPLES_SIZE], digest[PD_SHA256_HEX];
    struct pd_error why;
    if (!r->cache.st)
        return PD_OK;
    enum pd_status status =
        pd_inception_files_digest(files, r->request->threads, r->request->watch, digest, &why);
    if (status == PD_ERR_INTERRUPTED || status == PD_ERR_MEMORY)
        return pd_fail(err, status, -1, "%s", why.message);
    snprintf(samples, sizeof samples, "files %s", status ? "" : digest); /* what fails will fail again */
    return take_kept(r, samples, 1, (int64_t)files->list->count, err);
}

static enum pd_status read_list(struct reading *r, const char *folder, struct pd_image_list *list,
                                struct pd_error *err)
{
    const struct pd_inception_files files = {folder, list, r->request->size, r->logits};
    enum pd_status status = open_cache(r, err);
    if (!status)
        status = take_kept_files(r, &files, err);
    if (!status && !r->out->kept)
        status = run_files(r, &files, list, err);
    if (!status)
        say_sizes(r, list->count);
    return status;
}

static enum pd_status read_files(struct reading *r, const struct pd_data_request *request,
                                 struct pd_error *err)
{
    char folder[PATH_SIZE];
    struct pd_image_list list;
    enum pd_status status = pd_image_folder_list(request, folder, sizeof folder, &list, err);
    if (!status)
        status = read_list(r, folder, &list, err);
    pd_image_list_release(&list);
    return status;
}

/* --- statistics --- */

/* An .npz of mu and sigma, and of no images. */
static enum pd_status is_of_statistics(const char *path, bool *is, struct pd_error *err)
{
    static const char *const images[] = {"images",      "x_train", "x_test",  "train_images",
                                         "test_images", "arr_0",   "features"};
    const char *ending = path ? strrchr(path, '.') : NULL;
    struct pd_npy *npy;
    *is = false;
    if (!ending || strcmp(ending, ".npz") != 0 || !pd_is_file(path))
        return PD_OK;
    const enum pd_status status = pd_npy_open(path, &npy, err);
    if (status) /* what else is wrong its reader says */
        return status == PD_ERR_MEMORY ? status : PD_OK;
    *is = pd_npy_locate(npy, "mu") >= 0 && pd_npy_locate(npy, "sigma") >= 0;
    for (size_t i = 0; i < sizeof images / sizeof images[0]; i++)
        *is = *is && pd_npy_locate(npy, images[i]) < 0;
    pd_npy_destroy(npy);
    return PD_OK;
}

static enum pd_status read_statistics(struct reading *r, struct pd_error *err)
{
    struct pd_feature_file *file = &r->out->file;
    enum pd_status status = pd_feature_file_read(r->samples, file, err);
    if (!status && file->width != PD_INCEPTION_FEATURES)
        status = pd_fail(err, PD_ERR_MISMATCH, -1, "%.200s: statistics of %lld features, Inception has %d",
                         file->name, (long long)file->width, PD_INCEPTION_FEATURES);
    if (!status)
        SAY(r, "mean and covariance of %d features", PD_INCEPTION_FEATURES);
    return status;
}

/* --- any of them --- */

static const char *samples_of(const struct pd_data_request *request)
{
    static const char *const by_path[] = {"folder", "archive", "npz"};
    for (size_t i = 0; i < sizeof by_path / sizeof by_path[0]; i++)
        if (!strcmp(request->name, by_path[i]))
            return request->dir && *request->dir ? request->dir : NULL;
    return pd_data_source_named(request->name) ? NULL : request->name;
}

static void make_key(struct reading *r)
{
    const struct pd_st_meta meta[KEYS] = {{"weights", pd_inception_checksum(r->net)},
                                          {"resize", "tensorflow1 bilinear 299"},
                                          {"image size", r->size},
                                          {"split", pd_split_name(r->request->split)},
                                          {"paydirt", pd_version()}};
    snprintf(r->size, sizeof r->size, "%d", r->request->size);
    memcpy(r->meta, meta, sizeof meta);
    r->key =
        (struct pd_feature_cache_key){PD_INCEPTION_FEATURES, PD_INCEPTION_CLASSES, r->logits, r->meta, KEYS};
}

static enum pd_status read_images(struct reading *r, struct pd_error *err)
{
    struct pd_data_found found;
    enum pd_status status = pd_data_find_files(r->request, &found, err);
    if (!status)
        status = found.data ? read_data(r, found.data, err) : read_files(r, &found.request, err);
    pd_dataset_destroy(found.data);
    pd_feature_cache_close(&r->cache);
    return status;
}

enum pd_status pd_image_features_read(struct pd_inception *net, const struct pd_data_request *request,
                                      bool logits, const struct pd_feature_work *work,
                                      struct pd_image_features *out, struct pd_error *err)
{
    struct reading r = {.net = net,
                        .request = request,
                        .work = work,
                        .out = out,
                        .samples = samples_of(request),
                        .logits = logits};
    bool statistics;
    *out = (struct pd_image_features){.kept = false};
    if (request->size < 0 || request->size > MOST_SIDE || (unsigned)request->split >= PD_SPLITS)
        return pd_fail(err, PD_ERR_USAGE, -1, "size %d, split %d: expected 0 to %d, and a split",
                       request->size, (int)request->split, MOST_SIDE);
    make_key(&r);
    enum pd_status status = is_of_statistics(r.samples, &statistics, err);
    if (status)
        return status;
    return statistics ? read_statistics(&r, err) : read_images(&r, err);
}

enum pd_status pd_image_features_of(struct pd_inception *net, const struct pd_inception_images *images,
                                    bool logits, const struct pd_feature_work *work,
                                    struct pd_image_features *out, struct pd_error *err)
{
    float *features;
    *out = (struct pd_image_features){.kept = false};
    if (images->n < 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld images, expected 1 or more", (long long)images->n);
    enum pd_status status = reserve(out, PD_DATA_IN_MEMORY, images->n, logits, &features, err);
    return status ? status : pd_inception_run(net, images, work, features, out->logits, err);
}
