/* Images of another number of channels, where nothing is lost by it. */
#include "base/mem.h"
#include "data/dataset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PLANE = 4 };

/* Two images of 2x2; equal: with the same in all channels. */
static struct pd_dataset *make(int channels, bool equal)
{
    struct pd_error err;
    struct pd_dataset *d = pd_calloc(1, sizeof *d);
    assert_int_equal(pd_dataset_reserve(d, 2, channels, 2, 2, &err), PD_OK);
    for (int i = 0; i < 2 * channels * PLANE; i++)
        d->pixels[i] = (uint8_t)(equal ? 10 * (i / (channels * PLANE)) + i % PLANE : i);
    d->places = pd_calloc(2, sizeof *d->places); /* in another order */
    d->places[0] = 1;
    return d;
}

static void fits(bool equal, int had, int wanted, int has)
{
    struct pd_error err;
    struct pd_dataset *d = make(had, equal);
    assert_int_equal(pd_dataset_fit_channels(d, wanted, &err), PD_OK);
    assert_int_equal(d->channels, has);
    for (uint32_t i = 0; equal && i < 2; i++)
        for (int k = 0; k < has * PLANE; k++)
            assert_int_equal(pd_dataset_image(d, i)[k], 10 * (1 - (int)i) + k % PLANE);
    pd_dataset_destroy(d);
}

static void grey_has_all_channels(void **state)
{
    (void)state;
    fits(true, 1, 3, 3);
    fits(true, 1, 1, 1);
}

static void colours_are_kept(void **state)
{
    (void)state;
    fits(true, 3, 1, 1);
    fits(false, 3, 1, 3);
    fits(true, 3, 3, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(grey_has_all_channels),
                                       cmocka_unit_test(colours_are_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
