/* paydirt compare: what repeated trials show, as a table and as a picture. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "study/study.h"

#include "io/csv.h"
#include "io/json.h"

#include <paydirt/words.h>

#include <jansson.h>
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
    {"csv", PD_OPTION_TEXT, FIELD(csv), 0, 0, "FILE", "write all results as a table"},
    {"chart", PD_OPTION_TEXT, FIELD(chart), 0, 0, "FILE",
     "PNG: curves of the means with standard errors, chance, and what they show"},
    {"json", PD_OPTION_BOOL, FIELD(json), 0, 1, NULL, "print JSON"},
    {"pool", PD_OPTION_BOOL, FIELD(pool), 0, 1, NULL, "take several active runs as trials of one"},
    {"baseline", PD_OPTION_TEXT, FIELD(baseline), 0, 0, "NAME", "what the others are set against"},
};
#undef FIELD

/* --- on the screen --- */

/* A figure in the study's unit: percent for fractions. "-" where there is none. */
static const char *figure(const struct study *study, double value, bool sign, char text[32])
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

static const char *figure_name(const struct study *study, const struct study_row *row, char text[96])
{
    if (row->figure == STUDY_AREA)
        snprintf(text, 96, "area, %g to %g", row->x0, row->x);
    else if (study->area)
        snprintf(text, 96, "%g %s", row->x, study->x); /* 18 labels */
    else
        snprintf(text, 96, "%s %g", study->x, row->x); /* epoch 6 */
    return text;
}

struct screen {
    const struct study *study;
    int width; /* of the names */
    bool points, words;
    int64_t least_pairs; /* of what was said to be different or not */
};

static enum pd_status print_row(void *context, const struct study_row *row, struct pd_error *err)
{
    const struct screen *s = context;
    char name[96], mean[32], std[32], error[32], difference[32], difference_error[32], t[32], flip[32];
    (void)err;
    if ((row->figure == STUDY_POINT) != s->points)
        return PD_OK;
    say(stdout, "  %s%*s  %-18s %6lld  %8s %8s %8s", row->curve->label, say_gap(row->curve->label, s->width),
        "", figure_name(s->study, row, name), (long long)row->summary.n,
        figure(s->study, row->summary.mean, false, mean),
        figure(s->study, row->summary.deviation, false, std),
        figure(s->study, row->summary.error, false, error));
    if (!s->points && row->baseline)
        printf("  %8s %8s %6lld %8s %8s", figure(s->study, row->paired.difference.mean, true, difference),
               figure(s->study, row->paired.difference.error, false, difference_error),
               (long long)row->paired.difference.n, p_value(row->paired.p_t, t),
               p_value(row->paired.p_flip, flip));
    printf("\n");
    return PD_OK;
}

/* Words for a difference: an honest "not shown" where chance explains it. */
static enum pd_status print_words(void *context, const struct study_row *row, struct pd_error *err)
{
    struct screen *s = context;
    const struct pd_paired *p = &row->paired;
    const int64_t n = p->difference.n;
    char name[96], mean[32], error[32], value[32];
    (void)err;
    if (row->figure == STUDY_POINT || !row->baseline)
        return PD_OK;
    say(stdout, "%s against %s, %s: ", row->curve->label, row->baseline->label,
        figure_name(s->study, row, name));
    if (n < 2) {
        printf("nothing can be said: %lld pair%s of trials with the same seed\n", (long long)n,
               n == 1 ? "" : "s");
        return PD_OK;
    }
    s->least_pairs = s->least_pairs == 0 || n < s->least_pairs ? n : s->least_pairs;
    if (study_shows(p))
        printf("%s by %s +- %s%s (standard error), p = %s, %lld trials\n",
               p->difference.mean > 0 ? "higher" : "lower",
               figure(s->study, fabs(p->difference.mean), false, mean),
               figure(s->study, p->difference.error, false, error), s->study->fraction ? " points" : "",
               p_value(study_chance(p), value), (long long)n);
    else
        printf("no difference shown: p = %s, %lld trials\n", p_value(study_chance(p), value), (long long)n);
    return PD_OK;
}

static int name_width(const struct study *study)
{
    int width = 8;
    for (const struct study_curve *c = study->curves; c; c = c->next)
        width = say_width(c->label) > width ? say_width(c->label) : width;
    return width < 100 ? width : 100;
}

static bool has_baseline(const struct study *study, const char *name)
{
    for (const struct study_curve *c = study->curves; c; c = c->next)
        if (study_baseline(study, c, name))
            return true;
    return false;
}

static enum pd_status print_part(struct screen *s, bool points, const char *baseline, struct pd_error *err)
{
    const bool differences = !points && has_baseline(s->study, baseline);
    s->points = points;
    printf("  %-*s  %-18s trials      mean  std dev  std err%s\n", s->width, "", "",
           differences ? "  differs  std err  pairs      p t   p flip" : "");
    return study_rows(s->study, baseline, print_row, s, err);
}

static enum pd_status print_study(const struct study *study, const char *baseline, struct pd_error *err)
{
    struct screen s = {.study = study, .width = name_width(study)};
    enum pd_status status = PD_OK;
    printf("%s%s by %s\n\n", study->measure, study->fraction ? ", %," : "", study->x);
    if (study->area) {
        status = print_part(&s, true, baseline, err);
        say(stdout, "\nat the end, and the mean height of the curve (its area over its width)%s%s\n\n",
            has_baseline(study, baseline) ? ", and the paired difference to " : "",
            has_baseline(study, baseline) ? baseline : "");
    }
    if (!status)
        status = print_part(&s, false, baseline, err);
    printf("\n");
    if (!status)
        status = study_rows(study, baseline, print_words, &s, err);
    if (s.least_pairs > 0 && s.least_pairs < 6)
        printf("(with %lld pairs p flip is never below %.3g; p is not corrected for the number of "
               "comparisons)\n",
               (long long)s.least_pairs, ldexp(2, -(int)s.least_pairs));
    printf("\n");
    return status;
}

/* --- CSV and JSON --- */

static const char *const figure_names[STUDY_FIGURES] = {"point", "last", "area"};

/* The columns of both: what they are called and where a row has them. */
static const struct column {
    const char *name;
    size_t offset;
    bool integer, pair; /* pair: only beside a baseline */
} columns[] = {
#define COLUMN(name, field, integer, pair)                                                                   \
    {                                                                                                        \
        name, offsetof(struct study_row, field), integer, pair                                               \
    }
    COLUMN("x0", x0, false, false),
    COLUMN("x", x, false, false),
    COLUMN("trials", summary.n, true, false),
    COLUMN("mean", summary.mean, false, false),
    COLUMN("std", summary.deviation, false, false),
    COLUMN("stderr", summary.error, false, false),
    COLUMN("pairs", paired.difference.n, true, true),
    COLUMN("difference", paired.difference.mean, false, true),
    COLUMN("difference_stderr", paired.difference.error, false, true),
    COLUMN("p_t", paired.p_t, false, true),
    COLUMN("p_flip", paired.p_flip, false, true),
#undef COLUMN
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* NAN: nothing to tell. */
static double cell(const struct column *c, const struct study_row *row)
{
    const char *at = (const char *)row + c->offset;
    if (c->pair && !row->baseline)
        return NAN;
    return c->integer ? (double)*(const int64_t *)at : *(const double *)at;
}

struct sheet {
    const struct study *study;
    struct pd_csv *csv;
    json_t *rows;
};

static enum pd_status write_row(void *context, const struct study_row *row, struct pd_error *err)
{
    const struct sheet *s = context;
    (void)err;
    pd_csv_text(s->csv, s->study->measure);
    pd_csv_text(s->csv, row->curve->label);
    pd_csv_text(s->csv, figure_names[row->figure]);
    pd_csv_text(s->csv, s->study->x);
    for (int i = 0; i < COLUMNS; i++) {
        const double value = cell(&columns[i], row);
        if (isnan(value))
            pd_csv_text(s->csv, "");
        else if (columns[i].integer)
            pd_csv_integer(s->csv, (int64_t)value);
        else
            pd_csv_real(s->csv, value);
    }
    pd_csv_text(s->csv, row->baseline ? row->baseline->label : "");
    pd_csv_end_row(s->csv);
    return PD_OK;
}

static enum pd_status write_csv(const char *path, const struct studies *studies, const char *baseline,
                                struct pd_error *err)
{
    struct sheet s = {NULL, NULL, NULL};
    enum pd_status status = pd_csv_create(path, &s.csv, err);
    if (status)
        return status;
    static const char *const first[] = {"metric", "name", "figure", "by"};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        pd_csv_text(s.csv, first[i]);
    for (int i = 0; i < COLUMNS; i++)
        pd_csv_text(s.csv, columns[i].name);
    pd_csv_text(s.csv, "baseline");
    pd_csv_end_row(s.csv);
    for (s.study = studies->first; !status && s.study; s.study = s.study->next)
        status = study_rows(s.study, baseline, write_row, &s, err);
    if (!status)
        status = pd_csv_commit(s.csv, err);
    pd_csv_destroy(s.csv);
    return status;
}

static enum pd_status add_row(void *context, const struct study_row *row, struct pd_error *err)
{
    const struct sheet *s = context;
    json_t *record = json_pack("{s:s, s:s, s:s, s:s}", "metric", s->study->measure, "name", row->curve->label,
                               "figure", figure_names[row->figure], "by", s->study->x);
    for (int i = 0; record && i < COLUMNS; i++) {
        const double value = cell(&columns[i], row);
        json_object_set_new(record, columns[i].name,
                            isnan(value)         ? json_null()
                            : columns[i].integer ? json_integer((json_int_t)value)
                                                 : json_real(value));
    }
    json_object_set_new(record, "baseline", row->baseline ? json_string(row->baseline->label) : json_null());
    if (json_array_append_new(s->rows, record))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the results");
    return PD_OK;
}

static enum pd_status print_json(const struct studies *studies, const char *baseline, struct pd_error *err)
{
    char *text = NULL;
    pd_mem_watch();
    struct sheet s = {.rows = json_array()};
    enum pd_status status = PD_OK;
    for (s.study = studies->first; !status && s.study; s.study = s.study->next)
        status = study_rows(s.study, baseline, add_row, &s, err);
    if (!status)
        status = pd_json_text(s.rows, JSON_INDENT(1) | JSON_REAL_PRECISION(10), "the results", &text, err);
    if (!status)
        printf("%s\n", text);
    free(text);
    json_decref(s.rows);
    return status;
}

/* --- the command --- */

static enum pd_status check_baseline(const struct studies *studies, const char *name, struct pd_error *err)
{
    const char *names[64];
    size_t count = 0;
    for (const struct study *s = studies->first; s; s = s->next)
        for (const struct study_curve *c = s->curves; c; c = c->next) {
            if (!strcmp(c->name, name) || !strcmp(c->label, name))
                return PD_OK;
            if (s == studies->first && count < sizeof names / sizeof names[0])
                names[count++] = c->label;
        }
    return pd_unknown_word(err, "baseline", name, names, count, sizeof names[0]);
}

static enum pd_status report(const struct options *o, const struct studies *studies, struct pd_error *err)
{
    const char *baseline = o->baseline[0] ? o->baseline : "random";
    enum pd_status status = o->baseline[0] ? check_baseline(studies, o->baseline, err) : PD_OK;
    if (!status && o->csv[0])
        status = write_csv(o->csv, studies, baseline, err);
    if (!status && o->chart[0])
        status = studies_draw(o->chart, studies, baseline, err);
    if (!status && o->json)
        status = print_json(studies, baseline, err);
    for (const struct study *s = studies->first; !status && !o->json && s; s = s->next)
        status = print_study(s, baseline, err);
    return status;
}

enum pd_status command_compare(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.json = false};
    const struct args_command command = {
        "compare", usage,    about,
        examples,  "RUN...", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct studies studies = {.first = NULL};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    for (int i = 0; i < args.operand_count; i++) /* as the shell's completion leaves it */
        for (size_t n = strlen(args.operands[i]); n > 1 && args.operands[i][n - 1] == '/'; n--)
            args.operands[i][n - 1] = '\0';
    if (!status)
        studies.pool = o.pool;
    if (!status)
        status = studies_read(&studies, args.operands, args.operand_count, err);
    if (!status)
        status = report(&o, &studies, err);
    studies_release(&studies);
    return status;
}
