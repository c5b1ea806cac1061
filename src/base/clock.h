/* Time that passes. */
#ifndef PD_BASE_CLOCK_H
#define PD_BASE_CLOCK_H

/* Seconds on a clock that nobody sets; only differences mean something. */
double pd_seconds(void);

#endif
