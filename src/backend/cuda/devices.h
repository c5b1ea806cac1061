/* What there is of CUDA on this machine. */
#ifndef PD_BACKEND_CUDA_DEVICES_H
#define PD_BACKEND_CUDA_DEVICES_H

#include <stdbool.h>

/* Would a backend on that card start? It is not started: all that it needs is there. */
bool cuda_is_ready(int device);

#endif
