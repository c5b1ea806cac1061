/* Every strategy that can be asked for by name: one line each, in the order of --help. A strategy is a
 * constant struct pd_strategy in a file of its own, which its opposite shares. */
#ifndef PD_SELECT_STRATEGIES_H
#define PD_SELECT_STRATEGIES_H

#include <paydirt/select.h>

#define PD_STRATEGY_LIST(X)                                                                                  \
    X(gold)                                                                                                  \
    X(most_confident)                                                                                        \
    X(large_margin)                                                                                          \
    X(least_entropy)                                                                                         \
    X(least_confident)                                                                                       \
    X(small_margin)                                                                                          \
    X(most_entropy)                                                                                          \
    X(random)                                                                                                \
    X(last)                                                                                                  \
    X(bald)                                                                                                  \
    X(coreset)                                                                                               \
    X(badge)                                                                                                 \
    X(typiclust)                                                                                             \
    X(probcover)                                                                                             \
    X(clue)

#define PD_STRATEGY_DECLARE(id) extern const struct pd_strategy pd_strategy_##id;
PD_STRATEGY_LIST(PD_STRATEGY_DECLARE)
#undef PD_STRATEGY_DECLARE

#endif
