/* A ledger, opened: the journal's lines into memory. */
#include "active/ledger.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/jsonl.h"

#include <stdio.h>
#include <string.h>

/* --- its lines --- */

struct line {
    struct pd_ledger *l;
    const json_t *event;
    int64_t number;
};

static enum pd_status bad(const struct line *line, const char *expected, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: line %lld: expected %s", line->l->path,
                   (long long)line->number, expected);
}

static enum pd_status find_image(const struct line *line, const json_t *name, uint32_t *image,
                                 struct pd_error *err)
{
    const char *text = json_string_value(name);
    const int64_t found = text ? pd_image_find(&line->l->images, text) : PD_IMAGE_UNKNOWN;
    if (!text)
        return bad(line, "an image's name", err);
    if (found < 0)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s: line %lld: data set '%s' has no image '%.200s' any more: put it back",
                       line->l->path, (long long)line->number, line->l->data->name, text);
    *image = (uint32_t)found;
    return PD_OK;
}

/* The first of its copies, which was asked for. */
static enum pd_status find_first(const struct line *line, const json_t *name, uint32_t *image,
                                 struct pd_error *err)
{
    enum pd_status status = find_image(line, name, image, err);
    if (!status)
        *image = pd_ledger_first(line->l, *image);
    return status;
}

static enum pd_status find_label(const struct line *line, int32_t *label, struct pd_error *err)
{
    bool exactly;
    const char *text = json_string_value(json_object_get(line->event, "label"));
    if (!text)
        return bad(line, "a label", err);
    *label = !strcmp(text, "skip") ? PD_ANSWER_SKIP : pd_class_find(&line->l->classes, text, &exactly);
    if (*label >= 0 || *label == PD_ANSWER_SKIP)
        return PD_OK;
    return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: line %lld: data set '%s' has no class '%.100s' any more",
                   line->l->path, (long long)line->number, line->l->data->name, text);
}

static enum pd_status find_round(const struct line *line, struct pd_ledger_round **round,
                                 struct pd_error *err)
{
    const char *branch = json_string_value(json_object_get(line->event, "branch"));
    const json_t *number = json_object_get(line->event, "round");
    if (!branch || strlen(branch) >= sizeof(*round)->branch || !json_is_integer(number))
        return bad(line, "\"branch\" and \"round\"", err);
    *round = pd_ledger_find_or_add(line->l, branch, json_integer_value(number));
    return *round ? PD_OK : pd_fail_memory(err, line->l->path);
}

static enum pd_status read_nothing(const struct line *line, struct pd_error *err)
{
    (void)line, (void)err;
    return PD_OK;
}

static enum pd_status read_answer(const struct line *line, struct pd_error *err)
{
    struct pd_ledger *l = line->l;
    struct pd_answer a = {.row = 0};
    enum pd_status status = find_image(line, json_object_get(line->event, "image"), &a.image, err);
    if (!status)
        status = find_label(line, &a.label, err);
    return status ? status : pd_ledger_remember(l, &a, err);
}

static enum pd_status read_query(const struct line *line, struct pd_error *err)
{
    struct pd_ledger_round *r = NULL;
    const json_t *images = json_object_get(line->event, "images");
    const size_t n = json_array_size(images);
    enum pd_status status = json_is_array(images) ? find_round(line, &r, err) : bad(line, "\"images\"", err);
    if (status || !r)
        return status;
    struct pd_query *queries = pd_calloc(n ? n : 1, sizeof *queries);
    if (!queries)
        return pd_fail_memory(err, line->l->path);
    for (size_t i = 0; i < n && !status; i++) {
        const json_t *from = json_array_get(images, i), *guess = json_object_get(from, "guess");
        status = find_first(line, json_object_get(from, "image"), &queries[i].image, err);
        queries[i].guess = json_is_integer(guess) ? (int32_t)json_integer_value(guess) : -1;
        if (queries[i].guess >= line->l->data->classes)
            queries[i].guess = -1;
        queries[i].score = json_number_value(json_object_get(from, "score"));
        queries[i].guess_p = json_number_value(json_object_get(from, "guess_p"));
    }
    if (!status)
        status = pd_ledger_keep_queries(line->l, r, queries, n, err);
    pd_free(queries);
    return status;
}

static enum pd_status read_train(const struct line *line, struct pd_error *err)
{
    struct pd_ledger_round *r = NULL;
    const json_t *given = json_object_get(line->event, "given");
    enum pd_status status = find_round(line, &r, err);
    if (status || !r || r->begun)
        return status;
    r->n_given = json_array_size(given);
    r->given = pd_calloc(r->n_given ? r->n_given : 1, sizeof *r->given);
    if (!r->given)
        return pd_fail_memory(err, line->l->path);
    for (size_t i = 0; i < r->n_given && !status; i++)
        status = find_first(line, json_array_get(given, i), &r->given[i], err);
    r->begun = true;
    return status;
}

static enum pd_status read_round(const struct line *line, struct pd_error *err)
{
    struct pd_ledger_round *r = NULL;
    json_t *rounds_line = json_object_get(line->event, "line");
    enum pd_status status =
        json_is_object(rounds_line) ? find_round(line, &r, err) : bad(line, "\"line\"", err);
    if (!status && r && !r->line)
        r->line = json_incref(rounds_line);
    return status;
}

static const struct {
    const char *name;
    enum pd_status (*read)(const struct line *line, struct pd_error *err);
} events[] = {{"begin", read_nothing}, {"set", read_nothing},       {"query", read_query},
              {"answer", read_answer}, {"correct", read_answer},    {"train", read_train},
              {"round", read_round},   {"taken over", read_nothing}};

static enum pd_status read_line(void *context, const json_t *event, int64_t number, struct pd_error *err)
{
    const struct line line = {context, event, number};
    const char *name = json_string_value(json_object_get(event, "event"));
    for (size_t i = 0; name && i < sizeof events / sizeof events[0]; i++)
        if (!strcmp(name, events[i].name))
            return events[i].read(&line, err);
    return bad(&line, "\"event\", one that this version knows", err);
}

enum pd_status pd_ledger_read(struct pd_ledger *l, const char *text, size_t size, struct pd_error *err)
{
    return size ? pd_jsonl_each_in(text, size, l->path, read_line, l, err) : PD_OK;
}

/* --- life --- */

static enum pd_status reserve(struct pd_ledger *l, struct pd_error *err)
{
    const size_t n = l->data->count;
    l->own = pd_malloc(n * sizeof *l->own);
    l->answers = pd_malloc(n * sizeof *l->answers);
    l->shared = pd_malloc(n * sizeof *l->shared);
    l->marks = pd_calloc(n, 1);
    if (!l->own || !l->answers || !l->shared || !l->marks)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu answers", n);
    for (uint32_t i = 0; i < n; i++)
        l->own[i] = l->answers[i] = l->shared[i] = PD_NOT_ANSWERED;
    for (uint32_t i = 0; i < n; i++)
        if (l->own[pd_ledger_first(l, i)] < 0)
            l->own[pd_ledger_first(l, i)] = l->data->labels[i];
    return PD_OK;
}

static enum pd_status create(struct pd_ledger *l, json_t *begin, struct pd_error *err)
{
    struct pd_buffer lines = PD_BUFFER_INIT;
    enum pd_status status = pd_ledger_add_line(l, json_incref(begin), &lines, err);
    if (!status)
        status = pd_ledger_take_over(l, &lines, err);
    if (!status)
        status = pd_file_write_atomic(l->path, lines.data, lines.size, err);
    pd_buffer_release(&lines);
    return status;
}

static enum pd_status open_journal(struct pd_ledger *l, json_t *begin, struct pd_error *err)
{
    enum pd_status status = pd_path_inside(l->path, sizeof l->path, l->folder, "journal.jsonl", err);
    if (!status && pd_is_absent(l->path))
        status = create(l, begin, err);
    if (!status)
        status = pd_jsonl_open(l->path, &l->log, err);
    return status ? status : pd_jsonl_each(l->path, read_line, l, err);
}

/* Labels that the data set has are learnt in the first round; those of images that joined later, in the next.
 */
static void give_joined(struct pd_ledger *l)
{
    bool begun = false;
    for (size_t i = 0; i < l->n_rounds; i++)
        begun = begun || l->rounds[i].begun;
    for (uint32_t i = 0; begun && i < l->data->count; i++)
        if (l->own[i] >= 0 && !(l->marks[i] & PD_IMAGE_ASKED))
            l->marks[i] |= PD_IMAGE_GIVEN;
}

enum pd_status pd_ledger_open(bool simulated, const struct pd_dataset *data, bool near, int threads,
                              const char *folder, json_t *begin, struct pd_ledger *l, struct pd_error *err)
{
    *l = (struct pd_ledger){.simulated = simulated, .data = data};
    snprintf(l->folder, sizeof l->folder, "%s", folder);
    enum pd_status status = pd_ledger_find_copies(l, near && !data->points, threads, err);
    if (!status)
        status = reserve(l, err);
    if (!status)
        pd_ledger_note_copies(l, near);
    if (!status)
        status = pd_class_words_init(&l->classes, data, err);
    if (!status)
        status = pd_image_index_init(&l->images, data, err);
    if (!status && *folder)
        status = open_journal(l, begin, err);
    if (!status && !simulated)
        give_joined(l);
    if (status)
        pd_ledger_close(l);
    return status;
}

void pd_ledger_close(struct pd_ledger *l)
{
    for (size_t i = 0; i < l->n_rounds; i++) {
        pd_free(l->rounds[i].queries);
        pd_free(l->rounds[i].given);
        json_decref(l->rounds[i].line);
    }
    pd_free(l->rounds);
    pd_free(l->past);
    pd_free(l->marks);
    pd_free(l->answers);
    pd_free(l->shared);
    pd_free(l->own);
    pd_free(l->next);
    pd_free(l->first);
    pd_image_index_release(&l->images);
    pd_class_words_release(&l->classes);
    pd_jsonl_destroy(l->log);
    memset(l, 0, sizeof *l);
}
