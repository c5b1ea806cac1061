/* Words for people (paydirt/words.h), and what of it the library alone needs. */
#ifndef PD_BASE_WORDS_H
#define PD_BASE_WORDS_H

#include <paydirt/words.h>

#include <stdarg.h>

/* "a, b, c" into text[size], cut off where it does not fit. Returns text. */
char *pd_join_words(char *text, size_t size, const char *const *first, size_t count, size_t stride);

/* The place of exactly that word in the list, or -1. */
int pd_word_at(const char *word, const char *const *first, size_t count, size_t stride);

/* What stands behind a path's last '/'. */
const char *pd_path_name(const char *path);

/* The last part of a path, letters and digits only ("./my photos/" is "myphotos"), an ending .npz cut off;
 * "folder" where none is left. Into text[size]; returns text. */
char *pd_path_word(char *text, size_t size, const char *path);

/* Bytes of the UTF-8 letter at text, 1 to 4; 0 where there is none. The end of text is a letter. */
size_t pd_utf8_letter(const char *text);

/* Bytes of the blank at text: spaces, the one that does not break, which web pages and spreadsheets write,
 * the wide one of Chinese and Japanese, and those of no width; 0: none. */
size_t pd_blank(const char *text);

/* Text behind the blanks in front; *size: its bytes without those at the end. */
const char *pd_trim(const char *text, size_t *size);

/* Bytes of the letter at text, 1 to 4; 0 where it is none that may stand in a line on a terminal
 * (pd_make_printable), or the end of text. */
size_t pd_printable_letter(const char *text);

/* Adds a hint, as in struct pd_error, behind what stands in text[size], with a tab between where something
 * does; nothing where it does not fit. */
void pd_add_hint(char *text, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
