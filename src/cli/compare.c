/* paydirt compare: what repeated trials show, as a table and as a picture. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/say.h"

#include <paydirt/study.h>

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "RUN... [options]";

static const char about[] =
    "Compares runs of active learning by strategy and number of labels, or runs of training that differ in\n"
    "more than the seed: mean, standard deviation and standard error over the trials, and paired "
    "differences\n"
    "to a baseline over trials with the same seed, with a paired t-test and a sign-flip permutation test.\n"
    "Accuracies are in percent on the screen and in pictures, fractions in CSV and JSON.";

static const char examples[] = "compare runs/00010-mnist-active --chart curves.png\n"
                               "compare runs/00001-strokes-infogan runs/00002-strokes-infogan-gold --csv "
                               "table.csv --baseline 'strokes infogan no-gold'";

struct options {
    char csv[1024], chart[1024], baseline[512];
    bool json, pool;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"csv", PD_OPTION_TEXT, FIELD(csv), 0, 0, "FILE.csv", "write all results as a table"},
    {"chart", PD_OPTION_TEXT, FIELD(chart), 0, 0, "FILE.png",
     "PNG: curves of the means with standard errors, chance, and what they show"},
    {"json", PD_OPTION_BOOL, FIELD(json), 0, 1, NULL, "print JSON"},
    {"pool", PD_OPTION_BOOL, FIELD(pool), 0, 1, NULL, "take several active runs as trials of one"},
    {"baseline", PD_OPTION_TEXT, FIELD(baseline), 0, 0, "NAME", "what the others are set against"},
};
#undef FIELD

/* --- on the screen --- */

/* A figure in the study's unit: percent for fractions. "-" where there is none. */
static const char *figure(const struct pd_study *study, double value, bool sign, char text[32])
{
    const double shown = study->fraction ? 100 * value : value;
    if (isnan(value))
        return "-";
    snprintf(text, 32, sign ? "%+.*f" : "%.*f", study->fraction ? 2 : 4, shown);
    return text;
}

static const char *p_value(double p, char text[32])
{
    if (isnan(p))
        return "-";
    snprintf(text, 32, p < 0.001 ? "%.1e" : "%.3f", p);
    return text;
}

static const char *figure_name(const struct pd_study *study, const struct pd_study_row *row, char text[96])
{
    if (row->figure == PD_STUDY_AREA)
        snprintf(text, 96, "area, %g to %g", row->x0, row->x);
    else if (row->best)
        snprintf(text, 96, "best epoch");
    else if (study->area)
        snprintf(text, 96, "%g %s", row->x, study->x); /* 18 labels */
    else
        snprintf(text, 96, "%s %g", study->x, row->x); /* epoch 6 */
    return text;
}

struct screen {
    const struct pd_study *study;
    struct pd_study_row *rows; /* (count), owned */
    size_t count;
    int width;           /* of the names */
    bool compared;       /* some have a baseline */
    int64_t least_pairs; /* of what was said to be different or not */
};

static enum pd_status take_row(void *context, const struct pd_study_row *row, struct pd_error *err)
{
    struct screen *s = context;
    struct pd_study_row *more = realloc(s->rows, (s->count + 1) * sizeof *more);
    if (!more)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the results");
    s->rows = more;
    more[s->count++] = *row;
    s->compared = s->compared || row->baseline;
    return PD_OK;
}

static void print_row(const struct screen *s, const struct pd_study_row *row)
{
    char name[96], mean[32], std[32], error[32], difference[32], difference_error[32], t[32], flip[32];
    say(stdout, "  %s%*s  %-18s %6lld  %8s %8s %8s", row->curve->label, say_gap(row->curve->label, s->width),
        "", figure_name(s->study, row, name), (long long)row->summary.n,
        figure(s->study, row->summary.mean, false, mean),
        figure(s->study, row->summary.deviation, false, std),
        figure(s->study, row->summary.error, false, error));
    if (row->figure != PD_STUDY_POINT && row->baseline)
        printf("  %8s %8s %6lld %8s %8s", figure(s->study, row->paired.difference.mean, true, difference),
               figure(s->study, row->paired.difference.error, false, difference_error),
               (long long)row->paired.difference.n, p_value(row->paired.p_t, t),
               p_value(row->paired.p_flip, flip));
    printf("\n");
}

/* Words for a difference: an honest "not shown" where chance explains it. */
static void print_words(struct screen *s, const struct pd_study_row *row)
{
    const struct pd_paired *p = &row->paired;
    const int64_t n = p->difference.n;
    char name[96], mean[32], error[32], value[32], words[200];
    say(stdout, "%s against %s, %s: ", row->curve->label, row->baseline->label,
        figure_name(s->study, row, name));
    if (n < 2) {
        printf("nothing can be said: %lld pair%s of trials with the same seed\n", (long long)n,
               n == 1 ? "" : "s");
        return;
    }
    s->least_pairs = s->least_pairs == 0 || n < s->least_pairs ? n : s->least_pairs;
    if (pd_study_shows(p))
        printf("%s by %s +- %s%s (standard error), p = %s, %lld trials\n",
               p->difference.mean > 0 ? "higher" : "lower",
               figure(s->study, fabs(p->difference.mean), false, mean),
               figure(s->study, p->difference.error, false, error), s->study->fraction ? " points" : "",
               p_value(pd_study_chance(p), value), (long long)n);
    else
        printf("no difference shown: p = %s, %lld trials\n", p_value(pd_study_chance(p), value),
               (long long)n);
    if (row->saved.pairs > 1)
        say(stdout, "%s against %s: %s\n", row->curve->label, row->baseline->label,
            pd_saved_words(&row->saved, 100, s->study->x, words, sizeof words));
}

static int name_width(const struct pd_study *study)
{
    int width = 8;
    for (const struct pd_study_curve *c = study->curves; c; c = c->next)
        width = say_width(c->label) > width ? say_width(c->label) : width;
    return width < 100 ? width : 100;
}

static void print_part(const struct screen *s, bool points)
{
    printf("  %-*s  %-18s trials      mean  std dev  std err%s\n", s->width, "", "",
           !points && s->compared ? "  differs  std err  pairs      p t   p flip" : "");
    for (size_t i = 0; i < s->count; i++)
        if ((s->rows[i].figure == PD_STUDY_POINT) == points)
            print_row(s, &s->rows[i]);
}

static void print_rows(struct screen *s, const char *baseline)
{
    const struct pd_study *study = s->study;
    printf("%s%s by %s\n\n", study->measure, study->fraction ? ", %," : "", study->x);
    if (study->area) {
        print_part(s, true);
        say(stdout, "\nat the end, and the mean height of the curve (its area over its width)%s%s\n\n",
            s->compared ? ", and the paired difference to " : "", s->compared ? baseline : "");
    }
    print_part(s, false);
    printf("\n");
    for (size_t i = 0; i < s->count; i++)
        if (s->rows[i].figure != PD_STUDY_POINT && s->rows[i].baseline)
            print_words(s, &s->rows[i]);
    if (s->least_pairs > 0 && s->least_pairs < 6)
        printf("(with %lld pairs p flip is never below %.3g; p is not corrected for the number of "
               "comparisons)\n",
               (long long)s->least_pairs, ldexp(2, -(int)s->least_pairs));
    printf("\n");
}

static enum pd_status print_study(const struct pd_study *study, const char *baseline, struct pd_error *err)
{
    struct screen s = {.study = study, .width = name_width(study)};
    const enum pd_status status = pd_study_rows(study, baseline, take_row, &s, err);
    if (!status)
        print_rows(&s, baseline);
    free(s.rows);
    return status;
}

/* --- the command --- */

static enum pd_status print_json(const struct pd_studies *studies, const char *baseline, struct pd_error *err)
{
    char *text;
    const enum pd_status status = pd_studies_json(studies, baseline, &text, err);
    if (!status)
        printf("%s\n", text);
    free(text);
    return status;
}

static enum pd_status report(const struct options *o, const struct pd_studies *studies, struct pd_error *err)
{
    const char *baseline = o->baseline[0] ? o->baseline : "random";
    enum pd_status status = o->baseline[0] ? pd_studies_check_baseline(studies, o->baseline, err) : PD_OK;
    if (!status && o->csv[0])
        status = pd_studies_write_csv(o->csv, studies, baseline, err);
    if (!status && o->chart[0])
        status = pd_studies_draw(o->chart, studies, baseline, err);
    if (!status && o->json)
        status = print_json(studies, baseline, err);
    for (const struct pd_study *s = pd_studies_first(studies); !status && !o->json && s; s = s->next)
        status = print_study(s, baseline, err);
    for (const struct pd_study *s = pd_studies_first(studies); !status && s; s = s->next)
        if (s->unlike)
            say(stderr, "%s: not all were measured alike: %s\n", s->measure, s->unlike);
    return status;
}

enum pd_status command_compare(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.json = false};
    const struct args_command command = {
        "compare", usage,    about,
        examples,  "RUN...", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct pd_studies *studies = NULL;
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    for (int i = 0; i < args.operand_count; i++) /* as the shell's completion leaves it */
        for (size_t n = strlen(args.operands[i]); n > 1 && args.operands[i][n - 1] == '/'; n--)
            args.operands[i][n - 1] = '\0';
    if (!status)
        status = pd_studies_read(args.operands, args.operand_count, o.pool, &studies, err);
    if (!status)
        status = report(&o, studies, err);
    pd_studies_destroy(studies);
    return status;
}
