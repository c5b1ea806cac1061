/* What a run's options name, opened: the data, who may see which label, the batches and the networks. */
#ifndef PD_TRAIN_SETUP_H
#define PD_TRAIN_SETUP_H

#include "data/dataset.h"
#include "data/loader.h"
#include "train/estimate.h"
#include "train/gan.h"
#include "train/options.h"

struct pd_setup {
    struct pd_dataset *data;
    uint8_t *use; /* an enum pd_label_use for each image */
    struct pd_loader *loader;
    struct pd_backend *backend;
    struct pd_gan *gan; /* fresh weights */
    uint64_t steps_per_epoch;
    struct pd_estimate estimate;
};

/* What the options leave open (the model, its loss, critic steps, Adam) is settled in them. label_file:
 * answers about the images (data/answers.h), or NULL: the options' number of labels is drawn. watch: of the
 * decoding, or NULL. Everything that can be wrong with the options shows here. */
enum pd_status pd_setup_open(struct pd_train_options *o, const char *label_file,
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

/* Side of the training images in pixels; 0: points. */
enum pd_status pd_run_image_size(const struct pd_train_options *o, int *size, struct pd_error *err);

/* Who may see which label: validation images first, then the label file's or as many as the options say.
 * use (data->count) comes zeroed; a label file may also change the data set's labels. */
enum pd_status pd_run_labels(const struct pd_train_options *o, const char *label_file,
                             struct pd_dataset *data, uint8_t *use, struct pd_error *err);

#endif
