#include "train/branch_parts.h"

#include "base/buffer.h"
#include "io/file.h"
#include "io/jsonl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- names --- */

enum pd_status pd_branch_path(const struct pd_branch *b, const char *format, int64_t round, char *path,
                              struct pd_error *err)
{
    char name[64];
    snprintf(name, sizeof name, format, (int)round);
    return pd_path_join(path, PD_PATH_SIZE, b->folder, name, err);
}

/* All strategies of a trial begin with the start's round 0. */
enum pd_status pd_branch_round_folder(const struct pd_branch *b, int64_t round, char *path,
                                      struct pd_error *err)
{
    char name[64];
    if (round > 0)
        return pd_branch_path(b, "round-%02d", round, path, err);
    snprintf(name, sizeof name, "start-%lld/round-00", (long long)b->trial);
    return pd_path_join(path, PD_PATH_SIZE, b->run, name, err);
}

static enum pd_status journal_path(const struct pd_branch *b, char *path, struct pd_error *err)
{
    return pd_path_join(path, PD_PATH_SIZE, b->folder, b->strategy ? "rounds.jsonl" : "start.jsonl", err);
}

/* --- labels --- */

int64_t pd_branch_labelled(const struct pd_branch *b)
{
    int64_t n = 0;
    for (size_t i = 0; i < b->count; i++)
        n += b->labels[i].label >= 0;
    return n;
}

enum pd_status pd_branch_read_labels(struct pd_branch *b, const char *path, struct pd_error *err)
{
    struct pd_answers known;
    enum pd_status status = pd_answers_read_whole(path, b->data, &known, err);
    if (status)
        return status;
    memcpy(b->labels, known.at, known.count * sizeof *known.at);
    b->count = known.count;
    pd_answers_release(&known);
    return PD_OK;
}

enum pd_status pd_branch_write_labels(const struct pd_branch *b, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_branch_path(b, "labels.csv", 0, path, err);
    return status ? status : pd_answers_write(path, b->data, b->labels, b->count, err);
}

/* --- finished rounds --- */

struct rounds {
    int64_t count, labels;
};

static enum pd_status take_round(void *context, const json_t *round, int64_t line, struct pd_error *err)
{
    struct rounds *r = context;
    (void)line, (void)err;
    r->count++;
    r->labels = json_integer_value(json_object_get(round, "labels"));
    return PD_OK;
}

enum pd_status pd_branch_read_rounds(const struct pd_branch *b, int64_t *rounds, int64_t *labels,
                                     struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct rounds r = {0, 0};
    enum pd_status status = journal_path(b, path, err);
    if (!status && access(path, F_OK) == 0)
        status = pd_jsonl_each(path, take_round, &r, err);
    *rounds = r.count;
    *labels = r.labels;
    return status;
}

/* As a whole and synced: weights that a later round does not need are removed after it. */
enum pd_status pd_branch_write_round(const struct pd_branch *b, json_t *line, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_buffer text = PD_BUFFER_INIT;
    char *words = line ? json_dumps(line, JSON_COMPACT) : NULL;
    enum pd_status status = journal_path(b, path, err);
    if (!status && access(path, F_OK) == 0)
        status = pd_file_read(path, &text, err);
    if (words)
        pd_buffer_printf(&text, "%s\n", words);
    if (!status && (!words || text.oom))
        status = pd_fail_memory(err, path);
    if (!status)
        status = pd_file_write_atomic(path, text.data, text.size, err);
    pd_buffer_release(&text);
    free(words);
    json_decref(line);
    return status;
}

/* --- what the start leaves to the strategies --- */

static enum pd_status start_path(const struct pd_branch *b, const char *file, char *path,
                                 struct pd_error *err)
{
    char name[64];
    snprintf(name, sizeof name, "start-%lld/%s", (long long)b->trial, file);
    return pd_path_join(path, PD_PATH_SIZE, b->run, name, err);
}

static enum pd_status inherit_round(const struct pd_branch *b, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_buffer text = PD_BUFFER_INIT;
    json_t *line = NULL;
    enum pd_status status = start_path(b, "start.jsonl", path, err);
    if (!status)
        status = pd_file_read(path, &text, err);
    if (!status) {
        line = json_loadb(text.data, text.size, JSON_DISABLE_EOF_CHECK, NULL);
        json_object_set_new(line, "strategy", json_string(b->strategy));
        status = line ? pd_branch_write_round(b, line, err)
                      : pd_fail(err, PD_ERR_FORMAT, -1, "%s: expected a line of JSON", path);
    }
    pd_buffer_release(&text);
    return status;
}

enum pd_status pd_branch_inherit(struct pd_branch *b, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = start_path(b, "labels.csv", path, err);
    if (!status)
        status = pd_branch_read_labels(b, path, err);
    if (!status)
        status = pd_branch_write_labels(b, err);
    return status ? status : inherit_round(b, err);
}
