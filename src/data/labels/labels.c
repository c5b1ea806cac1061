#include "data/labels/labels.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Free images of each class, in random order, as linked lists. */
struct piles {
    uint32_t *order; /* (count): a random permutation */
    uint32_t *next;  /* (count) */
    uint32_t *head;  /* (classes) */
    uint32_t *turn;  /* (classes): the random order in which classes are served */
};

#define NONE UINT32_MAX

static void piles_release(struct piles *p)
{
    pd_free(p->order);
    pd_free(p->next);
    pd_free(p->head);
    pd_free(p->turn);
}

static bool can_be_drawn(const struct pd_dataset *d, const uint8_t *use, uint32_t i)
{
    return use[i] == PD_UNLABELLED && d->labels[i] >= 0;
}

static bool piles_init(struct piles *p, const struct pd_dataset *d, const uint8_t *use,
                       const struct pd_rng *rng)
{
    const struct pd_rng class_rng = {rng->seed, rng->stream + 1, 0};
    size_t n = d->count, k = (size_t)d->classes;
    *p = (struct piles){pd_malloc(n * sizeof *p->order), pd_malloc(n * sizeof *p->next),
                        pd_malloc(k * sizeof *p->head), pd_malloc(k * sizeof *p->turn)};
    if (!p->order || !p->next || !p->head || !p->turn)
        return false;
    pd_rng_permutation(rng, d->count, p->order);
    pd_rng_permutation(&class_rng, (uint32_t)d->classes, p->turn);
    for (size_t c = 0; c < k; c++)
        p->head[c] = NONE;
    for (size_t j = 0; j < n; j++) {
        uint32_t i = p->order[j];
        if (!can_be_drawn(d, use, i))
            continue;
        p->next[i] = p->head[d->labels[i]];
        p->head[d->labels[i]] = i;
    }
    return true;
}

/* One image from each class in turn, until n are drawn; the caller knows that there are n. */
static void draw(struct piles *p, const struct pd_dataset *d, uint32_t n, enum pd_label_use mark,
                 uint8_t *use)
{
    for (uint32_t k = 0; n; k = (k + 1) % (uint32_t)d->classes) {
        uint32_t i = p->head[p->turn[k]];
        if (i == NONE)
            continue;
        p->head[p->turn[k]] = p->next[i];
        use[i] = (uint8_t)mark;
        n--;
    }
}

static enum pd_status balanced_draw(const struct pd_dataset *d, uint32_t n, const struct pd_rng *rng,
                                    enum pd_label_use mark, uint8_t *use, struct pd_error *err)
{
    const bool held = mark == PD_HELD_OUT;
    uint32_t free_count = 0;
    for (uint32_t i = 0; i < d->count; i++)
        free_count += can_be_drawn(d, use, i);
    if (n < 1 || n > free_count)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1,
                               "cannot draw %u images with labels%s from data set '%s': expected %s to %u%s",
                               n, held ? " for validation" : "", d->name, held ? "0 (none)" : "1", free_count,
                               held ? " (labels of the set itself; a label file's are for training)" : ""),
                       "%s", held ? "validation" : "labels");
    struct piles piles;
    enum pd_status status = PD_OK;
    if (piles_init(&piles, d, use, rng))
        draw(&piles, d, n, mark, use);
    else
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory drawing %u labels", n);
    piles_release(&piles);
    return status;
}

enum pd_status pd_label_subset(const struct pd_dataset *dataset, uint32_t n, uint64_t seed, uint8_t *use,
                               struct pd_error *err)
{
    const struct pd_rng rng = {seed, PD_STREAM_SUBSET, 0};
    return balanced_draw(dataset, n, &rng, PD_LABELLED, use, err);
}

enum pd_status pd_validation_draw(const struct pd_dataset *dataset, uint32_t n, uint64_t seed, uint8_t *use,
                                  struct pd_error *err)
{
    const struct pd_rng rng = {seed, PD_STREAM_VALIDATION, 0};
    return balanced_draw(dataset, n, &rng, PD_HELD_OUT, use, err);
}

void pd_labels_apply(struct pd_dataset *dataset, const struct pd_answers *answers, uint8_t *use)
{
    for (uint32_t i = 0; i < dataset->count; i++)
        if (use[i] == PD_LABELLED)
            use[i] = PD_UNLABELLED;
    for (size_t k = 0; k < answers->count; k++) {
        const struct pd_answer *a = &answers->at[k];
        if (use[a->image] == PD_HELD_OUT || a->label == PD_ANSWER_SKIP)
            continue;
        use[a->image] = PD_LABELLED;
        dataset->labels[a->image] = a->label;
    }
}

uint32_t pd_hold_copies(const uint32_t *first, uint32_t count, uint8_t *use)
{
    uint32_t held = 0;
    for (uint32_t i = 0; i < count; i++)
        if (use[i] == PD_HELD_OUT)
            use[first[i]] = PD_HELD_OUT;
    for (uint32_t i = 0; i < count; i++)
        if (use[first[i]] == PD_HELD_OUT) {
            use[i] = PD_HELD_OUT;
            held++;
        }
    return held;
}

uint32_t pd_label_count(const struct pd_dataset *dataset, const uint8_t *use, enum pd_label_use which)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < dataset->count; i++)
        n += use[i] == which;
    return n;
}

void pd_label_count_classes(const struct pd_dataset *d, const uint8_t *use, size_t *of_class)
{
    for (uint32_t i = 0; i < d->count; i++)
        if (d->labels[i] >= 0 && (!use || use[i] == PD_LABELLED))
            of_class[d->labels[i]]++;
}

static size_t count_set(const size_t *at, int n)
{
    size_t set = 0;
    for (int k = 0; k < n; k++)
        set += at[k] > 0;
    return set;
}

enum pd_status pd_label_note(struct pd_dataset *d, const uint8_t *use, const size_t *before,
                             struct pd_error *err)
{
    enum { SHOWN = 10 };
    char names[SHOWN * 80] = "", name[PD_CLASS_NAME_SIZE];
    size_t *now = pd_calloc((size_t)d->classes + 1, sizeof *now), missing = 0;
    if (!now)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the classes of data set '%s'", d->name);
    pd_label_count_classes(d, use, now);
    const size_t with = count_set(now, d->classes);
    const bool told = d->image_names && count_set(before, d->classes); /* by the folder's note */
    for (int k = 0; k < d->classes; k++) {
        const size_t n = strlen(names);
        if (now[k] || (told && !before[k]) || missing++ > SHOWN)
            continue;
        snprintf(names + n, sizeof names - n, "%s%.70s", n ? ", " : "",
                 missing > SHOWN ? "..." : pd_dataset_class_name(d, k, name, sizeof name));
    }
    if (!with)
        pd_dataset_add_note(d, "no image has a label: the class part learns nothing");
    else if (missing)
        pd_dataset_add_note(d, "no label of class %s", names);
    if (with == 1)
        pd_dataset_add_note(d, "all labels are of one class: the class part learns nothing");
    pd_free(now);
    return PD_OK;
}
