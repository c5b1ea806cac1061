/* A small data set, and what a file of answers about it is read as. */
#ifndef PD_TEST_ANSWERS_REPORT_H
#define PD_TEST_ANSWERS_REPORT_H

#include "scratch.h"

#include "data/labels/answers.h"

#include <inttypes.h>

static char class_names[][PD_CLASS_NAME_SIZE] = {"cat", "dog", "Vögel", "a, \"b\"", "caterpillar"};
static const char *image_names[] = {"cats/1.png",   "dogs/1.png", "b c.png",
                                    "x, \"y\".png", "größe.png",  "plain.png"};
static int32_t labels[6];

static const struct pd_dataset photos = {.name = "photos",
                                         .count = 6,
                                         .classes = 5,
                                         .labels = labels,
                                         .class_names = class_names,
                                         .image_names = image_names};
static const struct pd_dataset numbers = {.name = "numbers", .count = 100, .classes = 20, .labels = labels};

/* What was read, one line each: "IMAGE=LABEL", "!ROW words", "?BLANK". */
static inline const char *read_as(const struct pd_dataset *d, const char *text)
{
    static char report[4096];
    struct pd_answers a;
    struct pd_error err;
    size_t n = 0;
    if (pd_answers_parse(text, strlen(text), "answers", d, &a, &err)) {
        assert_null(a.at);
        assert_null(a.refused);
        snprintf(report, sizeof report, "%s", err.message);
        return report;
    }
    for (size_t i = 0; i < a.count; i++) {
        char image[64], label[PD_CLASS_NAME_SIZE] = "skip";
        if (a.at[i].label != PD_ANSWER_SKIP)
            pd_dataset_class_name(d, a.at[i].label, label, sizeof label);
        n += (size_t)snprintf(report + n, sizeof report - n, "%s=%s\n",
                              pd_dataset_image_name(d, a.at[i].image, image, sizeof image), label);
    }
    for (size_t i = 0; i < a.refused_count; i++)
        n += (size_t)snprintf(report + n, sizeof report - n, "!%" PRId64 " %s\n", a.refused[i].row,
                              a.refused[i].words);
    snprintf(report + n, sizeof report - n, "?%zu", a.blank);
    pd_answers_release(&a);
    return report;
}

#define assert_read(dataset, text, expected) assert_string_equal(read_as(dataset, text), expected)

#endif
