/* What the folders of images mean: splits or classes, and at which level. */
#ifndef PD_DATA_IMAGES_IMAGE_LAYOUT_H
#define PD_DATA_IMAGES_IMAGE_LAYOUT_H

#include "data/dataset.h"
#include "data/images/image_walk.h"

#include <stdbool.h>

/* Files of one folder and below: [begin, end) of a sorted list, whose paths have the first `prefix` bytes in
 * common, the folder and its '/'. */
struct pd_image_level {
    size_t begin, end, prefix;
};

enum { PD_LAYOUT_WORDS = 512 };

struct pd_image_layout {
    struct pd_image_level train; /* its subfolders are the classes */
    struct pd_image_level test;  /* the same; empty: there is no such split */
    struct pd_image_level
        train_in; /* the folder of the training split, test_in that of the other; train is the
                     same or lies one level deeper. Without splits, that of all images */
    struct pd_image_level test_in;
    bool splits;
    char read[PD_LAYOUT_WORDS]; /* "Training/ is the training split, Testing/ the test split"; printable */
    char notes[2][PD_LAYOUT_WORDS]; /* what else people should know; "": nothing */
};

/* files: by path, in the order of its bytes, at least one. classes (count): names that people gave, or none.
 *
 * Subfolders are splits where all that hold images are called so ("train", "Testing", "val_images") and one
 * of them is the training split; or where that holds subfolders itself and another split lies beside it.
 * "trainA", "trainB", "testA" are refused, as are "train_v2" and "test" alone. Beside other folders of
 * images, one that is called so is a class. Folders that are named in classes are classes. A folder that
 * holds nothing but another folder of folders is gone through.
 *
 * split: the one that is asked for. Where there is a test split alone and that is asked for, its folders are
 * the classes (train is test).
 *
 * PD_ERR_USAGE: may be either, or has no training split; the message says how to decide. */
enum pd_status pd_image_layout(const char *folder, const struct pd_image_file *files, size_t count,
                               const char (*classes)[PD_CLASS_NAME_SIZE], int class_count,
                               enum pd_split split, struct pd_image_layout *out, struct pd_error *err);

/* Whether the folders of a level are the classes, or those within them: years, sites, folds and the like
 * often lie above. They are the classes where most names within them are each in one alone, where there is
 * one such name, or where those names have numbers and their own have not. PD_ERR_USAGE: may be either,
 * or one of several folders holds a training split, deeper only beside one that is for testing; the message
 * says how to decide. note: "" or what was decided. */
enum pd_status pd_image_layout_check_level(const char *folder, const struct pd_image_file *files,
                                           struct pd_image_level level, char note[PD_LAYOUT_WORDS],
                                           struct pd_error *err);

/* Whether images of a subfolder of that name have no label; which split they are. Evaluation is for testing
 * where there is no test split. */
bool pd_image_is_unlabelled(const char *name, size_t size);
bool pd_image_is_training(const char *name, size_t size);
bool pd_image_is_test(const char *name, size_t size);
bool pd_image_is_validation(const char *name, size_t size);
bool pd_image_is_evaluation(const char *name, size_t size);

/* The same where the name may have more words that say nothing: "Training Images", "test_set"; a split that
 * is for testing, whatever it is called. */
bool pd_image_may_train(const char *name, size_t size);
bool pd_image_may_test(const char *name, size_t size);

enum { PD_SPLIT_REST = 32 };

/* "train", "test", "val" or "eval" of "imagenet-train-000017", and what it says beside it but for numbers,
 * "imagenet "; NULL: none. */
const char *pd_image_split_within(const char *name, size_t size, char rest[PD_SPLIT_REST]);

#endif
