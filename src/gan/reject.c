#include "gan/reject.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"
#include "gan/gan_parts.h"
#include "gan/sampler.h"
#include "gan/scorer.h"

#include <paydirt/select.h>

#include <string.h>

enum { BATCH = 100 };

/* What goes through G and D: one block. */
struct maker {
    struct pd_gan *gan;
    const struct pd_rejection_options *o;
    struct pd_sampler *sampler;
    struct pd_scorer *scorers[PD_ORIGINS]; /* of reals: NULL where the method needs none */
    size_t image;                          /* floats of one */
    float *z, *images, *logit, *class_logits;
    double *k, *d;
    int32_t *labels;
    uint8_t *verdicts;
    struct {
        int64_t n;
        float *logit;
        double *k;
    } pool;       /* of the burn-in of all classes, where it is pooled */
    int64_t done; /* for progress */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct pd_rejection_options pd_rejection_defaults(const struct pd_reject_method *method,
                                                  const struct pd_gan *gan)
{
    struct pd_rejection_options o = {.method = method,
                                     .how = pd_reject_defaults(method),
                                     .per_class = 10,
                                     .burn_in = 50000,
                                     .block = 1000,
                                     .least_rate = 1e-4};
    int channels = 0, side = 0;
    if (gan)
        pd_gan_shape(gan, &channels, &side);
    if (side && channels == 3)
        o.how.p = 0.5;
    return o;
}

/* --- life --- */

static enum pd_status reserve_block(struct maker *m, struct pd_error *err)
{
    const size_t n = (size_t)m->o->block, classes = (size_t)m->gan->config.classes;
    m->z = pd_calloc(n, (size_t)m->gan->config.z_dim * sizeof *m->z);
    m->images = pd_calloc(n, m->image * sizeof *m->images);
    m->logit = pd_calloc(n, sizeof *m->logit);
    m->class_logits = pd_calloc(n, classes * sizeof *m->class_logits);
    m->k = pd_calloc(n, sizeof *m->k);
    m->d = pd_calloc(n, sizeof *m->d);
    m->labels = pd_calloc(n, sizeof *m->labels);
    m->verdicts = pd_calloc(n, sizeof *m->verdicts);
    if (m->z && m->images && m->logit && m->class_logits && m->k && m->d && m->labels && m->verdicts)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld candidates", (long long)m->o->block);
}

static void release_maker(struct maker *m)
{
    pd_sampler_destroy(m->sampler);
    for (int i = 0; i < PD_ORIGINS; i++)
        pd_scorer_destroy(m->scorers[i]);
    pd_free(m->z);
    pd_free(m->images);
    pd_free(m->logit);
    pd_free(m->class_logits);
    pd_free(m->k);
    pd_free(m->d);
    pd_free(m->labels);
    pd_free(m->verdicts);
    pd_free(m->pool.logit);
    pd_free(m->pool.k);
}

static enum pd_status init_maker(struct maker *m, struct pd_gan *gan, const struct pd_rejection_options *o,
                                 struct pd_error *err)
{
    *m = (struct maker){.gan = gan, .o = o, .image = (size_t)pd_gan_image_size(gan)};
    enum pd_status status = pd_sampler_create(gan, BATCH, &m->sampler, err);
    if (!status)
        status = pd_scorer_create(gan, PD_ORIGIN_FAKE, &m->scorers[PD_ORIGIN_FAKE], err);
    if (!status && o->method->uses_real)
        status = pd_scorer_create(gan, PD_ORIGIN_REAL, &m->scorers[PD_ORIGIN_REAL], err);
    return status ? status : reserve_block(m, err);
}

static enum pd_status reserve(struct pd_rejection *r, const struct maker *m, struct pd_error *err)
{
    const struct pd_model_config *c = &m->gan->config;
    struct pd_samples *s = &r->kept;
    s->per_class = m->o->per_class;
    s->count = s->per_class * c->classes;
    s->classes = c->classes;
    s->z_dim = c->z_dim;
    s->shape = pd_gan_image_shape(m->gan, s->count);
    r->show = m->o->show;
    s->images = pd_calloc((size_t)s->count, m->image * sizeof *s->images);
    s->z = pd_calloc((size_t)s->count, (size_t)s->z_dim * sizeof *s->z);
    s->labels = pd_calloc((size_t)s->count, sizeof *s->labels);
    r->logit = pd_calloc((size_t)s->count, sizeof *r->logit);
    r->d = pd_calloc((size_t)s->count, sizeof *r->d);
    r->classes = pd_calloc((size_t)c->classes, sizeof *r->classes);
    r->refused = pd_calloc((size_t)(r->show * c->classes) + 1, m->image * sizeof *r->refused);
    if (s->images && s->z && s->labels && r->logit && r->d && r->classes && r->refused)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld samples", (long long)s->count);
}

void pd_rejection_release(struct pd_rejection *r)
{
    pd_samples_release(&r->kept);
    pd_free(r->logit);
    pd_free(r->d);
    pd_free(r->classes);
    pd_free(r->refused);
    memset(r, 0, sizeof *r);
}

/* --- through the networks --- */

/* Sample `number` of a class. */
static void draw_z(const struct maker *m, enum pd_stream stream, int class, int64_t number, float *z)
{
    pd_sample_noise(m->o->how.seed, stream, class, number, m->gan->config.z_dim, z);
}

/* D on the block's first n images. */
static enum pd_status score(struct maker *m, enum pd_origin origin, int64_t n, struct pd_error *err)
{
    return pd_scorer_score(m->scorers[origin], m->images, n, m->logit, m->class_logits, err);
}

/* Samples first .. first + n of a class, n <= block, scored. */
static enum pd_status generate(struct maker *m, enum pd_stream stream, int class, int64_t first, int64_t n,
                               struct pd_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        draw_z(m, stream, class, first + i, m->z + i * m->gan->config.z_dim);
        m->labels[i] = class;
    }
    enum pd_status status = pd_sampler_make(m->sampler, m->z, m->labels, n, m->images, err);
    return status ? status : score(m, PD_ORIGIN_FAKE, n, err);
}

/* The terms of the block's first n: k as for generated samples of the class, also where they are real. */
static enum pd_status terms_of(struct maker *m, int class, int64_t n, struct pd_terms *terms,
                               struct pd_error *err)
{
    struct pd_error cause;
    for (int64_t i = 0; i < n; i++)
        m->labels[i] = class;
    const struct pd_gold_input in = {n,         m->gan->config.classes, m->logit, m->class_logits,
                                     m->labels, PD_GOLD_GENERATED};
    *terms = (struct pd_terms){n, m->logit, m->k};
    if (pd_gold_conditional(&in, m->k, &cause))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "class %d cannot be judged: %s", class, cause.message);
    return PD_OK;
}

/* --- one class --- */

static enum pd_status report(struct maker *m, int class, int64_t more, struct pd_error *err)
{
    m->done += more;
    if (m->o->progress)
        m->o->progress(m->o->context, class, m->done);
    if (m->o->stop && m->o->stop(m->o->context))
        return pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped in class %d", class);
    return PD_OK;
}

/* For a class's rejector, or NULL: for the pool. */
static enum pd_status keep_terms(struct maker *m, const struct pd_terms *terms, struct pd_rejector *rejector,
                                 struct pd_error *err)
{
    if (rejector)
        return pd_rejector_burn_in(rejector, terms, err);
    memcpy(m->pool.logit + m->pool.n, terms->logit, (size_t)terms->n * sizeof *terms->logit);
    memcpy(m->pool.k + m->pool.n, terms->k, (size_t)terms->n * sizeof *terms->k);
    m->pool.n += terms->n;
    return PD_OK;
}

static enum pd_status burn_in(struct maker *m, int class, struct pd_rejector *rejector, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int64_t at = 0, n; at < m->o->burn_in && !status; at += n) {
        struct pd_terms terms;
        n = least(m->o->block, m->o->burn_in - at);
        status = generate(m, PD_STREAM_BURN_IN_Z, class, at, n, err);
        if (!status)
            status = terms_of(m, class, n, &terms, err);
        if (!status)
            status = keep_terms(m, &terms, rejector, err);
        if (!status)
            status = report(m, class, n, err);
    }
    return status;
}

static enum pd_status fill_pool(struct maker *m, struct pd_error *err)
{
    const int classes = m->gan->config.classes;
    const size_t n = (size_t)m->o->burn_in * (size_t)classes;
    enum pd_status status = PD_OK;
    m->pool.logit = pd_calloc(n + 1, sizeof *m->pool.logit);
    m->pool.k = pd_calloc(n + 1, sizeof *m->pool.k);
    if (!m->pool.logit || !m->pool.k)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu scores", n);
    for (int class = 0; class < classes && !status; class ++)
        status = burn_in(m, class, NULL, err);
    return status;
}

/* The block's first n images, which are real. */
static enum pd_status learn_block(struct maker *m, int class, int64_t n, struct pd_rejector *rejector,
                                  struct pd_error *err)
{
    struct pd_terms terms;
    enum pd_status status = score(m, PD_ORIGIN_REAL, n, err);
    if (!status)
        status = terms_of(m, class, n, &terms, err);
    return status ? status : pd_rejector_real(rejector, &terms, err);
}

static enum pd_status learn_real(struct maker *m, int class, struct pd_rejector *rejector,
                                 struct pd_error *err)
{
    const int64_t room = least(m->o->block, BATCH);
    enum pd_status status = PD_OK;
    int64_t n = 0, found = 0;
    for (int64_t i = 0; i < m->o->real_count && !status; i++) {
        if (m->o->real_labels[i] != class)
            continue;
        memcpy(m->images + (size_t)n++ * m->image, m->o->real + (size_t)i * m->image,
               m->image * sizeof *m->images);
        found++;
        if (n == room) {
            status = learn_block(m, class, n, rejector, err);
            n = 0;
        }
    }
    if (!status && !found)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s needs real images of class %d, and there are none",
                       m->o->method->name, class);
    return status || !n ? status : learn_block(m, class, n, rejector, err);
}

/* Candidate i of the block takes place `slot` among the kept. */
static void hold(const struct maker *m, struct pd_rejection *r, int class, int64_t number, int64_t i,
                 int64_t slot)
{
    memcpy(r->kept.images + (size_t)slot * m->image, m->images + (size_t)i * m->image,
           m->image * sizeof *m->images);
    draw_z(m, PD_STREAM_CANDIDATE_Z, class, number, r->kept.z + slot * r->kept.z_dim);
    r->kept.labels[slot] = class;
    r->logit[slot] = m->logit[i];
    r->d[slot] = m->d[i];
}

static void refuse(const struct maker *m, struct pd_rejection *r, int class, int64_t i)
{
    struct pd_rejection_class *c = &r->classes[class];
    if (c->refused < r->show)
        memcpy(r->refused + (size_t)(class * r->show + c->refused++) * m->image,
               m->images + (size_t)i * m->image, m->image * sizeof *m->images);
}

/* Follows the verdicts on the block's n candidates until the class is full. kept: so far. Returns how many
 * are now. */
static int64_t follow(const struct maker *m, struct pd_rejection *r, int class, int64_t n, int64_t kept)
{
    struct pd_rejection_class *c = &r->classes[class];
    for (int64_t i = 0; i < n && kept < r->kept.per_class; i++) {
        if (m->verdicts[i] & PD_REJECT_HOLD)
            hold(m, r, class, c->tried, i, class * r->kept.per_class + kept);
        else
            refuse(m, r, class, i);
        kept += (m->verdicts[i] & PD_REJECT_KEEP) != 0;
        c->tried++;
    }
    return kept;
}

static enum pd_status fill(struct maker *m, struct pd_rejection *r, int class, struct pd_rejector *rejector,
                           struct pd_error *err)
{
    struct pd_rejection_class *c = &r->classes[class];
    enum pd_status status = PD_OK;
    for (int64_t kept = 0, before; kept < m->o->per_class && !status;) {
        struct pd_terms terms;
        before = kept;
        status = generate(m, PD_STREAM_CANDIDATE_Z, class, c->tried, m->o->block, err);
        if (!status)
            status = terms_of(m, class, m->o->block, &terms, err);
        if (!status)
            status = pd_rejector_judge(rejector, &terms, m->verdicts, m->d, err);
        if (status)
            break;
        kept = follow(m, r, class, m->o->block, kept);
        status = report(m, class, kept - before, err);
        if (!status && kept < m->o->per_class && (double)(kept + 1) < m->o->least_rate * (double)c->tried)
            status =
                pd_fail(err, PD_ERR_MISMATCH, -1,
                        "class %d: %s kept %lld of %lld candidates, below the least rate of %g: more "
                        "training, a smaller p or a smaller least rate",
                        class, m->o->method->name, (long long)kept, (long long)c->tried, m->o->least_rate);
    }
    c->fit = pd_rejector_fit(rejector);
    return status;
}

static enum pd_status reject_class(struct maker *m, struct pd_rejection *r, int class, struct pd_error *err)
{
    struct pd_rejector *rejector;
    enum pd_status status = pd_rejector_create(m->o->method, &m->o->how, class, &rejector, err);
    if (!status && m->o->method->uses_real)
        status = learn_real(m, class, rejector, err);
    if (!status && m->o->pooled)
        status = pd_rejector_burn_in(rejector, &(struct pd_terms){m->pool.n, m->pool.logit, m->pool.k}, err);
    else if (!status)
        status = burn_in(m, class, rejector, err);
    if (!status)
        status = fill(m, r, class, rejector, err);
    pd_rejector_destroy(rejector);
    return status;
}

/* --- all classes --- */

static enum pd_status check(const struct pd_rejection_options *o, struct pd_error *err)
{
    if (o->per_class < 1 || o->block < 1 || o->burn_in < 0 || o->show < 0)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%lld samples of each class from blocks of %lld after %lld: expected 1 or more each",
                       (long long)o->per_class, (long long)o->block, (long long)o->burn_in);
    if (!(o->least_rate >= 0 && o->least_rate <= 1))
        return pd_fail(err, PD_ERR_USAGE, -1, "a least rate of %g: expected 0 to 1", o->least_rate);
    if (o->method->uses_real && o->least_rate * 2 * (double)o->how.chain > 1)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "chains of %lld candidates may keep 1 of %lld, below the least rate of %g",
                       (long long)o->how.chain, 2 * (long long)o->how.chain, o->least_rate);
    return PD_OK;
}

static enum pd_status reject(struct pd_gan *gan, const struct pd_rejection_options *options,
                             struct pd_rejection *out, struct pd_error *err)
{
    struct maker m;
    const int64_t samples = options->per_class * gan->config.classes;
    enum pd_status status = init_maker(&m, gan, options, err);
    if (!status)
        status = pd_samples_fit(gan, samples, err);
    if (!status)
        status = reserve(out, &m, err);
    if (!status && options->pooled)
        status = fill_pool(&m, err);
    for (int class = 0; class < gan->config.classes && !status; class ++)
        status = reject_class(&m, out, class, err);
    release_maker(&m);
    return status;
}

enum pd_status pd_reject(struct pd_gan *gan, const struct pd_rejection_options *options,
                         struct pd_rejection *out, struct pd_error *err)
{
    *out = (struct pd_rejection){.show = 0};
    enum pd_status status = check(options, err);
    if (!status)
        status = pd_gan_enter(gan, PD_ORIGIN_FAKE, options->per_class, err);
    if (status)
        return status;
    status = reject(gan, options, out, err);
    pd_gan_leave(gan);
    if (status)
        pd_rejection_release(out);
    return status;
}
