/* Words for people: the name that a mistyped word meant, text from files on a terminal. */
#ifndef PAYDIRT_WORDS_H
#define PAYDIRT_WORDS_H

#include <paydirt/error.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A list is the address of its first name and the bytes from one name to the next, so that a plain array
 * (stride = sizeof(char *)) and the name member of a table (stride = sizeof table[0]) both serve. */

/* The name with the fewest edits (insert, delete, replace, swap two neighbours; case ignored) from word; the
 * first of several. NULL when none comes within 1 + strlen(word) / 3 edits. */
const char *pd_nearest_word(const char *word, const char *const *first, size_t count, size_t stride);

/* The place of exactly that word in the list, or -1 and pd_unknown_word's error. what: "model". */
int pd_find_word(const char *what, const char *word, const char *const *first, size_t count, size_t stride,
                 struct pd_error *err);

/* Fails with PD_ERR_USAGE: "unknown model 'infogn', did you mean 'infogan'? (known: ...)". */
enum pd_status pd_unknown_word(struct pd_error *err, const char *what, const char *word,
                               const char *const *first, size_t count, size_t stride);

/* Makes text from outside fit for a line on a terminal, in place: what ends a line, moves the cursor, turns
 * the direction of writing or is no UTF-8 becomes '?'. Never longer. Returns text. */
char *pd_make_printable(char *text);

/* Puts stars for the user and password of every address in text (what stands between "://" and '@'), in
 * place. Returns text. */
char *pd_hide_passwords(char *text);

/* What stands behind a noun of which there are n. */
const char *pd_plural(size_t n);

#ifdef __cplusplus
}
#endif

#endif
