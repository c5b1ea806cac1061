/* Any bytes as the journal of an active run: refused with words, or what it knows are images and classes of
 * the data set. The first byte says who answers. */
#include "active/given.h"
#include "active/ledger.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IMAGES = 5, CLASSES = 3 };

static char class_names[][PD_CLASS_NAME_SIZE] = {"cat", "dog", "007"};
static const char *image_names[] = {"a.png", "b.png", "sub/a.png", "c d.png", "größe.png"};
static uint8_t pixels[] = {1, 2, 1, 3, 4}; /* sub/a.png is a copy of a.png */
static int32_t labels[] = {-1, 1, -1, -1, 2};

static const struct pd_dataset photos = {.name = "photos",
                                         .count = IMAGES,
                                         .classes = CLASSES,
                                         .channels = 1,
                                         .height = 1,
                                         .width = 1,
                                         .pixels = pixels,
                                         .labels = labels,
                                         .class_names = class_names,
                                         .image_names = image_names};

static void expect(int holds)
{
    if (!holds)
        abort();
}

static void look(const struct pd_ledger *l)
{
    for (uint32_t i = 0; i < IMAGES; i++) {
        const int32_t label = pd_ledger_ask(l, i);
        expect(label >= PD_ANSWER_SKIP && label < CLASSES);
    }
    for (size_t k = 0; k < l->n_rounds; k++) {
        const struct pd_ledger_round *r = &l->rounds[k];
        for (size_t i = 0; i < r->n_queries; i++) {
            expect(r->queries[i].image < IMAGES && r->queries[i].image != 2); /* the first stands for it */
            expect(r->queries[i].guess >= -1 && r->queries[i].guess < CLASSES);
        }
        for (size_t i = 0; i < r->n_given; i++)
            expect(r->given[i] < IMAGES);
        expect(pd_ledger_find(l, r->branch, r->round) == r);
    }
}

/* The same bytes without a data set: each image has one answer that counts. */
static void look_alone(const char *text, size_t size)
{
    struct pd_given_list list = {.count = 0};
    struct pd_error err = {.message = ""};
    if (pd_given_parse(text, size, "journal.jsonl", &list, &err))
        expect(err.message[0] && !strpbrk(err.message, "\n\r\033"));
    else
        for (size_t i = 0; i < list.count; i++) {
            size_t counts = 0;
            for (size_t k = 0; k < list.count; k++)
                counts += !strcmp(list.at[i].image, list.at[k].image) && !list.at[k].stale;
            expect(counts == 1 && list.at[i].label[0]);
        }
    pd_given_release(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_ledger l;
    struct pd_error err = {.message = ""};
    if (size && size < 4000) /* every answer is compared with every other */
        look_alone((const char *)data + 1, size - 1);
    if (!size || pd_ledger_open(data[0] == '#', &photos, false, 1, "", NULL, &l, &err))
        return 0;
    if (pd_ledger_read(&l, (const char *)data + 1, size - 1, &err) == PD_OK)
        look(&l);
    else
        expect(err.message[0] && !strpbrk(err.message, "\n\r\033"));
    pd_ledger_close(&l);
    return 0;
}
