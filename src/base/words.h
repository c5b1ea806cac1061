/* Lists of names: joining them for a message, and finding the one that a mistyped word meant. */
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

/* Fails with PD_ERR_USAGE: "unknown model 'infogn', did you mean 'infogan'? (known: ...)". what: "model". */
enum pd_status pd_unknown_word(struct pd_error *err, const char *what, const char *word,
                               const char *const *first, size_t count, size_t stride);

#endif
