/* Windows of a page that are at work now: each begins with other images, so that people do not label the same
 * one at once. In memory alone: nothing but an order follows from it. */
#ifndef PD_SERVE_WINDOWS_H
#define PD_SERVE_WINDOWS_H

#include <stdbool.h>

enum { PD_WINDOWS_MOST = 64, PD_WINDOW_KEY = 65 };

struct pd_window {
    char key[PD_WINDOW_KEY]; /* drawn by the window; "": nobody's */
    double seen;             /* as pd_seconds */
};

struct pd_windows {
    struct pd_window at[PD_WINDOWS_MOST];
};

/* One of `of` windows that were seen of late, counted from 0. */
struct pd_turn {
    int number, of;
};

/* The window's turn among those of the last minute; 0 of 1 without a key, and where there are too many.
 * *comes: it was not among them, and the others' turns are others now. */
struct pd_turn pd_windows_turn(struct pd_windows *w, const char *key, double now, bool *comes);

#endif
