/* What the trials of two rows say to what the paper claims. */
#ifndef PD_REPRODUCE_VERDICT_H
#define PD_REPRODUCE_VERDICT_H

#include <paydirt/study.h>

#include <stddef.h>

enum pd_verdict {
    PD_VERDICT_TOO_FEW, /* fewer than two pairs */
    PD_VERDICT_NONE,    /* no difference shown */
    PD_VERDICT_CONFIRMED,
    PD_VERDICT_REFUTED,
    PD_VERDICT_DIFFERENT /* shown, where the paper claims none that is comparable */
};

/* In the unit of the summaries; NAN: the paper has none. */
struct pd_published_value {
    double mean, deviation;
    int64_t trials; /* 0: not said */
};

/* Of a row and the one that it is set against, paired by seed. */
struct pd_contrast {
    struct pd_paired paired;
    double half;      /* of the 95 % interval around the difference; NAN */
    double published; /* difference of the paper's means; NAN */
    int direction;    /* that the paper claims: 1, -1; 0: none */
    bool excluded;    /* a difference of the published size is outside what both errors allow */
    double visible;   /* the smallest difference that so many pairs see; NAN */
    bool sized;       /* the published size is one to compare with */
    int64_t needed;   /* pairs that one of the published size takes where sized, else of the size seen; 0:
                         unknown */
    int64_t planned;  /* pairs when all runs are done; 0: not said. Fewer so far: the verdict is interim */
    enum pd_verdict verdict;
};

/* better: 1 or -1, what the paper claims without numbers; 0. comparable: the scale is the paper's, so that
 * sizes are to be compared, not directions alone. */
struct pd_contrast pd_contrast_of(const struct pd_paired *paired, const struct pd_published_value *row,
                                  const struct pd_published_value *against, int better, bool comparable);

const char *pd_verdict_name(enum pd_verdict verdict);

/* Half of the 95 % interval around the difference of a summary's mean and a published one, by Welch's t; NAN
 * where either has no error. */
double pd_half_to_published(const struct pd_summary *s, const struct pd_published_value *p);

/* "interim, 3 of 5 pairs: no difference shown; to see one of 0.19, the paper's, takes 41 trials" into
 * text[size]; returns text. unit: what numbers are shown times. */
char *pd_contrast_words(const struct pd_contrast *c, double unit, char *text, size_t size);

#endif
