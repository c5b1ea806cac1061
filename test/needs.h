/* Tests that need a library are skipped, in so many words, where this paydirt was built without it. */
#ifndef PD_TEST_NEEDS_H
#define PD_TEST_NEEDS_H

#include "base/library.h"

/* In a test. */
#define NEEDS(id)                                                                                            \
    do {                                                                                                     \
        if (!pd_library_is_in(pd_library_##id)) {                                                            \
            print_message("%s\n", pd_library_refusal(PD_LIBRARY_##id));                                      \
            skip();                                                                                          \
        }                                                                                                    \
    } while (0)

/* In main, before the tests run: none of them can do without. */
#define ALL_NEED(id, tests)                                                                                  \
    do {                                                                                                     \
        if (!pd_library_is_in(pd_library_##id)) {                                                            \
            printf("%s\n[  SKIPPED ] %zu test(s)\n", pd_library_refusal(PD_LIBRARY_##id),                    \
                   sizeof(tests) / sizeof(tests)[0]);                                                        \
            return 0;                                                                                        \
        }                                                                                                    \
    } while (0)

#endif
