/* What a run leaves behind besides its checkpoints: log.jsonl, TensorBoard events, sample grids. */
#ifndef PD_RUN_JOURNAL_H
#define PD_RUN_JOURNAL_H

#include "gan/gan.h"

struct pd_jsonl;
struct pd_metric;
struct pd_tfevents;

struct pd_journal {
    const char *folder;
    struct pd_jsonl *log;
    struct pd_tfevents *events;
};

/* Drops what a killed run wrote after that step. folder is borrowed. */
enum pd_status pd_journal_open(struct pd_journal *j, const char *folder, uint64_t step, struct pd_error *err);
void pd_journal_close(struct pd_journal *j); /* also a zeroed one */

/* An epoch that ended: log line and events. validation: the metric's value on the validation images;
 * metric NULL: not measured. */
struct pd_epoch_record {
    uint64_t epoch, step;
    double means[PD_LOSS_COUNT]; /* NAN: none */
    bool gold;
    double images_per_second, validation;
    const struct pd_metric *metric;
};
enum pd_status pd_journal_epoch(struct pd_journal *j, const struct pd_epoch_record *e, struct pd_error *err);

/* A number of that name, as an event. */
void pd_journal_number(struct pd_journal *j, uint64_t step, const char *name, double value);

/* samples-0003.png and the same picture as an event. */
enum pd_status pd_journal_grid(struct pd_journal *j, struct pd_gan *gan, uint64_t epoch, uint64_t step,
                               struct pd_error *err);

enum pd_status pd_journal_flush(struct pd_journal *j, struct pd_error *err);

#endif
