/* Rows of numbers in files (paydirt/rows.h), from a stream. */
#ifndef PD_IO_ROWS_H
#define PD_IO_ROWS_H

#include <paydirt/rows.h>

#include <stdio.h>

/* A CSV from a stream that can seek, which is closed with it. name: for messages. */
enum pd_status pd_rows_open_csv(FILE *file, const char *name, const struct pd_rows_request *request,
                                struct pd_rows **out, struct pd_error *err);

#endif
