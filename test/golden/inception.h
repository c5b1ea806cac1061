/* Weights and images of test/golden/inception.py, made again. */
#ifndef PD_TEST_GOLDEN_INCEPTION_H
#define PD_TEST_GOLDEN_INCEPTION_H

#include "io/safetensors.h"
#include "metric/inception.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MADE_TENSORS = 472 };

static inline double made_number(uint32_t j) /* in [-4, 4), a multiple of 2^-13 */
{
    j = (j ^ j >> 16) * 0x7FEB352Du;
    j = (j ^ j >> 15) * 0x846CA68Bu;
    return ((j ^ j >> 16) >> 16) / 8192.0 - 4;
}

static inline bool made_ends(const char *name, const char *end)
{
    return strlen(name) >= strlen(end) && !strcmp(name + strlen(name) - strlen(end), end);
}

static inline double made_rule(const char *name, double x, double fan_in)
{
    if (made_ends(name, "conv.weight") || made_ends(name, "fc.weight"))
        return x * (0.625 / sqrt(fan_in));
    if (made_ends(name, "bn.weight"))
        return 1 + x / 16;
    return made_ends(name, "running_var") ? 0.75 + (x + 4) / 8 : x / 256;
}

/* All tensors, with numbers of their own. The caller's: made_release. */
static inline void made_weights(struct pd_io_array *arrays, char names[][PD_INCEPTION_NAME])
{
    static struct pd_inception_tensor tensors[MADE_TENSORS];
    uint32_t first = 0;
    if (pd_inception_tensors(tensors, MADE_TENSORS) != MADE_TENSORS)
        abort();
    for (int i = 0; i < MADE_TENSORS; i++) {
        const struct pd_inception_tensor *t = &tensors[i];
        int64_t n = 1;
        for (int k = 0; k < t->rank; k++)
            n *= t->dims[k];
        float *values = malloc((size_t)n * sizeof *values);
        for (int64_t j = 0; j < n; j++)
            values[j] =
                (float)made_rule(t->name, made_number(first + (uint32_t)j), (double)n / (double)t->dims[0]);
        first += (uint32_t)n;
        memcpy(names[i], t->name, sizeof t->name);
        arrays[i] =
            (struct pd_io_array){.name = names[i], .dtype = PD_IO_F32, .rank = t->rank, .data = values};
        memcpy(arrays[i].dims, t->dims, sizeof t->dims);
    }
}

static inline void made_release(struct pd_io_array *arrays)
{
    for (int i = 0; i < MADE_TENSORS; i++)
        free((void *)(uintptr_t)arrays[i].data);
}

static inline void made_image(int i, int height, int width, uint8_t *pixels)
{
    for (int j = 0; j < 3 * height * width; j++)
        pixels[j] = (uint8_t)floor(made_number(1000000u * (uint32_t)i + (uint32_t)j) * 4 + 112 +
                                   (j / (height * width) * 16 - 32 + j % width) * i);
}

#endif
