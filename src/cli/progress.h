/* How far long work is, on standard error: on a terminal a bar with rate and time left, elsewhere nothing but
 * the lines that the work itself says, and one every half minute. */
#ifndef PD_CLI_PROGRESS_H
#define PD_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool terminal, drawn, stopping;
    uint64_t first, last, at;
    double scale; /* units in a step */
    const char *unit;
    char label[32];
    double begun, seen, redrawn, rate, rated, said; /* when: seen of the last update, said of the last line */
    uint64_t rated_at;
};

/* Steps first .. last, each scale units ("images"). */
void progress_begin(struct progress *p, uint64_t first, uint64_t last, double scale, const char *unit);

/* Cheap enough for every step: redraws at most ten times a second. label: in front of the bar. */
void progress_update(struct progress *p, uint64_t at, const char *label);

/* A line of text, the bar below it. */
void progress_line(struct progress *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with hints of the library's (say_hints). */
void progress_note(struct progress *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "3 min 20 s left", by the mean rate from the begin on; text[size]. Returns text. */
char *progress_left(const struct progress *p, char *text, size_t size);

void progress_end(struct progress *p); /* takes the bar away; may be called on a zeroed struct */

/* Functions of a watch (paydirt/train.h, paydirt/data.h); context: a struct progress, or what begins with
 * one. True once stop_asked(); progress_stop then says that a checkpoint is saved. */
bool progress_decoding(void *context, const char *unit, uint64_t done, uint64_t count);
bool progress_stop(void *context);
void progress_say(void *context, const char *words); /* as progress_note */

/* Work that says itself how much of it there is, a bar for each part. */
struct progress_work {
    struct progress *progress;
    const char *label, *unit;
};
/* A pd_feature_work's watch; context: a struct progress_work. True once stop_asked(). */
bool progress_on_work(void *context, uint64_t done, uint64_t count);
void progress_end_work(struct progress_work *w); /* the next part begins a bar of its own */

double progress_now(void); /* seconds of a steady clock */

#endif
