/* What a run's options name, opened: the data, who may see which label, the batches and the networks. */
#ifndef PD_RUN_SETUP_H
#define PD_RUN_SETUP_H

#include "data/dataset.h"
#include "data/loader.h"
#include "data/roster.h"
#include "run/estimate.h"
#include "gan/gan.h"
#include "run/options.h"

/* Where the same images lie now; NULL: where they were. */
struct pd_data_place {
    const char *data, *data_dir, *cache_dir;
};

/* Takes it over, as absolute paths. */
void pd_run_move(const struct pd_data_place *place, struct pd_train_options *o);

/* What a run goes by besides its options. */
struct pd_setup_from {
    const char *label_file;  /* answers about the images (data/labels/answers.h), or NULL: the options' number
                                of labels is drawn */
    const char *roster;      /* a folder: the data are those that its roster lists; NULL: as they are */
    const char *run;         /* of these only as many as the roster in this folder counts; NULL: all */
    struct pd_dataset *data; /* borrowed: these and no others; NULL: what the options name */
};

struct pd_setup {
    struct pd_dataset *data;
    bool borrowed;           /* the data are another's */
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

/* The training step that settled options describe, without GOLD. */
struct pd_step_options pd_setup_step(const struct pd_train_options *o);

/* The data set that the options name. watch: of the decoding, or NULL. */
enum pd_status pd_run_dataset(const struct pd_train_options *o, enum pd_split split,
                              const struct pd_data_watch *watch, struct pd_dataset **out,
                              struct pd_error *err);

/* The training split as the roster in the folder has it; without one, as it is. join: images that it does not
 * know follow at the end. PD_ERR_MISMATCH: the data have changed (pd_roster_restore). */
enum pd_status pd_run_dataset_again(const struct pd_train_options *o, const char *folder, bool join,
                                    const struct pd_data_watch *watch, struct pd_dataset **out,
                                    struct pd_error *err);

/* Whether it is what a model sees: images or points, channels. PD_ERR_MISMATCH says what is not. */
enum pd_status pd_run_check_fit(const struct pd_dataset *d, const struct pd_model_config *c,
                                struct pd_error *err);

/* The roster of what the options name. */
enum pd_status pd_run_roster(const struct pd_train_options *o, const struct pd_dataset *data,
                             struct pd_roster *out, struct pd_error *err);

/* status, and where it is a failure with a folder or file that is no longer there, how to say where it is. */
enum pd_status pd_run_say_moved(const struct pd_train_options *o, enum pd_status status,
                                struct pd_error *err);

/* Side of the training images in pixels; 0: points. */
enum pd_status pd_run_image_size(const struct pd_train_options *o, int *size, struct pd_error *err);

/* Who may see which label: validation images first, then the label file's or as many as the options say.
 * use (data->count) comes zeroed; a label file may also change the data set's labels. */
enum pd_status pd_run_labels(const struct pd_train_options *o, const char *label_file,
                             struct pd_dataset *data, uint8_t *use, struct pd_error *err);

#endif
