/* Every op on every backend: one table of cases drives derivatives and values. */
#include "cases.h"
#include "cases_nn.h"

static void derivatives(void **state)
{
    check_derivatives(*state);
}

static void backends(void **state)
{
    check_backends(*state);
}

enum { PLAIN = sizeof plain_cases / sizeof *plain_cases, NN = sizeof nn_cases / sizeof *nn_cases };

static int add_case(struct CMUnitTest *tests, const struct op_case *c)
{
    static char names[2 * (PLAIN + NN)][80];
    static int n;
    for (int backend = c->big; backend < 2; backend++, n++) {
        snprintf(names[n], sizeof names[n], "%s: %s", c->name, backend ? "backends" : "derivatives");
        tests[n] =
            (struct CMUnitTest){names[n], backend ? backends : derivatives, NULL, NULL, (void *)(uintptr_t)c};
    }
    return n;
}

/* With an argument, only the cases whose name has it. */
int main(int argc, char **argv)
{
    static struct CMUnitTest tests[2 * (PLAIN + NN)];
    int n = 0;
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    for (int i = 0; i < PLAIN + NN; i++)
        n = add_case(tests, i < PLAIN ? &plain_cases[i] : &nn_cases[i - PLAIN]);
    return _cmocka_run_group_tests("ops", tests, (size_t)n, NULL, NULL);
}
