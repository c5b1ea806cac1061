/* What a run measures while it trains, and what eval finds of one over several seeds. */
#include "regress/same_run.h"

#include "run/run.h"

#include <math.h>
#include <signal.h>

/* Of 18 steps an epoch. */
#define TRAIN                                                                                                \
    "train --data strokes --data-count 300 --model infogan --size 16 --width 0.125 --batch 16 "              \
    "--min-epoch 128 --labels 120 --seed 3 --threads 1 "
#define CURVES "--eval-every 1 --metrics class-accuracy "
#define RUN    "00000-strokes-infogan"

static json_t *read_json(const char *text)
{
    json_t *o = json_loads(text, 0, NULL);
    if (!o)
        fail_msg("not JSON: %s", text);
    return o;
}

static double number(const json_t *o, const char *key)
{
    const json_t *value = json_object_get(o, key);
    if (!json_is_number(value))
        fail_msg("%s: no number", key);
    return json_number_value(value);
}

static const char *file_of(const char *out, const char *name)
{
    static char path[4][512];
    static int turn;
    char *at = path[turn++ % 4];
    snprintf(at, 512, "%s/%s/" RUN "/%s", scratch_dir, out, name);
    return at;
}

/* --- while it trains --- */

static void measuring_leaves_the_training_as_it_is(void **state)
{
    (void)state;
    succeeds(TRAIN "--epochs 2 --out plain");
    succeeds(TRAIN CURVES "--epochs 2 --out whole");
    assert_int_equal(access(file_of("plain", "eval.jsonl"), F_OK), -1);
    assert_same_bytes(file_of("plain", "checkpoint.safetensors"), file_of("whole", "checkpoint.safetensors"));
}

/* Of the run that is the same but for its lines, to which eval adds. */
static void the_last_epochs_line_is_what_eval_finds(void **state)
{
    (void)state;
    static const char *const keys[] = {"accuracy", "error", "test_images", "classes", "step", "seed"};
    json_t *lines = read_rounds(file_of("whole", "eval.jsonl"));
    assert_int_equal(json_array_size(lines), 2);
    const json_t *last = json_array_get(lines, 1);
    assert_true(number(json_array_get(lines, 0), "epoch") == 1 && number(last, "epoch") == 2);
    json_t *found =
        read_json(succeeds("eval plain/" RUN " --metrics class-accuracy --seed 3 --threads 1 --json")->out);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (number(last, keys[i]) != number(found, keys[i]))
            fail_msg("%s: %.10g and %.10g", keys[i], number(last, keys[i]), number(found, keys[i]));
    json_decref(found);
    json_decref(lines);
}

/* The classifier that is trained once for all epochs is the one that eval trains. */
static void a_kept_judge_is_a_fresh_one(void **state)
{
    (void)state;
    succeeds(TRAIN "--eval-every 1 --metrics frechet-lenet --eval-epochs 1 --epochs 2 --out judged");
    json_t *lines = read_rounds(file_of("judged", "eval.jsonl"));
    json_t *found = read_json(
        succeeds("eval plain/" RUN " --metrics frechet-lenet --epochs 1 --seed 3 --threads 1 --json")->out);
    assert_int_equal(json_array_size(lines), 2);
    assert_true(number(json_array_get(lines, 0), "distance") != number(found, "distance"));
    assert_true(number(json_array_get(lines, 1), "distance") == number(found, "distance"));
    assert_same_bytes(file_of("judged", "checkpoint.safetensors"),
                      file_of("plain", "checkpoint.safetensors"));
    json_decref(found);
    json_decref(lines);
}

static void a_stopped_run_has_the_same_lines(void **state)
{
    (void)state;
    succeeds(TRAIN CURVES "--epochs 1 --out stopped");
    succeeds("train --resume stopped/" RUN " --epochs 2");
    assert_same_rounds(file_of("stopped", "eval.jsonl"), file_of("whole", "eval.jsonl"));
    assert_same_bytes(file_of("stopped", "checkpoint.safetensors"),
                      file_of("whole", "checkpoint.safetensors"));
}

static void a_killed_run_has_the_same_lines(void **state)
{
    (void)state;
    const pid_t child = program_start(TRAIN CURVES "--epochs 20 --out killed", RLIM_INFINITY);
    for (int i = 0; i < 3000 && access(file_of("killed", "eval.jsonl"), F_OK); i++)
        program_sleep(0.01);
    wait_for_text("killed/" RUN "/eval.jsonl", "\"epoch\":3");
    kill(child, SIGKILL);
    assert_int_equal(program_end(child)->code, -SIGKILL);
    succeeds("train --resume killed/" RUN);
    json_t *lines = read_rounds(file_of("killed", "eval.jsonl")),
           *whole = read_rounds(file_of("whole", "eval.jsonl"));
    assert_int_equal(json_array_size(lines), 20);
    for (size_t i = 0; i < 20; i++)
        assert_true(number(json_array_get(lines, i), "epoch") == (double)(i + 1));
    for (size_t i = 0; i < 2; i++)
        assert_true(json_equal(json_array_get(lines, i), json_array_get(whole, i)));
    json_decref(lines);
    json_decref(whole);
}

static int occurrences(const char *path, const char *word)
{
    size_t size;
    char *bytes = scratch_read(path, &size);
    int n = 0;
    for (const char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), word, strlen(word))); at++)
        n++;
    free(bytes);
    return n;
}

static void look_at_events(void *context, const struct pd_training_epoch *e)
{
    (void)context;
    assert_int_equal(occurrences(file_of("events", "events.tfevents"), "class-accuracy"), e->epoch);
}

/* A kill after an epoch's checkpoint takes nothing of it from TensorBoard. */
static void events_are_on_disk_when_an_epoch_is_done(void **state)
{
    (void)state;
    const struct pd_training_watch watch = {.epoch = look_at_events};
    struct pd_train_options o;
    struct pd_error err;
    char folder[1200];
    pd_train_options_init(&o);
    snprintf(o.out, sizeof o.out, "%s", scratch_path("events"));
    strcpy(o.data, "strokes");
    strcpy(o.model, "infogan");
    o.data_count = o.min_epoch = 64;
    o.width = 0.125;
    o.batch = 16;
    o.threads = 1;
    o.epochs = 3;
    o.eval_every = 1;
    if (pd_run_train(&o, &watch, folder, sizeof folder, &err))
        fail_msg("%s", err.message);
    assert_int_equal(occurrences(file_of("events", "events.tfevents"), "class-accuracy"), 3);
}

static void what_cannot_be_measured_is_refused_before_there_is_a_run(void **state)
{
    (void)state;
    fails(TRAIN "--eval-every 1 --metrics class-acuracy --out none", 2, "did you mean 'class-accuracy'?");
    fails(TRAIN "--eval-every 1 --metrics fid --out none", 2, "Inception's weights are missing");
    fails(TRAIN "--eval-every 1 --metrics class-accuracy,frechet --out none", 2,
          "frechet is of files of features");
    assert_int_equal(access(scratch_path("none"), F_OK), -1);
}

/* --- over several seeds --- */

static void repeats_are_summed_up(void **state)
{
    (void)state;
    succeeds("eval plain/" RUN " --metrics fitting-capacity,class-accuracy --repeats 3 --epochs 1 "
             "--epoch-images 256 --threads 1 --json");
    char *text = scratch_read(scratch_path("stdout"), NULL);
    char *second = strchr(text, '\n');
    assert_non_null(second);
    *second++ = '\0';
    json_t *one = read_json(text), *two = read_json(second), *row, *cell;
    json_t *capacity = json_object_get(one, "repeats") ? one : two, *accuracy = capacity == one ? two : one;
    const json_t *values = json_object_get(capacity, "values");
    double mean = 0, squares = 0, images = 0;
    size_t i, k;
    assert_string_equal(json_string_value(json_object_get(capacity, "metric")), "fitting-capacity");
    assert_true(number(capacity, "repeats") == 3 && json_array_size(values) == 3);
    for (i = 0; i < 3; i++)
        mean += json_number_value(json_array_get(values, i)) / 3;
    for (i = 0; i < 3; i++)
        squares += pow(json_number_value(json_array_get(values, i)) - mean, 2);
    assert_true(squares > 0); /* the seeds differ */
    assert_float_equal(number(capacity, "accuracy"), mean, 1e-8);
    assert_float_equal(number(capacity, "error"), sqrt(squares / 2) / sqrt(3), 1e-8);
    json_array_foreach(json_object_get(capacity, "confusion"), i, row) json_array_foreach(row, k, cell)
        images += json_number_value(cell);
    assert_true(images == 3 * number(capacity, "test_images"));
    assert_null(json_object_get(accuracy, "repeats"));
    assert_null(json_object_get(accuracy, "values"));
    json_decref(one);
    json_decref(two);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measuring_leaves_the_training_as_it_is),
        cmocka_unit_test(the_last_epochs_line_is_what_eval_finds),
        cmocka_unit_test(a_kept_judge_is_a_fresh_one),
        cmocka_unit_test(a_stopped_run_has_the_same_lines),
        cmocka_unit_test(a_killed_run_has_the_same_lines),
        cmocka_unit_test(events_are_on_disk_when_an_epoch_is_done),
        cmocka_unit_test(what_cannot_be_measured_is_refused_before_there_is_a_run),
        cmocka_unit_test(repeats_are_summed_up),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
