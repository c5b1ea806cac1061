/* What there is to compute on here, and what an NVIDIA GPU would need. */
#ifndef PAYDIRT_DEVICES_H
#define PAYDIRT_DEVICES_H

#include <paydirt/error.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Something that the device "cuda" needs: NVIDIA's driver, and four libraries. */
struct pd_device_part {
    const char *name, *source; /* "cuDNN", and what brings it; not to be freed */
    bool found;
    char version[16]; /* of it; of the driver the newest CUDA that it serves; "": not found, or unknown */
    bool for_ranks;   /* needed by a training that several processes share, not by one */
    char why[512];    /* a line: why it is of no use; "" where it is */
};

struct pd_device_card {
    char device[24], name[96]; /* "cuda:1", as pd_backend_open takes it; the card's */
    char capability[24];       /* "9.0" */
    double gigabytes;          /* of memory, 10^9 bytes */
    bool usable;               /* new enough */
};

enum { PD_DEVICE_PARTS = 5, PD_DEVICE_CARDS = 16 };
struct pd_devices {
    int threads; /* of the processor, that this process may use */
    struct pd_device_part parts[PD_DEVICE_PARTS];
    int card_count;
    struct pd_device_card cards[PD_DEVICE_CARDS]; /* those beyond are not listed */
    bool ready;       /* all parts that one process needs are found, and the first card is usable */
    const char *note; /* a line that people should know of the device "cuda" */
};

/* Looks, and starts nothing. */
void pd_devices_find(struct pd_devices *out);

#ifdef __cplusplus
}
#endif

#endif
