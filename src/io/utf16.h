/* Text files in UTF-16, as Excel's "Unicode text". */
#ifndef PD_IO_UTF16_H
#define PD_IO_UTF16_H

#include "base/buffer.h"

/* Appends text as UTF-8 without its byte order mark. Text with the mark of UTF-16 is decoded: what is no
 * letter, or is cut off, becomes bytes that are no UTF-8; any other is taken as it is. */
void pd_append_utf8(struct pd_buffer *out, const void *bytes, size_t size);

#endif
