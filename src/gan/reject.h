/* Pictures of kept and refused samples. */
#ifndef PD_GAN_REJECT_H
#define PD_GAN_REJECT_H

#include "gan/sample.h"

/* A picture as PNG. Images: one row a class with its name (classes NULL: number), up to show kept ones, a
 * gap, up to show refused ones. Points: kept and refused in two colours over the real ones, which may be
 * NULL. */
struct pd_class_names;
enum pd_status pd_rejection_encode(const struct pd_rejection *r, const struct pd_class_names *classes,
                                   const struct pd_points *real, struct pd_buffer *png, struct pd_error *err);

#endif
