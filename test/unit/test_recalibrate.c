/* D scores images by the statistics of images of their kind. */
#include "gan/recalibrate.h"

#include "base/rng.h"
#include "plans.h"
#include "gan/gan_parts.h"
#include "gan/scorer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 37, CLASSES = 3, SIZE = 16, FLOATS = 3 * SIZE * SIZE };

struct fixture {
    struct pd_backend *backend;
    struct pd_gan *gan;
    float images[COUNT * FLOATS];
    bool backwards; /* the source's order */
    int64_t batch;
    int asked; /* batches that the source gave */
};

static enum pd_status next(void *context, uint64_t i, int64_t n, float *images, int32_t *labels,
                           struct pd_error *err)
{
    struct fixture *f = context;
    (void)err;
    f->asked++;
    for (int64_t k = 0; k < n; k++) {
        const int64_t at = (int64_t)i * f->batch + k, from = f->backwards ? COUNT - 1 - at : at;
        memcpy(images + k * FLOATS, f->images + from * FLOATS, FLOATS * sizeof *images);
        labels[k] = 0;
    }
    return PD_OK;
}

/* Running statistics that are far from any images'. */
static void spoil(struct pd_gan *gan)
{
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        struct pd_var *v = pd_vars_at(gan->vars, i);
        const int64_t n = var_count(v);
        double *x = take_var(v);
        for (int64_t k = 0; k < n && strstr(pd_var_name(v), ".running_"); k++)
            x[k] += (double)(k % 3);
        for (int64_t k = 0; k < n && strstr(pd_var_name(v), ".weight"); k++)
            x[k] *= 3; /* logits that differ */
        put_var(v, x);
        free(x);
    }
}

static void make(struct fixture *f, const char *model, const char *kind, int threads)
{
    const struct pd_rng random = {5, 1, 0};
    struct pd_error err;
    struct pd_model_config c;
    if (pd_backend_create(kind, threads, &f->backend, &err) ||
        pd_model_configure(pd_model_find(model, &err), 3, SIZE, CLASSES, 8, 0.0625, &c, &err) ||
        pd_gan_create(&c, f->backend, 3, &f->gan, &err))
        fail_msg("%s", err.message);
    f->asked = 0;
    f->backwards = false;
    for (int i = 0; i < COUNT * FLOATS; i++)
        f->images[i] = (float)tanh(pd_rng_normal(&random, (uint64_t)i) * 0.3 + i / FLOATS * 0.02);
    spoil(f->gan);
}

static void release(struct fixture *f)
{
    pd_gan_destroy(f->gan);
    pd_backend_destroy(f->backend);
}

static void recalibrate(struct fixture *f, enum pd_origin origin, int64_t batch)
{
    const struct pd_sample_source source = {f, next};
    struct pd_error err;
    f->batch = batch;
    if (pd_gan_recalibrate(f->gan, origin, &source, COUNT, batch, &err))
        fail_msg("%s", err.message);
}

struct scores {
    float logit[COUNT], class_logits[COUNT * CLASSES];
};

static struct scores score(struct fixture *f, enum pd_origin origin)
{
    struct scores s;
    assert_int_equal(pd_score(f->gan, origin, f->images, COUNT, s.logit, s.class_logits, NULL), PD_OK);
    return s;
}

static double difference(const struct scores *a, const struct scores *b)
{
    double most = 0;
    for (int i = 0; i < COUNT; i++)
        most = fmax(most, fabs((double)a->logit[i] - (double)b->logit[i]));
    for (int i = 0; i < COUNT * CLASSES; i++)
        most = fmax(most, fabs((double)a->class_logits[i] - (double)b->class_logits[i]));
    return most;
}

/* What D in training mode says of all images in one batch. */
static struct scores score_in_training(struct fixture *f)
{
    struct pd_error err;
    struct pd_graph *g = pd_graph_create();
    struct pd_plan *plan;
    struct scores s;
    struct pd_nn dis = pd_gan_network(f->gan, g, "d.", true);
    dis.frozen = true;
    struct pd_node *images = pd_input(g, "images", PD_REAL, pd_gan_image_shape(f->gan, COUNT));
    const struct pd_heads h = pd_model_discriminate(&dis, &f->gan->config, images);
    pd_output(h.logit, "logit");
    pd_output(h.class_logits, "class_logits");
    if (pd_compile(g, f->backend, &plan, &err))
        fail_msg("%s", err.message);
    write_plan(plan, "images", COUNT * FLOATS, f->images);
    run_plan(plan, 0, 0);
    read_plan(plan, "logit", COUNT, s.logit);
    read_plan(plan, "class_logits", COUNT * CLASSES, s.class_logits);
    pd_plan_destroy(plan);
    pd_graph_destroy(g);
    return s;
}

/* dcgan and infogan have no dropout: training mode is a direct computation. */
static void are_those_of_one_batch(void **state)
{
    (void)state;
    static const char *const models[] = {"dcgan", "infogan"};
    static const char *const kinds[] = {"fenced", "onednn"};
    for (int i = 0; i < 4; i++) {
        struct fixture f;
        make(&f, models[i / 2], kinds[i % 2], 1);
        const struct scores direct = score_in_training(&f), before = score(&f, PD_ORIGIN_REAL);
        recalibrate(&f, PD_ORIGIN_REAL, 8);
        const struct scores after = score(&f, PD_ORIGIN_REAL), fakes = score(&f, PD_ORIGIN_FAKE);
        assert_int_equal(f.gan->statistics[PD_ORIGIN_REAL], COUNT);
        assert_int_equal(f.gan->statistics[PD_ORIGIN_FAKE], 0);
        assert_true(difference(&after, &direct) < 1e-4);
        assert_true(difference(&before, &direct) > 1e-2);
        assert_memory_equal(&fakes, &before, sizeof before); /* fakes: not yet */
        release(&f);
    }
}

static void ignore_batches_order_and_threads(void **state)
{
    (void)state;
    static const struct {
        int batch, threads;
        bool backwards;
    } ways[] = {{5, 1, false}, {COUNT, 1, false}, {COUNT - 1, 1, false},
                {8, 2, true},  {1, 2, false},     {100, 1, true}};
    for (int model = 0; model < 3; model++) {
        static const char *const models[] = {"dcgan", "infogan", "acgan"};
        struct fixture f;
        make(&f, models[model], "onednn", 1);
        recalibrate(&f, PD_ORIGIN_REAL, 8);
        const struct scores first = score(&f, PD_ORIGIN_REAL);
        release(&f);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            make(&f, models[model], "onednn", ways[i].threads);
            f.backwards = ways[i].backwards;
            recalibrate(&f, PD_ORIGIN_REAL, ways[i].batch);
            const struct scores s = score(&f, PD_ORIGIN_REAL);
            assert_true(difference(&s, &first) < 1e-5 * (1 + fabs((double)first.logit[0])));
            release(&f);
        }
    }
}

/* Layer by layer: a second time over the same images changes nothing. */
static void are_final(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, "acgan", "onednn", 1);
    recalibrate(&f, PD_ORIGIN_FAKE, 8);
    const struct scores once = score(&f, PD_ORIGIN_FAKE);
    recalibrate(&f, PD_ORIGIN_FAKE, 8);
    const struct scores twice = score(&f, PD_ORIGIN_FAKE);
    assert_memory_equal(&once, &twice, sizeof once);
    release(&f);
}

static void need_batch_norm(void **state)
{
    (void)state;
    static const char *const models[] = {"sngan", "wgan-gp"};
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        make(&f, models[i], "onednn", 1);
        const int variables = pd_vars_count(f.gan->vars);
        assert_false(pd_gan_has_batch_norm(f.gan));
        recalibrate(&f, PD_ORIGIN_REAL, 8);
        assert_int_equal(f.asked, 0);
        assert_int_equal(f.gan->statistics[PD_ORIGIN_REAL], 0);
        assert_int_equal(pd_vars_count(f.gan->vars), variables);
        release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_those_of_one_batch),
        cmocka_unit_test(ignore_batches_order_and_threads),
        cmocka_unit_test(are_final),
        cmocka_unit_test(need_batch_norm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
