/* What a run's options name, opened: the data, who may see which label, the batches and the networks. */
#ifndef PD_RUN_SETUP_H
#define PD_RUN_SETUP_H

#include "data/loader.h"
#include "run/data.h"
#include "run/estimate.h"
#include "gan/gan.h"
#include "run/options.h"

/* What a run goes by besides its options. */
struct pd_setup_from {
    const char *label_file;  /* answers about the images (data/labels/answers.h), or NULL: the options' number
                                of labels is drawn */
    const char *roster;      /* a folder: the data are those that its roster lists; NULL: as they are */
    const char *run;         /* of these only as many as the roster in this folder counts; NULL: all */
    struct pd_dataset *data; /* borrowed: these and no others; NULL: what the options name */
    struct pd_ranks *ranks;  /* borrowed: the loader makes this rank's part of a batch; NULL: all */
};

struct pd_setup {
    struct pd_dataset *data;
    bool borrowed;           /* the data are another's, */
    size_t note_size;        /* and so much of their note is their reader's */
    struct pd_roster roster; /* of data as they are, where none was given */
    uint8_t *use;            /* an enum pd_label_use for each image */
    struct pd_loader *loader;
    struct pd_backend *backend;
    struct pd_gan *gan; /* fresh weights */
    uint64_t steps_per_epoch;
    struct pd_estimate estimate;
};

/* What the options leave open (the model, its loss, critic steps, Adam) is settled in them. watch: of the
 * decoding, or NULL. Everything that can be wrong with the options shows here. */
enum pd_status pd_setup_open(struct pd_train_options *o, const struct pd_setup_from *from,
                             const struct pd_data_watch *watch, struct pd_setup *out, struct pd_error *err);
void pd_setup_close(struct pd_setup *s); /* also a zeroed one */

/* For the opening of a large set: a watch that also checks options before anything is decoded. */
struct pd_early_check {
    const struct pd_train_options *o;
    const char *label_file;            /* or NULL */
    const struct pd_data_watch *watch; /* of the decoding, or NULL */
};
struct pd_data_watch pd_early_check_watch(struct pd_early_check *check);

/* What can be known without data: that there is a model, a loss, … of that name, and the model makes images
 * of that size. */
enum pd_status pd_setup_check_names(const struct pd_train_options *o, struct pd_error *err);

/* The training step that settled options describe, without GOLD. */
struct pd_step_options pd_setup_step(const struct pd_train_options *o);

#endif
