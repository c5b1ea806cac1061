#include "data/survey.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/exact_copies.h"
#include "data/images/image.h"
#include "data/images/image_losses.h"
#include "data/images/image_words.h"
#include "data/labels/image_labels.h"
#include "data/labels/image_name.h"
#include "data/shades.h"
#include "io/file.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

static enum pd_status no_memory(struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the survey of a data set");
}

/* --- one image --- */

/* planes: (channels, height, width) */
static void measure_image(struct pd_surveyed *s, const uint8_t *planes, int channels, int height, int width)
{
    const size_t area = (size_t)height * (size_t)width;
    s->height = height;
    s->width = width;
    s->grey = channels == 1 || pd_planes_are_grey(planes, area);
    for (int c = 0; c < PD_DATA_CHANNELS; c++) { /* others may have colours */
        const uint8_t *plane = planes + (channels > 1 ? (size_t)c * area : 0);
        uint64_t sum = 0, squares = 0;
        for (size_t i = 0; i < area; i++) {
            sum += plane[i];
            squares += (uint64_t)plane[i] * plane[i];
        }
        s->sum[c] = (double)sum / 255;
        s->squares[c] = (double)squares / (255.0 * 255.0);
    }
}

static void measure_point(struct pd_surveyed *s, const float at[2])
{
    pd_digest_pixels(1, 1, 2 * sizeof *at, (const uint8_t *)at, &s->digest);
    s->height = s->width = 1;
    for (int c = 0; c < 2; c++) {
        s->sum[c] = at[c];
        s->squares[c] = (double)at[c] * at[c];
    }
}

/* --- what is in it --- */

static enum pd_status grow_classes(struct pd_data_report *r, int classes, struct pd_error *err)
{
    char(*more)[PD_CLASS_NAME_SIZE] = pd_realloc(r->class_names, ((size_t)classes + 1) * sizeof *more);
    if (!more)
        return no_memory(err);
    r->class_names = more;
    for (; r->classes < classes; r->classes++)
        snprintf(more[r->classes], sizeof more[0], "%d", r->classes);
    return PD_OK;
}

/* The class of that name, which is at place k in most sets; a new one where there is none. */
static enum pd_status class_named(struct pd_data_report *r, int k, const char *name, int *class,
                                  struct pd_error *err)
{
    const bool usual = k < r->classes && !strcmp(r->class_names[k], name);
    *class = usual ? k : 0;
    while (!usual && *class < r->classes && strcmp(r->class_names[*class], name) != 0)
        ++*class;
    if (*class < r->classes)
        return PD_OK;
    const enum pd_status status = grow_classes(r, r->classes + 1, err);
    if (!status)
        snprintf(r->class_names[*class], sizeof r->class_names[0], "%s", name);
    return status;
}

/* Most splits of one set have the same classes; tables of labels may name others in each. map (classes): what
 * each is in the report; the caller's to free. */
static enum pd_status take_classes(struct pd_data_report *r, int classes,
                                   const char (*names)[PD_CLASS_NAME_SIZE], int **map, struct pd_error *err)
{
    enum pd_status status = names || classes <= r->classes ? PD_OK : grow_classes(r, classes, err);
    *map = pd_calloc((size_t)classes + 1, sizeof **map);
    if (!status && !*map)
        status = no_memory(err);
    for (int k = 0; !status && k < classes; k++)
        if (names)
            status = class_named(r, k, names[k], &(*map)[k], err);
        else
            (*map)[k] = k;
    return status;
}

static void renumber(struct pd_surveyed *at, size_t count, const int *map)
{
    for (size_t i = 0; i < count; i++)
        at[i].label = at[i].label < 0 ? -1 : map[at[i].label];
}

static enum pd_status begin_split(struct pd_survey *v, enum pd_split split, size_t count,
                                  struct pd_error *err)
{
    struct pd_split_report *s = &v->report->splits[split];
    v->at[split] = pd_calloc(count + 1, sizeof *v->at[split]);
    s->names = pd_calloc(count + 1, sizeof *s->names);
    s->there = v->at[split] && s->names;
    return s->there ? PD_OK : no_memory(err);
}

static void measure_all(struct pd_surveyed *at, const struct pd_dataset *d)
{
#pragma omp parallel for schedule(dynamic, 16)
    for (uint32_t i = 0; i < d->count; i++) {
        at[i].label = d->labels[i];
        if (d->points)
            measure_point(&at[i], d->points + 2 * (size_t)i);
        else {
            measure_image(&at[i], pd_dataset_image(d, i), d->channels, d->height, d->width);
            pd_given_digest(d, i, &at[i].digest);
        }
    }
}

enum pd_status pd_survey_add(struct pd_survey *v, enum pd_split split, const struct pd_dataset *d,
                             struct pd_error *err)
{
    struct pd_data_report *r = v->report;
    struct pd_split_report *s = &r->splits[split];
    int *map = NULL;
    enum pd_status status =
        take_classes(r, d->classes, (const char(*)[PD_CLASS_NAME_SIZE])d->class_names, &map, err);
    if (!status)
        status = begin_split(v, split, d->count, err);
    if (!status) {
        measure_all(v->at[split], d);
        renumber(v->at[split], d->count, map);
    }
    pd_free(map);
    if (status)
        return status;
    memcpy(s->note, d->note, sizeof s->note);
    r->points = d->points != NULL;
    r->channels = d->channels > r->channels ? d->channels : r->channels;
    s->count = d->count;
    for (uint32_t i = 0; d->image_names && i < d->count; i++)
        if (!(s->names[i] = pd_strdup(d->image_names[i])))
            return no_memory(err);
    return PD_OK;
}

enum pd_status pd_survey_add_broken(struct pd_survey *v, const char *file, const char *why,
                                    struct pd_error *err)
{
    struct pd_data_report *r = v->report;
    if ((r->broken_count & (r->broken_count + 1)) == 0) { /* full: room for 1, 3, 7, ... */
        struct pd_data_broken *more = pd_realloc(r->broken, (2 * r->broken_count + 1) * sizeof *more);
        if (!more)
            return no_memory(err);
        r->broken = more;
    }
    struct pd_data_broken b = {pd_strdup(file), pd_strdup(why)};
    if (b.file && b.why) {
        pd_make_printable(b.file);
        pd_make_printable(b.why);
        r->broken[r->broken_count++] = b;
        return PD_OK;
    }
    pd_free(b.file);
    pd_free(b.why);
    return no_memory(err);
}

/* --- a folder of images --- */

static enum pd_status measure_file(struct pd_surveyed *s, const char *folder, const char *name,
                                   struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_image image = {0};
    struct pd_buffer bytes = PD_BUFFER_INIT;
    enum pd_status status = pd_path_join(path, sizeof path, folder, name, err);
    if (!status)
        status = pd_file_read_most(path, PD_IMAGE_FILE_MAX, &bytes, err);
    if (!status)
        status = pd_image_decode(bytes.data, bytes.size, path, &image, err);
    if (!status)
        status = pd_image_check_sides(&image, path, err);
    if (!status) {
        measure_image(s, image.planes, 3, image.height, image.width);
        pd_file_digest(&image, bytes.data, bytes.size, &s->digest);
        pd_image_look(&image, s->label, &s->trait);
    }
    pd_buffer_release(&bytes);
    pd_image_release(&image);
    return status;
}

/* Takes a file's measures, or lists it with what is wrong with it. */
static enum pd_status sort_one(struct pd_survey *v, enum pd_split split, const char *path, size_t i,
                               const char *why, struct pd_error *err)
{
    struct pd_split_report *s = &v->report->splits[split];
    struct pd_buffer name = PD_BUFFER_INIT;
    enum pd_status status = PD_OK;
    pd_image_name_append(&name, path, strlen(path));
    pd_buffer_append(&name, "", 1);
    if (name.oom)
        status = no_memory(err);
    else if (!why) {
        v->at[split][s->count] = v->at[split][i];
        s->names[s->count++] = name.data;
        return PD_OK;
    } else
        status = pd_survey_add_broken(v, name.data, why, err);
    pd_buffer_release(&name);
    return status;
}

static enum pd_status tell_losses(struct pd_split_report *s, const struct pd_surveyed *at, const char *name,
                                  const struct pd_image_list *l, struct pd_error *err)
{
    struct pd_image_trait *traits = pd_malloc((s->count + 1) * sizeof *traits);
    if (!traits)
        return no_memory(err);
    for (size_t i = 0; i < s->count; i++)
        traits[i] = at[i].trait;
    const enum pd_status status = pd_image_losses_note(
        name, traits, s->count, (const char(*)[PD_CLASS_NAME_SIZE])l->classes, l->class_count, s->note, err);
    pd_free(traits);
    return status;
}

/* Moves the good ones together with their names, lists the others, and says what was found. */
static enum pd_status sort_out(struct pd_survey *v, enum pd_split split, const char *folder,
                               struct pd_image_list *l, uint8_t *statuses, char *const *why,
                               struct pd_error *err)
{
    struct pd_split_report *s = &v->report->splits[split];
    enum pd_status status = PD_OK;
    char word[64];
    for (size_t i = 0; !status && i < l->count; i++) {
        const bool drawn = statuses[i] == PD_ERR_MISMATCH;
        statuses[i] = !statuses[i];
        if (drawn)
            status = pd_image_list_pass(l, pd_passed_picture, l->at[i].path, 1, err);
        else
            status = sort_one(v, split, l->at[i].path, i, why[i], err);
    }
    if (!status)
        status = pd_image_list_tell(l, pd_path_word(word, sizeof word, folder),
                                    (const char(*)[PD_CLASS_NAME_SIZE])l->classes, statuses, s->note, err);
    if (!status)
        status = tell_losses(s, v->at[split], pd_path_word(word, sizeof word, folder), l, err);
    s->passed = l->passed;
    s->passed_count = l->passed_count;
    l->passed = NULL;
    l->passed_count = 0;
    return status;
}

/* What the threads measure. */
struct measuring {
    const struct pd_data_watch *watch; /* or NULL */
    struct pd_surveyed *at;
    const char *folder;
    const struct pd_image_list *l;
    uint8_t *statuses;
    char **why;              /* (l->count): what is wrong with it, owned, or NULL */
    struct pd_error failure; /* what ends the survey */
    atomic_bool stop;
    atomic_size_t done;
};

static void end(struct measuring *m, const struct pd_error *failure)
{
#pragma omp critical(pd_survey)
    if (!m->stop) {
        m->failure = *failure;
        m->stop = true;
    }
}

/* That the disc or memory fails says nothing about the image. */
static void measure_one(struct measuring *m, size_t i)
{
    struct pd_error why = {.message = ""};
    m->at[i].label = m->l->at[i].label;
    const enum pd_status status = measure_file(&m->at[i], m->folder, m->l->at[i].path, &why);
    m->statuses[i] = (uint8_t)status;
    if (status == PD_ERR_MEMORY || (status == PD_ERR_IO && !pd_is_missing(&why)))
        end(m, &why);
    else if (status && !(m->why[i] = pd_strdup(why.message))) {
        no_memory(&why);
        end(m, &why);
    }
}

static void tell(struct measuring *m, size_t done)
{
    struct pd_error why;
    if (!m->watch || !m->watch->decoding ||
        !m->watch->decoding(m->watch->context, "images", done, m->l->count))
        return;
    pd_fail(&why, PD_ERR_INTERRUPTED, -1, "'%.200s': interrupted", m->folder);
    end(m, &why);
}

/* By all threads; the first of them tells the watch. */
static enum pd_status measure_files(struct measuring *m, struct pd_error *err)
{
    tell(m, 0);
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < m->l->count; i++) {
        if (m->stop)
            continue;
        measure_one(m, i);
        const size_t done = ++m->done;
        if (omp_get_thread_num() == 0 && done < m->l->count)
            tell(m, done);
    }
    if (!m->stop)
        tell(m, m->l->count);
    if (m->stop && err)
        *err = m->failure;
    return m->stop ? m->failure.status : PD_OK;
}

/* What is in the list. */
static enum pd_status measure_list(struct pd_survey *v, enum pd_split split,
                                   const struct pd_data_request *request, struct pd_image_list *l,
                                   struct pd_error *err)
{
    struct measuring m = {.watch = request->watch, .folder = request->name, .l = l};
    m.statuses = pd_calloc(l->count, 1);
    m.why = pd_calloc(l->count, sizeof *m.why);
    int *map = NULL;
    enum pd_status status = m.statuses && m.why
                                ? take_classes(v->report, l->class_count,
                                               (const char(*)[PD_CLASS_NAME_SIZE])l->classes, &map, err)
                                : no_memory(err);
    if (!status)
        status = begin_split(v, split, l->count, err);
    m.at = v->at[split];
    if (!status && m.statuses && m.why) {
        status = measure_files(&m, err);
        if (!status)
            status = sort_out(v, split, request->name, l, m.statuses, m.why, err);
        renumber(v->at[split], status ? 0 : v->report->splits[split].count, map);
    }
    pd_free(map);
    for (size_t i = 0; m.why && i < l->count; i++)
        pd_free(m.why[i]);
    pd_free(m.why);
    pd_free(m.statuses);
    return status;
}

enum pd_status pd_survey_add_folder(struct pd_survey *v, enum pd_split split,
                                    const struct pd_data_request *request, struct pd_error *err)
{
    struct pd_data_request of_split = *request;
    struct pd_image_list l;
    of_split.split = split;
    enum pd_status status = pd_image_labels_list(request->name, &of_split, &l, err);
    if (status)
        return status;
    v->report->channels = PD_DATA_CHANNELS;
    status = measure_list(v, split, request, &l, err);
    pd_image_list_release(&l);
    return status;
}

void pd_survey_release(struct pd_survey *v)
{
    for (int split = 0; split < PD_SPLITS; split++) {
        pd_free(v->at[split]);
        v->at[split] = NULL;
    }
}
