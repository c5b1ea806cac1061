#include "cli/say.h"

#include <paydirt/words.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

enum { LINE = 8192 }; /* bytes of a line of the library's, with its hints */

void say_list(FILE *to, const char *format, va_list args)
{
    char room[4096], *text = room, *more = NULL; /* a line is said also where there is no memory */
    va_list again;
    va_copy(again, args);
    if (vsnprintf(room, sizeof room, format, args) >= (int)sizeof room &&
        vasprintf(&more, format, again) >= 0)
        text = more;
    va_end(again);
    pd_hide_passwords(text);
    const size_t head = strspn(format, "\n");
    size_t tail = strlen(format), end = strlen(text);
    while (tail > head && format[tail - 1] == '\n')
        tail--, text[--end] = '\0';
    fprintf(to, "%.*s%s%s", (int)head, format, pd_make_printable(text + head), format + tail);
    if (text == more)
        free(more);
}

void say(FILE *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_list(to, format, args);
    va_end(args);
}

/* --- hints --- */

/* A hint, taken apart. Nothing of it ends with NUL. */
struct hint {
    const char *when, *name, *value; /* value NULL: none */
    int when_size, name_size, value_size;
};

static struct hint take_apart(const char *at, size_t size)
{
    struct hint h = {.when = at, .name = at};
    const char *end = at + size, *equals = memchr(at, '=', size), *colon = memmem(at, size, ": ", 2);
    if (colon && (!equals || colon < equals)) {
        h.when_size = (int)(colon - at);
        h.name = colon + 2;
    }
    h.name_size = (int)((equals ? equals : end) - h.name);
    if (equals) {
        h.value = equals + 1;
        h.value_size = (int)(end - h.value);
    }
    return h;
}

/* As people type it. */
static void word_option(FILE *to, const struct hint *h)
{
    const bool on = h->value_size == 4 && !memcmp(h->value, "true", 4);
    const bool off = h->value_size == 5 && !memcmp(h->value, "false", 5);
    fprintf(to, "%s%s%.*s", h->name_size > 1 ? "--" : "-", off ? "no-" : "", h->name_size, h->name);
    if (h->value && !on && !off)
        fprintf(to, memchr(h->value, ' ', (size_t)h->value_size) ? " '%.*s'" : " %.*s", h->value_size,
                h->value);
}

/* Those that say when to take them (apart: true), or those that do not, one after the other. */
static void word_some(FILE *to, const char *hints, bool apart, const char *before, const char *between)
{
    for (const char *at = hints; *at; at += *at == '\t') {
        const size_t n = strcspn(at, "\t");
        const struct hint h = take_apart(at, n);
        at += n;
        if ((h.when_size > 0) != apart)
            continue;
        fputs(before, to);
        before = between;
        if (apart)
            fprintf(to, "%.*s: ", h.when_size, h.when);
        word_option(to, &h);
    }
    if (!apart && before == between)
        fputc(')', to);
}

/* error: it may begin with an option's name. */
static void word_line(FILE *to, const char *line, bool error)
{
    const size_t n = strcspn(line, "\t");
    const char *hints = line + n + (line[n] == '\t');
    const struct hint first = take_apart(hints, strcspn(hints, "\t"));
    const size_t size = (size_t)first.name_size;
    if (error && size && !first.when_size && size <= n && !memcmp(line, first.name, size) &&
        (line[size] == ' ' || line[size] == ':')) {
        word_option(to, &(struct hint){.name = first.name, .name_size = first.name_size});
        fprintf(to, "%.*s", (int)(n - size), line + size);
        hints += strcspn(hints, "\t");
        hints += *hints == '\t';
    } else
        fprintf(to, "%.*s", (int)n, line);
    word_some(to, hints, false, " (", ", or ");
    word_some(to, hints, true, n && line[n - 1] == '?' ? " " : "; ", "; ");
}

static char *word(char *text, size_t size, const char *line, bool error)
{
    *text = '\0';
    FILE *to = fmemopen(text, size, "w");
    if (to) {
        word_line(to, line, error);
        fclose(to);
    } else
        snprintf(text, size, "%.*s", (int)strcspn(line, "\t"), line);
    text[size - 1] = '\0';
    return text;
}

enum pd_status say_unwritten(int code, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_IO, -1, "standard output: cannot write: %s", strerror(code));
}

char *say_hints(char *text, size_t size, const char *line)
{
    return word(text, size, line, false);
}

void say_line(void *to, const char *words)
{
    char text[LINE];
    say(to, "%s\n", say_hints(text, sizeof text, words));
}

void say_error(const char *command, const struct pd_error *err)
{
    static const char resume[] = "go on with: resume=";
    char line[sizeof err->message + sizeof err->hint];
    snprintf(line, sizeof line, "%s%s%s", err->message, *err->hint ? "\t" : "", err->hint);
    if (command && !strncmp(err->hint, resume, sizeof resume - 1)) /* that is a command of its own */
        say(stderr, "paydirt: %s; go on with: paydirt %s --resume %s\n", err->message, command,
            err->hint + sizeof resume - 1);
    else {
        char text[LINE];
        say(stderr, "paydirt: %s\n", word(text, sizeof text, line, true));
    }
}

int say_width(const char *text)
{
    int width = 0;
    utf8proc_int32_t point;
    for (const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text; *at;) {
        const utf8proc_ssize_t n = utf8proc_iterate(at, -1, &point);
        width += n > 0 ? utf8proc_charwidth(point) : 1;
        at += n > 0 ? n : 1;
    }
    return width;
}

int say_gap(const char *text, int columns)
{
    const int width = say_width(text);
    return width < columns ? columns - width : 0;
}

const char *say_time(double seconds, char text[32])
{
    static const struct {
        double below, unit;
        const char *format;
    } units[] = {
        {90, 1, "%.0f s"}, {5400, 60, "%.0f min"}, {172800, 3600, "%.1f h"}, {1e300, 86400, "%.3g days"}};
    size_t i = 0;
    while (i < 3 && !(seconds < units[i].below))
        i++;
    snprintf(text, 32, units[i].format, seconds / units[i].unit);
    return text;
}

void say_path(const char *path)
{
    if (isatty(STDOUT_FILENO))
        say(stdout, "%s\n", path);
    else
        printf("%s\n", path);
}

enum pd_status say_json_text(json_t *value, int digits, const char *what, char **text, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(digits)) : NULL;
    if (errno == ENOMEM) /* what jansson then leaves out it does not say */
        status = pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", what);
    else if (!*text)
        status = pd_fail(err, PD_ERR_USAGE, -1, "%s: a record that JSON cannot hold", what);
    if (status) {
        free(*text);
        *text = NULL;
    }
    json_decref(value);
    return status;
}

enum pd_status say_json(json_t *value, int digits, const char *what, struct pd_error *err)
{
    char *text;
    const enum pd_status status = say_json_text(value, digits, what, &text, err);
    if (!status)
        printf("%s\n", text);
    free(text);
    return status;
}
