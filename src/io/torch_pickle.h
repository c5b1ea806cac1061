/* The pickle of a dict of tensors: private to torch_file.c. */
#ifndef PD_IO_TORCH_PICKLE_H
#define PD_IO_TORCH_PICKLE_H

#include "io/array.h"

#include <paydirt/error.h>

/* Text within the bytes that were read. */
struct pd_torch_text {
    const char *bytes;
    size_t size;
};

struct pd_torch_storage {
    struct pd_torch_text key;
    enum pd_io_dtype dtype;
    int64_t count;
};

struct pd_torch_tensor {
    struct pd_torch_text name;
    int storage, dict; /* dict: which it is an item of */
    int rank;
    int64_t offset, dims[PD_IO_MAX_RANK];
};

/* What a pickle holds. Zeroed at first; its parts stay when another is read. */
struct pd_torch_pickle {
    struct pd_torch_storage *storages;
    struct pd_torch_tensor *tensors; /* those with a name */
    struct pd_torch_text *keys;      /* texts of a list */
    int n_storages, n_tensors, n_keys;
    int dict; /* the one that the pickle ends with; 0: it is none */
    bool big_endian;
};

/* Reads one from bytes + *at on, and moves *at behind it. PD_ERR_FORMAT with the offset. */
enum pd_status pd_torch_pickle_read(const void *bytes, size_t size, size_t *at, const char *name,
                                    struct pd_torch_pickle *out, struct pd_error *err);
void pd_torch_pickle_release(struct pd_torch_pickle *pickle);

#endif
