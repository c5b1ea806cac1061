/* What stands in a book now. */
#include "serve/book.h"

#include <math.h>
#include <string.h>

enum { SECOND = 1000 }; /* milliseconds: what the journal's times leave open */

static const struct pd_press *before(const struct pd_book *b, const struct pd_press *p)
{
    return p->before ? &b->at[p->before - 1] : NULL;
}

static const struct pd_press *newest(const struct pd_book *b, uint32_t image)
{
    return b->last[image] ? &b->at[b->last[image] - 1] : NULL;
}

const struct pd_press *pd_book_answer(const struct pd_book *b, uint32_t image, int person)
{
    const struct pd_press *p = newest(b, image);
    while (p && (p->kind != PD_PRESS_ANSWER || p->undone || p->person != person))
        p = before(b, p);
    return p;
}

/* A label that is not another's; a skip says nothing beside it. */
static void hear(struct pd_verdict *v, int32_t label)
{
    if (v->label == -1 || v->label == PD_ANSWER_SKIP)
        v->label = label;
    else if (label != PD_ANSWER_SKIP && label != v->label)
        v->disputed = true;
}

/* Whether the run was told later than people pressed. Clocks may have been set meanwhile: a press that
 * replaced what the run has is later, and what came when the run had the page's answer is later than that.
 * Corrected to the same twice, the run has the press that replaced it the first time. */
static bool is_later(const struct pd_book *b, uint32_t image, const struct pd_verdict *v)
{
    const struct pd_press *p = newest(b, image);
    while (p && (p->undone || p->kind == PD_PRESS_NOTE))
        p = before(b, p);
    const struct pd_asked_images *a = b->asked;
    const bool later = a->times[image] > v->time, over = p && p->over == a->answers[image];
    if (!(a->heard[image] & PD_RUN_CORRECTED))
        return later && !over;
    const bool has_it = over && a->paged[image] == p->label && a->page_times[image] + SECOND > p->time;
    return !over || (later && has_it);
}

/* What the run was told otherwise, later (`--correct`), stands. */
static void hear_the_run(const struct pd_book *b, uint32_t image, struct pd_verdict *v)
{
    const int32_t label = b->asked->answers[image];
    if (label == -1 || !(v->people || v->settled) || !is_later(b, image, v))
        return;
    v->label = label;
    v->time = b->asked->times[image];
    v->settled = true;
    v->disputed = false;
}

struct pd_verdict pd_book_verdict(const struct pd_book *b, uint32_t image)
{
    struct pd_verdict v = {.label = -1};
    uint64_t heard = 0;
    int32_t settled = -1;
    for (const struct pd_press *p = newest(b, image); p; p = before(b, p)) {
        if (p->undone || p->kind == PD_PRESS_NOTE)
            continue;
        v.time = v.time > p->time ? v.time : p->time;
        if (p->kind == PD_PRESS_SETTLE && !v.people && settled == -1) /* nobody has answered since */
            settled = p->label;
        if (p->kind != PD_PRESS_ANSWER || heard >> p->person & 1)
            continue;
        heard |= (uint64_t)1 << p->person;
        v.people++;
        hear(&v, p->label);
    }
    v.settled = settled != -1;
    v.disputed = v.disputed && !v.settled;
    v.label = v.settled ? settled : v.disputed ? -1 : v.label;
    hear_the_run(b, image, &v);
    return v;
}

bool pd_verdict_is_final(const struct pd_book *b, const struct pd_verdict *v)
{
    return v->settled || (v->label != -1 && v->people >= b->needed);
}

bool pd_verdict_waits(const struct pd_book *b, const struct pd_verdict *v)
{
    return v->people && !v->disputed && !pd_verdict_is_final(b, v);
}

const struct pd_press *pd_book_last(const struct pd_book *b, int person)
{
    for (size_t i = b->count; i > 0; i--) {
        const struct pd_press *p = &b->at[i - 1];
        if (p->person == person && !p->undone && (p->kind == PD_PRESS_ANSWER || p->kind == PD_PRESS_SETTLE))
            return p;
    }
    return NULL;
}

bool pd_book_ever(const struct pd_book *b, uint32_t image, int32_t label)
{
    for (const struct pd_press *p = newest(b, image); p; p = before(b, p))
        if (p->kind != PD_PRESS_NOTE && (p->label == label || p->over == label))
            return true;
    return false;
}

struct pd_agreement pd_book_agreement(const struct pd_book *b, int one, int other)
{
    struct pd_agreement a = {.kappa = NAN};
    double expected = 0;
    int64_t ones[PD_CLASSES_MOST] = {0}, others[PD_CLASSES_MOST] = {0};
    for (size_t i = 0; i < b->count; i++) {
        const uint32_t image = b->at[i].image;
        const bool newest =
            b->at[i].kind != PD_PRESS_UNDO && b->at[i].kind < PD_PRESS_CLASS && b->last[image] == i + 1;
        const struct pd_press *p = newest ? pd_book_answer(b, image, one) : NULL;
        const struct pd_press *q = p ? pd_book_answer(b, image, other) : NULL;
        if (!q || p->label < 0 || q->label < 0)
            continue;
        a.n++;
        a.agreed += p->label == q->label;
        ones[p->label]++;
        others[q->label]++;
    }
    for (int k = 0; k < b->class_count && a.n; k++)
        expected += (double)ones[k] / (double)a.n * ((double)others[k] / (double)a.n);
    if (a.n && expected < 1)
        a.kappa = ((double)a.agreed / (double)a.n - expected) / (1 - expected);
    return a;
}
