#include "cli/sample_set.h"

#include "cli/real_images.h"
#include "cli/say.h"

#include <paydirt/words.h>

#include <stdio.h>
#include <stdlib.h>

static enum pd_status reject(const struct reject_options *o, struct pd_run_model *run, int64_t per_class,
                             uint64_t seed, int64_t show, struct sample_set *set, struct pd_error *err)
{
    int64_t tried = 0;
    enum pd_status status = reject_run(o, run, per_class, seed, show, &set->rejection, err);
    if (status)
        return status;
    set->samples = &set->rejection.kept;
    set->method = o->method->name;
    set->keep = o->keep;
    for (int c = 0; c < set->samples->classes; c++)
        tried += set->rejection.classes[c].tried;
    set->rate = (double)set->samples->count / (double)tried;
    if (o->method->uses_real)
        snprintf(set->words, sizeof set->words, "kept by %s, chains of %lld, by real images of %s",
                 o->method->name, (long long)o->chain, reject_real(o, run));
    else
        snprintf(set->words, sizeof set->words, "kept by %s, %s %g, %.1f %% of those tried", o->method->name,
                 o->keep > 0 ? "keep" : "p", o->keep > 0 ? o->keep : reject_p(o, pd_run_gan(run)),
                 100 * set->rate);
    return PD_OK;
}

enum pd_status sample_set_make(const struct reject_options *o, struct pd_run_model *run, int64_t per_class,
                               uint64_t seed, int64_t show, struct sample_set *out, struct pd_error *err)
{
    *out = (struct sample_set){.rate = 1, .words = "a fixed set"};
    if (o->method)
        return reject(o, run, per_class, seed, show, out, err);
    enum pd_status status = pd_sample(pd_run_gan(run), per_class, seed, &out->made, err);
    if (!status)
        out->samples = &out->made;
    return status;
}

enum pd_status sample_set_score(struct sample_set *set, struct pd_run_model *run, struct pd_error *err)
{
    const struct pd_samples *s = set->samples;
    set->logit = calloc((size_t)s->count, sizeof *set->logit);
    set->class_logits = calloc((size_t)s->count, (size_t)s->classes * sizeof *set->class_logits);
    if (!set->logit || !set->class_logits)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld scores", (long long)s->count);
    enum pd_status status = real_recalibrate(run, PD_ORIGIN_FAKE, NULL, err);
    return status ? status
                  : pd_score(pd_run_gan(run), PD_ORIGIN_FAKE, s->images, s->count, set->logit,
                             set->class_logits, err);
}

/* A classifier that is trained on the set never names such a class. */
static void say_missing(const char *path, const struct pd_gan *gan, const struct pd_samples *s)
{
    char text[512] = "", name[PD_CLASS_NAME_SIZE];
    size_t used = 0;
    for (int c = 0; c < s->classes && used < sizeof text; c++) {
        bool any = false;
        for (int64_t i = 0; i < s->count && !any; i++)
            any = s->labels[i] == c;
        if (!any)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "",
                                     pd_gan_class_name(gan, c, name, sizeof name));
    }
    if (used)
        say(stderr, "%s: %lld sample%s, none of class %s%s\n", path, (long long)s->count,
            pd_plural((size_t)s->count), text, used < sizeof text ? "" : "...");
}

enum pd_status sample_set_read(const char *path, const struct pd_gan *gan, struct sample_set *out,
                               struct pd_error *err)
{
    *out = (struct sample_set){.rate = 1};
    char note[PD_NOTE_SIZE];
    enum pd_status status = pd_samples_read(path, gan, &out->made, note, err);
    if (status)
        return status;
    pd_note_lines(note, say_line, stderr);
    out->samples = &out->made;
    say_missing(path, gan, out->samples);
    snprintf(out->words, sizeof out->words, "from %s", path);
    return PD_OK;
}

void sample_set_release(struct sample_set *set)
{
    pd_samples_release(&set->made);
    pd_rejection_release(&set->rejection);
    free(set->logit);
    free(set->class_logits);
    *set = (struct sample_set){.samples = NULL};
}
