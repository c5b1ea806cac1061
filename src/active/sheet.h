/* queries.csv, the sheet that people fill in. */
#ifndef PD_ACTIVE_SHEET_H
#define PD_ACTIVE_SHEET_H

#include "run/folder.h"

/* Copies the sheet as it stands to queries.refused.csv in the run's folder, or, where that is there, to
 * queries.refused-2.csv and so on. copy[PD_PATH_SIZE]: where it is. PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_sheet_keep(const char *folder, const char *sheet, char copy[PD_PATH_SIZE],
                             struct pd_error *err);

#endif
