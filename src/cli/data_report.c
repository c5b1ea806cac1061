/* What paydirt data check has found, for people and as JSON. */
#include "cli/data_check.h"
#include "cli/say.h"

#include <paydirt/words.h>

#include <errno.h>
#include <stdio.h>

enum { BAR = 30, COPIES_SHOWN = 10 };

/* What people call an image: its name, or "train 17". Into text[size]; returns text. */
static const char *image_name(const struct pd_data_report *r, enum pd_split split, uint32_t image, char *text,
                              size_t size)
{
    const char *name = r->splits[split].names[image];
    if (name)
        snprintf(text, size, "%s", name);
    else
        snprintf(text, size, "%s %u", pd_split_name(split), image);
    return text;
}

/* --- for people --- */

static void print_note(void *context, const char *words)
{
    char text[2 * PD_NOTE_SIZE];
    (void)context;
    say(stdout, "%-10s%s\n", "", say_hints(text, sizeof text, words));
}

static void print_split(const struct pd_data_report *r, int split)
{
    const struct pd_split_report *s = &r->splits[split];
    printf("%-10s", pd_split_name((enum pd_split)split));
    if (!s->there) {
        say(stdout, "none: %s\n", s->why_not);
        return;
    }
    printf("%zu %s", s->count, r->points ? "points" : r->channels == 1 ? "grey images" : "colour images");
    if (!r->points && s->usual_count == s->count && s->count)
        printf(" of %d x %d", s->usual[0], s->usual[1]);
    else if (!r->points && s->count)
        printf(" of %d x %d to %d x %d, %zu of them %d x %d", s->least[0], s->least[1], s->most[0],
               s->most[1], s->usual_count, s->usual[0], s->usual[1]);
    printf("\n");
    pd_note_lines(s->note, print_note, NULL);
}

static void print_values(const struct pd_data_report *r, const char *name, const double *values)
{
    printf("%-10s", name);
    for (int c = 0; c < r->channels; c++)
        printf("%s%.4f", c ? "  " : "", values[c]);
    printf("\n");
}

/* The split that a data set is known by. */
static const struct pd_split_report *main_split(const struct pd_data_report *r)
{
    return &r->splits[r->splits[PD_SPLIT_TRAIN].there ? PD_SPLIT_TRAIN : PD_SPLIT_TEST];
}

/* A line of the histogram: label -1 stands for the unlabelled. */
static void print_class(const struct pd_data_report *r, const char *name, int label, size_t most)
{
    const size_t shown = label < 0 ? main_split(r)->unlabelled : main_split(r)->of_class[label];
    say(stdout, "%s%*s", name, say_gap(name, 31), "");
    for (int split = 0; split < PD_SPLITS; split++)
        if (r->splits[split].there)
            printf(" %8zu", label < 0 ? r->splits[split].unlabelled : r->splits[split].of_class[label]);
    printf("  ");
    for (size_t i = 0; most && i < (shown * BAR + most - 1) / most; i++)
        putchar('#');
    printf("\n");
}

static void print_classes(const struct pd_data_report *r)
{
    const struct pd_split_report *s = main_split(r);
    size_t most = s->unlabelled, unlabelled = 0;
    printf("\n%-31s", "class");
    for (int split = 0; split < PD_SPLITS; split++)
        if (r->splits[split].there) {
            printf(" %8s", pd_split_name((enum pd_split)split));
            unlabelled += r->splits[split].unlabelled;
        }
    printf("\n");
    for (int k = 0; k < r->classes; k++)
        most = s->of_class[k] > most ? s->of_class[k] : most;
    for (int k = 0; k < r->classes; k++)
        print_class(r, r->class_names[k], k, most);
    if (unlabelled)
        print_class(r, "(no label)", -1, most);
    printf("\n");
}

static void print_copies(const struct pd_data_report *r)
{
    char first[512], other[512];
    printf("%-10s%zu within train, %zu within test, %zu of test are in train", "copies", r->splits[0].copies,
           r->splits[1].copies, r->shared);
    if (r->mislabelled)
        printf("; %zu of them with another label than the first", r->mislabelled);
    printf("\n");
    for (size_t i = 0; i < r->copy_count && i < COPIES_SHOWN; i++)
        say(stdout, "%-10s%s is %s%s\n", "",
            image_name(r, r->copies[i].split, r->copies[i].image, other, sizeof other),
            image_name(r, r->copies[i].first_split, r->copies[i].first, first, sizeof first),
            r->copies[i].other_label ? ", with another label" : "");
    if (r->copy_count > COPIES_SHOWN)
        printf("%-10s... (--json lists all)\n", "");
}

void data_report_print(const struct pd_data_report *r, const char *what)
{
    say(stdout, "%s: %s, %s\n", what, r->set, r->summary);
    for (int split = 0; split < PD_SPLITS; split++)
        print_split(r, split);
    if (main_split(r)->count) {
        print_values(r, "mean", main_split(r)->mean);
        print_values(r, "std", main_split(r)->std);
        print_classes(r);
        print_copies(r);
    }
    printf("%-10s%zu\n", "broken", r->broken_count);
    for (size_t i = 0; i < r->broken_count; i++)
        say(stdout, "%-10s%s: %s\n", "", r->broken[i].file, r->broken[i].why);
}

/* --- JSON --- */

static json_t *size_json(const int size[2])
{
    return json_pack("[i, i]", size[0], size[1]);
}

static json_t *values_json(const struct pd_data_report *r, const double *values)
{
    json_t *list = json_array();
    for (int c = 0; c < r->channels; c++)
        json_array_append_new(list, json_real(values[c]));
    return list;
}

static json_t *classes_json(const struct pd_data_report *r, const struct pd_split_report *s)
{
    json_t *list = json_array();
    for (int k = 0; k < r->classes; k++)
        json_array_append_new(
            list, json_pack("{s:s, s:I}", "class", r->class_names[k], "images", (json_int_t)s->of_class[k]));
    return list;
}

static json_t *passed_json(const struct pd_split_report *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->passed_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "kind", s->passed[i].kind, "count",
                                              (json_int_t)s->passed[i].count, "first", s->passed[i].first));
    return list;
}

static json_t *split_json(const struct pd_data_report *r, int split)
{
    const struct pd_split_report *s = &r->splits[split];
    if (!s->there)
        return json_pack("{s:b, s:s}", "there", 0, "why", s->why_not);
    return json_pack("{s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:I, s:o, s:s}", "there", 1,
                     "images", (json_int_t)s->count, "unlabelled", (json_int_t)s->unlabelled, "classes",
                     classes_json(r, s), "least_size", size_json(s->least), "most_size", size_json(s->most),
                     "usual_size", size_json(s->usual), "of_usual_size", (json_int_t)s->usual_count, "mean",
                     values_json(r, s->mean), "std", values_json(r, s->std), "copies", (json_int_t)s->copies,
                     "passed_over", passed_json(s), "note", s->note);
}

static json_t *copies_json(const struct pd_data_report *r)
{
    json_t *list = json_array();
    char first[4096], other[4096];
    for (size_t i = 0; i < r->copy_count; i++) {
        const struct pd_data_copy *c = &r->copies[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:b}", "split", pd_split_name(c->split), "image",
                                        image_name(r, c->split, c->image, other, sizeof other), "first",
                                        image_name(r, c->first_split, c->first, first, sizeof first),
                                        "other_label", c->other_label));
    }
    return list;
}

static json_t *broken_json(const struct pd_data_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->broken_count; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s}", "file", r->broken[i].file, "why", r->broken[i].why));
    return list;
}

enum pd_status data_report_print_json(const struct pd_data_report *r, const char *what, struct pd_error *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s", what);
    errno = 0;
    json_t *all =
        json_pack("{s:s, s:s, s:i, s:i, s:o, s:o, s:I, s:I, s:o, s:o, s:b}", "path", pd_make_printable(path),
                  "data", r->set, "channels", r->channels, "classes", r->classes, "train",
                  split_json(r, PD_SPLIT_TRAIN), "test", split_json(r, PD_SPLIT_TEST), "test_copies_of_train",
                  (json_int_t)r->shared, "copies_with_another_label", (json_int_t)r->mislabelled, "copies",
                  copies_json(r), "broken", broken_json(r), "usable", r->broken_count == 0);
    return say_json(all, 6, what, err);
}
