/* Where a finished run's networks compute: options that commands share. */
#ifndef PD_CLI_WHERE_H
#define PD_CLI_WHERE_H

#include <paydirt/option.h>
#include <paydirt/run.h>

#include <stddef.h>

struct where_options {
    int64_t threads;
    char device[16], precision[8];
};

#define WHERE_DEFAULTS                                                                                       \
    {                                                                                                        \
        .device = "cpu", .precision = "fp32"                                                                 \
    }

/* The lines of a command's table whose options are of that type, with a member `where`. */
#define WHERE_FIELD(type, name) offsetof(type, where.name), sizeof(((type *)0)->where.name)
#define WHERE_OPTIONS(type)                                                                                  \
    {"threads", PD_OPTION_INT, WHERE_FIELD(type, threads), 0, 1024, "N", "threads; 0: as the run"},          \
        {"device",                                                                                           \
         PD_OPTION_TEXT,                                                                                     \
         WHERE_FIELD(type, device),                                                                          \
         0,                                                                                                  \
         0,                                                                                                  \
         "NAME",                                                                                             \
         "where networks compute: cpu, cuda, cuda:1, auto ('paydirt devices')"},                             \
    {                                                                                                        \
        "precision", PD_OPTION_TEXT, WHERE_FIELD(type, precision), 0, 0, "NAME",                             \
            "of a GPU's products and convolutions: fp32, tf32, bf16"                                         \
    }

/* The run's networks, there; says where, unless that is the processor. */
enum pd_status where_open(const struct where_options *o, const char *folder, struct pd_run_model **out,
                          struct pd_error *err);

#endif
