/* Rejection on a model: what is kept, counted and told. */
#include "plans.h"
#include "gan/scorer.h"
#include "gan/reject.h"

#include "base/mem.h"
#include "metric/fixed_set.h"

#include <paydirt/select.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { CLASSES = 3, REAL = 60 };

struct fixture {
    struct pd_backend *backend;
    struct pd_gan *gan;
    float real[2 * REAL];
    int32_t labels[REAL];
};

static int setup(void **state)
{
    static struct fixture f;
    struct pd_error err;
    struct pd_model_config c;
    if (pd_backend_create("fenced", 1, &f.backend, &err) ||
        pd_model_configure(pd_model_find("mlp", &err), 2, 0, CLASSES, 2, 0.05, &c, &err) ||
        pd_gan_create(&c, f.backend, 3, &f.gan, &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < REAL; i++) {
        f.labels[i] = i % CLASSES;
        f.real[2 * i] = (float)(i % 7) / 7;
        f.real[2 * i + 1] = (float)(i % 5) / 5;
    }
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    pd_gan_destroy(f->gan);
    pd_backend_destroy(f->backend);
    return 0;
}

static struct pd_rejection_options options(const struct fixture *f, const char *method)
{
    struct pd_rejection_options o = pd_rejection_defaults(pd_reject_method_find(method, NULL), NULL);
    o.how.chain = 5;
    o.how.seed = 9;
    o.per_class = 37;
    o.burn_in = 250;
    o.block = 130; /* no multiple of the batch */
    o.show = 4;
    o.real = f->real;
    o.real_labels = f->labels;
    o.real_count = REAL;
    return o;
}

static struct pd_rejection reject(const struct fixture *f, const struct pd_rejection_options *o)
{
    struct pd_rejection r;
    struct pd_error err;
    if (pd_reject(f->gan, o, &r, &err))
        fail_msg("%s", err.message);
    return r;
}

/* Its image is G's of its z and class, its scores D's of the image and the estimator's. */
static void assert_whole(const struct fixture *f, const struct pd_rejection *r)
{
    const struct pd_samples *s = &r->kept;
    struct pd_plan *generator;
    float images[512], logit[256], class_logits[256 * CLASSES];
    double k[256];
    assert_int_equal(pd_gan_compile_generator(f->gan, s->count, &generator, NULL), PD_OK);
    write_plan(generator, "z", s->count * 2, s->z);
    write_plan(generator, "c", s->count, s->labels);
    run_plan(generator, 0, 0);
    read_plan(generator, "images", s->count * 2, images);
    assert_int_equal(pd_score(f->gan, PD_ORIGIN_FAKE, images, s->count, logit, class_logits, NULL), PD_OK);
    const struct pd_gold_input in = {s->count, CLASSES, logit, class_logits, s->labels, PD_GOLD_GENERATED};
    assert_int_equal(pd_gold_conditional(&in, k, NULL), PD_OK);
    for (int64_t i = 0; i < s->count; i++) {
        const struct pd_reject_fit fit = r->classes[s->labels[i]].fit;
        assert_int_equal(s->labels[i], i / s->per_class);
        for (int axis = 0; axis < 2; axis++)
            assert_float_equal(s->images[2 * i + axis], images[2 * i + axis], 1e-6);
        assert_float_equal(r->logit[i], logit[i], 1e-6);
        assert_float_equal(r->d[i], fit.slope * (double)logit[i] + fit.intercept + fit.scale * k[i], 1e-4);
        for (int64_t j = 0; j < i; j++)
            assert_true(s->z[2 * i] != s->z[2 * j]);
    }
    pd_plan_destroy(generator);
}

static void keeps_exact_numbers(void **state)
{
    const struct fixture *f = *state;
    const struct pd_reject_method *method;
    for (int i = 0; (method = pd_reject_method_at(i)); i++) {
        const struct pd_rejection_options o = options(f, method->name);
        struct pd_rejection r = reject(f, &o);
        assert_int_equal(r.kept.count, 37 * CLASSES);
        assert_whole(f, &r);
        for (int c = 0; c < CLASSES; c++) {
            /* D is untrained: its scores hardly differ, and obrs, which is plain rejection then, keeps all */
            const bool refuses = strcmp(method->name, "obrs") != 0;
            assert_in_range(r.classes[c].tried, 37 + refuses, 6000);
            assert_in_range(r.classes[c].refused, refuses, 4);
        }
        pd_rejection_release(&r);
    }
}

/* Whoever is asked to keep all of them keeps the same ones: the first. */
static void all_kept_are_the_same(void **state)
{
    const struct fixture *f = *state;
    const struct pd_reject_method *method;
    struct pd_samples first = {.count = 0};
    for (int i = 0; (method = pd_reject_method_at(i)); i++) {
        struct pd_rejection_options o = options(f, method->name);
        o.how.keep = 1;
        if (!method->takes_keep)
            continue;
        struct pd_rejection r = reject(f, &o);
        for (int c = 0; c < CLASSES; c++)
            assert_int_equal(r.classes[c].tried, 37);
        if (first.count)
            assert_memory_equal(r.kept.images, first.images, sizeof(float) * 2 * 37 * CLASSES);
        else {
            first = r.kept;
            r.kept = (struct pd_samples){.count = 0};
        }
        pd_rejection_release(&r);
    }
    assert_true(first.count > 0);
    pd_samples_release(&first);
}

/* One fit, over the samples of all classes. */
static void pooled_classes_share_what_they_learn(void **state)
{
    const struct fixture *f = *state;
    struct pd_rejection_options o = options(f, "gold");
    struct pd_rejection apart = reject(f, &o);
    o.pooled = true;
    struct pd_rejection pooled = reject(f, &o);
    double log_m = -INFINITY;
    assert_whole(f, &pooled);
    for (int c = 0; c < CLASSES; c++) {
        assert_true(pooled.classes[c].fit.scale == pooled.classes[0].fit.scale);
        assert_true(pooled.classes[c].fit.scale != apart.classes[c].fit.scale);
        log_m = fmax(log_m, pooled.classes[c].fit.log_m);
    }
    o.how.bound = PD_BOUND_MARGINAL;
    pd_rejection_release(&apart);
    apart = reject(f, &o);
    for (int c = 0; c < CLASSES; c++)
        assert_true(apart.classes[c].fit.log_m == apart.classes[0].fit.log_m &&
                    apart.classes[c].fit.log_m != log_m);
    pd_rejection_release(&apart);
    pd_rejection_release(&pooled);
}

static void is_fixed_by_the_seed(void **state)
{
    const struct fixture *f = *state;
    struct pd_rejection_options o = options(f, "gold");
    struct pd_rejection a = reject(f, &o), b = reject(f, &o);
    const size_t bytes = 2 * 37 * sizeof(float);
    assert_memory_equal(a.kept.z, b.kept.z, CLASSES * bytes);
    pd_rejection_release(&b);
    o.per_class = 300; /* more of them begin with the same ones */
    b = reject(f, &o);
    assert_memory_equal(a.kept.z + 2 * 37, b.kept.z + 2 * 300, bytes);
    pd_rejection_release(&b);
    o.how.seed++;
    b = reject(f, &o);
    assert_memory_not_equal(a.kept.z, b.kept.z, bytes);
    pd_rejection_release(&b);
    pd_rejection_release(&a);
}

static void gives_up_a_hopeless_class(void **state)
{
    const struct fixture *f = *state;
    struct pd_rejection_options o = options(f, "top-k");
    struct pd_rejection r;
    struct pd_error err;
    o.how.p = 1; /* one of each block */
    o.least_rate = 0.02;
    assert_int_equal(pd_reject(f->gan, &o, &r, &err), PD_ERR_MISMATCH);
    assert_non_null(
        strstr(err.message, "class 0: top-k kept 1 of 130 candidates, below the least rate of 0.02"));
    assert_null(r.kept.images);
    o.least_rate = 0.005;
    r = reject(f, &o);
    assert_in_range(r.classes[2].tried, 36 * 130 + 1, 37 * 130);
    pd_rejection_release(&r);
}

static void says_what_is_missing(void **state)
{
    struct fixture *f = *state;
    struct pd_rejection_options o = options(f, "mh");
    struct pd_rejection r;
    struct pd_error err;
    o.real_count = 2; /* classes 0 and 1 */
    assert_int_equal(pd_reject(f->gan, &o, &r, &err), PD_ERR_MISMATCH);
    assert_string_equal(err.message, "mh needs real images of class 2, and there are none");
    o = options(f, "mh");
    o.how.chain = 6000;
    assert_int_equal(pd_reject(f->gan, &o, &r, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "chains of 6000 candidates may keep 1 of 12000"));
    f->real[6] = NAN; /* image 3, the second of class 0 */
    o = options(f, "mh");
    assert_int_equal(pd_reject(f->gan, &o, &r, &err), PD_ERR_MISMATCH);
    assert_non_null(strstr(err.message, "class 0 cannot be judged: row 1: "));
    f->real[6] = 0;
}

struct seen {
    int64_t at, reports, stop_after;
};

static void on_progress(void *context, int class, int64_t at)
{
    struct seen *seen = context;
    assert_in_range(class, 0, CLASSES - 1);
    assert_true(at >= seen->at);
    seen->at = at;
    seen->reports++;
}

static bool on_stop(void *context)
{
    const struct seen *seen = context;
    return seen->stop_after && seen->reports >= seen->stop_after;
}

static void tells_and_stops(void **state)
{
    const struct fixture *f = *state;
    struct seen seen = {0};
    struct pd_rejection_options o = options(f, "gold");
    struct pd_error err;
    o.context = &seen;
    o.progress = on_progress;
    o.stop = on_stop;
    struct pd_rejection r = reject(f, &o);
    assert_int_equal(seen.at, CLASSES * (250 + 37));
    pd_rejection_release(&r);
    seen = (struct seen){.stop_after = 4};
    assert_int_equal(pd_reject(f->gan, &o, &r, &err), PD_ERR_INTERRUPTED);
    assert_int_equal(seen.reports, 4);
    assert_null(r.kept.images);
}

static void leaks_nothing_when_memory_ends(void **state)
{
    const struct fixture *f = *state;
    struct pd_rejection_options o = options(f, "mh");
    const uint64_t before = pd_mem_count();
    struct pd_rejection r = reject(f, &o);
    const uint64_t count = pd_mem_count() - before;
    pd_rejection_release(&r);
    for (uint64_t n = 1; n <= count; n += n < count / 2 ? 7 : 1) {
        pd_mem_fail_after(n);
        enum pd_status status = pd_reject(f->gan, &o, &r, NULL);
        pd_mem_fail_after(0);
        assert_int_equal(status, PD_ERR_MEMORY);
    }
}

/* --- a fixed set of samples --- */

static void goes_through_the_whole_set(void **state)
{
    (void)state;
    const float images[] = {0, 10, 1, 11, 2, 12, 3, 13, 4, 14};
    const int32_t labels[] = {0, 1, 2, 3, 4};
    struct pd_fixed_set *set;
    struct pd_error err;
    float got[6];
    int32_t got_labels[3];
    int passes[6][5] = {{0}};
    assert_int_equal(pd_fixed_set_create(0, 2, images, labels, 1, &set, &err), PD_ERR_USAGE);
    assert_int_equal(pd_fixed_set_create(5, 2, images, labels, 1, &set, &err), PD_OK);
    const struct pd_sample_source source = pd_fixed_set_source(set);
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(source.next(source.context, i, 3, got, got_labels, &err), PD_OK);
        for (uint64_t k = 0; k < 3; k++) {
            passes[(3 * i + k) / 5][got_labels[k]]++;
            assert_float_equal(got[2 * k], got_labels[k], 0);
            assert_float_equal(got[2 * k + 1], got_labels[k] + 10, 0);
        }
    }
    for (int pass = 0; pass < 6; pass++)
        for (int i = 0; i < 5; i++)
            assert_int_equal(passes[pass][i], 1);
    pd_fixed_set_destroy(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_exact_numbers),
        cmocka_unit_test(all_kept_are_the_same),
        cmocka_unit_test(pooled_classes_share_what_they_learn),
        cmocka_unit_test(is_fixed_by_the_seed),
        cmocka_unit_test(gives_up_a_hopeless_class),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(tells_and_stops),
        cmocka_unit_test(leaks_nothing_when_memory_ends),
        cmocka_unit_test(goes_through_the_whole_set),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
