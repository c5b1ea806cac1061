/* The answers of a page in forms for others. */
#ifndef PD_SERVE_EXPORT_H
#define PD_SERVE_EXPORT_H

#include "io/http.h"
#include "serve/book.h"

/* What an image is called in the end: by the page, else by the run; -1: nobody knows, or they disagree. */
int32_t pd_export_label(const struct pd_book *b, uint32_t image);

/* One CSV, image and label, that a run takes: rows of labels[data->count] that are not -1. *n: how many. */
void pd_export_rows(const struct pd_book *b, const int32_t *labels, struct pd_buffer *out, int64_t *n);

/* "csv", "label-studio" or "coco" as a file to save. PD_ERR_USAGE: another; PD_ERR_MISMATCH: nothing is
 * answered; PD_ERR_MEMORY. */
enum pd_status pd_export_reply(const struct pd_book *b, const char *format, struct pd_http_reply *reply,
                               struct pd_error *err);

#endif
