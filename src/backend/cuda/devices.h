/* What there is of CUDA on this machine. */
#ifndef PD_BACKEND_CUDA_DEVICES_H
#define PD_BACKEND_CUDA_DEVICES_H

#include <stdbool.h>

enum { CUDA_OLDEST_ARCH = 75 }; /* Turing: compute capability 7.5 */

/* Would a backend on the first card start? It is not started. */
bool cuda_is_ready(void);

#endif
