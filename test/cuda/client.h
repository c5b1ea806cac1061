/* For tests: the CUDA backend on a card that is none (standin/standin.h). */
#ifndef PD_TEST_CUDA_CLIENT_H
#define PD_TEST_CUDA_CLIENT_H

#include "cuda/standin/standin.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* From here on this process has the stand-in's libraries and no others. */
static inline const struct standin_control *standin_use(void)
{
    static const struct standin_control *control;
    if (control)
        return control;
    setenv("PAYDIRT_CUDA", PD_STANDIN, 1);
    setenv("XDG_CACHE_HOME", "/dev/null", 1); /* no kernels of others' */
    void *library =
        dlopen(PD_STANDIN "/libcuda.so.1", RTLD_NOW | RTLD_LOCAL); /* for good: it keeps its counts */
    if (!library)
        fail_msg("%s", dlerror());
    control = dlsym(library, "standin_control");
    assert_non_null(control);
    return control;
}

#endif
