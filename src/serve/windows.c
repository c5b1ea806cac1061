#include "serve/windows.h"

#include <stdio.h>
#include <string.h>

#define AWAY_SECONDS 60.0

static bool is_here(const struct pd_window *w, double now)
{
    return w->key[0] && now - w->seen <= AWAY_SECONDS;
}

/* A window keeps its place; a new one takes the first that nobody has. */
static struct pd_window *place_of(struct pd_windows *w, const char *key, double now, bool *comes)
{
    struct pd_window *empty = NULL;
    for (int i = 0; i < PD_WINDOWS_MOST; i++) {
        const bool here = is_here(&w->at[i], now);
        if (here && !strcmp(w->at[i].key, key))
            return &w->at[i];
        if (!here && !empty)
            empty = &w->at[i];
    }
    *comes = empty;
    if (empty)
        snprintf(empty->key, sizeof empty->key, "%s", key);
    return empty;
}

struct pd_turn pd_windows_turn(struct pd_windows *w, const char *key, double now, bool *comes)
{
    struct pd_turn turn = {0, 0};
    *comes = false;
    struct pd_window *own = key && *key && strlen(key) < PD_WINDOW_KEY ? place_of(w, key, now, comes) : NULL;
    if (!own)
        return (struct pd_turn){0, 1};
    own->seen = now;
    for (int i = 0; i < PD_WINDOWS_MOST; i++) {
        turn.number += is_here(&w->at[i], now) && &w->at[i] < own;
        turn.of += is_here(&w->at[i], now);
    }
    return turn;
}
