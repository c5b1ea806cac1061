/* Signals that ask a command to stop: SIGINT, SIGTERM, SIGHUP. They are taken by a thread of their own, so
 * that no handler ever runs on one that computes. The first only asks, where a command has said that it
 * listens; one that comes more than a second later kills as usual, as does any where none listens. */
#ifndef PD_CLI_STOP_H
#define PD_CLI_STOP_H

#include <paydirt/error.h>

#include <stdbool.h>

/* Before any other thread is made. A signal that is ignored (nohup) stays so. PD_ERR_MEMORY: no thread. */
enum pd_status stop_begin(struct pd_error *err);
void stop_catch(void); /* from now on signals ask, and a pipe without a reader is a failed write */
bool stop_asked(void);
bool stop_callback(void *unused); /* the same as a callback */

#endif
