/* Signals that ask a command to stop: SIGINT, SIGTERM, SIGHUP. The first only asks; after it they kill as
 * usual. */
#ifndef PD_CLI_STOP_H
#define PD_CLI_STOP_H

#include <stdbool.h>

void stop_catch(void); /* from now on; a signal that is ignored stays so */
bool stop_asked(void);

#endif
