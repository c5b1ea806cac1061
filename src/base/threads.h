#ifndef PD_BASE_THREADS_H
#define PD_BASE_THREADS_H

int pd_threads_available(void); /* processors that this process may run on; at least 1 */

#endif
