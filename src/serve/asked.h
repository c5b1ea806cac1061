/* What an active run asks people now, and what they have answered so far, as its folder says: its data,
 * queries.csv, journal.jsonl. Read alone: the run may be at work meanwhile. */
#ifndef PD_SERVE_ASKED_H
#define PD_SERVE_ASKED_H

#include "data/labels/answers.h"
#include "data/labels/image_index.h"
#include "run/folder.h"

#include <paydirt/active.h>

#include <sys/stat.h>

enum { PD_RUN_HEARD = 1, PD_RUN_CORRECTED = 2 }; /* an answer of the page; another's about the image since */

/* A file that was found to be an image of the run. */
struct pd_asked_file {
    uint64_t stamp; /* 0: none was, yet */
    bool decode;    /* browsers would show another picture than the networks see */
};

struct pd_asked_images {
    char run[PD_PATH_SIZE], data_folder[1024]; /* data_folder: of the images' files; "": there is none */
    char strategy[256];
    struct pd_dataset *data;
    struct pd_image_index index;
    bool may_add_classes;
    struct stat sheet;   /* queries.csv as it was read; zeroed: it was not there */
    struct pd_query *at; /* (count), best first */
    size_t count;
    uint32_t *place;  /* (data->count): of an image among them, from 1; 0: it is not asked for */
    int32_t *answers; /* (data->count): the run's, by its journal, PD_ANSWER_SKIP, or -1 */
    int64_t *times;   /* (data->count): when they came, in milliseconds, of whole seconds; 0: not known */
    uint8_t *heard;   /* (data->count): what the run has of the page's, PD_RUN_HEARD, ... */
    int32_t *paged;   /* (data->count): the label that it had last from the page, and when, as times */
    int64_t *page_times;
    struct pd_asked_file *files; /* (data->count) */
};

/* watch: or NULL. PD_ERR_USAGE: no run of active learning, or one where the data's own labels answer, or 2-D
 * points; PD_ERR_FORMAT: queries.csv or the journal cannot be read; those of opening the data. */
enum pd_status pd_asked_open(const char *run, const struct pd_active_watch *watch,
                             struct pd_asked_images *out, struct pd_error *err);
void pd_asked_close(struct pd_asked_images *a); /* also a zeroed one */

/* Of queries.csv, as its folder has it; for those who open nothing else. */
enum pd_status pd_asked_read(struct pd_asked_images *a, struct pd_error *err);

/* Whether queries.csv is another than was read. */
bool pd_asked_is_old(const struct pd_asked_images *a);

#endif
