#include "needs.h"
#include "picture.h"

#include "gan/pictures.h"

#include <math.h>

enum { N = 12, SIDE = 8, CLASSES = 3 };

/* Image i is of one red, 10 + 20 i, which no word has. */
static struct pd_dataset *make_images(void)
{
    static const char *const classes[] = {"ant", "bee", "cat"};
    struct pd_dataset *d = calloc(1, sizeof *d);
    strcpy(d->name, "reds");
    d->classes = CLASSES;
    assert_int_equal(pd_dataset_reserve(d, N, 3, SIDE, SIDE, NULL), PD_OK);
    assert_int_equal(pd_dataset_name_classes(d, classes, CLASSES, NULL), PD_OK);
    for (int i = 0; i < N; i++)
        memset(d->pixels + (ptrdiff_t)3 * i * SIDE * SIDE, 10 + 20 * i, SIDE * SIDE);
    return d;
}

static struct picture read_picture(const char *name)
{
    size_t size;
    char *png = scratch_read(scratch_path(name), &size);
    struct picture p = picture_decode(png, size);
    free(png);
    return p;
}

static struct patch image_in(const struct picture *p, int i)
{
    return picture_find(p, (10 + 20 * (uint32_t)i) << 16);
}

static void shows_queries(void **state)
{
    (void)state;
    NEEDS(cairo);
    struct pd_dataset *d = make_images();
    static const struct pd_query queries[] = {{7, 3, 2, 0.98}, {0, 2, 1, 0.5}, {11, 1, 0, 0.34}};
    assert_int_equal(pd_picture_queries(scratch_path("q.png"), d, queries, 3, "Queries", NULL), PD_OK);
    struct picture p = read_picture("q.png");
    const struct patch first = image_in(&p, 7), second = image_in(&p, 0), third = image_in(&p, 11);
    assert_true(first.count > 10000 && second.count > 10000 && third.count > 10000);
    assert_true(first.right < second.left && first.top == second.top && third.top > first.bottom);
    assert_true(image_in(&p, 5).count == 0);
    free(p.rgb);
    struct pd_error err;
    assert_int_equal(pd_picture_queries(scratch_path("no/q.png"), d, queries, 3, NULL, &err), PD_ERR_IO);
    assert_contains(err.message, "no/q.png");
    assert_int_equal(pd_picture_queries(scratch_path("q.png"), d, NULL, 0, NULL, NULL),
                     PD_OK); /* none to ask */
    pd_dataset_destroy(d);
}

/* Class logits (x, 0, 0): certain where |x| is large and positive. */
struct scores {
    float class_logits[N * CLASSES], logit[N];
    double conditional[N], gold[N];
};

static struct pd_scored make_scores(struct scores *s, const struct pd_dataset *d)
{
    memset(s, 0, sizeof *s);
    for (int i = 0; i < N; i++) {
        s->class_logits[i * CLASSES] = (float)(i * 5 % N); /* the highest, 11, at i = 7 */
        s->logit[i] = (float)(i == 3);
        s->conditional[i] = i == 4 ? 3 : 0.5;
        s->gold[i] = i == 9;
    }
    return (struct pd_scored){d, N, NULL, d->classes, s->class_logits, s->logit, s->conditional, s->gold};
}

static void shows_the_certain(void **state)
{
    (void)state;
    NEEDS(cairo);
    struct pd_dataset *d = make_images();
    struct scores s;
    const struct pd_scored scored = make_scores(&s, d);
    assert_int_equal(pd_picture_certainty(scratch_path("c.png"), &scored, 2, NULL, NULL), PD_OK);
    struct picture p = read_picture("c.png");
    const struct patch least = image_in(&p, 0), next = image_in(&p, 5);  /* 0 and 1 */
    const struct patch most = image_in(&p, 7), second = image_in(&p, 2); /* 11 and 10 */
    assert_true(least.count > 10000 && next.count > 10000 && most.count > 10000 && second.count > 10000);
    assert_true(least.right < next.left && least.bottom < most.top && most.right < second.left);
    free(p.rgb);
    pd_dataset_destroy(d);
}

/* Rows by the marginal term, the conditional and GOLD. Of which rows of the pool: by number. */
static void shows_gold(void **state)
{
    (void)state;
    NEEDS(cairo);
    struct pd_dataset *d = make_images();
    struct scores s;
    struct pd_scored scored = make_scores(&s, d);
    const uint32_t reversed[N] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    scored.images = reversed;
    assert_int_equal(pd_picture_gold(scratch_path("g.png"), &scored, 1, NULL, NULL), PD_OK);
    struct picture p = read_picture("g.png");
    const struct patch m = image_in(&p, 11 - 3), k = image_in(&p, 11 - 4), gold = image_in(&p, 11 - 9);
    assert_true(m.count > 10000 && k.count > 10000 && gold.count > 10000);
    assert_true(m.bottom < k.top && k.bottom < gold.top);
    free(p.rgb);
    assert_int_equal(pd_picture_terms(scratch_path("t.png"), N, s.logit, s.conditional, NULL, NULL), PD_OK);
    p = read_picture("t.png");
    assert_true(picture_find(&p, 0x0072b2).count > 50 && picture_find(&p, 0xd55e00).count > 50);
    free(p.rgb);
    pd_dataset_destroy(d);
}

/* --- points --- */

static struct pd_dataset *make_points(void)
{
    struct pd_dataset *d = calloc(1, sizeof *d);
    strcpy(d->name, "points");
    d->classes = 2;
    assert_int_equal(pd_dataset_reserve(d, 200, 2, 0, 0, NULL), PD_OK);
    for (int i = 0; i < 400; i++)
        d->points[i] = (float)sin(i * 12.9898) * 5;
    d->points[0] = d->points[1] = -4;
    d->points[2] = d->points[3] = 4;
    return d;
}

static void shows_the_plane(void **state)
{
    (void)state;
    NEEDS(cairo);
    struct pd_dataset *d = make_points();
    struct pd_backend *backend = NULL;
    struct pd_gan *gan = NULL;
    struct pd_error err;
    struct pd_model_config c;
    static const struct pd_asked asked[] = {{0, 0, -1}, {1, 1, 2}};
    assert_int_equal(pd_backend_create("fenced", 1, &backend, &err), PD_OK);
    assert_int_equal(pd_model_configure(pd_model_find("mlp", NULL), 2, 0, 2, 2, 0.05, &c, &err), PD_OK);
    assert_int_equal(pd_gan_create(&c, backend, 3, &gan, &err), PD_OK);
    for (int balanced = 0; balanced < 2; balanced++) {
        assert_int_equal(pd_picture_plane(scratch_path("p.png"), gan, d, balanced, asked, 2, "Plane", &err),
                         PD_OK);
        struct picture p = read_picture("p.png");
        assert_true(picture_find(&p, 0x54278f).count > 100 && picture_find(&p, 0xfcfbfd).count > 100);
        assert_true(picture_find(&p, 0x0072b2).count > 150 && picture_find(&p, 0xd55e00).count > 150);
        assert_true(picture_find(&p, 0x0072b2).bottom >
                    picture_find(&p, 0xd55e00).bottom + 200); /* y upwards */
        free(p.rgb);
    }
    struct pd_dataset *images = make_images();
    assert_int_equal(pd_picture_plane(scratch_path("p.png"), gan, images, false, NULL, 0, NULL, &err),
                     PD_ERR_USAGE);
    assert_contains(err.message, "'reds' has images, expected 2-D points");
    assert_int_equal(pd_picture_queries(scratch_path("p.png"), d, NULL, 0, NULL, &err), PD_ERR_USAGE);
    assert_contains(err.message, "'points' has 2-D points, expected images to show");
    pd_dataset_destroy(images);
    pd_gan_destroy(gan);
    pd_backend_destroy(backend);
    pd_dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_queries),
        cmocka_unit_test(shows_the_certain),
        cmocka_unit_test(shows_gold),
        cmocka_unit_test(shows_the_plane),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
