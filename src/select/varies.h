/* Whether numbers differ by more than the rounding of what they were computed by. */
#ifndef PD_SELECT_VARIES_H
#define PD_SELECT_VARIES_H

#include <stdbool.h>

/* squares: the sum of the squared distances of n numbers from their mean. A few of a double's last digits are
 * what entropies of the same probabilities in another order, and means of equal numbers, are off by. */
static inline bool pd_varies(double n, double mean, double squares)
{
    const double rounding = 0x1p-48 * mean;
    return squares > n * rounding * rounding;
}

#endif
