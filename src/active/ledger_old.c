/* A run that was made before there was a journal: its files, as events. */
#include "active/ledger.h"

#include "base/pass_on.h"
#include "io/file.h"
#include "io/jsonl.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct old {
    const struct pd_ledger *l;
    struct pd_buffer *lines;
    const char *branch;
    int64_t round;
};

/* Takes over event. */
static enum pd_status add(const struct old *old, json_t *event, struct pd_error *err)
{
    return pd_ledger_add_line(old->l, event, old->lines, err);
}

static enum pd_status add_answers(const struct old *old, struct pd_error *err)
{
    char path[PD_PATH_SIZE], image[4096], label[PD_CLASS_NAME_SIZE];
    struct pd_answers a;
    const struct pd_dataset *d = old->l->data;
    enum pd_status status = pd_path_join(path, sizeof path, old->l->folder, "answers.csv", err);
    if (status || pd_is_absent(path))
        return status;
    status = pd_answers_read_own(path, d, &a, err);
    if (status)
        return status;
    for (size_t i = 0; i < a.count && !status; i++)
        status = add(old,
                     json_pack("{s:s, s:s, s:s, s:s, s:I, s:b}", "event", "answer", "image",
                               pd_dataset_image_name(d, a.at[i].image, image, sizeof image), "label",
                               pd_answer_text(d, a.at[i].label, label), "file", "answers.csv", "row",
                               (json_int_t)a.at[i].row, "asked", true),
                     err);
    pd_answers_release(&a);
    return status;
}

/* Rows of a strategy's labels.csv: what it knows. 0: there is none. */
static enum pd_status count_labels(const struct old *old, size_t *known, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_buffer text = PD_BUFFER_INIT;
    struct pd_error why;
    snprintf(path, sizeof path, "%.800s/%.60s/labels.csv", old->l->folder, old->branch);
    enum pd_status status = pd_file_read(path, &text, &why);
    *known = 0;
    for (size_t i = 0; !status && i < text.size; i++)
        *known += text.data[i] == '\n';
    *known -= *known > 0; /* the header */
    pd_buffer_release(&text);
    if (!status || why.code == ENOENT)
        return PD_OK;
    return pd_pass_on(&why, err);
}

/* The queries of rounds, and the rounds whose labels are known: *known counts down. */
static enum pd_status add_queries(struct old *old, size_t known, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = PD_OK;
    for (; !status; old->round++) {
        snprintf(path, sizeof path, "%.800s/%.60s/queries-%02d.json", old->l->folder, old->branch,
                 (int)old->round);
        if (pd_is_absent(path))
            break;
        json_t *images = json_load_file(path, 0, NULL);
        const size_t n = json_array_size(images);
        if (!json_is_array(images))
            status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: expected a list of queries", path);
        else
            status = add(old,
                         json_pack("{s:s, s:s, s:I, s:O}", "event", "query", "branch", old->branch, "round",
                                   (json_int_t)old->round, "images", images),
                         err);
        json_decref(images);
        if (!status && n && known >= n)
            status = add(old,
                         json_pack("{s:s, s:s, s:I, s:[]}", "event", "train", "branch", old->branch, "round",
                                   (json_int_t)old->round, "given"),
                         err);
        known = known >= n ? known - n : 0;
    }
    return status;
}

static enum pd_status add_round(void *context, const json_t *line, int64_t number, struct pd_error *err)
{
    const struct old *old = context;
    const json_int_t round = json_integer_value(json_object_get(line, "round"));
    (void)number;
    if (!round && strncmp(old->branch, "start-", 6) != 0) /* the start's line */
        return PD_OK;
    return add(old,
               json_pack("{s:s, s:s, s:I, s:O}", "event", "round", "branch", old->branch, "round", round,
                         "line", line),
               err);
}

static enum pd_status add_branch(struct old *old, const char *name, size_t start, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    const bool is_start = !strncmp(name, "start-", 6);
    old->branch = name;
    old->round = !is_start;
    size_t known;
    enum pd_status status = count_labels(old, &known, err);
    if (!status)
        status = add_queries(old, is_start || known < start ? known : known - start, err);
    snprintf(path, sizeof path, "%.800s/%.60s/%s", old->l->folder, name,
             is_start ? "start.jsonl" : "rounds.jsonl");
    return status || pd_is_absent(path) ? status : pd_jsonl_each(path, add_round, old, err);
}

/* Labels that a strategy has from the start of its trial. */
static enum pd_status count_start(const struct pd_ledger *l, const char *branch, size_t *known,
                                  struct pd_error *err)
{
    char start[64];
    const char *dash = strrchr(branch, '-');
    snprintf(start, sizeof start, "start%.20s", dash ? dash : "");
    return count_labels(&(struct old){.l = l, .branch = start}, known, err);
}

static int is_branch(const struct dirent *entry)
{
    const char *dash = strrchr(entry->d_name, '-');
    return dash && dash[1] && !dash[1 + strspn(dash + 1, "0123456789")] && strlen(entry->d_name) < 60;
}

enum pd_status pd_ledger_take_over(const struct pd_ledger *l, struct pd_buffer *lines, struct pd_error *err)
{
    struct dirent **entries;
    struct old old = {.l = l, .lines = lines};
    enum pd_status status = PD_OK;
    const int n = scandir(l->folder, &entries, is_branch, alphasort);
    for (int i = 0; i < n; i++) {
        size_t known = 0;
        if (!status)
            status = count_start(l, entries[i]->d_name, &known, err);
        if (!status)
            status = add_branch(&old, entries[i]->d_name, known, err);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    else
        status = pd_fail_io(err, l->folder, "list", errno);
    return status ? status : add_answers(&old, err);
}
