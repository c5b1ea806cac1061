/* TensorBoard's event files: records of length, masked CRC-32C, a protobuf Event, masked CRC-32C.
 * (tensorflow/core/lib/io/record_writer.cc, core/util/event.proto, core/framework/summary.proto.)
 *
 * TensorBoard shows files whose name contains "tfevents". Times are seconds since 1970; the caller reads the
 * clock. */
#ifndef PD_IO_TFEVENTS_H
#define PD_IO_TFEVENTS_H

#include <paydirt/error.h>

#include <stddef.h>
#include <stdint.h>

struct pd_tfevents;

/* Begins a file, or appends to an older one after cutting a half-written last record off. PD_ERR_IO,
 * PD_ERR_MEMORY; PD_ERR_FORMAT: a file is there that does not begin as an event file. */
enum pd_status pd_tfevents_create(const char *path, double wall_time, struct pd_tfevents **out,
                                  struct pd_error *err);

/* A run resumed at this step: TensorBoard forgets what it has of this step and later. */
void pd_tfevents_restart(struct pd_tfevents *events, int64_t step, double wall_time);

void pd_tfevents_scalar(struct pd_tfevents *events, int64_t step, double wall_time, const char *tag,
                        float value);

/* png: an encoded picture of h x w pixels, channels 1 or 3. */
void pd_tfevents_image(struct pd_tfevents *events, int64_t step, double wall_time, const char *tag,
                       const void *png, size_t size, int64_t h, int64_t w, int channels);

/* Events are kept in memory until a flush, which reports failures: PD_ERR_IO, PD_ERR_MEMORY. After one the
 * file ends with the last flush that succeeded, and the events since are dropped. */
enum pd_status pd_tfevents_flush(struct pd_tfevents *events, struct pd_error *err);

/* Without a flush: flush first. */
void pd_tfevents_destroy(struct pd_tfevents *events);

#endif
