#include "base/real.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static locale_t plain;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_plain(void)
{
    plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
}

double pd_real_read(const char *text, char **end)
{
    (void)pthread_once(&once, make_plain);
    return plain ? strtod_l(text, end, plain) : strtod(text, end);
}

char *pd_real_text(char *text, size_t size, int digits, double value)
{
    const char *point = localeconv()->decimal_point;
    const size_t n = strlen(point);
    if (digits == PD_REAL_EXACT)
        snprintf(text, size, "%a", value);
    else
        snprintf(text, size, "%.*g", digits, value);
    char *at = n ? strstr(text, point) : NULL;
    if (at) {
        *at = '.';
        memmove(at + 1, at + n, strlen(at + n) + 1);
    }
    return text;
}
