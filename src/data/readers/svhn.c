/* SVHN, the house numbers of Netzer et al. (2011), cropped to 32 x 32. */
#include "data/readers/readers.h"

#include "base/mem.h"
#include "data/readers/mat5.h"
#include "data/images/resize.h"

enum { CLASSES = 10, SIDE = 32, AREA = SIDE * SIDE, PATH_SIZE = 4096 };

/* X: (32, 32, 3, N), y: (N, 1) or (1, N). */
static enum pd_status check(const struct pd_mat5_array *x, const struct pd_mat5_array *y, const char *path,
                            struct pd_error *err)
{
    if (x->rank != 4 || x->dims[0] != SIDE || x->dims[1] != SIDE || x->dims[2] != 3)
        return pd_fail(err, PD_ERR_FORMAT, -1, "'%s': array X has another shape than 32 x 32 x 3 x N", path);
    if (y->rank != 2 || y->size != x->dims[3])
        return pd_fail(err, PD_ERR_MISMATCH, -1, "'%s': %llu labels in y, expected %u, one for each image",
                       path, (unsigned long long)y->size, x->dims[3]);
    return PD_OK;
}

/* Labels 1 .. 10, of which 10 is the digit 0. */
static enum pd_status take_labels(struct pd_dataset *d, const struct pd_mat5_array *y, const char *path,
                                  struct pd_error *err)
{
    d->labels = pd_malloc((size_t)y->size * sizeof *d->labels);
    if (!d->labels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the labels of '%s'", path);
    for (uint64_t i = 0; i < y->size; i++) {
        if (!y->bytes[i] || y->bytes[i] > CLASSES)
            return pd_fail(err, PD_ERR_FORMAT, -1, "'%s': label %u of image %llu, expected 1 to 10", path,
                           y->bytes[i], (unsigned long long)i);
        d->labels[i] = y->bytes[i] % CLASSES;
    }
    return PD_OK;
}

enum pd_status pd_open_svhn(const struct pd_data_source *source, const struct pd_data_request *request,
                            struct pd_dataset *d, struct pd_error *err)
{
    const char *file = request->split == PD_SPLIT_TRAIN ? "train_32x32.mat" : "test_32x32.mat";
    struct pd_mat5_array arrays[2] = {{.name = "X"}, {.name = "y"}}, *x = &arrays[0], *y = &arrays[1];
    const char *const below[] = {source->name, NULL};
    char path[PATH_SIZE];
    enum pd_status status = pd_dataset_find(path, sizeof path, request, below, file, err);
    if (!status)
        status = pd_mat5_read(path, arrays, 2, err);
    if (!status)
        status = check(x, y, path, err);
    if (!status)
        status = take_labels(d, y, path, err);
    if (!status) {
        d->count = x->dims[3];
        d->classes = CLASSES;
        d->channels = 3;
        d->height = d->width = SIDE;
        d->pixels = x->bytes;
        x->bytes = NULL;
        for (size_t i = 0; i < 3 * (size_t)d->count; i++)
            pd_turn_plane(d->pixels + i * AREA, SIDE); /* stored by columns */
    }
    pd_mat5_release(arrays, 2);
    return status;
}
