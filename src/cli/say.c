#include "cli/say.h"

#include <paydirt/words.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

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

void say_line(void *to, const char *words)
{
    say(to, "%s\n", words);
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

void say_path(const char *path)
{
    if (isatty(STDOUT_FILENO))
        say(stdout, "%s\n", path);
    else
        printf("%s\n", path);
}

enum pd_status say_json(json_t *value, int digits, const char *what, struct pd_error *err)
{
    const bool memory = errno != ENOMEM;
    char *text = value && memory ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(digits)) : NULL;
    enum pd_status status = PD_OK;
    if (text)
        printf("%s\n", text);
    else if (!value && memory)
        status = pd_fail(err, PD_ERR_USAGE, -1, "%s: a record that JSON cannot hold", what);
    else
        status = pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", what);
    free(text);
    json_decref(value);
    return status;
}
