/* What people and files of text call an image: its path below the folder, as UTF-8 without control
 * characters. Whatever in the path is no such letter stands as \xE9, byte for byte; so does the backslash of
 * a path that holds "\xE9" itself. So names differ where paths do, and tell them. */
#ifndef PD_DATA_LABELS_IMAGE_NAME_H
#define PD_DATA_LABELS_IMAGE_NAME_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends the name of size bytes of a path; no NUL. */
void pd_image_name_append(struct pd_buffer *out, const char *path, size_t size);

/* The same, as far as it fits: name[room], with its NUL. Returns the bytes that it needs without. */
size_t pd_image_name(char *name, size_t room, const char *path, size_t size);

/* The path behind a name into path[room]; false where it does not fit. */
bool pd_image_path(const char *name, char *path, size_t room);

#endif
