/* MNIST and the sets that come in the same four files: finds them, reads them, checks that they fit together.
 */
#include "data/readers/readers.h"

#include "base/mem.h"
#include "data/readers/idx.h"
#include "data/images/resize.h"
#include "io/file.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

static const char *const clothes[] = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                      "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};

static const char *const letters[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
                                      "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z"};

static const struct set {
    const char *name, *prefixes[2]; /* of its files, by split */
    int classes, first_label;
    bool turned;              /* stored by columns */
    const char *const *names; /* of the classes, or NULL */
} sets[] = {
    {"mnist", {"train", "t10k"}, 10, 0, false, NULL},
    {"fmnist", {"train", "t10k"}, 10, 0, false, clothes},
    {"kmnist", {"train", "t10k"}, 10, 0, false, NULL},
    {"emnist", {"emnist-letters-train", "emnist-letters-test"}, 26, 1, true, letters},
};

static const struct set *set_of(const char *name)
{
    const struct set *s = sets;
    while (strcmp(s->name, name) != 0)
        s++;
    return s;
}

/* folder/[below/]file or the same with .gz, whichever exists, into path. */
static bool find_in(char path[PATH_SIZE], const char *folder, const char *below, const char *file)
{
    static const char *const endings[] = {"", ".gz"};
    for (int i = 0; i < 2; i++) {
        int n = snprintf(path, PATH_SIZE, "%s/%s%s%s%s", folder, below, *below ? "/" : "", file, endings[i]);
        if (n < PATH_SIZE && !pd_is_absent(path))
            return true;
    }
    return false;
}

static bool find(char path[PATH_SIZE], const struct pd_data_source *source, const char *dir, const char *file)
{
    if (dir)
        return find_in(path, dir, source->name, file) || find_in(path, dir, "", file);
    return source->installed && find_in(path, source->installed, "", file);
}

static enum pd_status missing(const struct pd_data_source *source, const char *dir, const char *file,
                              struct pd_error *err)
{
    if (dir)
        return pd_fail(err, PD_ERR_IO, -1,
                       "data set '%s': no file %s or %s.gz that can be reached in '%s' or '%s/%s'",
                       source->name, file, file, dir, dir, source->name);
    if (source->package)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_IO, -1,
                               "data set '%s': no file %s(.gz) in '%s': install the package %s or give the "
                               "folder",
                               source->name, file, source->installed, source->package),
                       "data-dir");
    return pd_fail_place(err, source->name);
}

static enum pd_status find_and_read(const struct pd_data_source *source,
                                    const struct pd_data_request *request, bool labels, char path[PATH_SIZE],
                                    struct pd_idx *idx, struct pd_error *err)
{
    char file[64];
    snprintf(file, sizeof file, "%s-%s", set_of(source->name)->prefixes[request->split],
             labels ? "labels-idx1-ubyte" : "images-idx3-ubyte");
    if (!find(path, source, request->dir, file))
        return missing(source, request->dir, file, err);
    return pd_idx_read(path, labels ? PD_IDX_LABELS : PD_IDX_IMAGES, idx, err);
}

static enum pd_status widen_labels(struct pd_dataset *d, const struct set *set, const struct pd_idx *labels,
                                   const char *path, struct pd_error *err)
{
    d->labels = pd_malloc(labels->count * sizeof *d->labels);
    if (!d->labels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u labels", labels->count);
    for (uint32_t i = 0; i < labels->count; i++) {
        d->labels[i] = labels->bytes[i] - set->first_label;
        if (d->labels[i] < 0 || d->labels[i] >= set->classes)
            return pd_fail(err, PD_ERR_FORMAT, 8 + (int64_t)i, "'%s': label %u, expected %d to %d", path,
                           labels->bytes[i], set->first_label, set->first_label + set->classes - 1);
    }
    return PD_OK;
}

/* For sets stored by columns. */
static enum pd_status turn(const struct pd_idx *images, const char *path, struct pd_error *err)
{
    const uint32_t side = images->height;
    if (side != images->width)
        return pd_fail(err, PD_ERR_FORMAT, 8, "'%s': %u x %u pixels, expected as many rows as columns", path,
                       side, images->width);
    for (size_t i = 0; i < images->count; i++)
        pd_turn_plane(images->bytes + i * side * side, side);
    return PD_OK;
}

enum pd_status pd_open_mnist(const struct pd_data_source *source, const struct pd_data_request *request,
                             struct pd_dataset *d, struct pd_error *err)
{
    const struct set *set = set_of(source->name);
    char image_path[PATH_SIZE], label_path[PATH_SIZE];
    struct pd_idx images = {0}, labels = {0};
    enum pd_status status = find_and_read(source, request, false, image_path, &images, err);
    if (!status)
        status = find_and_read(source, request, true, label_path, &labels, err);
    if (!status && images.count != labels.count)
        status =
            pd_fail(err, PD_ERR_MISMATCH, 4, "'%s' holds %u labels, expected %u, as many as '%s' has images",
                    label_path, labels.count, images.count, image_path);
    if (!status)
        status = widen_labels(d, set, &labels, label_path, err);
    if (!status && set->turned)
        status = turn(&images, image_path, err);
    if (!status && set->names)
        status = pd_dataset_name_classes(d, set->names, set->classes, err);
    if (!status) {
        d->count = images.count;
        d->classes = set->classes;
        d->channels = 1;
        d->height = (int)images.height;
        d->width = (int)images.width;
        d->pixels = images.bytes;
        images.bytes = NULL;
    }
    pd_idx_release(&images);
    pd_idx_release(&labels);
    return status;
}
