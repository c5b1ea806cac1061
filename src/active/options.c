/* What an active run may be told, and what the two papers' protocols set. */
#include "active/active.h"

#include "base/words.h"

#include <paydirt/select.h>

#include <stdio.h>
#include <string.h>

/* As run/option.h takes them. */
#define OPTIONS(TEXT, FLAG, INT, REAL)                                                                       \
    TEXT(strategy, "gold", "LIST", "how to choose what is labelled next, listed above; one or several")      \
    TEXT(baseline, "", "NAME", "another strategy beside it, on the same trials, such as random")             \
    FLAG(balanced, false, "gold: its two terms weighed by their standard deviations")                        \
    TEXT(first, "random", "NAME",                                                                            \
         "first labels: random, or by a GAN that has seen none, as typiclust, coreset or probcover chooses") \
    TEXT(diverse, "", "NAME", "spread a query over the pool: k-center or k-means++")                         \
    INT(candidates, 0, 0, 1000000000, "N", "best-scored images to spread over; 0: ten times the query")      \
    INT(clusters, 0, 0, 1000000, "N",                                                                        \
        "typiclust: of k-means, at most; 0: 500. probcover: for its radius; 0: as many as classes")          \
    REAL(radius, 0, 0, 1e30, "R", "probcover: of a ball; 0: estimated from the clusters")                    \
    INT(passes, 20, 2, 1000, "N", "bald: looks of D at an image, with dropout at work")                      \
    INT(trials, 1, 1, 10000, "N", "repetitions, each with a seed of its own: the run's + 1, + 2, ...")       \
    INT(init, 10, 1, 100000000, "N", "labels to begin with")                                                 \
    INT(query, 2, 1, 100000000, "N", "labels to ask for in each round")                                      \
    INT(final, 18, 1, 100000000, "N", "labels in the end")                                                   \
    TEXT(                                                                                                    \
        protocol, "", "NAME",                                                                                \
        "gold (semi-supervised) or alcg (labelled images alone), by the strategy; defaults here are gold's") \
    FLAG(keep_generator, true, "a fresh generator in every round, not the last one's")                       \
    TEXT(oracle, "labels", "NAME",                                                                           \
         "who answers: labels (the data's own), or people: csv, page or label-studio")                       \
    TEXT(url, "", "TEXT", "label-studio: what stands before an image's name in a task")                      \
    FLAG(measure, true, "no fitting capacity on the test images after each round")                           \
    INT(measure_epochs, 40, 1, 100000, "N", "epochs of the classifier that measures it")                     \
    INT(measure_decay_every, 0, 0, 10000, "N",                                                               \
        "a tenth of its rate with epoch N, again with 2 N, ...; 0: once, after half of the epochs")          \
    FLAG(keep_rounds, false, "keep the weights of all rounds, not of the first and last alone")              \
    FLAG(pictures, true, "no pictures of what each query saw")                                               \
    FLAG(near_copies, false, "ask once about images that look the same, too, not of exact copies alone")

#define OPTIONS_OF struct pd_active_options
static const struct pd_option table[] = {OPTIONS(PD_TEXT_LINE, PD_FLAG_LINE, PD_INT_LINE, PD_REAL_LINE)};
static const struct pd_active_options defaults = {
    OPTIONS(PD_OPTION_DEFAULT, PD_OPTION_DEFAULT, PD_OPTION_DEFAULT, PD_OPTION_DEFAULT)};

const struct pd_option *pd_active_option_table(int *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

static bool is_the_loops(const char *name)
{
    static const char *const names[] = {"labels", "label_file", "generator", "data_seed", "class_losses"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

int pd_active_train_options(struct pd_option *table, int most)
{
    int count, n = 0;
    const struct pd_option *all = pd_train_option_table(&count);
    for (int i = 0; i < count && n < most; i++)
        if (!is_the_loops(all[i].name))
            table[n++] = all[i];
    return n;
}

void pd_active_options_init(struct pd_active_options *a)
{
    *a = defaults;
}

/* --- protocols --- */

struct setting {
    const char *name, *value;
};

/* GOLD section 4.3 and appendix; ALCG algorithm 1 (its C is trained on real images alone). */
static const struct setting gold[] = {{"labelled_only", "false"}, {"validation", "100"},
                                      {"validate_every", "10"},   {"epochs", "100"},
                                      {"lambda_c", "0.01"},       {"grid_every", "0"}};
static const struct setting alcg[] = {{"labelled_only", "true"},
                                      {"validation", "0"},
                                      {"epochs", "100"},
                                      {"lambda_c", "0"},
                                      {"grid_every", "0"}};

static const struct protocol {
    const char *name;
    bool keep_generator;
    const struct setting *settings;
    size_t count;
} protocols[] = {{"gold", true, gold, sizeof gold / sizeof gold[0]},
                 {"alcg", false, alcg, sizeof alcg / sizeof alcg[0]}};

void pd_active_training_init(struct pd_train_options *o)
{
    pd_train_options_init(o);
    for (size_t i = 0; i < protocols[0].count; i++)
        pd_train_options_set(o, protocols[0].settings[i].name, protocols[0].settings[i].value, NULL);
}

static const char *const oracles[] = {"labels", "csv", "page", "label-studio"};
static const char *const diversities[] = {"k-center", "k-means++"};

bool pd_active_next_strategy(const char **list, char word[32])
{
    const size_t n = strcspn(*list, ",");
    snprintf(word, 32, "%.*s", n < 32 ? (int)n : 31, *list);
    *list += n + ((*list)[n] == ',');
    return n > 0;
}

/* A round's seed is a thousand times the trial's and the round; it must stay whole in JSON (2^53). */
static const int64_t most_seed = 9000000000000;

static enum pd_status check_strategy(const struct pd_active_options *a, const char *name,
                                     struct pd_error *err)
{
    const struct pd_strategy *s = pd_strategy_find(name, err);
    if (!s)
        return PD_ERR_USAGE;
    return s->choose && a->diverse[0]
               ? pd_hint(err,
                         pd_fail(err, PD_ERR_USAGE, -1,
                                 "diverse %s: strategy '%s' chooses rows together already", a->diverse,
                                 s->name),
                         "diverse")
               : PD_OK;
}

/* Nobody knows a label when the first ones are chosen. */
static enum pd_status check_first(const struct pd_active_options *a, const struct pd_train_options *o,
                                  struct pd_error *err)
{
    char names[128] = "random";
    const struct pd_strategy *s = pd_strategy_find(a->first, err), *other;
    if (!s)
        return PD_ERR_USAGE;
    if (o->mutual_information > 0 && !strcmp(a->first, names))
        return pd_hint(
            err,
            pd_fail(err, PD_ERR_USAGE, -1,
                    "mutual-information %g: is for the GAN that chooses the first labels, and they "
                    "are drawn at random",
                    o->mutual_information),
            "mutual-information");
    if (s->needs == PD_POOL_FEATURES || !strcmp(a->first, names))
        return PD_OK;
    for (int i = 0; (other = pd_strategy_at(i)); i++)
        if (other->needs == PD_POOL_FEATURES)
            snprintf(names + strlen(names), sizeof names - strlen(names), ", %s", other->name);
    return pd_hint(err,
                   pd_fail(err, PD_ERR_USAGE, -1,
                           "first: strategy '%s' cannot choose before a label is known: expected one of %s",
                           s->name, names),
                   "first");
}

static enum pd_status check(const struct pd_active_options *a, const struct pd_train_options *o,
                            struct pd_error *err)
{
    char word[32];
    if (!a->strategy[0] || (a->baseline[0] && check_strategy(a, a->baseline, err)))
        return a->strategy[0] ? PD_ERR_USAGE
                              : pd_hint(err, pd_fail(err, PD_ERR_USAGE, -1, "strategy is empty"), "strategy");
    for (const char *list = a->strategy; pd_active_next_strategy(&list, word);)
        if (check_strategy(a, word, err))
            return PD_ERR_USAGE;
    if (a->init > a->final)
        return pd_hint(err,
                       pd_hint(err,
                               pd_fail(err, PD_ERR_USAGE, -1,
                                       "init %lld and final %lld: expected no more at first than in the end",
                                       (long long)a->init, (long long)a->final),
                               "init"),
                       "final");
    if (o->seed > most_seed - a->trials)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1, "seed %lld: expected at most %lld for %lld trials",
                               (long long)o->seed, (long long)(most_seed - a->trials), (long long)a->trials),
                       "seed");
    const bool known = pd_find_word("oracle", a->oracle, oracles, 4, sizeof oracles[0], err) >= 0 &&
                       !check_first(a, o, err) &&
                       (!a->diverse[0] || pd_find_word("way to spread", a->diverse, diversities, 2,
                                                       sizeof diversities[0], err) >= 0);
    return known ? PD_OK : PD_ERR_USAGE;
}

static const struct protocol *find_protocol(const char *name, struct pd_error *err)
{
    const int at = pd_find_word("protocol", name, &protocols[0].name, 2, sizeof protocols[0], err);
    return at < 0 ? NULL : &protocols[at];
}

/* ALCG's strategies look at D's classes alone. */
const char *pd_active_protocol_of(const char *strategy)
{
    const struct pd_strategy *s = pd_strategy_find(strategy, NULL);
    return s && s->needs == PD_POOL_CLASS_LOGITS ? "alcg" : "gold";
}

bool pd_active_is_mixed(const struct pd_active_options *a, char first[32], char other[32])
{
    const char *lists[] = {a->strategy, a->baseline};
    pd_active_next_strategy(&lists[0], first);
    for (int i = 0; i < 2; i++)
        while (pd_active_next_strategy(&lists[i], other))
            if (strcmp(other, "random") != 0 &&
                strcmp(pd_active_protocol_of(other), pd_active_protocol_of(first)) != 0)
                return true;
    return false;
}

enum pd_status pd_active_protocol(struct pd_active_options *a, struct pd_train_options *o,
                                  bool (*given)(const void *context, const char *name), const void *context,
                                  struct pd_error *err)
{
    enum pd_status status = check(a, o, err);
    if (status)
        return status;
    char first[32];
    const char *list = a->strategy;
    pd_active_next_strategy(&list, first);
    if (!a->protocol[0])
        snprintf(a->protocol, sizeof a->protocol, "%s", pd_active_protocol_of(first));
    const struct protocol *p = find_protocol(a->protocol, err);
    if (!p)
        return PD_ERR_USAGE;
    if (!given(context, "keep_generator"))
        a->keep_generator = p->keep_generator;
    for (size_t i = 0; i < p->count && !status; i++)
        if (!given(context, p->settings[i].name))
            status = pd_train_options_set(o, p->settings[i].name, p->settings[i].value, err);
    if (strcmp(a->oracle, "labels") != 0 && !given(context, "validation"))
        o->validation = 0; /* their labels would have to be asked for, too */
    return status;
}
