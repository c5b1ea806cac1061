/* Any bytes as requests of the page on which people answer: each is let in or refused by its names and token,
 * and answered; what the book then says is of images and classes that there are. Requests stand between bytes
 * 0x1e; each is lines: method, path and what follows '?', host, origin, token, then the body. */
#include "serve/page.h"

#include "base/mem.h"
#include "io/store.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IMAGES = 4, CLASSES = 3, LINES = 5, LINE = 512 };

static char class_names[][PD_CLASS_NAME_SIZE] = {"cat", "dog", "7"};
static const char *image_names[] = {"a.png", "b.png", "sub/a.png", "c,d.png"};
static uint8_t pixels[IMAGES];
static int32_t labels[IMAGES];
static struct pd_dataset photos = {.name = "folder",
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

static const char *query(const void *context, const char *name)
{
    static char values[8][LINE];
    static int turn;
    const size_t n = strlen(name);
    for (const char *at = context; at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL)
        if (!strncmp(at, name, n) && at[n] == '=') {
            char *value = values[turn++ % 8];
            const size_t length = strcspn(at + n + 1, "&");
            memcpy(value, at + n + 1, length);
            value[length] = '\0';
            return value;
        }
    return NULL;
}

static void begin(struct pd_page *page)
{
    struct pd_asked_images asked = {.data = &photos, .may_add_classes = true, .strategy = "gold"};
    struct pd_error err;
    memset(page, 0, sizeof *page);
    page->label.lock.fd = -1;
    asked.at = pd_calloc(IMAGES, sizeof *asked.at);
    asked.place = pd_calloc(IMAGES, sizeof *asked.place);
    asked.answers = pd_calloc(IMAGES, sizeof *asked.answers);
    asked.times = pd_calloc(IMAGES, sizeof *asked.times);
    asked.heard = pd_calloc(IMAGES, 1);
    for (uint32_t i = 0; i < IMAGES; i++) {
        asked.answers[i] = i == 3 ? 1 : -1;
        if (i < 3) {
            asked.at[asked.count++] = (struct pd_query){i, 1, (int32_t)i - 1, 0.5};
            asked.place[i] = i + 1;
        }
    }
    expect(!pd_image_index_init(&asked.index, &photos, &err));
    expect(!pd_label_open(&page->label, &asked, 2, &err));
}

/* One page for all inputs, as most of the time would go into opening it: what was pressed is wiped off. */
static void wipe(struct pd_book *b)
{
    struct pd_error err;
    expect(!pd_store_put(b->store, "DELETE FROM press", NULL, 0, NULL, &err));
    for (size_t i = 0; i < b->note_count; i++)
        pd_free(b->notes[i].text);
    memset(b->last, 0, IMAGES * sizeof *b->last);
    b->note_count = b->count = 0;
    b->person_count = 0;
    b->class_count = CLASSES;
    for (int i = 0; i < CLASSES; i++) /* but for their new names */
        memcpy(b->classes[i].shown, b->classes[i].name, sizeof b->classes[i].shown);
}

static void look(const struct pd_book *b)
{
    for (uint32_t i = 0; i < IMAGES; i++) {
        const struct pd_verdict v = pd_book_verdict(b, i);
        expect(v.label >= PD_ANSWER_SKIP && v.label < b->class_count && v.people <= b->person_count);
        expect(!b->last[i] || b->at[b->last[i] - 1].image == i);
    }
    expect(b->class_count >= CLASSES && b->run_classes == CLASSES);
}

static void ask(struct pd_page *page, char *text, size_t size)
{
    static const struct pd_http_gate gate = {.loopback = true,
                                             .port = 8765,
                                             .full = "0123456789abcdef0123456789abcdef",
                                             .watch = "f123456789abcdef0123456789abcdef"};
    char *line[LINES], *body = text;
    struct pd_http_reply reply = {.code = 0};
    bool watch;
    for (int i = 0; i < LINES; i++) {
        char *end = memchr(body, '\n', size - (size_t)(body - text));
        if (!end || end - body >= LINE)
            return;
        *end = '\0';
        line[i] = body;
        body = end + 1;
    }
    const int refused = pd_http_admit(&gate, line[0], line[2], *line[3] ? line[3] : NULL, line[4], &watch);
    expect(refused || !strcmp(line[4], watch ? gate.watch : gate.full));
    char *mark = strchr(line[1], '?');
    if (mark)
        *mark = '\0';
    const struct pd_http_request r = {line[0],   line[1],      body,  size - (size_t)(body - text),
                                      gate.full, refused != 0, query, mark ? mark + 1 : ""};
    pd_page_handle(page, &r, &reply);
    expect(!reply.code || (reply.code >= 400 && reply.code < 600));
    pd_buffer_release(&reply.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pd_page page;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (!page.label.open)
        begin(&page);
    wipe(&page.label.book);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    for (char *at = text, *end; at; at = end ? end + 1 : NULL) {
        end = memchr(at, 0x1e, size - (size_t)(at - text));
        ask(&page, at, end ? (size_t)(end - at) : size - (size_t)(at - text));
    }
    look(&page.label.book);
    free(text);
    return 0;
}
