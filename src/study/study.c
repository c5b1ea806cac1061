#include "study/study.h"

#include "base/mem.h"
#include "base/sort.h"
#include "base/words.h"

#include <math.h>
#include <string.h>

/* --- building --- */

struct pd_study *pd_study_find(struct pd_studies *s, const char *measure, const char *x)
{
    struct pd_study **at = &s->first;
    while (*at && (strcmp((*at)->measure, measure) != 0 || strcmp((*at)->x, x) != 0))
        at = &(*at)->next;
    if (*at)
        return *at;
    struct pd_study *study = pd_arena_alloc(&s->arena, sizeof *study);
    if (!study)
        return NULL;
    study->measure = pd_arena_strdup(&s->arena, measure);
    study->x = pd_arena_strdup(&s->arena, x);
    if (!study->measure || !study->x)
        return NULL;
    return *at = study;
}

static bool same_run(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

struct pd_study_curve *pd_study_find_curve(struct pd_studies *s, struct pd_study *study, const char *run,
                                           const char *name)
{
    struct pd_study_curve **at = &study->curves;
    while (*at && (strcmp((*at)->name, name) != 0 || !same_run((*at)->run, run)))
        at = &(*at)->next;
    if (*at)
        return *at;
    struct pd_study_curve *curve = pd_arena_alloc(&s->arena, sizeof *curve);
    if (!curve)
        return NULL;
    curve->run = run ? pd_arena_strdup(&s->arena, run) : NULL;
    curve->name = curve->label = pd_arena_strdup(&s->arena, name);
    if (!curve->name || (run && !curve->run))
        return NULL;
    return *at = curve;
}

struct pd_study_trial *pd_study_find_trial(struct pd_studies *s, struct pd_study_curve *curve, int64_t seed)
{
    struct pd_study_trial **at = &curve->trials;
    while (*at && (*at)->seed != seed)
        at = &(*at)->next;
    if (*at)
        return *at;
    struct pd_study_trial *trial = pd_arena_alloc(&s->arena, sizeof *trial);
    if (!trial)
        return NULL;
    trial->seed = seed;
    trial->best = NAN;
    curve->count++;
    return *at = trial;
}

static bool grow(struct pd_studies *s, struct pd_study_trial *t)
{
    const int64_t capacity = t->capacity ? 2 * t->capacity : 8;
    double *x = pd_arena_alloc(&s->arena, 2 * (size_t)capacity * sizeof *x);
    if (!x)
        return false;
    for (int64_t i = 0; i < t->n; i++) {
        x[i] = t->x[i];
        x[capacity + i] = t->y[i];
    }
    t->x = x;
    t->y = x + capacity;
    t->capacity = capacity;
    return true;
}

bool pd_study_put(struct pd_studies *s, struct pd_study_trial *t, double x, double y)
{
    int64_t i = t->n;
    while (i > 0 && t->x[i - 1] >= x)
        i--;
    if (i < t->n && t->x[i] == x) {
        t->y[i] = y;
        return true;
    }
    if (t->n == t->capacity && !grow(s, t))
        return false;
    for (int64_t k = t->n++; k > i; k--) {
        t->x[k] = t->x[k - 1];
        t->y[k] = t->y[k - 1];
    }
    t->x[i] = x;
    t->y[i] = y;
    return true;
}

bool pd_study_describe(struct pd_studies *s, struct pd_study *study, const char *data, int64_t classes)
{
    if (classes > 0)
        study->classes = study->classes && study->classes != classes ? -1 : classes;
    if (data && study->data && strcmp(study->data, data) != 0)
        study->data = "";
    else if (data && !study->data)
        study->data = pd_arena_strdup(&s->arena, data);
    return !data || study->data;
}

void pd_studies_destroy(struct pd_studies *s)
{
    if (s)
        pd_arena_release(&s->arena);
    pd_free(s);
}

const struct pd_study *pd_studies_first(const struct pd_studies *s)
{
    return s->first;
}

enum pd_status pd_studies_check_baseline(const struct pd_studies *studies, const char *name,
                                         struct pd_error *err)
{
    const char *names[64];
    size_t count = 0;
    for (const struct pd_study *s = studies->first; s; s = s->next)
        for (const struct pd_study_curve *c = s->curves; c; c = c->next) {
            if (!strcmp(c->name, name) || !strcmp(c->label, name))
                return PD_OK;
            if (s == studies->first && count < sizeof names / sizeof names[0])
                names[count++] = c->label;
        }
    return pd_unknown_word(err, "baseline", name, names, count, sizeof names[0]);
}

/* --- results --- */

/* Where the trial has a point at x, else -1. */
static int64_t point_at(const struct pd_study_trial *t, double x)
{
    for (int64_t i = 0; i < t->n; i++)
        if (t->x[i] == x)
            return i;
    return -1;
}

/* A trial's value for a row; false where it has none. */
static bool value_of(const struct pd_study_trial *t, const struct pd_study_row *row, double *value)
{
    const bool best = row->figure == PD_STUDY_LAST && !isnan(t->best);
    const int64_t last = point_at(t, best ? t->best : row->x), first = point_at(t, row->x0);
    if (last < 0 || (row->figure == PD_STUDY_AREA && first < 0))
        return false;
    *value = row->figure == PD_STUDY_AREA ? pd_mean_height(last - first + 1, t->x + first, t->y + first)
                                          : t->y[last];
    return true;
}

const struct pd_study_trial *pd_study_partner(const struct pd_study_curve *curve, int64_t seed)
{
    const struct pd_study_trial *t = curve ? curve->trials : NULL;
    while (t && t->seed != seed)
        t = t->next;
    return t;
}

/* values, differences: (count of the curve) */
static void summarise(struct pd_study_row *row, double *values, double *differences)
{
    int64_t n = 0, pairs = 0;
    for (const struct pd_study_trial *t = row->curve->trials; t; t = t->next) {
        const struct pd_study_trial *other = pd_study_partner(row->baseline, t->seed);
        double theirs;
        if (!value_of(t, row, &values[n]))
            continue;
        if (other && value_of(other, row, &theirs))
            differences[pairs++] = values[n] - theirs;
        n++;
    }
    row->summary = pd_summarise(n, values);
    row->paired = pd_compare_paired(pairs, differences, 1);
}

const struct pd_study_curve *pd_study_baseline(const struct pd_study *study,
                                               const struct pd_study_curve *curve, const char *name)
{
    const struct pd_study_curve *found = NULL, *called = NULL;
    for (const struct pd_study_curve *c = study->curves; c; c = c->next) {
        if (!strcmp(c->name, name) && (!found || (same_run(c->run, curve->run) && c->run)))
            found = c;
        if (!called && !strcmp(c->label, name))
            called = c;
    }
    found = found ? found : called; /* a label may be people's own words, or another curve's name */
    return found == curve ? NULL : found;
}

double pd_study_chance(const struct pd_paired *p)
{
    return isnan(p->p_t) ? p->p_flip : p->p_t;
}

bool pd_study_shows(const struct pd_paired *p)
{
    return p->difference.n >= 2 && pd_study_chance(p) < 0.05;
}

/* The x of all trials, each once, rising; returns how many. xs: as many as there are points. */
static int64_t collect_x(const struct pd_study_curve *c, double *xs)
{
    int64_t n = 0, kept = 0;
    for (const struct pd_study_trial *t = c->trials; t; t = t->next)
        for (int64_t i = 0; i < t->n; i++)
            xs[n++] = t->x[i];
    pd_sort(n, xs);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || xs[i] != xs[i - 1])
            xs[kept++] = xs[i];
    return kept;
}

static bool has_best(const struct pd_study_curve *c)
{
    for (const struct pd_study_trial *t = c->trials; t; t = t->next)
        if (!isnan(t->best))
            return true;
    return false;
}

typedef enum pd_status take_row(void *context, const struct pd_study_row *row, struct pd_error *err);

static enum pd_status curve_rows(const struct pd_study *study, struct pd_study_row row, double *xs,
                                 double *values, take_row *take, void *context, struct pd_error *err)
{
    const int64_t n = collect_x(row.curve, xs);
    enum pd_status status = PD_OK;
    if (n == 0) /* no trial has a result yet */
        return PD_OK;
    row.x0 = xs[0];
    for (int64_t i = 0; !status && i < n + 2; i++) {
        row.figure = i < n ? PD_STUDY_POINT : i == n ? PD_STUDY_LAST : PD_STUDY_AREA;
        row.x = xs[i < n ? i : n - 1];
        if (row.figure == PD_STUDY_AREA && (!study->area || n < 2))
            continue;
        row.best = row.figure == PD_STUDY_LAST && has_best(row.curve);
        summarise(&row, values, values + row.curve->count);
        row.saved = PD_SAVED_NONE;
        if (row.figure == PD_STUDY_AREA && row.baseline && study->fraction &&
            !pd_study_saved(row.curve, row.baseline, n, xs, &row.saved))
            return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the curves of '%s'", row.curve->label);
        status = take(context, &row, err);
    }
    return status;
}

enum pd_status pd_study_rows(const struct pd_study *study, const char *baseline, take_row *take,
                             void *context, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (const struct pd_study_curve *c = study->curves; !status && c; c = c->next) {
        const struct pd_study_row row = {.curve = c, .baseline = pd_study_baseline(study, c, baseline)};
        size_t points = 0;
        for (const struct pd_study_trial *t = c->trials; t; t = t->next)
            points += (size_t)t->n;
        double *xs = pd_calloc(points + 2 * (size_t)c->count, sizeof *xs);
        if (!xs)
            return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu results", points);
        status = curve_rows(study, row, xs, xs + points, take, context, err);
        pd_free(xs);
    }
    return status;
}
