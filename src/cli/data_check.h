/* What paydirt data check has found. */
#ifndef PD_CLI_DATA_CHECK_H
#define PD_CLI_DATA_CHECK_H

#include "data/survey.h"

struct data_report {
    const char *where, *what;            /* the argument; the set's name or "folder" */
    const char *summary;                 /* of the set */
    const struct pd_survey *survey;      /* finished */
    char why_not[PD_SURVEY_SPLITS][512]; /* why a split is not there */
};

static const char *const data_split_names[PD_SURVEY_SPLITS] = {"train", "test"};

void data_report_print(const struct data_report *report);
enum pd_status data_report_print_json(const struct data_report *report, struct pd_error *err); /* one line */

/* What people call an image: its name, or "train 17". Into text[size]; returns text. */
char *data_report_image(const struct data_report *report, enum pd_split split, uint32_t image, char *text,
                        size_t size);

#endif
