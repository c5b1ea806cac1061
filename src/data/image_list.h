/* The image files of a folder and what their places in it say about them: split and class. */
#ifndef PD_DATA_IMAGE_LIST_H
#define PD_DATA_IMAGE_LIST_H

#include "data/dataset.h"

struct stat;

struct pd_image_file {
    char *path;     /* below the folder, owned; "": the folder itself */
    int32_t label;  /* or -1 */
    uint64_t stamp; /* pd_image_stamp as it was listed, or 0: it has no file of its own */
};

struct pd_image_list {
    struct pd_image_file *at; /* by path, in the order of its bytes */
    size_t count;
    uint64_t bytes;               /* of those files */
    struct pd_image_file *others; /* folders that were looked through, and other files that the list is from,
                                     in any order; stamps from before they were read */
    size_t other_count;
    char (*classes)[PD_CLASS_NAME_SIZE]; /* as given, or the subfolders' names in the order of their bytes */
    int class_count;                     /* 0: flat, and none are given */
    size_t left_out;                     /* images of classes that are not among those given */
    int first_empty;                     /* a given class without a subfolder though others have one, or -1 */
    bool unmatched;                      /* there are subfolders, but none is called as a given class */
};

/* folder: with train/ in it, that is the training split and test/ the other; else all is for training.
 * Within: CLASS/.../NAME has that class; what lies directly there or in unlabelled/ has no label. Names that
 * begin with a dot are passed over, as are files that are no images by pd_image_is_ending(). classes:
 * names with commas between, or NULL or "". Where no subfolder is called as one of them, subfolders say
 * nothing about classes.
 *
 * PD_ERR_USAGE (bad list of classes), PD_ERR_IO (no such folder, split or image; a folder that cannot be
 * read), PD_ERR_FORMAT (a class name too long), PD_ERR_MISMATCH (a class in test/ that is not in train/),
 * PD_ERR_MEMORY. */
enum pd_status pd_image_list_read(const char *folder, enum pd_split split, const char *classes,
                                  struct pd_image_list *out, struct pd_error *err);
void pd_image_list_release(struct pd_image_list *list);

/* For a list whose names are known without a look at the folder: sets the stamps of those files, and adds one
 * more file that it is from. PD_ERR_MEMORY. */
enum pd_status pd_image_list_stamp(struct pd_image_list *list, const char *folder, const char *other,
                                   struct pd_error *err);

/* Stands for size, time of change and time of status change of a file or folder; never 0. NULL: there is none
 * of that name. */
uint64_t pd_image_stamp(const struct stat *st);

#endif
