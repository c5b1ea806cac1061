/* What paydirt data check has found. */
#ifndef PD_CLI_DATA_CHECK_H
#define PD_CLI_DATA_CHECK_H

#include <paydirt/data_check.h>

/* what: the argument */
void data_report_print(const struct pd_data_report *report, const char *what);
enum pd_status data_report_print_json(const struct pd_data_report *report, const char *what,
                                      struct pd_error *err); /* one line */

#endif
