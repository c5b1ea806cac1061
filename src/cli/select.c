/* paydirt select: which samples to label next, from the logits of any network. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/features.h>
#include <paydirt/pool.h>
#include <paydirt/words.h>

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "--logits FILE --class-logits FILE -k N [options]\n"
                            "--class-logits FILE --strategy NAME -k N [options]\n"
                            "--features FILE [--labelled FILE] --strategy NAME -k N [options]";

static const char about[] =
    "Ranks unlabelled samples by a strategy and prints the numbers of the k best rows, from 0, best first.\n"
    "\n"
    "A FILE is what NumPy or pandas wrote, told apart by its first bytes, and is read block by block:\n"
    "  .npy      floats: logits (n) or (n, 1), class logits (n, classes)\n"
    "  .npz      an array of it: s.npz:NAME; without a name 'logit', 'class_logits', 'features', or the\n"
    "            only one there is\n"
    "  .csv      a first line with words names the columns: t.csv:NAME takes NAME, or NAME_0, NAME_1, ...;\n"
    "            without a name 'logit', 'class_logit_0' ..., 'feature_0' ...; without such a line a row\n"
    "            is all columns. Fields between commas, semicolons, tabs or blanks. t.csv:A,B takes columns\n"
    "            A and B, t.csv:A* all that begin so, t.csv:* all; names 0, 1, 2, ... (pandas) are all "
    "columns but an "
    "index. How the lines were "
    "taken\n"
    "            is said on standard error; what may be read in two ways is refused.\n"
    "Logits are taken before the softmax, the real/fake logit before the sigmoid; what looks like "
    "probabilities\n"
    "is refused without --probabilities or --sigmoid.\n"
    "\n"
    "strategies:\n";

static const char examples[] =
    "select --logits l.npy --class-logits c.npy --strategy gold --balanced -k 100\n"
    "select --logits scores.npz --class-logits scores.npz -k 20 --scores\n"
    "select --class-logits table.csv:class_logit --strategy small-margin -k 50\n"
    "select --class-logits c.npy --strategy most-entropy -k 100 --diverse k-center --features f.npy\n"
    "select --features f.npy --labelled rows.txt --strategy coreset -k 100";

struct options {
    char logits[1024], class_logits[1024], features[1024], passes[1024], labelled[1024], strategy[32],
        diverse[16];
    int64_t k, candidates, clusters, seed, threads;
    double radius;
    bool balanced, scores;
    bool probabilities, log_probabilities, sigmoid, binary, bfloat16, header, index;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"logits", PD_OPTION_TEXT, FIELD(logits), 0, 0, "FILE", "real/fake logit of each sample"},
    {"class_logits", PD_OPTION_TEXT, FIELD(class_logits), 0, 0, "FILE", "class logits of each sample"},
    {"probabilities", PD_OPTION_BOOL, FIELD(probabilities), 0, 1, NULL,
     "--class-logits holds probabilities, rows that sum to 1 (--no-probabilities: logits that look so)"},
    {"log_probabilities", PD_OPTION_BOOL, FIELD(log_probabilities), 0, 1, NULL,
     "--class-logits holds their logarithms, checked; -inf is probability 0"},
    {"sigmoid", PD_OPTION_BOOL, FIELD(sigmoid), 0, 1, NULL,
     "--logits holds probabilities of being real, after the sigmoid (--no-sigmoid: logits that look so)"},
    {"binary", PD_OPTION_BOOL, FIELD(binary), 0, 1, NULL,
     "--class-logits has one number a row, of the second of two classes, as decision_function gives it"},
    {"bfloat16", PD_OPTION_BOOL, FIELD(bfloat16), 0, 1, NULL,
     "arrays of uint16 or int16 hold the bits of bfloat16s"},
    {"header", PD_OPTION_BOOL, FIELD(header), 0, 1, NULL,
     "text: the first line names the columns (--no-header: it is row 0)"},
    {"index", PD_OPTION_BOOL, FIELD(index), 0, 1, NULL,
     "text: the first column numbers the rows and is left out (--no-index: it is taken)"},
    {"k", PD_OPTION_INT, FIELD(k), 1, 1e12, "N", "how many to select"},
    {"strategy", PD_OPTION_TEXT, FIELD(strategy), 0, 0, "NAME", "one of the above"},
    {"balanced", PD_OPTION_BOOL, FIELD(balanced), 0, 1, NULL,
     "gold: weigh its terms by their standard deviations (eq. 9)"},
    {"diverse", PD_OPTION_TEXT, FIELD(diverse), 0, 0, "HOW",
     "spread the choice in feature space: k-center, k-means++"},
    {"features", PD_OPTION_TEXT, FIELD(features), 0, 0, "FILE",
     "features of each sample, such as a network's last hidden layer"},
    {"passes", PD_OPTION_TEXT, FIELD(passes), 0, 0, "FILE",
     "class logits of several stochastic passes, an array (passes, samples, classes)"},
    {"labelled", PD_OPTION_TEXT, FIELD(labelled), 0, 0, "FILE",
     "numbers of the rows that have a label, from 0, one a line: they are not selected"},
    {"candidates", PD_OPTION_INT, FIELD(candidates), 0, 1e12, "N",
     "best-scored samples that --diverse chooses from; 0: ten times k"},
    {"clusters", PD_OPTION_INT, FIELD(clusters), 0, 1000000, "N",
     "typiclust: of k-means, at most; 0: 500. probcover: as many as classes, to estimate its radius from"},
    {"radius", PD_OPTION_REAL, FIELD(radius), 0, 1e30, "R",
     "probcover: of a ball; 0: estimated from --clusters"},
    {"scores", PD_OPTION_BOOL, FIELD(scores), 0, 1, NULL, "print the score behind each row, after a tab"},
    {"seed", PD_OPTION_INT, FIELD(seed), 0, 9007199254740992.0, "N",
     "order of equal scores, random, k-means++"},
    {"threads", PD_OPTION_INT, FIELD(threads), 0, 1024, "N",
     "threads; 0: as many as the process may use. The result is the same"},
};
#undef FIELD

static const struct {
    const char *name;
    enum pd_diversity method;
} diversities[] = {
    {"none", PD_DIVERSE_NONE}, {"k-center", PD_DIVERSE_K_CENTER}, {"k-means++", PD_DIVERSE_K_MEANS}};

enum { DIVERSITIES = sizeof diversities / sizeof diversities[0] };

/* What is chosen, best first, or in order of choice. */
struct choice {
    int64_t n;      /* rows and scores: candidates, of which k are printed */
    int64_t *rows;  /* (n) */
    int64_t *order; /* (k): places in rows; NULL: as they come */
    double *scores; /* (n) */
    struct pd_pool_files *pool;
};

static enum pd_status find_diversity(const char *name, enum pd_diversity *method, struct pd_error *err)
{
    const int at =
        pd_find_word("diversity", name, &diversities[0].name, DIVERSITIES, sizeof diversities[0], err);
    if (at < 0)
        return PD_ERR_USAGE;
    *method = diversities[at].method;
    return PD_OK;
}

/* What an option is for, by name: options of other strategies are refused. */
static enum pd_status check_own_options(const struct options *o, const struct pd_strategy *s,
                                        struct pd_error *err)
{
    const bool balls = !strcmp(s->name, "probcover"), clusters = balls || !strcmp(s->name, "typiclust");
    if (o->clusters && !clusters)
        return pd_fail(err, PD_ERR_USAGE, -1, "--clusters: strategy '%s' has none", s->name);
    return o->radius > 0 && !balls
               ? pd_fail(err, PD_ERR_USAGE, -1, "--radius: strategy '%s' has none", s->name)
               : PD_OK;
}

static enum pd_status check(const struct options *o, const struct pd_strategy **strategy,
                            enum pd_diversity *method, struct pd_error *err)
{
    *strategy = pd_strategy_find(o->strategy, err);
    if (!*strategy)
        return PD_ERR_USAGE;
    if (!o->k)
        return pd_fail(err, PD_ERR_USAGE, -1, "-k is missing: how many rows to select, such as -k 100");
    if (o->balanced && !(*strategy)->observe)
        return pd_fail(err, PD_ERR_USAGE, -1, "--balanced: strategy '%s' has no terms to balance",
                       o->strategy);
    enum pd_status status = check_own_options(o, *strategy, err);
    if (!status)
        status = find_diversity(o->diverse, method, err);
    if (status)
        return status;
    if (*method != PD_DIVERSE_NONE && !(*strategy)->score)
        return pd_fail(err, PD_ERR_USAGE, -1, "--diverse: strategy '%s' chooses rows together already",
                       (*strategy)->name);
    if (o->scores && !(*strategy)->score)
        return pd_fail(err, PD_ERR_USAGE, -1, "--scores: strategy '%s' chooses rows together, without scores",
                       (*strategy)->name);
    if (*method != PD_DIVERSE_NONE && !o->features[0])
        return pd_fail(err, PD_ERR_USAGE, -1, "--features is missing: --diverse needs a row for each sample");
    if (*method == PD_DIVERSE_NONE && o->candidates)
        return pd_fail(err, PD_ERR_USAGE, -1, "--candidates is for --diverse k-center and k-means++");
    if (*method == PD_DIVERSE_NONE && o->features[0] && !((*strategy)->needs & PD_POOL_FEATURES))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--features: strategy '%s' does not look at them (--diverse k-center does)",
                       (*strategy)->name);
    if (o->passes[0] && !((*strategy)->needs & PD_POOL_PASSES))
        return pd_fail(err, PD_ERR_USAGE, -1, "--passes: strategy '%s' does not look at them",
                       (*strategy)->name);
    if (o->candidates && o->candidates < o->k)
        return pd_fail(err, PD_ERR_USAGE, -1, "--candidates %lld is less than -k %lld",
                       (long long)o->candidates, (long long)o->k);
    return PD_OK;
}

static enum pd_rows_choice choice_of(const struct args_parsed *parsed, const char *name, bool on)
{
    return !args_is_given(parsed->command, parsed->args, name) ? PD_ROWS_AUTO : on ? PD_ROWS_YES : PD_ROWS_NO;
}

static struct pd_pool_request request_of(const struct options *o, const struct args_parsed *parsed)
{
    return (struct pd_pool_request){.logits = o->logits,
                                    .class_logits = o->class_logits,
                                    .features = o->features,
                                    .passes = o->passes,
                                    .labelled = o->labelled,
                                    .header = choice_of(parsed, "header", o->header),
                                    .index = choice_of(parsed, "index", o->index),
                                    .sigmoid = choice_of(parsed, "sigmoid", o->sigmoid),
                                    .probabilities = choice_of(parsed, "probabilities", o->probabilities),
                                    .bfloat16 = o->bfloat16,
                                    .log_probabilities = o->log_probabilities,
                                    .binary = o->binary};
}

/* --- the work --- */

static enum pd_status reserve(struct choice *c, int64_t n, struct pd_error *err)
{
    c->n = n;
    c->rows = calloc((size_t)n, sizeof *c->rows);
    c->scores = calloc((size_t)n, sizeof *c->scores);
    if (c->rows && c->scores)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld rows", (long long)n);
}

static void release(struct choice *c)
{
    pd_pool_files_close(c->pool);
    free(c->rows);
    free(c->order);
    free(c->scores);
}

/* Rows together, from the whole pool. */
static enum pd_status choose_together(const struct options *o, struct pd_pool_files *files,
                                      const struct pd_strategy *strategy, struct choice *c, int64_t *count,
                                      struct pd_error *err)
{
    struct progress progress = {.last = 0};
    struct progress_work steps = {&progress, "select", "steps"};
    const struct pd_feature_work work = {
        .threads = (int)o->threads, .watch = progress_on_work, .context = &steps};
    const struct pd_choice how = {
        .k = o->k, .seed = (uint64_t)o->seed, .clusters = o->clusters, .radius = o->radius, .work = &work};
    const struct pd_pool *pool;
    enum pd_status status = pd_pool_files_load(files, &pool, err);
    if (status)
        return status;
    *count = pool->n;
    stop_catch();
    status = pd_strategy_choose(strategy, pool, &how, c->rows, err);
    progress_end(&progress);
    return status;
}

static enum pd_status rank(const struct options *o, const struct pd_pool_request *request,
                           const struct pd_strategy *strategy, struct choice *c, int64_t *count,
                           struct pd_error *err)
{
    int64_t labelled = 0;
    enum pd_status status = pd_pool_files_open(strategy, request, &c->pool, err);
    if (!status) {
        const struct pd_pool_source source = pd_pool_files_source(c->pool);
        labelled = source.labelled;
        status = strategy->score ? pd_select_stream(strategy, &source, o->balanced, c->n, (uint64_t)o->seed,
                                                    c->rows, c->scores, count, err)
                                 : choose_together(o, c->pool, strategy, c, count, err);
    }
    if (!status)
        pd_pool_files_describe(c->pool, say_line, stderr);
    c->n = c->n < *count - labelled ? c->n : *count - labelled;
    if (!status && c->n < o->k)
        status = pd_fail(err, PD_ERR_USAGE, -1, "-k %lld: the pool has %lld rows%s", (long long)o->k,
                         (long long)c->n, labelled ? " without a label" : "");
    return status;
}

/* Of the candidates, (n, width), to be freed; expected: rows that the file should have. */
static enum pd_status read_features(struct pd_rows *in, int64_t expected, const struct choice *c, bool header,
                                    float **features, struct pd_error *err)
{
    char text[512];
    int64_t count;
    *features = calloc((size_t)c->n, (size_t)pd_rows_width(in) * sizeof **features);
    if (!*features)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for features of %lld rows", (long long)c->n);
    enum pd_status status = pd_rows_gather(in, c->n, c->rows, *features, &count, err);
    if (!status && count != expected)
        status = pd_fail(err, PD_ERR_MISMATCH, -1, "%s has %lld rows, the logits have %lld", pd_rows_name(in),
                         (long long)count, (long long)expected);
    if (status == PD_ERR_MISMATCH && header)
        status = pd_hint(err, status, "the first line of each text was taken for names: header");
    if (!status)
        status = pd_pool_files_check(c->pool, in, err);
    if (status)
        return status;
    pd_rows_describe(in, text, sizeof text);
    if (*text)
        say_line(stderr, text);
    return PD_OK;
}

static enum pd_status spread(const struct options *o, const struct pd_pool_request *request,
                             enum pd_diversity method, int64_t count, struct choice *c, struct pd_error *err)
{
    static const char *const names[] = {"features", "feature", NULL};
    const struct pd_rows_request plain = {.names = names,
                                          .header = request->header,
                                          .index = request->index,
                                          .whole = true,
                                          .features = true,
                                          .bfloat16 = request->bfloat16};
    struct pd_rows *in;
    float *features = NULL;
    enum pd_status status = pd_rows_open(o->features, &plain, &in, err);
    if (status)
        return status;
    status = read_features(in, count, c, request->header == PD_ROWS_YES, &features, err);
    c->order = calloc((size_t)o->k, sizeof *c->order);
    if (!status && !c->order)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld rows", (long long)o->k);
    if (!status)
        status = pd_diverse_choose(method, c->n, c->rows, pd_rows_width(in), features, o->k,
                                   (uint64_t)o->seed, c->order, err);
    if (status == PD_ERR_USAGE) /* numbers that are not finite */
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: %.400s", pd_rows_name(in), err->message);
    free(features);
    pd_rows_close(in);
    return status;
}

/* Of labels in logits' place, or of a softmax that is 1 throughout, it is a random choice. */
static void say_ties(const struct options *o, const struct choice *c)
{
    int64_t n = 0;
    if (c->n <= o->k || c->scores[o->k - 1] < c->scores[o->k] || c->scores[o->k - 1] > c->scores[o->k])
        return;
    for (int64_t i = 0; i < o->k; i++)
        n += c->scores[i] >= c->scores[o->k] && c->scores[i] <= c->scores[o->k];
    say(stderr, "%lld of the %lld rows have the score of rows that were not selected: the seed decided\n",
        (long long)n, (long long)o->k);
}

static void print(const struct options *o, const struct choice *c)
{
    for (int64_t i = 0; i < o->k; i++) {
        const int64_t at = c->order ? c->order[i] : i;
        printf("%lld", (long long)c->rows[at]);
        if (o->scores)
            printf("\t%.9g", c->scores[at]);
        printf("\n");
    }
}

static enum pd_status choose(const struct options *o, const struct pd_pool_request *request,
                             struct pd_error *err)
{
    const struct pd_strategy *strategy;
    enum pd_diversity method = PD_DIVERSE_NONE;
    struct choice c = {.n = 0};
    int64_t count = 0;
    enum pd_status status = check(o, &strategy, &method, err);
    if (status)
        return status;
    omp_set_num_threads(o->threads ? (int)o->threads : omp_get_num_procs());
    const bool scored = method == PD_DIVERSE_NONE && strategy->score;
    status = reserve(&c,
                     method == PD_DIVERSE_NONE ? o->k + scored
                     : o->candidates           ? o->candidates
                                               : 10 * o->k,
                     err);
    if (!status)
        status = rank(o, request, strategy, &c, &count, err);
    if (!status && method != PD_DIVERSE_NONE)
        status = spread(o, request, method, count, &c, err);
    if (!status && scored)
        say_ties(o, &c);
    if (!status)
        print(o, &c);
    release(&c);
    return status;
}

/* about and the strategies, a line each. Into text[size]; returns text. */
static const char *describe(char *text, size_t size)
{
    const struct pd_strategy *s;
    char also[64];
    size_t n = (size_t)snprintf(text, size, "%s", about);
    for (int i = 0; (s = pd_strategy_at(i)) && n < size; i++) {
        also[0] = '\0';
        if (s->also)
            snprintf(also, sizeof also, " (also: %s)", s->also);
        n += (size_t)snprintf(text + n, size - n, "%s  %-16s %s%s", i ? "\n" : "", s->name, s->summary, also);
    }
    return text;
}

enum pd_status command_select(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.strategy = "gold", .diverse = "none", .seed = 1};
    char text[4096];
    struct args args;
    const struct args_command command = {
        "select", usage, describe(text, sizeof text),
        examples, NULL,  {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    const struct args_parsed parsed = {&command, &args};
    const struct pd_pool_request request = request_of(&o, &parsed);
    return status || args.help ? status : choose(&o, &request, err);
}
