/* What is in a data set: counts, sizes, brightness, copies of the same image, and files that are broken. */
#ifndef PD_DATA_SURVEY_H
#define PD_DATA_SURVEY_H

#include "data/dataset.h"
#include "data/images/image_list.h"
#include "io/watch.h"

enum { PD_SURVEY_CHANNELS = 3, PD_SURVEY_SPLITS = 2 };

/* One image (or 2-D point). */
struct pd_surveyed {
    uint8_t digest[32]; /* SHA-256 of shape and pixels, as the files have them: equal for copies */
    int32_t label;      /* or -1 */
    int height, width;
    bool grey;     /* all channels are the same */
    bool has_more; /* its file has more frames or pages, which are not looked at */
    double sum[PD_SURVEY_CHANNELS], squares[PD_SURVEY_CHANNELS]; /* of its values; bytes count as 0 to 1 */
};

struct pd_survey_split {
    bool there;
    size_t count;
    struct pd_surveyed *at; /* (count) */
    char **names;           /* (count); NULL: its number serves */
    size_t unlabelled;
    size_t *of_class;                /* (classes) */
    int least[2], most[2], usual[2]; /* width, height: by area, and those that most images have */
    size_t usual_count;
    double mean[PD_SURVEY_CHANNELS], std[PD_SURVEY_CHANNELS]; /* over all pixels; bytes: of 0 to 1 */
    size_t copies;                                            /* images that are in this split before */
    char note[PD_NOTE_SIZE];                                  /* of the reader */
    size_t passed_count;
    struct pd_passed_kind *passed; /* of a folder: what is no image, by kind */
};

struct pd_broken {
    char *file, *why;
};

/* An image that was there before: the first of its kind and this one. */
struct pd_copy {
    enum pd_split first_split, split;
    uint32_t first, image;
    bool other_label; /* both have labels, and these differ */
};

/* All blocks are owned. */
struct pd_survey {
    struct pd_watch watch; /* set by the caller: images of a folder decoded so far */
    size_t to_decode;      /* of so many */
    int classes, channels; /* channels: 2 for points */
    bool points;
    char (*class_names)[PD_CLASS_NAME_SIZE]; /* (classes), or NULL */
    struct pd_survey_split splits[PD_SURVEY_SPLITS];
    size_t broken_count;
    struct pd_broken *broken;
    size_t copy_count;
    struct pd_copy *copies;     /* within a split, and of test in train */
    size_t shared, mislabelled; /* copies of training images in test; copies with another label */
};

/* Adds a split of a data set in memory, or of a folder of images as it lies there: its files are decoded at
 * their own sizes, and those that cannot be are listed as broken. PD_ERR_MEMORY; for folders also
 * PD_ERR_INTERRUPTED and what pd_image_labels_list fails with. */
enum pd_status pd_survey_add(struct pd_survey *survey, enum pd_split split, const struct pd_dataset *d,
                             struct pd_error *err);
enum pd_status pd_survey_add_folder(struct pd_survey *survey, enum pd_split split,
                                    const struct pd_data_request *folder, struct pd_error *err);

/* Lists something that is broken; for what cannot be opened as a whole, too. PD_ERR_MEMORY. */
enum pd_status pd_survey_add_broken(struct pd_survey *survey, const char *file, const char *why,
                                    struct pd_error *err);

/* After the last split: sums, sizes and copies. PD_ERR_MEMORY. */
enum pd_status pd_survey_finish(struct pd_survey *survey, struct pd_error *err);

void pd_survey_release(struct pd_survey *survey); /* also a zeroed one */

#endif
