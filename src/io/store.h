/* A file of rows that outlives whatever kills its writer: SQLite, in WAL mode, each commit on disk before it
 * is said to be done. One process writes; others may read meanwhile. */
#ifndef PD_IO_STORE_H
#define PD_IO_STORE_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stdint.h>

struct pd_store;

/* A value: text, or where that is NULL a number. */
struct pd_cell {
    const char *text;
    int64_t number;
};

/* schema: SQL that makes the tables of a new file. id: what marks a file as one of this kind. write: makes it
 * where it is missing; else PD_ERR_IO. PD_ERR_FORMAT: something else, or damaged; PD_ERR_UNSUPPORTED: built
 * without SQLite; PD_ERR_MEMORY. */
enum pd_status pd_store_open(const char *path, bool write, int32_t id, const char *schema,
                             struct pd_store **out, struct pd_error *err);
void pd_store_close(struct pd_store *store); /* also NULL */

/* All rows between begin and commit are there, or none; a commit that has failed has taken them back. */
enum pd_status pd_store_begin(struct pd_store *store, struct pd_error *err);
enum pd_status pd_store_commit(struct pd_store *store, struct pd_error *err);
void pd_store_roll_back(struct pd_store *store);

/* sql: with a '?' for each of the n cells. *id: of the row that was put in, or NULL. */
enum pd_status pd_store_put(struct pd_store *store, const char *sql, const struct pd_cell *cells, int n,
                            int64_t *id, struct pd_error *err);

/* The number in the first cell of the first row; *found: there is one. */
enum pd_status pd_store_number(struct pd_store *store, const char *sql, const struct pd_cell *cells, int n,
                               int64_t *number, bool *found, struct pd_error *err);

/* Calls take for each row, until it fails. A cell of no text and no number is number 0. */
enum pd_status pd_store_each(struct pd_store *store, const char *sql,
                             enum pd_status (*take)(void *context, const struct pd_cell *cells, int n,
                                                    struct pd_error *err),
                             void *context, struct pd_error *err);

#endif
