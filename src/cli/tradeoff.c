#include "cli/tradeoff.h"

#include <paydirt/libraries.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what was asked for --- */

static int falling(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static enum pd_status read_parts(struct tradeoff *t, const char *list, struct pd_error *err)
{
    char text[64], *end;
    for (t->n_parts = 0; list; t->n_parts++) {
        args_next_name(&list, text, sizeof text);
        const double part = strtod(text, &end);
        if (end == text || *end || !(part > 0 && part <= 1))
            return pd_fail(err, PD_ERR_USAGE, -1,
                           "--tradeoff '%s': expected parts above 0 up to 1 with commas between", text);
        if (t->n_parts == TRADEOFF_PARTS)
            return pd_fail(err, PD_ERR_USAGE, -1, "--tradeoff takes %d parts at most", TRADEOFF_PARTS);
        t->parts[t->n_parts] = part;
    }
    qsort(t->parts, (size_t)t->n_parts, sizeof t->parts[0], falling);
    return PD_OK;
}

static enum pd_status read_ways(struct tradeoff *t, const struct reject_options *asked,
                                const struct args_command *command, const struct args *args,
                                struct pd_error *err)
{
    enum pd_status status = PD_OK;
    t->n_ways = 0;
    for (const char *list = asked->reject; list && !status; t->n_ways++) {
        if (t->n_ways == TRADEOFF_WAYS)
            return pd_fail(err, PD_ERR_USAGE, -1, "--tradeoff takes %d ways to reject at most",
                           TRADEOFF_WAYS);
        struct reject_options *way = &t->ways[t->n_ways];
        *way = *asked;
        args_next_name(&list, way->reject, sizeof way->reject);
        if (!way->reject[0]) /* which reject_check takes for "not asked for" */
            return pd_fail(err, PD_ERR_USAGE, -1, "--reject '%s': a name is empty", asked->reject);
        status = reject_check(way, command, args, err);
        if (!status && !way->method->takes_keep)
            status =
                pd_fail(err, PD_ERR_USAGE, -1,
                        "--tradeoff is not for %s, which cannot be told how much to keep", way->method->name);
    }
    return status;
}

enum pd_status tradeoff_check(struct tradeoff *t, const struct eval *e, const struct reject_options *asked,
                              const struct args_command *command, const struct args *args,
                              struct pd_error *err)
{
    if (!asked->reject[0])
        return pd_fail(err, PD_ERR_USAGE, -1, "--tradeoff needs --reject NAME,NAME,...");
    if (args_is_given(command, args, "p") || args_is_given(command, args, "keep"))
        return pd_fail(err, PD_ERR_USAGE, -1, "--tradeoff says how much is kept: without -p and --keep");
    if (e->o->samples[0])
        return pd_fail(err, PD_ERR_USAGE, -1, "--samples is a set of its own: without --tradeoff");
    for (int i = 0; i < e->metrics.count; i++)
        if (!(e->metrics.at[i]->needs & (PD_NEEDS_SAMPLES | PD_NEEDS_ANY_FEATURES)))
            return pd_fail(err, PD_ERR_USAGE, -1, "--tradeoff: %s does not look at samples",
                           e->metrics.at[i]->name);
    enum pd_status status = read_parts(t, e->o->tradeoff, err);
    return status ? status : read_ways(t, asked, command, args, err);
}

/* --- measuring --- */

/* One way, as one metric sees it. */
struct curve {
    double rate[TRADEOFF_PARTS], value[TRADEOFF_PARTS], error[TRADEOFF_PARTS];
    int64_t n;
};

static struct curve *curve_of(const struct eval *e, struct curve *curves, int way, int metric)
{
    return &curves[way * e->metrics.count + metric];
}

static void add_point(struct curve *c, double rate, double value, double error)
{
    c->rate[c->n] = rate;
    c->value[c->n] = value;
    c->error[c->n++] = error;
}

static enum pd_status draw(const struct eval *e, const struct tradeoff *t, struct curve *curves, int metric,
                           struct pd_error *err)
{
    const struct pd_metric *m = e->metrics.at[metric];
    struct pd_tradeoff drawn[TRADEOFF_WAYS];
    char path[1300], title[1400], note[128], seeds[64] = "";
    for (int w = 0; w < t->n_ways; w++) {
        const struct curve *c = curve_of(e, curves, w, metric);
        drawn[w] = (struct pd_tradeoff){t->ways[w].method->name, c->n, c->rate, c->value, c->error};
    }
    snprintf(path, sizeof path, "%s/tradeoff-%s.png", e->folder, m->name);
    snprintf(title, sizeof title, "%s of %s", m->name, e->folder);
    if (e->o->repeats > 1)
        snprintf(seeds, sizeof seeds, ", mean and standard error over %lld seeds", (long long)e->o->repeats);
    snprintf(note, sizeof note, "sets of %lld samples%s; %s is better", (long long)e->set.samples->count,
             seeds, m->better == PD_HIGHER_IS_BETTER ? "higher" : "lower");
    return pd_tradeoff_draw(path, m, drawn, t->n_ways, title, note, err);
}

/* Where all is kept, every way keeps the same: it is measured once. */
static bool is_known(const struct tradeoff *t, int way, int part)
{
    return way > 0 && t->parts[part] == 1;
}

static enum pd_status measure(struct eval *e, const struct tradeoff *t, int way, int part,
                              struct curve *curves, struct pd_error *err)
{
    struct reject_options o = t->ways[way];
    enum pd_status status = PD_OK;
    o.keep = t->parts[part];
    if (!is_known(t, way, part))
        status = eval_measure_set(e, &o, err);
    for (int m = 0; m < e->metrics.count && !status; m++) {
        const struct curve *first = curve_of(e, curves, 0, m);
        const struct finding *f = &e->found[m];
        if (is_known(t, way, part))
            add_point(curve_of(e, curves, way, m), first->rate[part], first->value[part], first->error[part]);
        else
            add_point(curve_of(e, curves, way, m), f->rate, f->result.value, f->result.error);
        if (!pd_library_need("cairo", NULL))
            status = draw(e, t, curves, m, err);
    }
    return status;
}

enum pd_status tradeoff_measure(struct eval *e, const struct tradeoff *t, struct pd_error *err)
{
    struct curve *curves = calloc((size_t)t->n_ways * (size_t)e->metrics.count, sizeof *curves);
    enum pd_status status = curves ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a trade-off");
    for (int w = 0; w < t->n_ways; w++)
        for (int p = 0; p < t->n_parts && !status; p++)
            status = measure(e, t, w, p, curves, err);
    free(curves);
    return status;
}
