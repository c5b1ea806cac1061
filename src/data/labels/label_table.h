/* What a file says about images, row by row: CSV with a header, JSON lines, COCO's JSON or CVAT's XML. */
#ifndef PD_DATA_LABELS_LABEL_TABLE_H
#define PD_DATA_LABELS_LABEL_TABLE_H

#include "base/arena.h"

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pd_label_row {
    const char *image; /* as it stands there; never "" */
    const char *label; /* a class's name; "": none */
    const char *split; /* "": it says nothing of that */
    const char *other; /* what another column (other_like) calls an image, or NULL */
    int64_t row;       /* line of a CSV file or of JSON lines, image of COCO's or CVAT's; from 1 */
};

/* What may be a row that an open quote has swallowed. */
struct pd_label_swallowed {
    const char *image; /* if it is one */
    int64_t line;      /* where the quote is opened */
};

struct pd_label_table {
    const char *format; /* "CSV", "JSON lines", "COCO", "CVAT" */
    struct pd_label_row *at;
    size_t count, capacity;
    size_t several;       /* images with more than one class, which therefore have none */
    size_t stray;         /* COCO's annotations of an image or a category that is not listed */
    char split_like[64];  /* a column that may say the split and was not taken, or "" */
    char image_like[64];  /* the same of the images' names */
    char label_like[64];  /* one that may say which labels do not hold, or other ones, or "" */
    size_t rejected;      /* rows that Prodigy's 'answer' rejects, which therefore have no label */
    char other_like[64];  /* one that has names of files as the images' has, or their folders, or "" */
    bool folders;         /* the latter */
    bool relation;        /* it is called as if it named other images than the row's: "mask" */
    char unsure_like[64]; /* a 'Confidence' of 0 and 1 alone, or "", and how many rows hold 0 */
    size_t unsure;
    size_t nameless; /* rows without an image's name, and the first of them */
    int64_t first_nameless;
    size_t other_keys; /* objects without the label's key that have another one for it, the first's */
    char other_key[64];
    char columns[160]; /* what was taken for what: "image from 'file_name', label from 'class'"; or "" */
    struct pd_label_swallowed *swallowed; /* (swallowed_count) */
    size_t swallowed_count, swallowed_capacity;
    struct pd_arena arena; /* of the texts */
};

/* columns: names of the columns (or keys) with image, label and perhaps split, commas between, or NULL or "":
 * the usual ones (file_name, filename, image, ...; label, class, category, ...; split). Texts are valid UTF-8
 * without control characters, blanks around them gone.
 *
 * PD_ERR_IO, PD_ERR_MEMORY; PD_ERR_FORMAT: none of the four, damaged or cut off; PD_ERR_USAGE: without such
 * columns. */
enum pd_status pd_label_table_read(const char *path, const char *columns, struct pd_label_table *out,
                                   struct pd_error *err);
enum pd_status pd_label_table_parse(const void *bytes, size_t size, const char *name, const char *columns,
                                    struct pd_label_table *out, struct pd_error *err);
void pd_label_table_release(struct pd_label_table *table); /* also a zeroed one */

#endif
