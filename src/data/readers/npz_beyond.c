#include "data/readers/npz_beyond.h"

#include "base/mem.h"
#include "data/digest.h"
#include "io/file.h"

#include <math.h>
#include <nettle/sha2.h>

/* Levels that a value may lie from one, as x / 255 of float32 does; less than one of 65535 is, 1 / 257. */
#define ROUNDING 0.001

struct pd_beyond {
    struct pd_dataset *d;
    const struct pd_pixel_facts *scale;
    struct pd_digest *digests;
    struct sha256_ctx sha;
    size_t width;          /* bytes of a number */
    int64_t size, at;      /* numbers of an image, and of this one so far */
    uint32_t image;        /* this one */
    bool is_more, has_any; /* this one than its levels; any one */
};

enum pd_status pd_beyond_begin(struct pd_dataset *d, enum pd_io_dtype dtype, struct pd_beyond **out,
                               struct pd_error *err)
{
    const struct pd_pixel_facts *scale = pd_pixel_scale_at(d->scale);
    *out = NULL;
    if (scale->kind != PD_FLOATS && scale->white <= 255)
        return PD_OK;
    struct pd_beyond *b = pd_calloc(1, sizeof *b);
    if (b)
        b->digests = pd_malloc(d->count * sizeof *b->digests);
    if (!b || !b->digests) {
        pd_free(b);
        return pd_fail_memory(err, d->name);
    }
    b->d = d;
    b->scale = scale;
    b->width = pd_io_dtype_size(dtype);
    b->size = (int64_t)pd_dataset_image_size(d);
    sha256_init(&b->sha);
    *out = b;
    return PD_OK;
}

/* Of one that is no more than its levels the same as of an image of uint8. */
static void end_image(struct pd_beyond *b)
{
    const struct pd_dataset *d = b->d;
    struct pd_digest *out = &b->digests[b->image];
    sha256_digest(&b->sha, sizeof out->bytes, out->bytes);
    if (!b->is_more)
        pd_digest_pixels(d->channels, d->height, d->width, pd_dataset_image(d, b->image), out);
    b->has_any = b->has_any || b->is_more;
    b->is_more = false;
    b->at = 0;
    b->image++;
}

static bool is_level(const struct pd_pixel_facts *scale, double value)
{
    const double level = (value + scale->shift) * scale->factor;
    return level > -ROUNDING && level < 255 + ROUNDING && fabs(level - rint(level)) < ROUNDING;
}

void pd_beyond_next(struct pd_beyond *b, const void *raw, const double *value, int64_t n)
{
    const uint8_t *bytes = raw;
    for (int64_t done = 0, m; b && done < n; done += m) {
        m = n - done < b->size - b->at ? n - done : b->size - b->at;
        sha256_update(&b->sha, (size_t)m * b->width, bytes + (size_t)done * b->width);
        for (int64_t i = 0; i < m && !b->is_more; i++)
            b->is_more = !is_level(b->scale, value[done + i]);
        b->at += m;
        if (b->at == b->size)
            end_image(b);
    }
}

void pd_beyond_end(struct pd_beyond *b)
{
    if (b && b->has_any && b->image == b->d->count)
        b->d->given = b->digests;
    else if (b)
        pd_free(b->digests);
    pd_free(b);
}
