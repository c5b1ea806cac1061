#include "active/ledger.h"

#include "base/mem.h"
#include "data/digest.h"
#include "data/near_copies.h"
#include "io/file.h"
#include "io/jsonl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- copies --- */

uint32_t pd_ledger_first(const struct pd_ledger *l, uint32_t image)
{
    return l->first ? l->first[image] : image;
}

static enum pd_status link_copies(struct pd_ledger *l, struct pd_error *err)
{
    const uint32_t n = l->data->count;
    if (!l->copies) {
        pd_free(l->first);
        l->first = NULL;
        return PD_OK;
    }
    l->next = pd_calloc(n, sizeof *l->next);
    if (!l->next)
        return pd_fail_memory(err, l->data->name);
    for (uint32_t i = n; i-- > 0;) { /* each copy goes behind the first, the last one first */
        const uint32_t first = l->first[i];
        if (first == i)
            continue;
        l->next[i] = l->next[first];
        l->next[first] = i;
    }
    return PD_OK;
}

static enum pd_status find_copies(struct pd_ledger *l, bool near, int threads, struct pd_error *err)
{
    struct pd_digest *digests;
    if (near) {
        enum pd_status found = pd_near_copies(l->data, threads, &l->first, &l->copies, err);
        return found ? found : link_copies(l, err);
    }
    enum pd_status status = pd_dataset_digests(l->data, threads, &digests, err);
    if (!status)
        status = pd_digest_copies(digests, l->data->count, &l->first, &l->copies, err);
    pd_free(digests);
    return status ? status : link_copies(l, err);
}

/* --- what is known --- */

int32_t pd_ledger_ask(const struct pd_ledger *l, uint32_t image)
{
    const uint32_t first = pd_ledger_first(l, image);
    const int32_t own = l->own[first];
    if (l->simulated)
        return own >= 0 ? own : PD_ANSWER_SKIP;
    if (l->answers[image] != PD_NOT_ANSWERED)
        return l->answers[image];
    return l->shared[first] != PD_NOT_ANSWERED ? l->shared[first] : own;
}

struct pd_ledger_round *pd_ledger_find(const struct pd_ledger *l, const char *branch, int64_t round)
{
    for (size_t i = 0; i < l->n_rounds; i++)
        if (l->rounds[i].round == round && !strcmp(l->rounds[i].branch, branch))
            return &l->rounds[i];
    return NULL;
}

static struct pd_ledger_round *find_or_add(struct pd_ledger *l, const char *branch, int64_t round)
{
    struct pd_ledger_round *found = pd_ledger_find(l, branch, round);
    if (found)
        return found;
    found = pd_grow(l->rounds, l->n_rounds, &l->rounds_capacity, sizeof *l->rounds);
    if (!found)
        return NULL;
    l->rounds = found;
    found += l->n_rounds++;
    *found = (struct pd_ledger_round){.round = round};
    snprintf(found->branch, sizeof found->branch, "%s", branch);
    return found;
}

/* What people should know of the copies; some may have been labelled otherwise than the first. */
static void note_copies(struct pd_ledger *l, bool near)
{
    char name[64], other[64];
    uint32_t clashes = 0, last = 0;
    for (uint32_t i = 0; l->first && i < l->data->count; i++)
        if (l->data->labels[i] >= 0 && l->data->labels[i] != l->own[l->first[i]]) {
            clashes++;
            last = i;
        }
    const bool one = l->copies == 1;
    if (l->copies)
        snprintf(l->note, sizeof l->note,
                 "%u image%s %s cop%s: each is asked about once, its copies share the label", l->copies,
                 one ? " is" : "s are",
                 near  ? one ? "a near" : "near"
                 : one ? "an exact"
                       : "exact",
                 one ? "y of another" : "ies of others");
    const size_t n = strlen(l->note);
    if (clashes)
        snprintf(l->note + n, sizeof l->note - n,
                 "; %u of them %s another label than the first, as '%s' than '%s'", clashes,
                 clashes == 1 ? "has" : "have", pd_dataset_image_name(l->data, last, name, sizeof name),
                 pd_dataset_image_name(l->data, l->first[last], other, sizeof other));
}

static enum pd_status reserve(struct pd_ledger *l, bool near, struct pd_error *err)
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
    note_copies(l, near);
    return PD_OK;
}

/* --- writing --- */

json_t *pd_ledger_stamp(json_t *event)
{
    char text[32];
    struct tm utc;
    const time_t now = time(NULL);
    bool short_of_memory = pd_mem_ran_short(); /* the clock may set another errno */
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    if (event && (short_of_memory || json_object_set_new(event, "time", json_string(text)))) {
        json_decref(event);
        event = NULL;
    }
    return event;
}

enum pd_status pd_ledger_write(struct pd_ledger *l, json_t *event, struct pd_error *err)
{
    json_t *stamped = pd_ledger_stamp(event);
    enum pd_status status = stamped ? pd_jsonl_write(l->log, stamped, err) : pd_fail_memory(err, l->path);
    json_decref(stamped);
    return status;
}

enum pd_status pd_ledger_sync(struct pd_ledger *l, struct pd_error *err)
{
    return pd_jsonl_sync(l->log, err);
}

static enum pd_status write_synced(struct pd_ledger *l, json_t *event, struct pd_error *err)
{
    enum pd_status status = pd_ledger_write(l, event, err);
    return status ? status : pd_ledger_sync(l, err);
}

static json_t *real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *pd_query_list(const struct pd_dataset *data, const struct pd_query *queries, size_t n)
{
    pd_mem_watch();
    json_t *all = json_array();
    char name[4096];
    for (size_t i = 0; i < n; i++) {
        const struct pd_query *q = &queries[i];
        json_array_append_new(all,
                              json_pack("{s:s, s:o, s:i, s:o}", "image",
                                        pd_dataset_image_name(data, q->image, name, sizeof name), "score",
                                        real(q->score), "guess", (int)q->guess, "guess_p", real(q->guess_p)));
    }
    if (json_array_size(all) == n)
        return all;
    json_decref(all);
    return NULL;
}

static enum pd_status keep_queries(struct pd_ledger *l, struct pd_ledger_round *r,
                                   const struct pd_query *queries, size_t n, struct pd_error *err)
{
    struct pd_query *copy = pd_malloc((n ? n : 1) * sizeof *copy);
    if (!copy)
        return pd_fail_memory(err, l->path);
    if (n)
        memcpy(copy, queries, n * sizeof *copy);
    pd_free(r->queries);
    r->queries = copy;
    r->n_queries = n;
    for (size_t i = 0; i < n; i++)
        l->marks[queries[i].image] |= PD_IMAGE_ASKED;
    return PD_OK;
}

enum pd_status pd_ledger_query(struct pd_ledger *l, const char *branch, int64_t round,
                               const struct pd_query *queries, size_t n, struct pd_error *err)
{
    struct pd_ledger_round *r = find_or_add(l, branch, round);
    json_t *images = pd_query_list(l->data, queries, n);
    if (!r || !images)
        return pd_fail_memory(err, l->path);
    enum pd_status status = write_synced(l,
                                         json_pack("{s:s, s:s, s:I, s:o}", "event", "query", "branch", branch,
                                                   "round", (json_int_t)round, "images", images),
                                         err);
    return status ? status : keep_queries(l, r, queries, n, err);
}

enum pd_status pd_ledger_train(struct pd_ledger *l, struct pd_ledger_round *r, const uint32_t *given,
                               size_t n, struct pd_error *err)
{
    char name[4096];
    pd_mem_watch();
    json_t *names = json_array();
    r->given = pd_malloc((n ? n : 1) * sizeof *r->given);
    if (!names || !r->given)
        return pd_fail_memory(err, l->path);
    for (size_t i = 0; i < n; i++) {
        r->given[i] = given[i];
        json_array_append_new(names,
                              json_string(pd_dataset_image_name(l->data, given[i], name, sizeof name)));
    }
    r->n_given = n;
    r->begun = true;
    return write_synced(l,
                        json_pack("{s:s, s:s, s:I, s:o}", "event", "train", "branch", r->branch, "round",
                                  (json_int_t)r->round, "given", names),
                        err);
}

enum pd_status pd_ledger_finish(struct pd_ledger *l, struct pd_ledger_round *r, json_t *line,
                                struct pd_error *err)
{
    r->line = line;
    return write_synced(l,
                        json_pack("{s:s, s:s, s:I, s:O}", "event", "round", "branch", r->branch, "round",
                                  (json_int_t)r->round, "line", line),
                        err);
}

/* --- reading --- */

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
    *round = find_or_add(line->l, branch, json_integer_value(number));
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
        status = keep_queries(line->l, r, queries, n, err);
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

static enum pd_status create(struct pd_ledger *l, json_t *begin, struct pd_error *err)
{
    struct pd_buffer lines = PD_BUFFER_INIT;
    json_t *stamped = begin ? pd_ledger_stamp(json_incref(begin)) : NULL;
    char *text = stamped ? json_dumps(stamped, JSON_COMPACT) : NULL;
    json_decref(stamped);
    enum pd_status status = text ? PD_OK : pd_fail_memory(err, l->path);
    if (text)
        pd_buffer_printf(&lines, "%s\n", text);
    if (!status)
        status = pd_ledger_take_over(l, &lines, err);
    if (!status && lines.oom)
        status = pd_fail_memory(err, l->path);
    if (!status)
        status = pd_file_write_atomic(l->path, lines.data, lines.size, err);
    pd_buffer_release(&lines);
    free(text);
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

enum pd_status pd_ledger_open(bool simulated, const struct pd_dataset *data, bool near, int threads,
                              const char *folder, json_t *begin, struct pd_ledger *l, struct pd_error *err)
{
    *l = (struct pd_ledger){.simulated = simulated, .data = data};
    snprintf(l->folder, sizeof l->folder, "%s", folder);
    enum pd_status status = find_copies(l, near && !data->points, threads, err);
    if (!status)
        status = reserve(l, near, err);
    if (!status)
        status = pd_class_words_init(&l->classes, data, err);
    if (!status)
        status = pd_image_index_init(&l->images, data, err);
    if (!status && *folder)
        status = open_journal(l, begin, err);
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
