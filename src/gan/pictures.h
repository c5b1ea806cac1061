/* The pictures of the two papers (GOLD: Mo et al., NeurIPS 2019; ALCG: Xie & Huang, KDD 2019), each as a PNG
 * file that appears whole or not at all. PD_ERR_USAGE: 2-D points where images are wanted, or the other way
 * round; PD_ERR_IO; PD_ERR_MEMORY. */
#ifndef PD_GAN_PICTURES_H
#define PD_GAN_PICTURES_H

#include "data/labels/answers.h"
#include "io/chart.h"
#include "gan/gan.h"

#include <paydirt/pictures.h>

/* A contact sheet: the images that people are asked about, in the order given, with their numbers
 * (queries.csv has them, too), names, guesses and the guesses' probabilities. title may be NULL. */
enum pd_status pd_picture_queries(const char *path, const struct pd_dataset *data,
                                  const struct pd_query *queries, size_t count, const char *title,
                                  struct pd_error *err);

#endif
