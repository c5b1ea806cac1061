/* A data set in memory, and the table of those that paydirt knows by name. */
#ifndef PD_DATA_DATASET_H
#define PD_DATA_DATASET_H

#include <paydirt/data.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PD_CLASS_NAME_SIZE = 256, /* what a file system lets a folder be called */
    PD_MOST_CLASSES = 1 << 20,
    PD_NOTE_SIZE = 4096,
};

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
    uint8_t *pixels;             /* (images stored, channels, height, width), or NULL: see places */
    float *points;               /* (count, 2), or NULL; one of the two is set */
    int32_t *labels;             /* (count): 0 .. classes - 1, or -1 = unlabelled */
    char (*class_names)[PD_CLASS_NAME_SIZE]; /* (classes), or NULL: the numbers serve */
    const char **image_names;                /* (count) below the folder, or NULL: the numbers serve */
    char *name_text;                         /* what they point into, or NULL */
    uint32_t *places;                /* (count) where among the pixels each image lies; NULL: in order */
    const struct pd_digest *digests; /* (images stored) in the map, or NULL: to be computed (digest.h) */
    void *map;                       /* a file, mapped read-only, or NULL */
    size_t map_size;
    char note[PD_NOTE_SIZE]; /* what people should know: how it was read, what is missing or left out */
};

enum pd_split { PD_SPLIT_TRAIN, PD_SPLIT_TEST };

/* decoding: called now and then while images are decoded, before the first and after the last, too, by the
 * thread that opens the set; true: stop. unit: "images", or "MB" of an archive that is unpacked. */
struct pd_data_watch {
    void *context;
    bool (*decoding)(void *context, const char *unit, uint64_t done, uint64_t count);
    /* Before the first image is decoded, which may take long: count, classes and labels are those of the
     * files, channels is 3, and there are no pixels. What it fails with ends the opening. May be NULL. */
    enum pd_status (*listed)(void *context, const struct pd_dataset *dataset, struct pd_error *err);
};

struct pd_data_request {
    const char
        *name; /* of the table, or a path to a folder of images, to an archive of them or to an .npz file */
    const char *dir; /* where its files lie; NULL: look in known installed places */
    enum pd_split split;
    /* procedural sets only; the seed also draws tiny-imagenet's classes */
    uint64_t seed;
    uint32_t count; /* 0 = the set's default */
    /* procedural sets, and those of larger images, which are stored resized */
    int size; /* side of an image in pixels, 8 .. 1024; 0 = 32 */
    /* sets of larger images */
    bool random_crop; /* store images a tenth larger, for pd_transform to cut at random */
    /* folders of images and tiny-imagenet */
    const char *classes; /* names with commas between; NULL or "": those of the subfolders */
    /* folders of images: their labels' file (image_labels.h); NULL or "": a metadata.csv in it, or subfolders
     */
    const char *metadata;
    const char *metadata_columns;      /* of it, IMAGE,LABEL[,SPLIT]; NULL or "": the usual names */
    bool cache;                        /* decode a large set once, into a file (image_set.h) */
    const char *cache_dir;             /* its folder; NULL or "": the user's, $XDG_CACHE_HOME/paydirt */
    int threads;                       /* that decode; 0: as many as the process may use */
    const struct pd_data_watch *watch; /* or NULL */
};

/* One data set that can be opened by name. A new reader is one line in readers.h. */
struct pd_data_source {
    const char *name;
    const char *summary;   /* one line, for lists and --help */
    int size;              /* default side of a training image in pixels; 0: 2-D points */
    const char *installed; /* folder in which a package puts it, or NULL */
    const char *package;   /* that package, or NULL */
    /* Fills a zeroed data set; the caller has set its name and destroys it on failure. */
    enum pd_status (*open)(const struct pd_data_source *source, const struct pd_data_request *request,
                           struct pd_dataset *dataset, struct pd_error *err);
};

/* The table, (count) entries. */
const struct pd_data_source *pd_data_sources(size_t *count);

/* The one of exactly that name, or NULL. */
const struct pd_data_source *pd_data_source_named(const char *name);

/* The one of that name, or "folder" for the path of an existing folder, "archive" and "npz" for those of such
 * files. *out is NULL after a failure: PD_ERR_USAGE with the nearest right name in err when there is none of
 * that name; PD_ERR_IO where that cannot be told. */
enum pd_status pd_data_source_find(const char *name, const struct pd_data_source **out, struct pd_error *err);

/* Fails with PD_ERR_USAGE (unknown name, bad count or size), PD_ERR_IO (missing, unreadable), PD_ERR_FORMAT
 * (bytes are not what they should be), PD_ERR_MISMATCH (images and labels of different number),
 * PD_ERR_MEMORY, PD_ERR_INTERRUPTED (by the request's watch). */
enum pd_status pd_dataset_open(const struct pd_data_request *request, struct pd_dataset **out,
                               struct pd_error *err);

/* For readers: allocates labels and pixels (or points when height is 0) for the counts and shape given.
 * PD_ERR_MEMORY. */
enum pd_status pd_dataset_reserve(struct pd_dataset *dataset, uint32_t count, int channels, int height,
                                  int width, struct pd_error *err);
enum pd_status pd_dataset_name_classes(struct pd_dataset *dataset, const char *const *names, int classes,
                                       struct pd_error *err);

/* For readers: dir/below/file or dir/file, whichever is there, into path[size]; below: the folder that the
 * set's archive unpacks to. PD_ERR_IO: neither is there; PD_ERR_USAGE: no dir is given. */
enum pd_status pd_dataset_find(char *path, size_t size, const struct pd_data_request *request,
                               const char *below, const char *file, struct pd_error *err);

/* text: `count` names, each with its NUL, one behind the other; borrowed. */
enum pd_status pd_dataset_name_images(struct pd_dataset *dataset, const char *text, struct pd_error *err);

/* A note is lines "photos: words", each with its newline. Adds one, as far as there is room. */
void pd_note_add(char note[PD_NOTE_SIZE], const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void pd_dataset_add_note(struct pd_dataset *dataset, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Hands over each line, printable and without its newline. */
void pd_note_lines(const char *note, void (*line)(void *context, const char *words), void *context);

/* Keeps n of the images, 1 <= n <= count, at random and in their order; fixed by the seed. PD_ERR_MEMORY. */
enum pd_status pd_dataset_thin(struct pd_dataset *dataset, uint32_t n, uint64_t seed, struct pd_error *err);

/* What people call an image or a class: its name, or its number where it has none. Into text[size]; returns
 * text. */
char *pd_dataset_image_name(const struct pd_dataset *dataset, uint32_t image, char *text, size_t size);
char *pd_dataset_class_name(const struct pd_dataset *dataset, int label, char *text, size_t size);

/* Bytes of one image: channels * height * width. */
size_t pd_dataset_image_size(const struct pd_dataset *dataset);

/* One of a set of images (not points): (channels, height, width). */
const uint8_t *pd_dataset_image(const struct pd_dataset *dataset, uint32_t image);

/* Gives mapped pixels back to the system, which keeps them as long as there is room: so that a process does
 * not come to hold all that it has ever looked at. Nothing for a set in memory. Any thread, any time. */
void pd_dataset_let_go(const struct pd_dataset *dataset);

#endif
