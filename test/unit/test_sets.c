/* Data sets scored, samples kept, written and read again, pools in files: by the public headers alone. */
#include "scratch.h"

#include <paydirt/pictures.h>
#include <paydirt/pool.h>
#include <paydirt/sample.h>
#include <paydirt/score.h>
#include <paydirt/train.h>

#include <math.h>
#include <sys/stat.h>

enum { N = 700, CLASSES = 2 };

static struct pd_error err;
static struct pd_gan *gan;
static struct pd_dataset *data;

static void expect(enum pd_status status)
{
    if (status)
        fail_msg("%s", err.message);
}

static void refused(enum pd_status status, enum pd_status wanted, const char *says)
{
    assert_int_equal(status, wanted);
    if (!strstr(err.message, says))
        fail_msg("\"%s\" does not say \"%s\"", err.message, says);
}

static bool is_there(const char *name)
{
    struct stat info;
    return !stat(scratch_path(name), &info) && info.st_size > 0;
}

/* Two clouds; each third point has a label. */
static struct pd_dataset *make_data(int classes)
{
    static const char *const names[] = {"left", "right"};
    static float at[2 * N];
    static int32_t labels[N];
    struct pd_dataset *d;
    for (int i = 0; i < N; i++) {
        at[2 * i] = (float)(i % 2 ? 1 : -1) + (float)(i % 7) / 20;
        at[2 * i + 1] = (float)(i % 11) / 20;
        labels[i] = i % 3 ? -1 : i % 2;
    }
    expect(pd_dataset_from_arrays(&(struct pd_data_arrays){.n = N,
                                                           .channels = 2,
                                                           .height = 1,
                                                           .width = 1,
                                                           .f32 = at,
                                                           .labels = labels,
                                                           .classes = classes,
                                                           .class_names = classes == 2 ? names : NULL},
                                  &d, &err));
    return d;
}

static int setup(void **state)
{
    static const char *const options[][2] = {
        {"width", "0.0625"}, {"epochs", "1"}, {"min-epoch", "200"}, {"batch", "50"}};
    struct pd_training *t;
    if (scratch_setup(state))
        return -1;
    data = make_data(CLASSES);
    expect(pd_training_create(&t, &err));
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        expect(pd_training_set(t, options[i][0], options[i][1], &err));
    expect(pd_training_run(t, data, NULL, &gan, &err));
    pd_training_destroy(t);
    return 0;
}

static int teardown(void **state)
{
    pd_dataset_destroy(data);
    pd_gan_destroy(gan);
    return scratch_teardown(state);
}

/* --- scores --- */

static void blocks_give_what_the_whole_gives(void **state)
{
    (void)state;
    static float images[2 * N], logit[N], class_logits[N * CLASSES];
    struct pd_scores s;
    expect(pd_score_data(gan, data, NULL, &s, &err));
    assert_true(s.n == N && s.classes == CLASSES);
    expect(pd_score_input(gan, data, 0, N, images, &err));
    expect(pd_score(gan, PD_ORIGIN_REAL, images, N, logit, class_logits, &err));
    assert_memory_equal(s.logit, logit, sizeof logit);
    assert_memory_equal(s.class_logits, class_logits, sizeof class_logits);
    for (int i = 0; i < N; i++) {
        const double *p = s.log_p + 2 * (ptrdiff_t)i, k = s.labels[i] < 0 ? s.entropy[i] : -p[s.labels[i]];
        assert_true(fabs(exp(p[0]) + exp(p[1]) - 1) < 1e-9 && s.conditional[i] == k);
        assert_true(s.gold[i] == (double)s.logit[i] + k);
    }
    pd_scores_release(&s);
    pd_scores_release(&s);
}

static void a_table_is_sorted(void **state)
{
    (void)state;
    struct pd_scores s;
    enum pd_score_key key;
    char image[16], cls[16], p[32], before[32] = "9";
    expect(pd_score_data(gan, data, NULL, &s, &err));
    expect(pd_score_key_find("p", &key, &err));
    expect(pd_scores_write(scratch_path("t.csv"), &s, data, key, true, &err));
    char *text = scratch_read(scratch_path("t.csv"), NULL), *line = strchr(text, '\n') + 1;
    assert_memory_equal(text,
                        "index,label,logit,log_p_class,predicted,entropy,gold,gold_balanced,image,class,p,"
                        "p_left,p_right\n",
                        95);
    for (int i = 0; i < N; i++, line = strchr(line, '\n') + 1) {
        const char *at = line;
        for (int comma = 0; comma < 8; at++)
            comma += *at == ',';
        assert_int_equal(sscanf(at, "%15[^,],%15[^,],%31[^,]", image, cls, p), 3);
        assert_true(!strcmp(cls, "left") || !strcmp(cls, "right"));
        assert_true(atof(p) <= atof(before));
        snprintf(before, sizeof before, "%s", p);
    }
    assert_int_equal(*line, '\0');
    free(text);
    refused(pd_score_key_find("glod", &key, &err), PD_ERR_USAGE, "did you mean 'gold'?");
    assert_int_equal(key, PD_SCORE_UNSORTED);
    s.n--;
    refused(pd_scores_write(scratch_path("u.csv"), &s, data, key, false, &err), PD_ERR_USAGE, "699 images");
    s.n++;
    refused(pd_scores_write(scratch_path("u.csv"), &s, data, (enum pd_score_key)9, false, &err), PD_ERR_USAGE,
            "key 9");
    pd_scores_release(&s);
}

static bool stop(void *context, const char *unit, uint64_t done, uint64_t count)
{
    uint64_t *last = context;
    assert_string_equal(unit, "images");
    assert_int_equal(count, N);
    *last = done;
    return done > 0;
}

static void data_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const uint8_t pixels[64] = {1};
    struct pd_dataset *images;
    struct pd_scores s;
    uint64_t last = 0;
    const struct pd_data_watch watch = {&last, stop, NULL};
    const struct pd_data_arrays arrays = {
        .n = 1, .channels = 1, .height = 8, .width = 8, .u8 = pixels, .classes = 2};
    expect(pd_dataset_from_arrays(&arrays, &images, &err));
    refused(pd_score_data(gan, images, NULL, &s, &err), PD_ERR_USAGE, "networks are for points");
    assert_null(s.logit);
    refused(pd_score_data(gan, data, &watch, &s, &err), PD_ERR_INTERRUPTED, "after 500 of 700");
    assert_int_equal(last, 500);
    pd_dataset_destroy(images);
}

/* --- samples --- */

static void samples_are_written_and_read(void **state)
{
    (void)state;
    struct pd_samples s, again;
    char note[PD_NOTE_SIZE];
    char name[PD_CLASS_NAME_SIZE];
    expect(pd_sample(gan, 6, 3, &s, &err));
    assert_true(s.count == 12 && s.labels[5] == 0 && s.labels[6] == 1 && s.shape.rank == 2);
    expect(pd_samples_write(scratch_path("s.npz"), &s, gan, NULL, NULL, NULL, &err));
    expect(pd_samples_read(scratch_path("s.npz"), gan, &again, note, &err));
    assert_true(again.count == 12 && again.shape.dim[0] == 12 && !again.z);
    assert_memory_equal(again.images, s.images, 24 * sizeof *s.images);
    assert_memory_equal(again.labels, s.labels, 12 * sizeof *s.labels);
    expect(pd_samples_draw(scratch_path("s.png"), &s, gan, data, &err));
    expect(pd_samples_draw(scratch_path("t.png"), &s, gan, NULL, &err));
    assert_true(is_there("s.png") && is_there("t.png"));
    assert_string_equal(pd_gan_class_name(gan, 1, name, sizeof name), "right");
    assert_string_equal(pd_gan_class_name(gan, CLASSES, name, sizeof name), "2"); /* there is none */
    assert_string_equal(pd_gan_class_name(gan, -1, name, sizeof name), "-1");
    pd_samples_release(&again);
    s.labels[7] = CLASSES;
    expect(pd_samples_write(scratch_path("bad.npz"), &s, gan, NULL, NULL, NULL, &err));
    refused(pd_samples_read(scratch_path("bad.npz"), gan, &again, note, &err), PD_ERR_MISMATCH,
            "label 7 is 2");
    s.shape = pd_shape4(3, 1, 4, 2);
    expect(pd_samples_write(scratch_path("images.npz"), &s, gan, NULL, NULL, NULL, &err));
    refused(pd_samples_read(scratch_path("images.npz"), gan, &again, note, &err), PD_ERR_MISMATCH,
            "float32 (3, 1, 4, 2), expected float32 (3, 2)");
    assert_null(again.images);
    pd_samples_release(&s);
    refused(pd_sample(gan, -1, 3, &s, &err), PD_ERR_USAGE, "-1");
    refused(pd_sample(gan, INT64_MAX, 3, &s, &err), PD_ERR_USAGE, "at most");
}

static void rejection_keeps_as_many_as_asked(void **state)
{
    (void)state;
    struct pd_rejection_options o = pd_rejection_defaults(pd_reject_method_find("drs", &err), NULL);
    struct pd_rejection r;
    o.per_class = 5;
    o.burn_in = 50;
    o.block = 50;
    o.show = 3;
    expect(pd_reject(gan, &o, &r, &err));
    assert_true(r.kept.count == 10 && r.classes[1].tried >= 5);
    expect(pd_rejection_draw(scratch_path("r.png"), &r, gan, data, &err));
    expect(pd_samples_write(scratch_path("r.npz"), &r.kept, gan, r.logit, NULL, r.d, &err));
    assert_true(is_there("r.png") && is_there("r.npz"));
    pd_rejection_release(&r);
    o.per_class = -1;
    assert_int_equal(pd_reject(gan, &o, &r, &err), PD_ERR_USAGE);
    o.per_class = 5;
    for (int i = 0; i < 3; i++) {
        o.least_rate = i == 0 ? 2 : i == 1 ? -1 : (double)NAN;
        assert_int_equal(pd_reject(gan, &o, &r, &err), PD_ERR_USAGE);
        assert_non_null(strstr(err.message, "expected 0 to 1"));
    }
}

/* --- pools in files --- */

static char notes[1024];

static void take_note(void *context, const char *words)
{
    (void)context;
    snprintf(notes + strlen(notes), sizeof notes - strlen(notes), "%s;", words);
}

static int64_t choose(const struct pd_pool_request *request, const char *strategy, int64_t *rows)
{
    const struct pd_strategy *s = pd_strategy_find(strategy, &err);
    struct pd_pool_files *files;
    int64_t count = -1;
    notes[0] = '\0';
    enum pd_status status = pd_pool_files_open(s, request, &files, &err);
    if (!status) {
        const struct pd_pool_source source = pd_pool_files_source(files);
        status = pd_select_stream(s, &source, false, 2, 1, rows, NULL, &count, &err);
        pd_pool_files_describe(files, take_note, NULL);
    }
    pd_pool_files_close(files);
    return status ? -1 : count;
}

static void a_pool_is_read_from_a_table(void **state)
{
    (void)state;
    static const char table[] = "logit,c_0,c_1\n0,5,0\n1,0.1,0\n2,0,3\n3,2,2.05\n",
                      odds[] = "0.2,0.8\n0.5,0.5\n0.9,0.1\n0.4,0.6\n";
    char logit[600], c[600];
    int64_t rows[2];
    scratch_write(scratch_path("t.csv"), table, sizeof table - 1);
    scratch_write(scratch_path("p.csv"), odds, sizeof odds - 1);
    snprintf(logit, sizeof logit, "%s:logit", scratch_path("t.csv"));
    snprintf(c, sizeof c, "%s:c", scratch_path("t.csv"));
    assert_int_equal(choose(&(struct pd_pool_request){.class_logits = c}, "small-margin", rows), 4);
    assert_true(rows[0] == 3 && rows[1] == 1);
    assert_non_null(strstr(notes, "4 rows"));
    assert_int_equal(choose(&(struct pd_pool_request){.logits = logit, .class_logits = c}, "gold", rows), 4);
    assert_int_equal(rows[0], 3);
    struct pd_pool_request p = {.class_logits = scratch_path("p.csv")};
    assert_int_equal(choose(&p, "small-margin", rows), -1);
    refused(err.status, PD_ERR_USAGE, "probabilities");
    p.probabilities = PD_ROWS_YES;
    assert_int_equal(choose(&p, "small-margin", rows), 4);
    assert_true(rows[0] == 1 && rows[1] == 3);
    assert_int_equal(choose(&p, "gold", rows), -1);
    refused(err.status, PD_ERR_USAGE, "missing");
}

/* Each call begins at the first row, whatever was read before; probabilities are refused again. */
static void a_pool_is_read_again(void **state)
{
    (void)state;
    static const char table[] = "logit,c_0,c_1\n0,5,0\n1,0.1,0\n2,0,3\n3,2,2.05\n", list[] = "row\n3\n",
                      odds[] = "0.2,0.8\n0.5,0.5\n0.9,0.1\n0.4,0.6\n";
    char logit[600], c[600], labelled[600];
    const struct pd_strategy *s = pd_strategy_find("gold", &err);
    struct pd_pool_files *files;
    const struct pd_pool *pool;
    int64_t rows[2], count;
    scratch_write(scratch_path("t.csv"), table, sizeof table - 1);
    scratch_write(scratch_path("labelled.csv"), list, sizeof list - 1);
    snprintf(logit, sizeof logit, "%s:logit", scratch_path("t.csv"));
    snprintf(c, sizeof c, "%s:c", scratch_path("t.csv"));
    snprintf(labelled, sizeof labelled, "%s", scratch_path("labelled.csv"));
    err = (struct pd_error){.message = "as it was"};
    expect(pd_pool_files_open(
        s, &(struct pd_pool_request){.logits = logit, .class_logits = c, .labelled = labelled}, &files,
        &err));
    assert_string_equal(err.message, "as it was");
    const struct pd_pool_source source = pd_pool_files_source(files);
    for (int i = 0; i < 4; i++) {
        expect(pd_select_stream(s, &source, i % 2 == 0, 2, 1, rows, NULL, &count, &err));
        assert_true(count == 4 && rows[0] == (i % 2 ? 2 : 1) && rows[1] == (i % 2 ? 1 : 2));
        expect(pd_pool_files_load(files, &pool, &err));
        assert_true(pool->n == 4 && pool->logit[3] == 3 && pool->class_logits[6] == 2);
        if (i == 2)
            expect(pd_pool_files_load(files, &pool, &err));
    }
    pd_pool_files_close(files);
    scratch_write(scratch_path("p.csv"), odds, sizeof odds - 1);
    s = pd_strategy_find("small-margin", &err);
    expect(pd_pool_files_open(s, &(struct pd_pool_request){.class_logits = scratch_path("p.csv")}, &files,
                              &err));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pd_pool_files_load(files, &pool, &err), PD_ERR_USAGE);
        refused(err.status, PD_ERR_USAGE, "probabilities");
        assert_null(pool);
    }
    pd_pool_files_close(files);
}

static void rows_are_gathered_in_the_order_asked(void **state)
{
    (void)state;
    static const char *const names[] = {"x", NULL};
    static const int64_t numbers[] = {4, 0, 4, 9};
    static const char table[] = "x_0,x_1\n0,1\n2,3\n4,5\n6,7\n8,9\n";
    float to[8] = {[6] = -1, [7] = -1};
    struct pd_rows *in;
    int64_t count;
    scratch_write(scratch_path("x.csv"), table, sizeof table - 1);
    expect(pd_rows_open(scratch_path("x.csv"), &(struct pd_rows_request){.names = names}, &in, &err));
    expect(pd_rows_gather(in, 4, numbers, to, &count, &err));
    assert_int_equal(count, 5);
    assert_true(to[0] == 8 && to[1] == 9 && to[2] == 0 && to[5] == 9 && to[6] == -1);
    expect(pd_rows_rewind(in, &err));
    refused(pd_rows_gather(in, 1, &(int64_t){-1}, to, &count, &err), PD_ERR_USAGE, "row -1");
    refused(pd_rows_read(in, to, -1, &count, &err), PD_ERR_USAGE, "-1 rows");
    pd_rows_close(in);
    refused(pd_rows_open(scratch_path("x.csv"), &(struct pd_rows_request){.whole = false}, &in, &err),
            PD_ERR_USAGE, "it has: x_0, x_1"); /* no names to look for */
    pd_rows_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_give_what_the_whole_gives),
        cmocka_unit_test(a_table_is_sorted),
        cmocka_unit_test(data_that_do_not_fit_are_refused),
        cmocka_unit_test(samples_are_written_and_read),
        cmocka_unit_test(rejection_keeps_as_many_as_asked),
        cmocka_unit_test(a_pool_is_read_from_a_table),
        cmocka_unit_test(a_pool_is_read_again),
        cmocka_unit_test(rows_are_gathered_in_the_order_asked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
