#include "metric/metric.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/words.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PD_METRIC(id, ...)                                                                                   \
    enum pd_status pd_metric_##id(const struct pd_metric_input *, struct pd_metric_result *,                 \
                                  struct pd_error *);
#include "metric/metrics.def"
#undef PD_METRIC

static const struct pd_metric table[] = {
#define PD_METRIC(id, ...) {__VA_ARGS__, pd_metric_##id},
#include "metric/metrics.def"
#undef PD_METRIC
};
enum { COUNT = sizeof table / sizeof table[0] };
_Static_assert(COUNT <= sizeof((struct pd_metric_list *)0)->at / sizeof(void *), "a list holds all");

const struct pd_metric *pd_metric_at(int index)
{
    return index >= 0 && index < COUNT ? &table[index] : NULL;
}

const struct pd_metric *pd_metric_find(const char *name, struct pd_error *err)
{
    const int at = pd_find_word("metric", name, &table[0].name, COUNT, sizeof table[0], err);
    return at < 0 ? NULL : &table[at];
}

bool pd_metric_list_has(const struct pd_metric_list *list, const char *name)
{
    for (int i = 0; i < list->count; i++)
        if (!strcmp(list->at[i]->name, name))
            return true;
    return false;
}

enum pd_status pd_metric_list_read(const char *names, struct pd_metric_list *out, struct pd_error *err)
{
    *out = (struct pd_metric_list){.count = 0};
    for (const char *at = names; at;) {
        char name[64];
        const size_t n = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, at);
        const struct pd_metric *metric = pd_metric_find(name, err);
        if (!metric)
            return PD_ERR_USAGE;
        if (!pd_metric_list_has(out, name))
            out->at[out->count++] = metric; /* at most all that there are */
        out->needs |= metric->needs;
        at = at[n] ? at + n + 1 : NULL;
    }
    return PD_OK;
}

static json_t *pack_number(const struct pd_metric_number *n)
{
    return n->whole ? json_integer((json_int_t)n->value) : json_real(n->value);
}

struct json_t *pd_metric_pack(const struct pd_metric *metric, const struct pd_metric_result *result)
{
    json_t *line = json_object();
    bool whole = line && !json_object_set_new(line, "metric", json_string(metric->name));
    for (int i = 0; i < result->count && whole; i++)
        if (isfinite(result->numbers[i].value))
            whole = !json_object_set_new(line, result->numbers[i].key, pack_number(&result->numbers[i]));
    if (whole && result->note[0])
        whole = !json_object_set_new(line, "note", json_string(result->note));
    if (!whole) {
        json_decref(line);
        line = NULL;
    }
    return line;
}

char *pd_metric_text(const struct pd_metric *metric, double value, char *text, size_t size)
{
    snprintf(text, size, metric->scale == 1 ? "%s %.4g%s" : "%s %.2f%s", metric->name, metric->scale * value,
             metric->unit);
    for (char *dash = text; (dash = strchr(dash, '-')) && dash < text + strlen(metric->name);)
        *dash = ' ';
    return text;
}

static void put(struct pd_metric_result *out, const char *key, double value, bool whole)
{
    if (out->count == PD_METRIC_NUMBERS)
        BUG("no room for the number %s", key);
    out->numbers[out->count++] = (struct pd_metric_number){key, value, whole};
}

void pd_metric_add(struct pd_metric_result *out, const char *key, double value)
{
    put(out, key, value, false);
}

void pd_metric_add_count(struct pd_metric_result *out, const char *key, int64_t count)
{
    put(out, key, (double)count, true);
}

void pd_metric_set(struct pd_metric_result *result, const char *key, double value)
{
    int i = 0;
    while (i < result->count && strcmp(result->numbers[i].key, key) != 0)
        i++;
    if (i == PD_METRIC_NUMBERS)
        return;
    result->numbers[i] = (struct pd_metric_number){key, value, false};
    result->count += i == result->count;
}

double pd_metric_number(const struct pd_metric_result *result, const char *key)
{
    for (int i = 0; i < result->count; i++)
        if (!strcmp(result->numbers[i].key, key))
            return result->numbers[i].value;
    return NAN;
}

void pd_metric_features_release(struct pd_metric_features *f)
{
    pd_feature_file_release(&f->real);
    pd_feature_file_release(&f->fake);
    pd_free(f->logits);
    *f = (struct pd_metric_features){.k = 0};
}

int64_t pd_metric_image_size(const struct pd_metric_input *in)
{
    return (int64_t)in->channels * (in->size ? (int64_t)in->size * in->size : 1);
}
