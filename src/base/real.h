/* Numbers as files and options have them: with a point, whatever the language of the process is. */
#ifndef PD_BASE_REAL_H
#define PD_BASE_REAL_H

#include <stddef.h>

/* As strtod. */
double pd_real_read(const char *text, char **end) __attribute__((nonnull(1)));

enum { PD_REAL_EXACT = -1 }; /* "%a": hexadecimal digits */

/* As "%.*g" into text[size]. Returns text. */
char *pd_real_text(char *text, size_t size, int digits, double value);

#endif
