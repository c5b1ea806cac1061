/* CIFAR-10 (Krizhevsky 2009), from its binary or its Python version. */
#include "data/readers/readers.h"

#include "data/readers/cifar10_pickle.h"
#include "io/file.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    BATCHES = 5,
    PIXELS = PD_CIFAR10_PIXELS,
    RECORD = 1 + PIXELS,
    FILE_MAX = 1 << 26, /* twice a batch */
    PATH_SIZE = 4096,
};

static const char *const classes[PD_CIFAR10_CLASSES] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                        "dog",      "frog",       "horse", "ship", "truck"};

/* Where one batch goes. */
struct place {
    int32_t *labels; /* (10000) */
    uint8_t *pixels; /* (10000, 3072) */
};

/* Records of a label and 3 x 32 x 32 bytes. */
static enum pd_status read_binary(const uint8_t *bytes, size_t size, const char *path, struct place to,
                                  struct pd_error *err)
{
    const size_t whole = (size_t)PD_CIFAR10_BATCH * RECORD;
    if (size < whole)
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)size,
                       "'%s' is cut off, expected %zu bytes (%d records of %d)", path, whole,
                       PD_CIFAR10_BATCH, RECORD);
    if (size > whole)
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)whole,
                       "'%s': bytes left over, expected the end (%d records of %d)", path, PD_CIFAR10_BATCH,
                       RECORD);
    for (size_t i = 0; i < PD_CIFAR10_BATCH; i++, bytes += RECORD) {
        if (bytes[0] >= PD_CIFAR10_CLASSES)
            return pd_fail(err, PD_ERR_FORMAT, (int64_t)(i * RECORD), "'%s': label %u, expected 0 to %d",
                           path, bytes[0], PD_CIFAR10_CLASSES - 1);
        to.labels[i] = bytes[0];
        memcpy(to.pixels + i * PIXELS, bytes + 1, PIXELS);
    }
    return PD_OK;
}

static enum pd_status read_pickle(const uint8_t *bytes, size_t size, const char *path, struct place to,
                                  struct pd_error *err)
{
    struct pd_cifar10_batch batch;
    enum pd_status status = pd_cifar10_pickle_parse(bytes, size, path, &batch, err);
    if (!status && batch.count != PD_CIFAR10_BATCH)
        status = pd_fail(err, PD_ERR_FORMAT, -1, "'%s' holds %u images, expected %d", path, batch.count,
                         PD_CIFAR10_BATCH);
    for (size_t i = 0; !status && i < PD_CIFAR10_BATCH; i++) {
        to.labels[i] = batch.labels[i];
        for (size_t k = 0; k < PIXELS; k++)
            to.pixels[i * PIXELS + k] =
                batch.pixels[batch.by_columns ? k * PD_CIFAR10_BATCH + i : i * PIXELS + k];
    }
    pd_cifar10_batch_release(&batch);
    return status;
}

/* The two versions, as their archives unpack. */
static const struct version {
    const char *folder, *ending;
    enum pd_status (*read)(const uint8_t *bytes, size_t size, const char *path, struct place to,
                           struct pd_error *err);
} versions[] = {
    {"cifar-10-batches-bin", ".bin", read_binary},
    {"cifar-10-batches-py", "", read_pickle},
};

/* The files of one split that are there. */
struct found {
    const struct version *version;
    char paths[BATCHES][PATH_SIZE];
    int count;
};

static void add_if_there(struct found *f, const char *dir, const char *below, const char *name)
{
    char *path = f->paths[f->count];
    int n = snprintf(path, PATH_SIZE, "%s/%s%s%s%s", dir, below, *below ? "/" : "", name, f->version->ending);
    f->count += n < PATH_SIZE && pd_is_file(path);
}

static bool find_in(struct found *f, const char *dir, const char *below, enum pd_split split)
{
    f->count = 0;
    for (int k = 1; split == PD_SPLIT_TRAIN && k <= BATCHES; k++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d", k);
        add_if_there(f, dir, below, name);
    }
    if (split == PD_SPLIT_TEST)
        add_if_there(f, dir, below, "test_batch");
    return f->count > 0;
}

static enum pd_status find(struct found *f, const struct pd_data_request *request, struct pd_error *err)
{
    if (!request->dir)
        return pd_fail_place(err, "cifar10");
    for (size_t v = 0; v < sizeof versions / sizeof versions[0]; v++) {
        f->version = &versions[v];
        const char *const below[] = {f->version->folder, ""};
        for (int k = 0; k < 2; k++)
            if (find_in(f, request->dir, below[k], request->split))
                return PD_OK;
    }
    const char *name = request->split == PD_SPLIT_TRAIN ? "data_batch_1" : "test_batch";
    return pd_fail(err, PD_ERR_IO, -1,
                   "data set 'cifar10': no file %s.bin or %s in '%.200s', its cifar-10-batches-bin or its "
                   "cifar-10-batches-py",
                   name, name, request->dir);
}

static enum pd_status read_file(const struct found *f, int i, struct pd_dataset *d, struct pd_error *err)
{
    struct pd_buffer file = PD_BUFFER_INIT;
    const size_t first = (size_t)i * PD_CIFAR10_BATCH;
    const struct place to = {d->labels + first, d->pixels + first * PIXELS};
    enum pd_status status = pd_file_read_most(f->paths[i], FILE_MAX, &file, err);
    if (!status)
        status = f->version->read((const uint8_t *)file.data, file.size, f->paths[i], to, err);
    pd_buffer_release(&file);
    return status;
}

enum pd_status pd_open_cifar10(const struct pd_data_source *source, const struct pd_data_request *request,
                               struct pd_dataset *d, struct pd_error *err)
{
    struct found f = {.count = 0};
    (void)source;
    enum pd_status status = find(&f, request, err);
    if (!status)
        status = pd_dataset_reserve(d, (uint32_t)f.count * PD_CIFAR10_BATCH, 3, 32, 32, err);
    if (!status)
        status = pd_dataset_name_classes(d, classes, PD_CIFAR10_CLASSES, err);
    for (int i = 0; !status && i < f.count; i++)
        status = read_file(&f, i, d, err);
    d->classes = PD_CIFAR10_CLASSES;
    if (!status && request->split == PD_SPLIT_TRAIN && f.count < BATCHES)
        pd_dataset_add_note(d, "%d of %d training batches are there, %u images", f.count, BATCHES, d->count);
    return status;
}
