/* The model that a run has trained. */
#include "base/mem.h"
#include "run/run.h"

#include <stdio.h>
#include <string.h>

enum pd_status pd_run_read(const char *folder, const struct pd_where *where, struct pd_run_model *out,
                           struct pd_error *err)
{
    struct pd_where there = where ? *where : (struct pd_where){0};
    char path[PD_PATH_SIZE];
    memset(out, 0, sizeof *out);
    snprintf(out->folder, sizeof out->folder, "%s", folder);
    enum pd_status status = pd_run_folder_training(folder, &out->options, err);
    if (!status)
        status = pd_run_folder_model(folder, path, err);
    there.threads = there.threads ? there.threads : (int)out->options.threads;
    return status ? status : pd_gan_open_file(path, &there, &out->gan, &out->progress, err);
}

void pd_run_release(struct pd_run_model *m)
{
    pd_gan_destroy(m->gan);
    m->gan = NULL;
}

/* --- for other programs --- */

enum pd_status pd_run_open(const char *folder, const struct pd_where *where, struct pd_run_model **out,
                           struct pd_error *err)
{
    struct pd_run_model *run = pd_calloc(1, sizeof *run);
    *out = NULL;
    if (!run)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a run");
    const enum pd_status status = pd_run_read(folder, where, run, err);
    if (status)
        pd_free(run);
    else
        *out = run;
    return status;
}

void pd_run_close(struct pd_run_model *run)
{
    if (run)
        pd_run_release(run);
    pd_free(run);
}

struct pd_gan *pd_run_gan(struct pd_run_model *run)
{
    return run->gan;
}

uint64_t pd_run_step(const struct pd_run_model *run)
{
    return run->progress.step;
}

struct pd_option_table pd_run_options(struct pd_run_model *run)
{
    return pd_train_options_table(&run->options);
}

const char *pd_run_note(const struct pd_run_model *run)
{
    return run->note;
}
