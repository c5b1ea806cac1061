/* The verbs of paydirt data. */
#ifndef PD_CLI_DATA_H
#define PD_CLI_DATA_H

#include "cli/commands.h"

#define DATA_VERB_LIST(X) X(list) X(get) X(check) X(show)

#define DATA_VERB_DECLARE(name) command_function data_##name;
DATA_VERB_LIST(DATA_VERB_DECLARE)
#undef DATA_VERB_DECLARE

#endif
