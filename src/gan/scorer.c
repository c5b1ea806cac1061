#include "gan/scorer.h"

#include "base/mem.h"
#include "data/transform.h"
#include "gan/gan_parts.h"
#include "io/level.h"

enum { BATCH = PD_SCORER_BATCH };

struct pd_scorer {
    struct pd_plan *plan;
    int64_t image, classes; /* numbers of one image */
};

/* An output of the plan, and where its rows go. */
struct target {
    const char *name;
    int64_t width;
    float *rows;
};

/* Where the random numbers of a plan that draws some begin: a step for each batch. */
struct draws {
    uint64_t seed, step;
};

static enum pd_status look(struct pd_plan *plan, const float *images, int64_t image, int64_t n,
                           struct draws draws, const struct target *targets, int n_targets,
                           struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int64_t at = 0; at < n && !status; at += BATCH) {
        const int64_t m = n - at < BATCH ? n - at : BATCH; /* the rest of the batch keeps what it had */
        status = pd_plan_write(plan, "images", images + at * image, m * image, err);
        if (!status)
            status = pd_plan_run(plan, draws.seed, draws.step++, err);
        for (int i = 0; i < n_targets && !status; i++) {
            const struct target *t = &targets[i];
            status = pd_plan_read(plan, t->name, t->rows + at * t->width, m * t->width, err);
        }
    }
    return status;
}

enum pd_status pd_scorer_create(struct pd_gan *gan, enum pd_origin origin, struct pd_scorer **out,
                                struct pd_error *err)
{
    struct pd_scorer *s = pd_calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for scores");
    *s = (struct pd_scorer){.image = pd_gan_image_size(gan), .classes = gan->config.classes};
    enum pd_status status = pd_gan_compile_scorer(gan, origin, BATCH, &s->plan, err);
    if (status)
        pd_scorer_destroy(s);
    else
        *out = s;
    return status;
}

void pd_scorer_destroy(struct pd_scorer *s)
{
    if (!s)
        return;
    pd_plan_destroy(s->plan);
    pd_free(s);
}

enum pd_status pd_scorer_score(struct pd_scorer *s, const float *images, int64_t n, float *logit,
                               float *class_logits, struct pd_error *err)
{
    const struct target targets[] = {{"logit", 1, logit}, {"class_logits", s->classes, class_logits}};
    return look(s->plan, images, s->image, n, (struct draws){0, 0}, targets, 2, err);
}

/* --- for other programs --- */

/* One of the plans that look at images, on all of them. */
static enum pd_status look_once(struct pd_gan *gan, enum pd_origin origin,
                                enum pd_status (*compile)(struct pd_gan *, enum pd_origin, int64_t,
                                                          struct pd_plan **, struct pd_error *),
                                const float *images, int64_t n, const struct target *targets, int n_targets,
                                struct pd_error *err)
{
    const int64_t image = pd_gan_image_size(gan);
    struct pd_plan *plan = NULL;
    enum pd_status status = pd_gan_enter(gan, origin, n, err);
    if (status)
        return status;
    status = pd_check_rows("image", 0, images, n, image, gan->config.size > 0, err);
    if (!status)
        status = compile(gan, origin, BATCH, &plan, err);
    if (!status)
        status = look(plan, images, image, n, (struct draws){0, 0}, targets, n_targets, err);
    pd_plan_destroy(plan);
    pd_gan_leave(gan);
    return status;
}

enum pd_status pd_score(struct pd_gan *gan, enum pd_origin origin, const float *images, int64_t n,
                        float *logit, float *class_logits, struct pd_error *err)
{
    const struct target targets[] = {{"logit", 1, logit},
                                     {"class_logits", gan->config.classes, class_logits}};
    return look_once(gan, origin, pd_gan_compile_scorer, images, n, targets, 2, err);
}

enum pd_status pd_features(struct pd_gan *gan, enum pd_origin origin, const float *images, int64_t n,
                           float *features, struct pd_error *err)
{
    const struct target target = {"features", pd_gan_feature_width(gan), features};
    return look_once(gan, origin, pd_gan_compile_features, images, n, &target, 1, err);
}

/* Pass by pass; the batches of a pass are numbered over all images. */
static enum pd_status look_passes(struct pd_gan *gan, const float *images, const struct pd_pass_rows *rows,
                                  uint64_t seed, struct pd_plan *plan, float *class_logits,
                                  struct pd_error *err)
{
    const uint64_t batches = (uint64_t)(rows->all + BATCH - 1) / BATCH, first = (uint64_t)rows->first / BATCH;
    const int64_t image = pd_gan_image_size(gan), classes = gan->config.classes;
    enum pd_status status = PD_OK;
    for (int s = 0; s < rows->passes && !status; s++) {
        const struct target target = {"class_logits", classes,
                                      class_logits + (s * rows->all + rows->first) * classes};
        const struct draws draws = {seed, (uint64_t)s * batches + first};
        status = look(plan, images, image, rows->n, draws, &target, 1, err);
    }
    return status;
}

enum pd_status pd_scorer_passes(struct pd_gan *gan, enum pd_origin origin, const float *images,
                                const struct pd_pass_rows *rows, uint64_t seed, float *class_logits,
                                struct pd_error *err)
{
    struct pd_plan *plan = NULL;
    enum pd_status status = pd_gan_enter(gan, origin, rows->n, err);
    if (status)
        return status;
    status = pd_model_check_dropout(gan->config.model, err);
    if (!status)
        status =
            pd_check_rows("image", 0, images, rows->n, pd_gan_image_size(gan), gan->config.size > 0, err);
    if (!status)
        status = pd_gan_compile_pass(gan, origin, BATCH, &plan, err);
    if (!status)
        status = look_passes(gan, images, rows, seed, plan, class_logits, err);
    pd_plan_destroy(plan);
    pd_gan_leave(gan);
    return status;
}

enum pd_status pd_passes(struct pd_gan *gan, enum pd_origin origin, const float *images, int64_t n,
                         int passes, uint64_t seed, float *class_logits, struct pd_error *err)
{
    if (passes < 1 || passes > PD_PASSES_MOST)
        return pd_fail(err, PD_ERR_USAGE, -1, "%d passes, expected 1 to %d", passes, PD_PASSES_MOST);
    return pd_scorer_passes(gan, origin, images, &(struct pd_pass_rows){0, n, n, passes}, seed, class_logits,
                            err);
}

enum pd_status pd_score_input(const struct pd_gan *gan, const struct pd_dataset *data, int64_t first,
                              int64_t n, float *images, struct pd_error *err)
{
    static const char *const kinds[] = {"images", "points"};
    const struct pd_model_config *c = &gan->config;
    uint32_t indices[BATCH];
    enum pd_status status = PD_OK;
    const int64_t count = data->count;
    if (first < 0 || n < 0 || n > count || first > count - n)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld images from the %lld-th on, and the data have %u",
                       (long long)n, (long long)first, data->count);
    if (data->channels != c->channels || !data->points != !!c->size)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s of %d channels, and the networks are for %s of %d",
                       kinds[data->points != NULL], data->channels, kinds[c->size == 0], c->channels);
    for (int64_t at = 0; at < n && !status; at += BATCH) {
        const uint32_t m = (uint32_t)(n - at < BATCH ? n - at : BATCH);
        for (uint32_t i = 0; i < m; i++)
            indices[i] = (uint32_t)(first + at + i);
        status = pd_transform_eval(data, indices, m, c->size, images + at * pd_gan_image_size(gan), err);
    }
    return status;
}
