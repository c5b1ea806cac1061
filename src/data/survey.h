/* The parts of pd_data_check: splits are added, then counted. */
#ifndef PD_DATA_SURVEY_H
#define PD_DATA_SURVEY_H

#include "data/dataset.h"
#include "data/digest.h"
#include "data/images/image_losses.h"

#include <paydirt/data_check.h>

/* One image (or 2-D point). */
struct pd_surveyed {
    struct pd_digest digest;     /* of what the file or the set holds: equal for copies */
    struct pd_image_trait trait; /* of a file */
    int32_t label;               /* or -1 */
    int height, width;
    bool grey;                                               /* all channels are the same */
    double sum[PD_DATA_CHANNELS], squares[PD_DATA_CHANNELS]; /* of its values; bytes count as 0 to 1 */
};

struct pd_survey {
    struct pd_data_report *report;     /* the caller's, zeroed at first */
    struct pd_surveyed *at[PD_SPLITS]; /* (the split's count), owned */
};

/* Adds a split of a data set in memory, or of a folder of images as it lies there: its files are decoded at
 * their own sizes, and those that cannot be are listed as broken. PD_ERR_MEMORY; for folders also
 * PD_ERR_INTERRUPTED (by the request's watch) and what pd_image_labels_list fails with. */
enum pd_status pd_survey_add(struct pd_survey *survey, enum pd_split split, const struct pd_dataset *d,
                             struct pd_error *err);
enum pd_status pd_survey_add_folder(struct pd_survey *survey, enum pd_split split,
                                    const struct pd_data_request *folder, struct pd_error *err);

/* Lists something that is broken; for what cannot be opened as a whole, too. PD_ERR_MEMORY. */
enum pd_status pd_survey_add_broken(struct pd_survey *survey, const char *file, const char *why,
                                    struct pd_error *err);

/* After the last split: sums, sizes and copies. PD_ERR_MEMORY. */
enum pd_status pd_survey_finish(struct pd_survey *survey, struct pd_error *err);

void pd_survey_release(struct pd_survey *survey); /* but its report; also a zeroed one */

#endif
