/* What is known of an active run: in memory, and each new event in the journal. */
#include "active/ledger.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint32_t pd_ledger_first(const struct pd_ledger *l, uint32_t image)
{
    return l->first ? l->first[image] : image;
}

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

bool pd_ledger_was_ever(const struct pd_ledger *l, uint32_t image, int32_t label)
{
    for (size_t i = 0; i < l->n_past; i++)
        if (pd_ledger_first(l, l->past[i].image) == pd_ledger_first(l, image) && l->past[i].label == label)
            return true;
    return false;
}

struct pd_ledger_round *pd_ledger_find(const struct pd_ledger *l, const char *branch, int64_t round)
{
    for (size_t i = 0; i < l->n_rounds; i++)
        if (l->rounds[i].round == round && !strcmp(l->rounds[i].branch, branch))
            return &l->rounds[i];
    return NULL;
}

struct pd_ledger_round *pd_ledger_find_or_add(struct pd_ledger *l, const char *branch, int64_t round)
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

enum pd_status pd_ledger_keep_queries(struct pd_ledger *l, struct pd_ledger_round *r,
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

enum pd_status pd_ledger_remember(struct pd_ledger *l, const struct pd_answer *a, struct pd_error *err)
{
    struct pd_answer *past = pd_grow(l->past, l->n_past, &l->past_capacity, sizeof *past);
    if (!past)
        return pd_fail_memory(err, l->path);
    const uint32_t first = pd_ledger_first(l, a->image);
    l->past = past;
    past[l->n_past++] = *a;
    if (l->shared[first] == PD_NOT_ANSWERED && !(l->marks[first] & PD_IMAGE_ASKED))
        l->marks[first] |= PD_IMAGE_GIVEN;
    if (l->shared[first] == PD_NOT_ANSWERED || l->shared[first] == l->answers[a->image])
        l->shared[first] = a->label;
    l->answers[a->image] = a->label;
    return PD_OK;
}

/* --- writing --- */

/* Adds its time; NULL stays NULL. */
static json_t *stamp(json_t *event)
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

enum pd_status pd_ledger_add_line(const struct pd_ledger *l, json_t *event, struct pd_buffer *lines,
                                  struct pd_error *err)
{
    json_t *stamped = stamp(event);
    char *text = NULL;
    enum pd_status status =
        stamped ? pd_json_text(stamped, JSON_COMPACT, l->path, &text, err) : pd_fail_memory(err, l->path);
    if (text)
        pd_buffer_printf(lines, "%s\n", text);
    if (lines->oom)
        status = pd_fail_memory(err, l->path);
    free(text);
    json_decref(stamped);
    return status;
}

enum pd_status pd_ledger_write(struct pd_ledger *l, json_t *event, struct pd_error *err)
{
    json_t *stamped = stamp(event);
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

json_t *pd_query_list(const struct pd_dataset *data, const struct pd_query *queries, size_t n)
{
    pd_mem_watch();
    json_t *all = json_array();
    char name[4096];
    for (size_t i = 0; i < n; i++) {
        const struct pd_query *q = &queries[i];
        json_array_append_new(all, json_pack("{s:s, s:o, s:i, s:o}", "image",
                                             pd_dataset_image_name(data, q->image, name, sizeof name),
                                             "score", pd_json_real(q->score), "guess", (int)q->guess,
                                             "guess_p", pd_json_real(q->guess_p)));
    }
    if (json_array_size(all) == n)
        return all;
    json_decref(all);
    return NULL;
}

enum pd_status pd_ledger_query(struct pd_ledger *l, const char *branch, int64_t round,
                               const struct pd_query *queries, size_t n, struct pd_error *err)
{
    struct pd_ledger_round *r = pd_ledger_find_or_add(l, branch, round);
    json_t *images = pd_query_list(l->data, queries, n);
    if (!r || !images) {
        json_decref(images);
        return pd_fail_memory(err, l->path);
    }
    enum pd_status status = write_synced(l,
                                         json_pack("{s:s, s:s, s:I, s:o}", "event", "query", "branch", branch,
                                                   "round", (json_int_t)round, "images", images),
                                         err);
    return status ? status : pd_ledger_keep_queries(l, r, queries, n, err);
}

enum pd_status pd_ledger_train(struct pd_ledger *l, struct pd_ledger_round *r, const uint32_t *given,
                               size_t n, struct pd_error *err)
{
    char name[4096];
    pd_mem_watch();
    json_t *names = json_array();
    r->given = pd_malloc((n ? n : 1) * sizeof *r->given);
    if (!names || !r->given) {
        json_decref(names);
        return pd_fail_memory(err, l->path);
    }
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
