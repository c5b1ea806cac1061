/* What cannot be pressed. */
#include "serve/book.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/labels/class_words.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 4097 };

static bool is_line(const char *text)
{
    for (size_t n; *text; text += n)
        if (!(n = pd_printable_letter(text)))
            return false;
    return true;
}

static bool is_key(const char *key)
{
    const size_t n = key ? strlen(key) : 0;
    return n >= 8 && n < PD_PRESS_KEY &&
           n == strspn(key, "0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

/* A name that a class may have beside the others; but: the one that is renamed, or -1. */
static enum pd_status check_name(const struct pd_book *b, const char *name, int32_t but, struct pd_error *err)
{
    char(*names)[PD_CLASS_NAME_SIZE] = pd_calloc(2 * (size_t)b->class_count + 1, sizeof *names);
    struct pd_dataset d = {.name = "page", .class_names = names};
    struct pd_class_words words = {.names = NULL};
    bool exactly;
    int32_t rivals[2] = {0, 0};
    const size_t n = strlen(name);
    for (int i = 0; names && i < b->class_count; i++)
        if (i != but) { /* as the page shows it, and as the run, its files and answers have it */
            memcpy(names[d.classes++], b->classes[i].shown, PD_CLASS_NAME_SIZE);
            if (strcmp(b->classes[i].shown, b->classes[i].name) != 0)
                memcpy(names[d.classes++], b->classes[i].name, PD_CLASS_NAME_SIZE);
        }
    enum pd_status status =
        names ? pd_class_words_init(&words, &d, err)
              : pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for its classes", b->asked->run);
    const int32_t found = status ? -1 : pd_class_find_rivals(&words, name, &exactly, rivals);
    if (!status && (!n || n >= PD_CLASS_NAME_SIZE || !is_line(name) || strchr(" \t", name[0]) ||
                    strchr(" \t", name[n - 1]) || strchr(name, ',') || pd_class_is_skip(name) ||
                    pd_is_word_for_nothing(name)))
        status =
            pd_fail(err, PD_ERR_USAGE, -1,
                    "a class needs a name of up to %d bytes, without commas and without blanks around it",
                    PD_CLASS_NAME_SIZE - 1);
    else if (!status && found >= 0 && !exactly && pd_class_number(name) >= 0)
        status =
            pd_fail(err, PD_ERR_USAGE, -1,
                    "in answers '%.60s' stands for the class '%.60s': give another name", name, names[found]);
    else if (!status && found != PD_CLASS_UNKNOWN && found != PD_ANSWER_SKIP)
        status = pd_fail(err, PD_ERR_USAGE, -1, "there is a class of that name already: '%.60s'",
                         names[found >= 0 ? found : rivals[0]]);
    pd_class_words_release(&words);
    pd_free(names);
    return status;
}

/* A press may be sent long after it was made: to a run that has got classes since, or is a backup. */
static enum pd_status check_numbers(const struct pd_book *b, const struct pd_pressed *p, struct pd_error *err)
{
    char name[NAME_SIZE];
    if (p->name && p->image < b->asked->data->count) {
        pd_dataset_image_name(b->asked->data, p->image, name, sizeof name);
        if (strcmp(pd_make_printable(name), p->name) != 0)
            return pd_fail(err, PD_ERR_MISMATCH, -1,
                           "pressed for the image '%.200s', by now '%.200s': look again", p->name, name);
    }
    const bool there = p->label == PD_ANSWER_SKIP || (p->label >= 0 && p->label < b->class_count);
    if (p->class && there && strcmp(pd_book_class_name(b, p->label), p->class) != 0)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "pressed for the class '%.60s', by now '%.60s': press it again", p->class,
                       pd_book_class_name(b, p->label));
    return PD_OK;
}

static enum pd_status check_image(const struct pd_book *b, const struct pd_pressed *p, struct pd_error *err)
{
    const struct pd_asked_images *a = b->asked;
    if (p->image >= a->data->count ||
        !(a->place[p->image] || b->last[p->image] || a->answers[p->image] != -1))
        return pd_fail(err, PD_ERR_USAGE, -1, "an image that nobody was asked about");
    if (p->kind != PD_PRESS_NOTE && p->label != PD_ANSWER_SKIP &&
        (p->label < 0 || p->label >= b->class_count))
        return pd_fail(err, PD_ERR_USAGE, -1, "a class that is not there");
    return check_numbers(b, p, err);
}

static enum pd_status check_answer(const struct pd_book *b, const struct pd_pressed *p, int person,
                                   struct pd_error *err)
{
    const struct pd_press *now = person == PD_NOBODY ? NULL : pd_book_answer(b, p->image, person);
    if (p->was < 0 || p->was == (now ? now->id : 0))
        return PD_OK;
    return pd_fail(err, PD_ERR_MISMATCH, -1, "meanwhile it was answered: '%.60s'",
                   now ? pd_book_class_shown(b, now->label) : "not any more");
}

/* Who settles has seen what people say. */
static enum pd_status check_settling(const struct pd_book *b, const struct pd_pressed *p,
                                     struct pd_error *err)
{
    if (p->was < 0 || p->was == b->said[p->image])
        return PD_OK;
    return pd_fail(err, PD_ERR_MISMATCH, -1,
                   "meanwhile people have said something else of it: nothing is settled, look again");
}

static enum pd_status check_undo(const struct pd_book *b, const struct pd_pressed *p, int person,
                                 struct pd_error *err)
{
    const struct pd_press *undone = pd_book_find(b, p->was);
    if (!undone || undone->undone || undone->person != person ||
        (undone->kind != PD_PRESS_ANSWER && undone->kind != PD_PRESS_SETTLE))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "there is nothing to take back");
    return PD_OK;
}

enum pd_status pd_book_check(const struct pd_book *b, const struct pd_pressed *p, struct pd_error *err)
{
    const size_t n = p->person ? strlen(p->person) : 0;
    const int person = n ? pd_book_person(b, p->person) : PD_NOBODY;
    if (!is_key(p->key))
        return pd_fail(err, PD_ERR_USAGE, -1, "a press without a key of 8 to 64 letters and digits");
    if (!n || n >= PD_PERSON_SIZE || !is_line(p->person) || strchr(" \t", p->person[0]) ||
        strchr(" \t", p->person[n - 1]))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "a person needs a name of up to %d bytes without blanks around it",
                       PD_PERSON_SIZE - 1);
    if (person == PD_NOBODY && b->person_count == PD_PEOPLE_MOST)
        return pd_fail(err, PD_ERR_USAGE, -1, "more than %d people", (int)PD_PEOPLE_MOST);
    for (int i = 0; person == PD_NOBODY && i < b->person_count; i++)
        if (pd_are_one_word(b->people[i], p->person)) /* else she would be her own second opinion */
            return pd_fail(err, PD_ERR_USAGE, -1, "'%s' answers already: take that name, or another",
                           b->people[i]);
    enum pd_status status = pd_press_is_of_image(p->kind) ? check_image(b, p, err) : PD_OK;
    switch (p->kind) {
    case PD_PRESS_ANSWER:
        return status ? status : check_answer(b, p, person, err);
    case PD_PRESS_SETTLE:
        return status ? status : check_settling(b, p, err);
    case PD_PRESS_UNDO:
        return check_undo(b, p, person, err);
    case PD_PRESS_NOTE:
        if (!status && (!p->text || strlen(p->text) > PD_NOTE_TEXT))
            return pd_fail(err, PD_ERR_USAGE, -1, "a note of more than %d bytes", (int)PD_NOTE_TEXT);
        return status;
    case PD_PRESS_CLASS:
        if (!b->asked->may_add_classes)
            return pd_fail(err, PD_ERR_USAGE, -1,
                           "classes are added to folders of images alone: those of '%.40s' are its files'",
                           b->asked->data->name);
        return check_name(b, p->text ? p->text : "", -1, err);
    case PD_PRESS_RENAME:
        if (p->label < 0 || p->label >= b->class_count || !p->text)
            return pd_fail(err, PD_ERR_USAGE, -1, "a class that is not there");
        status = check_numbers(b, p, err);
        return status ? status : check_name(b, p->text, p->label, err);
    default:
        return status;
    }
}

enum pd_status pd_book_check_more(const struct pd_book *b, const char *more, struct pd_error *err)
{
    char name[PD_CLASS_NAME_SIZE];
    for (size_t n; more && *more; more += n + (more[n] == ',')) {
        n = strcspn(more, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, more);
        for (int i = 0; i < b->class_count; i++) {
            const struct pd_page_class *c = &b->classes[i];
            const bool added = i >= b->run_classes && pd_are_one_word(c->name, name);
            if (added)
                pd_fail(err, PD_ERR_USAGE, -1,
                        "add-class '%.60s': the run's page has added '%.60s', which comes without it", name,
                        c->name);
            else if (strcmp(c->shown, c->name) != 0 && pd_are_one_word(c->shown, name))
                pd_fail(err, PD_ERR_USAGE, -1, "add-class '%.60s': on the run's page '%.60s' is called so",
                        name, c->name);
            else
                continue;
            return pd_hint(err, PD_ERR_USAGE, "add-class");
        }
    }
    return PD_OK;
}
