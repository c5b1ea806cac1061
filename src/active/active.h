/* Active learning: train, ask for the labels that would help most, train again (GOLD section 4.3; ALCG
 * algorithm 1). Everything lies in a folder, so that a killed run goes on where it stood: what was labelled
 * is never lost, and nothing is asked twice.
 *
 *     RUN/active.json, options.json     how to repeat it
 *     RUN/journal.jsonl                 all that happened (ledger.h); the files below come from it
 *     RUN/answers.csv                   what people have answered (a person as the oracle)
 *     RUN/queries.csv, queries.png      what they are asked now; queries.json for Label Studio
 *     RUN/start-1/round-00/             the run on the initial labels of trial 1, common to all strategies
 *     RUN/gold-1/labels.csv             what the strategy knows in that trial
 *     RUN/gold-1/queries-01.json        what it asked for in round 1
 *     RUN/gold-1/round-01/              the run on it: an ordinary run's folder
 *     RUN/gold-1/rounds.jsonl           a line for each finished round: number of labels, accuracy */
#ifndef PD_ACTIVE_ACTIVE_H
#define PD_ACTIVE_ACTIVE_H

#include "active/ledger.h"
#include "run/run.h"

struct pd_active_options {
    char strategy[256]; /* one or several of include/paydirt/select.h's, with commas between */
    char baseline[32];  /* another strategy beside it, on the same trials; "": none */
    bool balanced;      /* GOLD's terms weighed by their standard deviations */
    char diverse[16];   /* "", "k-center" or "k-means++": over features of the best-scored candidates */
    int64_t candidates; /* how many of them; 0: ten times the query */
    int64_t trials, init, query, final; /* labels at first, in a query, in the end */
    char protocol[16];                  /* "gold", "alcg"; "": by strategy */
    bool keep_generator;                /* each round starts from the generator of the last */
    char oracle[16];                    /* who answers: "labels" (the data's own), "csv", "label-studio" */
    char url[1024];                     /* before an image's name in Label Studio's tasks */
    bool measure;                       /* fitting capacity on the test split after each round */
    int64_t measure_epochs;
    bool keep_rounds; /* keep the weights of all rounds, not only of the first and the last */
    bool pictures;    /* of each query */
    bool near_copies; /* images that look the same are copies, too */
};

const struct pd_option *pd_active_option_table(int *count);

/* The options of a training run that may be given beside them, into table[most]: not those that the loop
 * decides for every round. Returns their number. */
int pd_active_train_options(struct pd_option *table, int most);
void pd_active_options_init(struct pd_active_options *a);

/* The next of a list "gold,random" into word (an option's size); false: none is left. *list moves on. */
bool pd_active_next_strategy(const char **list, char word[32]);

/* Fills in what a protocol asks for where it was not given. Protocols: gold: semi-supervised, the generator
 * is kept, the discriminator fresh, the best epoch by validation; alcg: the labelled images alone, all fresh.
 * given(context, name): whether a person has set the option. PD_ERR_USAGE: what does not go together. */
enum pd_status pd_active_protocol(struct pd_active_options *a, struct pd_train_options *o,
                                  bool (*given)(const void *context, const char *name), const void *context,
                                  struct pd_error *err);

struct pd_active_round {
    const char *strategy; /* "start": the initial labels, for all */
    int64_t trial, trials, round, labels;
    bool people;     /* answer, not the data's own labels */
    double begun;    /* on pd_seconds' clock */
    double accuracy; /* on the test split; negative: not known (yet) */
    /* Once it is trained: */
    double class_accuracy;    /* of D on the validation images; negative: there are none */
    int64_t guesses, guessed; /* answers to its query where the last model had a guess; that were right */
    char classes[512];        /* "cat 7, dog 6": labels by class */
    char outlook[256];        /* what ten labels more may bring, or why that cannot be said */
};

struct pd_active_observer {
    const struct pd_training_watch *train; /* for the runs inside; its stop also stops the loop */
    void *context;
    void (*begin)(void *context, const char *folder);
    void (*round)(void *context, const struct pd_active_round *round); /* before it is trained */
    void (*measured)(void *context, const struct pd_active_round *round);
    void (*measuring)(void *context, int epoch, int epochs, double loss);
    void (*refused)(void *context, const struct pd_refusal *refusal); /* an answer that was not taken */
};

/* How it ended: finished, or waiting for people. */
struct pd_active_outcome {
    struct pd_intake intake; /* of answers, now */
    const char *unanswered;  /* a file that was given and holds no answer at all; NULL: none */
    size_t blank, predicted; /* its rows; of these, answered by a model alone */
    size_t questions;        /* images that wait for one */
    bool measured;           /* its rounds have an accuracy */
    char queries[PD_PATH_SIZE], sheet[PD_PATH_SIZE], tasks[PD_PATH_SIZE]; /* where they stand, or "" */
};

/* What people bring along. Paths may be NULL. */
struct pd_active_news {
    const char *answers;   /* a file of them */
    const char *correct;   /* the same; they replace earlier ones */
    const char *add_class; /* a class's name; NULL: none */
    int64_t final, query;  /* other numbers than so far; 0: as they are */
    struct pd_data_place place;
};

/* Makes OUT/00003-mnist-active-gold and begins, with the answers that there are. folder: also on failure,
 * once made. */
enum pd_status pd_active_start(const struct pd_active_options *a, const struct pd_train_options *o,
                               const struct pd_active_news *news, const struct pd_active_observer *watch,
                               char *folder, size_t folder_size, struct pd_active_outcome *outcome,
                               struct pd_error *err);

/* Takes the news, and the answers that were filled in in the run's queries.csv, and goes on. PD_ERR_IO:
 * another process is at work on the run; PD_ERR_MISMATCH: images are gone or changed. */
enum pd_status pd_active_resume(const char *folder, const struct pd_active_news *news,
                                const struct pd_active_observer *watch, struct pd_active_outcome *outcome,
                                struct pd_error *err);

#endif
