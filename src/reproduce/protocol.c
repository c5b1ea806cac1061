#include "reproduce/protocol.h"

#include "active/recipe.h"
#include "active/recipe_files.h"
#include "base/words.h"
#include "io/file.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_TRIALS = 10000, NAME_MOST = 40, WHERE = 256 };

/* --- what the file may hold --- */

static const struct pd_json_member study_members[] = {
    {"about", JSON_STRING, true},      {"by", JSON_STRING, false},
    {"metrics", JSON_ARRAY, true},     {"trials", JSON_INTEGER, true},
    {"scales", JSON_OBJECT, true},     {"columns", JSON_ARRAY, true},
    {"rows", JSON_ARRAY, true},        {"pictures", JSON_ARRAY, false},
    {"published", JSON_OBJECT, false}, {"published_trials", JSON_INTEGER, false},
    {"missing", JSON_ARRAY, false},    {"notes", JSON_ARRAY, false}};
static const struct pd_json_member scale_members[] = {{"about", JSON_STRING, true},
                                                      {"options", JSON_OBJECT, false}};
static const struct pd_json_member column_members[] = {
    {"name", JSON_STRING, true},     {"title", JSON_STRING, false},          {"recipe", JSON_STRING, true},
    {"trials", JSON_INTEGER, false}, {"not_comparable", JSON_STRING, false}, {"options", JSON_OBJECT, false},
    {"images", JSON_INTEGER, false}, {"scales", JSON_OBJECT, false}};
static const struct pd_json_member row_members[] = {
    {"name", JSON_STRING, true},     {"title", JSON_STRING, false},    {"of", JSON_STRING, false},
    {"against", JSON_STRING, false}, {"strategy", JSON_STRING, false}, {"like", JSON_STRING, false},
    {"better", JSON_TRUE, false},    {"trials", JSON_INTEGER, false},  {"options", JSON_OBJECT, false},
    {"measure", JSON_OBJECT, false}};

#define MEMBERS(table) (table), sizeof(table) / sizeof((table)[0])

const char *const pd_protocol_bys[] = {
    [PD_BY_NOTHING] = "", [PD_BY_EPOCH] = "epoch", [PD_BY_LABELS] = "labels"};

/* What the program decides for every run: a study that came from elsewhere names no folders. */
static const char *const decided[] = {"out",      "seed",    "threads", "data_dir",   "cache_dir", "trials",
                                      "metadata", "weights", "resume",  "label_file", "generator"};

/* What `eval` may be told of a measurement. */
struct measure {
    char reject[32], classifier[32], like[32];
    bool augment, partial_batch, batch_statistics;
    int64_t fixed, epochs, epoch_images, decay_every, repeats, count;
    double p;
};
#define OPTIONS(TEXT, FLAG, INT, REAL)                                                                       \
    TEXT(like, "", "NAME", "")                                                                               \
    TEXT(reject, "", "NAME", "")                                                                             \
    TEXT(classifier, "lenet", "NAME", "")                                                                    \
    FLAG(augment, false, "")                                                                                 \
    FLAG(partial_batch, false, "")                                                                           \
    FLAG(batch_statistics, false, "")                                                                        \
    INT(fixed, 0, 0, 1000000, "N", "")                                                                       \
    INT(epochs, 40, 1, 10000, "N", "")                                                                       \
    INT(epoch_images, 10000, 128, 100000000, "N", "")                                                        \
    INT(decay_every, 0, 0, 10000, "N", "")                                                                   \
    INT(repeats, 1, 1, 1000, "N", "")                                                                        \
    INT(count, 10000, 2, 10000000, "N", "")                                                                  \
    REAL(p, 0.5, 0, 1, "X", "")
#define OPTIONS_OF struct measure
static const struct pd_option measure_table[] = {
    OPTIONS(PD_TEXT_LINE, PD_FLAG_LINE, PD_INT_LINE, PD_REAL_LINE)};
#undef OPTIONS_OF

/* --- names --- */

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const size_t n = strlen(name);
    return n > 0 && n <= NAME_MOST && strspn(name, letters) == n && name[0] != '.';
}

static enum pd_status check_name(const char *where, const char *name, struct pd_error *err)
{
    return is_name(name) ? PD_OK
                         : pd_fail(err, PD_ERR_FORMAT, -1,
                                   "%s: name '%.60s': expected 1 to %d letters, digits, - and _", where, name,
                                   NAME_MOST);
}

/* --- options --- */

static enum pd_status check_decided(const char *where, const json_t *options, struct pd_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)options, key, value)
    {
        for (size_t i = 0; i < sizeof decided / sizeof decided[0]; i++)
            if (pd_option_is(decided[i], key))
                return pd_fail(err, PD_ERR_FORMAT, -1,
                               "%s: option '%s': reproducing decides it, a study cannot", where, decided[i]);
    }
    return PD_OK;
}

static enum pd_status check_measure(const char *where, const json_t *measure, struct pd_error *err)
{
    struct measure m = {.p = 0};
    const struct pd_option_table table = {MEMBERS(measure_table), &m};
    enum pd_status status = PD_OK;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)measure, key, value)
    {
        if (!status)
            status = pd_option_take(&table, 1, where, key, value, err);
    }
    return status;
}

bool pd_protocol_measure(const struct pd_protocol_row *row, int i, const char **name, char *text, size_t size)
{
    struct measure m = {.p = 0};
    const struct pd_option_table table = {MEMBERS(measure_table), &m};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)row->measure, key, value)
    {
        if (i-- > 0)
            continue;
        const struct pd_option *option = pd_option_find(&table, key);
        if (!option || pd_option_take(&table, 1, "", key, value, NULL))
            return false;
        pd_option_text(option, &m, text, size);
        *name = option->name;
        return true;
    }
    return false;
}

/* --- parts --- */

static enum pd_status check_trials(const char *where, int64_t trials, struct pd_error *err)
{
    return trials >= 0 && trials <= MOST_TRIALS
               ? PD_OK
               : pd_fail(err, PD_ERR_FORMAT, -1, "%s: 'trials': expected 1 to %d", where, MOST_TRIALS);
}

static int row_at(const struct pd_protocol *p, const char *name)
{
    for (int i = 0; i < p->row_count; i++)
        if (!strcmp(p->rows[i].name, name))
            return i;
    return -1;
}

/* -1 where there is none of that name among the rows so far, with words. */
static enum pd_status find_row(const struct pd_protocol *p, const char *where, const char *key,
                               const char *name, int *row, struct pd_error *err)
{
    *row = row_at(p, name);
    return *row >= 0 ? PD_OK
                     : pd_fail(err, PD_ERR_FORMAT, -1, "%s: '%s': there is no row '%.60s' above it", where,
                               key, name);
}

static enum pd_status take_row(struct pd_protocol *p, const char *study, const json_t *object,
                               struct pd_error *err)
{
    struct pd_protocol_row *r = &p->rows[p->row_count];
    char where[WHERE];
    enum pd_status status = pd_json_check(study, object, MEMBERS(row_members), err);
    if (status)
        return status;
    *r = (struct pd_protocol_row){.name = pd_json_word(object, "name"),
                                  .title = pd_json_word(object, "title"),
                                  .of = p->row_count,
                                  .against = -1,
                                  .strategy = pd_json_word(object, "strategy"),
                                  .like = pd_json_word(object, "like"),
                                  .better = json_is_true(json_object_get(object, "better")),
                                  .trials = json_integer_value(json_object_get(object, "trials")),
                                  .options = json_object_get(object, "options"),
                                  .measure = json_object_get(object, "measure")};
    r->title = *r->title ? r->title : r->name;
    snprintf(where, sizeof where, "%.160s: row '%.60s'", study, r->name);
    status = check_name(study, r->name, err);
    if (!status && row_at(p, r->name) >= 0)
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: another has that name", where);
    if (!status)
        status = check_trials(where, r->trials, err);
    if (!status && *pd_json_word(object, "of"))
        status = find_row(p, where, "of", pd_json_word(object, "of"), &r->of, err);
    if (!status && r->of != p->row_count && (r->options || *r->like || p->rows[r->of].of != r->of))
        status = pd_fail(err, PD_ERR_FORMAT, -1,
                         "%s: 'of': expected a row with a run of its own, and no options beside it", where);
    if (!status && *pd_json_word(object, "against"))
        status = find_row(p, where, "against", pd_json_word(object, "against"), &r->against, err);
    if (!status)
        status = check_decided(where, r->options, err);
    if (!status)
        status = check_measure(where, r->measure, err);
    p->row_count += !status;
    return status;
}

static enum pd_status check_scales(const struct pd_protocol *p, const char *where, const json_t *scales,
                                   struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)scales, key, value)
    {
        if (!status && !json_object_get(p->scales, key))
            status =
                pd_fail(err, PD_ERR_FORMAT, -1, "%s: 'scales': the study has no scale '%.60s'", where, key);
        if (!status && !json_is_object(value))
            status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: scale '%.60s': expected an object", where, key);
        if (!status)
            status = check_decided(where, value, err);
    }
    return status;
}

static enum pd_status take_column(struct pd_protocol *p, const char *study, const json_t *object,
                                  struct pd_error *err)
{
    struct pd_protocol_column *c = &p->columns[p->column_count];
    char where[WHERE];
    enum pd_status status = pd_json_check(study, object, MEMBERS(column_members), err);
    if (status)
        return status;
    *c = (struct pd_protocol_column){.name = pd_json_word(object, "name"),
                                     .title = pd_json_word(object, "title"),
                                     .recipe = pd_json_word(object, "recipe"),
                                     .not_comparable = pd_json_word(object, "not_comparable"),
                                     .images = json_integer_value(json_object_get(object, "images")),
                                     .trials = json_integer_value(json_object_get(object, "trials")),
                                     .options = json_object_get(object, "options"),
                                     .scales = json_object_get(object, "scales")};
    c->title = *c->title ? c->title : c->name;
    snprintf(where, sizeof where, "%.160s: column '%.60s'", study, c->name);
    status = check_name(study, c->name, err);
    for (int i = 0; !status && i < p->column_count; i++)
        if (!strcmp(p->columns[i].name, c->name))
            status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: another has that name", where);
    if (!status)
        status = check_trials(where, c->trials, err);
    if (!status && pd_is_device_path(c->recipe)) /* which may wait for ever */
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: 'recipe': '%.60s': expected a recipe's name or file",
                         where, c->recipe);
    if (!status)
        status = check_decided(where, c->options, err);
    if (!status)
        status = check_scales(p, where, c->scales, err);
    p->column_count += !status;
    return status;
}

static const char *const log_numbers[] = {"mean_d", "d_adv", "d_cls_real", "d_cls_fake", "g_adv", "g_cls"};

static enum pd_status take_metric(struct pd_protocol *p, const char *where, const json_t *name,
                                  struct pd_error *err)
{
    struct pd_protocol_metric *m = &p->metrics[p->metric_count];
    if (!json_is_string(name))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: 'metrics': expected texts", where);
    m->name = json_string_value(name);
    for (int i = 0; i < p->metric_count; i++)
        if (!strcmp(p->metrics[i].name, m->name))
            return pd_fail(err, PD_ERR_FORMAT, -1, "%s: 'metrics': '%.60s' is there twice", where, m->name);
    if (p->by == PD_BY_EPOCH && pd_word_at(m->name, MEMBERS(log_numbers), sizeof log_numbers[0]) >= 0)
        m->metric = NULL;
    else if (!(m->metric = pd_metric_find(m->name, err))) {
        const struct pd_error why = *err;
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: %.300s", where, why.message);
    }
    p->metric_count++;
    return PD_OK;
}

/* --- whole --- */

static enum pd_status check_study_scales(const struct pd_protocol *p, const char *where, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const char *key;
    json_t *value;
    if (!json_object_size(p->scales))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: 'scales': expected at least one", where);
    json_object_foreach((json_t *)(uintptr_t)p->scales, key, value)
    {
        if (!status)
            status = check_name(where, key, err);
        if (!status)
            status = pd_json_check(where, value, MEMBERS(scale_members), err);
        if (!status)
            status = check_decided(where, json_object_get(value, "options"), err);
    }
    return status;
}

/* {"row": {"column": [mean, deviation]}} */
static enum pd_status check_published(const struct pd_protocol *p, const char *where, struct pd_error *err)
{
    const char *row, *column;
    json_t *values, *pair;
    json_object_foreach((json_t *)(uintptr_t)p->published, row, values)
    {
        if (row_at(p, row) < 0 || !json_is_object(values))
            return pd_fail(err, PD_ERR_FORMAT, -1, "%s: 'published': '%.60s' is no row with an object", where,
                           row);
        json_object_foreach(values, column, pair)
        {
            bool known = false;
            for (int i = 0; i < p->column_count; i++)
                known = known || !strcmp(p->columns[i].name, column);
            const json_t *deviation = json_array_get(pair, 1);
            if (!known || json_array_size(pair) < 1 || json_array_size(pair) > 2 ||
                !json_is_number(json_array_get(pair, 0)) ||
                (deviation && (!json_is_number(deviation) || json_number_value(deviation) < 0)))
                return pd_fail(err, PD_ERR_FORMAT, -1,
                               "%s: 'published': '%.60s', '%.60s': expected a column and [mean, deviation], "
                               "the deviation 0 or more",
                               where, row, column);
        }
    }
    return PD_OK;
}

/* Which the program knows to make of a run. */
static enum pd_status check_pictures(const struct pd_protocol *p, const char *where, struct pd_error *err)
{
    static const char *const known[] = {"terms", "sheet", "certainty", "plane", "samples", "generated"};
    enum pd_status status = pd_json_check_texts(where, "pictures", p->pictures, err);
    for (size_t i = 0; i < json_array_size(p->pictures) && !status; i++)
        if (pd_word_at(json_string_value(json_array_get(p->pictures, i)), MEMBERS(known), sizeof known[0]) <
            0)
            status = pd_fail(
                err, PD_ERR_FORMAT, -1,
                "%s: 'pictures': expected some of terms, sheet, certainty, plane, samples, generated", where);
    return status;
}

static enum pd_status take_numbers(struct pd_protocol *p, const char *where, struct pd_error *err)
{
    const char *by = pd_json_word(p->all, "by");
    const int at = pd_word_at(by, MEMBERS(pd_protocol_bys), sizeof by);
    p->trials = json_integer_value(json_object_get(p->all, "trials"));
    p->published_trials = json_integer_value(json_object_get(p->all, "published_trials"));
    if (at < 0)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: 'by' is '%.60s': expected epoch or labels", where, by);
    p->by = (enum pd_protocol_by)at;
    if (p->trials < 1 || p->trials > MOST_TRIALS || p->published_trials < 0 ||
        p->published_trials > MOST_TRIALS)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: trials: expected 1 to %d", where, MOST_TRIALS);
    return PD_OK;
}

static enum pd_status take_list(struct pd_protocol *p, const char *where, const char *key, int most,
                                enum pd_status (*take)(struct pd_protocol *p, const char *where,
                                                       const json_t *item, struct pd_error *err),
                                struct pd_error *err)
{
    const json_t *list = json_object_get(p->all, key);
    enum pd_status status = PD_OK;
    if (json_array_size(list) < 1 || json_array_size(list) > (size_t)most)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: '%s': expected 1 to %d", where, key, most);
    for (size_t i = 0; i < json_array_size(list) && !status; i++)
        status = take(p, where, json_array_get(list, i), err);
    return status;
}

static enum pd_status take_all(struct pd_protocol *p, const char *where, struct pd_error *err)
{
    enum pd_status status = pd_json_check(where, p->all, MEMBERS(study_members), err);
    if (status)
        return status;
    p->about = pd_json_word(p->all, "about");
    p->scales = json_object_get(p->all, "scales");
    p->published = json_object_get(p->all, "published");
    p->notes = json_object_get(p->all, "notes");
    p->missing = json_object_get(p->all, "missing");
    p->pictures = json_object_get(p->all, "pictures");
    status = take_numbers(p, where, err);
    if (!status)
        status = check_study_scales(p, where, err);
    if (!status)
        status = take_list(p, where, "metrics", PD_PROTOCOL_METRICS, take_metric, err);
    if (!status)
        status = take_list(p, where, "columns", PD_PROTOCOL_COLUMNS, take_column, err);
    if (!status)
        status = take_list(p, where, "rows", PD_PROTOCOL_ROWS, take_row, err);
    if (!status)
        status = check_published(p, where, err);
    if (!status)
        status = pd_json_check_texts(where, "notes", p->notes, err);
    if (!status)
        status = pd_json_check_texts(where, "missing", p->missing, err);
    return status ? status : check_pictures(p, where, err);
}

static void name_it(struct pd_protocol *p, const char *name)
{
    const char *base = pd_path_name(name);
    const size_t n = strlen(base);
    const bool file = n > 5 && !strcmp(base + n - 5, ".json");
    char word[sizeof p->name];
    snprintf(word, sizeof word, "%.*s", file ? (int)n - 5 : (int)n, base);
    if (is_name(word))
        memcpy(p->name, word, sizeof word);
    else
        pd_path_word(p->name, NAME_MOST, word);
}

enum pd_status pd_protocol_parse(const char *name, const char *text, size_t size, struct pd_protocol *out,
                                 struct pd_error *err)
{
    char where[WHERE];
    struct pd_error own;
    *out = (struct pd_protocol){.all = NULL};
    name_it(out, name);
    snprintf(where, sizeof where, "study %.200s", name);
    const enum pd_status status = pd_json_object(text, size, where, &out->all, err);
    return status ? status : take_all(out, where, err ? err : &own);
}

enum pd_status pd_protocol_bytes(const char *name, struct pd_buffer *out, struct pd_error *err)
{
    const struct pd_embedded of = {"study", "'paydirt reproduce' without a name", pd_study_files,
                                   pd_study_file_count};
    return pd_embedded_bytes(&of, name, out, err);
}

enum pd_status pd_protocol_read(const char *name, struct pd_protocol *out, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    *out = (struct pd_protocol){.all = NULL};
    enum pd_status status = pd_protocol_bytes(name, &text, err);
    if (!status)
        status = pd_protocol_parse(name, text.data, text.size, out, err);
    pd_buffer_release(&text);
    return status;
}

void pd_protocol_release(struct pd_protocol *p)
{
    json_decref(p->all);
    *p = (struct pd_protocol){.all = NULL};
}

bool pd_protocol_published(const struct pd_protocol *p, int row, int column, double *mean, double *deviation)
{
    const json_t *pair =
        json_object_get(json_object_get(p->published, p->rows[row].name), p->columns[column].name);
    const json_t *second = json_array_get(pair, 1);
    *mean = pair ? json_number_value(json_array_get(pair, 0)) : NAN;
    *deviation = second ? json_number_value(second) : NAN;
    return pair;
}
