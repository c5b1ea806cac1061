#include "serve/label.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/words.h"
#include "io/json.h"
#include "serve/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_MOST = 200, PRESSES_MOST = 500, NAME_SIZE = 4097 };

/* --- replies --- */

void pd_reply_json(struct pd_http_reply *reply, json_t *value)
{
    char *text = NULL;
    if (pd_json_text(value, JSON_COMPACT, "page", &text, NULL))
        reply->code = 500;
    else
        pd_buffer_append(&reply->body, text, strlen(text));
    free(text);
    json_decref(value);
}

void pd_reply_refuse(struct pd_http_reply *reply, int code, const char *words)
{
    reply->code = code;
    pd_mem_watch();
    pd_reply_json(reply, json_pack("{s:s}", "error", words));
}

static void refuse_status(struct pd_http_reply *reply, enum pd_status status, const struct pd_error *err)
{
    pd_reply_refuse(reply,
                    status == PD_ERR_USAGE      ? 422
                    : status == PD_ERR_MISMATCH ? 409
                                                : 500,
                    err->message);
}

/* --- what is open --- */

static bool is_done(const struct pd_label *l, uint32_t image)
{
    const struct pd_verdict v = pd_book_verdict(&l->book, image);
    return pd_verdict_is_final(&l->book, &v);
}

/* Whether it still waits for this person's answer. */
static bool is_open(const struct pd_label *l, uint32_t image, int person)
{
    if (!l->book.last[image])
        return true;
    const struct pd_verdict v = pd_book_verdict(&l->book, image);
    return !v.settled && v.people < l->book.needed &&
           (person == PD_NOBODY || !pd_book_answer(&l->book, image, person));
}

struct pd_page_count pd_label_progress(const struct pd_label *l)
{
    struct pd_page_count n = {.asked = 0};
    if (!l->open)
        return n;
    n.asked = (int64_t)l->asked.count;
    for (size_t i = 0; i < l->asked.count; i++) {
        const uint32_t image = l->asked.at[i].image;
        n.done += is_done(l, image);
        n.disputed += l->book.last[image] && pd_book_verdict(&l->book, image).disputed;
    }
    return n;
}

static const char *who(const struct pd_http_request *r)
{
    const char *name = r->query(r->context, "who");
    return name ? name : "";
}

/* --- state --- */

static json_t *classes_json(const struct pd_book *b)
{
    json_t *all = json_array();
    for (int i = 0; i < b->class_count; i++)
        json_array_append_new(all, json_pack("{s:s, s:s, s:b}", "name", b->classes[i].name, "shown",
                                             b->classes[i].shown, "added", i >= b->run_classes));
    return all;
}

static json_t *people_json(const struct pd_book *b)
{
    json_t *all = json_array();
    for (int i = 0; i < b->person_count; i++)
        json_array_append_new(all, json_string(b->people[i]));
    return all;
}

static json_t *agreement_json(const struct pd_book *b)
{
    json_t *all = json_array();
    for (int i = 0; i < b->person_count; i++)
        for (int k = i + 1; k < b->person_count; k++) {
            const struct pd_agreement a = pd_book_agreement(b, i, k);
            if (a.n)
                json_array_append_new(all,
                                      json_pack("{s:s, s:s, s:I, s:I, s:o}", "one", b->people[i], "other",
                                                b->people[k], "images", (json_int_t)a.n, "agreed",
                                                (json_int_t)a.agreed, "kappa", pd_json_real(a.kappa)));
        }
    return all;
}

static void get_agreement(struct pd_label *l, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    (void)r;
    pd_mem_watch();
    pd_reply_json(reply, json_pack("{s:o}", "pairs", agreement_json(&l->book)));
}

/* What the top of the page shows; after each press, too. */
static json_t *counts_json(const struct pd_label *l, const char *name)
{
    int64_t open = 0, mine = 0, skipped = 0;
    const int person = pd_book_person(&l->book, name);
    const struct pd_page_count n = pd_label_progress(l);
    for (size_t i = 0; i < l->asked.count; i++) {
        const uint32_t image = l->asked.at[i].image;
        const struct pd_press *p = person == PD_NOBODY ? NULL : pd_book_answer(&l->book, image, person);
        open += is_open(l, image, person);
        mine += p != NULL;
        skipped += p && p->label == PD_ANSWER_SKIP;
    }
    const struct pd_press *last = person == PD_NOBODY ? NULL : pd_book_last(&l->book, person);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "asked", (json_int_t)n.asked, "done",
                     (json_int_t)n.done, "disputed", (json_int_t)n.disputed, "open", (json_int_t)open, "mine",
                     (json_int_t)mine, "skipped", (json_int_t)skipped, "last",
                     (json_int_t)(last ? last->id : 0), "revision", (json_int_t)l->revision);
}

static void get_state(struct pd_label *l, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    pd_mem_watch();
    pd_reply_json(reply, json_pack("{s:s, s:s, s:s, s:i, s:b, s:s, s:b, s:o, s:o, s:o}", "run", l->asked.run,
                                   "book", l->book.id, "strategy", l->asked.strategy, "needed",
                                   l->book.needed, "busy", (int)l->busy, "words", l->words, "may_add",
                                   (int)l->asked.may_add_classes, "classes", classes_json(&l->book), "people",
                                   people_json(&l->book), "counts", counts_json(l, who(r))));
}

/* --- images --- */

/* Adds why an image is asked for. */
static void add_query(const struct pd_label *l, uint32_t image, json_t *to)
{
    const uint32_t place = l->asked.place[image];
    const struct pd_query *q = place ? &l->asked.at[place - 1] : NULL;
    if (!q)
        return;
    json_object_set_new(to, "place", json_integer(place));
    json_object_set_new(to, "score", pd_json_real(q->score));
    json_object_set_new(to, "guess", json_integer(q->guess));
    json_object_set_new(to, "guess_p", pd_json_real(q->guess_p));
}

static json_t *notes_json(const struct pd_book *b, uint32_t image)
{
    json_t *all = json_array();
    for (size_t i = 0; i < b->note_count; i++)
        if (b->notes[i].image == image && b->notes[i].text[0])
            json_array_append_new(
                all, json_pack("{s:s, s:s}", "who", b->people[b->notes[i].person], "text", b->notes[i].text));
    return all;
}

static json_t *answers_json(const struct pd_book *b, uint32_t image)
{
    json_t *all = json_array();
    for (int i = 0; i < b->person_count; i++) {
        const struct pd_press *p = pd_book_answer(b, image, i);
        if (p)
            json_array_append_new(all, json_pack("{s:s, s:i, s:I}", "who", b->people[i], "label",
                                                 (int)p->label, "id", (json_int_t)p->id));
    }
    return all;
}

static json_t *image_json(const struct pd_label *l, uint32_t image)
{
    char name[NAME_SIZE];
    const struct pd_verdict v = pd_book_verdict(&l->book, image);
    pd_dataset_image_name(l->asked.data, image, name, sizeof name);
    json_t *one = json_pack("{s:I, s:s, s:i, s:b, s:b, s:I, s:i, s:o, s:o}", "image", (json_int_t)image,
                            "name", pd_make_printable(name), "label", (int)v.label, "disputed",
                            (int)v.disputed, "settled", (int)v.settled, "said",
                            (json_int_t)l->book.said[image], "run", (int)l->asked.answers[image], "answers",
                            answers_json(&l->book, image), "notes", notes_json(&l->book, image));
    if (one)
        add_query(l, image, one);
    return one;
}

static int64_t number_of(const struct pd_http_request *r, const char *name, int64_t least, int64_t most)
{
    const char *text = r->query(r->context, name);
    const long long value = text ? strtoll(text, NULL, 10) : least;
    return value < least ? least : value > most ? most : value;
}

struct queue {
    const struct pd_label *l;
    int person;
    size_t most;
    json_t *images;
    uint8_t *taken; /* (asked.count) */
};

/* place: among what is asked, from 0. */
static void append_open(struct queue *q, size_t place)
{
    const uint32_t image = q->l->asked.at[place].image;
    if (json_array_size(q->images) >= q->most || q->taken[place] || !is_open(q->l, image, q->person))
        return;
    q->taken[place] = 1;
    json_array_append_new(q->images, image_json(q->l, image));
}

/* What the window has on its screen, as "3,17,5". */
static void append_kept(struct queue *q, const char *list)
{
    const struct pd_asked_images *a = &q->l->asked;
    char *end;
    for (; list && *list; list = *end == ',' ? end + 1 : "") {
        const unsigned long long image = strtoull(list, &end, 10);
        if (end > list && image < a->data->count && a->place[image])
            append_open(q, a->place[image] - 1);
    }
}

/* Best first, of each so many the window's own; then from the end on what the others have not come to. */
static void append_turns(struct queue *q, struct pd_turn turn)
{
    const size_t n = q->l->asked.count, of = (size_t)turn.of;
    for (size_t i = (size_t)turn.number; i < n; i += of)
        append_open(q, i);
    for (size_t i = n; i > 0; i--)
        append_open(q, i - 1);
}

static void get_queue(struct pd_label *l, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    bool comes;
    struct queue q = {l, pd_book_person(&l->book, who(r)), (size_t)number_of(r, "n", 1, QUEUE_MOST), NULL,
                      pd_calloc(l->asked.count + 1, 1)};
    const struct pd_turn turn =
        pd_windows_turn(&l->windows, r->query(r->context, "window"), pd_seconds(), &comes);
    l->revision += comes && turn.of > 1;
    pd_mem_watch();
    q.images = q.taken ? json_array() : NULL;
    if (q.images) {
        append_kept(&q, r->query(r->context, "keep"));
        append_turns(&q, turn);
    }
    pd_free(q.taken);
    pd_reply_json(reply, json_pack("{s:o, s:o}", "images", q.images, "counts", counts_json(l, who(r))));
}

/* --- looking back --- */

/* Which of the answered images to show. */
static bool is_shown(const struct pd_label *l, const char *show, int person, uint32_t image)
{
    const struct pd_verdict v = pd_book_verdict(&l->book, image);
    const int32_t label = v.people || v.settled ? v.label : l->asked.answers[image];
    const struct pd_press *mine = person == PD_NOBODY ? NULL : pd_book_answer(&l->book, image, person);
    if (!strcmp(show, "disputed"))
        return v.disputed;
    if (!strcmp(show, "mine"))
        return mine;
    if (!strcmp(show, "skipped"))
        return label == PD_ANSWER_SKIP;
    if (!strcmp(show, "notes")) {
        for (size_t i = 0; i < l->book.note_count; i++)
            if (l->book.notes[i].image == image && l->book.notes[i].text[0])
                return true;
        return false;
    }
    if (!strncmp(show, "image:", 6)) /* that one, also where all was taken back */
        return image == strtoul(show + 6, NULL, 10);
    if (!strncmp(show, "class:", 6))
        return label == strtol(show + 6, NULL, 10);
    return label != -1 || v.disputed || v.people;
}

/* The newest presses first, then what the run knows from elsewhere. */
static void get_review(struct pd_label *l, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    const char *show = r->query(r->context, "show");
    const int person = pd_book_person(&l->book, who(r));
    const size_t from = (size_t)number_of(r, "from", 0, UINT32_MAX),
                 most = (size_t)number_of(r, "n", 1, QUEUE_MOST);
    size_t found = 0;
    pd_mem_watch();
    json_t *all = json_array();
    for (size_t i = l->book.count; i > 0 && json_array_size(all) < most; i--) {
        const struct pd_press *p = &l->book.at[i - 1];
        const bool newest =
            (p->kind == PD_PRESS_ANSWER || p->kind == PD_PRESS_SETTLE || p->kind == PD_PRESS_NOTE) &&
            l->book.last[p->image] == i;
        if (newest && is_shown(l, show ? show : "", person, p->image) && found++ >= from)
            json_array_append_new(all, image_json(l, p->image));
    }
    for (uint32_t i = 0; i < l->asked.data->count && json_array_size(all) < most; i++)
        if (l->asked.answers[i] != -1 && !l->book.last[i] && is_shown(l, show ? show : "", person, i) &&
            found++ >= from)
            json_array_append_new(all, image_json(l, i));
    pd_reply_json(reply, json_pack("{s:o}", "images", all));
}

/* --- presses --- */

static const char *text_of(const json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

/* A whole number within the range, or `other`. */
static int64_t integer_of(const json_t *o, const char *name, int64_t least, int64_t most, int64_t other)
{
    const json_t *value = json_object_get(o, name);
    const json_int_t n = json_integer_value(value);
    return json_is_integer(value) && n >= least && n <= most ? n : other;
}

/* False: no press at all. */
static bool read_press(const struct pd_label *l, const char *person, const json_t *o, struct pd_pressed *p)
{
    const int k = pd_word_at(pd_json_word(o, "kind"), pd_press_kinds, PD_PRESS_KINDS, sizeof(char *));
    if (k < 0)
        return false;
    *p = (struct pd_pressed){.kind = (enum pd_press_kind)k,
                             .key = text_of(o, "key"),
                             .person = person,
                             .image = (uint32_t)integer_of(o, "image", 0, UINT32_MAX - 1, UINT32_MAX),
                             .label = (int32_t)integer_of(o, "label", PD_ANSWER_SKIP, INT32_MAX, -1),
                             .over = -1,
                             .name = text_of(o, "name"),
                             .class = text_of(o, "class"),
                             .of = text_of(o, "of"),
                             .was = integer_of(o, "was", 0, INT64_MAX, -1),
                             .text = text_of(o, "text")};
    const bool answers = p->kind == PD_PRESS_ANSWER || p->kind == PD_PRESS_SETTLE;
    if (answers && p->image < l->asked.data->count)
        p->over = l->asked.answers[p->image];
    return true;
}

/* It numbers images and classes of another run. Who presses for one run alone need not name its book. */
static bool is_for_another(const struct pd_label *l, const json_t *body)
{
    const char *book = text_of(body, "book");
    return json_object_get(body, "book") && (!book || strcmp(book, l->book.id) != 0);
}

static void press(struct pd_label *l, const json_t *body, struct pd_http_reply *reply)
{
    struct pd_pressed pressed[PRESSES_MOST];
    int64_t ids[PRESSES_MOST];
    struct pd_error err = {.message = ""};
    const json_t *list = json_object_get(body, "presses");
    const char *person = text_of(body, "who");
    const size_t n = json_array_size(list);
    if (!person || !n || n > PRESSES_MOST) {
        pd_reply_refuse(reply, 400, "expected who, and a list of presses");
        return;
    }
    if (is_for_another(l, body)) {
        pd_reply_refuse(reply, 409, "it was pressed for another run: load the page again");
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (!read_press(l, person, json_array_get(list, i), &pressed[i])) {
            pd_reply_refuse(reply, 400, "a press of an unknown kind");
            return;
        }
    const enum pd_status status = pd_book_press(&l->book, pressed, n, ids, &err);
    if (status) {
        refuse_status(reply, status, &err);
        return;
    }
    l->revision++;
    pd_mem_watch();
    json_t *numbers = json_array(), *undone = json_array();
    for (size_t i = 0; i < n; i++) {
        const struct pd_press *p = pd_book_find(&l->book, ids[i]);
        const struct pd_press *was = p && p->kind == PD_PRESS_UNDO ? pd_book_find(&l->book, p->was) : NULL;
        json_array_append_new(numbers, json_integer(ids[i]));
        if (was)
            json_array_append_new(undone, json_integer(was->image));
    }
    pd_reply_json(reply, json_pack("{s:o, s:o, s:o}", "ids", numbers, "undone", undone, "counts",
                                   counts_json(l, person)));
}

static void post_press(struct pd_label *l, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    json_t *body = json_loadb(r->body, r->size, JSON_REJECT_DUPLICATES, NULL);
    press(l, body, reply);
    json_decref(body);
}

static void post_done(struct pd_label *l, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    (void)r;
    l->done = !l->busy;
    l->revision++;
    pd_reply_json(reply, json_pack("{s:b}", "done", (int)l->done));
}

/* --- the rest --- */

static void get_export(struct pd_label *l, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    struct pd_error err = {.message = ""};
    const char *format = r->query(r->context, "as");
    const enum pd_status status = pd_export_reply(&l->book, format ? format : "", reply, &err);
    if (status) {
        pd_buffer_release(&reply->body);
        refuse_status(reply, status, &err);
    }
}

static void get_image(struct pd_label *l, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    pd_label_picture(&l->asked, r->query(r->context, "n"), r->query(r->context, "small"), reply);
}

static const struct {
    const char *method, *path;
    void (*handle)(struct pd_label *l, const struct pd_http_request *r, struct pd_http_reply *reply);
} handlers[] = {{"GET", "/api/state", get_state},   {"GET", "/api/queue", get_queue},
                {"GET", "/api/review", get_review}, {"GET", "/api/image", get_image},
                {"GET", "/api/export", get_export}, {"GET", "/api/agreement", get_agreement},
                {"POST", "/api/press", post_press}, {"POST", "/api/done", post_done}};

bool pd_label_handle(struct pd_label *l, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        if (strcmp(r->path, handlers[i].path) != 0 || strcmp(r->method, handlers[i].method) != 0)
            continue;
        if (r->watch)
            pd_reply_refuse(reply, 403, "this address may only watch");
        else if (!l->open)
            pd_reply_refuse(reply, 503, l->words[0] ? l->words : "nothing is asked yet");
        else
            handlers[i].handle(l, r, reply);
        return true;
    }
    return false;
}

/* --- life --- */

enum pd_status pd_label_open(struct pd_label *l, struct pd_asked_images *asked, int people,
                             struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const bool other = !l->open || strcmp(l->asked.run, asked->run) != 0;
    if (other)
        pd_lock_release(&l->lock);
    pd_book_close(&l->book);
    pd_asked_close(&l->asked);
    l->asked = *asked;
    memset(asked, 0, sizeof *asked);
    l->asked.index.dataset = l->asked.data;
    l->done = false;
    l->revision++;
    if (other && l->asked.run[0])
        status = pd_lock_take(&l->lock, l->asked.run, ".page.lock", 1, err);
    if (!status)
        status = pd_book_open(&l->asked, true, &l->book, err);
    if (!status)
        status = pd_book_need(&l->book, people ? people : l->book.needed, err);
    l->open = !status;
    if (status)
        pd_label_close(l);
    return status;
}

void pd_label_close(struct pd_label *l)
{
    pd_book_close(&l->book);
    pd_asked_close(&l->asked);
    pd_lock_release(&l->lock);
    l->open = false;
}
