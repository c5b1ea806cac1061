/* What engine/backend.h promises of every backend on the list. */
#include "engine/backend.h"
#include "scratch.h"

#define PD_BACKEND(id) extern const struct pd_backend_type pd_backend_##id;
#include "backend/backends.def"
#undef PD_BACKEND

static const struct pd_backend_type *const types[] = {
#define PD_BACKEND(id) &pd_backend_##id,
#include "backend/backends.def"
#undef PD_BACKEND
};
enum { TYPES = sizeof types / sizeof types[0], MOST = 1 << 18, ROUNDS = 3 };

static struct pd_backend *open_type(const struct pd_backend_type *type)
{
    struct pd_backend *b;
    struct pd_error err;
    if (pd_backend_create(type->name, 1, &b, &err))
        fail_msg("%s", err.message);
    return b;
}

/* Nothing is allocated there, or on a card, for which there is test_cuda. */
static bool is_elsewhere(const struct pd_backend_type *type)
{
    return type->no_values || !strcmp(type->name, "cuda");
}

/* Filled and given back, so that the next to get it would see what is left. */
static void take_and_fill(struct pd_backend *b, const struct pd_backend_type *type, size_t bytes)
{
    static char dirt[MOST], seen[MOST];
    memset(dirt, 0xa5, bytes);
    memset(seen, 0xa5, bytes);
    void *address = type->allocate(b, bytes);
    assert_non_null(address);
    assert_int_equal((uintptr_t)address % 64, 0);
    assert_int_equal(type->download(b, seen, address, bytes, NULL), PD_OK);
    for (size_t i = 0; i < bytes; i++)
        if (seen[i])
            fail_msg("%s: byte %zu of %zu is not 0", type->name, i, bytes);
    assert_int_equal(type->upload(b, address, dirt, bytes, NULL), PD_OK);
    assert_int_equal(type->download(b, seen, address, bytes, NULL), PD_OK);
    assert_memory_equal(seen, dirt, bytes);
    type->release(b, address);
}

static void memory_is_zeroed_and_aligned(void **state)
{
    static const size_t sizes[] = {1, 4, 63, 64, 65, 1000, 4096, 4097, 100000, MOST};
    (void)state;
    for (int t = 0; t < TYPES; t++) {
        if (is_elsewhere(types[t]))
            continue;
        struct pd_backend *b = open_type(types[t]);
        for (int round = 0; round < ROUNDS; round++)
            for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
                take_and_fill(b, types[t], sizes[i]);
        types[t]->release(b, NULL);
        pd_backend_destroy(b);
    }
}

/* Several at once: none lies in another. */
static void memory_is_ones_own(void **state)
{
    enum { BLOCKS = 5, BYTES = 200 };
    (void)state;
    for (int t = 0; t < TYPES; t++) {
        void *at[BLOCKS];
        char text[BYTES];
        if (is_elsewhere(types[t]))
            continue;
        struct pd_backend *b = open_type(types[t]);
        for (int i = 0; i < BLOCKS; i++) {
            memset(text, 'a' + i, BYTES);
            at[i] = types[t]->allocate(b, BYTES);
            assert_non_null(at[i]);
            assert_int_equal(types[t]->upload(b, at[i], text, BYTES, NULL), PD_OK);
        }
        for (int i = 0; i < BLOCKS; i++) {
            assert_int_equal(types[t]->download(b, text, at[i], BYTES, NULL), PD_OK);
            assert_true(text[0] == 'a' + i && text[BYTES - 1] == 'a' + i);
            types[t]->release(b, at[i]);
        }
        pd_backend_destroy(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(memory_is_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
