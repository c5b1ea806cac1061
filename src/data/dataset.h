/* A data set in memory, and the table of those that paydirt knows by name. */
#ifndef PD_DATA_DATASET_H
#define PD_DATA_DATASET_H

#include <paydirt/data.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PD_MOST_CLASSES = 1 << 20 };
enum { PD_LABEL_OF_NO_CLASS = -2 }; /* of a class that is none of the set's any more */

/* The name of a set that came from memory. */
#define PD_DATA_IN_MEMORY "memory"

struct pd_digest;

/* Images or 2-D points, as stored in their files: transforms come later. All blocks are owned, but pixels and
 * the text of image_names where they lie in the map. */
struct pd_dataset {
    char name[64];
    uint32_t count;              /* >= 1 */
    int classes;                 /* 0: none are known, and no image has a label */
    int channels, height, width; /* points: 2, 1, 1 */
    int side;                    /* of training images, where somebody said so; 0: nobody did */
    enum pd_pixel_scale scale;   /* in which the pixels were given; points: unknown */
    uint8_t *pixels;             /* (images stored, channels, height, width), or NULL: see places */
    float *points;               /* (count, 2), or NULL; one of the two is set */
    int32_t *labels;             /* (count): 0 .. classes - 1, or -1 = unlabelled */
    char (*class_names)[PD_CLASS_NAME_SIZE]; /* (classes), or NULL: the numbers serve */
    const char **image_names;                /* (count) below the folder, or NULL: the numbers serve */
    char *name_text;                         /* what they point into, or NULL */
    const char **file_names; /* (count) those of its files by now, where some were renamed; NULL: the same */
    char *file_text;         /* what they point into, or NULL */
    int32_t *labels_now;     /* (count) of a set put back as it was, what it says by now, or
                                PD_LABEL_OF_NO_CLASS; NULL: the same */
    char *folder;            /* where these lie, or NULL: not as files of their own */
    uint32_t drawn_of;       /* how many there were before some were drawn; 0: these are all */
    uint32_t *places;        /* (count) where among the pixels each image lies; NULL: in order */
    const struct pd_digest *digests; /* (images stored) in the map, or NULL: to be computed (digest.h) */
    struct pd_digest *given; /* (images stored) of what they were before they became levels; NULL: the same */
    void *map;               /* a file, mapped read-only, or NULL */
    size_t map_size;
    char note[PD_NOTE_SIZE]; /* what people should know: how it was read, what is missing or left out */
};

/* The one of exactly that name, or NULL. */
const struct pd_data_source *pd_data_source_named(const char *name);

/* For readers: allocates labels and pixels (or points when height is 0) for the counts and shape given.
 * PD_ERR_MEMORY. */
enum pd_status pd_dataset_reserve(struct pd_dataset *dataset, uint32_t count, int channels, int height,
                                  int width, struct pd_error *err);
/* The same from a list with commas between, for classes that are numbers so far: there may be more of them.
 * PD_ERR_USAGE: too few names, or some that cannot be. */
enum pd_status pd_dataset_name_classes_by(struct pd_dataset *dataset, const char *list, struct pd_error *err);
enum pd_status pd_dataset_name_classes(struct pd_dataset *dataset, const char *const *names, int classes,
                                       struct pd_error *err);

/* For readers: dir/below/file or dir/file, the first that is there, into path[size]; below: names of the
 * set's folder, that which its archive unpacks to first, then NULL. PD_ERR_IO: none is there;
 * PD_ERR_USAGE: no dir is given. */
enum pd_status pd_dataset_find(char *path, size_t size, const struct pd_data_request *request,
                               const char *const *below, const char *file, struct pd_error *err);

/* PD_ERR_USAGE: the set of that name lies in no place that is known. */
enum pd_status pd_fail_place(struct pd_error *err, const char *name);

/* text: `count` names, each with its NUL, one behind the other; borrowed. */
enum pd_status pd_dataset_name_images(struct pd_dataset *dataset, const char *text, struct pd_error *err);

/* The name of the image's file below the folder, which may have been moved since a run began. Into
 * text[size]; returns text. For data sets with names. */
char *pd_dataset_image_file(const struct pd_dataset *dataset, uint32_t image, char *text, size_t size);

/* That file's path as text, from the data's folder (as people call it) on; "" where it is not there, is in no
 * file of its own, or has bytes that are no letters. Into path[size]; returns path. */
char *pd_dataset_image_path(const struct pd_dataset *dataset, const char *folder, uint32_t image, char *path,
                            size_t size);

/* A note is lines "photos: words", each with its newline. Adds one, as far as there is room. */
void pd_note_add(char note[PD_NOTE_SIZE], const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A hint (struct pd_error) behind the last line, after a tab. */
void pd_note_hint(char note[PD_NOTE_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));
void pd_dataset_add_note(struct pd_dataset *dataset, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Images of so many channels, where nothing is lost by it: grey ones get three equal channels, and three
 * equal ones become one. Does nothing to others. PD_ERR_MEMORY. */
enum pd_status pd_dataset_fit_channels(struct pd_dataset *dataset, int channels, struct pd_error *err);

/* Takes over pixels (count images, in order) in the place of those that there are. */
void pd_dataset_replace_pixels(struct pd_dataset *dataset, uint8_t *pixels);

/* Keeps n of the images, 1 <= n <= count, at random and in their order; fixed by the seed. PD_ERR_MEMORY. */
enum pd_status pd_dataset_thin(struct pd_dataset *dataset, uint32_t n, uint64_t seed, struct pd_error *err);

/* Bytes of one image: channels * height * width. */
size_t pd_dataset_image_size(const struct pd_dataset *dataset);

/* One of a set of images (not points): (channels, height, width). */
const uint8_t *pd_dataset_image(const struct pd_dataset *dataset, uint32_t image);

/* Gives mapped pixels back to the system, which keeps them as long as there is room: so that a process does
 * not come to hold all that it has ever looked at. Nothing for a set in memory. Any thread, any time. */
void pd_dataset_let_go(const struct pd_dataset *dataset);

#endif
