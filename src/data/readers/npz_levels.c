#include "data/readers/npz_levels.h"

#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NEAR 0.005 /* as pixel_scale.c has it */
#define END  0.02  /* what lies as near to the end of a scale reaches it */

enum { MANY = 16 }; /* images: bytes of so many hardly are 0 and 1 alone where others are not */

/* --- values --- */

enum pd_status pd_values_create(struct pd_npy_stream *stream, struct pd_values **out, struct pd_error *err)
{
    struct pd_values *v = *out = pd_malloc(sizeof *v);
    if (!v)
        return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", pd_npy_stream_name(stream));
    v->stream = stream;
    v->done = 0;
    v->count = pd_io_array_count(pd_npy_stream_array(stream));
    enum pd_status status = pd_npy_stream_rewind(stream, err);
    if (status) {
        pd_free(v);
        *out = NULL;
    }
    return status;
}

enum pd_status pd_values_next(struct pd_values *v, int64_t *n, struct pd_error *err)
{
    const int64_t left = v->count - v->done;
    *n = left < PD_VALUES ? left : PD_VALUES;
    enum pd_status status = pd_npy_stream_read(v->stream, v->raw, *n, err);
    if (!status)
        pd_io_to_doubles(pd_npy_stream_array(v->stream)->dtype, v->raw, *n, v->value);
    v->done += *n;
    return status;
}

/* --- ranges --- */

struct range {
    double least, most;
    int64_t least_at, most_at;
    bool whole;
    int64_t images;
};

static enum pd_number_kind kind_of(const struct pd_npy_stream *s)
{
    const enum pd_io_dtype dtype = pd_npy_stream_array(s)->dtype;
    return pd_io_dtype_is_float(dtype) ? PD_FLOATS : dtype == PD_IO_U8 ? PD_BYTES : PD_WHOLE;
}

static void widen(struct range *r, const double *value, int64_t n, int64_t first)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(value[i])) {
            *r = (struct range){value[i], value[i], first + i, first + i, false, r->images};
            return;
        }
        if (value[i] < r->least) {
            r->least = value[i];
            r->least_at = first + i;
        }
        if (value[i] > r->most) {
            r->most = value[i];
            r->most_at = first + i;
        }
        r->whole = r->whole && value[i] == rint(value[i]);
    }
}

static bool is_known(enum pd_number_kind kind, const struct range *r)
{
    return !isfinite(r->most) || (kind == PD_BYTES && r->most > 1);
}

/* Bytes are looked at until one is neither 0 nor 1, others until one is not finite. */
static enum pd_status find_range(struct pd_npy_stream *s, struct range *r, struct pd_error *err)
{
    struct pd_values *v;
    int64_t n = 1;
    *r = (struct range){INFINITY, -INFINITY, 0, 0, true, pd_npy_stream_array(s)->dims[0]};
    enum pd_status status = pd_values_create(s, &v, err);
    while (!status && n && !(v->done && is_known(kind_of(s), r))) {
        const int64_t first = v->done;
        status = pd_values_next(v, &n, err);
        if (!status)
            widen(r, v->value, n, first);
    }
    pd_free(v);
    return status;
}

/* --- what they mean --- */

static enum pd_pixel_scale scale_of(const struct pd_npy_stream *s, const struct range *r,
                                    const struct pd_levels_like *like)
{
    const struct pd_numbers n = {kind_of(s), r->least, r->most, r->whole, like->sure ? 0 : r->images};
    return pd_pixel_scale_of(&n, like->scale);
}

static enum pd_pixel_scale by_values(const struct pd_npy_stream *s, const struct range *r)
{
    return scale_of(s, r, &(struct pd_levels_like){PD_PIXELS_UNKNOWN, "", false});
}

/* An array that alone would be of another scale than all of the file: [0, 1] beside 255, or beside -1. Of
 * [-1, 1] bright images may be in [0.3, 0.7] by chance, but hardly begin at 0, or fill [-0.5, 0.5]. */
static bool is_out_of_line(const struct pd_npy_stream *s, enum pd_pixel_scale scale, const struct range *r)
{
    const struct pd_pixel_facts *all = pd_pixel_scale_at(scale);
    const struct pd_pixel_facts *own = pd_pixel_scale_at(by_values(s, r));
    if (all->black < 0 && own && own->black == 0 && own->white == 1 && r->least > END)
        return false;
    if (all->black < 0 && !own)
        return fabs(r->least + 0.5) <= END && fabs(r->most - 0.5) <= END;
    return r->most > r->least && own && own != all;
}

static void join(struct range *all, const struct range *r)
{
    all->least = fmin(all->least, r->least);
    all->most = fmax(all->most, r->most);
    all->whole = all->whole && r->whole;
    all->images += r->images;
}

/* ", the run's scale"; where it is doubtful, " (these values alone: 0 to 255)", too; where it is another one,
 * " (the run's scale: 0 to 255)". */
static const char *beside(const struct pd_levels_like *like, enum pd_pixel_scale scale,
                          enum pd_pixel_scale alone, char *text, size_t size)
{
    const struct pd_pixel_facts *is = pd_pixel_scale_at(scale), *of = pd_pixel_scale_at(like->scale);
    const struct pd_pixel_facts *own = like->sure ? NULL : pd_pixel_scale_at(alone);
    *text = '\0';
    if (of && scale == like->scale && scale != alone) {
        const int n = snprintf(text, size, ", %s scale", like->whose);
        if (own)
            snprintf(text + n, size - (size_t)n, " (these values alone: %g to %g)", own->black, own->white);
    } else if (of && is != of && (!is || is->kind == of->kind))
        snprintf(text, size, " (%s scale: %g to %g)", like->whose, of->black, of->white);
    return text;
}

static void say(struct pd_dataset *d, const struct pd_npy_stream *s, const struct range *all,
                const struct pd_levels_like *like)
{
    const struct pd_pixel_facts *is = pd_pixel_scale_at(d->scale);
    const enum pd_pixel_scale alone = by_values(s, all);
    char text[128];
    if (is->kind == PD_BYTES && (all->most == 0 || alone == PD_PIXELS_BYTES) && d->scale == alone)
        return;
    pd_dataset_add_note(d, "%s images of %g to %g: %g is black, %g white%s",
                        pd_io_dtype_words(pd_npy_stream_array(s)->dtype), all->least, all->most, is->black,
                        is->white, beside(like, d->scale, alone, text, sizeof text));
}

/* The arrays of one sort, what is in them, and in all. */
struct group {
    struct pd_npy_stream *arrays[2];
    struct range own[2], all;
    int n;
};

static enum pd_status find_ranges(struct group *g, struct pd_error *err)
{
    g->all = (struct range){INFINITY, -INFINITY, 0, 0, true, 0};
    for (int i = 0; i < g->n; i++) {
        enum pd_status status = find_range(g->arrays[i], &g->own[i], err);
        if (status)
            return status;
        if (!isfinite(g->own[i].most))
            return pd_fail(err, PD_ERR_FORMAT, -1, "%s: element %" PRId64 " is %g, expected finite numbers",
                           pd_npy_stream_name(g->arrays[i]), g->own[i].most_at, g->own[i].most);
        join(&g->all, &g->own[i]);
    }
    return PD_OK;
}

/* Names the least or the largest value, whichever fits less. */
static enum pd_status fail_values(const struct group *g, const struct pd_levels_like *like,
                                  struct pd_error *err)
{
    const struct range *all = &g->all;
    const bool low = all->least < -1 - NEAR || (all->least < -NEAR && all->most <= 1 + NEAR);
    const int at = g->n > 1 && (low ? g->own[1].least == all->least : g->own[1].most == all->most);
    const struct range *own = &g->own[at];
    const bool same =
        pd_pixel_scale_at(like->scale) && pd_pixel_scale_at(like->scale)->kind == kind_of(g->arrays[at]);
    char text[128];
    return pd_fail(err, PD_ERR_FORMAT, -1,
                   "%s: element %" PRId64
                   " is %g; values from %g to %g, expected [0, 1], [-1, 1] (from -0.5 or "
                   "less), 0 to 255 (to 128 or more) or 0 to 65535 (to 32768 or more)%s: scale or clip them",
                   pd_npy_stream_name(g->arrays[at]), low ? own->least_at : own->most_at,
                   low ? own->least : own->most, all->least, all->most,
                   same ? beside(like, PD_PIXELS_UNKNOWN, PD_PIXELS_UNKNOWN, text, sizeof text) : "");
}

static enum pd_status check_splits(const struct group *g, enum pd_pixel_scale scale, struct pd_error *err)
{
    for (int i = 0; i < g->n && g->n > 1; i++)
        if ((kind_of(g->arrays[i]) != PD_BYTES || g->own[i].images >= MANY) &&
            is_out_of_line(g->arrays[i], scale, &g->own[i]))
            return pd_fail(
                err, PD_ERR_FORMAT, -1,
                "%s: values from %g to %g, but those of the file's other images are from %g to %g: "
                "scale both alike",
                pd_npy_stream_name(g->arrays[i]), g->own[i].least, g->own[i].most, g->own[!i].least,
                g->own[!i].most);
    return PD_OK;
}

enum pd_status pd_levels_find(struct pd_npy_stream *first, struct pd_npy_stream *other,
                              const struct pd_levels_like *like, struct pd_dataset *d, struct pd_error *err)
{
    struct group g = {.arrays = {first, other}, .n = other && kind_of(other) == kind_of(first) ? 2 : 1};
    enum pd_status status = find_ranges(&g, err);
    if (status)
        return status;
    d->scale = scale_of(first, &g.all, like);
    if (!d->scale)
        return fail_values(&g, like, err);
    if (d->scale != like->scale)
        status = check_splits(&g, d->scale, err);
    if (!status)
        say(d, first, &g.all, like);
    return status;
}
