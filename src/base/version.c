#include <paydirt/version.h>

#define WORDS(number)               #number
#define DOTTED(major, minor, patch) WORDS(major) "." WORDS(minor) "." WORDS(patch)

const char *pd_version(void)
{
    return DOTTED(PD_VERSION_MAJOR, PD_VERSION_MINOR, PD_VERSION_PATCH);
}
