/* Our own mistakes, not the user's: say where and abort. */
#ifndef PD_BASE_BUG_H
#define PD_BASE_BUG_H

#define BUG(...) pd_bug(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void pd_bug(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
