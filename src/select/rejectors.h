/* Every way to reject that can be asked for by name: one line each. */
#ifndef PD_SELECT_REJECTORS_H
#define PD_SELECT_REJECTORS_H

#include <paydirt/reject.h>

#define PD_REJECT_LIST(X)                                                                                    \
    X(pd_reject_gold)                                                                                        \
    X(pd_reject_drs)                                                                                         \
    X(pd_reject_obrs)                                                                                        \
    X(pd_reject_mh)                                                                                          \
    X(pd_reject_top_k)

#define PD_REJECT_DECLARE(name) extern const struct pd_reject_method name;
PD_REJECT_LIST(PD_REJECT_DECLARE)
#undef PD_REJECT_DECLARE

#endif
