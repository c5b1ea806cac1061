/* What a survey says at its end: counts, sizes, brightness, copies. */
#include "data/survey.h"

#include "base/mem.h"
#include "data/shades.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum pd_status no_memory(struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the survey of a data set");
}

/* --- sums --- */

static int by_size(const void *a, const void *b)
{
    const struct pd_surveyed *const *x = a, *const *y = b;
    const int64_t p = (int64_t)(*x)->width * (*x)->height, q = (int64_t)(*y)->width * (*y)->height;
    if (p != q)
        return p < q ? -1 : 1;
    return ((*x)->width > (*y)->width) - ((*x)->width < (*y)->width);
}

static bool same_size(const struct pd_surveyed *a, const struct pd_surveyed *b)
{
    return a->width == b->width && a->height == b->height;
}

static void take_size(int size[2], const struct pd_surveyed *s)
{
    size[0] = s->width;
    size[1] = s->height;
}

static enum pd_status find_sizes(struct pd_split_report *s, const struct pd_surveyed *at,
                                 struct pd_error *err)
{
    const struct pd_surveyed **order = pd_calloc(s->count + 1, sizeof *order);
    if (!order)
        return no_memory(err);
    for (size_t i = 0; i < s->count; i++)
        order[i] = &at[i];
    qsort(order, s->count, sizeof(void *), by_size);
    for (size_t i = 0, run = 0; i < s->count; i++) {
        run = i && same_size(order[i], order[i - 1]) ? run + 1 : 1;
        if (run > s->usual_count) {
            s->usual_count = run;
            take_size(s->usual, order[i]);
        }
    }
    if (s->count) {
        take_size(s->least, order[0]);
        take_size(s->most, order[s->count - 1]);
    }
    pd_free(order);
    return PD_OK;
}

static enum pd_status add_up(const struct pd_data_report *r, struct pd_split_report *s,
                             const struct pd_surveyed *at, struct pd_error *err)
{
    double sum[PD_DATA_CHANNELS] = {0}, squares[PD_DATA_CHANNELS] = {0}, pixels = 0;
    s->of_class = pd_calloc((size_t)r->classes + 1, sizeof *s->of_class);
    if (!s->of_class)
        return no_memory(err);
    for (size_t i = 0; i < s->count; i++) {
        const struct pd_surveyed *one = &at[i];
        pixels += (double)one->width * one->height;
        for (int c = 0; c < r->channels; c++) {
            sum[c] += one->sum[c];
            squares[c] += one->squares[c];
        }
        if (one->label < 0)
            s->unlabelled++;
        else
            s->of_class[one->label]++;
    }
    for (int c = 0; c < r->channels && s->count; c++) {
        s->mean[c] = sum[c] / pixels;
        s->std[c] = sqrt(fmax(squares[c] / pixels - s->mean[c] * s->mean[c], 0));
    }
    return PD_OK;
}

/* What other lines of the split begin with. */
static const char *name_of(const struct pd_data_report *r, const struct pd_split_report *s, char name[64])
{
    snprintf(name, 64, "%.*s", (int)strcspn(s->note, ":"), s->note);
    return *name ? name : r->set;
}

static void tell_shades(const struct pd_data_report *r, struct pd_split_report *s)
{
    char name[64];
    pd_shades_note(name_of(r, s, name), s->count, r->channels, s->mean, s->std, s->note);
}

/* --- copies --- */

struct place {
    const struct pd_surveyed *at;
    enum pd_split split;
    uint32_t image;
};

static int by_digest(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    const int d = memcmp(&x->at->digest, &y->at->digest, sizeof x->at->digest);
    if (d)
        return d;
    if (x->split != y->split)
        return x->split < y->split ? -1 : 1;
    return (x->image > y->image) - (x->image < y->image);
}

static int by_place(const void *a, const void *b)
{
    const struct pd_data_copy *x = a, *y = b;
    if (x->split != y->split)
        return x->split < y->split ? -1 : 1;
    return (x->image > y->image) - (x->image < y->image);
}

static void note_copy(struct pd_data_report *r, const struct place *first, const struct place *other)
{
    const int32_t a = first->at->label, b = other->at->label;
    const bool within = first->split == other->split, other_label = a >= 0 && b >= 0 && a != b;
    r->splits[other->split].copies += within;
    r->shared += !within;
    r->mislabelled += other_label;
    r->copies[r->copy_count++] =
        (struct pd_data_copy){first->split, other->split, first->image, other->image, other_label};
}

static enum pd_status find_copies(struct pd_survey *v, struct pd_error *err)
{
    struct pd_data_report *r = v->report;
    const size_t n = r->splits[0].count + r->splits[1].count;
    struct place *order = pd_calloc(n + 1, sizeof *order);
    r->copies = pd_calloc(n + 1, sizeof *r->copies);
    if (!order || !r->copies) {
        pd_free(order);
        return no_memory(err);
    }
    size_t k = 0;
    for (int split = 0; split < PD_SPLITS; split++)
        for (size_t i = 0; i < r->splits[split].count; i++)
            order[k++] = (struct place){&v->at[split][i], (enum pd_split)split, (uint32_t)i};
    qsort(order, n, sizeof *order, by_digest);
    for (size_t i = 1, first = 0; i < n; i++)
        if (memcmp(&order[i].at->digest, &order[first].at->digest, sizeof order[i].at->digest) != 0)
            first = i;
        else
            note_copy(r, &order[first], &order[i]);
    qsort(r->copies, r->copy_count, sizeof *r->copies, by_place);
    pd_free(order);
    return PD_OK;
}

static bool is_grey(const struct pd_survey *v, enum pd_split split)
{
    bool grey = true;
    for (size_t i = 0; grey && i < v->report->splits[split].count; i++)
        grey = v->at[split][i].grey;
    return grey;
}

/* One channel where every image is grey. Networks take one kind, from the training images. */
static void drop_colour(struct pd_survey *v)
{
    struct pd_data_report *r = v->report;
    struct pd_split_report *test = &r->splits[PD_SPLIT_TEST];
    const bool train_grey = is_grey(v, PD_SPLIT_TRAIN), test_grey = is_grey(v, PD_SPLIT_TEST);
    if (r->channels != PD_DATA_CHANNELS)
        return;
    r->channels = train_grey && test_grey ? 1 : r->channels;
    if (r->splits[PD_SPLIT_TRAIN].count && test->count && train_grey && !test_grey)
        pd_colours_note(name_of(r, test, (char[64]){0}), test->note);
}

enum pd_status pd_survey_finish(struct pd_survey *v, struct pd_error *err)
{
    struct pd_data_report *r = v->report;
    enum pd_status status = PD_OK;
    drop_colour(v);
    for (int split = 0; !status && split < PD_SPLITS; split++)
        if (r->splits[split].there) {
            status = add_up(r, &r->splits[split], v->at[split], err);
            if (!status && !r->points)
                tell_shades(r, &r->splits[split]);
            if (!status)
                status = find_sizes(&r->splits[split], v->at[split], err);
        }
    return status ? status : find_copies(v, err);
}
