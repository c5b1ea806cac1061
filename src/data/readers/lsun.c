/* LSUN (Yu et al. 2015): the validation images of its scenes, which are training and test split in one, as in
 * the code of the GOLD paper. */
#include "data/readers/readers.h"

#include "data/images/image.h"
#include "data/readers/lmdb.h"
#include "data/transform.h"
#include "io/file.h"

#include <inttypes.h>
#include <stdio.h>

enum { SCENES = 10, FILE_MAX = 1 << 30, PATH_SIZE = 4096 };

static const char *const scenes[SCENES] = {"bedroom",         "bridge",      "church_outdoor", "classroom",
                                           "conference_room", "dining_room", "kitchen",        "living_room",
                                           "restaurant",      "tower"};

/* The files that are there, whole in memory. */
struct found {
    int count;
    uint64_t images;
    const char *names[SCENES];
    char paths[SCENES][PATH_SIZE];
    struct pd_buffer files[SCENES];
    struct pd_lmdb values[SCENES];
};

static enum pd_status read_scene(struct found *f, const char *scene, struct pd_error *err)
{
    const int k = f->count++;
    enum pd_status status = pd_file_read_most(f->paths[k], FILE_MAX, &f->files[k], err);
    if (!status)
        status = pd_lmdb_parse(f->files[k].data, f->files[k].size, f->paths[k], &f->values[k], err);
    f->names[k] = scene;
    f->images += f->values[k].count;
    return status;
}

static enum pd_status read_scenes(struct found *f, const struct pd_data_request *request,
                                  struct pd_error *err)
{
    static const char *const below[] = {"lsun", NULL};
    enum pd_status status = PD_OK;
    for (int i = 0; !status && i < SCENES; i++) {
        char file[64];
        snprintf(file, sizeof file, "%s_val_lmdb/data.mdb", scenes[i]);
        if (!pd_dataset_find(f->paths[f->count], PATH_SIZE, request, below, file, err))
            status = read_scene(f, scenes[i], err);
        else if (!request->dir)
            status = PD_ERR_USAGE;
    }
    if (!status && !f->count) /* err names the last file; this is what people should hear */
        status = pd_fail(err, PD_ERR_IO, -1,
                         "data set 'lsun': no folder bedroom_val_lmdb, or that of another scene, with a file "
                         "data.mdb in '%.150s' or '%.150s/lsun'",
                         request->dir, request->dir);
    return status;
}

static enum pd_status decode(const struct pd_lmdb_value *value, const char *name, int side, uint8_t *pixels,
                             struct pd_error *err)
{
    struct pd_image image;
    enum pd_status status = pd_image_decode(value->bytes, value->size, name, &image, err);
    if (!status)
        status = pd_image_fit(&image, side, name, pixels, err);
    pd_image_release(&image);
    return status;
}

/* All images of scene k; of several that cannot be decoded the first is told. */
static enum pd_status decode_scene(const struct found *f, int k, struct pd_dataset *d, size_t first,
                                   struct pd_error *err)
{
    const struct pd_lmdb *l = &f->values[k];
    const size_t size = pd_dataset_image_size(d);
    size_t bad = l->count;
#pragma omp parallel for schedule(dynamic) reduction(min : bad)
    for (size_t i = 0; i < l->count; i++) {
        d->labels[first + i] = k;
        if (decode(&l->values[i], "", d->width, d->pixels + (first + i) * size, NULL) && i < bad)
            bad = i;
    }
    if (bad == l->count)
        return PD_OK;
    char name[PATH_SIZE + 32];
    snprintf(name, sizeof name, "%s, value %zu", f->paths[k], bad);
    return decode(&l->values[bad], name, d->width, d->pixels + (first + bad) * size, err);
}

static void tell(struct pd_dataset *d, const struct found *f)
{
    pd_dataset_add_note(d, "training and test images are the same %u", d->count);
    if (f->count < SCENES)
        pd_dataset_add_note(d, "%d of %d scenes are there", f->count, SCENES);
}

static enum pd_status take(struct pd_dataset *d, const struct found *f, int side, struct pd_error *err)
{
    size_t first = 0;
    enum pd_status status =
        f->images > UINT32_MAX
            ? pd_fail(err, PD_ERR_UNSUPPORTED, -1, "data set 'lsun': %" PRIu64 " images", f->images)
            : pd_dataset_reserve(d, (uint32_t)f->images, 3, side, side, err);
    if (!status)
        status = pd_dataset_name_classes(d, f->names, f->count, err);
    d->classes = f->count;
    for (int k = 0; !status && k < f->count; k++) {
        status = decode_scene(f, k, d, first, err);
        first += f->values[k].count;
    }
    if (!status)
        tell(d, f);
    return status;
}

enum pd_status pd_open_lsun(const struct pd_data_source *source, const struct pd_data_request *request,
                            struct pd_dataset *d, struct pd_error *err)
{
    struct found f = {.count = 0};
    int side = 0;
    (void)source;
    enum pd_status status = pd_transform_stored_side(request, &side, err);
    if (!status)
        status = read_scenes(&f, request, err);
    if (!status)
        status = take(d, &f, side, err);
    for (int k = 0; k < f.count; k++) {
        pd_lmdb_release(&f.values[k]);
        pd_buffer_release(&f.files[k]);
    }
    return status;
}
