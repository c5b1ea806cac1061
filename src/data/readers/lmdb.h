/* LMDB's data.mdb (data version 1, as 64-bit little-endian machines write it): every value of the main table,
 * in the order of the keys. LMDB's own library trusts its file: it follows the offsets and page numbers in it
 * without a check. This reads the same tree and trusts nothing. Layout: lmdb.h and mdb.c of LMDB 0.9. */
#ifndef PD_DATA_READERS_LMDB_H
#define PD_DATA_READERS_LMDB_H

#include <paydirt/error.h>

#include <stddef.h>
#include <stdint.h>

/* Within the file's bytes. */
struct pd_lmdb_value {
    const uint8_t *bytes;
    size_t size;
};

struct pd_lmdb {
    struct pd_lmdb_value *values; /* (count), owned */
    size_t count;                 /* >= 1 */
};

/* bytes is borrowed for the values' life; name stands in messages. PD_ERR_FORMAT: no such file, damaged, cut
 * off or without a value; PD_ERR_UNSUPPORTED: several values under one key, or tables within the table;
 * PD_ERR_MEMORY. On failure nothing is left to release. */
enum pd_status pd_lmdb_parse(const void *bytes, size_t size, const char *name, struct pd_lmdb *out,
                             struct pd_error *err);
void pd_lmdb_release(struct pd_lmdb *lmdb);

#endif
