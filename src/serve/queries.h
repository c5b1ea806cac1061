/* What an active run has asked, round by round, by its journal and the labels that each branch has. */
#ifndef PD_SERVE_QUERIES_H
#define PD_SERVE_QUERIES_H

#include <paydirt/error.h>

#include <jansson.h>

/* *out: a list of {branch ("gold-1"), round, asked, labelled, skipped, guessed: answers that the
 * model had guessed, guesses: answers to images with a guess, images: the first `most` of them, best first,
 * {image, label, guess, p, score}}. Empty for a run without a journal. PD_ERR_FORMAT, PD_ERR_IO,
 * PD_ERR_MEMORY. */
enum pd_status pd_queries_read(const char *run, size_t most, json_t **out, struct pd_error *err);

#endif
