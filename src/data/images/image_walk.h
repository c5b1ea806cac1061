/* All that lies below a folder: images, folders, and what is passed over, by kind. */
#ifndef PD_DATA_IMAGES_IMAGE_WALK_H
#define PD_DATA_IMAGES_IMAGE_WALK_H

#include <paydirt/data_check.h>

#include <stddef.h>
#include <stdint.h>

struct stat;

struct pd_image_file {
    char *path;     /* below the folder, byte for byte, owned; "": the folder itself */
    int32_t label;  /* or -1 */
    uint64_t stamp; /* pd_image_stamp as it was listed, or 0: it has no file of its own */
};

/* What is no image and no folder to look into. */
struct pd_passed {
    char kind[PD_PASSED_KIND]; /* ".heic", or one of the words below */
    char *path;                /* of the first, or the likeliest table of labels, as above, owned */
    size_t count;
};

/* Kinds beside endings; those of a run are folders, which are not looked into, as are system folders. */
extern const char pd_passed_system_file[], pd_passed_system_folder[], pd_passed_run[], pd_passed_samples[];
extern const char pd_passed_picture[]; /* what paydirt has drawn; told by those who read files */

/* How likely a table of that name has labels for training; 0: it has none. */
int pd_passed_table_rank(const char *path);

struct pd_image_walk {
    struct pd_image_file *files; /* by path, in the order of its bytes; links that lead nowhere, too: reading
                                    them will tell. No stamps yet */
    size_t file_count;
    struct pd_image_file *folders; /* in any order; stamps from before they were read */
    size_t folder_count;
    struct pd_passed *passed; /* one for each kind in each folder */
    size_t passed_count;
};

/* Links are followed. Passed over are what the system, a camera's card, a NAS or an archiver keeps for itself
 * (".name", "@eaDir", "Thumbs.db"), folders of paydirt's own runs, and files that are no images by
 * pd_image_is_ending() or no files. PD_ERR_IO: a folder that cannot be read to its end, or is a run itself;
 * PD_ERR_MEMORY. To be released, also after a failure. */
enum pd_status pd_image_walk(const char *folder, struct pd_image_walk *out, struct pd_error *err);
void pd_image_walk_release(struct pd_image_walk *walk);

/* Stands for size, time of change and time of status change of a file or folder; never 0. NULL: there is none
 * of that name. */
uint64_t pd_image_stamp(const struct stat *st);

/* A copy of one more file; PD_ERR_MEMORY. */
enum pd_status pd_image_file_add(struct pd_image_file **at, size_t *count, const char *path, uint64_t stamp,
                                 struct pd_error *err);
void pd_image_files_release(struct pd_image_file **at, size_t *count);

#endif
