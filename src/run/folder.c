#include "run/folder.h"

#include "base/threads.h"
#include "base/words.h"
#include "data/dataset.h"
#include "io/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* *next: one more than the highest number that begins a name in the folder. */
static enum pd_status find_number(const char *out, int *next, struct pd_error *err)
{
    DIR *dir = opendir(*out ? out : ".");
    *next = 0;
    if (!dir)
        return pd_fail_io(err, out, "read", errno);
    errno = 0;
    for (struct dirent *e; (e = readdir(dir)); errno = 0)
        if (isdigit((unsigned char)e->d_name[0]) && atoi(e->d_name) >= *next)
            *next = atoi(e->d_name) + 1;
    enum pd_status status = errno ? pd_fail_io(err, out, "list", errno) : PD_OK;
    closedir(dir);
    return status;
}

static void make_absolute(char *path, size_t size)
{
    char *absolute = path[0] ? realpath(path, NULL) : NULL;
    if (absolute && strlen(absolute) < size)
        memcpy(path, absolute, strlen(absolute) + 1);
    free(absolute);
}

void pd_run_absolute_paths(struct pd_train_options *o)
{
    const struct pd_data_source *source;
    const bool path = !pd_data_source_find(o->data, &source, NULL) && strcmp(source->name, o->data) != 0;
    make_absolute(o->data_dir, sizeof o->data_dir);
    make_absolute(o->cache_dir, sizeof o->cache_dir);
    make_absolute(o->metadata, sizeof o->metadata);
    make_absolute(o->weights, sizeof o->weights);
    if (path) /* a folder of images */
        make_absolute(o->data, sizeof o->data);
}

void pd_run_pin(struct pd_train_options *o)
{
    if (!o->threads)
        o->threads = pd_threads_available();
    pd_run_absolute_paths(o);
}

enum pd_status pd_run_folder_make(const struct pd_train_options *o, const char *kind, char *folder,
                                  size_t size, struct pd_error *err)
{
    int n = 0;
    enum pd_status status = pd_make_dirs(o->out, err);
    if (!status)
        status = find_number(o->out, &n, err);
    for (; !status; n++) {
        char name[128], data[40];
        pd_path_word(data, sizeof data, o->data);
        snprintf(name, sizeof name, "%05d-%s-%s", n, data, kind);
        status = pd_path_join(folder, size, o->out, name, err);
        if (!status && mkdir(folder, 0777) == 0) {
            status = pd_sync_folder_of(folder, err); /* or a power loss takes the whole run */
            return status ? status : pd_run_folder_save_options(folder, o, err);
        }
        if (!status && errno != EEXIST) /* another run may have taken the number */
            status = pd_fail_io(err, folder, "make", errno);
    }
    if (size)
        folder[0] = '\0'; /* it was not made */
    return status;
}

enum pd_status pd_run_folder_options(const char *folder, struct pd_train_options *o, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_path_join(path, sizeof path, folder, "options.json", err);
    return status ? status : pd_train_options_read(o, path, err);
}

enum pd_status pd_run_folder_training(const char *folder, struct pd_train_options *o, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_path_join(path, sizeof path, folder, "active.json", err);
    if (!status && !pd_is_absent(path))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%s is a run of active learning: its trainings are in %s/STRATEGY-TRIAL/round-NN",
                       folder, folder);
    return status ? status : pd_run_folder_options(folder, o, err);
}

enum pd_status pd_run_folder_save_options(const char *folder, const struct pd_train_options *o,
                                          struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_path_join(path, sizeof path, folder, "options.json", err);
    return status ? status : pd_train_options_write(o, path, err);
}

enum pd_status pd_run_folder_checkpoint(const char *folder, char *path, struct pd_error *err)
{
    return pd_path_join(path, PD_PATH_SIZE, folder, "checkpoint.safetensors", err);
}

enum pd_status pd_run_folder_best(const char *folder, char *path, struct pd_error *err)
{
    return pd_path_join(path, PD_PATH_SIZE, folder, "best.safetensors", err);
}

enum pd_status pd_run_folder_model(const char *folder, char *path, struct pd_error *err)
{
    enum pd_status status = pd_run_folder_best(folder, path, err);
    return status || !pd_is_absent(path) ? status : pd_run_folder_checkpoint(folder, path, err);
}

enum pd_status pd_run_folder_statistics(const char *folder, char *path, struct pd_error *err)
{
    return pd_path_join(path, PD_PATH_SIZE, folder, "statistics.safetensors", err);
}

enum pd_status pd_run_folder_labels(const char *folder, char *path, struct pd_error *err)
{
    return pd_path_join(path, PD_PATH_SIZE, folder, "labels.csv", err);
}

/* Before hours of work rather than at its end. */
static enum pd_status check_names(const char *folder, struct pd_error *err)
{
    static const char *const names[] = {
        "options.json",     "log.jsonl",  "events.tfevents", "checkpoint.safetensors",
        "best.safetensors", "labels.csv", "data.json",       "images.csv"};
    char path[PD_PATH_SIZE];
    enum pd_status status = PD_OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !status; i++)
        status = pd_path_inside(path, sizeof path, folder, names[i], err);
    return status;
}

enum pd_status pd_run_folder_lock(const char *folder, struct pd_lock *lock, struct pd_error *err)
{
    enum pd_status status = pd_lock_take(lock, folder, ".lock", 0, err);
    return status ? status : check_names(folder, err);
}
