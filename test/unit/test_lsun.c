/* LSUN, and LMDB's files: what LMDB's own library writes, and every way in which that can be damaged. */
#include "needs.h"
#include "unit/image_maker.h"

#include "base/mem.h"
#include "data/dataset.h"
#include "data/readers/lmdb.h"

#include <lmdb.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { SIDE = 16 };

static MDB_txn *begin(const char *folder, unsigned flags, MDB_env **env, MDB_dbi *table)
{
    MDB_txn *txn;
    mkdir(folder, 0777);
    assert_int_equal(mdb_env_create(env), 0);
    assert_int_equal(mdb_env_set_mapsize(*env, 1 << 26), 0);
    assert_int_equal(mdb_env_set_maxdbs(*env, 4), 0);
    assert_int_equal(mdb_env_open(*env, folder, MDB_NOSYNC, 0666), 0);
    assert_int_equal(mdb_txn_begin(*env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, flags, table), 0);
    return txn;
}

static void put(MDB_txn *txn, MDB_dbi table, const char *key, const void *bytes, size_t size)
{
    MDB_val k = {strlen(key), (void *)key}, v = {size, (void *)bytes};
    assert_int_equal(mdb_put(txn, table, &k, &v, 0), 0);
}

static void end(MDB_env *env, MDB_txn *txn)
{
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

/* The file that LMDB has written; the folder's name is "db". */
static struct file whole_file(void)
{
    struct file f;
    f.bytes = (uint8_t *)scratch_read(scratch_path("db/data.mdb"), &f.size);
    return f;
}

/* Value i of a table that has values of all sizes, of which some need pages of their own. */
static size_t value_of(int i, uint8_t *bytes)
{
    const size_t size = i % 50 == 7 ? 3000 + (size_t)i % 1000 * 20 : (size_t)i % 90;
    for (size_t k = 0; k < size; k++)
        bytes[k] = (uint8_t)(i + (int)k);
    return size;
}

static void make_table(int count)
{
    static uint8_t bytes[1 << 16];
    MDB_env *env;
    MDB_dbi table;
    MDB_txn *txn = begin(scratch_path("db"), 0, &env, &table);
    for (int i = count - 1; i >= 0; i--) {
        char key[32];
        snprintf(key, sizeof key, "key-%06d", i);
        const size_t size = value_of(i, bytes);
        put(txn, table, key, bytes, size);
    }
    end(env, txn);
}

/* A block of its own size, so that AddressSanitizer sees every step beyond it. */
static enum pd_status parse(const uint8_t *bytes, size_t size, struct pd_error *err)
{
    struct pd_lmdb lmdb;
    uint8_t *exact = malloc(size ? size : 1);
    memcpy(exact, bytes, size);
    enum pd_status status = pd_lmdb_parse(exact, size, "given", &lmdb, err);
    unsigned sum = 0;
    for (size_t i = 0; i < lmdb.count; i++)
        for (size_t k = 0; k < lmdb.values[i].size; k++)
            sum += lmdb.values[i].bytes[k];
    assert_true(!lmdb.values == !!status && (status || sum));
    pd_lmdb_release(&lmdb);
    free(exact);
    return status;
}

static void refused(const uint8_t *bytes, size_t size, enum pd_status status, const char *words)
{
    struct pd_error err = {.message = ""};
    assert_int_equal(parse(bytes, size, &err), status);
    assert_contains(err.message, "'given'");
    assert_contains(err.message, words);
}

/* From one page of leaves to three levels. */
static void reads_what_lmdb_writes(void **state)
{
    (void)state;
    static const int counts[] = {1, 20, 400, 20000};
    static uint8_t bytes[1 << 16];
    for (int c = 0; c < 4; c++) {
        struct pd_lmdb lmdb;
        make_table(counts[c]);
        struct file f = whole_file();
        assert_int_equal(pd_lmdb_parse(f.bytes, f.size, "given", &lmdb, NULL), PD_OK);
        assert_int_equal(lmdb.count, counts[c]);
        for (int i = 0; i < counts[c]; i++) {
            const size_t size = value_of(i, bytes);
            assert_int_equal(lmdb.values[i].size, size);
            assert_memory_equal(lmdb.values[i].bytes, bytes, size);
        }
        pd_lmdb_release(&lmdb);
        free(f.bytes);
    }
}

/* Freed and reused pages lie around, and the second of the two heads counts. */
static void reads_after_changes(void **state)
{
    (void)state;
    MDB_env *env;
    MDB_dbi table;
    make_table(400);
    for (int round = 0; round < 3; round++) {
        MDB_txn *txn = begin(scratch_path("db"), 0, &env, &table);
        for (int i = round; i < 400; i += 4) {
            char key[32];
            snprintf(key, sizeof key, "key-%06d", i);
            MDB_val k = {strlen(key), key};
            assert_int_equal(mdb_del(txn, table, &k, NULL), 0);
        }
        end(env, txn);
        struct pd_lmdb lmdb;
        struct file f = whole_file();
        assert_int_equal(pd_lmdb_parse(f.bytes, f.size, "given", &lmdb, NULL), PD_OK);
        assert_int_equal(lmdb.count, 300 - 100 * round);
        assert_int_equal(lmdb.values[0].size, round + 1);
        pd_lmdb_release(&lmdb);
        free(f.bytes);
    }
}

static void refuses_other_tables(void **state)
{
    (void)state;
    MDB_env *env;
    MDB_dbi table, inner;
    MDB_txn *txn = begin(scratch_path("db"), MDB_DUPSORT, &env, &table);
    put(txn, table, "a", "1", 1);
    put(txn, table, "a", "2", 1);
    end(env, txn);
    struct file f = whole_file();
    refused(f.bytes, f.size, PD_ERR_UNSUPPORTED, "several values under one key or with tables");
    free(f.bytes);
    scratch_teardown(NULL);
    scratch_setup(NULL);
    txn = begin(scratch_path("db"), 0, &env, &table);
    assert_int_equal(mdb_dbi_open(txn, "inner", MDB_CREATE, &inner), 0);
    end(env, txn);
    f = whole_file();
    refused(f.bytes, f.size, PD_ERR_UNSUPPORTED, "several values under one key or with tables");
    free(f.bytes);
    scratch_teardown(NULL);
    scratch_setup(NULL);
    txn = begin(scratch_path("db"), 0, &env, &table);
    put(txn, table, "a", "1", 1);
    MDB_val key = {1, "a"};
    assert_int_equal(mdb_del(txn, table, &key, NULL), 0);
    end(env, txn);
    f = whole_file();
    refused(f.bytes, f.size, PD_ERR_FORMAT, "holds no value");
    free(f.bytes);
}

static void refuses_every_cut(void **state)
{
    (void)state;
    make_table(60);
    struct file f = whole_file();
    for (size_t size = 0; size < f.size; size += size < 4400 ? 1 : 97)
        assert_int_equal(parse(f.bytes, size, NULL), PD_ERR_FORMAT);
    refused(f.bytes, f.size - 1, PD_ERR_FORMAT, "is cut off: expected pages 0 to ");
    refused(f.bytes, 100, PD_ERR_FORMAT, "is no LMDB data file of version 1");
    free(f.bytes);
}

/* Any changed byte: values within the file, or a refusal. */
static void survives_every_change(void **state)
{
    (void)state;
    static const uint8_t masks[] = {1, 0x80, 0xff};
    int good = 0, bad = 0;
    make_table(60);
    struct file f = whole_file();
    for (size_t i = 0; i < f.size; i += i % 4096 < 160 ? 1 : 13)
        for (int m = 0; m < 3; m++) {
            f.bytes[i] ^= masks[m];
            enum pd_status status = parse(f.bytes, f.size, NULL);
            assert_true(status == PD_OK || status == PD_ERR_FORMAT || status == PD_ERR_UNSUPPORTED);
            good += !status;
            bad += status != PD_OK;
            f.bytes[i] ^= masks[m];
        }
    assert_true(good > 100 && bad > 100);
    free(f.bytes);
}

static void set64(uint8_t *to, uint64_t value)
{
    memcpy(to, &value, 8);
}

/* Where the head that counts says that the tree begins. */
static uint8_t *root_of(struct file f)
{
    uint64_t first, second;
    memcpy(&first, f.bytes + 16 + 128, 8);
    memcpy(&second, f.bytes + 4096 + 16 + 128, 8);
    return f.bytes + (second > first ? 4096 : 0) + 16 + 72 + 40;
}

static void refuses_bad_trees(void **state)
{
    (void)state;
    uint64_t root, child;
    make_table(400);
    struct file f = whole_file();
    uint8_t *at = root_of(f);
    memcpy(&root, at, 8);
    uint8_t *page = f.bytes + root * 4096;
    assert_int_equal(page[10], 1); /* a branch */
    set64(at, f.size / 4096);
    refused(f.bytes, f.size, PD_ERR_FORMAT, "points to a page beyond the end");
    set64(at, 1);
    refused(f.bytes, f.size, PD_ERR_FORMAT, "a page that is not what points to it");
    set64(at, root);
    uint16_t node, lower;
    memcpy(&node, page + 16, 2);
    child = page[node] | (uint64_t)page[node + 1] << 8;
    memcpy(page + node, &root, 4); /* a page below itself */
    refused(f.bytes, f.size, PD_ERR_FORMAT, "");
    memcpy(page + node, &child, 4);
    memcpy(&lower, page + 12, 2);
    memcpy(page + 12, "\xff\xff", 2);
    refused(f.bytes, f.size, PD_ERR_FORMAT, "a page with a wrong header");
    memcpy(page + 12, &lower, 2);
    memcpy(page + 16, "\xff\xff", 2);
    refused(f.bytes, f.size, PD_ERR_FORMAT, "an entry that lies beyond its page");
    memcpy(page + 16, page + 18, 2); /* one page twice, and one never */
    assert_int_equal(parse(f.bytes, f.size, NULL), PD_ERR_FORMAT);
    memcpy(page + 16, &node, 2);
    at[-8]++;
    refused(f.bytes, f.size, PD_ERR_FORMAT, "400 values, and its head says 401");
    free(f.bytes);
}

static void reports_failed_allocations(void **state)
{
    (void)state;
    make_table(400);
    struct file f = whole_file();
    enum pd_status status = PD_ERR_MEMORY;
    for (uint64_t n = 1; status; n++) {
        pd_mem_fail_after(n);
        status = parse(f.bytes, f.size, NULL);
        assert_true(!status || status == PD_ERR_MEMORY);
    }
    pd_mem_fail_after(0);
    free(f.bytes);
}

/* --- the set --- */

/* Three images of one colour each, in all three formats. */
static void make_scene(const char *folder, uint8_t red, const void *extra, size_t extra_size)
{
    uint8_t pixels[SIDE * SIDE * 3];
    MDB_env *env;
    MDB_dbi table;
    for (int k = 0; k < SIDE * SIDE * 3; k++)
        pixels[k] = k % 3 ? 60 : red;
    MDB_txn *txn = begin(folder, 0, &env, &table);
    struct file files[] = {make_webp(SIDE, SIDE, 3, pixels), make_jpeg(SIDE, SIDE, JCS_RGB, pixels),
                           make_png(SIDE, SIDE, PNG_FORMAT_RGB, pixels, NULL, 0)};
    for (int i = 0; i < 3; i++) {
        char key[2] = {(char)('a' + i), 0};
        put(txn, table, key, files[i].bytes, files[i].size);
        free(files[i].bytes);
    }
    if (extra)
        put(txn, table, "z", extra, extra_size);
    end(env, txn);
}

static enum pd_status open_set(enum pd_split split, struct pd_dataset **d, struct pd_error *err)
{
    const struct pd_data_request request = {.name = "lsun", .dir = scratch_dir, .split = split, .size = 8};
    return pd_dataset_open(&request, d, err);
}

static void opens_scenes(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    assert_int_equal(open_set(PD_SPLIT_TRAIN, &d, &err), PD_ERR_IO);
    assert_contains(err.message, "no folder bedroom_val_lmdb, or that of another scene");
    make_scene(scratch_path("tower_val_lmdb"), 200, NULL, 0);
    make_scene(scratch_path("bridge_val_lmdb"), 90, NULL, 0);
    remove(scratch_path("bridge_val_lmdb/lock.mdb"));
    chmod(scratch_path("bridge_val_lmdb"), 0500);
    for (int split = 0; split < 2; split++) {
        assert_int_equal(open_set((enum pd_split)split, &d, NULL), PD_OK);
        assert_int_equal(d->count, 6);
        assert_int_equal(d->classes, 2);
        assert_string_equal(d->class_names[0], "bridge");
        assert_string_equal(d->class_names[1], "tower");
        assert_string_equal(
            d->note, "lsun: training and test images are the same 6\nlsun: 2 of 10 scenes are there\n");
        for (uint32_t i = 0; i < 6; i++) {
            assert_int_equal(d->labels[i], i / 3);
            assert_in_range(d->pixels[i * 3 * 64 + 30], i < 3 ? 88 : 198, i < 3 ? 92 : 202);
        }
        pd_dataset_destroy(d);
    }
    assert_int_equal(scratch_count(scratch_path("bridge_val_lmdb")), 1); /* nothing was written */
    chmod(scratch_path("bridge_val_lmdb"), 0700);
}

static void names_the_bad_value(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    make_scene(scratch_path("kitchen_val_lmdb"), 90, "no image", 8);
    assert_int_equal(open_set(PD_SPLIT_TRAIN, &d, &err), PD_ERR_FORMAT);
    assert_contains(
        err.message,
        "kitchen_val_lmdb/data.mdb, value 3' is no image (expected PNG, JPEG, WebP, GIF, TIFF, BMP");
    scratch_write(scratch_path("kitchen_val_lmdb/data.mdb"), "no table", 8);
    assert_int_equal(open_set(PD_SPLIT_TRAIN, &d, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "kitchen_val_lmdb/data.mdb' is no LMDB data file");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(reads_what_lmdb_writes),     IN_SCRATCH(reads_after_changes),
        IN_SCRATCH(refuses_other_tables),       IN_SCRATCH(refuses_every_cut),
        IN_SCRATCH(survives_every_change),      IN_SCRATCH(refuses_bad_trees),
        IN_SCRATCH(reports_failed_allocations), IN_SCRATCH(opens_scenes),
        IN_SCRATCH(names_the_bad_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
