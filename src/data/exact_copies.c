#include "data/exact_copies.h"

#include "base/mem.h"
#include "base/threads.h"
#include "data/digest.h"
#include "data/images/image.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 8192 };

static bool is_flat(const uint8_t *planes, size_t size)
{
    for (int c = 0; c < 3; c++)
        if (memcmp(planes + (size_t)c * size, planes + (size_t)c * size + 1, size - 1) != 0)
            return false;
    return true;
}

/* Of a file that cannot be read it stays what it was. */
static void digest_file(const struct pd_dataset *d, uint32_t i, struct pd_digest *out)
{
    char path[PATH_SIZE], name[PATH_SIZE / 2];
    struct pd_image image;
    struct pd_buffer bytes = PD_BUFFER_INIT;
    const int n =
        snprintf(path, sizeof path, "%s/%s", d->folder, pd_dataset_image_file(d, i, name, sizeof name));
    if (n >= PATH_SIZE || pd_image_read(path, &image, NULL))
        return;
    if (!is_flat(image.planes, (size_t)image.height * (size_t)image.width))
        pd_digest_pixels(3, image.height, image.width, image.planes, out);
    else if (!pd_file_read_most(path, PD_IMAGE_FILE_MAX, &bytes, NULL))
        pd_digest_pixels(1, 1, (int)bytes.size, (const uint8_t *)bytes.data, out);
    pd_buffer_release(&bytes);
    pd_image_release(&image);
}

/* Those that have a copy. */
static enum pd_status digest_files(const struct pd_dataset *d, int threads, const uint32_t *first,
                                   struct pd_digest *digests, struct pd_error *err)
{
    uint8_t *doubtful = pd_calloc(d->count, 1);
    if (!doubtful)
        return pd_fail_memory(err, d->name);
    for (uint32_t i = 0; i < d->count; i++)
        if (first[i] != i)
            doubtful[i] = doubtful[first[i]] = 1;
#pragma omp parallel for schedule(dynamic, 16) num_threads(threads ? threads : pd_threads_available())
    for (uint32_t i = 0; i < d->count; i++)
        if (doubtful[i])
            digest_file(d, i, &digests[i]);
    pd_free(doubtful);
    return PD_OK;
}

enum pd_status pd_exact_copies(const struct pd_dataset *d, int threads, uint32_t **first, uint32_t *n,
                               struct pd_error *err)
{
    struct pd_digest *digests;
    enum pd_status status = pd_dataset_digests(d, threads, &digests, err);
    *first = NULL;
    if (!status)
        status = pd_digest_copies(digests, d->count, first, n, err);
    if (!status && *n && d->folder && d->image_names) {
        status = digest_files(d, threads, *first, digests, err);
        pd_free(*first);
        *first = NULL;
        if (!status)
            status = pd_digest_copies(digests, d->count, first, n, err);
    }
    pd_free(digests);
    return status;
}
