/* Finds classes of a data set by what people and their spreadsheets write for them. */
#ifndef PD_DATA_LABELS_CLASS_WORDS_H
#define PD_DATA_LABELS_CLASS_WORDS_H

#include "data/dataset.h"

struct pd_class_words {
    const struct pd_dataset *dataset; /* borrowed */
    const char **names;               /* (classes + 1): the names and "skip"; NULL where the numbers serve */
    char (*folded)[PD_CLASS_NAME_SIZE]; /* (classes): see below; NULL where the numbers serve */
    bool indices;                       /* a number may stand for a class's place */
};

enum { PD_CLASS_UNKNOWN = -1, PD_CLASS_AMBIGUOUS = -3 }; /* -2 is PD_ANSWER_SKIP */

/* PD_ERR_MEMORY */
enum pd_status pd_class_words_init(struct pd_class_words *w, const struct pd_dataset *dataset,
                                   struct pd_error *err);
void pd_class_words_release(struct pd_class_words *w);

/* The class of that name; else the only one whose name is the same but for blanks around it; else but for
 * case and Unicode's form (NFC, NFD), and for '_', '-' and blanks within it; else the only one whose name is
 * the same number ("1", "1.0" for "001"); else, where no class has a name with a digit in it, nor one that is
 * usually 1 stands before one that is usually 0 (yes, no), the one of that number, from 0. What is
 * 1 by its decimals and 1000 by its groups ("1,000", "1.000") may be either where both are classes. '=cat is
 * =cat, as pd_csv_words writes it. *exactly: by its name, blanks aside, or by its number where classes have
 * no names. Time: classes. */
int32_t pd_class_find(const struct pd_class_words *w, const char *text, bool *exactly);

/* The same; rivals: where it is ambiguous, two of the classes that fit. */
int32_t pd_class_find_rivals(const struct pd_class_words *w, const char *text, bool *exactly,
                             int32_t rivals[2]);

/* The whole number that text is, also as "007" and "7.0"; -1: none. */
int64_t pd_class_number(const char *text);

/* "skip", "Skip ": no class may be called so. */
bool pd_class_is_skip(const char *name);

/* Adds to a data set's note which names differ in so little that one may be taken for the other, and which
 * are no good name for a class ("nan", "skip", " cat"). names (classes); name: the data set's.
 * PD_ERR_MEMORY. */
enum pd_status pd_class_words_note(const char *name, const char (*names)[PD_CLASS_NAME_SIZE], int classes,
                                   char note[PD_NOTE_SIZE], struct pd_error *err);

/* Whether two names are the same but for what pd_class_find looks over: case, forms of Unicode, blanks. */
bool pd_are_one_word(const char *a, const char *b);

/* "nan", "none", "null" and the like, in any case. */
bool pd_is_word_for_nothing(const char *text);

/* Whether a column that is so called may say which labels do not hold, or other ones: "label2", "Label
 * (Ben)", "status". size: of the name, without blanks around it. */
bool pd_is_word_beside_label(const char *name, size_t size);

/* Prodigy's "reject" and "ignore" beside a label: it does not hold. */
bool pd_is_rejection(const char *answer);

/* Whether text may be the beginning of something longer that pd_class_find knows. */
bool pd_class_may_go_on(const struct pd_class_words *w, const char *text);

#endif
