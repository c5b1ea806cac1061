#include "train/oracle.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum pd_status read_answers(struct pd_oracle *o, const char *path, struct pd_error *err)
{
    struct pd_answers a;
    enum pd_status status = pd_answers_read_whole(path, o->data, &a, err);
    if (status)
        return status;
    for (size_t i = 0; i < a.count; i++)
        o->answers[a.at[i].image] = a.at[i].label;
    pd_answers_release(&a);
    return PD_OK;
}

enum pd_status pd_oracle_open(bool simulated, const struct pd_dataset *data, const char *path,
                              struct pd_oracle *out, struct pd_error *err)
{
    *out = (struct pd_oracle){simulated, data, NULL};
    if (simulated)
        return PD_OK;
    out->answers = pd_malloc(data->count * sizeof *out->answers);
    if (!out->answers)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u answers", data->count);
    for (uint32_t i = 0; i < data->count; i++)
        out->answers[i] = PD_NOT_ANSWERED;
    enum pd_status status = access(path, F_OK) == 0 ? read_answers(out, path, err) : PD_OK;
    if (status)
        pd_oracle_close(out);
    return status;
}

void pd_oracle_close(struct pd_oracle *o)
{
    pd_free(o->answers);
    memset(o, 0, sizeof *o);
}

int32_t pd_oracle_ask(const struct pd_oracle *o, uint32_t image)
{
    const int32_t own = o->data->labels[image];
    if (o->simulated)
        return own >= 0 ? own : PD_ANSWER_SKIP;
    return o->answers[image] != PD_NOT_ANSWERED ? o->answers[image] : own;
}

/* --- answers of people --- */

static enum pd_status write_answers(const struct pd_oracle *o, const char *path, struct pd_error *err)
{
    size_t n = 0;
    struct pd_answer *all = pd_malloc(o->data->count * sizeof *all);
    if (!all)
        return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", path);
    for (uint32_t i = 0; i < o->data->count; i++)
        if (o->answers[i] != PD_NOT_ANSWERED)
            all[n++] = (struct pd_answer){.image = i, .label = o->answers[i]};
    enum pd_status status = pd_answers_write(path, o->data, all, n, err);
    pd_free(all);
    return status;
}

static const char *answer_name(const struct pd_dataset *data, int32_t answer, char *text, size_t size)
{
    return answer == PD_ANSWER_SKIP ? "skip" : pd_dataset_class_name(data, answer, text, size);
}

/* An earlier answer stands. */
static bool contradicts(const struct pd_oracle *o, const struct pd_answer *a, char *words, size_t size)
{
    char image[96], before[PD_CLASS_NAME_SIZE], now[PD_CLASS_NAME_SIZE];
    const int32_t old = o->answers[a->image];
    if (old == PD_NOT_ANSWERED || old == a->label)
        return false;
    snprintf(words, size, "image '%s': '%s', but it was answered before as '%s'",
             pd_dataset_image_name(o->data, a->image, image, sizeof image),
             answer_name(o->data, a->label, now, sizeof now),
             answer_name(o->data, old, before, sizeof before));
    return true;
}

enum pd_status pd_oracle_take(struct pd_oracle *o, const char *file, const char *path,
                              void (*refuse)(void *context, int64_t row, const char *words), void *context,
                              struct pd_intake *in, struct pd_error *err)
{
    struct pd_answers a;
    char words[320];
    const size_t before = in->taken;
    enum pd_status status = pd_answers_read(file, o->data, &a, err);
    if (status)
        return status;
    for (size_t i = 0; i < a.refused_count; i++)
        refuse(context, a.refused[i].row, a.refused[i].words);
    in->refused += a.refused_count;
    in->blank += a.blank;
    memcpy(in->note, a.note, sizeof in->note);
    for (size_t i = 0; i < a.count; i++) {
        if (contradicts(o, &a.at[i], words, sizeof words)) {
            refuse(context, a.at[i].row, words);
            in->refused++;
            continue;
        }
        const bool new = o->answers[a.at[i].image] == PD_NOT_ANSWERED;
        in->taken += new;
        in->again += !new;
        o->answers[a.at[i].image] = a.at[i].label;
    }
    pd_answers_release(&a);
    return in->taken > before ? write_answers(o, path, err) : PD_OK;
}
