/* Results of one measure that were not measured alike: on other data, by another classifier, of other sets.
 */
#include "study/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 512, VALUE = 120 };

/* Keys of a result's line. Without one that is given where it was asked for, nobody asked; without another
 * the line does not say. */
static const struct {
    const char *name;
    bool given;
} keys[] = {{"data", false},
            {"split", false},
            {"test_images", false},
            {"classifier", false},
            {"epochs", false},
            {"augment", false},
            {"epoch_images", false},
            {"decay_every", true},
            {"partial_batch", true},
            {"reject", true},
            {"keep", true},
            {"set", false},
            {"generated_images", false},
            {"weights", false},
            {"statistics", false}};

enum { KEYS = sizeof keys / sizeof keys[0] };

struct pd_study_how {
    struct pd_study_how *next;
    double x;
    const char *value[KEYS]; /* or NULL */
};

static struct pd_study_how *find(struct pd_studies *s, struct pd_study_trial *trial, double x)
{
    struct pd_study_how **at = &trial->how;
    while (*at && (*at)->x != x)
        at = &(*at)->next;
    if (!*at)
        *at = pd_arena_alloc(&s->arena, sizeof **at);
    if (*at)
        (*at)->x = x;
    return *at;
}

/* How many images statistics were taken over follows from the run; whether they were is the measurement's. */
static char *value_of(struct pd_studies *s, const char *key, const json_t *value)
{
    if (!strcmp(key, "statistics"))
        return pd_arena_strdup(&s->arena, json_integer_value(value) ? "of training images" : "running");
    if (json_is_string(value))
        return pd_arena_strdup(&s->arena, json_string_value(value));
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
    char *copy = text ? pd_arena_strdup(&s->arena, text) : NULL;
    free(text);
    return copy;
}

bool pd_study_note_how(struct pd_studies *s, struct pd_study_trial *trial, double x, const json_t *record)
{
    struct pd_study_how *how = find(s, trial, x);
    if (!how)
        return false;
    for (int i = 0; i < KEYS; i++) {
        const json_t *value = json_object_get(record, keys[i].name);
        how->value[i] = value ? value_of(s, keys[i].name, value) : keys[i].given ? "not given" : NULL;
        if (value && !how->value[i])
            return false;
    }
    return true;
}

/* Two values of a key. */
struct pair {
    const char *one, *other;
};

static void look(const struct pd_study_how *how, int key, struct pair *p)
{
    for (; how && !p->other; how = how->next)
        if (!p->one)
            p->one = how->value[key];
        else if (how->value[key] && strcmp(p->one, how->value[key]) != 0)
            p->other = how->value[key];
}

bool pd_study_tell_how(struct pd_studies *s, struct pd_study *study)
{
    char words[WORDS] = "";
    size_t used = s->unlike ? (size_t)snprintf(words, WORDS, "%s", s->unlike) : 0;
    for (int i = 0; i < KEYS; i++) {
        struct pair p = {NULL, NULL};
        for (const struct pd_study_curve *c = study->curves; c; c = c->next)
            for (const struct pd_study_trial *t = c->trials; t; t = t->next)
                look(t->how, i, &p);
        if (p.other && used < WORDS)
            used += (size_t)snprintf(words + used, WORDS - used, "%s%s %.*s and %.*s", used ? ", " : "",
                                     keys[i].name, VALUE, p.one, VALUE, p.other);
    }
    study->unlike = *words ? pd_arena_strdup(&s->arena, words) : NULL;
    return !*words || study->unlike;
}
