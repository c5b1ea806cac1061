/* What a run's data were when it began: its classes and images, kept in its folder, so that a data set that
 * is opened again can be held against them and put back in their order, whatever was renamed, moved or added
 * meanwhile.
 *
 *     data.json     the set's name, count and shape of the images, names of the classes, and a fingerprint
 *                   over all of it
 *     images.csv    image,label,digest: for people's own sets, in which images come and go */
#ifndef PD_DATA_ROSTER_H
#define PD_DATA_ROSTER_H

#include "data/labels/class_names.h"
#include "data/digest.h"

#include <stdbool.h>

struct pd_roster {
    char set[64];
    uint32_t count;
    int channels, height, width;
    bool listed;   /* there is an images.csv; set by whoever makes one */
    bool named;    /* the images have names; else their numbers serve */
    bool drawn;    /* set by whoever restores: it lists a part drawn at random, and others are not new */
    bool numbered; /* set by whoever restores: people call images without names by their numbers */
    bool grows;    /* set by whoever restores: classes that the data set has beside these follow at the end */
    bool answered; /* set by whoever restores: others' answers count for more than labels, so that one of
                      another class of the run's is not refused (labels_now of the data set) */
    struct pd_class_names classes;
    struct pd_digest fingerprint; /* over the classes' names and each image's label, digest and name */
    /* Of the images (count); NULL where they are not listed or not read. */
    const char **names; /* into text */
    int32_t *labels;
    struct pd_digest *digests;
    char *text;
};

/* What a data set's is; names are borrowed from it. Owned: pd_roster_release. PD_ERR_MEMORY. */
enum pd_status pd_roster_make(const struct pd_dataset *dataset, struct pd_roster *out, struct pd_error *err);

/* Whole files, aside, data.json last; with images.csv where it is to be listed. PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_roster_write(const char *folder, const struct pd_roster *roster, struct pd_error *err);

/* Whether the folder has one. */
bool pd_roster_is_in(const char *folder);

/* data.json alone; owned: pd_roster_release. PD_ERR_IO, PD_ERR_FORMAT, PD_ERR_MEMORY. */
enum pd_status pd_roster_read(const char *folder, struct pd_roster *out, struct pd_error *err);

/* Adds what images.csv says. */
enum pd_status pd_roster_read_images(const char *folder, struct pd_roster *roster, struct pd_error *err);

/* The same from memory; bytes (size): of the file called name. */
enum pd_status pd_roster_parse(const char *bytes, size_t size, const char *name, struct pd_roster *out,
                               struct pd_error *err);
enum pd_status pd_roster_parse_images(const char *bytes, size_t size, const char *name,
                                      struct pd_roster *roster, struct pd_error *err);
void pd_roster_release(struct pd_roster *roster); /* also a zeroed one */

/* Puts the data set back as it was when the folder's roster was written: the images that it lists, in its
 * order, under its names, with its labels and classes; other images are left out or, with `join`, follow at
 * the end. Images are found again by name and content, else by content. What is different and does not matter
 * is noted in the data set: images that were moved or renamed, classes in another order, new images, labels
 * that came to those without one.
 * PD_ERR_MISMATCH names what does matter: images that are gone, that have another label or another content; a
 * set without a list must be the same in all. PD_ERR_IO, PD_ERR_FORMAT, PD_ERR_MEMORY. After a failure the
 * data set is only good to be destroyed. */
enum pd_status pd_roster_restore(struct pd_roster *roster, const char *folder, bool join,
                                 struct pd_dataset *dataset, struct pd_error *err);

#endif
