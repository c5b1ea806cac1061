#include "io/store.h"

#include "base/library.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/machine.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { CELLS = 16, PATIENCE_MS = 5000, ROOM = 1 << 16 };

struct pd_store {
    char *path;
    sqlite3 *db;
    sqlite3_stmt *put;
    const char *put_sql; /* that it is of */
};

static enum pd_status fail(const struct pd_store *s, struct pd_error *err)
{
    const int code = sqlite3_errcode(s->db);
    if (code == SQLITE_NOMEM)
        return pd_fail_memory(err, s->path);
    if (code == SQLITE_IOERR && pd_disk_free(s->path) < ROOM) /* of its file for the processes, too */
        return pd_fail(err, PD_ERR_IO, -1, "%s: no space left on its disk", s->path);
    const bool format = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR;
    return pd_fail(err, format ? PD_ERR_FORMAT : PD_ERR_IO, -1, "%s: %s", s->path, sqlite3_errmsg(s->db));
}

static enum pd_status run(struct pd_store *s, const char *sql, struct pd_error *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) ? fail(s, err) : PD_OK;
}

static enum pd_status take_number(void *context, const struct pd_cell *cells, int n, struct pd_error *err)
{
    (void)n, (void)err;
    *(int64_t *)context = cells[0].number;
    return PD_OK;
}

/* A file may come from strangers: what stands in it is data alone. */
static enum pd_status distrust(struct pd_store *s, struct pd_error *err)
{
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, 1 << 20);
    sqlite3_busy_timeout(s->db, PATIENCE_MS);
    return run(s, "PRAGMA cell_size_check = ON", err);
}

static enum pd_status prepare(struct pd_store *s, bool write, int32_t id, const char *schema,
                              struct pd_error *err)
{
    char mark[64];
    int64_t found = 0, tables = 0;
    enum pd_status status = distrust(s, err);
    if (!status && write)
        status = run(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", err);
    if (!status)
        status = pd_store_each(s, "PRAGMA application_id", take_number, &found, err);
    if (!status)
        status = pd_store_each(s, "SELECT count(*) FROM sqlite_master", take_number, &tables, err);
    if (status || found == id)
        return status;
    if (found || tables || !write)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: not a file of paydirt's", s->path);
    snprintf(mark, sizeof mark, "PRAGMA application_id = %ld", (long)id);
    status = pd_store_begin(s, err);
    if (!status)
        status = run(s, schema, err);
    if (!status)
        status = run(s, mark, err);
    return status ? status : pd_store_commit(s, err);
}

enum pd_status pd_store_open(const char *path, bool write, int32_t id, const char *schema,
                             struct pd_store **out, struct pd_error *err)
{
    struct pd_store *s = *out = pd_calloc(1, sizeof *s);
    const int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
    if (s)
        s->path = pd_strdup(path);
    enum pd_status status = s && s->path ? PD_OK : pd_fail_memory(err, path);
    if (!status && sqlite3_open_v2(path, &s->db, flags, NULL))
        status = s->db ? fail(s, err) : pd_fail_memory(err, path);
    if (!status)
        status = prepare(s, write, id, schema, err);
    if (status) {
        pd_store_close(s);
        *out = NULL;
    }
    return status;
}

void pd_store_close(struct pd_store *s)
{
    if (!s)
        return;
    sqlite3_finalize(s->put);
    sqlite3_close(s->db);
    pd_free(s->path);
    pd_free(s);
}

enum pd_status pd_store_begin(struct pd_store *s, struct pd_error *err)
{
    return run(s, "BEGIN IMMEDIATE", err);
}

void pd_store_roll_back(struct pd_store *s)
{
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

enum pd_status pd_store_commit(struct pd_store *s, struct pd_error *err)
{
    const enum pd_status status = run(s, "COMMIT", err);
    if (status)
        pd_store_roll_back(s);
    return status;
}

static enum pd_status set_put(struct pd_store *s, const char *sql, struct pd_error *err)
{
    if (s->put_sql == sql)
        return PD_OK;
    sqlite3_finalize(s->put);
    s->put = NULL;
    s->put_sql = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &s->put, NULL))
        return fail(s, err);
    s->put_sql = sql;
    return PD_OK;
}

static enum pd_status bind(struct pd_store *s, sqlite3_stmt *to, const struct pd_cell *cells, int n,
                           struct pd_error *err)
{
    for (int i = 0; i < n; i++)
        if (cells[i].text ? sqlite3_bind_text(to, i + 1, cells[i].text, -1, SQLITE_STATIC)
                          : sqlite3_bind_int64(to, i + 1, cells[i].number))
            return fail(s, err);
    return PD_OK;
}

enum pd_status pd_store_put(struct pd_store *s, const char *sql, const struct pd_cell *cells, int n,
                            int64_t *id, struct pd_error *err)
{
    enum pd_status status = set_put(s, sql, err);
    if (!status)
        status = bind(s, s->put, cells, n, err);
    if (!status && sqlite3_step(s->put) != SQLITE_DONE)
        status = fail(s, err);
    if (!status && id)
        *id = sqlite3_last_insert_rowid(s->db);
    if (s->put)
        sqlite3_reset(s->put);
    return status;
}

enum pd_status pd_store_number(struct pd_store *s, const char *sql, const struct pd_cell *cells, int n,
                               int64_t *number, bool *found, struct pd_error *err)
{
    sqlite3_stmt *rows;
    if (sqlite3_prepare_v2(s->db, sql, -1, &rows, NULL))
        return fail(s, err);
    enum pd_status status = bind(s, rows, cells, n, err);
    const int step = status ? SQLITE_ERROR : sqlite3_step(rows);
    *found = step == SQLITE_ROW;
    if (*found)
        *number = sqlite3_column_int64(rows, 0);
    else if (!status && step != SQLITE_DONE)
        status = fail(s, err);
    sqlite3_finalize(rows);
    return status;
}

enum pd_status pd_store_each(struct pd_store *s, const char *sql,
                             enum pd_status (*take)(void *context, const struct pd_cell *cells, int n,
                                                    struct pd_error *err),
                             void *context, struct pd_error *err)
{
    sqlite3_stmt *rows;
    struct pd_cell cells[CELLS] = {{NULL, 0}};
    enum pd_status status = PD_OK;
    int step = SQLITE_DONE;
    if (sqlite3_prepare_v2(s->db, sql, -1, &rows, NULL))
        return fail(s, err);
    const int n = sqlite3_column_count(rows) < CELLS ? sqlite3_column_count(rows) : CELLS;
    while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        for (int i = 0; i < n; i++)
            cells[i] = (struct pd_cell){sqlite3_column_type(rows, i) == SQLITE_TEXT
                                            ? (const char *)sqlite3_column_text(rows, i)
                                            : NULL,
                                        sqlite3_column_int64(rows, i)};
        status = take(context, cells, n, err);
    }
    if (!status && step != SQLITE_DONE)
        status = fail(s, err);
    sqlite3_finalize(rows);
    return status;
}

const char *pd_library_sqlite(char *text)
{
    (void)text;
    return sqlite3_libversion();
}
