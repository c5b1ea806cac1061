/* The book of a page: what was pressed is there, once, and what follows from it; requests as the page makes
 * them. */
#include "needs.h"
#include "scratch.h"
#include "unit/image_maker.h"

#include "data/images/image.h"
#include "io/png.h"
#include "serve/export.h"
#include "serve/page.h"

#include <math.h>

enum { IMAGES = 12, SHOT = 8 };

static char class_names[][PD_CLASS_NAME_SIZE] = {"cat", "dog", "bird"};
static const char *image_names[IMAGES] = {"0.png", "1.png", "2.png", "3.png", "4.png",   "5.png",
                                          "6.png", "7.png", "8.png", "9.png", "a,b.png", "größe.png"};
static uint8_t pixels[IMAGES * 4];
static int32_t labels[IMAGES];
static struct pd_dataset photos = {.name = "folder",
                                   .count = IMAGES,
                                   .classes = 3,
                                   .channels = 1,
                                   .height = 2,
                                   .width = 2,
                                   .pixels = pixels,
                                   .labels = labels,
                                   .class_names = class_names,
                                   .image_names = image_names};

/* A run's folder of nothing but its questions. */
static struct pd_asked_images asked;
static struct pd_book book;

static void open_asked(const char *folder)
{
    struct pd_error err;
    char path[600];
    FILE *f;
    memset(&asked, 0, sizeof asked);
    snprintf(asked.run, sizeof asked.run, "%s", folder);
    snprintf(asked.strategy, sizeof asked.strategy, "gold");
    snprintf(path, sizeof path, "%s/queries.csv", folder);
    f = fopen(path, "w");
    fprintf(f, "image,label,score,guess,guess_p,number,path\n");
    for (int i = 0; i < IMAGES - 2; i++)
        fprintf(f, "%s,,%d.5,dog,0.75,%d,\n", image_names[i], IMAGES - i, i + 1);
    fprintf(f, "\"a,b.png\",,1,,,11,\n");
    fclose(f);
    asked.data = &photos;
    asked.may_add_classes = true;
    assert_int_equal(pd_asked_read(&asked, &err), PD_OK);
}

static void open_book(void)
{
    struct pd_error err;
    assert_int_equal(pd_book_open(&asked, true, &book, &err), PD_OK);
}

static void close_all(void)
{
    pd_book_close(&book);
    asked.data = NULL;
    pd_asked_close(&asked);
}

static int begin(void **state)
{
    if (scratch_setup(state))
        return -1;
    open_asked(scratch_dir);
    if (pd_library_is_in(pd_library_sqlite))
        open_book();
    return 0;
}

static int end(void **state)
{
    close_all();
    return scratch_teardown(state);
}

/* --- pressing --- */

static const char *new_key(void)
{
    static char key[32];
    static int n;
    snprintf(key, sizeof key, "key-%08d", n++);
    return key;
}

static enum pd_status press(struct pd_pressed p, int64_t *id)
{
    struct pd_error err = {.message = ""};
    int64_t ignored;
    if (!p.key)
        p.key = new_key();
    const enum pd_status status = pd_book_press(&book, &p, 1, id ? id : &ignored, &err);
    assert_int_equal(!err.message[0], !status); /* who is refused hears why */
    return status;
}

static int64_t answers(const char *who, uint32_t image, int32_t label)
{
    int64_t id = 0;
    assert_int_equal(press((struct pd_pressed){.kind = PD_PRESS_ANSWER,
                                               .person = who,
                                               .image = image,
                                               .label = label,
                                               .over = -1,
                                               .was = -1},
                           &id),
                     PD_OK);
    return id;
}

/* In the place of what the run has. */
static void answers_over(uint32_t image, int32_t label, int32_t over)
{
    const struct pd_pressed p = {
        .kind = PD_PRESS_ANSWER, .person = "ben", .image = image, .label = label, .over = over, .was = -1};
    assert_int_equal(press(p, NULL), PD_OK);
}

static void refused(struct pd_pressed p, enum pd_status expected)
{
    const size_t before = book.count;
    assert_int_equal(press(p, NULL), expected);
    assert_int_equal(book.count, before);
}

static void reads_what_is_asked(void **state)
{
    (void)state;
    assert_int_equal(asked.count, IMAGES - 1);
    assert_int_equal(asked.at[0].image, 0);
    assert_int_equal(asked.at[0].guess, 1);
    assert_true(asked.at[0].score == 12.5 && asked.at[0].guess_p == 0.75);
    assert_int_equal(asked.at[10].image, 10);
    assert_int_equal(asked.at[10].guess, -1);
    assert_int_equal(asked.place[11], 0);
    assert_false(pd_asked_is_old(&asked));
}

static void keeps_what_was_pressed(void **state)
{
    (void)state;
    NEEDS(sqlite);
    const int64_t first = answers("ann", 0, 0);
    answers("ann", 1, PD_ANSWER_SKIP);
    answers("ben", 0, 1);
    const struct pd_pressed again = {.kind = PD_PRESS_ANSWER,
                                     .key = "the-same-key",
                                     .person = "ann",
                                     .image = 2,
                                     .label = 2,
                                     .over = -1,
                                     .was = 0};
    int64_t one, two;
    assert_int_equal(press(again, &one), PD_OK);
    assert_int_equal(press(again, &two), PD_OK); /* whoever did not hear the answer sends it once more */
    assert_int_equal(one, two);
    assert_int_equal(book.count, 4);
    assert_int_equal(
        press(
            (struct pd_pressed){
                .kind = PD_PRESS_NOTE, .person = "ann", .image = 1, .over = -1, .text = "blurred"},
            NULL),
        PD_OK);
    assert_int_equal(
        press(
            (struct pd_pressed){
                .kind = PD_PRESS_CLASS, .person = "ann", .label = -1, .over = -1, .text = "fish"},
            NULL),
        PD_OK);
    assert_int_equal(
        press(
            (struct pd_pressed){
                .kind = PD_PRESS_RENAME, .person = "ann", .label = 0, .over = -1, .text = "Katze"},
            NULL),
        PD_OK);
    answers("ann", 3, 3);
    assert_int_equal(press((struct pd_pressed){.kind = PD_PRESS_UNDO, .person = "ben", .over = -1}, NULL),
                     PD_OK);
    char id[PD_BOOK_ID];
    snprintf(id, sizeof id, "%s", book.id);
    assert_int_equal(strlen(id), PD_BOOK_ID - 1);
    for (int turn = 0; turn < 2; turn++) { /* also once it is opened anew */
        assert_string_equal(book.id, id);
        assert_int_equal(pd_book_verdict(&book, 0).label, 0);
        assert_int_equal(pd_book_verdict(&book, 0).people, 1);
        assert_int_equal(pd_book_verdict(&book, 1).label, PD_ANSWER_SKIP);
        assert_int_equal(pd_book_verdict(&book, 2).label, 2);
        assert_int_equal(pd_book_verdict(&book, 3).label, 3);
        assert_int_equal(pd_book_verdict(&book, 4).label, -1);
        assert_int_equal(pd_book_answer(&book, 0, 0)->id, first);
        assert_null(pd_book_answer(&book, 0, 1));
        assert_int_equal(book.count, 9);
        assert_int_equal(book.class_count, 4);
        assert_int_equal(book.run_classes, 3);
        assert_string_equal(pd_book_class_name(&book, 0), "cat");
        assert_string_equal(pd_book_class_shown(&book, 0), "Katze");
        assert_string_equal(pd_book_class_name(&book, 3), "fish");
        assert_string_equal(book.notes[0].text, "blurred");
        pd_book_close(&book);
        open_book();
    }
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    NEEDS(sqlite);
    const struct pd_pressed good = {
        .kind = PD_PRESS_ANSWER, .person = "ann", .image = 0, .label = 0, .over = -1, .was = 0};
    struct pd_pressed p = good;
    p.image = 11;
    refused(p, PD_ERR_USAGE); /* nobody asked about it */
    p.image = IMAGES;
    refused(p, PD_ERR_USAGE);
    p = good;
    p.label = 3;
    refused(p, PD_ERR_USAGE);
    p.label = -1;
    refused(p, PD_ERR_USAGE);
    p = good;
    p.key = "short";
    refused(p, PD_ERR_USAGE);
    p = good;
    p.person = "";
    refused(p, PD_ERR_USAGE);
    p.person = " ann";
    refused(p, PD_ERR_USAGE);
    p.person = "a\nb";
    refused(p, PD_ERR_USAGE);
    p.person = NULL;
    refused(p, PD_ERR_USAGE);
    refused((struct pd_pressed){.kind = PD_PRESS_UNDO, .person = "ann", .over = -1}, PD_ERR_MISMATCH);
    static const char *const names[] = {NULL, "", "cat", "CAT", "Cat ", "skip", "a,b", "nan", "a\tb"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        refused(
            (struct pd_pressed){
                .kind = PD_PRESS_CLASS, .person = "ann", .label = -1, .over = -1, .text = names[i]},
            PD_ERR_USAGE);
    refused(
        (struct pd_pressed){.kind = PD_PRESS_CLASS, .person = "ann", .label = -1, .over = -1, .text = "1"},
        PD_ERR_USAGE); /* of these classes that is dog */
    const int64_t id = answers("ann", 0, 0);
    refused(good, PD_ERR_MISMATCH); /* meanwhile it was answered */
    p = good;
    p.person = "Ann"; /* by herself */
    refused(p, PD_ERR_USAGE);
    p = good;
    p.was = id;
    p.label = 1;
    assert_int_equal(press(p, NULL), PD_OK);
    struct pd_pressed class = {
        .kind = PD_PRESS_CLASS, .person = "ann", .label = -1, .over = -1, .text = "fish"};
    assert_int_equal(press(class, NULL), PD_OK);
    class =
        (struct pd_pressed){.kind = PD_PRESS_RENAME, .person = "ann", .label = 1, .over = -1, .text = "wolf"};
    assert_int_equal(press(class, NULL), PD_OK);
    struct pd_error err;
    assert_int_equal(pd_book_check_more(&book, "horse,dog", &err), PD_OK);
    assert_int_equal(pd_book_check_more(&book, "horse,Fish", &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "add-class 'Fish': the run's page has added 'fish'"));
    assert_int_equal(pd_book_check_more(&book, "wolf", &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "on the run's page 'dog' is called so"));
    asked.may_add_classes = false;
    refused(
        (struct pd_pressed){.kind = PD_PRESS_CLASS, .person = "ann", .label = -1, .over = -1, .text = "fish"},
        PD_ERR_USAGE);
}

/* All of a group, or none. */
static void keeps_groups_whole(void **state)
{
    (void)state;
    NEEDS(sqlite);
    struct pd_error err;
    int64_t ids[3];
    struct pd_pressed group[3];
    char keys[3][16];
    for (int i = 0; i < 3; i++) {
        snprintf(keys[i], sizeof keys[i], "group-%04d", i);
        group[i] = (struct pd_pressed){.kind = PD_PRESS_ANSWER,
                                       .key = keys[i],
                                       .person = "ann",
                                       .image = (uint32_t)i,
                                       .label = i < 2 ? 0 : 7,
                                       .over = -1,
                                       .was = 0};
    }
    assert_int_equal(pd_book_press(&book, group, 3, ids, &err), PD_ERR_USAGE);
    assert_int_equal(book.count, 0);
    group[2].label = 1;
    assert_int_equal(pd_book_press(&book, group, 3, ids, &err), PD_OK);
    assert_int_equal(book.count, 3);
}

static void hears_several_people(void **state)
{
    (void)state;
    NEEDS(sqlite);
    answers("ann", 0, 0);
    answers("ben", 0, 0);
    assert_int_equal(pd_book_verdict(&book, 0).label, 0);
    answers("ben", 1, PD_ANSWER_SKIP);
    answers("ann", 1, 2); /* a label outranks a skip */
    assert_int_equal(pd_book_verdict(&book, 1).label, 2);
    answers("ann", 2, 0);
    answers("ben", 2, 1);
    struct pd_verdict v = pd_book_verdict(&book, 2);
    assert_true(v.disputed && v.label == -1 && v.people == 2);
    struct pd_pressed settle = {
        .kind = PD_PRESS_SETTLE, .person = "cleo", .image = 2, .label = 1, .over = -1, .was = book.said[2]};
    answers("ben", 2, 2); /* they still disagree, about something else */
    refused(settle, PD_ERR_MISMATCH);
    settle.was = book.said[2];
    assert_int_equal(press(settle, NULL), PD_OK);
    v = pd_book_verdict(&book, 2);
    assert_true(v.settled && !v.disputed && v.label == 1);
    answers("dora", 2, 2); /* who answers after it opens it again */
    assert_true(pd_book_verdict(&book, 2).disputed);
    struct pd_error err;
    assert_int_equal(pd_book_need(&book, 2, &err), PD_OK);
    answers("ann", 5, 0);
    v = pd_book_verdict(&book, 5);
    assert_false(pd_verdict_is_final(&book, &v));
    assert_int_equal(pd_export_label(&book, 5), -1);
    pd_book_close(&book);
    open_book();
    assert_int_equal(book.needed, 2);
}

/* Clocks may be set meanwhile: what replaced what says more. */
static void hears_the_run(void **state)
{
    (void)state;
    NEEDS(sqlite);
    enum { FUTURE = 1 << 30 };
    answers("ann", 0, 0);
    const int64_t now = pd_book_verdict(&book, 0).time;
    asked.answers[0] = 1;
    asked.times[0] = now + FUTURE;
    assert_int_equal(pd_book_verdict(&book, 0).label, 1); /* told later */
    answers("ann", 0, 2);
    answers_over(0, 2, 1);
    assert_int_equal(pd_book_verdict(&book, 0).label, 2); /* pressed over it, whatever the clock says */
    answers("ann", 1, 0);
    asked.answers[1] = 1;
    asked.times[1] = 1;
    asked.heard[1] = PD_RUN_HEARD;
    assert_int_equal(pd_book_verdict(&book, 1).label, 0);
    asked.heard[1] |= PD_RUN_CORRECTED;
    assert_int_equal(pd_book_verdict(&book, 1).label, 1); /* the run had the page's, and was corrected */
    asked.times[1] = now + FUTURE;
    answers_over(1, 0, 1);
    assert_int_equal(pd_book_verdict(&book, 1).label, 0); /* and that was replaced, by whatever clock */
    asked.page_times[1] = pd_book_verdict(&book, 1).time;
    assert_int_equal(pd_book_verdict(&book, 1).label, 1); /* and corrected again, when the run had that */
}

/* 2 x 2 counts 20, 5, 10, 15: po = 0.7, pe = 0.5 * 0.6 + 0.5 * 0.4 = 0.5, kappa 0.4; here a fifth of each. */
static void measures_agreement(void **state)
{
    static const int counts[2][2] = {{4, 1}, {2, 3}};
    uint32_t image = 0;
    (void)state;
    NEEDS(sqlite);
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++)
            for (int i = 0; i < counts[a][b]; i++, image++) {
                answers("ann", image, a);
                answers("ben", image, b);
            }
    answers("ann", 10, PD_ANSWER_SKIP);
    answers("ben", 10, 0);
    const struct pd_agreement a = pd_book_agreement(&book, 0, 1);
    assert_int_equal(a.n, 10);
    assert_int_equal(a.agreed, 7);
    assert_true(fabs(a.kappa - 0.4) < 1e-12);
    assert_true(isnan(pd_book_agreement(&book, 0, 5).kappa));
}

/* --- requests --- */

static struct pd_page page;

static const char *query(const void *context, const char *name)
{
    static char values[8][256];
    static int turn;
    char *value = values[turn++ % 8];
    const char *at = context;
    const size_t n = strlen(name);
    for (; at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL)
        if (!strncmp(at, name, n) && at[n] == '=') {
            snprintf(value, sizeof values[0], "%.*s", (int)strcspn(at + n + 1, "&"), at + n + 1);
            return value;
        }
    return NULL;
}

/* To be freed. */
static char *request(const char *method, const char *path, const char *arguments, const char *body,
                     bool watch, int code)
{
    struct pd_http_reply reply = {.code = 0};
    const struct pd_http_request r = {method, path, body, strlen(body), "TOK", watch, query, arguments};
    pd_page_handle(&page, &r, &reply);
    if ((reply.code ? reply.code : 200) != code)
        fail_msg("%s %s: %d: %s", method, path, reply.code, reply.body.data);
    char *text = calloc(1, reply.body.size + 1);
    if (reply.body.size)
        memcpy(text, reply.body.data, reply.body.size);
    pd_buffer_release(&reply.body);
    return text;
}

static void expect(const char *method, const char *path, const char *arguments, const char *body, int code,
                   const char *words)
{
    char *text = request(method, path, arguments, body, false, code);
    if (!strstr(text, words))
        fail_msg("%s %s?%s: %s, expected %s", method, path, arguments, text, words);
    free(text);
}

static void answers_requests(void **state)
{
    struct pd_error err;
    char body[256];
    (void)state;
    NEEDS(sqlite);
    memset(&page, 0, sizeof page);
    page.label.lock.fd = -1;
    pd_book_close(&book);
    assert_int_equal(pd_label_open(&page.label, &asked, 1, &err), PD_OK);
    expect("GET", "/", "", "", 200, "label.js?token=TOK");
    expect("GET", "/label.js", "", "", 200, "net.js?token=TOK");
    expect("GET", "/../book.h", "", "", 404, "no such page");
    expect("GET", "/nothing", "", "", 404, "no such page");
    expect("GET", "/api/state", "who=ann", "", 200, "\"asked\":11,\"done\":0");
    expect("GET", "/api/queue", "who=ann&n=2", "", 200, "\"image\":0");
    expect("GET", "/api/queue", "who=ann&n=1&window=a", "", 200, "[{\"image\":0,");
    expect("GET", "/api/queue", "who=ann&n=1&window=b", "", 200,
           "[{\"image\":1,"); /* not what the other has */
    expect("GET", "/api/queue", "who=ann&n=2&window=b&keep=99,4", "", 200, "[{\"image\":4,");
    expect("GET", "/api/review", "who=ann&show=image:0", "", 200, "[]");
    expect("GET", "/api/image", "n=1", "", 200, "PNG");
    expect("GET", "/api/image", "n=12", "", 404, "no such image");
    expect("GET", "/api/image", "n=../x", "", 404, "no such image");
    expect("GET", "/api/image", "", "", 404, "no such image");
    expect("POST", "/api/press", "",
           "{\"who\":\"ann\",\"presses\":[{\"kind\":\"answer\",\"key\":\"01234567\",\"image\":0,\"label\":2,"
           "\"was\":0}]}",
           200, "\"done\":1");
    expect("POST", "/api/press", "",
           "{\"who\":\"ann\",\"presses\":[{\"kind\":\"answer\",\"key\":\"01234568\",\"image\":0,\"label\":1,"
           "\"was\":0}]}",
           409, "meanwhile it was answered: 'bird'");
    expect("POST", "/api/press", "",
           "{\"who\":\"ann\",\"presses\":[{\"kind\":\"answer\",\"key\":\"0123456b\",\"image\":1,\"label\":2,"
           "\"class\":\"fish\"}]}",
           409, "pressed for the class 'fish', by now 'bird'");
    expect("POST", "/api/press", "",
           "{\"who\":\"ann\",\"presses\":[{\"kind\":\"note\",\"key\":\"0123456c\",\"image\":1,\"name\":"
           "\"0.png\",\"text\":\"\"}]}",
           409, "pressed for the image '0.png', by now '1.png'");
    expect("POST", "/api/press", "",
           "{\"who\":\"ann\",\"presses\":[{\"kind\":\"answer\",\"key\":\"01234569\",\"image\":10,\"label\":-"
           "2}]}",
           200, "\"skipped\":1");
    snprintf(body, sizeof body,
             "{\"book\":\"%s\",\"who\":\"ann\",\"presses\":[{\"kind\":\"answer\",\"key\":\"01234567\","
             "\"image\":0,\"label\":2,\"was\":0}]}",
             page.label.book.id);
    expect("POST", "/api/press", "", body, 200, "ids");
    body[9] = body[9] == '0' ? '1' : '0';
    expect("POST", "/api/press", "", body, 409, "for another run");
    expect("POST", "/api/press", "", "{\"book\":7,\"who\":\"ann\",\"presses\":[{}]}", 409, "another run");
    expect("GET", "/api/state", "", "", 200, page.label.book.id);
    expect("POST", "/api/press", "", "{", 400, "error");
    expect("POST", "/api/press", "", "{\"who\":\"ann\",\"presses\":[]}", 400, "error");
    expect("POST", "/api/press", "", "{\"who\":\"ann\",\"presses\":[{\"kind\":\"drop\"}]}", 400, "error");
    expect("POST", "/api/press", "",
           "{\"who\":\"ann\",\"presses\":[{\"kind\":\"answer\",\"key\":\"0123456a\",\"image\":-1}]}", 422,
           "nobody was asked about");
    expect("GET", "/api/review", "who=ann", "", 200, "\"label\":-2");
    expect("GET", "/api/review", "who=ann&show=class:2", "", 200, "\"image\":0");
    expect("GET", "/api/review", "who=ann&show=image:10", "", 200, "[{\"image\":10,");
    expect("GET", "/api/export", "as=csv", "", 200, "image,label\n0.png,bird\n\"a,b.png\",skip\n");
    expect("GET", "/api/export", "as=label-studio", "", 200, "\"was_cancelled\":true");
    expect("GET", "/api/export", "as=coco", "", 200, "\"category_id\":2");
    expect("GET", "/api/export", "as=coca", "", 422, "did you mean 'coco'?");
    expect("GET", "/api/export", "as=folders", "", 422, "by the program alone");
    free(request("GET", "/api/state", "", "", true, 403));
    free(request("GET", "/api/queue", "", "", true, 403));
    char *front = request("GET", "/", "", "", true, 200);
    assert_null(strstr(front, "label.js"));
    free(front);
    expect("POST", "/api/done", "", "", 200, "true");
    assert_true(page.label.done);
    page.label.asked.data = NULL; /* it is ours */
    pd_label_close(&page.label);
}

static void save_grey(const char *name, uint8_t level)
{
    uint8_t rgb[3 * SHOT * SHOT];
    struct pd_buffer png = PD_BUFFER_INIT;
    memset(rgb, level, sizeof rgb);
    assert_int_equal(pd_png_encode_rgb(&png, rgb, SHOT, SHOT, NULL), PD_OK);
    scratch_write(scratch_path(name), png.data, png.size);
    pd_buffer_release(&png);
}

/* What the page gets of the first image. */
static int width_shown(void)
{
    struct pd_http_reply reply = {.code = 0};
    pd_label_picture(&asked, "0", false, &reply);
    const int width = (uint8_t)reply.body.data[19]; /* of the PNG's header */
    pd_buffer_release(&reply.body);
    return width;
}

/* A photo that got the name of an image is not it. */
static void shows_the_runs_images(void **state)
{
    (void)state;
    memset(pixels, 40, 4);
    snprintf(asked.data_folder, sizeof asked.data_folder, "%s", scratch_dir);
    save_grey("0.png", 40);
    assert_int_equal(width_shown(), SHOT);
    save_grey("other.png", 80);
    assert_int_equal(rename(scratch_path("other.png"), scratch_path("0.png")), 0);
    assert_int_equal(width_shown(), photos.width);
    save_grey("0.png", 40);
    assert_int_equal(width_shown(), SHOT);
    memset(pixels, 0, 4);
}

/* A browser would lay what shows through on its own dark. */
static void shows_what_networks_see(void **state)
{
    (void)state;
    uint8_t clear[4 * SHOT * SHOT] = {0};
    memset(pixels, 255, (size_t)photos.width * (size_t)photos.height);
    snprintf(asked.data_folder, sizeof asked.data_folder, "%s", scratch_dir);
    struct file f = make_png(SHOT, SHOT, PNG_FORMAT_RGBA, clear, NULL, 0);
    scratch_write(scratch_path("0.png"), f.bytes, f.size);
    free(f.bytes);
    struct pd_http_reply reply = {.code = 0};
    for (int i = 0; i < 2; i++) {
        struct pd_image shown;
        pd_label_picture(&asked, "0", false, &reply);
        assert_string_equal(reply.type, "image/png");
        assert_int_equal(pd_image_decode(reply.body.data, reply.body.size, "", &shown, NULL), PD_OK);
        assert_int_equal(shown.width, SHOT);
        assert_int_equal(shown.beyond, 0);
        assert_int_equal(shown.planes[0], 255);
        pd_image_release(&shown);
        pd_buffer_release(&reply.body);
    }
    memset(pixels, 0, (size_t)photos.width * (size_t)photos.height);
}

/* What the page says in Label Studio's form is what a run would take. */
static void exports_what_a_run_takes(void **state)
{
    static const char *const formats[] = {"csv", "label-studio"};
    struct pd_error err;
    (void)state;
    NEEDS(sqlite);
    for (uint32_t i = 0; i < 11; i++)
        answers("ann", i, i == 4 ? PD_ANSWER_SKIP : (int32_t)(i % 3));
    for (int f = 0; f < 2; f++) {
        struct pd_http_reply reply = {.code = 0};
        struct pd_answers read;
        assert_int_equal(pd_export_reply(&book, formats[f], &reply, &err), PD_OK);
        assert_int_equal(pd_answers_parse(reply.body.data, reply.body.size, formats[f], &photos, &read, &err),
                         PD_OK);
        assert_int_equal(read.count, 11);
        assert_int_equal(read.refused_count, 0);
        for (size_t i = 0; i < read.count; i++)
            assert_int_equal(read.at[i].label,
                             read.at[i].image == 4 ? PD_ANSWER_SKIP : (int32_t)(read.at[i].image % 3));
        pd_answers_release(&read);
        pd_buffer_release(&reply.body);
    }
}

/* Rows as spreadsheets and people write them; asked: how many images of them are. */
static void asks_what_has_no_answer(void **state)
{
    static const struct {
        const char *text;
        size_t size, asked;
    } sheets[] = {
        {"sep=;\nimage;label;score\n0.png;;3\n1.png;dog;2\n", 0, 1},
        {"Image,Label\n0.png,\n\n,,\n1.png, \n", 0, 2},
        {"image,choice\n0.png,cat\n1.png,\n", 0, 1},
        {"image,label\n#1.png,\n0.png,dgo\nnowhere.png,cat\n1.png,cat\n", 0, 2},
        {"\xff\xfei\0m\0a\0g\0e\0,\0l\0a\0b\0e\0l\0\n\0000\0.\0p\0n\0g\0,\0\n\0", 40, 1},
    };
    (void)state;
    image_names[11] = "#1.png";
    for (size_t i = 0; i < sizeof sheets / sizeof sheets[0]; i++) {
        struct pd_error err;
        const char *text = sheets[i].text;
        scratch_write(scratch_path("queries.csv"), text, sheets[i].size ? sheets[i].size : strlen(text));
        struct pd_asked_images again = {.data = &photos};
        snprintf(again.run, sizeof again.run, "%s", scratch_dir);
        if (pd_asked_read(&again, &err))
            fail_msg("%s: %s", text, err.message);
        if (again.count != sheets[i].asked)
            fail_msg("%s: %zu are asked", text, again.count);
        again.data = NULL;
        pd_asked_close(&again);
    }
    image_names[11] = "größe.png";
}

static void gives_windows_turns(void **state)
{
    struct pd_windows w = {.at[0] = {.seen = 0}};
    bool comes;
    (void)state;
    assert_int_equal(pd_windows_turn(&w, NULL, 1, &comes).of, 1);
    assert_int_equal(pd_windows_turn(&w, "a", 1, &comes).of, 1);
    struct pd_turn turn = pd_windows_turn(&w, "b", 2, &comes);
    assert_true(comes && turn.number == 1 && turn.of == 2);
    turn = pd_windows_turn(&w, "a", 3, &comes);
    assert_true(!comes && turn.number == 0 && turn.of == 2);
    turn = pd_windows_turn(&w, "b", 70, &comes); /* both were away */
    assert_true(comes && turn.number == 0 && turn.of == 1);
}

static void refuses_other_files(void **state)
{
    struct pd_error err;
    (void)state;
    NEEDS(sqlite);
    pd_book_close(&book);
    unlink(scratch_path("page.db-wal"));
    unlink(scratch_path("page.db-shm"));
    scratch_write(scratch_path("page.db"), "SQLite format 3 or not", 22);
    assert_int_equal(pd_book_open(&asked, true, &book, &err), PD_ERR_FORMAT);
    assert_non_null(strstr(err.message, "page.db: "));
}

static void ports_that_are_none_are_refused(void **state)
{
    (void)state;
    static const int none[] = {-1, 65536, 70000};
    struct pd_page *page;
    struct pd_error err;
    for (int i = 0; i < 3; i++) {
        const struct pd_page_place place = {.port = none[i]};
        assert_int_equal(pd_page_open(&place, &page, &err), PD_ERR_USAGE);
        assert_true(!page && strstr(err.message, "expected 0 to 65535"));
    }
}

/* What went into a file that is gone would be gone, too. */
static void saves_into_its_own_file(void **state)
{
    (void)state;
    NEEDS(sqlite);
    const struct pd_pressed good = {
        .kind = PD_PRESS_ANSWER, .person = "ann", .image = 0, .label = 0, .over = -1, .was = 0};
    assert_int_equal(rename(scratch_path("page.db"), scratch_path("away.db")), 0);
    refused(good, PD_ERR_IO);
    scratch_write(scratch_path("page.db"), "", 0);
    refused(good, PD_ERR_IO);
    assert_int_equal(rename(scratch_path("away.db"), scratch_path("page.db")), 0);
    assert_int_equal(press(good, NULL), PD_OK);
}

int main(void)
{
#define PAGE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        PAGE_TEST(reads_what_is_asked),      PAGE_TEST(keeps_what_was_pressed),
        PAGE_TEST(refuses_what_cannot_be),   PAGE_TEST(keeps_groups_whole),
        PAGE_TEST(hears_several_people),     PAGE_TEST(hears_the_run),
        PAGE_TEST(measures_agreement),       PAGE_TEST(answers_requests),
        PAGE_TEST(exports_what_a_run_takes), PAGE_TEST(refuses_other_files),
        PAGE_TEST(asks_what_has_no_answer),  PAGE_TEST(gives_windows_turns),
        PAGE_TEST(saves_into_its_own_file),  PAGE_TEST(shows_the_runs_images),
        PAGE_TEST(shows_what_networks_see),  PAGE_TEST(ports_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
