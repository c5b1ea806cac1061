/* The networks of a round: its best epoch's, or the last's. */
#include "active/steps.h"

#include "io/file.h"
#include "run/recalibrate.h"

enum pd_status pd_best_recalibrate(const struct pd_branch *b, struct pd_run_model *model,
                                   struct pd_error *err)
{
    enum pd_status status = pd_run_recalibrate(model, PD_ORIGIN_REAL, b->data, NULL, err);
    if (!status && model->note[0])
        pd_active_note(b->watch, "%s", model->note);
    return status;
}

static enum pd_status open_round(const struct pd_branch *b, int64_t round, struct pd_run_model *model,
                                 struct pd_error *err)
{
    char folder[PD_PATH_SIZE];
    enum pd_status status = pd_branch_round_folder(b, round, folder, err);
    return status ? status
                  : pd_run_read(folder, &(struct pd_where){.threads = (int)b->o->threads}, model, err);
}

enum pd_status pd_best_open(const struct pd_branch *b, int64_t round, struct pd_run_model *model,
                            struct pd_error *err)
{
    enum pd_status status = open_round(b, round, model, err);
    return status ? status : pd_best_recalibrate(b, model, err);
}

enum pd_status pd_best_keep(const struct pd_branch *b, int64_t round, struct pd_run_model *model,
                            struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = open_round(b, round, model, err);
    if (!status)
        status = pd_run_folder_best(model->folder, path, err);
    return status || !pd_is_absent(path) ? status
                                         : pd_gan_save_networks(model->gan, &model->progress, path, err);
}

static void drop(const char *folder, enum pd_status (*which)(const char *, char *, struct pd_error *))
{
    char path[PD_PATH_SIZE];
    if (!which(folder, path, NULL))
        (void)pd_file_remove(path, NULL); /* what stays takes room, no more */
}

void pd_best_clean_up(const struct pd_branch *b, int64_t round)
{
    char folder[PD_PATH_SIZE];
    if (!pd_branch_round_folder(b, round, folder, NULL))
        drop(folder, pd_run_folder_checkpoint);
    if (!round && !pd_branch_round_folder(b, PD_ROUND_UNLABELLED, folder, NULL))
        drop(folder, pd_run_folder_checkpoint);
    if (round >= 2 && !b->a->keep_rounds && !pd_branch_round_folder(b, round - 1, folder, NULL))
        drop(folder, pd_run_folder_best);
}
