/* What people have answered, by a run's journal alone: names of images and classes, without its data set. */
#ifndef PD_ACTIVE_GIVEN_H
#define PD_ACTIVE_GIVEN_H

#include "base/arena.h"

#include <paydirt/error.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pd_given {
    const char *image, *label; /* label "skip": none */
    const char *time, *file;   /* when, and in which file; "": not known */
    int64_t row;               /* of it */
    size_t order;
    bool stale; /* a later answer about the image replaces it */
};

struct pd_given_list {
    struct pd_arena arena;
    struct pd_given *at; /* (count), in the journal's order */
    size_t count, capacity;
    const char *path; /* borrowed */
};

/* Zeroed before; released also after a failure. PD_ERR_FORMAT: a line that is none; PD_ERR_IO, PD_ERR_MEMORY.
 */
enum pd_status pd_given_read(const char *journal, struct pd_given_list *out, struct pd_error *err);
enum pd_status pd_given_parse(const char *text, size_t size, const char *name, struct pd_given_list *out,
                              struct pd_error *err);
void pd_given_release(struct pd_given_list *list);

#endif
