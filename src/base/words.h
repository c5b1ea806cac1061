/* Words for people: lists of names, the name that a mistyped word meant, text from files on a terminal. */
#ifndef PD_BASE_WORDS_H
#define PD_BASE_WORDS_H

#include <paydirt/error.h>

#include <stddef.h>

/* A list is the address of its first name and the bytes from one name to the next, so that a plain array
 * (stride = sizeof(char *)) and the name member of a table (stride = sizeof table[0]) both serve. */

/* The name with the fewest edits (insert, delete, replace, swap two neighbours; case ignored) from word; the
 * first of several. NULL when none comes within 1 + strlen(word) / 3 edits. */
const char *pd_nearest_word(const char *word, const char *const *first, size_t count, size_t stride);

/* "a, b, c" into text[size], cut off where it does not fit. Returns text. */
char *pd_join_words(char *text, size_t size, const char *const *first, size_t count, size_t stride);

/* The last part of a path, letters and digits only ("./my photos/" is "myphotos"), an ending .npz cut off;
 * "folder" where none is left. Into text[size]; returns text. */
char *pd_path_word(char *text, size_t size, const char *path);

/* Bytes of the letter at text, 1 to 4; 0 where it is none that may stand in a line on a terminal (see below),
 * or the end of text. */
size_t pd_printable_letter(const char *text);

/* Makes text from outside fit for a line on a terminal, in place: what ends a line, moves the cursor, turns
 * the direction of writing or is no UTF-8 becomes '?'. Never longer. Returns text. */
char *pd_make_printable(char *text);

/* Puts stars for the user and password of every address in text (what stands between "://" and '@'), in
 * place. Returns text. */
char *pd_hide_passwords(char *text);

/* What stands behind a noun of which there are n. */
const char *pd_plural(size_t n);

/* The place of exactly that word in the list, or -1. */
int pd_word_at(const char *word, const char *const *first, size_t count, size_t stride);

/* How registries look up a name: its place, or -1 and pd_unknown_word's error. */
int pd_find_word(const char *what, const char *word, const char *const *first, size_t count, size_t stride,
                 struct pd_error *err);

/* Fails with PD_ERR_USAGE: "unknown model 'infogn', did you mean 'infogan'? (known: ...)". what: "model". */
enum pd_status pd_unknown_word(struct pd_error *err, const char *what, const char *word,
                               const char *const *first, size_t count, size_t stride);

#endif
