/* Plain loops: what the reference backends run, and whoever has nothing faster for an op. */
#ifndef PD_BACKEND_REF_H
#define PD_BACKEND_REF_H

#include "backend/host.h"

/* Chooses the loop for the call's op, in float or double, over plain layouts, and says what scratch it wants.
 * There is none for ops that only the compiler makes: a bug. */
void ref_prepare_call(struct pd_call *call, bool f64);

/* pd_backend_type.prepare of those that have nothing else. */
enum pd_status ref_prepare(struct pd_backend *b, struct pd_call *calls, int n, struct pd_error *err);

#endif
