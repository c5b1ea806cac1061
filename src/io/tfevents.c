#include "io/tfevents.h"

#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define MOST_BYTES ((size_t)1 << 32)

struct pd_tfevents {
    char *path;
    int fd;
    struct pd_buffer pending; /* whole records */
};

/* CRC-32C (Castagnoli), four bits at a time: event files are small. */
static uint32_t crc32c(const void *bytes, size_t size)
{
    static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                       0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                       0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    const uint8_t *at = bytes;
    uint32_t crc = ~0u;
    for (; size; size--) {
        crc ^= *at++;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

/* Masked, because a CRC over bytes that hold CRCs is weak. */
static uint32_t masked_crc(const void *bytes, size_t size)
{
    uint32_t crc = crc32c(bytes, size);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

/* Protobuf by hand: a field is a tag (number << 3 | wire type) and a value. */
enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static void put_varint(struct pd_buffer *b, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; value > 127; value >>= 7)
        bytes[n++] = (uint8_t)(value | 128);
    bytes[n++] = (uint8_t)value;
    pd_buffer_append(b, bytes, n);
}

static void put_number(struct pd_buffer *b, unsigned field, int64_t value)
{
    put_varint(b, field << 3 | VARINT);
    put_varint(b, (uint64_t)value);
}

static void put_double(struct pd_buffer *b, unsigned field, double value)
{
    put_varint(b, field << 3 | FIXED64);
    pd_buffer_append(b, &value, sizeof value);
}

static void put_float(struct pd_buffer *b, unsigned field, float value)
{
    put_varint(b, field << 3 | FIXED32);
    pd_buffer_append(b, &value, sizeof value);
}

static void put_bytes(struct pd_buffer *b, unsigned field, const void *bytes, size_t size)
{
    put_varint(b, field << 3 | BYTES);
    put_varint(b, size);
    pd_buffer_append(b, bytes, size);
}

/* A message within a message; releases it. */
static void put_message(struct pd_buffer *b, unsigned field, struct pd_buffer *message)
{
    put_bytes(b, field, message->data, message->size);
    b->oom = b->oom || message->oom;
    pd_buffer_release(message);
}

/* Event: 1 wall_time, 2 step, 3 file_version, 5 summary, 7 session_log */
enum { VERSION_EVENT_BYTES = 24 };
enum { EVENT_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION = 7 };

static void begin_event(struct pd_buffer *event, double wall_time, int64_t step)
{
    put_double(event, 1, wall_time);
    if (step)
        put_number(event, 2, step);
}

/* Frames the event and releases it. */
static void end_event(struct pd_tfevents *events, struct pd_buffer *event)
{
    uint64_t length = event->size;
    uint32_t head = masked_crc(&length, sizeof length), body = masked_crc(event->data, event->size);
    struct pd_buffer *out = &events->pending;
    pd_buffer_append(out, &length, sizeof length);
    pd_buffer_append(out, &head, sizeof head);
    pd_buffer_append(out, event->data, event->size);
    pd_buffer_append(out, &body, sizeof body);
    out->oom = out->oom || event->oom;
    pd_buffer_release(event);
}

/* Summary: 1 value; Value: 1 tag and the content, which value holds already. Releases value. */
static void put_summary(struct pd_tfevents *events, int64_t step, double wall_time, struct pd_buffer *value)
{
    struct pd_buffer summary = PD_BUFFER_INIT, event = PD_BUFFER_INIT;
    put_message(&summary, 1, value);
    begin_event(&event, wall_time, step);
    put_message(&event, EVENT_SUMMARY, &summary);
    end_event(events, &event);
}

void pd_tfevents_scalar(struct pd_tfevents *events, int64_t step, double wall_time, const char *tag,
                        float value)
{
    struct pd_buffer v = PD_BUFFER_INIT;
    put_bytes(&v, 1, tag, strlen(tag));
    put_float(&v, 2, value);
    put_summary(events, step, wall_time, &v);
}

/* Image: 1 height, 2 width, 3 colorspace, 4 encoded_image_string */
void pd_tfevents_image(struct pd_tfevents *events, int64_t step, double wall_time, const char *tag,
                       const void *png, size_t size, int64_t h, int64_t w, int channels)
{
    struct pd_buffer image = PD_BUFFER_INIT, v = PD_BUFFER_INIT;
    put_number(&image, 1, h);
    put_number(&image, 2, w);
    put_number(&image, 3, channels);
    put_bytes(&image, 4, png, size);
    put_bytes(&v, 1, tag, strlen(tag));
    put_message(&v, 4, &image);
    put_summary(events, step, wall_time, &v);
}

/* SessionLog: 1 status, where 1 is START */
void pd_tfevents_restart(struct pd_tfevents *events, int64_t step, double wall_time)
{
    struct pd_buffer event = PD_BUFFER_INIT, session = PD_BUFFER_INIT;
    put_number(&session, 1, 1);
    begin_event(&event, wall_time, step);
    put_message(&event, EVENT_SESSION, &session);
    end_event(events, &event);
}

static void put_version(struct pd_tfevents *events, double wall_time)
{
    static const char version[] = "brain.Event:2";
    struct pd_buffer event = PD_BUFFER_INIT;
    begin_event(&event, wall_time, 0);
    put_bytes(&event, EVENT_VERSION, version, sizeof version - 1);
    end_event(events, &event);
}

/* Bytes of the whole records that the file begins with. */
static size_t whole_records(const struct pd_buffer *file)
{
    size_t at = 0;
    for (;;) {
        uint64_t length;
        uint32_t head, body;
        if (file->size - at < 16)
            return at;
        memcpy(&length, file->data + at, 8);
        memcpy(&head, file->data + at + 8, 4);
        if (head != masked_crc(&length, 8) || length > file->size - at - 16)
            return at;
        memcpy(&body, file->data + at + 12 + length, 4);
        if (body != masked_crc(file->data + at + 12, length))
            return at;
        at += 16 + length;
    }
}

/* A process killed in its first record leaves less than it, with the record's length in front. */
static bool is_begun(const struct pd_buffer *file)
{
    static const uint64_t length = VERSION_EVENT_BYTES;
    return file->size < VERSION_EVENT_BYTES + 16 &&
           !memcmp(file->data, &length, file->size < 8 ? file->size : 8);
}

/* *whole: 0 for a new file. Something else under this name is not ours to overwrite. */
static enum pd_status cut_half_record(int fd, const char *path, size_t *whole, struct pd_error *err)
{
    struct pd_buffer file = PD_BUFFER_INIT;
    enum pd_status status = pd_file_read_most(path, MOST_BYTES, &file, err);
    if (status == PD_OK) {
        *whole = whole_records(&file);
        if (*whole == 0 && !is_begun(&file))
            status = pd_fail(err, PD_ERR_FORMAT, 0, "%s: not a TensorBoard event file", path);
        else if (*whole != file.size && ftruncate(fd, (off_t)*whole))
            status = pd_fail_io(err, path, "truncate", errno);
    }
    pd_buffer_release(&file);
    return status;
}

enum pd_status pd_tfevents_create(const char *path, double wall_time, struct pd_tfevents **out,
                                  struct pd_error *err)
{
    struct pd_tfevents *events = pd_calloc(1, sizeof *events);
    enum pd_status status = PD_OK;
    size_t whole = 0;
    *out = NULL;
    if (!events)
        return pd_fail_memory(err, path);
    events->path = pd_strdup(path);
    status = pd_fd_open_log(path, &events->fd, err);
    if (!status && !events->path)
        status = pd_fail_memory(err, path);
    if (!status)
        status = cut_half_record(events->fd, path, &whole, err);
    if (status == PD_OK && whole == 0) {
        put_version(events, wall_time);
        status = pd_tfevents_flush(events, err);
    }
    if (status == PD_OK)
        *out = events;
    else
        pd_tfevents_destroy(events);
    return status;
}

enum pd_status pd_tfevents_flush(struct pd_tfevents *events, struct pd_error *err)
{
    struct pd_buffer *b = &events->pending;
    enum pd_status status = b->oom ? pd_fail_memory(err, events->path)
                                   : pd_fd_append(events->fd, events->path, b->data, b->size, err);
    b->size = 0;
    b->oom = false;
    return status;
}

void pd_tfevents_destroy(struct pd_tfevents *events)
{
    if (!events)
        return;
    if (events->fd >= 0)
        close(events->fd);
    pd_buffer_release(&events->pending);
    pd_free(events->path);
    pd_free(events);
}
