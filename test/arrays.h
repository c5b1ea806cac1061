/* Arrays of an .npz for tests. */
#ifndef PD_TEST_ARRAYS_H
#define PD_TEST_ARRAYS_H

#include "io/npy.h"

/* NULL: not there, or not readable. */
static inline const struct pd_io_array *find_array(struct pd_npy *npy, const char *name)
{
    const struct pd_io_array *a = NULL;
    const int64_t at = pd_npy_locate(npy, name);
    if (at >= 0)
        (void)pd_npy_load(npy, (size_t)at, &a, NULL);
    return a;
}

#endif
