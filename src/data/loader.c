#include "data/loader.h"

#include "base/mem.h"
#include "base/rng.h"
#include "data/prefetch.h"
#include "base/streams.h"
#include "data/transform.h"

#include <string.h>

/* Images between them: an image that is looked at brings 64 KB of its neighbours with it. */
enum { LET_GO_EVERY = 256 };

/* A pack of images that is shuffled anew for each round. */
struct deck {
    uint32_t size;
    uint32_t *members; /* (size) indices into the data set */
    uint32_t *order;   /* (size) the permutation of `round`: a cache, not state */
    uint64_t round;    /* UINT64_MAX: none yet */
    struct pd_rng rng; /* step = round */
};

struct pd_loader {
    const struct pd_dataset *dataset;
    struct pd_loader_options options;
    struct pd_transform *transform;
    int32_t *labels;              /* (count) as training may see them */
    struct deck rest;             /* all that take part, or the unlabelled where the labelled are apart */
    struct deck labelled;         /* empty unless labelled_per_batch */
    uint64_t left_out;            /* as unlabelled */
    uint64_t epoch;               /* images in an epoch */
    uint64_t since;               /* images made since mapped ones were let go */
    struct pd_prefetch *prefetch; /* or NULL */
};

static bool deck_init(struct deck *deck, uint32_t room, uint64_t seed, enum pd_stream stream)
{
    deck->members = pd_malloc(room * sizeof *deck->members);
    deck->order = pd_malloc(room * sizeof *deck->order);
    deck->round = UINT64_MAX;
    deck->rng = (struct pd_rng){seed, stream, 0};
    return deck->members && deck->order;
}

static void deck_release(struct deck *deck)
{
    pd_free(deck->members);
    pd_free(deck->order);
}

static uint32_t deck_draw(struct deck *deck, uint64_t round, uint32_t position)
{
    if (round != deck->round) {
        deck->rng.step = round;
        pd_rng_permutation(&deck->rng, deck->size, deck->order);
        deck->round = round;
    }
    return deck->members[deck->order[position]];
}

/* Image i of batch `step`. */
static uint32_t pick(struct pd_loader *l, uint64_t step, uint32_t i)
{
    uint32_t apart = l->options.labelled_per_batch;
    if (apart) {
        struct deck *deck = i < apart ? &l->labelled : &l->rest;
        uint64_t at = i < apart ? step * apart + i : step * (l->options.batch - apart) + (i - apart);
        return deck_draw(deck, at / deck->size, (uint32_t)(at % deck->size));
    }
    uint64_t steps = pd_loader_steps_per_epoch(l), n = l->rest.size;
    uint64_t at = step % steps * l->options.batch + i, rounds = (l->epoch + n - 1) / n;
    return deck_draw(&l->rest, step / steps * rounds + at / n, (uint32_t)(at % n));
}

/* The batch, without a look at anything but the step: images, or their places. */
static void make(struct pd_loader *l, uint64_t step, float *images, int32_t (*places)[4], int32_t *labels,
                 uint32_t *indices)
{
    const struct pd_rng rng = {l->options.seed, PD_STREAM_AUGMENT, step};
    const uint32_t n = pd_loader_batch(l, step), first = n * (uint32_t)pd_ranks_rank(l->options.ranks);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t random[4], index = pick(l, step, first + i);
        pd_rng_block(&rng, first + i, random);
        if (images)
            pd_transform_image(l->transform, index, random,
                               images + i * pd_transform_image_size(l->transform));
        if (places) {
            places[i][0] = (int32_t)index;
            pd_transform_place(l->transform, random, &places[i][1]);
        }
        labels[i] = l->labels[index];
        if (indices)
            indices[i] = index;
    }
}

/* A pd_prefetch_make. */
static void make_batch(void *loader, uint64_t step, float *images, int32_t *labels, uint32_t *indices)
{
    struct pd_loader *l = loader;
    make(l, step, images, NULL, labels, indices);
    l->since += pd_loader_batch(l, step);
    if (l->since >= LET_GO_EVERY)
        pd_dataset_let_go(l->dataset);
    l->since = l->since >= LET_GO_EVERY ? 0 : l->since;
}

struct pd_stored pd_loader_stored(const struct pd_loader *l)
{
    struct pd_stored s = {.count = l->dataset->count, .channels = l->dataset->channels};
    pd_transform_stored_size(l->transform, &s.height, &s.width);
    return s;
}

void pd_loader_pixels(const struct pd_loader *l, uint32_t first, uint32_t n, uint8_t *pixels)
{
    const struct pd_stored s = pd_loader_stored(l);
    const size_t size = (size_t)s.channels * (size_t)s.height * (size_t)s.width;
    for (uint32_t i = 0; i < n; i++)
        pd_transform_pixels(l->transform, first + i, pixels + i * size);
    pd_dataset_let_go(l->dataset);
}

void pd_loader_places(struct pd_loader *l, uint64_t step, int32_t (*places)[4], int32_t *labels)
{
    make(l, step, NULL, places, labels, NULL);
}

uint64_t pd_loader_images(const struct pd_loader *l)
{
    return (uint64_t)l->rest.size + l->labelled.size;
}

uint64_t pd_loader_labelled(const struct pd_loader *l)
{
    uint64_t n = l->labelled.size;
    for (uint32_t i = 0; i < l->rest.size; i++)
        n += l->labels[l->rest.members[i]] >= 0;
    return n;
}

uint64_t pd_loader_left_out(const struct pd_loader *l)
{
    return l->left_out;
}

/* Puts each image that takes part into its deck. */
static void deal(struct pd_loader *l, const uint8_t *use)
{
    const struct pd_dataset *d = l->dataset;
    for (uint32_t i = 0; i < d->count; i++) {
        bool known = d->labels[i] >= 0 && (!use || use[i] == PD_LABELLED);
        l->labels[i] = known ? d->labels[i] : -1;
        if (use && use[i] == PD_HELD_OUT)
            continue;
        if (l->options.labelled_only && !known) {
            l->left_out++;
            continue;
        }
        struct deck *deck = known && l->options.labelled_per_batch ? &l->labelled : &l->rest;
        deck->members[deck->size++] = i;
    }
    if (!l->rest.size && l->options.labelled_per_batch) { /* all have a label: mixed as they come */
        const struct deck all = l->labelled;
        l->options.labelled_per_batch = all.size ? 0 : l->options.labelled_per_batch;
        memcpy(l->rest.members, all.members, all.size * sizeof *all.members);
        l->rest.size = all.size;
        l->labelled.size = 0;
    }
    const uint64_t n = pd_loader_images(l);
    l->epoch = n > l->options.min_epoch ? n : l->options.min_epoch;
    l->epoch = l->epoch > l->options.batch ? l->epoch : l->options.batch;
}

static enum pd_status check_options(const struct pd_loader_options *o, struct pd_error *err)
{
    if (!o->batch)
        return pd_fail(err, PD_ERR_USAGE, -1, "batch size 0, expected at least 1");
    if (o->labelled_per_batch > o->batch)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1,
                               "%u labelled images in each batch of %u: expected at most %u",
                               o->labelled_per_batch, o->batch, o->batch),
                       "labels-per-batch");
    if (o->labelled_per_batch && o->partial_batch)
        return pd_hint(err,
                       pd_hint(err,
                               pd_fail(err, PD_ERR_USAGE, -1,
                                       "a number of labelled images in each batch goes without regard to "
                                       "epochs: no partial batch"),
                               "labels-per-batch=0"),
                       "partial-batch=false");
    if (o->labelled_per_batch && o->labelled_only)
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "a number of labelled images in each batch makes no sense when only labelled images are used");
    return PD_OK;
}

/* Images in the partial batch that is kept; 0: none. Batch norm has nothing to say of a single one. */
static uint32_t rest(const struct pd_loader *l)
{
    const uint32_t n = (uint32_t)(l->epoch % l->options.batch);
    return l->options.partial_batch && n > 1 ? n : 0;
}

/* Batch norm and the losses weigh the ranks alike. */
static enum pd_status check_parts(const struct pd_loader *l, struct pd_error *err)
{
    const uint32_t ranks = (uint32_t)pd_ranks_size(l->options.ranks), n = l->options.batch, last = rest(l);
    if (n % ranks || n / ranks < 2)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "a batch of %u images on %u ranks: expected a multiple of %u, from %u on", n, ranks,
                       ranks, 2 * ranks);
    if (last % ranks || (last && last / ranks < 2))
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "an epoch's last batch of %u images on %u ranks: expected a multiple of %u; partial_batch=false "
            "leaves it out",
            last, ranks, ranks);
    return PD_OK;
}

static enum pd_status check_decks(const struct pd_loader *l, struct pd_error *err)
{
    const char *name = l->dataset->name;
    const uint32_t apart = l->options.labelled_per_batch;
    if (apart && !l->labelled.size)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "data set '%s': no labelled image, expected some for %u in each batch", name, apart);
    if (!apart && !l->rest.size)
        return pd_fail(err, PD_ERR_USAGE, -1, "data set '%s': no %simage left to train on", name,
                       l->options.labelled_only ? "labelled " : "");
    return PD_OK;
}

static enum pd_status prepare(struct pd_loader *l, const uint8_t *use, struct pd_error *err)
{
    const struct pd_loader_options *o = &l->options;
    const struct pd_transform_options transform = {o->size, o->random_crop, o->flip};
    uint32_t n = l->dataset->count;
    l->labels = pd_malloc(n * sizeof *l->labels);
    if (!l->labels || !deck_init(&l->rest, n, o->seed, PD_STREAM_ORDER) ||
        !deck_init(&l->labelled, o->labelled_per_batch ? n : 0, o->seed, PD_STREAM_ORDER_LABELLED))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the order of %u images", n);
    deal(l, use);
    enum pd_status status = check_decks(l, err);
    if (!status && o->ranks)
        status = check_parts(l, err);
    if (!status)
        status = pd_transform_create(l->dataset, &transform, &l->transform, err);
    if (!status && o->prefetch)
        status = pd_prefetch_create(make_batch, l, o->batch / (uint32_t)pd_ranks_size(o->ranks),
                                    pd_loader_image_size(l), &l->prefetch, err);
    return status;
}

enum pd_status pd_loader_create(const struct pd_dataset *dataset, const uint8_t *use,
                                const struct pd_loader_options *options, struct pd_loader **out,
                                struct pd_error *err)
{
    *out = NULL;
    enum pd_status status = check_options(options, err);
    if (status)
        return status;
    struct pd_loader *l = pd_calloc(1, sizeof *l);
    if (!l)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a loader");
    l->dataset = dataset;
    l->options = *options;
    status = prepare(l, use, err);
    if (status) {
        pd_loader_destroy(l);
        return status;
    }
    *out = l;
    return PD_OK;
}

void pd_loader_destroy(struct pd_loader *l)
{
    if (!l)
        return;
    pd_prefetch_destroy(l->prefetch); /* first: its thread uses the rest */
    pd_transform_destroy(l->transform);
    deck_release(&l->rest);
    deck_release(&l->labelled);
    pd_free(l->labels);
    pd_free(l);
}

uint64_t pd_loader_steps_per_epoch(const struct pd_loader *l)
{
    return l->epoch / l->options.batch + (rest(l) > 0);
}

uint32_t pd_loader_batch(const struct pd_loader *l, uint64_t step)
{
    const uint64_t steps = pd_loader_steps_per_epoch(l);
    const uint32_t n = rest(l) && step % steps == steps - 1 ? rest(l) : l->options.batch;
    return n / (uint32_t)pd_ranks_size(l->options.ranks);
}

uint64_t pd_loader_seen(const struct pd_loader *l, uint64_t steps)
{
    const uint64_t missing = rest(l) ? l->options.batch - rest(l) : 0; /* in each epoch's last */
    return steps * l->options.batch - steps / pd_loader_steps_per_epoch(l) * missing;
}

size_t pd_loader_image_size(const struct pd_loader *l)
{
    return pd_transform_image_size(l->transform);
}

void pd_loader_get(struct pd_loader *l, uint64_t step, float *images, int32_t *labels, uint32_t *indices)
{
    if (l->prefetch)
        pd_prefetch_get(l->prefetch, step, images, labels, indices);
    else
        make_batch(l, step, images, labels, indices);
}
