/* Bytes of a file or of a block of memory, inflated on the way if they are gzip data. */
#ifndef PD_DATA_READERS_STREAM_H
#define PD_DATA_READERS_STREAM_H

#include <paydirt/error.h>

#include <stddef.h>
#include <stdint.h>

struct pd_stream;

/* Both: PD_ERR_IO when the file cannot be opened or read, PD_ERR_MEMORY. bytes is borrowed for the stream's
 * life; name stands in messages. */
enum pd_status pd_stream_open(const char *path, struct pd_stream **out, struct pd_error *err);
enum pd_status pd_stream_open_memory(const void *bytes, size_t size, const char *name, struct pd_stream **out,
                                     struct pd_error *err);
void pd_stream_close(struct pd_stream *stream);

/* Reads up to size bytes; *got is less only at the end. The end of gzip data is accepted only with its right
 * checksum and length. PD_ERR_FORMAT: damaged or cut-off gzip data (the offset is that in the file as it lies
 * on the disk); PD_ERR_IO. */
enum pd_status pd_stream_read(struct pd_stream *stream, void *bytes, size_t size, size_t *got,
                              struct pd_error *err);

/* Its name, and where offsets in its content count: "" or " (of the inflated bytes)". */
const char *pd_stream_name(const struct pd_stream *stream);
const char *pd_stream_where(const struct pd_stream *stream);

#endif
