#include "run/step.h"

#include "base/mem.h"
#include "engine/backend.h"
#include "run/setup.h"

#include <math.h>

/* --- the schedule --- */

bool pd_run_is_gold(const struct pd_train_options *o, uint64_t step, uint64_t last_step)
{
    return o->gold && (double)step >= o->gold_start * (double)last_step;
}

double pd_run_top_k(const struct pd_train_options *o, uint64_t epoch)
{
    return fmax(pow(0.99, (double)epoch), o->top_k);
}

/* 0: all. */
static int64_t wanted_top_k(const struct pd_train_options *o, int64_t batch, uint64_t epoch)
{
    return o->top_k < 1 ? (int64_t)ceil((double)batch * pd_run_top_k(o, epoch)) : 0;
}

/* Of a labelled image where each batch has a fixed number of them; by option so much that they count as in
 * the data. */
static double labelled_weight(const struct pd_run_step *s)
{
    const double known = (double)pd_loader_labelled(s->loader);
    const double rest = (double)pd_loader_images(s->loader) - known;
    const double here = (double)s->o->labels_per_batch, others = (double)s->o->batch - here;
    const bool apart = s->o->natural_share && here > 0 && others > 0 && rest > 0;
    return apart ? known / here * others / rest : 1;
}

/* Grows to 1. */
static double wanted_guess(const struct pd_train_options *o, uint64_t step, uint64_t last_step)
{
    const double ramp = o->guess_ramp * (double)last_step;
    return (double)step < ramp ? (double)step / ramp : 1;
}

static enum pd_status set(const struct pd_run_step *s, const char *name, double value, double of_partial,
                          struct pd_error *err)
{
    enum pd_status status = pd_step_plans_set(&s->plans, name, value, err);
    return status || !s->partial.full ? status : pd_step_plans_set(&s->partial, name, of_partial, err);
}

enum pd_status pd_run_step_fit(struct pd_run_step *s, uint64_t step, uint64_t last_step, struct pd_error *err)
{
    const uint64_t steps = pd_loader_steps_per_epoch(s->loader), epoch = step / steps;
    const int64_t top_k = wanted_top_k(s->o, pd_loader_batch(s->loader, 0), epoch),
                  of_partial = wanted_top_k(s->o, pd_loader_batch(s->loader, steps - 1), epoch);
    const bool gold = pd_run_is_gold(s->o, step, last_step);
    const double guess = wanted_guess(s->o, step, last_step);
    enum pd_status status = PD_OK;
    if (gold != s->gold)
        status = set(s, "gold", gold, gold, err);
    if (!status && (top_k != s->top_k || of_partial != s->top_k_of_partial))
        status = set(s, "top_k", (double)top_k, (double)of_partial, err);
    if (!status && s->o->consistency > 0 && guess != s->guess)
        status = set(s, "guess", guess, guess, err);
    s->gold = gold;
    s->top_k = top_k;
    s->top_k_of_partial = of_partial;
    s->guess = guess;
    return status;
}

/* --- its images --- */

static enum pd_status copy_pixels(const struct pd_run_step *s, const struct pd_stored *all,
                                  struct pd_error *err)
{
    enum { AT_ONCE = 256 };
    const size_t size = (size_t)all->channels * (size_t)all->height * (size_t)all->width;
    uint8_t *some = pd_malloc(AT_ONCE * size);
    enum pd_status status =
        some ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d images", AT_ONCE);
    for (uint32_t i = 0, n = 0; i < all->count && !status; i += n) {
        n = all->count - i < AT_ONCE ? all->count - i : AT_ONCE;
        pd_loader_pixels(s->loader, i, n, some);
        status = pd_var_upload_rows(s->pixels, i, n, some, err);
    }
    pd_free(some);
    return status;
}

/* Where the gan computes elsewhere, and they take at most half of the room that there is. */
static enum pd_status keep_pixels(struct pd_run_step *s, struct pd_error *err)
{
    struct pd_backend *b = s->gan->backend;
    const struct pd_stored all = pd_loader_stored(s->loader);
    const struct pd_shape shape = pd_shape4(all.count, all.channels, all.height, all.width);
    if (!b->type->room || !all.height || (size_t)pd_shape_count(shape) > b->type->room(b) / 2)
        return PD_OK;
    s->kept = pd_vars_create(b, 0);
    s->pixels = s->kept ? pd_vars_get_bytes(s->kept, "pixels", shape) : NULL;
    return s->pixels ? copy_pixels(s, &all, err) : PD_OK;
}

/* --- its plans --- */

static enum pd_status compile(struct pd_run_step *s, struct pd_error *err)
{
    struct pd_step_options options = pd_setup_step(s->o);
    const int64_t last = pd_loader_batch(s->loader, pd_loader_steps_per_epoch(s->loader) - 1);
    options.batch = pd_loader_batch(s->loader, 0);
    s->gold = options.gold = s->o->gold; /* as the plan's inputs are at first */
    s->top_k = options.top_k = wanted_top_k(s->o, options.batch, 0);
    s->top_k_of_partial = wanted_top_k(s->o, last, 0);
    s->guess = 1;
    options.labelled_weight = labelled_weight(s);
    options.pixels = s->pixels;
    enum pd_status status = pd_step_plans_compile(s->gan, &options, &s->plans, err);
    if (status || last == options.batch)
        return status;
    options.batch = last;
    options.top_k = s->top_k_of_partial;
    return pd_step_plans_compile(s->gan, &options, &s->partial, err);
}

/* What the candidates of adversarial sampling cost. */
static enum pd_status count_cost(struct pd_run_step *s, struct pd_error *err)
{
    struct pd_step_options options = pd_setup_step(s->o);
    struct pd_plan *plain;
    s->cost = 1;
    if (options.adversarial == 1)
        return PD_OK;
    options.adversarial = 1;
    enum pd_status status = pd_gan_compile_step(s->gan, &options, &plain, err);
    if (status)
        return status;
    s->cost = pd_plan_info(s->plans.full).gflop / pd_plan_info(plain).gflop;
    pd_plan_destroy(plain);
    return PD_OK;
}

/* --- life --- */

enum pd_status pd_run_step_open(const struct pd_train_options *o, struct pd_gan *gan,
                                struct pd_loader *loader, struct pd_run_step *s, struct pd_error *err)
{
    const size_t n = (size_t)o->batch;
    *s = (struct pd_run_step){.o = o, .gan = gan, .loader = loader};
    enum pd_status status = keep_pixels(s, err);
    if (status)
        return status;
    s->labels = pd_calloc(n, sizeof *s->labels);
    if (s->pixels)
        s->places = pd_calloc(n, sizeof *s->places);
    else
        s->images = pd_calloc(n, (size_t)pd_gan_image_size(gan) * sizeof *s->images);
    if (!s->labels || (!s->images && !s->places))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a batch of %zu images", n);
    status = compile(s, err);
    return status ? status : count_cost(s, err);
}

void pd_run_step_close(struct pd_run_step *s)
{
    pd_step_plans_release(&s->plans);
    pd_step_plans_release(&s->partial);
    pd_vars_destroy(s->kept); /* behind the plans that read it */
    pd_free(s->images);
    pd_free(s->places);
    pd_free(s->labels);
}

/* n: how many the step's batch has. */
static enum pd_status write_images(struct pd_run_step *s, uint64_t step, int64_t n, struct pd_plan *plan,
                                   struct pd_error *err)
{
    if (s->pixels) {
        pd_loader_places(s->loader, step, s->places, s->labels);
        return pd_plan_write(plan, "places", s->places, 4 * n, err);
    }
    pd_loader_get(s->loader, step, s->images, s->labels, NULL);
    return pd_plan_write(plan, "images", s->images, n * pd_gan_image_size(s->gan), err);
}

enum pd_status pd_run_step_take(struct pd_run_step *s, uint64_t step, struct pd_error *err)
{
    const int64_t n = pd_loader_batch(s->loader, step);
    struct pd_plan *plan = pd_step_plan(n < pd_loader_batch(s->loader, 0) ? &s->partial : &s->plans, step);
    enum pd_status status = write_images(s, step, n, plan, err);
    if (!status)
        status = pd_plan_write(plan, "labels", s->labels, n, err);
    return status ? status : pd_plan_run(plan, (uint64_t)s->o->seed, step, err);
}
