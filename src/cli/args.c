#include "cli/args.h"

#include "cli/outputs.h"

#include <paydirt/metric.h>
#include <paydirt/train.h>
#include <paydirt/words.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    NAME_SIZE = 40,
    NAMES = 2 * ARGS_MAX + 1,
    LETTERS = 2 * ARGS_MAX + 3,
    FIRST_VALUE = 256,
    VALUE_SIZE = 1100
};

/* getopt's tables; option i has the value FIRST_VALUE + 2 i, its "no-" form one more. One whose name is a
 * single letter is a short option (with a value), and a long one too: -k 5, -k5, --k 5. */
struct names {
    struct option getopt[NAMES + 1];
    char letters[LETTERS];
    char text[NAMES][NAME_SIZE];
    const char *list[NAMES];
    int count;
};

const struct pd_option *args_option(const struct args_command *c, int n, void **base)
{
    for (size_t g = 0; g < sizeof c->groups / sizeof c->groups[0]; g++) {
        if (base)
            *base = c->groups[g].base;
        if (n < c->groups[g].count)
            return &c->groups[g].at[n];
        n -= c->groups[g].count;
    }
    return NULL;
}

static bool is_in(const struct args_command *c, const bool *marks, const char *name)
{
    const struct pd_option *option;
    for (int i = 0; (option = args_option(c, i, NULL)); i++)
        if (!strcmp(option->name, name))
            return marks[i];
    return false;
}

bool args_is_given(const struct args_command *c, const struct args *args, const char *name)
{
    return is_in(c, args->given, name);
}

bool args_is_typed(const struct args_command *c, const struct args *args, const char *name)
{
    return is_in(c, args->typed, name);
}

bool args_parsed_given(const void *parsed, const char *name)
{
    const struct args_parsed *p = parsed;
    return args_is_given(p->command, p->args, name);
}

static void add_name(struct names *names, const char *prefix, const struct pd_option *option, int value)
{
    char flag[NAME_SIZE];
    const int i = names->count++;
    snprintf(names->text[i], NAME_SIZE, "%s%s", prefix, pd_option_flag(option, flag, sizeof flag - 3));
    names->list[i] = names->text[i];
    const int argument = option->type == PD_OPTION_BOOL ? no_argument : required_argument;
    names->getopt[i] = (struct option){names->text[i], argument, NULL, value};
}

static void add_letter(struct names *names, const struct pd_option *option)
{
    const size_t used = strlen(names->letters);
    if (!option->name[1])
        snprintf(names->letters + used, sizeof names->letters - used, "%c:", option->name[0]);
}

/* The value of an option that getopt gave as a letter. */
static int long_value(const struct names *names, int value)
{
    for (int i = 0; i < names->count; i++)
        if (names->text[i][0] == value && !names->text[i][1])
            return names->getopt[i].val;
    return value;
}

static void collect_names(struct names *names, const struct args_command *c)
{
    const struct pd_option help = {.name = "help", .type = PD_OPTION_BOOL}, *option;
    for (int i = 0; (option = args_option(c, i, NULL)); i++) {
        if (i >= ARGS_MAX) /* it is too small */
            abort();
        add_name(names, "", option, FIRST_VALUE + 2 * i);
        add_letter(names, option);
        if (option->type == PD_OPTION_BOOL)
            add_name(names, "no-", option, FIRST_VALUE + 2 * i + 1);
    }
    add_name(names, "", &help, 'h');
}

/* --- help --- */

/* Each line of lines behind a prefix. */
static void print_lines(const char *first, const char *other, const char *lines)
{
    const char *prefix = first;
    while (*lines) {
        const int n = (int)strcspn(lines, "\n");
        printf("%s%.*s\n", prefix, n, lines);
        lines += n + (lines[n] == '\n');
        prefix = other;
    }
}

static const char *dashes(const char *flag)
{
    return flag[1] ? "--" : "-";
}

static void print_option(const struct pd_option *option, const void *base)
{
    char flag[NAME_SIZE], left[2 * NAME_SIZE], value[VALUE_SIZE];
    pd_option_flag(option, flag, sizeof flag);
    pd_option_text(option, base, value, sizeof value);
    const bool on = !strcmp(value, "true"), off = !strcmp(value, "false");
    snprintf(left, sizeof left, "%s%s%s%s%s", dashes(flag), on ? "no-" : "", flag, option->metavar ? " " : "",
             option->metavar ? option->metavar : "");
    printf("  %-22s %s", left, option->help);
    if (*value && !on && !off)
        printf(" [%s]", value);
    printf("\n");
}

static void print_help(const struct args_command *c)
{
    char prefix[64], blank[64];
    const struct pd_option *option;
    void *base;
    snprintf(prefix, sizeof prefix, "usage: paydirt %s ", c->name);
    snprintf(blank, sizeof blank, "       paydirt %s ", c->name);
    print_lines(prefix, blank, c->usage);
    printf("\n%s\n\noptions [and their defaults]:\n", c->about);
    for (int i = 0; (option = args_option(c, i, &base)); i++)
        print_option(option, base);
    printf("  %-22s %s\n\nexamples:\n", "--help", "show this");
    print_lines("  paydirt ", "  paydirt ", c->examples);
}

static size_t add_item(char *text, size_t size, size_t n, const char *name, const char *summary)
{
    return n < size ? n + (size_t)snprintf(text + n, size - n, "\n  %-22s %s", name, summary) : n;
}

const char *args_with_models(char *text, size_t size, const char *about)
{
    const char *name, *summary;
    size_t n = (size_t)snprintf(text, size, "%s\n\nmodels:", about);
    for (int i = 0; (name = pd_training_model(i, &summary)); i++)
        n = add_item(text, size, n, name, summary);
    return text;
}

const char *args_with_metrics(char *text, size_t size, const char *about)
{
    const struct pd_metric *metric;
    size_t n = (size_t)snprintf(text, size, "%s\n\nmetrics:", about);
    for (int i = 0; (metric = pd_metric_at(i)); i++)
        n = add_item(text, size, n, metric->name, metric->summary);
    return text;
}

/* --- mistakes --- */

/* How many names begin so, and which. */
static int begin_so(const struct names *names, const char *word, char *text, size_t size)
{
    int count = 0;
    size_t used = 0;
    *text = '\0';
    for (int i = 0; i < names->count && *word; i++)
        if (!strncmp(names->list[i], word, strlen(word)) && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s--%s", count++ ? ", " : "", names->list[i]);
    return count;
}

static enum pd_status fail_unknown(const struct args_command *c, const struct names *names, const char *word,
                                   struct pd_error *err)
{
    char name[NAME_SIZE];
    const size_t n = strcspn(word, "=");
    snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : (int)sizeof name - 1, word);
    const char *bare = name + strspn(name, "-");
    const char *near = pd_nearest_word(bare, names->list, (size_t)names->count, sizeof names->list[0]);
    char several[256];
    if (begin_so(names, bare, several, sizeof several) > 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "option %s may be one of several: %s", name, several);
    if (near)
        return pd_fail(err, PD_ERR_USAGE, -1, "unknown option %s, did you mean --%s?", name, near);
    return pd_fail(err, PD_ERR_USAGE, -1, "unknown option %s; 'paydirt %s --help' lists them", name, c->name);
}

/* "when: name=value", n bytes; "when" and "value" may be missing. */
static bool names_own(const struct args_command *c, const char *hint, size_t n)
{
    char text[1024], flag[NAME_SIZE];
    const struct pd_option *option;
    snprintf(text, sizeof text, "%.*s", (int)n, hint);
    text[strcspn(text, "=")] = '\0';
    const char *colon = strstr(text, ": "), *name = colon ? colon + 2 : text;
    for (int i = 0; (option = args_option(c, i, NULL)); i++)
        if (!strcmp(name, pd_option_flag(option, flag, sizeof flag)))
            return true;
    return false;
}

enum pd_status args_trim_hints(const struct args_command *c, enum pd_status status, struct pd_error *err)
{
    char *to = err->hint;
    for (const char *at = err->hint; status && *at;) {
        const size_t n = strcspn(at, "\t"), all = n + (at[n] == '\t');
        if (names_own(c, at, n)) {
            memmove(to, at, all);
            to += all;
        }
        at += all;
    }
    if (status)
        *to = '\0';
    if (status && to > err->hint && to[-1] == '\t')
        to[-1] = '\0';
    return status;
}

/* value: of the option that getopt complains about; 0 or a letter when it knows none of that name. */
static enum pd_status fail_option(const struct args_command *c, const struct names *names, int value,
                                  const char *word, struct pd_error *err)
{
    char flag[NAME_SIZE];
    const bool known = value >= FIRST_VALUE;
    const struct pd_option *option = known ? args_option(c, (value - FIRST_VALUE) / 2, NULL) : NULL;
    if (!option)
        return fail_unknown(c, names, word, err);
    pd_option_flag(option, flag, sizeof flag);
    if (option->type == PD_OPTION_BOOL)
        return pd_fail(err, PD_ERR_USAGE, -1, "--%s takes no value (its opposite is --no-%s)", flag, flag);
    return pd_fail(err, PD_ERR_USAGE, -1, "%s%s needs a value: %s%s %s", dashes(flag), flag, dashes(flag),
                   flag, option->metavar);
}

static enum pd_status take_operands(const struct args_command *c, int count, char **words, struct args *args,
                                    struct pd_error *err)
{
    const bool many = c->operand && strstr(c->operand, "...");
    const int most = many ? count : c->operand ? 1 : 0;
    if (count > most)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "unexpected argument '%.200s'; 'paydirt %s --help' shows the usage", words[most],
                       c->name);
    args->operand = count ? words[0] : NULL;
    args->operands = words;
    args->operand_count = count;
    return PD_OK;
}

char *args_next_name(const char **list, char *name, size_t size)
{
    const size_t n = strcspn(*list, ",");
    snprintf(name, size, "%.*s", n < size ? (int)n : (int)size - 1, *list);
    *list = (*list)[n] ? *list + n + 1 : NULL;
    return name;
}

enum pd_status args_need_operand(const struct args_command *c, const struct args *args, struct pd_error *err)
{
    if (args->operand)
        return PD_OK;
    return pd_fail(err, PD_ERR_USAGE, -1, "%s is missing: paydirt %s %.*s", c->operand, c->name,
                   (int)strcspn(c->usage, "\n"), c->usage);
}

/* --- parsing --- */

/* "$UNSET" in a script is no wish for the default. */
static enum pd_status fail_empty(const struct pd_option *option, struct pd_error *err)
{
    char flag[NAME_SIZE];
    pd_option_flag(option, flag, sizeof flag);
    return pd_fail(err, PD_ERR_USAGE, -1, "%s%s: the value is empty, expected %s", dashes(flag), flag,
                   option->metavar);
}

/* Programs open a file by its ending: a PNG that is called curves.pdf opens nowhere. */
static enum pd_status check_ending(const struct pd_option *option, const char *text, struct pd_error *err)
{
    static const char *const kinds[] = {
        ".png",  ".jpg", ".jpeg", ".gif",  ".tif", ".tiff", ".webp", ".bmp",         ".svg",  ".pdf", ".eps",
        ".csv",  ".tsv", ".xls",  ".xlsx", ".ods", ".json", ".html", ".parquet",     ".npy",  ".npz", ".h5",
        ".hdf5", ".mat", ".pkl",  ".pt",   ".pth", ".onnx", ".zip",  ".safetensors", ".jsonl"};
    char flag[NAME_SIZE];
    const char *wanted = strchr(option->metavar, '.'), *ending = strrchr(text, '.');
    for (size_t i = 0; wanted && ending && i < sizeof kinds / sizeof kinds[0]; i++)
        if (!strcasecmp(ending, kinds[i]) && strcasecmp(ending, wanted) != 0)
            return pd_fail(err, PD_ERR_USAGE, -1, "--%s %.200s: expected %s, the kind that is written",
                           pd_option_flag(option, flag, sizeof flag), text, option->metavar);
    return PD_OK;
}

/* Scripts put options of their own behind others; files of labels, people expect to be taken both. */
static void say_twice(const struct pd_option *option, const void *base, const char *before)
{
    char flag[NAME_SIZE], now[VALUE_SIZE];
    pd_option_flag(option, flag, sizeof flag);
    pd_option_text(option, base, now, sizeof now);
    if (strcmp(before, now) != 0)
        fprintf(stderr, "%s%s is given twice: %.200s counts, not %.200s\n", dashes(flag), flag, now, before);
}

static enum pd_status take_option(const struct args_command *c, int value, const char *text,
                                  struct args *args, struct pd_error *err)
{
    void *base;
    const int i = (value - FIRST_VALUE) / 2;
    const struct pd_option *option = args_option(c, i, &base);
    if (option->type == PD_OPTION_BOOL)
        text = (value - FIRST_VALUE) % 2 ? "false" : "true";
    if (option->type == PD_OPTION_TEXT && !*text && (args->given[i] || !*((char *)base + option->offset)))
        return fail_empty(option, err);
    char before[VALUE_SIZE];
    pd_option_text(option, base, before, sizeof before);
    enum pd_status status = pd_option_set(option, base, text, err);
    if (!status && option->type == PD_OPTION_TEXT)
        status = check_ending(option, text, err);
    if (!status && args->given[i])
        say_twice(option, base, before);
    char now[VALUE_SIZE];
    pd_option_text(option, base, now, sizeof now);
    args->given[i] = true;
    args->typed[i] = args->typed[i] || option->type != PD_OPTION_BOOL || strcmp(before, now) != 0;
    return status;
}

enum pd_status args_parse(const struct args_command *c, int argc, char **argv, struct args *args,
                          struct pd_error *err)
{
    struct names names = {.letters = ":h"};
    *args = (struct args){.help = false};
    collect_names(&names, c);
    opterr = 0;
    for (int value; (value = getopt_long(argc, argv, names.letters, names.getopt, NULL)) != -1;) {
        enum pd_status status = PD_OK;
        if (value == 'h') {
            print_help(c);
            args->help = true;
            return PD_OK;
        }
        if (value == '?' || value == ':')
            status = fail_option(c, &names, long_value(&names, optopt), argv[optind - 1], err);
        else
            status = take_option(c, long_value(&names, value), optarg, args, err);
        if (status)
            return status;
    }
    const enum pd_status status = take_operands(c, argc - optind, argv + optind, args, err);
    return status ? status : outputs_check(c, args, err);
}
