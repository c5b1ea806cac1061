/* A folder's name for each class, good on any file system: other than every other one, in whatever case. */
#ifndef PD_DATA_LABELS_CLASS_FOLDERS_H
#define PD_DATA_LABELS_CLASS_FOLDERS_H

#include "data/labels/class_names.h"

enum { PD_CLASS_FOLDER_SIZE = 160 };

struct pd_class_folders {
    int count;
    char (*at)[PD_CLASS_FOLDER_SIZE]; /* (count), owned */
};

/* The class's name, with %2F and the like for bytes that paths, shells or spreadsheets take for something
 * else, or for the first where the name is `unlabelled` or all are splits' ("train", "test"), and "~7", its
 * number, behind one that is too long or differs from an earlier one in case or Unicode's form alone. Classes
 * without names: their numbers, all of the same length. PD_ERR_MEMORY */
enum pd_status pd_class_folders_make(const struct pd_class_names *names, int classes,
                                     struct pd_class_folders *out, struct pd_error *err);
void pd_class_folders_release(struct pd_class_folders *folders); /* also zeroed ones */

/* Lines (paydirt/data.h: pd_dataset_note): which are not called as their classes, and whether their places by
 * name, by which others number them, are not those of the classes. made: (count) those that there are, or
 * NULL for all; manifest: a manifest.csv lies beside them. */
void pd_class_folders_note(const struct pd_class_folders *folders, const struct pd_class_names *names,
                           const bool *made, bool manifest, char note[PD_NOTE_SIZE]);

#endif
