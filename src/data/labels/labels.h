/* Who may see which label: class-balanced random draws of the labelled images and of a validation set. */
#ifndef PD_DATA_LABELS_LABELS_H
#define PD_DATA_LABELS_LABELS_H

#include "data/labels/answers.h"

/* What training may do with an image; an array of uint8_t (dataset->count) holds one for each. */
enum pd_label_use {
    PD_UNLABELLED = 0, /* the image alone */
    PD_LABELLED = 1,   /* image and label */
    PD_HELD_OUT = 2,   /* neither: it validates */
};

/* Marks n images whose use is PD_UNLABELLED and whose label is known: as even over the classes as can be, at
 * random within a class, fixed by the seed. A class with too few leaves its share to the others. For one
 * seed, a smaller draw is part of a larger one. PD_ERR_USAGE: n < 1 or more than there are; PD_ERR_MEMORY. */
enum pd_status pd_label_subset(const struct pd_dataset *dataset, uint32_t n, uint64_t seed, uint8_t *use,
                               struct pd_error *err);

/* The same, but the n images become PD_HELD_OUT; another draw than pd_label_subset's for the same seed. Draw
 * it first, so that no labelled image is in it. */
enum pd_status pd_validation_draw(const struct pd_dataset *dataset, uint32_t n, uint64_t seed, uint8_t *use,
                                  struct pd_error *err);

/* Applies answers, and these alone: an answered image becomes PD_LABELLED with that label, whatever the data
 * set says; a skipped one, and every other that was PD_LABELLED, PD_UNLABELLED. Held-out images stay as they
 * are. */
void pd_labels_apply(struct pd_dataset *dataset, const struct pd_answers *answers, uint8_t *use);

/* Holds out every copy of a held-out image: use[i] for each of count images, first[i] the first of its copies
 * (pd_digest_copies). Returns how many are held out then. */
uint32_t pd_hold_copies(const uint32_t *first, uint32_t count, uint8_t *use);

/* Adds to of_class (classes) the labels of each class: those that are PD_LABELLED, or of all images (use:
 * NULL).
 */
void pd_label_count_classes(const struct pd_dataset *dataset, const uint8_t *use, size_t *of_class);

/* Adds to the data set's note which classes have no label that may be used, and where that leaves nothing to
 * learn. before (classes): labels of each class as the data set was opened, whose own note has named the
 * classes without an image. PD_ERR_MEMORY. */
enum pd_status pd_label_note(struct pd_dataset *dataset, const uint8_t *use, const size_t *before,
                             struct pd_error *err);

/* Images of that use. */
uint32_t pd_label_count(const struct pd_dataset *dataset, const uint8_t *use, enum pd_label_use which);

#endif
