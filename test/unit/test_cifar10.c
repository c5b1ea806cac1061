/* CIFAR-10: both versions, and what else may stand in files of those names. */
#include "scratch.h"

#include "data/readers/cifar10_pickle.h"
#include "data/dataset.h"

#include <stdbool.h>
#include <sys/stat.h>

enum { PIXELS = PD_CIFAR10_PIXELS, FEW = 3 };

/* --- a pickle, written opcode by opcode as Python 2 and NumPy wrote the published files --- */

struct pickle {
    uint8_t *bytes;
    size_t size;
    int memo;
};

static void put(struct pickle *p, const void *bytes, size_t size)
{
    memcpy(p->bytes + p->size, bytes, size);
    p->size += size;
}

static void put_text(struct pickle *p, const char *text)
{
    put(p, text, strlen(text));
}

static void put_u32(struct pickle *p, uint32_t n)
{
    const uint8_t b[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
    put(p, b, 4);
}

static void put_memo(struct pickle *p)
{
    const int i = ++p->memo;
    put(p, i < 256 ? "q" : "r", 1);
    if (i < 256)
        put(p, &(uint8_t){(uint8_t)i}, 1);
    else
        put_u32(p, (uint32_t)i);
}

static void put_string(struct pickle *p, const char *text)
{
    put(p, "U", 1);
    put(p, &(uint8_t){(uint8_t)strlen(text)}, 1);
    put_text(p, text);
    put_memo(p);
}

static void put_int(struct pickle *p, uint32_t n)
{
    put(p, n < 256 ? "K" : "M", 1);
    put(p, &(uint8_t){(uint8_t)n}, 1);
    if (n >= 256)
        put(p, &(uint8_t){(uint8_t)(n >> 8)}, 1);
}

/* Label of image i, and byte k of it. */
static uint8_t label_of(uint32_t i)
{
    return (uint8_t)(i * 7 % 10);
}

static uint8_t pixel_of(uint32_t i, uint32_t k)
{
    return (uint8_t)(i * 31 + k * 5 + k / 1024);
}

static void put_labels(struct pickle *p, uint32_t count)
{
    put(p, "]", 1);
    put_memo(p);
    for (uint32_t i = 0; i < count; i++) {
        if (i % 1000 == 0)
            put(p, "(", 1);
        put_int(p, label_of(i));
        if (i % 1000 == 999 || i == count - 1)
            put(p, "e", 1);
    }
}

static void put_names(struct pickle *p, uint32_t count)
{
    put(p, "]", 1);
    put_memo(p);
    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "some_bird_s_%06u.png", i);
        if (i % 1000 == 0)
            put(p, "(", 1);
        put_string(p, name);
        if (i % 1000 == 999 || i == count - 1)
            put(p, "e", 1);
    }
}

static void put_array(struct pickle *p, uint32_t count, bool by_columns)
{
    put_text(p, "cnumpy.core.multiarray\n_reconstruct\n");
    put_memo(p);
    put_text(p, "cnumpy\nndarray\n");
    put_memo(p);
    put(p, "K\0\x85", 3);
    put_memo(p);
    put_string(p, "b");
    put(p, "\x87", 1);
    put_memo(p);
    put(p, "R", 1);
    put_memo(p);
    put(p, "(K\x01", 3);
    put_int(p, count);
    put_int(p, PIXELS);
    put(p, "\x86", 1);
    put_memo(p);
    put_text(p, "cnumpy\ndtype\n");
    put_memo(p);
    put_string(p, "u1");
    put(p, "K\0K\x01\x87", 5);
    put_memo(p);
    put(p, "R", 1);
    put_memo(p);
    put(p, "(K\x03", 3);
    put_string(p, "|");
    put(p, "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t", 16);
    put_memo(p);
    put(p, "b", 1);
    put(p, by_columns ? "\x88" : "\x89", 1);
    put(p, "T", 1);
    put_u32(p, count * PIXELS);
    uint8_t *pixels = p->bytes + p->size;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < PIXELS; k++)
            pixels[by_columns ? k * count + i : i * PIXELS + k] = pixel_of(i, k);
    p->size += (size_t)count * PIXELS;
    put_memo(p);
    put(p, "t", 1);
    put_memo(p);
    put(p, "b", 1);
}

static struct pickle make_pickle(uint32_t count, bool by_columns)
{
    struct pickle p = {malloc((size_t)count * (PIXELS + 64) + 4096), 0, 0};
    put(&p, "\x80\x02}", 3);
    put_memo(&p);
    put(&p, "(", 1);
    put_string(&p, "batch_label");
    put_string(&p, "training batch 1 of 5");
    put_string(&p, "labels");
    put_labels(&p, count);
    put_string(&p, "data");
    put_array(&p, count, by_columns);
    put_string(&p, "filenames");
    put_names(&p, count);
    put(&p, "u.", 2);
    return p;
}

static enum pd_status parse(const struct pickle *p, struct pd_error *err)
{
    /* a block of its own size, so that AddressSanitizer sees every step beyond it */
    uint8_t *exact = malloc(p->size ? p->size : 1);
    memcpy(exact, p->bytes, p->size);
    struct pd_cifar10_batch batch;
    enum pd_status status = pd_cifar10_pickle_parse(exact, p->size, "given", &batch, err);
    pd_cifar10_batch_release(&batch);
    free(exact);
    return status;
}

static void refused(const struct pickle *p, const char *words)
{
    struct pd_error err = {.message = ""};
    assert_int_equal(parse(p, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "'given'");
    assert_contains(err.message, words);
}

static void parses_a_pickle(void **state)
{
    (void)state;
    for (int by_columns = 0; by_columns < 2; by_columns++) {
        struct pickle p = make_pickle(FEW, by_columns);
        struct pd_cifar10_batch batch;
        assert_int_equal(pd_cifar10_pickle_parse(p.bytes, p.size, "given", &batch, NULL), PD_OK);
        assert_int_equal(batch.count, FEW);
        assert_int_equal(batch.by_columns, by_columns);
        for (uint32_t i = 0; i < FEW; i++) {
            assert_int_equal(batch.labels[i], label_of(i));
            assert_int_equal(batch.pixels[by_columns ? 100 * FEW + i : i * PIXELS + 100], pixel_of(i, 100));
        }
        pd_cifar10_batch_release(&batch);
        free(p.bytes);
    }
}

static void refuses_every_cut(void **state)
{
    (void)state;
    struct pickle p = make_pickle(FEW, false);
    struct pd_error err;
    for (size_t size = p.size - 1; size > 0; size -= size > PIXELS ? 7 : 1) {
        struct pickle cut = {p.bytes, size, 0};
        assert_int_equal(parse(&cut, &err), PD_ERR_FORMAT);
    }
    p.bytes[p.size++] = 0;
    refused(&p, "bytes left over, expected the end");
    p.size = 0;
    refused(&p, "no pickle of protocol 2");
    free(p.bytes);
}

/* Whatever a byte becomes, the parser ends with an answer. */
static void survives_every_change(void **state)
{
    (void)state;
    struct pickle p = make_pickle(1, false);
    int fine = 0;
    for (size_t i = 0; i<p.size; i += i> 300 && i < PIXELS ? 97 : 1)
        for (int k = 0; k < 4; k++) {
            const uint8_t before = p.bytes[i];
            p.bytes[i] = (uint8_t[]){'(', 'e', 0xff, (uint8_t)(before + 1)}[k];
            fine += parse(&p, NULL) == PD_OK;
            p.bytes[i] = before;
        }
    assert_true(fine > 0);
    free(p.bytes);
}

/* A copy with the bytes of `from` replaced by as many of `to`. */
static void refused_with(const char *from, const char *to, size_t n, const char *words)
{
    struct pickle p = make_pickle(FEW, false);
    uint8_t *at = memmem(p.bytes, p.size, from, n);
    assert_non_null(at);
    memcpy(at, to, n);
    refused(&p, words);
    free(p.bytes);
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    refused_with("\x80\x02", "\x80\x04", 2, "pickle of protocol 4, expected 2 at offset 0");
    refused_with("cnumpy\nndarray", "cposix\nsystem\n", 14, "names 'posix.system'");
    refused_with("U\x02u1", "U\x02i8", 4, "another type than uint8");
    refused_with("U\x04"
                 "data",
                 "U\x04"
                 "date",
                 6, "no array 'data'");
    refused_with("U\x06labels", "U\x06labelz", 8, "no list 'labels'");
    refused_with("K\x03M\x00\x0c", "K\x04M\x00\x0c", 5, "bytes for an array of 4 x 3072");
    refused_with("K\x03M\x00\x0c", "K\x03M\x01\x0c", 5,
                 "array of 3 x 3073, expected 1 to 10000 images of 3072 bytes");
    refused_with("K\0K\x07K\x04", "K\0K\x0aK\x04", 6, "label 1 is none of 0 to 9");
    refused_with("K\0K\x07K\x04", "K\0NNK\x04", 6, "");
    refused_with("U\x01|", "U\x01>", 3, "state for something else");
    refused_with("\x87q\x0bR", "\x87q\x0bi", 4, "opcode 0x69, which no pickle of CIFAR-10's has");
    refused_with("q\x03", "q\x33", 2, "memo 51, expected at most 3");
}

static void bounds_what_it_keeps(void **state)
{
    (void)state;
    struct pickle p = {malloc(200000), 0, 0};
    put(&p, "\x80\x02", 2);
    memset(p.bytes + 2, 'N', 100000);
    p.size += 100000;
    refused(&p, "more than 2048 values on the pickle's stack at offset 2050");
    p.size = 2;
    put(&p, "}(]", 3);
    for (int i = 0; i < 50; i++) {
        put(&p, "(", 1);
        memset(p.bytes + p.size, 'N', 1000);
        p.size += 1000;
        put(&p, "e", 1);
    }
    refused(&p, "more than 40000 items in lists");
    free(p.bytes);
}

/* --- files --- */

static uint8_t *make_binary(void)
{
    uint8_t *bytes = malloc((size_t)PD_CIFAR10_BATCH * (1 + PIXELS)), *to = bytes;
    for (uint32_t i = 0; i < PD_CIFAR10_BATCH; i++) {
        *to++ = label_of(i);
        for (uint32_t k = 0; k < PIXELS; k++)
            *to++ = pixel_of(i, k);
    }
    return bytes;
}

static enum pd_status open_set(enum pd_split split, struct pd_dataset **d, struct pd_error *err)
{
    const struct pd_data_request request = {.name = "cifar10", .dir = scratch_dir, .split = split};
    return pd_dataset_open(&request, d, err);
}

static void check(const struct pd_dataset *d, uint32_t count)
{
    assert_int_equal(d->count, count);
    assert_int_equal(d->classes, 10);
    assert_int_equal(d->channels, 3);
    assert_int_equal(pd_dataset_image_size(d), PIXELS);
    assert_string_equal(d->class_names[8], "ship");
    for (uint32_t i = 0; i < count; i += 997) {
        const uint32_t in_batch = i % PD_CIFAR10_BATCH;
        assert_int_equal(d->labels[i], label_of(in_batch));
        assert_int_equal(d->pixels[(size_t)i * PIXELS + 3071], pixel_of(in_batch, 3071));
    }
}

static void fails_to_open(enum pd_split split, enum pd_status status, const char *words)
{
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    assert_int_equal(open_set(split, &d, &err), status);
    assert_contains(err.message, words);
}

static void reads_the_binary_version(void **state)
{
    (void)state;
    const size_t size = (size_t)PD_CIFAR10_BATCH * (1 + PIXELS);
    struct pd_dataset *d;
    uint8_t *bytes = make_binary();
    fails_to_open(PD_SPLIT_TRAIN, PD_ERR_IO, "no file data_batch_1.bin or data_batch_1 in");
    assert_int_equal(mkdir(scratch_path("cifar-10-batches-bin"), 0777), 0);
    scratch_write(scratch_path("cifar-10-batches-bin/data_batch_2.bin"), bytes, size);
    scratch_write(scratch_path("cifar-10-batches-bin/data_batch_5.bin"), bytes, size);
    assert_int_equal(open_set(PD_SPLIT_TRAIN, &d, NULL), PD_OK);
    check(d, 20000);
    assert_string_equal(d->note, "cifar10: 2 of 5 training batches are there, 20000 images\n");
    pd_dataset_destroy(d);
    fails_to_open(PD_SPLIT_TEST, PD_ERR_IO, "no file test_batch.bin");
    scratch_write(scratch_path("test_batch.bin"), bytes, size);
    assert_int_equal(open_set(PD_SPLIT_TEST, &d, NULL), PD_OK);
    check(d, 10000);
    assert_string_equal(d->note, "");
    pd_dataset_destroy(d);
    bytes[3073 * 3] = 10;
    scratch_write(scratch_path("test_batch.bin"), bytes, size);
    fails_to_open(PD_SPLIT_TEST, PD_ERR_FORMAT, "test_batch.bin': label 10, expected 0 to 9 at offset 9219");
    scratch_write(scratch_path("test_batch.bin"), bytes, size - 3073);
    fails_to_open(PD_SPLIT_TEST, PD_ERR_FORMAT,
                  "is cut off, expected 30730000 bytes (10000 records of 3073) at offset 30726927");
    bytes = realloc(bytes, size + 1);
    bytes[size] = 0;
    scratch_write(scratch_path("test_batch.bin"), bytes, size + 1);
    fails_to_open(PD_SPLIT_TEST, PD_ERR_FORMAT, "bytes left over");
    free(bytes);
}

static void reads_the_python_version(void **state)
{
    (void)state;
    struct pd_dataset *d;
    struct pickle few = make_pickle(FEW, false);
    assert_int_equal(mkdir(scratch_path("cifar-10-batches-py"), 0777), 0);
    for (int by_columns = 0; by_columns < 2; by_columns++) {
        struct pickle p = make_pickle(PD_CIFAR10_BATCH, by_columns);
        scratch_write(scratch_path("cifar-10-batches-py/data_batch_1"), p.bytes, p.size);
        assert_int_equal(open_set(PD_SPLIT_TRAIN, &d, NULL), PD_OK);
        check(d, 10000);
        pd_dataset_destroy(d);
        free(p.bytes);
    }
    scratch_write(scratch_path("cifar-10-batches-py/data_batch_1"), few.bytes, few.size);
    fails_to_open(PD_SPLIT_TRAIN, PD_ERR_FORMAT, "data_batch_1' holds 3 images, expected 10000");
    free(few.bytes);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_a_pickle),       cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(survives_every_change), cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(bounds_what_it_keeps),  IN_SCRATCH(reads_the_binary_version),
        IN_SCRATCH(reads_the_python_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
