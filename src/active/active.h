/* Active learning (paydirt/active.h): what it is told. */
#ifndef PD_ACTIVE_ACTIVE_H
#define PD_ACTIVE_ACTIVE_H

#include "active/ledger.h"
#include "run/run.h"

#include <paydirt/active.h>

struct pd_active_options {
    char strategy[256]; /* one or several of include/paydirt/select.h's, with commas between */
    char baseline[32];  /* another strategy beside it, on the same trials; "": none */
    bool balanced;      /* GOLD's terms weighed by their standard deviations */
    char first[32];     /* how the first labels are chosen: at random, or by features alone */
    char diverse[16];   /* "", "k-center" or "k-means++": over features of the best-scored candidates */
    int64_t candidates; /* how many of them; 0: ten times the query */
    int64_t clusters;   /* typiclust, probcover: as select.h's pd_choice */
    double radius;      /* probcover */
    int64_t passes;     /* bald: of D with dropout */
    int64_t trials, init, query, final; /* labels at first, in a query, in the end */
    char protocol[16];                  /* "gold", "alcg"; "": by strategy */
    bool keep_generator;                /* each round starts from the generator of the last */
    char oracle[16]; /* who answers: "labels" (the data's own), "csv", "page" (as csv, and on a page, too),
                        "label-studio" */
    char url[1024];  /* before an image's name in Label Studio's tasks */
    bool measure;    /* fitting capacity on the test split after each round */
    int64_t measure_epochs, measure_decay_every;
    bool keep_rounds; /* keep the weights of all rounds, not only of the first and the last */
    bool pictures;    /* of each query */
    bool near_copies; /* images that look the same are copies, too */
};

const struct pd_option *pd_active_option_table(int *count);

/* The options of a training run that may be given beside them, into table[most]: not those that the loop
 * decides for every round. Returns their number. */
int pd_active_train_options(struct pd_option *table, int most);
void pd_active_options_init(struct pd_active_options *a);
void pd_active_training_init(struct pd_train_options *o); /* as gold has it, the first strategy's protocol */

/* Fills in what a protocol asks for where it was not given. Protocols: gold: semi-supervised, the generator
 * is kept, the discriminator fresh, the best epoch by validation; alcg: the labelled images alone, all fresh.
 * given(context, name): whether a person has set the option. PD_ERR_USAGE: what does not go together. */
enum pd_status pd_active_protocol(struct pd_active_options *a, struct pd_train_options *o,
                                  bool (*given)(const void *context, const char *name), const void *context,
                                  struct pd_error *err);

/* Whether strategies and baseline would each by itself follow other protocols: first, by which all go, and
 * other. What is drawn at random serves any. */
bool pd_active_is_mixed(const struct pd_active_options *a, char first[32], char other[32]);
const char *pd_active_protocol_of(const char *strategy); /* where nothing else is said */

#endif
