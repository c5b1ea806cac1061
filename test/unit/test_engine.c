/* The compiler's passes, and the order of updates. */
#include "stage.h"

#include <math.h>

/* --- passes
 * -------------------------------------------------------------------------------------------------- */

static void dead_nodes_go(void **state)
{
    (void)state;
    struct stage s = begin("ref");
    struct pd_node *x = real(&s, "x", pd_shape2(3, 3)), *unused[2];
    struct pd_node *w = pd_var_read(s.g, var(&s, "w", pd_shape2(3, 3), 1));
    struct pd_node *y = pd_matmul(x, w, false, false);
    pd_grad(pd_sum(pd_exp(y)), (struct pd_node *[]){x, w}, 2, unused);
    real(&s, "unused", pd_shape1(7));
    pd_output(y, "y");
    compile(&s);
    assert_int_equal(pd_plan_info(s.p).kernels, 1);
    assert_true(pd_plan_has(s.p, "unused") && !pd_plan_has(s.p, "nothing"));
    end(&s);
}

static void equal_nodes_become_one(void **state)
{
    (void)state;
    struct stage s = begin("ref");
    struct pd_node *x = real(&s, "x", pd_shape2(3, 3));
    pd_output(pd_add(pd_exp(pd_affine(x, 2, 0)), pd_exp(pd_affine(x, 2, 0))), "y");
    assert_int_equal(kernels(&s), 3);

    s = begin("ref");
    x = real(&s, "x", pd_shape2(3, 3));
    pd_output(pd_add(pd_exp(pd_affine(x, 2, 0)), pd_exp(pd_affine(x, 3, 0))), "y");
    assert_int_equal(kernels(&s), 5);

    s = begin("ref");
    struct pd_node *a = pd_random_normal(s.g, 1, pd_shape1(4)), *b = pd_random_normal(s.g, 2, pd_shape1(4));
    pd_output(pd_sub(a, b), "y");
    assert_int_equal(kernels(&s), 3);
}

static void elementwise_ops_fuse(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stage s = begin(i ? "onednn" : "ref");
        struct pd_node *x = real(&s, "x", pd_shape2(30, 30)), *row = real(&s, "row", pd_shape1(30));
        struct pd_node *y = pd_tanh(pd_mul(pd_exp(x), row));
        pd_output(pd_add(y, pd_square(pd_affine(y, 2, 1))), "y"); /* y is used twice, inside */
        assert_int_equal(kernels(&s), i ? 1 : 7);
    }
}

static void fusion_stops_at_outputs(void **state)
{
    (void)state;
    struct stage s = begin("onednn");
    struct pd_node *x = real(&s, "x", pd_shape2(30, 30)), *y = pd_exp(x);
    pd_output(y, "y");
    pd_output(pd_tanh(y), "z");
    assert_int_equal(kernels(&s), 2);
}

static void layers_combine(void **state)
{
    (void)state;
    struct stage s = begin("onednn");
    struct pd_node *x = real(&s, "x", pd_shape2(4, 6)), *w = real(&s, "w", pd_shape2(5, 6));
    pd_output(pd_lrelu(pd_add(pd_matmul(x, w, false, true), real(&s, "b", pd_shape1(5))), 0), "y");
    assert_int_equal(kernels(&s), 1);

    s = begin("onednn");
    x = real(&s, "x", pd_shape4(2, 1, 8, 8));
    w = real(&s, "w", pd_shape4(16, 1, 4, 4));
    pd_output(pd_lrelu(pd_add(pd_conv(x, w, 2, 1), real(&s, "b", pd_shape4(1, 16, 1, 1))), 0.2), "y");
    assert_int_equal(kernels(&s), 2); /* and a reorder of the output */

    s = begin("onednn");
    x = real(&s, "x", pd_shape2(4, 4));
    w = real(&s, "w", pd_shape2(4, 4));
    pd_output(pd_add(pd_matmul(x, w, false, true), pd_matmul(w, x, false, false)), "y");
    assert_int_equal(kernels(&s), 2);
}

/* What somebody else reads is not computed again inside a combination. */
static void nothing_is_computed_twice(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct stage s = begin("onednn");
        struct pd_node *x = real(&s, "x", pd_shape2(4, 6)), *b = real(&s, "b", pd_shape1(4));
        struct pd_node *y = pd_matmul(x, x, false, true), *z = pd_matmul(x, pd_exp(x), false, true);
        struct pd_node *first[] = {pd_add(y, b), pd_lrelu(y, 0), pd_add(y, z), pd_add(z, y)};
        pd_output(first[i % 4], "first");
        pd_output(i < 4 ? pd_tanh(y) : y, "second");
        compile(&s);
        assert_true(fabs(pd_plan_info(s.p).gflop - (i % 4 < 2 ? 1 : 2) * 2e-9 * 4 * 4 * 6) < 1e-12);
        end(&s);
    }
}

/* Between two convolutions nothing is reordered. */
static void images_stay_blocked(void **state)
{
    (void)state;
    struct stage s = begin("onednn");
    struct pd_node *x = real(&s, "x", pd_shape4(2, 1, 8, 8));
    struct pd_node *y = pd_tanh(pd_conv(x, real(&s, "w", pd_shape4(32, 1, 4, 4)), 2, 1));
    y = pd_conv(pd_mul(y, real(&s, "scale", pd_shape4(1, 32, 1, 1))), real(&s, "v", pd_shape4(16, 32, 3, 3)),
                1, 1);
    pd_output(pd_sum_to(y, pd_shape4(1, 16, 1, 1)), "y");
    assert_int_equal(kernels(&s), 4);
}

static void memory_is_shared(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k]);
        struct pd_node *y = real(&s, "x", pd_shape2(64, 64));
        for (int i = 0; i < 12; i++)
            y = pd_tanh(pd_matmul(y, real(&s, (char[]){'a' + (char)i, 0}, pd_shape2(64, 64)), false, false));
        pd_output(y, "y");
        compile(&s);
        struct pd_plan_info info = pd_plan_info(s.p);
        size_t one = 64 * 64 * pd_backend_real_size(s.b);
        assert_int_equal(info.arena_bytes, (13 + 2) * one);
        assert_int_equal(info.unplanned_bytes, (13 + 24) * one);
        assert_true(fabs(info.gflop - 12 * 2e-9 * 64 * 64 * 64) < 1e-9);
        end(&s);
    }
}

/* --- updates
 * ------------------------------------------------------------------------------------------------- */

/* What was computed before an update from the old value stays so, wherever it is used. */
static void updates_wait_for_readers(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k]);
        struct pd_var *v = var(&s, "v", pd_shape1(3), 2);
        struct pd_node *a = real(&s, "a", pd_shape1(3)), *old = pd_var_read(s.g, v);
        struct pd_node *y = pd_mul(a, old), *wide = pd_broadcast(old, pd_shape2(3, 3));
        pd_assign(v, pd_affine(a, 1, 100));
        pd_output(pd_add(y, pd_var_read(s.g, v)), "used after");
        pd_output(pd_exp(pd_affine(wide, 0, 0)), "one");
        pd_output(pd_affine(wide, 2, 0), "wide");
        pd_output(pd_affine(old, 3, 0), "late"); /* the old value, read after the update was recorded */
        compile(&s);
        set(&s, "a", 3, 5);
        assert_int_equal(pd_plan_run(s.p, 0, 0, NULL), PD_OK);
        expect(&s, "used after", 10 + 105);
        expect(&s, "wide", 4);
        expect(&s, "late", 6);
        assert_int_equal(pd_plan_run(s.p, 0, 0, NULL), PD_OK);
        expect(&s, "used after", 5 * 105 + 105);
        expect(&s, "wide", 210);
        end(&s);
    }
}

/* Copies are for those that cannot wait. */
static void waiting_costs_nothing(void **state)
{
    (void)state;
    struct stage s = begin("ref");
    struct pd_var *v = var(&s, "v", pd_shape1(3), 2);
    struct pd_node *a = real(&s, "a", pd_shape1(3)), *old = pd_var_read(s.g, v);
    pd_assign(v, a);
    pd_output(pd_mul(a, old), "y");
    assert_int_equal(kernels(&s), 2);
}

/* One op reads both: the old value must be kept beside the new one. */
static void old_and_new_values_meet(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k]);
        struct pd_var *v = var(&s, "v", pd_shape1(3), 2);
        struct pd_node *old = pd_var_read(s.g, v), *wide = pd_broadcast(old, pd_shape2(3, 3));
        struct pd_node *view = pd_reshape(old, pd_shape2(1, 3));
        pd_assign(v, pd_affine(old, 10, 0));
        struct pd_node *new = pd_var_read(s.g, v);
        pd_assign(v, pd_affine(new, 10, 0));
        struct pd_node *newest = pd_var_read(s.g, v);
        pd_output(pd_sub(new, old), "change");
        pd_output(pd_add(pd_mul(old, newest), new), "three");
        pd_output(pd_sub(wide, new), "wide");
        pd_output(pd_matmul(view, pd_reshape(newest, pd_shape2(3, 1)), false, false), "product");
        compile(&s);
        assert_int_equal(pd_plan_run(s.p, 0, 0, NULL), PD_OK);
        expect(&s, "change", 18);
        expect(&s, "three", 2 * 200 + 20);
        expect(&s, "wide", -18);
        assert_true(value(&s, "product", 0) == 3 * 2 * 200);
        assert_int_equal(pd_plan_run(s.p, 0, 0, NULL), PD_OK);
        expect(&s, "change", 1800);
        end(&s);
    }
}

static void two_variables_swap(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k]);
        struct pd_var *v = var(&s, "v", pd_shape1(3), 2), *w = var(&s, "w", pd_shape1(3), 3);
        struct pd_node *a = pd_var_read(s.g, v), *b = pd_var_read(s.g, w);
        pd_assign(v, b);
        pd_assign(w, a);
        pd_output(pd_affine(pd_var_read(s.g, v), 2, 0), "v");
        pd_output(pd_affine(pd_var_read(s.g, w), 2, 0), "w");
        compile(&s);
        assert_int_equal(pd_plan_run(s.p, 0, 0, NULL), PD_OK);
        expect(&s, "v", 6);
        expect(&s, "w", 4);
        assert_int_equal(pd_plan_run(s.p, 0, 0, NULL), PD_OK);
        expect(&s, "v", 4);
        expect(&s, "w", 6);
        end(&s);
    }
}

/* An output that is a variable as it was keeps that value. */
static void outputs_keep_old_values(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k]);
        struct pd_var *v = var(&s, "v", pd_shape1(3), 2);
        struct pd_node *old = pd_var_read(s.g, v);
        pd_output(old, "old");
        pd_output(pd_reshape(old, pd_shape2(3, 1)), "view");
        pd_output(pd_assign(v, pd_affine(old, 10, 0)), "first");
        pd_output(pd_assign(v, pd_affine(old, 100, 0)), "second");
        compile(&s);
        assert_int_equal(pd_plan_run(s.p, 0, 0, NULL), PD_OK);
        expect(&s, "old", 2);
        expect(&s, "view", 2);
        expect(&s, "first", 20);
        expect(&s, "second", 200);
        end(&s);
    }
}

/* Adam moves m and v, too. */
static void moments_are_read_before(void **state)
{
    (void)state;
    for (int k = 0; k < 2 * KINDS; k++) {
        struct stage s = begin(kinds[k / 2]);
        struct pd_shape n = pd_shape1(3);
        struct pd_var *w = var(&s, "w", n, 2), *m = var(&s, "m", n, 5), *v = var(&s, "v", n, 1);
        struct pd_node *t = real(&s, "t", pd_shape0()), *g = real(&s, "g", n);
        pd_var_read(s.g, w); /* so that nothing but the reader holds Adam up */
        pd_var_read(s.g, v);
        struct pd_node *y = pd_affine(pd_var_read(s.g, m), 2, 0);
        if (k % 2)
            pd_assign(m, pd_affine(g, 0, 1));
        pd_adam(w, m, v, t, g, &(struct pd_adam_options){0.5, 0.5, 0.5, 0, NULL});
        pd_output(y, "before");
        compile(&s);
        set(&s, "t", 1, 1);
        set(&s, "g", 3, 1);
        assert_int_equal(pd_plan_run(s.p, 0, 0, NULL), PD_OK);
        expect(&s, "before", 10);
        double *moved = take_var(w);
        double mean = ((k % 2 ? 1 : 5) + 1) / 2.0 / 0.5, square = 1 / 0.5; /* both moments corrected */
        assert_true(fabs(moved[0] - (2 - 0.5 * mean / sqrt(square))) < 1e-6);
        free(moved);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_nodes_go),
        cmocka_unit_test(equal_nodes_become_one),
        cmocka_unit_test(elementwise_ops_fuse),
        cmocka_unit_test(fusion_stops_at_outputs),
        cmocka_unit_test(layers_combine),
        cmocka_unit_test(nothing_is_computed_twice),
        cmocka_unit_test(images_stay_blocked),
        cmocka_unit_test(memory_is_shared),
        cmocka_unit_test(updates_wait_for_readers),
        cmocka_unit_test(waiting_costs_nothing),
        cmocka_unit_test(old_and_new_values_meet),
        cmocka_unit_test(two_variables_swap),
        cmocka_unit_test(outputs_keep_old_values),
        cmocka_unit_test(moments_are_read_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
