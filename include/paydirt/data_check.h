/* What a data set is, what is in it and what is wrong with it: what `paydirt data check` says. */
#ifndef PAYDIRT_DATA_CHECK_H
#define PAYDIRT_DATA_CHECK_H

#include <paydirt/data.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PD_PASSED_KIND = 24, PD_DATA_CHANNELS = 3 };

/* Files of a folder that are no image, of one kind. */
struct pd_passed_kind {
    char kind[PD_PASSED_KIND]; /* ".heic", or words */
    char *first;               /* name of the first */
    size_t count;
};

/* A split as its files have it. Sizes are {width, height} in pixels. */
struct pd_split_report {
    bool there;
    char why_not[512]; /* where it is not */
    size_t count, unlabelled;
    size_t *of_class;                /* (classes): images */
    char **names;                    /* (count): below the folder; NULL where the number serves */
    int least[2], most[2], usual[2]; /* by area, and those that most images have */
    size_t usual_count;
    double mean[PD_DATA_CHANNELS], std[PD_DATA_CHANNELS]; /* over all pixels; bytes count as 0 to 1 */
    size_t copies;           /* images that are in this split before, pixel for pixel */
    char note[PD_NOTE_SIZE]; /* of the reader, as pd_dataset_note */
    size_t passed_count;     /* of a folder, the most frequent kind first */
    struct pd_passed_kind *passed;
};

struct pd_data_broken {
    char *file, *why; /* printable */
};

/* An image that was there before: the first of its kind and this one. */
struct pd_data_copy {
    enum pd_split first_split, split;
    uint32_t first, image;
    bool other_label; /* both have labels, and these differ */
};

/* All blocks are the report's, but set and summary, which live for ever, and dir. */
struct pd_data_report {
    const char *set, *summary; /* of pd_data_source_at's, "folder" for images of people's own */
    const char *dir;           /* where a known set's files were found, of the request; or NULL */
    int channels;              /* 1 where every image is grey; points: 2 */
    bool points;
    int classes;
    char (*class_names)[PD_CLASS_NAME_SIZE]; /* (classes): the numbers where they have no names */
    struct pd_split_report splits[PD_SPLITS];
    size_t broken_count; /* 0: usable */
    struct pd_data_broken *broken;
    size_t copy_count;
    struct pd_data_copy *copies; /* within a split, and of test in train */
    size_t shared, mislabelled;  /* copies of training images in test; copies with another label */
};

/* Reads all of it. request: as for pd_dataset_open_any, but split, count and size, which do nothing; its
 * watch sees images decoded. What is damaged is in the report. PD_ERR_USAGE: there is no such set;
 * PD_ERR_IO: neither split is there, or the disc fails; PD_ERR_MEMORY, PD_ERR_INTERRUPTED. */
enum pd_status pd_data_check(const struct pd_data_request *request, struct pd_data_report *out,
                             struct pd_error *err);
void pd_data_report_release(struct pd_data_report *report); /* also a zeroed one */

#ifdef __cplusplus
}
#endif

#endif
