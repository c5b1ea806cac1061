/* What paydirt data check has found, for people and as JSON. */
#include "cli/data_check.h"
#include "cli/say.h"

#include "io/json.h"

#include <paydirt/words.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAR = 30, COPIES_SHOWN = 10 };

static const char *class_name(const struct pd_survey *v, int label, char text[PD_CLASS_NAME_SIZE])
{
    if (v->class_names)
        return v->class_names[label];
    snprintf(text, PD_CLASS_NAME_SIZE, "%d", label);
    return text;
}

/* --- for people --- */

static void print_note(void *context, const char *words)
{
    (void)context;
    say(stdout, "%-10s%s\n", "", words);
}

static void print_split(const struct data_report *r, int split)
{
    const struct pd_survey *v = r->survey;
    const struct pd_survey_split *s = &v->splits[split];
    printf("%-10s", data_split_names[split]);
    if (!s->there) {
        say(stdout, "none: %s\n", r->why_not[split]);
        return;
    }
    printf("%zu %s", s->count, v->points ? "points" : v->channels == 1 ? "grey images" : "colour images");
    if (!v->points && s->usual_count == s->count && s->count)
        printf(" of %d x %d", s->usual[0], s->usual[1]);
    else if (!v->points && s->count)
        printf(" of %d x %d to %d x %d, %zu of them %d x %d", s->least[0], s->least[1], s->most[0],
               s->most[1], s->usual_count, s->usual[0], s->usual[1]);
    printf("\n");
    pd_note_lines(s->note, print_note, NULL);
}

static void print_values(const struct pd_survey *v, const char *name, const double *values)
{
    printf("%-10s", name);
    for (int c = 0; c < v->channels; c++)
        printf("%s%.4f", c ? "  " : "", values[c]);
    printf("\n");
}

/* The split that a data set is known by. */
static const struct pd_survey_split *main_split(const struct pd_survey *v)
{
    return &v->splits[v->splits[PD_SPLIT_TRAIN].there ? PD_SPLIT_TRAIN : PD_SPLIT_TEST];
}

/* A line of the histogram: label -1 stands for the unlabelled. */
static void print_class(const struct pd_survey *v, const char *name, int label, size_t most)
{
    const size_t shown = label < 0 ? main_split(v)->unlabelled : main_split(v)->of_class[label];
    say(stdout, "%s%*s", name, say_gap(name, 31), "");
    for (int split = 0; split < PD_SURVEY_SPLITS; split++)
        if (v->splits[split].there)
            printf(" %8zu", label < 0 ? v->splits[split].unlabelled : v->splits[split].of_class[label]);
    printf("  ");
    for (size_t i = 0; most && i < (shown * BAR + most - 1) / most; i++)
        putchar('#');
    printf("\n");
}

static void print_classes(const struct pd_survey *v)
{
    const struct pd_survey_split *s = main_split(v);
    char text[PD_CLASS_NAME_SIZE];
    size_t most = s->unlabelled, unlabelled = 0;
    printf("\n%-31s", "class");
    for (int split = 0; split < PD_SURVEY_SPLITS; split++)
        if (v->splits[split].there) {
            printf(" %8s", data_split_names[split]);
            unlabelled += v->splits[split].unlabelled;
        }
    printf("\n");
    for (int k = 0; k < v->classes; k++)
        most = s->of_class[k] > most ? s->of_class[k] : most;
    for (int k = 0; k < v->classes; k++)
        print_class(v, class_name(v, k, text), k, most);
    if (unlabelled)
        print_class(v, "(no label)", -1, most);
    printf("\n");
}

static void print_copies(const struct data_report *r)
{
    const struct pd_survey *v = r->survey;
    char first[512], other[512];
    printf("%-10s%zu within train, %zu within test, %zu of test are in train", "copies", v->splits[0].copies,
           v->splits[1].copies, v->shared);
    if (v->mislabelled)
        printf("; %zu of them with another label than the first", v->mislabelled);
    printf("\n");
    for (size_t i = 0; i < v->copy_count && i < COPIES_SHOWN; i++)
        say(stdout, "%-10s%s is %s%s\n", "",
            data_report_image(r, v->copies[i].split, v->copies[i].image, other, sizeof other),
            data_report_image(r, v->copies[i].first_split, v->copies[i].first, first, sizeof first),
            v->copies[i].other_label ? ", with another label" : "");
    if (v->copy_count > COPIES_SHOWN)
        printf("%-10s... (--json lists all)\n", "");
}

void data_report_print(const struct data_report *r)
{
    const struct pd_survey *v = r->survey;
    say(stdout, "%s: %s, %s\n", r->where, r->what, r->summary);
    for (int split = 0; split < PD_SURVEY_SPLITS; split++)
        print_split(r, split);
    if (main_split(v)->count) {
        print_values(v, "mean", main_split(v)->mean);
        print_values(v, "std", main_split(v)->std);
        print_classes(v);
        print_copies(r);
    }
    printf("%-10s%zu\n", "broken", v->broken_count);
    for (size_t i = 0; i < v->broken_count; i++)
        say(stdout, "%-10s%s: %s\n", "", v->broken[i].file, v->broken[i].why);
}

/* --- JSON --- */

static json_t *size_json(const int size[2])
{
    return json_pack("[i, i]", size[0], size[1]);
}

static json_t *values_json(const struct pd_survey *v, const double *values)
{
    json_t *list = json_array();
    for (int c = 0; c < v->channels; c++)
        json_array_append_new(list, json_real(values[c]));
    return list;
}

static json_t *classes_json(const struct pd_survey *v, const struct pd_survey_split *s)
{
    json_t *list = json_array();
    char text[PD_CLASS_NAME_SIZE];
    for (int k = 0; k < v->classes; k++)
        json_array_append_new(list, json_pack("{s:s, s:I}", "class", class_name(v, k, text), "images",
                                              (json_int_t)s->of_class[k]));
    return list;
}

static json_t *passed_json(const struct pd_survey_split *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->passed_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "kind", s->passed[i].kind, "count",
                                              (json_int_t)s->passed[i].count, "first", s->passed[i].first));
    return list;
}

static json_t *split_json(const struct data_report *r, int split)
{
    const struct pd_survey *v = r->survey;
    const struct pd_survey_split *s = &v->splits[split];
    if (!s->there)
        return json_pack("{s:b, s:s}", "there", 0, "why", r->why_not[split]);
    return json_pack("{s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:I, s:o, s:s}", "there", 1,
                     "images", (json_int_t)s->count, "unlabelled", (json_int_t)s->unlabelled, "classes",
                     classes_json(v, s), "least_size", size_json(s->least), "most_size", size_json(s->most),
                     "usual_size", size_json(s->usual), "of_usual_size", (json_int_t)s->usual_count, "mean",
                     values_json(v, s->mean), "std", values_json(v, s->std), "copies", (json_int_t)s->copies,
                     "passed_over", passed_json(s), "note", s->note);
}

static json_t *copies_json(const struct data_report *r)
{
    const struct pd_survey *v = r->survey;
    json_t *list = json_array();
    char first[4096], other[4096];
    for (size_t i = 0; i < v->copy_count; i++) {
        const struct pd_copy *c = &v->copies[i];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:b}", "split", data_split_names[c->split], "image",
                            data_report_image(r, c->split, c->image, other, sizeof other), "first",
                            data_report_image(r, c->first_split, c->first, first, sizeof first),
                            "other_label", c->other_label));
    }
    return list;
}

static json_t *broken_json(const struct pd_survey *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->broken_count; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s}", "file", v->broken[i].file, "why", v->broken[i].why));
    return list;
}

enum pd_status data_report_print_json(const struct data_report *r, struct pd_error *err)
{
    const struct pd_survey *v = r->survey;
    char where[4096];
    char *text;
    snprintf(where, sizeof where, "%s", r->where);
    pd_mem_watch();
    json_t *all =
        json_pack("{s:s, s:s, s:i, s:i, s:o, s:o, s:I, s:I, s:o, s:o, s:b}", "path", pd_make_printable(where),
                  "data", r->what, "channels", v->channels, "classes", v->classes, "train",
                  split_json(r, PD_SPLIT_TRAIN), "test", split_json(r, PD_SPLIT_TEST), "test_copies_of_train",
                  (json_int_t)v->shared, "copies_with_another_label", (json_int_t)v->mislabelled, "copies",
                  copies_json(r), "broken", broken_json(v), "usable", v->broken_count == 0);
    const enum pd_status status =
        pd_json_text(all, JSON_COMPACT | JSON_REAL_PRECISION(6), r->where, &text, err);
    if (!status)
        printf("%s\n", text);
    free(text);
    json_decref(all);
    return status;
}
