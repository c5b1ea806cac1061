/* JSON files of a study's folder. */
#ifndef PD_REPRODUCE_RECORD_H
#define PD_REPRODUCE_RECORD_H

#include <jansson.h>
#include <paydirt/error.h>

/* Of reals. */
enum { PD_RECORD_DIGITS = 15 };

/* *out: to be given back; NULL where there is no such file. PD_ERR_FORMAT: it is no JSON object. */
enum pd_status pd_record_load(const char *path, json_t **out, struct pd_error *err);

/* Whole or not at all, keys in order; value is taken over. pd_mem_watch() stands before it is built. */
enum pd_status pd_record_store(const char *path, json_t *value, struct pd_error *err);

#endif
