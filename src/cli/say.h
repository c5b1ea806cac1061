/* Lines for people. What they quote may come from files; it is made printable, so that no name can move a
 * terminal's cursor or pass for a line of ours. Addresses lose their passwords. */
#ifndef PD_CLI_SAY_H
#define PD_CLI_SAY_H

#include <paydirt/error.h>

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

/* As fprintf, but only the newlines at the format's two ends are kept. */
void say(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_list(FILE *to, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* A line of the library's, whose hints (paydirt/error.h) stand behind a tab, in this program's words: "t.csv:
 * …
 * (--no-header)". Here alone a hint becomes an option. Into text[size]; returns text. */
char *say_hints(char *text, size_t size, const char *line);

/* Such a line of its own; to: a FILE. */
void say_line(void *to, const char *words);

/* "paydirt: …" on standard error; command: that failed, or NULL. */
void say_error(const char *command, const struct pd_error *err);

/* Standard output took it not; code: errno of then. PD_ERR_IO. */
enum pd_status say_unwritten(int code, struct pd_error *err);

/* Columns that a text takes on a terminal: two for each CJK letter, none for an accent of its own. */
int say_width(const char *text);

/* The blanks that fill a text up to so many columns, for "%*s". */
int say_gap(const char *text, int columns);

/* "38 s", "12 min", "3.4 h", "24 days" into text; returns it. */
const char *say_time(double seconds, char text[32]);

/* A path alone on a line of standard output: byte for byte, as a script needs it, but on a terminal. */
void say_path(const char *path);

/* A line of JSON on standard output, reals with so many digits. value is taken over. jansson hides failed
 * allocations: errno = 0 stands before the value is built. what: for messages. PD_ERR_MEMORY; PD_ERR_USAGE:
 * value is NULL, which it is where a text is not UTF-8 or a number not finite. */
enum pd_status say_json(json_t *value, int digits, const char *what, struct pd_error *err);
/* The same into *text, the caller's to free; NULL after a failure. */
enum pd_status say_json_text(json_t *value, int digits, const char *what, char **text, struct pd_error *err);

#endif
