/* NVIDIA's libraries, opened at run time. */
#ifndef PD_BACKEND_CUDA_LIBRARIES_H
#define PD_BACKEND_CUDA_LIBRARIES_H

#include "backend/cuda/api.h"

#include <paydirt/error.h>

/* Opens the driver, cuInit included; then, where all is set, the others, of the newest release that the
 * driver serves. They are looked for in the folders of the environment's PAYDIRT_CUDA alone ("FOLDER:FOLDER",
 * in each also in lib, lib64 and its subfolders' lib, as PyPI's packages lie; the driver then as the system
 * does, too), or where there is none as the system does.
 * What is opened is closed by cuda_close, also after a failure. PD_ERR_UNSUPPORTED: which is missing or too
 * old, and what brings it. */
enum pd_status cuda_open_driver(struct cuda_api *api, struct pd_error *err);
enum pd_status cuda_open_library(struct cuda_api *api, enum cuda_library library, struct pd_error *err);
void cuda_close(struct cuda_api *api);

/* "13.0" in text[16] of CUDA's 13000. */
const char *cuda_version_text(int version, char *text);

/* What the library is called and what brings it, for people. */
const char *cuda_library_name(enum cuda_library library);
const char *cuda_library_source(enum cuda_library library);

#endif
