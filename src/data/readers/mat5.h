/* MATLAB's level 5 MAT-files: the arrays of bytes in them, plain or compressed.
 * https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf */
#ifndef PD_DATA_READERS_MAT5_H
#define PD_DATA_READERS_MAT5_H

#include <paydirt/error.h>

#include <stddef.h>
#include <stdint.h>

enum { PD_MAT5_RANK_MAX = 4 };

struct pd_mat5_array {
    const char *name; /* set by the caller: which to read */
    int rank;         /* 2 .. PD_MAT5_RANK_MAX */
    uint32_t dims[PD_MAT5_RANK_MAX];
    uint64_t size;  /* product of the dims, >= 1 */
    uint8_t *bytes; /* (size), the first dimension runs fastest; owned */
};

/* Reads the n arrays named in `wanted`, which is zeroed but for the names, from a file or from memory (name
 * stands in messages); passes the others over. PD_ERR_IO, PD_ERR_MEMORY; PD_ERR_FORMAT: no such file,
 * damaged, cut off, an array missing, there twice or not of bytes. Memory grows with the bytes that are
 * really there, never with what the file claims. On failure nothing is left to release. */
enum pd_status pd_mat5_read(const char *path, struct pd_mat5_array *wanted, size_t n, struct pd_error *err);
enum pd_status pd_mat5_parse(const void *bytes, size_t size, const char *name, struct pd_mat5_array *wanted,
                             size_t n, struct pd_error *err);
void pd_mat5_release(struct pd_mat5_array *arrays, size_t n);

#endif
