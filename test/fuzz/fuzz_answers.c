/* Any bytes as a file of answers: refused with words, or every answer names an image and a class, each image
 * once, and what is written of them is read again as it was. The first byte picks the data set. */
#include "data/labels/answers.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char class_names[][PD_CLASS_NAME_SIZE] = {"cat", "dog", "Vögel", "a, \"b\"", "caterpillar"};
static const char *image_names[] = {"cats/1.png",   "dogs/1.png", "b c.png",
                                    "x, \"y\".png", "größe.png",  "plain.png"};

enum { IMAGES = 6, CLASSES = 5 };

static const struct pd_dataset sets[] = {
    {.name = "photos",
     .count = IMAGES,
     .classes = CLASSES,
     .class_names = class_names,
     .image_names = image_names},
    {.name = "numbers", .count = IMAGES, .classes = CLASSES},
};

static void expect(int holds)
{
    if (!holds)
        abort();
}

static void check_answers(const struct pd_answers *a)
{
    int seen[IMAGES] = {0};
    for (size_t i = 0; i < a->count; i++) {
        expect(a->at[i].image < IMAGES && !seen[a->at[i].image]++);
        expect(a->at[i].label == PD_ANSWER_SKIP || (a->at[i].label >= 0 && a->at[i].label < CLASSES));
    }
}

static void check_refusals(const struct pd_answers *a, size_t size)
{
    for (size_t i = 0; i < a->refused_count; i++) {
        const struct pd_refusal *r = &a->refused[i];
        expect(r->row >= 1 && r->row <= (int64_t)size + 1);
        expect(*r->words && strlen(r->words) < sizeof r->words && !strpbrk(r->words, "\n\r\033"));
        expect(!i || r->row >= r[-1].row);
    }
}

/* As the file that pd_answers_write makes, but in memory. */
static void read_back(const struct pd_dataset *d, const struct pd_answers *a)
{
    char text[1024] = "paydirt_image\tlabel\n";
    struct pd_answers again;
    for (size_t i = 0; i < a->count; i++) {
        char image[64], label[PD_CLASS_NAME_SIZE] = "skip";
        if (a->at[i].label != PD_ANSWER_SKIP)
            pd_dataset_class_name(d, a->at[i].label, label, sizeof label);
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s\t%s\n",
                 pd_dataset_image_name(d, a->at[i].image, image, sizeof image), label);
    }
    expect(pd_answers_parse(text, strlen(text), "again", d, &again, NULL) == PD_OK);
    expect(again.count == a->count && !again.refused_count && !again.blank);
    for (size_t i = 0; i < a->count; i++)
        expect(again.at[i].image == a->at[i].image && again.at[i].label == a->at[i].label);
    pd_answers_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_answers a;
    struct pd_error err = {.message = ""};
    if (!size)
        return 0;
    const struct pd_dataset *d = &sets[data[0] == '#'];
    if (pd_answers_parse(data + 1, size - 1, "input", d, &a, &err) != PD_OK) {
        expect(!a.at && !a.refused && err.message[0] && err.offset <= (int64_t)size);
        return 0;
    }
    check_answers(&a);
    check_refusals(&a, size);
    read_back(d, &a);
    pd_answers_release(&a);
    return 0;
}
