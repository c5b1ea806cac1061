#include "active/check.h"

#include "base/words.h"
#include "data/labels/answers.h"
#include "data/labels/class_words.h"
#include "io/file.h"

#include <paydirt/select.h>

#include <stdio.h>
#include <string.h>

static enum pd_status hint_final(enum pd_status status, bool validates, struct pd_error *err)
{
    pd_hint(err, status, "final");
    return validates ? pd_hint(err, status, "none: validation=0") : status;
}

enum pd_status pd_check_budget(const struct pd_trial *t, struct pd_error *err)
{
    int64_t labelled = 0;
    char name[PD_CLASS_NAME_SIZE];
    if (t->data->classes == 1)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "data set '%s' has one class, '%.60s': expected two or more to tell apart",
                       t->data->name, pd_dataset_class_name(t->data, 0, name, sizeof name));
    for (int i = 0; t->data->class_names && i < t->data->classes; i++)
        if (pd_class_is_skip(t->data->class_names[i]))
            return pd_fail(
                err, PD_ERR_USAGE, -1,
                "data set '%s' has a class '%s', which as an answer stands for no label: rename it",
                t->data->name, t->data->class_names[i]);
    for (uint32_t i = 0; i < t->data->count; i++)
        labelled += t->ledger.own[i] >= 0 && pd_ledger_first(&t->ledger, i) == i;
    const int64_t most =
        (pd_active_is_simulated(t->a) ? labelled : (int64_t)t->data->count) - t->o.validation;
    if (t->a->final > most)
        return hint_final(
            pd_fail(err, PD_ERR_USAGE, -1, "final %lld: data set '%s' has %lld image%s for it%s",
                    (long long)t->a->final, t->data->name, (long long)(most > 0 ? most : 0),
                    pd_plural((size_t)most), t->o.validation ? " beside those held out for validation" : ""),
            t->o.validation > 0, err);
    if (!pd_active_is_simulated(t->a) && labelled - t->o.validation >= t->a->final)
        return hint_final(
            pd_fail(err, PD_ERR_USAGE, -1,
                    "final %lld: data set '%s' has %lld label%s already, so nothing would be asked",
                    (long long)t->a->final, t->data->name, (long long)(labelled - t->o.validation),
                    pd_plural((size_t)(labelled - t->o.validation))),
            false, err);
    return PD_OK;
}

/* Files of answers about the data set that is open. */
static enum pd_status check_answers(const struct pd_dataset *data, const char *file, struct pd_error *err)
{
    struct pd_answers a;
    if (!file)
        return PD_OK;
    enum pd_status status = pd_file_check_lasting(file, err); /* it will be read again */
    if (!status)
        status = pd_answers_read(file, data, &a, err);
    if (!status)
        pd_answers_release(&a);
    return status;
}

/* Labels that people are yet to give are none that training lacks. What cannot be either way stays. */
static void wait_for_labels(struct pd_train_options *o)
{
    if (o->labels_per_batch && (o->labelled_only || o->partial_batch || o->labels_per_batch > o->batch))
        return;
    o->labels_per_batch = 0;
    o->labelled_only = false;
}

/* The model's name, where none is given, is decided here. */
static enum pd_status check_training(const struct pd_trial *t, char *model, struct pd_error *err)
{
    const struct pd_data_watch watch = pd_active_decoding(t->watch);
    const struct pd_setup_from all = {.label_file = NULL};
    struct pd_train_options o = t->o;
    struct pd_setup setup;
    o.mutual_information = 0; /* of the GAN before round 0 alone */
    o.labels = pd_active_is_simulated(t->a) ? t->a->init : 0;
    if (!pd_active_is_simulated(t->a))
        wait_for_labels(&o);
    enum pd_status status = pd_setup_open(&o, &all, &watch, &setup, err);
    pd_setup_close(&setup);
    memcpy(model, o.model, sizeof o.model);
    return status;
}

static bool needs_passes(const char *strategy)
{
    const struct pd_strategy *s = pd_strategy_find(strategy, NULL);
    return s && s->needs & PD_POOL_PASSES;
}

/* Looks of D at an image differ by dropout alone. */
static enum pd_status check_passes(const struct pd_active_options *a, const char *model, struct pd_error *err)
{
    char word[32];
    bool passes = needs_passes(a->baseline);
    for (const char *list = a->strategy; pd_active_next_strategy(&list, word);)
        passes = passes || needs_passes(word);
    return passes ? pd_model_check_dropout(pd_model_find(model, err), err) : PD_OK;
}

enum pd_status pd_check_start(const struct pd_active_options *a, struct pd_train_options *o,
                              const struct pd_active_news *news, const struct pd_active_watch *watch,
                              bool *told, struct pd_error *err)
{
    struct pd_trial t;
    enum pd_status status = pd_trial_open("", a, o, watch, 1, told, &t, err);
    if (status)
        return status;
    status = pd_check_budget(&t, err);
    if (!status)
        status = check_answers(t.data, news->answers, err);
    pd_trial_close(&t); /* before all is opened once more */
    if (!status)
        status = check_training(&t, o->model, err);
    return status ? status : check_passes(a, o->model, err);
}

/* --- labels that have changed --- */

/* How many, and the first in words. */
struct differing {
    size_t n;
    char first[4 * PD_CLASS_NAME_SIZE];
};

static void add(struct differing *d, const struct pd_dataset *data, uint32_t image, int32_t run, bool was)
{
    char name[4096], own[PD_CLASS_NAME_SIZE], now[PD_CLASS_NAME_SIZE];
    const int32_t label = data->labels_now[image];
    if (d->n++)
        return;
    pd_dataset_image_name(data, image, name, sizeof name);
    if (data->image_names)
        pd_dataset_image_file(data, image, name, sizeof name);
    snprintf(d->first, sizeof d->first, "'%.200s' %s '%.60s', and %s%.60s%s in the data set", name,
             was ? "was" : "is", pd_answer_text(data, run, own), label < 0 ? "" : "'",
             label == -1                     ? "has no label"
             : label == PD_LABEL_OF_NO_CLASS ? "of a class that the run does not have"
                                             : pd_dataset_class_name(data, label, now, sizeof now),
             label < 0 ? "" : "'");
}

enum pd_status pd_check_labels(const struct pd_trial *t, bool tell, struct pd_error *err)
{
    const struct pd_dataset *d = t->data;
    struct differing lost = {0}, came = {0};
    for (uint32_t i = 0; d->labels_now && i < d->count; i++) {
        const int32_t now = d->labels_now[i], run = pd_ledger_ask(&t->ledger, i);
        if (d->labels[i] >= 0 && now != d->labels[i] && now != (run == PD_ANSWER_SKIP ? -1 : run))
            add(&lost, d, i, d->labels[i], true);
        else if (d->labels[i] < 0 && now != -1 && run >= 0 && now != run)
            add(&came, d, i, run, false);
    }
    if (came.n && tell)
        pd_active_note(t->watch,
                       "%zu of the images that have got a label %s answered otherwise, which stands: %s%s"
                       "\tto change it: correct=FILE",
                       came.n, came.n == 1 ? "was" : "were", came.n > 1 ? "the first: " : "", came.first);
    return lost.n
               ? pd_hint(
                     err,
                     pd_fail(err, PD_ERR_MISMATCH, -1,
                             "data set '%s' has changed since the run began: %zu with another label (%s%s); "
                             "put it back, or correct the run, too",
                             d->name, lost.n, lost.first, lost.n > 1 ? ", ..." : ""),
                     "correct=FILE")
               : PD_OK;
}
