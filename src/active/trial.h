/* A trial of an active run: its data, what is known of them, and its test images. */
#ifndef PD_ACTIVE_TRIAL_H
#define PD_ACTIVE_TRIAL_H

#include "active/active.h"
#include "active/ledger.h"

struct pd_trial {
    const char *run; /* the active run's folder; "": nothing has begun. Borrowed, like a and watch */
    const struct pd_active_options *a;
    const struct pd_active_watch *watch;
    int64_t number;            /* from 1 on */
    struct pd_train_options o; /* with the trial's data_seed */
    struct pd_dataset *data;
    struct pd_ledger ledger;
    struct pd_real_images test; /* count 0: nothing is measured */
};

/* Images that people have added join where nobody's labels are drawn. *told: what there is to say about the
 * data has been said; it is, from here on; NULL: a look, which says nothing, keeps no list of images and
 * opens no test images. Failures are those of opening data and ledger. */
enum pd_status pd_trial_open(const char *run, const struct pd_active_options *a,
                             const struct pd_train_options *o, const struct pd_active_watch *watch,
                             int64_t number, bool *told, struct pd_trial *out, struct pd_error *err);
void pd_trial_close(struct pd_trial *t); /* all but a, o and number */

/* "start-1", into name[64]; returns name. */
char *pd_trial_start_name(int64_t number, char name[64]);

/* Where a trial's start lies in the active run's folder, and the roster of its data. path[PD_PATH_SIZE]. */
enum pd_status pd_trial_start_folder(const char *run, int64_t number, char *path, struct pd_error *err);

/* Of its data where they are procedural, and of its draws. */
uint64_t pd_trial_seed(const struct pd_train_options *o, int64_t number);

/* Whether the data's own labels answer. */
bool pd_active_is_simulated(const struct pd_active_options *a);

/* What of the watcher is for those who open data. */
struct pd_data_watch pd_active_decoding(const struct pd_active_watch *watch);

/* A line for who watches. */
void pd_active_note(const struct pd_active_watch *watch, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
