/* For tests: two active runs that hold the same. */
#ifndef PD_TEST_SAME_RUN_H
#define PD_TEST_SAME_RUN_H

#include "regress/program.h"

#include <jansson.h>

static struct {
    char run[128], other[128]; /* below the scratch folder */
    int files;
} same;

static inline bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

static inline json_t *read_rounds(const char *path)
{
    char *text = scratch_read(path, NULL);
    json_t *rounds = json_array();
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *round = json_loads(line, 0, NULL);
        assert_non_null(round);
        json_object_del(round, "seconds");
        json_object_del(round, "time");
        json_object_del(json_object_get(round, "line"), "seconds");
        json_array_append_new(rounds, round);
    }
    free(text);
    return rounds;
}

static inline void assert_same_rounds(const char *path, const char *other)
{
    json_t *a = read_rounds(path), *b = read_rounds(other);
    assert_true(json_array_size(a) > 0);
    if (!json_equal(a, b))
        fail_msg("%s and %s are not the same rounds", path, other);
    json_decref(a);
    json_decref(b);
}

static inline void assert_same_bytes(const char *path, const char *other)
{
    size_t n, m;
    char *a = scratch_read(path, &n), *b = scratch_read(other, &m);
    if (n != m || memcmp(a, b, n) != 0)
        fail_msg("%s and %s are not the same bytes:\n%.600s\nand\n%.600s", path, other, a, b);
    free(a);
    free(b);
}

/* Labels, answers, queries and weights byte for byte, rounds and the journal but for their times. Other files
 * hold times or paths; they are there. */
static inline int compare_file(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    char other[512];
    (void)st, (void)walk;
    if (kind != FTW_F)
        return 0;
    snprintf(other, sizeof other, "%s/%s%s", scratch_dir, same.other,
             path + strlen(scratch_dir) + 1 + strlen(same.run));
    if (access(other, F_OK) != 0)
        fail_msg("there is no %s", other);
    same.files++;
    if (ends_with(path, "rounds.jsonl") || ends_with(path, "journal.jsonl"))
        assert_same_rounds(path, other);
    else if (ends_with(path, ".safetensors") || ends_with(path, "labels.csv") ||
             ends_with(path, "answers.csv") || strstr(path, "/queries-"))
        assert_same_bytes(path, other);
    return 0;
}

static inline int compare_files(const char *run, const char *other)
{
    snprintf(same.run, sizeof same.run, "%s", run);
    snprintf(same.other, sizeof same.other, "%s", other);
    same.files = 0;
    assert_int_equal(nftw(scratch_path(run), compare_file, 16, FTW_PHYS), 0);
    return same.files;
}

static inline void assert_same_run(const char *run, const char *other)
{
    const int files = compare_files(run, other);
    assert_true(files > 20);
    assert_int_equal(compare_files(other, run), files); /* and nothing more */
}

#endif
