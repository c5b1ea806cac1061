/* Everything that makes a training run, as one table: the command line, options.json and --help read the same
 * lines. */
#ifndef PD_RUN_OPTIONS_H
#define PD_RUN_OPTIONS_H

#include "run/option.h"

#include <stdint.h>

struct pd_train_options {
    char data[1024]; /* name of a data set, or a folder of images */
    char data_dir[1024];
    char classes[2048];  /* a folder's class names with commas between; "": as its subfolders are called */
    char metadata[1024]; /* a folder's file of labels; "": a metadata.csv in it, or its subfolders */
    char metadata_columns[256];
    bool cache;           /* decode a large folder's images once, into a file */
    char cache_dir[1024]; /* its folder; "": the user's own */
    char model[32];       /* "": pd_default_model's */
    char out[1024];       /* folder under which run folders are made */
    int64_t
        data_count; /* training images: a procedural set makes so many, of others so many are kept; 0: all */
    int64_t data_seed;        /* of a procedural set and of the draws of labels; 0: the standard set, draws by
                                 `seed` */
    char label_file[1200];    /* answers about images: these labels and no others; copied into the run */
    char generator[1200];     /* a checkpoint whose generator the run starts from */
    int64_t labels;           /* images whose label may be used, drawn evenly over the classes; 0: all */
    int64_t labels_per_batch; /* fixed number of labelled images in every batch; 0: mixed as they come */
    bool natural_share;       /* those then weigh in the real/fake loss as they do in the data */
    bool sync_statistics;     /* batch norm sees the parts of all ranks as one batch */
    bool labelled_only;       /* train on the labelled images alone */
    bool random_crop, flip;
    int64_t size;  /* side of the images; 0: the data set's */
    int64_t z_dim; /* 0: the model's */
    double width;  /* factor on the model's layer widths */
    int64_t epochs, batch, seed;
    int64_t min_epoch; /* images in an epoch at least */
    bool partial_batch;
    bool gold;
    double gold_start; /* fraction of the epochs before re-weighting begins */
    double beta_d, beta_g, lambda_c;
    bool gold_balanced, gold_normalised;
    double gold_clip;
    bool gold_broadcast, separate_forwards; /* as in struct pd_step_options */
    double gold_epsilon;
    int64_t adversarial;       /* candidates for each sample; 1: plain */
    bool fake_confidence;      /* as in struct pd_step_options */
    bool class_losses;         /* false: D and G learn real and fake alone, or with */
    double mutual_information; /* as in struct pd_step_options */
    bool match_labels;         /* the class loss on as many fakes as the batch has labelled reals */
    char loss[32];             /* "": the model's */
    int64_t critic_steps;      /* 0: the loss's; so with lr 0 and a negative beta */
    double lr, adam_beta1, adam_beta2;
    double ema; /* decay; 0: none */
    double ema_d;
    double consistency; /* as in struct pd_consistency_options */
    char strong_augment[64];
    double threshold;
    bool align;
    double guess_ramp;           /* fraction of the epochs */
    double rotation, rotation_g; /* as in struct pd_step_options */
    char diffaug[64];            /* "color,translation,cutout" */
    double top_k;                /* fraction of the fakes at last; 1: all */
    bool recalibrate;            /* D's batch norm, before it scores (gan/recalibrate.h) */
    int64_t validation;          /* images held out, even over the classes; 0: none */
    int64_t validate_every;      /* epochs between measurements on them */
    int64_t validation_epochs;   /* of the classifier that measures the fitting capacity */
    char best[32];               /* the metric that is measured on them (metric/metric.h) */
    bool keep_last;              /* whatever it says, the last epoch is taken for the best */
    int64_t eval_every;          /* epochs between measurements on the test split; 0: none */
    char metrics[256];           /* that are measured then, with commas between */
    char weights[1024];          /* Inception's, for those of features */
    int64_t eval_images;         /* samples that Inception sees */
    int64_t eval_epochs;         /* of the classifiers that metrics train */
    int64_t threads;             /* 0: as many as the process may use */
    char device[16];             /* where networks compute: as pd_backend_open takes it, */
    char precision[8];           /* as is this */
    int64_t save_every; /* minutes between checkpoints inside an epoch; every epoch ends with one. 0: none
                           inside */
    int64_t save_steps; /* steps between checkpoints inside an epoch; 0: none */
    int64_t grid_every; /* epochs between sample grids; 0: none */
};

const struct pd_option *pd_train_option_table(int *count);
struct pd_option_table pd_train_options_table(struct pd_train_options *o);
void pd_train_options_init(struct pd_train_options *o); /* the papers' defaults */

/* Sets one option from text ("1", "true", "" and "no"-prefixed names for bools are the command line's
 * business). PD_ERR_USAGE: unknown name (with the nearest right one), not a number, out of range: says which
 * option, what it got and what was expected. */
enum pd_status pd_train_options_set(struct pd_train_options *o, const char *name, const char *value,
                                    struct pd_error *err);

/* options.json: every option, in the table's order. Reading refuses unknown keys, wrong types and ranges. */
enum pd_status pd_train_options_write(const struct pd_train_options *o, const char *path,
                                      struct pd_error *err);
enum pd_status pd_train_options_read(struct pd_train_options *o, const char *path, struct pd_error *err);

#endif
