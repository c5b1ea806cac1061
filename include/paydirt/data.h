/* Images, or points of the plane, to learn from: of the caller's memory, or opened as `paydirt train --data`
 * does. */
#ifndef PAYDIRT_DATA_H
#define PAYDIRT_DATA_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Images with labels, or points, in memory; some lie in a file that is mapped. It does not change, so that
 * several threads may read it, but for whoever trains on it (train.h). */
struct pd_dataset;

enum {
    PD_CLASS_NAME_SIZE = 256, /* what a file system lets a folder be called */
    PD_NOTE_SIZE = 4096
};

/* --- what numbers of images mean --- */

/* WHOLE: all whole numbers but uint8; bool, too. */
enum pd_number_kind { PD_FLOATS, PD_BYTES, PD_WHOLE, PD_NUMBER_KINDS };

/* Which number of a kind is black, and which white; other values than these are those of pd_pixel_scale_of
 * and pd_pixel_scale_named. */
enum pd_pixel_scale {
    PD_PIXELS_UNKNOWN,
    PD_PIXELS_SIGNED = 2, /* floats: -1, 1 */
    PD_PIXELS_BYTES = 7   /* uint8: 0, 255 */
};

struct pd_pixel_facts {
    const char *name; /* "signed", as files have it */
    enum pd_number_kind kind;
    double black, white;
    double shift, factor; /* x is stored as the level, 0 .. 255, nearest to (x + shift) * factor */
};
/* NULL: PD_PIXELS_UNKNOWN, or no scale. */
const struct pd_pixel_facts *pd_pixel_scale_at(enum pd_pixel_scale scale);
/* PD_PIXELS_UNKNOWN: NULL, or no name of one. */
enum pd_pixel_scale pd_pixel_scale_named(const char *name);

struct pd_numbers {
    enum pd_number_kind kind;
    double least, most; /* finite */
    bool whole;         /* all of them are whole */
    int64_t images;     /* that they are in; 0: as few */
};
/* `like`, the scale of images that these belong to, where it is of their kind and they are within it, and are
 * not 16 images or more that fill another one: from 0.02 or less to 0.9 of [0, 1], to 128 of [0, 255]. Else
 * by the values:
 *
 *     [0, 1]; [-1, 1] where the least is -0.5 or less     within 0.005 of it
 *     [0, 255] where the largest is 128 or more, uint8 always but where it is within [0, 1]
 *     [0, 65535] where the largest is 32768 or more       whole numbers
 *
 * PD_PIXELS_UNKNOWN: none of these. */
enum pd_pixel_scale pd_pixel_scale_of(const struct pd_numbers *numbers, enum pd_pixel_scale like);

/* --- of the caller's memory --- */

/* What lies in the caller's memory. Nothing of it is kept. */
struct pd_data_arrays {
    int64_t n;         /* images, 1 .. 2^32 - 1 */
    int channels;      /* 1 or 3; points: 2 */
    int height, width; /* points: 1, 1 */
    const uint8_t *u8; /* (n, channels, height, width), 0 .. 255 */
    const float *f32; /* or in [-1, 1], kept in 8 bits (the note says: none below 0); points: (n, 2), as is */
    const int32_t *labels; /* (n): 0 .. classes - 1, or -1, unknown; NULL: all unknown */
    int classes;           /* 1 .. 2^20 */
    const char *const
        *class_names; /* (classes), UTF-8, or NULL: the numbers serve; the note tells doubtful ones */
    enum pd_pixel_scale scale; /* in which u8 were given before they became levels; zeroed: as they are */
};

/* A copy. PD_ERR_USAGE: a shape, a label or a value that cannot be (the message names the row);
 * PD_ERR_MEMORY.
 */
enum pd_status pd_dataset_from_arrays(const struct pd_data_arrays *arrays, struct pd_dataset **out,
                                      struct pd_error *err);

/* --- sets that are known by name --- */

struct pd_data_source {
    const char *name;
    const char *summary;   /* one line, for lists and --help */
    int size;              /* default side of a training image in pixels; 0: 2-D points */
    const char *installed; /* folder in which a package puts it, or NULL */
    const char *package;   /* that package, or NULL */
};

const struct pd_data_source *pd_data_source_at(int index); /* NULL past the last */

/* The one of that name, or "folder" for the path of an existing folder, "archive" and "npz" for those of such
 * files. *out is NULL after a failure: PD_ERR_USAGE with the nearest right name in err when there is none of
 * that name; PD_ERR_IO where that cannot be told. */
enum pd_status pd_data_source_find(const char *name, const struct pd_data_source **out, struct pd_error *err);

/* --- opened --- */

enum pd_split { PD_SPLIT_TRAIN, PD_SPLIT_TEST, PD_SPLITS };
const char *pd_split_name(enum pd_split split); /* "train" */

/* decoding: called now and then while images are decoded, before the first and after the last, too, by the
 * thread that opens the set; true: stop. unit: "images", "MB" of an archive that is unpacked,
 * or "files" that are compared with what was kept (inception.h). */
struct pd_data_watch {
    void *context;
    bool (*decoding)(void *context, const char *unit, uint64_t done, uint64_t count);
    /* Before the first image is decoded, which may take long: count, classes and labels are those of the
     * files, channels is 3, and there are no pixels. What it fails with ends the opening. May be NULL. */
    enum pd_status (*listed)(void *context, const struct pd_dataset *dataset, struct pd_error *err);
};

/* What to open; zeroed but for the name: the training split, as it is by default. */
struct pd_data_request {
    const char *name; /* pd_data_source_at's, or a path to a folder of images, to an archive of them or to an
                         .npz file */
    const char *dir;  /* where its files lie; NULL or "": look in known installed places */
    enum pd_split split;
    /* procedural sets only; the seed also draws tiny-imagenet's classes */
    uint64_t seed;
    uint32_t count; /* 0 = the set's default */
    /* procedural sets, and those of larger images, which are stored resized; of any set: the side of training
     * images where the training's option "size" says nothing */
    int size; /* in pixels, 8 .. 1024; 0 = 32 */
    /* sets of larger images */
    bool random_crop; /* store images a tenth larger, for training to cut at random */
    /* folders of images, tiny-imagenet, .npz */
    const char
        *classes; /* names with commas between; NULL or "": those of the subfolders; of an .npz: numbers */
    /* folders of images: their labels' file; NULL or "": a metadata.csv in it, or subfolders */
    const char *metadata;
    const char *metadata_columns; /* of it, IMAGE,LABEL[,SPLIT]; NULL or "": the usual names */
    bool cache;                   /* decode a large set once, into a file */
    const char *cache_dir;        /* its folder; NULL or "": the user's, $XDG_CACHE_HOME/paydirt */
    int threads;                  /* that decode; 0: as many as the process may use */
    enum pd_pixel_scale
        scale; /* of an .npz: that of images which these belong to (pd_pixel_scale_of); zeroed: none */
    const struct pd_data_watch *watch; /* or NULL */
};

/* *out is NULL after a failure. PD_ERR_USAGE: unknown name, bad count or size; PD_ERR_IO: missing,
 * unreadable; PD_ERR_FORMAT: bytes are not what they should be; PD_ERR_MISMATCH: images and labels of
 * different number; PD_ERR_MEMORY; PD_ERR_INTERRUPTED: by the request's watch. */
enum pd_status pd_dataset_open(const struct pd_data_request *request, struct pd_dataset **out,
                               struct pd_error *err);

/* The same for what people point at: the name may be the folder of a known set's files, too, which tell the
 * set. */
enum pd_status pd_dataset_open_any(const struct pd_data_request *request, struct pd_dataset **out,
                                   struct pd_error *err);

void pd_dataset_destroy(struct pd_dataset *dataset); /* also NULL */

int64_t pd_dataset_count(const struct pd_dataset *dataset);
int pd_dataset_classes(const struct pd_dataset *dataset);      /* 0: none are known */
const char *pd_dataset_name(const struct pd_dataset *dataset); /* of the set; "folder", "memory", ... */
/* (channels, height, width), as stored; points: 2, 1, 1. */
void pd_dataset_shape(const struct pd_dataset *dataset, int *channels, int *height, int *width);
bool pd_dataset_is_points(const struct pd_dataset *dataset);
/* In which the images were given; of image files PD_PIXELS_BYTES, of points PD_PIXELS_UNKNOWN. */
enum pd_pixel_scale pd_dataset_pixel_scale(const struct pd_dataset *dataset);
const int32_t *pd_dataset_labels(const struct pd_dataset *dataset); /* (count): -1, unknown; borrowed */

/* Images first .. first + n, (n, channels, height, width) of 0 .. 255, into the caller's memory; or points
 * (n, 2) of a set of these. PD_ERR_USAGE: there are not so many, or they are of the other kind. */
enum pd_status pd_dataset_pixels(const struct pd_dataset *dataset, int64_t first, int64_t n, uint8_t *pixels,
                                 struct pd_error *err);
enum pd_status pd_dataset_points(const struct pd_dataset *dataset, int64_t first, int64_t n, float *points,
                                 struct pd_error *err);

/* What people call an image or a class: its name, or its number where it has none. Into text[size]; returns
 * text. image, label: of those that there are. */
char *pd_dataset_image_name(const struct pd_dataset *dataset, uint32_t image, char *text, size_t size);
char *pd_dataset_class_name(const struct pd_dataset *dataset, int label, char *text, size_t size);

/* Lines, each with its newline, about what was read and what was left out; "" where there is nothing to say.
 */
const char *pd_dataset_note(const struct pd_dataset *dataset);
/* Hands over each line of a note, printable and without its newline. Hints (error.h) may stand behind it,
 * each after a tab. */
void pd_note_lines(const char *note, void (*line)(void *context, const char *words), void *context);

/* A contact sheet as PNG, which appears whole or not at all: a row of per_class images for each class, spread
 * evenly over the class's images in their order, those without a label last. per_class: 1 .. 100. title: or
 * NULL. PD_ERR_USAGE: points; PD_ERR_IO; PD_ERR_MEMORY. */
enum pd_status pd_dataset_draw(const struct pd_dataset *dataset, int64_t per_class, const char *title,
                               const char *path, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
