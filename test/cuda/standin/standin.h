/* A machine with NVIDIA cards that is none: the driver, NVRTC, cuBLASLt, cuDNN and NCCL as one shared
 * library, which the tests give to the CUDA backend (PAYDIRT_CUDA). The card's memory lies in pages that
 * nobody may touch but while the card works; it works as late as it may, when somebody waits for it, so that
 * what is not waited for shows; kernels are the backend's own source, compiled as C. It counts every call and
 * every object, and fails where it is told to.
 *
 * A test asks by these functions, which it finds with dlsym (standin_client.h). */
#ifndef PD_TEST_CUDA_STANDIN_H
#define PD_TEST_CUDA_STANDIN_H

#include <stdbool.h>
#include <stddef.h>

struct standin_machine {
    int driver, cards, arch; /* 13000, 1, 90 */
    size_t memory;           /* of the card, in bytes */
    bool copies_first;       /* streams that were made later work first */
    bool echo;               /* NCCL's other ranks are not there: they have this process's numbers */
    bool nondeterministic;   /* the first convolution that cuDNN thinks of is not the same on every run */
    bool thoughtless;        /* it thinks of none that works */
    bool lost;               /* another rank is: what waits for it never ends, and NCCL says so */
};

struct standin_control {
    struct standin_machine *machine;
    void (*reset)(void);                 /* a plain machine, nothing counted, nothing to fail */
    long (*calls)(const char *function); /* since then */
    void (*break_call)(const char *function, long nth, unsigned code); /* the nth call from now; "": none */
    long (*objects)(void); /* blocks, streams, events, graphs, modules, descriptors: not yet freed */
    size_t (*bytes)(void); /* of the card's memory in use */
    long (*launches)(const char *kernel); /* that have run, replayed ones too */
    const char *(*last)(void); /* the calls of the driver since reset, one a line; the first 64 KB */
};

#endif
