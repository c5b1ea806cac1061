#include "serve/queries.h"

#include "base/mem.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/jsonl.h"
#include "io/table.h"
#include "run/folder.h"

#include <stdio.h>
#include <string.h>

struct reading {
    const char *run;
    size_t most;
    json_t *rounds;  /* as in queries.h */
    json_t *classes; /* names, as the journal has them so far */
    json_t *labels;  /* branch -> {image -> label} */
};

/* --- a branch's labels.csv --- */

static enum pd_status read_rows(struct pd_table *t, json_t *labels, struct pd_error *err)
{
    bool got;
    enum pd_status status = pd_table_next(t, &got, err); /* image,label */
    while (!status && got) {
        status = pd_table_next(t, &got, err);
        if (!status && got && t->fields >= 2)
            json_object_set_new(labels, t->field[0], json_string(pd_csv_unguarded(t->field[1])));
    }
    return status;
}

static enum pd_status read_labels(const struct reading *r, const char *branch, json_t *labels,
                                  struct pd_error *err)
{
    char path[PD_PATH_SIZE], below[128];
    int fd;
    struct pd_table t = {.name = path};
    snprintf(below, sizeof below, "%.64s/labels.csv", branch);
    enum pd_status status = pd_path_inside(path, sizeof path, r->run, below, err);
    if (status || pd_is_absent(path))
        return status;
    status = pd_fd_open(path, &fd, err);
    if (status)
        return status;
    t.file = fdopen(fd, "r");
    status = t.file ? pd_table_init(&t, err) : pd_fail_memory(err, path);
    if (!status)
        status = read_rows(&t, labels, err);
    pd_table_release(&t);
    return status;
}

/* Of an image by that branch, "" where there is none yet. */
static const char *label_of(const json_t *labels, const char *image)
{
    char path[PD_PATH_SIZE];
    const char *label = json_string_value(json_object_get(labels, image));
    snprintf(path, sizeof path, "./%s", image); /* as pd_csv_path writes some */
    if (!label)
        label = json_string_value(json_object_get(labels, path));
    return label ? label : "";
}

static enum pd_status labels_of(struct reading *r, const char *branch, const json_t **out,
                                struct pd_error *err)
{
    json_t *labels = json_object_get(r->labels, branch);
    enum pd_status status = PD_OK;
    if (!labels) {
        json_object_set_new(r->labels, branch, json_object());
        labels = json_object_get(r->labels, branch);
        status = read_labels(r, branch, labels, err);
    }
    *out = labels;
    return status;
}

/* --- a round --- */

static void count(json_t *round, const char *key, bool one)
{
    json_t *n = json_object_get(round, key);
    json_integer_set(n, json_integer_value(n) + one);
}

static void take_image(const struct reading *r, json_t *round, const json_t *image, const json_t *labels)
{
    const char *name = json_string_value(json_object_get(image, "image"));
    const json_t *guess = json_object_get(image, "guess");
    const json_int_t class = json_is_integer(guess) ? json_integer_value(guess) : -1;
    const char *guessed = class < 0 ? "" : json_string_value(json_array_get(r->classes, (size_t) class));
    const char *label = label_of(labels, name ? name : "");
    const bool skipped = !strcmp(label, "skip"), labelled = *label && !skipped;
    json_t *images = json_object_get(round, "images");
    count(round, "asked", true);
    count(round, "labelled", labelled);
    count(round, "skipped", skipped);
    count(round, "guesses", labelled && class >= 0);
    count(round, "guessed", labelled && class >= 0 && guessed && !strcmp(guessed, label));
    if (json_array_size(images) < r->most)
        json_array_append_new(images, json_pack("{s:s, s:s, s:s, s:O?, s:O?}", "image", name ? name : "",
                                                "label", label, "guess", guessed ? guessed : "", "p",
                                                json_object_get(image, "guess_p"), "score",
                                                json_object_get(image, "score")));
}

/* Asked anew, a round has its later questions. */
static json_t *begin_round(const struct reading *r, const char *branch, json_int_t number)
{
    json_t *round = NULL, *fresh;
    size_t i;
    fresh = json_pack("{s:s, s:I, s:i, s:i, s:i, s:i, s:i, s:[]}", "branch", branch, "round", number, "asked",
                      0, "labelled", 0, "skipped", 0, "guessed", 0, "guesses", 0, "images");
    json_array_foreach(r->rounds, i, round)
    {
        const char *of = json_string_value(json_object_get(round, "branch")); /* NULL: out of memory */
        if (!of || strcmp(of, branch) != 0 || json_integer_value(json_object_get(round, "round")) != number)
            continue;
        json_array_set_new(r->rounds, i, fresh);
        return fresh;
    }
    json_array_append_new(r->rounds, fresh);
    return fresh;
}

/* --- the journal --- */

/* "cat,dog,fish" */
static void set_classes(struct reading *r, const char *list)
{
    json_decref(r->classes);
    r->classes = json_array();
    for (size_t n; *list; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        json_array_append_new(r->classes, json_stringn(list, n));
    }
}

static enum pd_status take_event(void *context, const json_t *event, int64_t line, struct pd_error *err)
{
    struct reading *r = context;
    const char *kind = json_string_value(json_object_get(event, "event"));
    const char *branch = json_string_value(json_object_get(event, "branch"));
    const json_t *classes = json_object_get(event, "classes"), *image, *labels;
    const char *option = json_string_value(json_object_get(event, "option"));
    const char *value = json_string_value(json_object_get(event, "value"));
    size_t i;
    (void)line;
    if (kind && !strcmp(kind, "begin") && json_is_array(classes)) {
        json_decref(r->classes);
        r->classes = json_deep_copy(classes);
    }
    if (kind && !strcmp(kind, "set") && option && value && !strcmp(option, "classes"))
        set_classes(r, value);
    if (!kind || strcmp(kind, "query") != 0 || !branch)
        return PD_OK;
    const enum pd_status status = labels_of(r, branch, &labels, err);
    json_t *round = begin_round(r, branch, json_integer_value(json_object_get(event, "round")));
    json_array_foreach(json_object_get(event, "images"), i, image) take_image(r, round, image, labels);
    return status;
}

enum pd_status pd_queries_read(const char *run, size_t most, json_t **out, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    pd_mem_watch();
    struct reading r = {run, most, json_array(), json_array(), json_object()};
    enum pd_status status = pd_path_inside(path, sizeof path, run, "journal.jsonl", err);
    if (!status && !pd_is_absent(path))
        status = pd_jsonl_each(path, take_event, &r, err);
    if (!status && pd_mem_ran_short())
        status = pd_fail_memory(err, path);
    json_decref(r.classes);
    json_decref(r.labels);
    if (status)
        json_decref(r.rounds);
    *out = status ? NULL : r.rounds;
    return status;
}
