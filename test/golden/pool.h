/* The pool of strategies.py, made again. */
#ifndef TEST_GOLDEN_POOL_H
#define TEST_GOLDEN_POOL_H

#include <paydirt/select.h>

#include "golden/strategies.h"

static float passes[POOL_PASSES * POOL_ROWS * POOL_CLASSES];
static float logit[POOL_ROWS], class_logits[POOL_ROWS * POOL_CLASSES], features[POOL_ROWS * POOL_WIDTH];
static const struct pd_pool pool = {.n = POOL_ROWS,
                                    .classes = POOL_CLASSES,
                                    .logit = logit,
                                    .class_logits = class_logits,
                                    .width = POOL_WIDTH,
                                    .features = features,
                                    .passes = POOL_PASSES,
                                    .pass_logits = passes};

/* As in strategies.py; exact in float. */
static float number(uint32_t j)
{
    j = (j ^ j >> 16) * 0x7FEB352Du;
    j = (j ^ j >> 15) * 0x846CA68Bu;
    return (float)((j ^ j >> 16) >> 8) / (float)(1 << 21) - 4;
}

static int make_pool(void **state)
{
    (void)state;
    for (uint32_t j = 0; j < POOL_ROWS; j++)
        logit[j] = number(j);
    for (uint32_t j = 0; j < POOL_ROWS * POOL_CLASSES; j++)
        class_logits[j] = number(1000 + j) * (j / POOL_CLASSES % 25 == 0 ? 64 : 1);
    for (uint32_t j = 0; j < POOL_ROWS * POOL_WIDTH; j++)
        features[j] = number(5000 + j);
    for (uint32_t j = 0; j < POOL_PASSES * POOL_ROWS * POOL_CLASSES; j++)
        passes[j] = number(20000 + j);
    return 0;
}

#endif
