/* The IDX files of MNIST and its kin (http://yann.lecun.com/exdb/mnist), raw or gzip: big-endian magic number
 * and sizes, then bytes. */
#ifndef PD_DATA_READERS_IDX_H
#define PD_DATA_READERS_IDX_H

#include <paydirt/error.h>

#include <stddef.h>
#include <stdint.h>

enum pd_idx_kind {
    PD_IDX_LABELS = 0x00000801, /* (count) */
    PD_IDX_IMAGES = 0x00000803, /* (count, height, width) */
};

enum { PD_IDX_MAX_SIDE = 4096 };

struct pd_idx {
    uint32_t count, height, width; /* each >= 1; labels: 1 x 1 */
    uint8_t *bytes;                /* (count, height, width), owned */
};

/* Reads a whole file, or a file's content from memory (name stands in messages). PD_ERR_IO, PD_ERR_MEMORY, or
 * PD_ERR_FORMAT: not such a file, damaged, cut off, or with bytes left over. Memory grows with the bytes that
 * are really there, never with what the header claims. On failure nothing is left to release. */
enum pd_status pd_idx_read(const char *path, enum pd_idx_kind kind, struct pd_idx *out, struct pd_error *err);
enum pd_status pd_idx_parse(const void *bytes, size_t size, const char *name, enum pd_idx_kind kind,
                            struct pd_idx *out, struct pd_error *err);
void pd_idx_release(struct pd_idx *idx);

#endif
