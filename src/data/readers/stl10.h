/* The parts of STL-10's files, which have no headers: bytes alone. */
#ifndef PD_DATA_READERS_STL10_H
#define PD_DATA_READERS_STL10_H

#include "data/dataset.h"
#include "data/readers/stream.h"

enum { PD_STL10_CLASSES = 10, PD_STL10_SIDE = 96, PD_STL10_IMAGE = 3 * PD_STL10_SIDE * PD_STL10_SIDE };

/* All of the stream: count images (3, 96, 96), each plane by columns, into pixels (count, 3, side, side).
 * PD_ERR_FORMAT: cut off, or bytes left over; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_stl10_images(struct pd_stream *stream, uint32_t count, int side, uint8_t *pixels,
                               struct pd_error *err);

/* A label 1 .. 10 for each image, into labels (count), 0 .. 9. name: for messages. PD_ERR_FORMAT,
 * PD_ERR_MISMATCH (not count of them). */
enum pd_status pd_stl10_labels(const uint8_t *bytes, size_t size, const char *name, uint32_t count,
                               int32_t *labels, struct pd_error *err);

/* Ten lines, a name each. PD_ERR_FORMAT. */
enum pd_status pd_stl10_class_names(const char *text, size_t size, const char *name,
                                    char names[PD_STL10_CLASSES][PD_CLASS_NAME_SIZE], struct pd_error *err);

#endif
