#include "run/journal.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/jsonl.h"
#include "io/tfevents.h"
#include "run/folder.h"
#include "run/results.h"
#include "gan/sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double wall_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum pd_status pd_journal_open(struct pd_journal *j, const char *folder, uint64_t step, struct pd_error *err)
{
    char log[PD_PATH_SIZE], events[PD_PATH_SIZE];
    *j = (struct pd_journal){.folder = folder};
    enum pd_status status = pd_path_inside(log, sizeof log, folder, "log.jsonl", err);
    if (!status)
        status = pd_path_inside(events, sizeof events, folder, "events.tfevents", err);
    if (!status)
        status = pd_jsonl_truncate_after(log, "step", (double)step, err);
    if (!status)
        status = pd_results_drop_after(folder, step, err);
    if (!status)
        status = pd_jsonl_open(log, &j->log, err);
    if (!status)
        status = pd_tfevents_create(events, wall_time(), &j->events, err);
    if (!status && step)
        pd_tfevents_restart(j->events, (int64_t)step + 1, wall_time());
    return status;
}

void pd_journal_close(struct pd_journal *j)
{
    pd_tfevents_destroy(j->events);
    pd_jsonl_destroy(j->log);
    memset(j, 0, sizeof *j);
}

static json_t *log_line(const struct pd_epoch_record *e)
{
    json_t *line = json_object();
    json_object_set_new(line, "epoch", json_integer((json_int_t)e->epoch));
    json_object_set_new(line, "step", json_integer((json_int_t)e->step));
    for (int i = 0; i < PD_LOSS_COUNT; i++)
        if (!isnan(e->means[i]))
            json_object_set_new(line, pd_loss_names[i], json_real(e->means[i]));
    json_object_set_new(line, "gold", json_boolean(e->gold));
    if (e->metric)
        json_object_set_new(line, "validation", json_real(e->validation));
    json_object_set_new(line, "images_per_second", json_real(e->images_per_second));
    return line;
}

enum pd_status pd_journal_epoch(struct pd_journal *j, const struct pd_epoch_record *e, struct pd_error *err)
{
    const int64_t step = (int64_t)e->step;
    pd_mem_watch();
    json_t *line = log_line(e);
    enum pd_status status = pd_jsonl_write(j->log, line, err);
    json_decref(line);
    if (!status) /* before a checkpoint says that the epoch is over */
        status = pd_jsonl_sync(j->log, err);
    for (int i = 0; i < PD_LOSS_COUNT; i++)
        if (!isnan(e->means[i]))
            pd_tfevents_scalar(j->events, step, wall_time(), pd_loss_names[i], (float)e->means[i]);
    if (e->metric)
        pd_tfevents_scalar(j->events, step, wall_time(), "validation", (float)e->validation);
    pd_tfevents_scalar(j->events, step, wall_time(), "images_per_second", (float)e->images_per_second);
    return status;
}

void pd_journal_number(struct pd_journal *j, uint64_t step, const char *name, double value)
{
    pd_tfevents_scalar(j->events, (int64_t)step, wall_time(), name, (float)value);
}

enum pd_status pd_journal_grid(struct pd_journal *j, struct pd_gan *gan, uint64_t epoch, uint64_t step,
                               struct pd_error *err)
{
    struct pd_samples s = {0};
    struct pd_buffer png = PD_BUFFER_INIT, named = PD_BUFFER_INIT;
    char name[64], path[PD_PATH_SIZE];
    enum pd_status status = pd_sample(gan, 10, 0, &s, err);
    if (!status)
        status = pd_samples_encode(&s, NULL, &png, err);
    if (!status)
        status = pd_samples_picture(&s, &gan->classes, NULL, &named, err);
    snprintf(name, sizeof name, "samples-%04llu.png", (unsigned long long)epoch);
    if (!status)
        status = pd_path_inside(path, sizeof path, j->folder, name, err);
    if (!status)
        status = pd_file_write_atomic(path, named.data, named.size, err);
    if (!status) {
        int64_t w, h;
        pd_samples_picture_size(&s, &w, &h);
        pd_tfevents_image(j->events, (int64_t)step, wall_time(), "samples", png.data, png.size, h, w,
                          pd_samples_picture_channels(&s));
    }
    pd_buffer_release(&named);
    pd_buffer_release(&png);
    pd_samples_release(&s);
    return status;
}

enum pd_status pd_journal_flush(struct pd_journal *j, struct pd_error *err)
{
    return pd_tfevents_flush(j->events, err);
}
