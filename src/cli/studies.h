/* reproduce --list: what studies take on this machine. */
#ifndef PD_CLI_STUDIES_H
#define PD_CLI_STUDIES_H

#include <paydirt/reproduce.h>

/* name: one of them; NULL: all. Of options the folder, the data, trials and threads count. */
enum pd_status studies_list(const char *name, const struct pd_reproduce_options *options,
                            struct pd_error *err);

#endif
