/* Active learning: train, ask for the labels that would help most, train again (GOLD section 4.3; ALCG
 * algorithm 1). Everything lies in a folder, so that a killed run goes on where it stood: what was labelled
 * is never lost, and nothing is asked twice.
 *
 *     RUN/active.json, options.json     how to repeat it
 *     RUN/journal.jsonl                 all that happened (doc/active.md); the files below come from it
 *     RUN/answers.csv                   what people have answered (a person as the oracle)
 *     RUN/queries.csv, queries.png      what they are asked now; queries.json for Label Studio
 *     RUN/start-1/round-00/             the run on the initial labels of trial 1, common to all strategies
 *     RUN/gold-1/labels.csv             what the strategy knows in that trial
 *     RUN/gold-1/queries-01.json        what it asked for in round 1
 *     RUN/gold-1/round-01/              the run on it: an ordinary run's folder
 *     RUN/gold-1/rounds.jsonl           a line for each finished round: number of labels, accuracy */
#ifndef PAYDIRT_ACTIVE_H
#define PAYDIRT_ACTIVE_H

#include <paydirt/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- options --- */

struct pd_active;

/* The papers' defaults. PD_ERR_MEMORY */
enum pd_status pd_active_create(struct pd_active **out, struct pd_error *err);
/* Those that a run has now. PD_ERR_USAGE: no run of active learning; PD_ERR_IO, PD_ERR_FORMAT. */
enum pd_status pd_active_of_run(const char *folder, struct pd_active **out, struct pd_error *err);
void pd_active_destroy(struct pd_active *active); /* also NULL */

/* Those of the loop, and those of its trainings (paydirt/train.h) but for what the loop decides in every
 * round. Borrowed. */
struct pd_option_table pd_active_options(struct pd_active *active);
struct pd_option_table pd_active_training_options(struct pd_active *active);

/* One of either. PD_ERR_USAGE: no such option, or a value out of its range. */
enum pd_status pd_active_set(struct pd_active *active, const char *option, const char *value,
                             struct pd_error *err);

/* Fills in what the option "protocol" asks for where it was not given. Protocols: gold: semi-supervised, the
 * generator is kept, the discriminator fresh, the best epoch by validation; alcg: the labelled images alone,
 * all fresh. given(context, name): whether a person has set the option; NULL: what pd_active_set has set.
 * pd_active_start does so where nobody has. PD_ERR_USAGE: what does not go together. */
enum pd_status pd_active_settle(struct pd_active *active,
                                bool (*given)(const void *context, const char *name), const void *context,
                                struct pd_error *err);

/* The next of a list "gold,random" into word; false: none is left. *list moves on. */
bool pd_active_next_strategy(const char **list, char word[32]);

/* --- what happens --- */

struct pd_active_round {
    const char *strategy; /* "start": the initial labels, for all */
    int64_t trial, trials, round, labels;
    bool people;     /* answer, not the data's own labels */
    double begun;    /* seconds on a clock that nobody sets */
    double accuracy; /* on the test split; negative: not known (yet) */
    /* Once it is trained: */
    double class_accuracy;    /* of D on the validation images; negative: there are none */
    int64_t guesses, guessed; /* answers to its query where the last model had a guess; that were right */
    char classes[512];        /* "cat 7, dog 6": labels by class */
    char outlook[256];        /* what ten labels more may bring, or why that cannot be said */
};

/* A row of a file of answers that was not taken, and why: "unknown class 'dgo', did you mean 'dog'?" */
struct pd_refusal {
    int64_t row;    /* line of a CSV file, task of a JSON file; from 1 */
    char image[96]; /* what the row calls it; "": the words name it, or nothing does */
    char words[240];
    const char *file; /* that it is in, for those who are told of it, or NULL */
};

/* "row 3: words (image 'a.png')" into text; returns text. */
enum { PD_REFUSAL_SIZE = 400 };
char *pd_refusal_words(const struct pd_refusal *refusal, char text[PD_REFUSAL_SIZE]);

/* What the caller wants to see; any function may be NULL. */
struct pd_active_watch {
    const struct pd_training_watch *train; /* for the runs inside, or NULL; its stop also stops the loop */
    void *context;
    void (*begin)(void *context, const char *folder);
    void (*round)(void *context, const struct pd_active_round *round); /* before it is trained */
    void (*measured)(void *context, const struct pd_active_round *round);
    void (*measuring)(void *context, int epoch, int epochs, double loss);
    void (*refused)(void *context, const struct pd_refusal *refusal); /* an answer that was not taken */
};

/* How it ended: finished, or waiting for people. */
enum { PD_ACTIVE_PATH = 1200 };
struct pd_active_outcome {
    size_t taken, again;       /* answers, now: that were new; that said the same again */
    size_t corrected, refused; /* that replaced earlier ones; that were not taken */
    const char *unanswered;    /* a file that was given and holds no answer at all; NULL: none */
    size_t blank, predicted;   /* its rows; of these, answered by a model alone */
    size_t questions;          /* images that wait for one; 0: it has finished */
    bool measured;             /* its rounds have an accuracy */
    char queries[PD_ACTIVE_PATH], sheet[PD_ACTIVE_PATH], tasks[PD_ACTIVE_PATH]; /* where they stand, or "" */
    char curves[PD_ACTIVE_PATH]; /* finished and measured: where a picture of that belongs; else "" */
};

/* --- running --- */

/* What people bring along; zeroed: nothing. */
struct pd_active_news {
    const char *answers;   /* a file of them */
    const char *correct;   /* the same; they replace earlier ones */
    const char *add_class; /* a class's name, or several with commas between */
    int64_t final, query;  /* other numbers than so far; 0: as they are */
    struct pd_data_place place;
};

/* Makes OUT/00003-mnist-active-gold and begins, with the answers that there are. news, watch: or NULL. folder
 * [size]: also on failure, once made; else "". PD_ERR_INTERRUPTED: stopped; and as pd_run_start. */
enum pd_status pd_active_start(const struct pd_active *active, const struct pd_active_news *news,
                               const struct pd_active_watch *watch, char *folder, size_t size,
                               struct pd_active_outcome *outcome, struct pd_error *err);

/* Takes the news, and the answers that were filled in in the run's queries.csv, and goes on. PD_ERR_IO:
 * another process is at work on the run; PD_ERR_MISMATCH: images are gone or changed. */
enum pd_status pd_active_resume(const char *folder, const struct pd_active_news *news,
                                const struct pd_active_watch *watch, struct pd_active_outcome *outcome,
                                struct pd_error *err);

/* --- for other programs --- */

struct pd_labels_written {
    size_t labels;    /* rows: images with an answer */
    size_t skipped;   /* images that people passed over: no row */
    size_t stale;     /* answers that later ones replaced */
    size_t quoted;    /* labels with a ' in front, for a spreadsheet would run them */
    bool renamed;     /* some of the run's images have other names by now */
    char unseen[512]; /* why the images' names and paths of now are not known; "": they are */
};

/* What people have answered, as the journal has it; the data need not be there. A CSV that appears whole or
 * not at all: image (its name in the data set), label, time (UTC), file and row that it came in, path (of the
 * image, where it is a file in the run's folder of images); where images were renamed since, image is the
 * name by now, and a last column paydirt_image the one that the run knows. PD_ERR_MISMATCH: nobody has
 * answered, or was asked; PD_ERR_USAGE: no such run; PD_ERR_FORMAT, PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_active_write_labels(const char *run, const char *path, struct pd_labels_written *out,
                                      struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
