/* What labels may be other than classes: lists of several, or numbers that are to be predicted. */
#ifndef PD_DATA_LABELS_LABEL_DOUBTS_H
#define PD_DATA_LABELS_LABEL_DOUBTS_H

#include <stddef.h>

/* labels (n): all different, in the order of their bytes where any is no number. Writes a line about them
 * into words[size]: "" where nothing is doubtful. */
void pd_label_doubts(const char *const *labels, size_t n, char *words, size_t size);

#endif
