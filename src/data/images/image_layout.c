#include "data/images/image_layout.h"

#include "base/mem.h"
#include "data/labels/image_name.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum role { NO_ROLE, TRAINING, TEST, VALIDATION, EVALUATION, UNLABELLED, ROLES };

/* A subfolder that holds images. */
struct group {
    struct pd_image_level level;
    const char *name;
    size_t size;
    bool direct, nested;      /* images lie in it; in folders in it */
    enum role role, called;   /* called: whatever else the name says and lies beside */
    char rest[PD_SPLIT_REST]; /* what is in the name beside the role's word: "seg" of "seg_train" */
};

/* What lies at a level. */
struct view {
    struct group *at;
    size_t count, direct; /* direct: images beside the subfolders */
    size_t of[ROLES];
    const struct group *train; /* the first of that role */
    size_t called_train, called_held_out;
    bool all_called;               /* every one as a split, for training and for other things */
    bool mixed;                    /* "train_cat", "train_dog", "test_cat": a split and a class in one name */
    bool given_here, given_inside; /* names of classes among the subfolders; within the training split */
    bool given_train;
};

struct work {
    const char *folder;
    const struct pd_image_file *files;
    const char (*classes)[PD_CLASS_NAME_SIZE];
    int class_count;
    enum pd_split split;
    struct pd_image_layout *out;
    struct pd_error *err;
};

/* --- words --- */

static void __attribute__((format(printf, 2, 3))) say(char text[PD_LAYOUT_WORDS], const char *format, ...)
{
    const size_t n = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, PD_LAYOUT_WORDS - n, format, args);
    va_end(args);
}

static void say_name(char text[PD_LAYOUT_WORDS], const struct group *g)
{
    char name[96];
    pd_image_name(name, sizeof name, g->name, g->size);
    say(text, "%s", name);
}

/* "a, b, c" of those groups; at most so many. */
static char *list(char text[PD_LAYOUT_WORDS], const struct view *v, bool (*is_meant)(const struct group *),
                  const char *comma)
{
    enum { MOST = 8 };
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < v->count; i++) {
        if (!is_meant(&v->at[i]) || n++ >= MOST)
            continue;
        say(text, "%s", n > 1 ? comma : "");
        say_name(text, &v->at[i]);
    }
    if (n > MOST)
        say(text, "%s...", comma);
    return text;
}

static bool is_other(const struct group *g)
{
    return g->role == NO_ROLE;
}
static bool is_training(const struct group *g)
{
    return g->role == TRAINING;
}
static bool is_test(const struct group *g)
{
    return g->role == TEST;
}
static bool is_validation(const struct group *g)
{
    return g->role == VALIDATION;
}
static bool is_called(const struct group *g)
{
    return g->called != NO_ROLE && g->called != UNLABELLED;
}
static bool is_not_called(const struct group *g)
{
    return g->called == NO_ROLE;
}
static bool is_any(const struct group *g)
{
    return g->role != UNLABELLED;
}

/* --- what names say --- */

static bool is_word(const char *word, size_t size, const char *words)
{
    for (const char *at = words; *at; at += strspn(at, " ")) {
        const size_t n = strcspn(at, " ");
        if (n == size && !strncasecmp(at, word, n))
            return true;
        at += n;
    }
    return false;
}

/* "train2017" and "test1" say as much as without the number. */
static enum role role_of_word(const char *word, size_t size)
{
    static const char *const words[ROLES] = {
        [TRAINING] = "train training trainset trainingset traindata trn",
        [TEST] = "test testing tests testset testingset testdata tst",
        [VALIDATION] = "val valid validation validate validationset valset dev devset holdout",
        [EVALUATION] = "eval evaluation",
        [UNLABELLED] = "unlabelled unlabeled",
    };
    while (size && isdigit((unsigned char)word[size - 1]))
        size--;
    for (int role = TRAINING; role < ROLES; role++)
        if (is_word(word, size, words[role]))
            return (enum role)role;
    return NO_ROLE;
}

bool pd_image_is_unlabelled(const char *name, size_t size)
{
    return role_of_word(name, size) == UNLABELLED;
}

bool pd_image_is_training(const char *name, size_t size)
{
    return role_of_word(name, size) == TRAINING;
}

bool pd_image_is_test(const char *name, size_t size)
{
    return role_of_word(name, size) == TEST;
}

bool pd_image_is_validation(const char *name, size_t size)
{
    return role_of_word(name, size) == VALIDATION;
}

bool pd_image_is_evaluation(const char *name, size_t size)
{
    return role_of_word(name, size) == EVALUATION;
}

/* "train" of "train_a" and of "trainA". */
static size_t word_size(const char *text, size_t size)
{
    size_t n = 0;
    while (n < size && (isalnum((unsigned char)text[n]) || (unsigned char)text[n] >= 0x80) &&
           !(n && islower((unsigned char)text[n - 1]) && isupper((unsigned char)text[n])))
        n++;
    return n;
}

static size_t gap_size(const char *text, size_t size)
{
    size_t n = 0;
    while (n < size && !word_size(text + n, size - n))
        n++;
    return n;
}

static void find_role(struct group *g)
{
    static const char without_meaning[] =
        "set data dataset images image imgs img split samples pictures photos";
    g->role = role_of_word(g->name, g->size);
    for (size_t at = 0, n; !g->role && at < g->size; at += n + gap_size(g->name + at + n, g->size - at - n)) {
        n = word_size(g->name + at, g->size - at);
        g->role = role_of_word(g->name + at, n);
        g->role = g->role == UNLABELLED ? NO_ROLE : g->role;
    }
    bool seen = false;
    for (size_t at = 0, n; g->role && at < g->size; at += n + gap_size(g->name + at + n, g->size - at - n)) {
        n = word_size(g->name + at, g->size - at);
        const bool role = !seen && role_of_word(g->name + at, n) == g->role;
        seen = seen || role;
        if (!role && !is_word(g->name + at, n, without_meaning))
            snprintf(g->rest + strlen(g->rest), sizeof g->rest - strlen(g->rest), "%.*s ", (int)n,
                     g->name + at);
    }
}

/* Also with words that say nothing more. */
static enum role role_alone(const char *name, size_t size)
{
    struct group g = {.name = name, .size = size};
    find_role(&g);
    return *g.rest ? NO_ROLE : g.role;
}

const char *pd_image_split_within(const char *name, size_t size, char rest[PD_SPLIT_REST])
{
    static const char *const folders[ROLES] = {
        [TRAINING] = "train", [TEST] = "test", [VALIDATION] = "val", [EVALUATION] = "eval"};
    struct group g = {.name = name, .size = size};
    size_t n = 0;
    find_role(&g);
    for (const char *at = g.rest; *at; at++)
        if (!isdigit((unsigned char)*at) && (*at != ' ' || (n && rest[n - 1] != ' ')))
            rest[n++] = *at;
    rest[n] = '\0';
    return folders[g.role];
}

bool pd_image_may_train(const char *name, size_t size)
{
    return role_alone(name, size) == TRAINING;
}

bool pd_image_may_test(const char *name, size_t size)
{
    const enum role role = role_alone(name, size);
    return role == TEST || role == VALIDATION || role == EVALUATION;
}

/* "train_station" says nothing beside "bus_station", but does beside "test_station". */
static bool has_partner(const struct view *v, const struct group *g)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->at[i].role && v->at[i].role != g->role && !strcasecmp(v->at[i].rest, g->rest))
            return true;
    return !g->rest[0];
}

/* Whether there are splits of two things, and both of one of them at least. */
static bool is_mixed(const struct view *v)
{
    const struct group *first = NULL;
    bool several = false, partner = false;
    for (size_t i = 0; i < v->count; i++) {
        const struct group *g = &v->at[i];
        if (!g->role || g->role == UNLABELLED || !g->rest[0])
            continue;
        first = first ? first : g;
        several = several || strcasecmp(g->rest, first->rest) != 0;
        partner = partner || has_partner(v, g);
    }
    return several && partner;
}

/* For testing where validation images lie beside and no test images, else as these. */
static void place_evaluation(struct view *v)
{
    const enum role as = v->of[VALIDATION] && !v->of[TEST] ? TEST : VALIDATION;
    for (size_t i = 0; i < v->count; i++)
        if (v->at[i].role == EVALUATION) {
            v->at[i].role = as;
            v->of[as]++;
        }
}

static void find_roles(struct view *v)
{
    size_t others = 0;
    for (size_t i = 0; i < v->count; i++) {
        struct group *g = &v->at[i];
        find_role(g);
        g->called = g->role;
        v->called_train += g->called == TRAINING;
        v->called_held_out += is_called(g) && g->called != TRAINING;
        others += is_not_called(g);
    }
    v->all_called = !others && v->called_train && v->called_held_out;
    v->mixed = is_mixed(v);
    for (size_t i = 0; i < v->count; i++)
        if (!v->train && v->at[i].role == TRAINING && has_partner(v, &v->at[i]))
            v->train = &v->at[i];
    for (size_t i = 0; i < v->count; i++) {
        struct group *g = &v->at[i];
        if (g->role != UNLABELLED && strcasecmp(g->rest, v->train ? v->train->rest : "") != 0)
            g->role = NO_ROLE;
        v->of[g->role]++;
    }
    place_evaluation(v);
}

/* --- what lies where --- */

static bool is_given(const struct work *w, const char *name, size_t size)
{
    char text[PD_CLASS_NAME_SIZE];
    if (pd_image_name(text, sizeof text, name, size) >= sizeof text)
        return false;
    for (int k = 0; k < w->class_count; k++)
        if (!strcmp(w->classes[k], text))
            return true;
    return false;
}

/* Whether a folder below a level has a given class's name. */
static bool is_any_given(const struct work *w, struct pd_image_level level)
{
    for (size_t i = level.begin; w->class_count && i < level.end; i++)
        for (const char *at = w->files[i].path + level.prefix, *slash; (slash = strchr(at, '/'));
             at = slash + 1)
            if (is_given(w, at, (size_t)(slash - at)))
                return true;
    return false;
}

/* The subfolders of a level; files of one are neighbours. at: (as many as there are), or NULL to count. */
static size_t group(const struct work *w, struct pd_image_level level, struct group *at, size_t *direct)
{
    const char *name = NULL;
    size_t size = 0, count = 0;
    *direct = 0;
    for (size_t i = level.begin; i < level.end; i++) {
        const char *own = w->files[i].path + level.prefix, *slash = strchr(own, '/');
        if (!slash) {
            ++*direct;
            continue;
        }
        if (!name || strncmp(own, name, size + 1) != 0) {
            name = own;
            size = (size_t)(slash - own);
            if (at)
                at[count] =
                    (struct group){.level = {i, i, level.prefix + size + 1}, .name = own, .size = size};
            count++;
        }
        if (at) {
            at[count - 1].level.end = i + 1;
            *(strchr(slash + 1, '/') ? &at[count - 1].nested : &at[count - 1].direct) = true;
        }
    }
    return count;
}

static enum pd_status look(const struct work *w, struct pd_image_level level, struct view *v)
{
    *v = (struct view){.count = group(w, level, NULL, &v->direct)};
    v->at = pd_calloc(v->count + 1, sizeof *v->at);
    if (!v->at)
        return pd_fail(w->err, PD_ERR_MEMORY, -1, "out of memory for the folders of '%.200s'", w->folder);
    group(w, level, v->at, &v->direct);
    find_roles(v);
    for (size_t i = 0; i < v->count; i++)
        v->given_here = v->given_here || is_given(w, v->at[i].name, v->at[i].size);
    if (v->train) {
        v->given_train = is_given(w, v->train->name, v->train->size);
        v->given_inside = is_any_given(w, v->train->level);
    }
    return PD_OK;
}

/* Whether there is nothing but one folder in which several are, or splits: an archive's own. No deeper
 * than a path, which image_walk bounds. */
// NOLINTNEXTLINE(misc-no-recursion)
static bool is_wrapper(const struct work *w, const struct view *v)
{
    const struct group *g = v->at;
    struct view inside;
    if (v->count != 1 || v->direct || !g->nested || g->direct || g->role == UNLABELLED ||
        (w->class_count && !is_any_given(w, g->level)) || look(w, g->level, &inside))
        return false;
    const bool is = inside.count > 1 || inside.train || is_wrapper(w, &inside);
    pd_free(inside.at);
    return is;
}

/* --- decisions --- */

enum reading {
    CLASSES,
    SPLITS,
    TEST_ALONE,
    DEEPER,
    NO_TRAINING,
    SEVERAL,
    EITHER,
    TEST_OR_CLASS,
    MIXED,
    APART
};

/* One called as the test split, of folders, beside others of folders: "test" beside "train_labeled". NULL:
 * none. */
static const struct group *nested_test(const struct view *v)
{
    const struct group *test = NULL, *other = NULL;
    for (size_t i = 0; i < v->count; i++) {
        const struct group *g = &v->at[i];
        if (g->nested && (g->role == TEST || g->role == VALIDATION))
            test = g;
        else if (g->nested && g->role == NO_ROLE)
            other = g;
    }
    return other ? test : NULL;
}

static enum role held_out_as(const struct view *v)
{
    return v->of[TEST] ? TEST : VALIDATION;
}

static enum reading choose(const struct work *w, const struct view *v)
{
    const size_t others = v->of[NO_ROLE], held_out = v->of[TEST] + v->of[VALIDATION];
    if (v->mixed && !v->given_here)
        return v->called_train == 1 ? APART : MIXED;
    if (!v->train && v->given_here)
        return CLASSES;
    if (!v->train && v->all_called && (v->called_train == 1 || !nested_test(v)))
        return APART;
    if (!v->train && !w->class_count && nested_test(v))
        return TEST_OR_CLASS;
    if (!v->train && held_out && !others && w->split == PD_SPLIT_TEST && v->of[held_out_as(v)] == 1)
        return TEST_ALONE;
    if (!v->train && held_out && !others && !(w->class_count && is_wrapper(w, v)))
        return NO_TRAINING;
    if (!v->train)
        return is_wrapper(w, v) ? DEEPER : CLASSES;
    if (v->given_here)
        return v->given_inside && !v->given_train ? SPLITS : CLASSES;
    if (v->of[TRAINING] > 1)
        return SEVERAL;
    if (!others || (v->all_called && held_out) || (v->train->nested && (held_out || v->given_inside)))
        return SPLITS;
    return v->train->nested ? EITHER : v->all_called ? APART : CLASSES;
}

static enum pd_status refuse(const struct work *w, const struct view *v, enum reading reading)
{
    char a[PD_LAYOUT_WORDS], b[PD_LAYOUT_WORDS];
    if (reading == NO_TRAINING)
        pd_fail(w->err, PD_ERR_USAGE, -1, "'%.150s': %s: no training split beside", w->folder,
                list(a, v, is_any, ", "));
    if (reading == MIXED)
        pd_fail(w->err, PD_ERR_USAGE, -1,
                "'%.150s': %s: a split and a class in one name, expected train/CLASS and test/CLASS",
                w->folder, list(a, v, is_any, ", "));
    if (reading == SEVERAL)
        pd_fail(w->err, PD_ERR_USAGE, -1, "'%.150s': which is the training split: %s?", w->folder,
                list(a, v, is_training, ", "));
    if (reading == APART)
        pd_fail(w->err, PD_ERR_USAGE, -1,
                "'%.150s': %s: splits or classes? Expected splits called alike: train, test, val", w->folder,
                list(a, v, is_any, ", "));
    char name[PD_LAYOUT_WORDS] = "";
    if (reading == APART && v->called_train == 1) {
        for (size_t i = 0; i < v->count; i++)
            if (v->at[i].called == TRAINING)
                say_name(name, &v->at[i]);
        pd_hint(w->err, PD_ERR_USAGE, "the training split alone: data=%s/%s", w->folder, name);
    }
    if (reading == NO_TRAINING && v->count == 1) {
        say_name(name, v->at);
        return pd_hint(w->err, PD_ERR_USAGE, "all of it: data=%s/%s", w->folder, name);
    }
    if (reading == NO_TRAINING || reading == MIXED || reading == SEVERAL || reading == APART)
        return pd_hint(w->err, PD_ERR_USAGE, "where these are classes: classes=%s", list(b, v, is_any, ","));
    const struct group *doubtful = v->train ? v->train : nested_test(v);
    if (doubtful)
        say_name(name, doubtful);
    pd_fail(w->err, PD_ERR_USAGE, -1, "'%.100s': is '%.50s' a class beside %.100s, or the %s?", w->folder,
            name, list(a, v, is_other, ", "),
            v->train ? "training split" : "test split (expected train/CLASS, train/unlabelled, test/CLASS)");
    pd_hint(w->err, PD_ERR_USAGE, "a class: classes=%s", list(b, v, is_any, ","));
    return v->train ? pd_hint(w->err, PD_ERR_USAGE, "the split: data=%s/%s", w->folder, name) : PD_ERR_USAGE;
}

/* The level of a split's classes: one deeper in "train/train/". */
static enum pd_status split_level(const struct work *w, const struct group *g, struct pd_image_level *level)
{
    struct view v;
    *level = g->level;
    if (look(w, g->level, &v))
        return PD_ERR_MEMORY;
    const struct group *in = v.at;
    if (v.count == 1 && !v.direct && in->nested && !in->direct && !v.given_here && in->size == g->size &&
        !strncasecmp(in->name, g->name, g->size))
        *level = in->level;
    pd_free(v.at);
    return PD_OK;
}

static const struct group *first_of(const struct view *v, enum role role)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->at[i].role == role)
            return &v->at[i];
    return NULL;
}

static void say_unused(const struct work *w, const struct view *v, const struct group *test)
{
    char *text = w->out->notes[0];
    for (size_t i = 0; i < v->count; i++) {
        const struct group *g = &v->at[i];
        if (g == v->train || g == test)
            continue;
        say(text, "%s", text[0] ? ", " : "not used: ");
        say_name(text, g);
        say(text, "/ (%zu images)", g->level.end - g->level.begin);
    }
    if (v->direct)
        say(text, "%s%zu images beside the splits", text[0] ? ", " : "not used: ", v->direct);
}

static enum pd_status take_splits(const struct work *w, const struct view *v)
{
    struct pd_image_layout *out = w->out;
    const enum role held_out = held_out_as(v);
    const struct group *test = first_of(v, held_out);
    char names[PD_LAYOUT_WORDS];
    if (v->of[held_out] > 1) {
        pd_fail(w->err, PD_ERR_USAGE, -1, "'%.200s': which is the test split: %s? Expected one of them alone",
                w->folder, list(names, v, held_out == TEST ? is_test : is_validation, ", "));
        *names = '\0';
        say_name(names, v->train);
        return pd_hint(w->err, PD_ERR_USAGE, "without one: data=%s/%s", w->folder, names);
    }
    out->splits = true;
    out->train_in = v->train->level;
    say_name(out->read, v->train);
    say(out->read, "/ is the training split%s", test ? ", " : "; no test split");
    if (test) {
        say_name(out->read, test);
        say(out->read, held_out == TEST ? "/ the test split" : "/ serves as the test split");
        out->test_in = test->level;
    }
    say_unused(w, v, test);
    enum pd_status status = split_level(w, v->train, &out->train);
    return status || !test ? status : split_level(w, test, &out->test);
}

/* Its classes are its own. */
static enum pd_status take_test_alone(const struct work *w, const struct view *v)
{
    struct pd_image_layout *out = w->out;
    const struct group *test = first_of(v, held_out_as(v));
    out->splits = true;
    out->test_in = out->train_in = test->level;
    say_name(out->read, test);
    say(out->read, "/ is the test split; no training split");
    say_unused(w, v, test);
    enum pd_status status = split_level(w, test, &out->test);
    out->train = out->test;
    return status;
}

static void take_classes(const struct work *w, const struct view *v, struct pd_image_level level)
{
    char others[PD_LAYOUT_WORDS], *text = w->out->notes[0];
    w->out->train = w->out->train_in = level;
    say(w->out->read, "no test split: all for training");
    if (!w->class_count && !v->train && v->called_train && v->called_held_out) {
        char called[PD_LAYOUT_WORDS];
        say(text, "%s count as classes, ", list(called, v, is_called, ", "));
        say(text, "as they lie beside %s", list(others, v, is_not_called, ", "));
    }
    if (!v->train || w->class_count)
        return;
    say(text, "'");
    say_name(text, v->train);
    say(text, "' counts as a class, as it lies beside %s", list(others, v, is_other, ", "));
}

/* As deep as is_wrapper at the most. */
// NOLINTNEXTLINE(misc-no-recursion)
static enum pd_status decide(const struct work *w, struct pd_image_level level)
{
    struct view v;
    enum pd_status status = look(w, level, &v);
    if (status || !v.at)
        return status;
    const enum reading reading = choose(w, &v);
    if (reading == CLASSES)
        take_classes(w, &v, level);
    else if (reading == SPLITS)
        status = take_splits(w, &v);
    else if (reading == TEST_ALONE)
        status = take_test_alone(w, &v);
    else if (reading == DEEPER)
        status = decide(w, v.at[0].level);
    else
        status = refuse(w, &v, reading);
    if (reading == DEEPER && !w->out->notes[1][0]) { /* the deepest has been here first */
        char name[PD_CLASS_NAME_SIZE];
        pd_image_name(name, sizeof name, w->files[0].path, v.at[0].level.prefix - 1);
        say(w->out->notes[1], "there is only the folder '%s' in it, so that is what is read", name);
    }
    pd_free(v.at);
    return status;
}

enum pd_status pd_image_layout(const char *folder, const struct pd_image_file *files, size_t count,
                               const char (*classes)[PD_CLASS_NAME_SIZE], int class_count,
                               enum pd_split split, struct pd_image_layout *out, struct pd_error *err)
{
    const struct work w = {folder, files, classes, class_count, split, out, err};
    *out = (struct pd_image_layout){.splits = false};
    return decide(&w, (struct pd_image_level){0, count, 0});
}
