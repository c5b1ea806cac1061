/* What a few repeated trials show (paydirt/study.h), and what of it the library alone needs. */
#ifndef PD_METRIC_STATISTICS_H
#define PD_METRIC_STATISTICS_H

#include <paydirt/study.h>

/* P(|T| >= |t|) of Student's t with that many degrees of freedom, > 0. t may be infinite. */
double pd_student_p(double t, double freedom);
/* The t > 0 at which pd_student_p is p, 0 < p < 1. */
double pd_student_t(double p, double freedom);

#endif
