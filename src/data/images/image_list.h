/* The image files of a folder and what their places in it say about them: split and class. */
#ifndef PD_DATA_IMAGES_IMAGE_LIST_H
#define PD_DATA_IMAGES_IMAGE_LIST_H

#include "data/dataset.h"
#include "data/images/image_walk.h"

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
    bool unmatched;                      /* there are subfolders, but none is called as a given class */
    struct pd_passed_kind *passed;       /* the most frequent first */
    size_t passed_count;
    char *notes; /* how the folder was read, a line each, or NULL; printable, owned */
};

/* folder: see image_layout.h for what is a split and what a class. Within a split: CLASS/.../NAME has that
 * class; what lies directly there or in unlabelled/ has no label. What image_walk.h passes over is counted.
 * Names of classes are those of their folders, as image_name.h writes them. classes: names with commas
 * between, or NULL or "". Where no subfolder is called as one of them, the first folder below that is so
 * called is the class; where there is none, subfolders say nothing about classes. The only folder of the test
 * split, whose name is like no class's, holds images without a label.
 *
 * PD_ERR_USAGE (bad list of classes; splits or classes?), PD_ERR_IO (no such folder, split or image; a folder
 * that cannot be read), PD_ERR_FORMAT (a class name too long), PD_ERR_MISMATCH (a class of the test split
 * that the training split lacks), PD_ERR_MEMORY. */
enum pd_status pd_image_list_read(const char *folder, enum pd_split split, const char *classes,
                                  struct pd_image_list *out, struct pd_error *err);

/* The same without a look at what subfolders are called, but for splits: no image has a label, and the
 * classes are those given, or none. */
enum pd_status pd_image_list_read_plain(const char *folder, enum pd_split split, const char *classes,
                                        struct pd_image_list *out, struct pd_error *err);

/* Adds a class, or a line to the notes; PD_ERR_FORMAT: a name that is too long, PD_ERR_MEMORY. */
enum pd_status pd_image_list_add_class(struct pd_image_list *list, const char *name, size_t size,
                                       struct pd_error *err);
enum pd_status pd_image_list_note(struct pd_image_list *list, const char *words, struct pd_error *err);
void pd_image_list_release(struct pd_image_list *list);

/* Counts so many more of what is passed over; path: of the first. PD_ERR_MEMORY. */
enum pd_status pd_image_list_pass(struct pd_image_list *list, const char *kind, const char *path,
                                  size_t count, struct pd_error *err);

/* Counts one less: a file of that path below the folder is used. */
void pd_image_list_unpass(struct pd_image_list *list, const char *path);

/* Adds lines to a note: what the folder was understood to be, what is missing, and what was passed over.
 * name: the data set's; class_names: the list's; good (count): 1 for the images that were taken, else 0.
 * PD_ERR_MEMORY. */
enum pd_status pd_image_list_tell(const struct pd_image_list *list, const char *name,
                                  const char (*class_names)[PD_CLASS_NAME_SIZE], const uint8_t *good,
                                  char note[PD_NOTE_SIZE], struct pd_error *err);

/* For a list whose names are known without a look at the folder: sets the stamps of those files, and adds one
 * more file that it is from. PD_ERR_MEMORY. */
enum pd_status pd_image_list_stamp(struct pd_image_list *list, const char *folder, const char *other,
                                   struct pd_error *err);

#endif
