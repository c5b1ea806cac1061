#include "cli/progress.h"

#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/words.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define REDRAW_SECONDS 0.1
#define RATE_SECONDS   5.0  /* the rate shown is that of about so long */
#define PLAIN_SECONDS  30.0 /* without a terminal, a line so often */

enum { WIDTH_DEFAULT = 80, WIDTH_MAX = 200, BAR_MIN = 8, BAR_MAX = 40 };

double progress_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool draws_on_stderr(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static int screen_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 2)
        return WIDTH_DEFAULT;
    return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

void progress_begin(struct progress *p, uint64_t first, uint64_t last, double scale, const char *unit)
{
    const double now = progress_now();
    *p = (struct progress){.terminal = draws_on_stderr(),
                           .first = first,
                           .last = last,
                           .at = first,
                           .scale = scale,
                           .unit = unit,
                           .begun = now,
                           .said = now,
                           .rated = now,
                           .rated_at = first};
}

/* Steps a second from the begin on, with all that is done between steps: validation may take longer than
 * they. */
static double mean_rate(const struct progress *p)
{
    return p->seen > p->begun ? (double)(p->at - p->first) / (p->seen - p->begun) : 0;
}

/* A mean that forgets, so that a pause or a change of speed shows. */
static void update_rate(struct progress *p, double now)
{
    const double passed = now - p->rated;
    if (passed < REDRAW_SECONDS || p->at <= p->rated_at)
        return;
    const double rate = (double)(p->at - p->rated_at) / passed;
    const double weight = passed / RATE_SECONDS < 1 ? passed / RATE_SECONDS : 1;
    const bool early = now - p->begun < RATE_SECONDS;
    p->rate = early ? mean_rate(p) : p->rate + weight * (rate - p->rate);
    p->rated = now;
    p->rated_at = p->at;
}

char *progress_left(const struct progress *p, char *text, size_t size)
{
    const double rate = mean_rate(p);
    if (rate <= 0)
        return strncpy(text, "", size);
    const long s = (long)((double)(p->last - p->at) / rate + 0.5);
    if (s < 60)
        snprintf(text, size, "%ld s left", s);
    else if (s < 3600)
        snprintf(text, size, "%ld min %02ld s left", s / 60, s % 60);
    else
        snprintf(text, size, "%ld h %02ld min left", s / 3600, s / 60 % 60);
    return text;
}

static double part_done(const struct progress *p)
{
    return p->last > p->first ? (double)(p->at - p->first) / (double)(p->last - p->first) : 1;
}

static void draw(struct progress *p)
{
    char left[48], end[128], bar[BAR_MAX + 1] = "";
    const double part = part_done(p);
    int n = snprintf(end, sizeof end, "%3.0f %%  %.3g %s/s  %s", 100 * part, p->rate * p->scale, p->unit,
                     progress_left(p, left, sizeof left));
    int width = screen_width() - 1, room = width - n - (int)strlen(p->label) - 4;
    room = room < BAR_MAX ? room : BAR_MAX;
    if (room >= BAR_MIN) {
        memset(bar, '-', (size_t)room);
        memset(bar, '#', (size_t)(part * room));
    }
    char line[sizeof p->label + sizeof bar + sizeof end + 4];
    snprintf(line, sizeof line, "%s [%s] %s", p->label, bar, end);
    fprintf(stderr, "\r%.*s\033[K", width, line);
    p->drawn = true;
}

static void clear(struct progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
    p->drawn = false;
}

/* How far it is, where nobody sees a bar. */
static void say_so_far(struct progress *p, const char *label)
{
    char left[48];
    progress_line(p, "%s  %.0f %%  %.3g %s/s  %s", label, 100 * part_done(p), mean_rate(p) * p->scale,
                  p->unit, progress_left(p, left, sizeof left));
}

void progress_update(struct progress *p, uint64_t at, const char *label)
{
    const double now = progress_now();
    p->at = at;
    p->seen = now;
    update_rate(p, now);
    if (!p->terminal && now - p->said >= PLAIN_SECONDS)
        say_so_far(p, label);
    if (!p->terminal || now - p->redrawn < REDRAW_SECONDS)
        return;
    snprintf(p->label, sizeof p->label, "%s", label);
    pd_make_printable(p->label);
    p->redrawn = now;
    draw(p);
}

void progress_line(struct progress *p, const char *format, ...)
{
    const bool redraw = p->drawn;
    va_list args;
    clear(p);
    va_start(args, format);
    say_list(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    p->said = progress_now();
    if (redraw)
        draw(p);
}

void progress_note(struct progress *p, const char *format, ...)
{
    char line[8192], text[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    progress_line(p, "%s", say_hints(text, sizeof text, line));
}

void progress_end(struct progress *p)
{
    clear(p);
}

bool progress_decoding(void *context, const char *unit, uint64_t done, uint64_t count)
{
    struct progress *p = context;
    if (!done)
        progress_begin(p, 0, count, 1, unit);
    progress_update(p, done,
                    !strcmp(unit, "MB")      ? "unpacking"
                    : !strcmp(unit, "files") ? "comparing"
                                             : "decoding");
    if (done == count)
        progress_end(p);
    return stop_asked();
}

bool progress_stop(void *context)
{
    struct progress *p = context;
    if (stop_asked() && !p->stopping)
        progress_line(p, "stopping: saving a checkpoint (once more to stop without)");
    p->stopping = stop_asked();
    return p->stopping;
}

void progress_say(void *context, const char *words)
{
    progress_note(context, "%s", words);
}

bool progress_on_work(void *context, uint64_t done, uint64_t count)
{
    const struct progress_work *w = context;
    if (count != w->progress->last) {
        progress_end(w->progress);
        progress_begin(w->progress, 0, count, 1, w->unit);
    }
    progress_update(w->progress, done, w->label);
    return stop_asked();
}

void progress_end_work(struct progress_work *w)
{
    progress_end(w->progress);
    *w->progress = (struct progress){.last = 0};
}
