/* Training, in memory; in folders: run.h.
 *
 *     struct pd_training *t;
 *     pd_training_create(&t, &err);
 *     pd_training_set(t, "model", "infogan", &err);
 *     pd_training_set(t, "epochs", "20", &err);
 *     status = pd_training_run(t, data, NULL, &gan, &err);
 *
 * Nothing is printed and no file is written; signals and OpenMP's thread count stay the caller's (but see
 * pd_plan_run in graph.h on signals while a step runs). OpenMP's threads spin between two pieces of work
 * unless OMP_WAIT_POLICY=passive or GOMP_SPINCOUNT=1000 is in the environment that the process starts with,
 * as the program sets it: on a machine that does other work, too, that can cost a hundredfold. */
#ifndef PAYDIRT_TRAIN_H
#define PAYDIRT_TRAIN_H

#include <paydirt/data.h>
#include <paydirt/gan.h>
#include <paydirt/option.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pd_metric;
struct pd_training;

/* The papers' defaults. PD_ERR_MEMORY */
enum pd_status pd_training_create(struct pd_training **out, struct pd_error *err);
void pd_training_destroy(struct pd_training *training); /* also NULL */

/* The options of `paydirt train --help` under the same names ("labels-per-batch", "gold": "true"). Those
 * about folders, files and which data do nothing here, but for "generator", a checkpoint whose generator to
 * start from. An epoch has "min-epoch" images at least, 10,000 where nothing else is said, as the papers'
 * have: fewer data are repeated in it. PD_ERR_USAGE: no such option (with the nearest right one), or a value
 * out of its range; PD_ERR_MISMATCH: a size that the model does not make. What failed has changed nothing. */
enum pd_status pd_training_set(struct pd_training *training, const char *option, const char *value,
                               struct pd_error *err);

/* The same as a table, to list them and ask what they hold; set through it, an option is checked for its
 * range alone. Borrowed. */
struct pd_option_table pd_training_options(struct pd_training *training);

/* What option "model" knows: a name, and a line about it; NULL past the last. */
const char *pd_training_model(int index, const char **summary);

/* What a training will take of this machine, as known before its first step. */
struct pd_estimate {
    double memory;     /* bytes at most, images included; what is on a card not */
    double checkpoint; /* bytes of checkpoint.safetensors */
    double disk;       /* bytes: two checkpoints while one takes the other's place, and the best epoch's */
    double seconds;    /* of a step, as fast as the machine is now; 0: unknown, as on a card */
    double
        validation; /* of the classifier that measures on the images held out, each time; 0: there is none */
};

/* Of so many steps, into text[size]: "about 2 h 10 min, and 2 min for each validation, 1.4 GB of memory,
 * checkpoints of 207 MB", without times where they are unknown; returns text. */
char *pd_estimate_words(const struct pd_estimate *estimate, uint64_t steps, char *text, size_t size);

struct pd_training_begin {
    const char *folder; /* of a run; NULL: in memory */
    uint64_t steps_per_epoch, first_step, last_step;
    uint64_t images;   /* that take part; fewer than an epoch has are repeated in it */
    uint64_t labelled; /* of them those whose label is seen */
    uint64_t left_out; /* beside them, unlabelled ones, by option "labelled-only" */
    double batch;      /* images in a step; where an epoch's last is smaller, the mean */
    double step_cost;  /* operations of a step, as a multiple of one without adversarial sampling */
    struct pd_estimate estimate;
};

/* One line of a training: means over the steps of an epoch. */
struct pd_training_epoch {
    uint64_t epoch, epochs;                             /* from 1 */
    uint64_t step;                                      /* steps done */
    double d_adv, d_cls_real, d_cls_fake, g_adv, g_cls; /* losses of the two steps; NAN: G took none */
    double mean_d;                                      /* GOLD's d over the fakes (eq. 3) */
    double d_guess,
        sure; /* consistency's loss, and the part of the unlabelled that it learns from; NAN: none */
    double d_rotation, g_rotation;  /* rotation's losses in the two steps; NAN: none */
    double validation;              /* option "best" on the images held out; NAN: not measured */
    const struct pd_metric *metric; /* which that is (metric.h); NULL: not measured */
    double images_per_second;
};

/* What the caller wants to see; any function may be NULL. All are called on the caller's thread: decoding
 * and the notes before begin, that before the first step; after each step first step, then epoch, where it
 * was an epoch's last, then stop, but not after the last of all. */
struct pd_training_watch {
    void *context;
    void (*begin)(void *context, const struct pd_training_begin *begin);
    void (*step)(void *context, uint64_t step); /* steps done */
    void (*epoch)(void *context, const struct pd_training_epoch *epoch);
    bool (*stop)(void *context);                    /* true: stop, a run with a checkpoint */
    void (*note)(void *context, const char *words); /* as pd_note_lines': what people should know */
    /* Files that are opened take a while: done of count units ("images"; "MB" of an archive), 0 first. True:
     * stop. */
    bool (*decoding)(void *context, const char *unit, uint64_t done, uint64_t count);
    /* Those that train together: all with the same options and data, each on its part of every batch. The
     * first alone writes and measures. Borrowed; NULL: this process alone. */
    struct pd_ranks *ranks;
};

/* Trains fresh networks. Option "labels" N: the labels of N images may be used, drawn evenly over the
 * classes; else all that there are. With "validation" N the networks are those of the best epoch. data is
 * borrowed, and nobody else's while this runs. watch: or NULL. The same seed, threads and data give the same
 * bits. PD_ERR_USAGE, PD_ERR_MISMATCH (options and data that do not fit; training that diverged),
 * PD_ERR_MEMORY, PD_ERR_INTERRUPTED (stopped: *out has the networks as they were, or of the best
 * epoch so far). */
enum pd_status pd_training_run(const struct pd_training *training, struct pd_dataset *data,
                               const struct pd_training_watch *watch, struct pd_gan **out,
                               struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
