#include "metric/image_files.h"

#include "base/mem.h"
#include "base/pass_on.h"
#include "base/threads.h"
#include "data/images/image.h"
#include "data/prefetch.h"
#include "io/file.h"
#include "metric/features.h"
#include "metric/inception.h"

#include <omp.h>
#include <stdatomic.h>
#include <string.h>

enum { BATCH = PD_INCEPTION_BATCH, PIXELS = PD_INCEPTION_PIXELS, PATH_SIZE = 4096 };
enum { DECODERS = 8, DECODERS_SHARE = 4 }; /* threads that decode: a quarter of the network's, 8 at most */

/* What became of a file. */
enum { BAD, GOOD, DRAWN, FAILED };

typedef uint8_t sum[SHA256_DIGEST_SIZE];

void pd_inception_found_release(struct pd_inception_found *f)
{
    pd_free(f->features);
    pd_free(f->logits);
    pd_free(f->good);
    pd_free(f->sizes);
    *f = (struct pd_inception_found){.count = 0};
}

/* --- one file --- */

/* Its bytes and their sum; zeros where there are none for us. */
static enum pd_status read_bytes(const struct pd_inception_files *files, size_t at, char path[PATH_SIZE],
                                 struct pd_buffer *bytes, sum out, struct pd_error *err)
{
    struct sha256_ctx sha;
    memset(out, 0, sizeof(sum));
    enum pd_status status = pd_path_join(path, PATH_SIZE, files->root, files->list->at[at].path, err);
    if (!status)
        status = pd_file_read_most(path, PD_IMAGE_FILE_MAX, bytes, err);
    if (status)
        return status;
    sha256_init(&sha);
    sha256_update(&sha, bytes->size, (const uint8_t *)bytes->data);
    sha256_digest(&sha, sizeof(sum), out);
    return PD_OK;
}

static enum pd_status resize(const struct pd_image *image, int side, const char *name, float *out,
                             struct pd_error *err)
{
    enum pd_status status = pd_image_check_sides(image, name, err);
    if (status)
        return status;
    if (!side) {
        pd_inception_resize(3, image->height, image->width, image->planes, out);
        return PD_OK;
    }
    uint8_t *pixels = pd_malloc(3 * (size_t)side * (size_t)side);
    status = pixels ? pd_image_fit(image, side, name, pixels, err) : pd_fail_memory(err, name);
    if (!status)
        pd_inception_resize(3, side, side, pixels, out);
    pd_free(pixels);
    return status;
}

static enum pd_status load(const struct pd_inception_files *files, size_t at, float *out, sum digest,
                           uint64_t *size, struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_buffer bytes = PD_BUFFER_INIT;
    struct pd_image image = {0};
    enum pd_status status = read_bytes(files, at, path, &bytes, digest, err);
    if (!status)
        status = pd_image_decode(bytes.data, bytes.size, path, &image, err);
    pd_buffer_release(&bytes);
    if (!status)
        status = resize(&image, files->side, path, out, err);
    *size = status ? 0 : (uint64_t)image.height << 32 | (uint64_t)image.width;
    pd_image_release(&image);
    return status;
}

/* --- a batch, by a thread of its own while the network is busy --- */

struct decoding {
    const struct pd_inception_files *files;
    int threads;
    sum *sums;       /* (list's count) */
    uint64_t *sizes; /* found's */
    bool failed;     /* the network has come to what could not be decoded for other reasons than itself */
    /* Looked at once the thread is gone. */
    struct pd_error failure; /* FAILED's */
    struct pd_error first_bad;
    size_t first_at;
};

/* Whether it says something about the image. */
static bool is_of_image(const struct pd_error *why)
{
    return why->status == PD_ERR_IO ? pd_is_missing(why)
                                    : why->status != PD_ERR_MEMORY && why->status != PD_ERR_UNSUPPORTED;
}

static int32_t decode_one(struct decoding *d, size_t at, float *out)
{
    struct pd_error why;
    const enum pd_status status = load(d->files, at, out, d->sums[at], &d->sizes[at], &why);
    if (!status)
        return GOOD;
    if (status == PD_ERR_MISMATCH)
        return DRAWN;
    const bool bad = is_of_image(&why);
#pragma omp critical(pd_inception_files)
    if (!bad) {
        d->failure = why;
    } else if (!d->first_bad.status || at < d->first_at) {
        d->first_bad = why;
        d->first_at = at;
    }
    return bad ? BAD : FAILED;
}

static size_t batch_at(const struct pd_inception_files *files, uint64_t step)
{
    const size_t first = (size_t)step * BATCH, count = files->list->count;
    return first >= count ? 0 : count - first < BATCH ? count - first : BATCH;
}

static void decode_batch(void *context, uint64_t step, float *images, int32_t *states, uint32_t *indices)
{
    struct decoding *d = context;
    const size_t n = batch_at(d->files, step);
    (void)indices;
#pragma omp parallel for schedule(dynamic) num_threads(d->threads)
    for (size_t i = 0; i < n; i++)
        states[i] = decode_one(d, (size_t)step * BATCH + i, images + i * PIXELS);
}

/* --- all of them --- */

/* Moves the good ones of a batch together; -1: one has failed. */
static int64_t keep_good(const int32_t *states, size_t n, float *images, uint8_t *good,
                         struct pd_inception_found *found)
{
    int64_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (states[i] == FAILED)
            return -1;
        good[i] = states[i] == GOOD;
        found->bad += states[i] == BAD;
        found->drawn += states[i] == DRAWN;
        if (states[i] == GOOD && kept != (int64_t)i)
            memcpy(images + kept * PIXELS, images + i * PIXELS, PIXELS * sizeof *images);
        kept += states[i] == GOOD;
    }
    return kept;
}

static enum pd_status run_batches(struct pd_inception *net, struct decoding *d, struct pd_prefetch *ahead,
                                  const struct pd_feature_work *work, struct pd_inception_found *found,
                                  struct pd_error *err)
{
    float *room = pd_inception_room(net);
    enum pd_status status = PD_OK;
    size_t n, first = 0;
    for (uint64_t step = 0; !status && (n = batch_at(d->files, step)); step++, first += n) {
        int32_t states[BATCH];
        pd_prefetch_get(ahead, step, room, states, NULL);
        const int64_t kept = keep_good(states, n, room, found->good + first, found);
        d->failed = kept < 0;
        if (d->failed)
            return PD_ERR_IO; /* which the caller words, when the thread is gone */
        if (kept)
            status = pd_inception_run_room(
                net, kept, found->features + found->count * PD_INCEPTION_FEATURES,
                found->logits ? found->logits + found->count * PD_INCEPTION_CLASSES : NULL, err);
        found->count += status ? 0 : kept;
        if (!status)
            status = pd_work_step(work, first + n, d->files->list->count, err);
    }
    return status;
}

static enum pd_status reserve(const struct pd_inception_files *files, struct decoding *d,
                              struct pd_inception_found *found, struct pd_error *err)
{
    const size_t n = files->list->count;
    found->features = pd_calloc(n, PD_INCEPTION_FEATURES * sizeof *found->features);
    if (files->logits)
        found->logits = pd_calloc(n, PD_INCEPTION_CLASSES * sizeof *found->logits);
    found->good = pd_calloc(n, 1);
    found->sizes = d->sizes = pd_calloc(n, sizeof *found->sizes);
    d->sums = pd_calloc(n, sizeof *d->sums);
    return found->features && (found->logits || !files->logits) && found->good && found->sizes && d->sums
               ? PD_OK
               : pd_fail(err, PD_ERR_MEMORY, -1, "%.200s: out of memory for the features of %zu images",
                         files->root, n);
}

static void sum_up(const sum *sums, size_t n, char digest[PD_SHA256_HEX])
{
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, n * sizeof *sums, (const uint8_t *)sums);
    pd_sha256_hex(&sha, digest);
}

static enum pd_status run_all(struct pd_inception *net, struct decoding *d,
                              const struct pd_feature_work *work, struct pd_inception_found *found,
                              struct pd_error *err)
{
    struct pd_prefetch *ahead;
    enum pd_status status = pd_prefetch_create(decode_batch, d, BATCH, PIXELS, &ahead, err);
    if (status)
        return status;
    status = run_batches(net, d, ahead, work, found, err);
    pd_prefetch_destroy(ahead);
    if (status)
        return d->failed ? pd_pass_on(&d->failure, err) : status;
    found->first_bad = d->first_bad;
    sum_up((const sum *)d->sums, d->files->list->count, found->digest);
    if (!found->count && found->bad)
        return pd_fail(err, PD_ERR_FORMAT, -1, "none of %zu images can be read; the first: %s", found->bad,
                       found->first_bad.message);
    return found->count ? PD_OK
                        : pd_fail(err, PD_ERR_FORMAT, -1,
                                  "'%.200s': all %zu images are pictures that paydirt has drawn",
                                  d->files->root, found->drawn);
}

enum pd_status pd_inception_run_files(struct pd_inception *net, const struct pd_inception_files *files,
                                      const struct pd_feature_work *work, struct pd_inception_found *found,
                                      struct pd_error *err)
{
    const int threads = pd_inception_threads(net) / DECODERS_SHARE;
    struct decoding d = {.files = files,
                         .threads = threads < 1          ? 1
                                    : threads > DECODERS ? DECODERS
                                                         : threads};
    *found = (struct pd_inception_found){.count = 0};
    enum pd_status status = reserve(files, &d, found, err);
    if (!status)
        status = run_all(net, &d, work, found, err);
    pd_free(d.sums);
    return status;
}

/* --- the digest alone --- */

struct summing {
    const struct pd_inception_files *files;
    const struct pd_data_watch *watch; /* or NULL */
    sum *sums;
    atomic_size_t done;
    atomic_bool stop;
    struct pd_error failure;
};

static void end(struct summing *s, const struct pd_error *why)
{
#pragma omp critical(pd_inception_files)
    if (!s->stop) {
        s->failure = *why;
        s->stop = true;
    }
}

static void tell(struct summing *s, size_t done)
{
    struct pd_error stopped;
    if (!s->watch || !s->watch->decoding ||
        !s->watch->decoding(s->watch->context, "files", done, s->files->list->count))
        return;
    pd_fail(&stopped, PD_ERR_INTERRUPTED, -1, "stopped reading the images of '%.200s'", s->files->root);
    end(s, &stopped);
}

static void sum_one(struct summing *s, size_t at)
{
    char path[PATH_SIZE];
    struct pd_error why;
    struct pd_buffer bytes = PD_BUFFER_INIT;
    if (read_bytes(s->files, at, path, &bytes, s->sums[at], &why) && !is_of_image(&why))
        end(s, &why);
    pd_buffer_release(&bytes);
    const size_t done = ++s->done;
    if (!omp_get_thread_num())
        tell(s, done);
}

enum pd_status pd_inception_files_digest(const struct pd_inception_files *files, int threads,
                                         const struct pd_data_watch *watch, char digest[PD_SHA256_HEX],
                                         struct pd_error *err)
{
    const size_t n = files->list->count;
    struct summing s = {.files = files, .watch = watch, .sums = pd_calloc(n, sizeof *s.sums)};
    if (!s.sums)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the digests of %zu images", n);
    tell(&s, 0);
#pragma omp parallel for schedule(dynamic) num_threads(threads ? threads : pd_threads_available())
    for (size_t i = 0; i < n; i++)
        if (!s.stop)
            sum_one(&s, i);
    if (!s.stop)
        tell(&s, n);
    sum_up((const sum *)s.sums, n, digest);
    pd_free(s.sums);
    return s.stop ? pd_pass_on(&s.failure, err) : PD_OK;
}
