#include "data/readers/npz_levels.h"

#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NEAR 0.005 /* a value may lie as far outside: rounding, resizing */
#define END  0.02  /* what lies as near to the end of a scale reaches it */

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

enum sort { FLOATS, BYTES, WHOLE };

struct range {
    double least, most;
    int64_t least_at, most_at;
    bool whole;
};

static enum sort sort_of(const struct pd_npy_stream *s)
{
    const enum pd_io_dtype dtype = pd_npy_stream_array(s)->dtype;
    return pd_io_dtype_is_float(dtype) ? FLOATS : dtype == PD_IO_U8 ? BYTES : WHOLE;
}

static void widen(struct range *r, const double *value, int64_t n, int64_t first)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(value[i])) {
            *r = (struct range){value[i], value[i], first + i, first + i, false};
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

static bool is_known(enum sort sort, const struct range *r)
{
    return !isfinite(r->most) || (sort == BYTES && r->most > 1);
}

/* Bytes are looked at until one is neither 0 nor 1, others until one is not finite. */
static enum pd_status find_range(struct pd_npy_stream *s, struct range *r, struct pd_error *err)
{
    struct pd_values *v;
    int64_t n = 1;
    *r = (struct range){INFINITY, -INFINITY, 0, 0, true};
    enum pd_status status = pd_values_create(s, &v, err);
    while (!status && n && !(v->done && is_known(sort_of(s), r))) {
        const int64_t first = v->done;
        status = pd_values_next(v, &n, err);
        if (!status)
            widen(r, v->value, n, first);
    }
    pd_free(v);
    return status;
}

/* --- what they mean --- */

static const struct meaning {
    struct pd_levels levels;
    double black, white;
} meanings[] = {{{0, 255}, 0, 1}, {{1, 127.5}, -1, 1}, {{0, 1}, 0, 255}, {{0, 1 / 257.0}, 0, 65535}};

enum { UNIT, SIGNED, LEVELS, SIXTEEN, NONE };

static int meaning_of(enum sort sort, const struct range *r, bool of_tanh)
{
    if (of_tanh && sort == FLOATS && r->least >= -1 - NEAR && r->most <= 1 + NEAR)
        return SIGNED;
    if (r->least >= -NEAR && r->most <= 1 + NEAR)
        return UNIT;
    if (sort == BYTES)
        return LEVELS;
    const bool halved = r->least >= -0.5 - NEAR && r->most <= 0.5 + NEAR; /* x / 255 - 0.5 */
    if (r->least >= -1 - NEAR && r->least <= -0.5 && r->most <= 1 + NEAR && !halved)
        return SIGNED;
    if (r->least >= -0.5 && r->most >= 128 && r->most <= 255.5)
        return LEVELS;
    return r->whole && r->least >= 0 && r->most >= 32768 && r->most <= 65535 ? SIXTEEN : NONE;
}

/* An array that alone would be of another scale than all of the file: [0, 1] beside 255, or beside -1. Of
 * [-1, 1] bright images may be in [0.3, 0.7] by chance, but hardly begin at 0, or fill [-0.5, 0.5]. */
static bool is_out_of_line(enum sort sort, int meaning, const struct range *r)
{
    const int own = meaning_of(sort, r, false);
    if (meaning == SIGNED && own == UNIT && r->least > END)
        return false;
    if (meaning == SIGNED && own == NONE)
        return fabs(r->least + 0.5) <= END && fabs(r->most - 0.5) <= END;
    return r->most > r->least && own != meaning && own != NONE;
}

static enum pd_status fail_value(const struct pd_npy_stream *s, const struct range *own,
                                 const struct range *all, bool low, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1,
                   "%s: element %" PRId64
                   " is %g; values from %g to %g, expected [0, 1], [-1, 1] (from -0.5 or "
                   "less), 0 to 255 (to 128 or more) or 0 to 65535 (to 32768 or more): scale or clip them",
                   pd_npy_stream_name(s), low ? own->least_at : own->most_at, low ? own->least : own->most,
                   all->least, all->most);
}

static void join(struct range *all, const struct range *r)
{
    all->least = fmin(all->least, r->least);
    all->most = fmax(all->most, r->most);
    all->whole = all->whole && r->whole;
}

static void say(struct pd_dataset *d, const struct pd_npy_stream *s, const struct range *all, int meaning)
{
    const enum pd_io_dtype dtype = pd_npy_stream_array(s)->dtype;
    if (sort_of(s) == BYTES && (meaning == LEVELS || all->most == 0))
        return;
    pd_dataset_add_note(d, "%s images of %g to %g: %g is black, %g white", pd_io_dtype_words(dtype),
                        all->least, all->most, meanings[meaning].black, meanings[meaning].white);
}

/* The arrays of one sort, what is in them, and in all. */
struct group {
    struct pd_npy_stream *arrays[2];
    struct range own[2], all;
    int n;
};

static enum pd_status find_ranges(struct group *g, struct pd_error *err)
{
    g->all = (struct range){INFINITY, -INFINITY, 0, 0, true};
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
static enum pd_status fail_meaning(const struct group *g, struct pd_error *err)
{
    const struct range *all = &g->all;
    const bool low = all->least < -1 - NEAR || (all->least < -NEAR && all->most <= 1 + NEAR);
    const int at = g->n > 1 && (low ? g->own[1].least == all->least : g->own[1].most == all->most);
    return fail_value(g->arrays[at], &g->own[at], all, low, err);
}

static enum pd_status check_meaning(const struct group *g, int meaning, struct pd_error *err)
{
    if (meaning == NONE)
        return fail_meaning(g, err);
    for (int i = 0; i < g->n && g->n > 1; i++)
        if (sort_of(g->arrays[i]) != BYTES && is_out_of_line(sort_of(g->arrays[i]), meaning, &g->own[i]))
            return pd_fail(
                err, PD_ERR_FORMAT, -1,
                "%s: values from %g to %g, but those of the file's other images are from %g to %g: "
                "scale both alike",
                pd_npy_stream_name(g->arrays[i]), g->own[i].least, g->own[i].most, g->own[!i].least,
                g->own[!i].most);
    return PD_OK;
}

enum pd_status pd_levels_find(struct pd_npy_stream *first, struct pd_npy_stream *other, bool of_tanh,
                              struct pd_dataset *d, struct pd_levels *levels, struct pd_error *err)
{
    struct group g = {.arrays = {first, other}, .n = other && sort_of(other) == sort_of(first) ? 2 : 1};
    enum pd_status status = find_ranges(&g, err);
    const int meaning = status ? NONE : meaning_of(sort_of(first), &g.all, of_tanh);
    if (!status)
        status = check_meaning(&g, meaning, err);
    if (status)
        return status;
    *levels = meanings[meaning].levels;
    say(d, first, &g.all, meaning);
    return PD_OK;
}
