/* An append-only log: one JSON object a line. A line is written by one call, so that a killed
 * process leaves at most one half line, at the end; opening the log again or pd_jsonl_truncate_after cuts it
 * off. */
#ifndef PD_IO_JSONL_H
#define PD_IO_JSONL_H

#include <paydirt/error.h>

#include <jansson.h>

struct pd_jsonl;

/* Opens for appending, makes the file where it is missing. PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_jsonl_open(const char *path, struct pd_jsonl **out, struct pd_error *err);
void pd_jsonl_destroy(struct pd_jsonl *log);

/* Appends a record (borrowed; pd_mem_watch() stands before it is built), or a ready line without its newline.
 * After a failure (full disk) the log ends with the last whole line. PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_jsonl_write(struct pd_jsonl *log, const json_t *record, struct pd_error *err);
enum pd_status pd_jsonl_write_line(struct pd_jsonl *log, const char *line, struct pd_error *err);

/* What was appended is on disk, lastingly. After a failure it is cut off again, back to the last sync or the
 * opening: whoever does it once more adds no second line. PD_ERR_IO. */
enum pd_status pd_jsonl_sync(struct pd_jsonl *log, struct pd_error *err);

/* Calls take for each line, in order, until it fails. A last line without its newline is passed over: it may
 * be half written. PD_ERR_FORMAT: "PATH: line 3 is not a JSON object: ..."; PD_ERR_IO, PD_ERR_MEMORY. */
typedef enum pd_status pd_jsonl_function(void *context, const json_t *record, int64_t line,
                                         struct pd_error *err);
enum pd_status pd_jsonl_each(const char *path, pd_jsonl_function *take, void *context, struct pd_error *err);

/* The same of text; path: for messages. */
enum pd_status pd_jsonl_each_in(const char *text, size_t size, const char *path, pd_jsonl_function *take,
                                void *context, struct pd_error *err);

/* Drops the lines whose number `key` exceeds value, and a last line that is half written: what a run that
 * resumes from step `value` will write again. Atomic; an untouched or missing file is fine. PD_ERR_FORMAT
 * with the offset of a line before the last that is not JSON; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_jsonl_truncate_after(const char *path, const char *key, double value, struct pd_error *err);

#endif
