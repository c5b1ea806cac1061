/* Hot loops, compiled for several instruction sets; which one runs is chosen when the program starts. */
#ifndef PD_BASE_CLONES_H
#define PD_BASE_CLONES_H

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
#define PD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PD_CLONES
#endif

/* What such a function calls must become part of it, or it is compiled for the oldest set alone. */
#define PD_INLINE static inline __attribute__((always_inline))

/* In front of a loop whose turns do not touch each other's numbers. */
#ifdef __clang__ /* it needs no hint, and does not know this one */
#define PD_INDEPENDENT
#else
#define PD_INDEPENDENT _Pragma("GCC ivdep")
#endif

#endif
