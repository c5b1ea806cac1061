/* Real images beside a run's networks: with a bar where they have to be decoded, and what is to be said of
 * them. */
#ifndef PD_CLI_REAL_IMAGES_H
#define PD_CLI_REAL_IMAGES_H

#include <paydirt/option.h>
#include <paydirt/run.h>

#include <stddef.h>

struct other_options {
    char data[1024], data_dir[1024], metadata[1024], metadata_columns[256];
};

/* The lines of a command's table whose options are of that type, with a member `other`. */
#define OTHER_FIELD(type, name) offsetof(type, other.name), sizeof(((type *)0)->other.name)
#define OTHER_OPTIONS(type)                                                                                  \
    {"data", PD_OPTION_TEXT, OTHER_FIELD(type, data), 0, 0, "NAME", "another data set than the run's"},      \
        {"data_dir", PD_OPTION_TEXT, OTHER_FIELD(type, data_dir), 0, 0, "DIR", "folder with its files"},     \
        {"metadata",                                                                                         \
         PD_OPTION_TEXT,                                                                                     \
         OTHER_FIELD(type, metadata),                                                                        \
         0,                                                                                                  \
         0,                                                                                                  \
         "FILE",                                                                                             \
         "labels of --data's images: CSV, JSON lines, COCO or CVAT"},                                        \
    {                                                                                                        \
        "metadata_columns", PD_OPTION_TEXT, OTHER_FIELD(type, metadata_columns), 0, 0, "LIST",               \
            "its columns, IMAGE,LABEL[,SPLIT]"                                                               \
    }

/* Texts are borrowed. */
struct pd_run_other real_other(const struct other_options *options);

/* Whether other images than the run's are named. */
bool real_is_other(const struct other_options *options);

/* PD_ERR_USAGE: a table of labels without images that it could be of. */
enum pd_status real_check_other(const struct other_options *options, struct pd_error *err);

/* As pd_run_data. */
enum pd_status real_open(const struct pd_run_model *run, const struct pd_run_other *other,
                         enum pd_split split, enum pd_run_labels labels, struct pd_dataset **out,
                         struct pd_error *err);

/* As pd_run_training_data. */
enum pd_status real_training(const struct pd_run_model *run, struct pd_dataset **out, struct pd_error *err);

/* As pd_run_recalibrate. */
enum pd_status real_recalibrate(struct pd_run_model *run, enum pd_origin origin,
                                const struct pd_dataset *training, struct pd_error *err);

/* Without --[no-]recalibrate: as the run. */
enum pd_status real_set_recalibrate(struct pd_run_model *run, bool given, bool on, struct pd_error *err);

/* By which statistics D scores reals: "by the statistics of 100 training images"; "" where it has none. Into
 * text[size]; returns text. */
const char *real_statistics(const struct pd_gan *gan, char *text, size_t size);

/* Adds to a failure that is a missing test split what else there is to do; returns status. */
enum pd_status real_advise(enum pd_status status, const char *words, struct pd_error *err);

#endif
