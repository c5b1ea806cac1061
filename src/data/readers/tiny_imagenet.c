/* TinyImageNet (Stanford's CS231N), the training half of it, which alone is labelled in place: of each class
 * the first 400 images train and the last 100 test. */
#include "data/readers/readers.h"

#include "base/mem.h"
#include "base/rng.h"
#include "data/images/image_set.h"
#include "base/streams.h"
#include "data/transform.h"
#include "data/readers/wnids.h"
#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWN = 10, TRAIN = 400, ALL = 500, PATH_SIZE = 4096, WNIDS_BYTES = 1 << 14, WORDS_BYTES = 1 << 24 };

/* As the archive unpacks; ten of its classes, as ALCG took; all else. */
static const char *const below[] = {"tiny-imagenet-200", "tiny-imagenet-10", "tiny-imagenet", NULL};

/* Ids of the chosen classes. */
struct chosen {
    char at[PD_WNIDS_MAX][PD_WNID_SIZE];
    int count;
};

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Ten at random, in the list's order; all where there are not more. */
static void draw(const struct pd_wnids *ids, uint64_t seed, struct chosen *c)
{
    const struct pd_rng rng = {seed, PD_STREAM_CLASSES, 0};
    uint32_t order[PD_WNIDS_MAX];
    c->count = ids->count < DRAWN ? ids->count : DRAWN;
    pd_rng_permutation(&rng, (uint32_t)ids->count, order);
    qsort(order, (size_t)c->count, sizeof *order, by_number);
    for (int i = 0; i < c->count; i++)
        memcpy(c->at[i], ids->at[order[i]], PD_WNID_SIZE);
}

static bool is_among(char (*at)[PD_WNID_SIZE], int count, const char *id, size_t n)
{
    bool found = false;
    for (int i = 0; !found && i < count; i++)
        found = n == PD_WNID_SIZE - 1 && !memcmp(at[i], id, n);
    return found;
}

/* Those of a list with commas, in its order. */
static enum pd_status take_given(struct pd_wnids *ids, const char *list, struct chosen *c,
                                 struct pd_error *err)
{
    c->count = 0;
    for (const char *at = list;;) {
        const size_t n = strcspn(at, ",");
        if (!is_among(ids->at, ids->count, at, n) || is_among(c->at, c->count, at, n))
            return pd_hint(
                err,
                pd_fail(err, PD_ERR_USAGE, -1,
                        "classes '%.200s': expected ids of wnids.txt, each once, with one comma between",
                        list),
                "classes");
        memcpy(c->at[c->count], at, n);
        c->at[c->count++][n] = '\0';
        at += n;
        if (!*at++)
            return PD_OK;
    }
}

static enum pd_status choose(const char *path, const struct pd_data_request *request, struct chosen *c,
                             struct pd_error *err)
{
    struct pd_buffer file = PD_BUFFER_INIT;
    struct pd_wnids ids;
    enum pd_status status = pd_file_read_most(path, WNIDS_BYTES, &file, err);
    if (!status)
        status = pd_wnids_parse(file.data, file.size, path, &ids, err);
    pd_buffer_release(&file);
    if (status)
        return status;
    if (request->classes && *request->classes)
        return take_given(&ids, request->classes, c, err);
    draw(&ids, request->seed, c);
    return PD_OK;
}

/* From words.txt, where it is. */
static enum pd_status name_classes(const struct pd_data_request *request, const struct chosen *c,
                                   struct pd_image_list *l, struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_buffer file = PD_BUFFER_INIT;
    enum pd_status status = PD_OK;
    l->class_count = c->count;
    l->classes = pd_calloc((size_t)c->count, sizeof *l->classes);
    if (!l->classes)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the names of classes");
    if (!pd_dataset_find(path, sizeof path, request, below, "words.txt", NULL))
        status = pd_file_read_most(path, WORDS_BYTES, &file, err);
    for (int k = 0; !status && k < c->count; k++)
        pd_wnid_word(file.data ? file.data : "", file.size, c->at[k], l->classes[k], sizeof l->classes[k]);
    pd_buffer_release(&file);
    return status;
}

/* The names are known: train/n01443537/images/n01443537_0.JPEG and so on to 499. */
static enum pd_status list_images(const struct chosen *c, enum pd_split split, struct pd_image_list *l,
                                  struct pd_error *err)
{
    const int first = split == PD_SPLIT_TRAIN ? 0 : TRAIN, last = split == PD_SPLIT_TRAIN ? TRAIN : ALL;
    l->at = pd_calloc((size_t)c->count * (size_t)(last - first), sizeof *l->at);
    bool oom = !l->at;
    for (int k = 0; !oom && k < c->count; k++)
        for (int i = first; !oom && i < last; i++) {
            char path[64];
            snprintf(path, sizeof path, "train/%s/images/%s_%d.JPEG", c->at[k], c->at[k], i);
            l->at[l->count] = (struct pd_image_file){pd_strdup(path), k, 0};
            oom = !l->at[l->count].path;
            l->count += !oom;
        }
    return oom ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the list of images") : PD_OK;
}

struct tiny {
    const struct pd_data_request *request;
    struct chosen chosen;
};

static enum pd_status list(const struct pd_image_set *set, struct pd_image_list *out, struct pd_error *err)
{
    const struct tiny *t = set->context;
    enum pd_status status = name_classes(t->request, &t->chosen, out, err);
    if (!status)
        status = list_images(&t->chosen, t->request->split, out, err);
    return status ? status : pd_image_list_stamp(out, set->root, "words.txt", err);
}

static enum pd_status write_key(const struct tiny *t, const char *folder, int side, struct pd_buffer *key,
                                struct pd_error *err)
{
    char *real = realpath(folder, NULL);
    pd_buffer_printf(key, "tiny-imagenet %s\nsplit %d\nside %d\nclasses", real ? real : folder,
                     t->request->split, side);
    for (int k = 0; k < t->chosen.count; k++)
        pd_buffer_printf(key, " %s", t->chosen.at[k]);
    free(real);
    return key->oom ? pd_fail_memory(err, folder) : PD_OK;
}

enum pd_status pd_open_tiny_imagenet(const struct pd_data_source *source,
                                     const struct pd_data_request *request, struct pd_dataset *d,
                                     struct pd_error *err)
{
    char path[PATH_SIZE];
    struct tiny t = {.request = request};
    struct pd_buffer key = PD_BUFFER_INIT;
    int side = 0;
    (void)source;
    enum pd_status status = pd_transform_stored_side(request, &side, err);
    if (!status)
        status = pd_dataset_find(path, sizeof path, request, below, "wnids.txt", err);
    if (!status)
        status = choose(path, request, &t.chosen, err);
    if (!status) {
        *strrchr(path, '/') = '\0';
        status = write_key(&t, path, side, &key, err);
    }
    if (!status) {
        const struct pd_image_set set = {path, key.data, side, &t, list};
        status = pd_image_set_open(&set, request, d, err);
    }
    pd_buffer_release(&key);
    return status;
}
