#include "data/exact_copies.h"

#include "base/mem.h"
#include "base/threads.h"
#include "data/digest.h"
#include "data/images/image.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 8192 };

void pd_file_digest(const struct pd_image *image, const void *bytes, size_t size, struct pd_digest *out)
{
    if (image && !(image->beyond & PD_IMAGE_LOST))
        pd_digest_pixels(3, image->height, image->width, image->planes, out);
    else
        pd_digest_pixels(1, 1, (int)size, bytes, out);
}

/* Of its bytes, or of what tells pictures apart. False: it cannot be read. */
static bool digest_file(const struct pd_dataset *d, uint32_t i, bool decode, struct pd_digest *out)
{
    char path[PATH_SIZE], name[PATH_SIZE / 2];
    struct pd_image image = {.planes = NULL};
    struct pd_buffer bytes = PD_BUFFER_INIT;
    const int n =
        snprintf(path, sizeof path, "%s/%s", d->folder, pd_dataset_image_file(d, i, name, sizeof name));
    if (n >= PATH_SIZE || pd_file_read_most(path, PD_IMAGE_FILE_MAX, &bytes, NULL))
        return false;
    const bool decoded = decode && !pd_image_decode(bytes.data, bytes.size, name, &image, NULL);
    pd_file_digest(decoded ? &image : NULL, bytes.data, bytes.size, out);
    pd_buffer_release(&bytes);
    pd_image_release(&image);
    return true;
}

enum { ALONE, BYTES, PIXELS };

/* Of each image that wants it so, its file's digest; of one that cannot be read none. */
static void digest_files(const struct pd_dataset *d, int threads, int what, uint8_t *wants,
                         struct pd_digest *own)
{
#pragma omp parallel for schedule(dynamic, 16) num_threads(threads ? threads : pd_threads_available())
    for (uint32_t i = 0; i < d->count; i++)
        if (wants[i] == what && !digest_file(d, i, what == PIXELS, &own[i]))
            wants[i] = ALONE;
}

/* Files of equal bytes need no decoding: only where those of a group differ their pictures are compared. */
static enum pd_status tell_apart(const struct pd_dataset *d, int threads, const uint32_t *first,
                                 struct pd_digest *digests, struct pd_error *err)
{
    uint8_t *wants = pd_calloc(d->count, 1);
    struct pd_digest *own = pd_malloc(d->count * sizeof *own);
    if (wants && own) {
        for (uint32_t i = 0; i < d->count; i++)
            if (first[i] != i)
                wants[i] = wants[first[i]] = BYTES;
        digest_files(d, threads, BYTES, wants, own);
        for (uint32_t i = 0; i < d->count; i++)
            if (wants[i] && wants[first[i]] && memcmp(&own[i], &own[first[i]], sizeof *own) != 0)
                wants[first[i]] = PIXELS;
        for (uint32_t i = 0; i < d->count; i++)
            if (wants[i])
                wants[i] = wants[first[i]];
        digest_files(d, threads, PIXELS, wants, own);
        for (uint32_t i = 0; i < d->count; i++)
            if (wants[i])
                digests[i] = own[i];
    }
    const bool room = wants && own;
    pd_free(wants);
    pd_free(own);
    return room ? PD_OK : pd_fail_memory(err, d->name);
}

void pd_given_digest(const struct pd_dataset *d, uint32_t i, struct pd_digest *out)
{
    if (d->given)
        *out = d->given[d->places ? d->places[i] : i];
    else if (!d->folder || !d->image_names || !digest_file(d, i, true, out))
        pd_digest_pixels(d->channels, d->height, d->width, pd_dataset_image(d, i), out);
}

enum pd_status pd_exact_copies(const struct pd_dataset *d, int threads, uint32_t **first, uint32_t *n,
                               struct pd_error *err)
{
    struct pd_digest *digests;
    enum pd_status status = pd_dataset_digests(d, threads, &digests, err);
    *first = NULL;
    for (uint32_t i = 0; !status && d->given && i < d->count; i++)
        pd_given_digest(d, i, &digests[i]);
    if (!status)
        status = pd_digest_copies(digests, d->count, first, n, err);
    if (!status && *n && d->folder && d->image_names) {
        status = tell_apart(d, threads, *first, digests, err);
        pd_free(*first);
        *first = NULL;
        if (!status)
            status = pd_digest_copies(digests, d->count, first, n, err);
    }
    pd_free(digests);
    return status;
}
