/* JSON values as text. jansson hides failed allocations: a value then lacks a part, or is none. */
#ifndef PD_IO_JSON_H
#define PD_IO_JSON_H

#include "base/mem.h"

#include <paydirt/error.h>

#include <jansson.h>

/* A key that an object may have. */
struct pd_json_member {
    const char *key;
    json_type type; /* JSON_REAL: any number; JSON_TRUE: true or false */
    bool needed;
};

/* The number, or null where it is not finite, which JSON cannot say. */
json_t *pd_json_real(double x);

/* value is an object with these members alone. where: what stands before the message. PD_ERR_FORMAT: another
 * kind of value, an unknown key (with the nearest right one), a wrong type, something missing. */
enum pd_status pd_json_check(const char *where, const json_t *value, const struct pd_json_member *members,
                             size_t count, struct pd_error *err);

/* The one object in text, *out: to be given back, NULL after a failure. name: what stands before the message.
 * PD_ERR_FORMAT: it is none, or a key comes twice; PD_ERR_MEMORY. */
enum pd_status pd_json_object(const char *text, size_t size, const char *name, json_t **out,
                              struct pd_error *err);
/* That of a file of at most so many bytes; fails also as pd_file_read_most. */
enum pd_status pd_json_read(const char *path, size_t most, json_t **out, struct pd_error *err);

/* An object's text of that key, or "". */
const char *pd_json_word(const json_t *object, const char *key);

/* Whether list (NULL: an empty one) holds texts alone. key: what it is called in the message. PD_ERR_FORMAT.
 */
enum pd_status pd_json_check_texts(const char *where, const char *key, const json_t *list,
                                   struct pd_error *err);

/* *text: to be freed. pd_mem_watch() stands before the value is built: what could not be allocated since then
 * fails here. name: for the message. PD_ERR_MEMORY; PD_ERR_USAGE: value is NULL, which it is where a text is
 * not UTF-8 or a number not finite. */
enum pd_status pd_json_text(const json_t *value, size_t flags, const char *name, char **text,
                            struct pd_error *err);

#endif
