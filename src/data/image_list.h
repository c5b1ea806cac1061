/* The image files of a folder and what their places in it say about them: split and class. */
#ifndef PD_DATA_IMAGE_LIST_H
#define PD_DATA_IMAGE_LIST_H

#include "data/dataset.h"

struct pd_image_file {
    char *path;    /* below the folder, owned */
    int32_t label; /* or -1 */
};

struct pd_image_list {
    struct pd_image_file *at; /* by path, in the order of its bytes */
    size_t count;
    char (*classes)[PD_CLASS_NAME_SIZE]; /* as given, or the subfolders' names in the order of their bytes */
    int class_count;                     /* 0: flat, and none are given */
    size_t left_out;                     /* images of classes that are not among those given */
    int first_empty;                     /* a given class without a subfolder though others have one, or -1 */
    bool unmatched;                      /* there are subfolders, but none is called as a given class */
};

/* folder: with train/ in it, that is the training split and test/ the other; else all is for training.
 * Within: CLASS/.../NAME has that class; what lies directly there or in unlabelled/ has no label. Names that
 * begin with a dot are passed over, as are files that do not end in .png, .jpg, .jpeg or .webp. classes:
 * names with commas between, or NULL or "". Where no subfolder is called as one of them, subfolders say
 * nothing about classes.
 *
 * PD_ERR_USAGE (bad list of classes), PD_ERR_IO (no such folder, split or image; a folder that cannot be
 * read), PD_ERR_FORMAT (a class name too long), PD_ERR_MISMATCH (a class in test/ that is not in train/),
 * PD_ERR_MEMORY. */
enum pd_status pd_image_list_read(const char *folder, enum pd_split split, const char *classes,
                                  struct pd_image_list *out, struct pd_error *err);
void pd_image_list_release(struct pd_image_list *list);

/* Fills a zeroed data set with the list's classes and with its images in that folder, decoded and cut to side
 * x side by all cores; takes names and classes out of the list. Files that cannot be read are left out with a
 * note; where all are grey, the set has one channel. PD_ERR_FORMAT: none can be read; PD_ERR_UNSUPPORTED (too
 * many), PD_ERR_MEMORY. */
enum pd_status pd_image_list_load(struct pd_dataset *dataset, const char *folder, struct pd_image_list *list,
                                  int side, struct pd_error *err);

#endif
